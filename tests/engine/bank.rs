//! A small world of the test's own: a KV store, a token endpoint that lets each refresh token be
//! used once, and an API that knows its tokens. Lives are as short as the test wants them, and
//! everything that was asked can be looked at afterwards.

use crate::server::{Answer, Ask, Server};
use lanewatch::engine::clock;
use lanewatch::lane::Wall;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A record as it was written, and when.
type Version = (Map<String, Value>, Wall);

/// How the store answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Well,
    Down,
    Silent,
}

/// A token that was given out.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) path: String,
    pub(crate) ends: Option<Wall>,
    pub(crate) revoked: Option<Wall>,
    pub(crate) spent: bool,
    grant: bool,
}

pub(crate) struct World {
    pub(crate) mood: Mood,
    /// How long a token lives, in whole seconds.
    pub(crate) life: u64,
    /// Whether the API answers at all.
    pub(crate) api_after: Duration,
    pub(crate) token_after: Duration,
    /// What a fresh token may do.
    pub(crate) scope: String,
    versions: BTreeMap<String, Vec<Version>>,
    pub(crate) tokens: HashMap<String, Token>,
    count: u64,
    /// Uses of a token that no record of the store had at that moment.
    pub(crate) unstored: Vec<String>,
    /// Exchanges that gave a token.
    pub(crate) exchanged: usize,
    /// Exchanges that did not.
    pub(crate) refused: usize,
}

pub(crate) struct Bank {
    pub(crate) store: Server,
    pub(crate) token: Server,
    pub(crate) api: Server,
    world: Arc<Mutex<World>>,
}

