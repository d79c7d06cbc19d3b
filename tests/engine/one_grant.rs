//! Sixteen real processes keep one grant of a real authorization server alive, which rotates its
//! refresh tokens and revokes the family of one that is shown twice. Holders are killed at the worst
//! moments. `ONE_GRANT_REFRESHES` says how many refreshes; every twentieth costs a process its life.

use crate::bench::{DEADLINE, find};
use crate::process::{Home, Running, records};
use crate::real::{Bao, Oidc};
use lanewatch::engine::Reply;
use lanewatch::lane::{Outcome, RecordKind, Verb, Word};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

const PROCESSES: usize = 16;
/// One refresh in so many ends with a kill.
const KILL_EVERY: usize = 20;
/// The tokens' life in seconds. They are refreshed after a tenth of it.
const LIFE: u32 = 2;

/// When a holder is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moment {
    /// Its request has left and never reaches the server.
    Before,
    /// The server has used the grant up; the answer reaches nobody.
    Committed,
    /// The answer is on its way to the store.
    Persisting,
}

struct Killed {
    process: usize,
    moment: Moment,
    /// The refresh token that was shown.
    shown: String,
}

/// What all the ways to the server have seen together.
struct Seen {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    committed: AtomicUsize,
    refused: AtomicUsize,
    /// When the server had answered, in microseconds of the wall clock.
    answered: Mutex<Vec<i64>>,
    killed: mpsc::UnboundedSender<Killed>,
}

/// One process's way to the token endpoint.
struct Way {
    address: SocketAddr,
    pid: Arc<AtomicI32>,
}

impl Way {
    async fn to(server: SocketAddr, process: usize, seen: &Arc<Seen>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pid = Arc::new(AtomicI32::new(0));
        let (victim, seen) = (Arc::clone(&pid), Arc::clone(seen));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (victim, seen) = (Arc::clone(&victim), Arc::clone(&seen));
                tokio::spawn(async move { pass(client, server, process, &victim, &seen).await });
            }
        });
        Self { address, pid }
    }
}

