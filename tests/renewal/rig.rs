//! Lanes between a real store and a real authorization server, with a proxy before each of them that
//! can fail and that counts.

use crate::bench::Bench;
use crate::real::{Asked, Bao, Oidc, Proxy};
use lanewatch::engine::LaneView;
use lanewatch::lane::{Outcome, RecordKind};
use lanewatch::manifest::{OpenBaoAuth, SecretFrom};
use serde_json::json;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

const SCOPE: &str = "offline_access repo:read";
/// What an exchange of a grant is.
pub(crate) const EXCHANGE: &str = "POST /token";
/// What is asked of the API with a lane's credential.
pub(crate) const API: &str = "GET /api/repos";

/// The two servers, and the proxies that lanewatch meets in their place.
pub(crate) struct Rig {
    pub(crate) bao: Bao,
    pub(crate) oidc: Oidc,
    pub(crate) store: Proxy,
    pub(crate) provider: Proxy,
    /// How long one request may take. Short only where a test is about that: a busy machine is no
    /// outage.
    pub(crate) timeout: &'static str,
}

impl Rig {
    /// Access tokens live so many seconds; the store is in memory.
    pub(crate) async fn start(life: u32) -> Self {
        let (bao, oidc) = tokio::join!(Bao::start(), Oidc::with_ttl(life, 600));
        Self::of(bao, oidc).await
    }

    pub(crate) async fn of(bao: Bao, oidc: Oidc) -> Self {
        let secret = json!({ "client_secret": Oidc::client_secret().expose() });
        bao.kv_put("clients/lane", secret).await;
        let store = Proxy::before(&bao.url).await;
        let provider = Proxy::before(&oidc.url).await;
        Self {
            bao,
            oidc,
            store,
            provider,
            timeout: "20s",
        }
    }

    /// Puts a grant as a person's consent gives it into the store, and answers its id.
    pub(crate) async fn consent(&self, lane: &str) -> String {
        let minted = self.oidc.mint(SCOPE).await;
        let fields = json!({ "refresh_token": minted.refresh_token.expose() });
        self.bao.kv_put(&format!("lanes/{lane}"), fields).await;
        minted.grant_id
    }

    /// A running engine with a lane for each name, each with a grant of its own, and their ids.
    pub(crate) async fn lanes(&self, names: &[&str]) -> (Bench, Vec<String>) {
        self.lanes_with(&self.bao.spec().auth, names).await
    }

    /// The same for a store that is entered so.
    pub(crate) async fn lanes_with(
        &self,
        auth: &OpenBaoAuth,
        names: &[&str],
    ) -> (Bench, Vec<String>) {
        let mut grants = Vec::new();
        for name in names {
            grants.push(self.consent(name).await);
        }
        let bench = Bench::plain(&self.manifest(auth, names)).await;
        bench
            .until("every lane serves", |_, lanes| lanes.iter().all(serves))
            .await;
        (bench, grants)
    }

    fn manifest(&self, auth: &OpenBaoAuth, names: &[&str]) -> String {
        let provider = self.provider.in_place_of(&self.oidc.url);
        let timeout = self.timeout;
        let mut text = format!(
            "[stores.bao]\nkind = \"openbao\"\naddress = \"{}\"\ntimeout = \"{timeout}\"\n{}\n\
             [defaults]\nstore = \"bao\"\nprovider = \"oauth-generic\"\nstore_every = \"300ms\"\n\
             probe = {{ every = \"200ms\", timeout = \"2s\" }}\nexpiry = {{ refresh_at = 0.4 }}\n\
             [defaults.credential]\ntoken_endpoint = \"{provider}token\"\nclient_id = \"lane\"\n\
             client_secret = {{ path = \"clients/lane\", field = \"client_secret\" }}\n\
             field = \"refresh_token\"\ntimeout = \"{timeout}\"\n",
            self.store.in_place_of(&self.bao.url),
            login(auth)
        );
        for name in names {
            write!(
                text,
                "[[lane]]\nname = \"{name}\"\nbase_url = \"{provider}\"\n\
                 route = {{ server = \"repos\" }}\nprobe = {{ target = \"/api/repos\" }}\n\
                 [lane.credential]\nkind = \"oauth_refresh\"\npath = \"lanes/{name}\"\n"
            )
            .unwrap();
        }
        text
    }

    /// How often the API itself rejected a credential.
    pub(crate) fn rejections(&self) -> usize {
        self.rejected().count()
    }

    fn rejected(&self) -> impl Iterator<Item = Asked> {
        let asked = self.provider.asked(API).into_iter();
        asked.filter(|asked| asked.status == Some(401))
    }

    /// Requests that showed a credential that was known to be dead, because it had been rejected
    /// before. Once can happen: the server ends lives at whole seconds, up to one earlier than it said.
    fn shown_dead(&self) -> Vec<Asked> {
        let mut known = HashSet::new();
        let shown = |asked: &Asked| asked.header("authorization").unwrap().to_owned();
        self.rejected()
            .filter(|asked| !known.insert(shown(asked)))
            .collect()
    }

    /// What may never be the end of a failure that was not a verdict: a lane that is held, a
    /// credential that is called revoked, a grant that is shown twice, a dead one that is shown.
    pub(crate) async fn nothing_was_condemned(&self, bench: &Bench) {
        for record in bench.records() {
            let bad = [
                RecordKind::LaneHeld,
                RecordKind::RevocationDetected,
                RecordKind::RefreshUncertain,
            ];
            assert!(!bad.contains(&record.kind), "{record:?}");
            let outcome = record.outcome;
            assert_ne!(outcome, Some(Outcome::CredentialRevoked), "{record:?}");
            assert_ne!(outcome, Some(Outcome::CredentialInvalid), "{record:?}");
        }
        assert_eq!(self.oidc.reuses().await, 0);
        assert!(self.shown_dead().is_empty(), "{:?}", self.shown_dead());
    }
}

pub(crate) fn login(auth: &OpenBaoAuth) -> String {
    let place = |from: &SecretFrom| match from {
        SecretFrom::File(file) => format!("{{ file = \"{}\" }}", file.display()),
        SecretFrom::Env(name) => format!("{{ env = \"{name}\" }}"),
    };
    match auth {
        OpenBaoAuth::Token(token) => format!("auth = {{ token = {} }}", place(token)),
        OpenBaoAuth::AppRole {
            mount,
            role_id,
            secret_id,
        } => format!(
            "auth = {{ approle = {{ mount = \"{mount}\", role_id = {}, secret_id = {} }} }}",
            place(role_id),
            place(secret_id)
        ),
    }
}

/// Whether it serves, and nothing is the matter.
pub(crate) fn serves(lane: &Arc<LaneView>) -> bool {
    lane.gate == lanewatch::lane::Gate::Open && lane.degraded.is_none()
}

/// The generation of the credential at hand.
pub(crate) fn generation(lane: &LaneView) -> u64 {
    lane.credential.as_ref().map_or(0, |c| c.generation.0)
}