impl Bank {
    pub(crate) async fn start(life: u64) -> Self {
        let world = Arc::new(Mutex::new(World {
            mood: Mood::Well,
            life,
            api_after: Duration::ZERO,
            token_after: Duration::ZERO,
            scope: "read".into(),
            versions: BTreeMap::new(),
            tokens: HashMap::new(),
            count: 0,
            unstored: Vec::new(),
            exchanged: 0,
            refused: 0,
        }));
        let with = |answer: fn(&mut World, &Ask) -> Answer| {
            let world = Arc::clone(&world);
            move |ask: &Ask| answer(&mut world.lock().unwrap(), ask)
        };
        Self {
            store: Server::start(with(World::store)).await,
            token: Server::start(with(World::token)).await,
            api: Server::start(with(World::api)).await,
            world,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The head of a manifest: the store, whose token is in `folder`.
    pub(crate) fn head(&self, folder: &std::path::Path) -> String {
        let token = folder.join("bank-token");
        std::fs::write(&token, "s.bank").unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!(
            "title = \"bank\"\n[defaults]\nstore = \"bank\"\nstore_every = \"300ms\"\n\
             probe = {{ every = \"200ms\", timeout = \"2s\" }}\n\
             [stores.bank]\nkind = \"openbao\"\naddress = \"{}\"\ntimeout = \"1s\"\n\
             auth = {{ token = {{ file = \"{}\" }} }}\n",
            self.store.address,
            token.display()
        )
    }

    /// A lane with a grant of its own.
    pub(crate) fn grant_lane(&self, name: &str) -> String {
        self.world().new_grant(name);
        format!(
            "\n[[lane]]\nname = \"{name}\"\nprovider = \"oauth-generic\"\nbase_url = \"{}\"\n\
             route = {{ server = \"bank\" }}\nprobe = {{ target = \"/api\" }}\n\
             [lane.credential]\nkind = \"oauth_refresh\"\npath = \"{name}\"\n\
             field = \"refresh_token\"\ntoken_endpoint = \"{}/token\"\nclient_id = \"c\"\n",
            self.api.address, self.token.address
        )
    }

    /// A lane with a key, which ends after so many seconds if that is said.
    pub(crate) fn key_lane(&self, name: &str, life: Option<u64>) -> String {
        self.world().new_key(name, life);
        self.key_lane_at(name, name)
    }

    /// A lane with the key at `path`.
    pub(crate) fn key_lane_at(&self, name: &str, path: &str) -> String {
        format!(
            "\n[[lane]]\nname = \"{name}\"\nprovider = \"http\"\nbase_url = \"{}\"\n\
             route = {{ server = \"bank\" }}\nprobe = {{ target = \"/api\" }}\n\
             [lane.credential]\nkind = \"managed_key\"\npath = \"{path}\"\nfield = \"key\"\n",
            self.api.address
        )
    }
}

impl World {
    fn invent(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-canary-{:08}", self.count)
    }

    fn admit(&mut self, path: &str, kind: &str, ends: Option<Wall>) -> String {
        let text = self.invent(kind);
        let token = Token {
            path: path.into(),
            ends,
            revoked: None,
            spent: false,
            grant: kind == "rt",
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// Puts a record into the store, as a person would.
    pub(crate) fn put(&mut self, path: &str, record: Value) {
        let Value::Object(record) = record else {
            panic!("a record is an object")
        };
        self.versions
            .entry(path.into())
            .or_default()
            .push((record, clock::now().wall));
    }

    pub(crate) fn new_grant(&mut self, path: &str) -> String {
        let grant = self.admit(path, "rt", None);
        self.put(path, json!({ "refresh_token": grant }));
        grant
    }

    pub(crate) fn new_key(&mut self, path: &str, life: Option<u64>) -> String {
        let ends = life.map(|secs| clock::now().wall.plus(Duration::from_secs(secs)));
        let key = self.admit(path, "key", ends);
        let mut record = json!({ "key": key });
        if let Some(ends) = ends {
            record["expires_at"] = ends.to_string().into();
        }
        self.put(path, record);
        key
    }

    /// Revokes everything that was given out for `path`; only its grant if so wanted.
    pub(crate) fn revoke(&mut self, path: &str, grant_only: bool) {
        let now = clock::now().wall;
        let all = self.tokens.values_mut();
        for token in all.filter(|token| token.path == path && (token.grant || !grant_only)) {
            token.revoked.get_or_insert(now);
        }
    }

    /// The newest record and its version.
    pub(crate) fn newest(&self, path: &str) -> (Map<String, Value>, usize) {
        let versions = &self.versions[path];
        (versions.last().unwrap().0.clone(), versions.len())
    }

    fn store(&mut self, ask: &Ask) -> Answer {
        match self.mood {
            Mood::Well => {}
            Mood::Down => return Answer::new(502, "text/html", "<h1>Bad gateway</h1>"),
            Mood::Silent => return Answer::Silence,
        }
        let path = ask.path.trim_start_matches("/v1/secret/data/").to_owned();
        let versions = self.versions.entry(path).or_default();
        let about = |version: usize, created: Wall| {
            json!({
                "version": version, "created_time": created.to_string(),
                "deletion_time": "", "destroyed": false, "custom_metadata": null,
            })
        };
        match (ask.method.as_str(), versions.last()) {
            ("GET", None) => Answer::json(404, &json!({ "errors": [] })),
            ("GET", Some((data, created))) => {
                let said = json!({ "data": data, "metadata": about(versions.len(), *created) });
                Answer::json(200, &json!({ "data": said }))
            }
            _ => {
                let body: Value = serde_json::from_str(&ask.body).unwrap();
                if body["options"]["cas"].as_u64() != Some(versions.len() as u64) {
                    let said = "check-and-set parameter did not match the current version";
                    return Answer::json(400, &json!({ "errors": [said] }));
                }
                let now = clock::now().wall;
                versions.push((body["data"].as_object().unwrap().clone(), now));
                Answer::json(200, &json!({ "data": about(versions.len(), now) }))
            }
        }
    }

    fn token(&mut self, ask: &Ask) -> Answer {
        if ask.method == "GET" {
            return Answer::json(405, &json!({ "error": "invalid_request" }));
        }
        let form: HashMap<String, String> = url::form_urlencoded::parse(ask.body.as_bytes())
            .into_owned()
            .collect();
        if ask.path == "/revoke" {
            if let Some(token) = self.tokens.get_mut(&form["token"]) {
                token.revoked = Some(clock::now().wall);
            }
            return Answer::json(200, &json!({}));
        }
        let shown = &form["refresh_token"];
        let after = self.token_after;
        let known = self
            .tokens
            .get_mut(shown)
            .filter(|t| t.revoked.is_none() && !t.spent);
        let Some(known) = known else {
            self.refused += 1;
            return Answer::json(400, &json!({ "error": "invalid_grant" })).after(after);
        };
        known.spent = true;
        let path = known.path.clone();
        self.exchanged += 1;
        let (life, scope) = (self.life, self.scope.clone());
        let ends = clock::now().wall.plus(Duration::from_secs(life));
        let access = self.admit(&path, "at", Some(ends));
        let next = self.admit(&path, "rt", None);
        let said = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": life,
            "refresh_token": next, "scope": scope,
        });
        Answer::json(200, &said).after(after)
    }

    fn api(&mut self, ask: &Ask) -> Answer {
        let shown = ask.bearer().unwrap_or_default().to_owned();
        let after = self.api_after;
        let now = clock::now().wall;
        let dead = |why: &str| {
            let mut challenge = String::new();
            write!(
                challenge,
                "Bearer error=\"invalid_token\", error_description=\"{why}\""
            )
            .unwrap();
            Answer::json(401, &json!({ "message": why })).with("www-authenticate", &challenge)
        };
        let answer = match self.tokens.get(&shown) {
            None => dead("The access token is unknown"),
            Some(token) if token.revoked.is_some() => dead("The access token was revoked"),
            Some(token) if token.ends.is_some_and(|ends| ends <= now) => {
                dead("The access token expired")
            }
            Some(token) => {
                let stored = self.versions[&token.path].iter().any(|(record, _)| {
                    record
                        .values()
                        .any(|value| value.as_str() == Some(shown.as_str()))
                });
                if !stored {
                    self.unstored.push(shown);
                }
                Answer::json(200, &json!({ "ok": true }))
            }
        };
        answer.after(after)
    }
}
