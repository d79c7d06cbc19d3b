//! What a record costs: to be put on disk alone, to be put there in a group, and to be verified.
//!
//! The disk decides the first two; carry their ratio, and how far the second is from the third.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lanewatch::audit::{Journal, read_since, tail, verify};
use lanewatch::lane::{
    Actor, Basis, Cause, Evidence, Generation, Outcome, Record, RecordKind, Verdict, Wall,
};
use lanewatch::secret::Fingerprint;
use std::hint::black_box;

const AT: Wall = Wall(1_795_378_447_250);
const RECORDS: u64 = 100_000;

fn record() -> (Record, Option<u64>) {
    let record = Record {
        kind: RecordKind::RevocationDetected,
        lane: Some("billing-refunds".into()),
        generation: Some(Generation(7)),
        fingerprint: Some(Fingerprint::from_bytes(*b"billing!")),
        verdict: Some(Verdict {
            outcome: Outcome::CredentialRevoked,
            evidence: Evidence {
                status: Some(401),
                provider_code: Some("api_key_revoked".into()),
                request_id: Some("req_8f2".into()),
                ..Evidence::own("stripe/revoked", Basis::Stated)
            },
        }),
        actor: Actor::Provider,
        cause: Cause::World,
        note: None,
    };
    (record, Some(41))
}

/// On the disk that `LANEWATCH_BENCH_DIR` names, else on that of the build folder, because a
/// temporary folder may be memory.
fn folder() -> tempfile::TempDir {
    let named = std::env::var_os("LANEWATCH_BENCH_DIR");
    tempfile::tempdir_in(named.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into())).unwrap()
}

fn append(c: &mut Criterion) {
    let mut bench = c.benchmark_group("audit/append");
    for size in [1_usize, 64, 512] {
        let folder = folder();
        let (mut journal, _) = Journal::open(folder.path()).unwrap();
        let group = vec![record(); size];
        bench.throughput(Throughput::Elements(size as u64));
        bench.bench_function(format!("group of {size}"), |b| {
            b.iter(|| journal.append(AT, black_box(&group)).unwrap());
        });
    }
}

fn read(c: &mut Criterion) {
    let folder = folder();
    let (mut journal, _) = Journal::open(folder.path()).unwrap();
    let group = vec![record(); 1_000];
    for _ in 0..RECORDS / 1_000 {
        journal.append(AT, &group).unwrap();
    }
    journal.note_head().unwrap();
    drop(journal);
    let mut bench = c.benchmark_group("audit/read");
    bench.sample_size(20);
    bench.throughput(Throughput::Elements(RECORDS));
    bench.bench_function("verify", |b| {
        b.iter(|| assert!(verify(folder.path(), None).unwrap().is_good()));
    });
    bench.bench_function("recover everything", |b| {
        b.iter(|| read_since(folder.path(), 0, |_| true).unwrap());
    });
    bench.throughput(Throughput::Elements(1));
    bench.bench_function("open", |b| {
        b.iter(|| Journal::open(folder.path()).unwrap());
    });
    bench.bench_function("tail of 100", |b| {
        b.iter(|| tail(folder.path(), 100).unwrap());
    });
}

criterion_group!(audit, append, read);
criterion_main!(audit);