/// One message with a head and a body of a stated length; `None` at the end of the connection.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut part = [0; 8192];
    loop {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if bytes.len() >= head + 4 + length.unwrap_or(0) {
                return Some(bytes);
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
}

fn end(pid: &AtomicI32) {
    let pid = Pid::from_raw(pid.load(Ordering::SeqCst)).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

fn micros() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

async fn pass(
    mut client: TcpStream,
    server: SocketAddr,
    process: usize,
    victim: &AtomicI32,
    seen: &Seen,
) -> Option<()> {
    let mut upstream = TcpStream::connect(server).await.ok()?;
    while let Some(request) = message(&mut client).await {
        let text = String::from_utf8_lossy(&request).into_owned();
        if !text.starts_with("POST /token ") {
            upstream.write_all(&request).await.ok()?;
            let answer = message(&mut upstream).await?;
            client.write_all(&answer).await.ok()?;
            continue;
        }
        let form = text.split("\r\n\r\n").nth(1).unwrap();
        let shown = url::form_urlencoded::parse(form.as_bytes())
            .find(|(name, _)| name == "refresh_token")
            .map(|(_, value)| value.into_owned())
            .unwrap();
        let now = seen.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(now, Ordering::SeqCst);
        let turn = seen.committed.load(Ordering::SeqCst) + 1;
        let moment = turn
            .is_multiple_of(KILL_EVERY)
            .then_some(match turn / KILL_EVERY % 4 {
                0 => Moment::Before,
                1 => Moment::Committed,
                _ => Moment::Persisting,
            });
        let killed = |moment| Killed {
            process,
            moment,
            shown: shown.clone(),
        };
        if moment == Some(Moment::Before) {
            // It counts, or the next one would be killed as well.
            seen.committed.fetch_add(1, Ordering::SeqCst);
            seen.in_flight.fetch_sub(1, Ordering::SeqCst);
            end(victim);
            seen.killed.send(killed(Moment::Before)).ok();
            return None;
        }
        upstream.write_all(&request).await.ok()?;
        let answer = message(&mut upstream).await?;
        let good = answer.starts_with(b"HTTP/1.1 200");
        if good {
            seen.committed.fetch_add(1, Ordering::SeqCst);
            seen.answered.lock().unwrap().push(micros());
        } else {
            seen.refused.fetch_add(1, Ordering::SeqCst);
        }
        seen.in_flight.fetch_sub(1, Ordering::SeqCst);
        if moment == Some(Moment::Committed) {
            end(victim);
            seen.killed.send(killed(Moment::Committed)).ok();
            return None;
        }
        client.write_all(&answer).await.ok()?;
        if moment == Some(Moment::Persisting) {
            // Somewhere on the answer's way into the store: where is another each time.
            tokio::time::sleep(Duration::from_micros(turn as u64 * 7919 % 6000)).await;
            end(victim);
            seen.killed.send(killed(Moment::Persisting)).ok();
            return None;
        }
    }
    Some(())
}

struct World {
    home: Home,
    bao: Bao,
    oidc: Oidc,
    ways: Vec<Way>,
    running: Vec<Option<Running>>,
    /// Versions that a person wrote.
    by_person: Vec<u64>,
}

impl World {
    async fn start(seen: &Arc<Seen>) -> Self {
        let (bao, oidc) = (Bao::start().await, Oidc::with_ttl(LIFE, 3600).await);
        let home = Home::new();
        let server = oidc.url.socket_addrs(|| None).unwrap()[0];
        let mut ways = Vec::new();
        for process in 0..PROCESSES {
            ways.push(Way::to(server, process, seen).await);
        }
        let mut world = Self {
            home,
            bao,
            oidc,
            ways,
            running: (0..PROCESSES).map(|_| None).collect(),
            by_person: Vec::new(),
        };
        world.bao.kv_keep("lanes/crm", 400).await;
        world.sign_in().await;
        let secret = Oidc::client_secret();
        let fields = json!({ "client_secret": secret.expose() });
        world.bao.kv_put("clients/lane", fields).await;
        for process in 0..PROCESSES {
            world.begin(process).await;
        }
        world
    }

    /// A person consents again.
    async fn sign_in(&mut self) {
        let grant = self.oidc.mint("repo:read").await.refresh_token;
        let fields = json!({ "refresh_token": grant.expose() });
        self.by_person
            .push(self.bao.kv_put("lanes/crm", fields).await);
    }

    async fn begin(&mut self, process: usize) {
        let file = self
            .home
            .folder
            .path()
            .join(format!("lanes-{process:02}.toml"));
        if !file.exists() {
            let rules = "path \"secret/data/*\" { capabilities = [\"read\", \"update\"] }";
            self.bao.policy("lanewatch", rules).await;
            let token = self.bao.token(&["lanewatch"], "2h").await;
            let kept = self.home.folder.path().join(format!("token-{process:02}"));
            crate::real::write_private(&kept, &token);
            std::fs::write(&file, self.manifest(process, &kept)).unwrap();
        }
        let mut command = self.home.command(env!("CARGO_BIN_EXE_lanewatch"));
        command.arg("run").arg(&file);
        let running = Running::of(command).await;
        self.ways[process]
            .pid
            .store(running.pid(), Ordering::SeqCst);
        self.running[process] = Some(running);
    }

    fn manifest(&self, process: usize, token: &std::path::Path) -> String {
        let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
        format!(
            "title = \"one grant\"\n[defaults]\nstore = \"bao\"\nstore_every = \"500ms\"\n\
             probe = {{ every = \"5s\", timeout = \"5s\" }}\nexpiry = {{ refresh_at = 0.1 }}\n\
             [stores.bao]\nkind = \"openbao\"\naddress = \"{bao}\"\nmount = \"secret\"\n\
             auth = {{ token = {{ file = \"{token}\" }} }}\n\
             [[lane]]\nname = \"crm\"\nprovider = \"oauth-generic\"\nbase_url = \"{oidc}\"\n\
             route = {{ server = \"repos\" }}\nprobe = {{ target = \"/api/repos\" }}\n\
             [lane.credential]\nkind = \"oauth_refresh\"\npath = \"lanes/crm\"\n\
             field = \"refresh_token\"\ntoken_endpoint = \"http://{way}/token\"\n\
             client_id = \"lane\"\n\
             client_secret = {{ path = \"clients/lane\", field = \"client_secret\" }}\n",
            bao = plain(&self.bao.url),
            oidc = plain(&self.oidc.url),
            token = token.display(),
            way = self.ways[process].address,
        )
    }

    async fn words(&self) -> Vec<(usize, Word)> {
        let mut words = Vec::new();
        for (process, running) in self.running.iter().enumerate() {
            if let Some(running) = running {
                words.push((process, find(&running.look().await.1, "crm").word));
            }
        }
        words
    }

    /// Whether the grant that the killed one showed was replaced in the store by its successor;
    /// if not, a doubt has been raised.
    async fn was_stored(&self, killed: &Killed) -> bool {
        let until = Instant::now() + DEADLINE;
        loop {
            let stored = self.bao.kv_get("lanes/crm").await;
            if stored["refresh_token"] != killed.shown.as_str() {
                return true;
            }
            let raised = |(_, word): &(usize, Word)| matches!(word, Word::Uncertain | Word::Held);
            if self.words().await.iter().any(raised) {
                return false;
            }
            assert!(
                Instant::now() < until,
                "neither stored nor raised: {:?}",
                killed.moment
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A person signs in again and releases whatever is held.
    async fn heal(&mut self) {
        self.sign_in().await;
        let until = Instant::now() + DEADLINE;
        loop {
            let bad: Vec<_> = self
                .words()
                .await
                .into_iter()
                .filter(|(_, word)| matches!(word, Word::Held | Word::Uncertain))
                .collect();
            if bad.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "not healed: {bad:?}");
            for (process, word) in bad {
                if word == Word::Held {
                    let reason = "signed in again".into();
                    let verb = Verb::Release { reason };
                    let running = self.running[process].as_ref().unwrap();
                    // It may have gone on by itself meanwhile.
                    let _answer: Reply = running.ask("crm", verb).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_processes_on_one_grant_lose_it_only_to_a_kill_between_commit_and_persist() {
    let wanted = std::env::var("ONE_GRANT_REFRESHES").ok();
    let wanted: usize = wanted.map_or(120, |text| text.parse().unwrap());
    let (killed, mut kills) = mpsc::unbounded_channel();
    let seen = Arc::new(Seen {
        in_flight: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        committed: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        answered: Mutex::default(),
        killed,
    });
    let mut world = World::start(&seen).await;
    let began = Instant::now();
    // By moment: kills, kills whose grant was stored, doubts raised.
    let mut table = [[0_usize; 3]; 3];
    while seen.committed.load(Ordering::SeqCst) < wanted {
        let Ok(next) = tokio::time::timeout(DEADLINE, kills.recv()).await else {
            panic!(
                "{} refreshes, and then none",
                seen.committed.load(Ordering::SeqCst)
            );
        };
        let killed = next.unwrap();
        let dead = world.running[killed.process].take().unwrap();
        dead.ended(DEADLINE).await;
        let row = &mut table[killed.moment as usize];
        row[0] += 1;
        if world.was_stored(&killed).await {
            row[1] += 1;
            assert_eq!(killed.moment, Moment::Persisting);
            world.begin(killed.process).await;
        } else {
            row[2] += 1;
            world.begin(killed.process).await;
            world.heal().await;
        }
    }
    let took = began.elapsed();
    // Whatever happened: the grant in the store is the newest, and everybody serves with it.
    world.heal().await;
    for running in world.running.iter().flatten() {
        running
            .until("it serves", |_, lanes| {
                matches!(
                    find(lanes, "crm").word,
                    Word::Ok | Word::Refreshing | Word::Expiring
                )
            })
            .await;
    }
    for running in &mut world.running {
        running.take().unwrap().stop().await;
    }
    let mut counts = std::collections::BTreeMap::new();
    for folder in std::fs::read_dir(world.home.folder.path().join("state/lanewatch")).unwrap() {
        let audit = folder.unwrap().path().join("audit");
        if !audit.exists() {
            continue;
        }
        for record in records(&audit) {
            *counts.entry(record.kind.as_str()).or_insert(0_usize) += 1;
            let revoked = record.kind == RecordKind::RevocationDetected;
            let condemned = record.kind == RecordKind::LaneHeld
                && record.outcome != Some(Outcome::UpstreamUnavailable);
            assert!(!revoked && !condemned, "a family was lost: {record:?}");
        }
    }
    println!(
        "{} refreshes by {PROCESSES} processes in {:.0} s; at most {} in flight; refused {}",
        seen.committed.load(Ordering::SeqCst),
        took.as_secs_f64(),
        seen.most.load(Ordering::SeqCst),
        seen.refused.load(Ordering::SeqCst),
    );
    println!("killed before the commit / at the commit / while persisting: kills, stored, raised");
    println!("{table:?}");
    println!("{counts:#?}");
    let versions = world.bao.kv_versions("lanes/crm").await;
    let answered = seen.answered.lock().unwrap().clone();
    let mut windows: Vec<i64> = versions
        .iter()
        .filter(|(version, _)| !world.by_person.contains(version))
        .filter_map(|(_, at)| Some(at - answered.iter().rfind(|answer| *answer <= at)?))
        .collect();
    windows.sort_unstable();
    let at = |part: usize| windows[(windows.len() - 1) * part / 100] as f64 / 1000.0;
    println!(
        "from the server's answer to the store's write: {} windows, p50 {:.1} ms, p99 {:.1} ms, \
         most {:.1} ms",
        windows.len(),
        at(50),
        at(99),
        at(100)
    );
    assert_eq!(
        seen.most.load(Ordering::SeqCst),
        1,
        "more than one in flight"
    );
    assert_eq!(
        seen.refused.load(Ordering::SeqCst),
        0,
        "a used-up grant was shown"
    );
    for (row, moment) in table.iter().zip(["before", "committed", "persisting"]) {
        assert_eq!(row[0], row[1] + row[2], "{moment}");
    }
    assert_eq!(table[Moment::Committed as usize][1], 0);
}
