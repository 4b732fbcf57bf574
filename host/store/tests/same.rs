//! Whatever is committed in whatever order, SQLite gives the same answers as the reference in memory.

#![allow(clippy::indexing_slicing)]

use proptest::prelude::*;
use reentry_core::id::TenantId;
use reentry_core::run::{Phase, Run, RunStatus, SuspensionEnd};
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{
    asking, calling, change, create, ended, holding, image_id, path, run, run_id, sleeping, tenant,
};
use reentry_store::memory::MemoryStore;
use reentry_store::sqlite::SqliteStore;
use reentry_store::{Commit, RunFilter, Store, SuspensionFilter};

/// Few of everything, so that commits meet each other.
const RUNS: u64 = 4;
const PATHS: [&str; 3] = ["", "a", "each[3].b"];

/// One thing that a commit does beside raising the version.
#[derive(Clone, Debug)]
enum Part {
    Hold(usize),
    Call(usize, u64),
    Ask(usize, u64),
    Sleep(usize, u64, u64),
    End(usize),
    Close(u64),
    Keep(u64),
    Drop(u64),
    Finish,
}

/// A commit to one run, on the version it has or on another.
#[derive(Clone, Debug)]
struct Attempt {
    run: u64,
    of_other_tenant: bool,
    stale: bool,
    parts: Vec<Part>,
}

fn part() -> impl Strategy<Value = Part> {
    let (at, id) = (0..PATHS.len(), 1..8u64);
    prop_oneof![
        at.clone().prop_map(Part::Hold),
        (at.clone(), 1..4u64).prop_map(|(at, owner)| Part::Call(at, owner)),
        (at.clone(), id.clone()).prop_map(|(at, id)| Part::Ask(at, id)),
        (at.clone(), id.clone(), 1..100u64).prop_map(|(at, id, until)| Part::Sleep(at, id, until)),
        at.prop_map(Part::End),
        id.clone().prop_map(Part::Close),
        id.clone().prop_map(Part::Keep),
        id.prop_map(Part::Drop),
        Just(Part::Finish),
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let parts = prop::collection::vec(part(), 0..5);
    (0..RUNS, prop::bool::weighted(0.1), prop::bool::weighted(0.1), parts)
        .prop_map(|(run, of_other_tenant, stale, parts)| Attempt { run, of_other_tenant, stale, parts })
}

fn tenant_of(number: u64) -> TenantId {
    if number.is_multiple_of(2) { TenantId::default() } else { tenant("other") }
}

impl Attempt {
    fn commit(&self, now: Option<&Run>) -> Commit {
        let tenant = tenant_of(self.run + u64::from(self.of_other_tenant));
        let begun = match now {
            Some(now) => change(now),
            None => create(run(self.run)),
        };
        // Suspensions of different runs never share an id.
        let mine = |id: u64| self.run * 8 + id;
        let mut commit = self.parts.iter().fold(begun.of(&tenant), |commit, part| match *part {
            Part::Hold(at) => commit.with_step(PATHS[at], holding()),
            Part::Call(at, owner) => commit.with_step(PATHS[at], calling(owner)),
            Part::Ask(at, id) => commit.with_step(PATHS[at], asking(mine(id), &["boss"])),
            Part::Sleep(at, id, until) => commit.with_step(PATHS[at], sleeping(mine(id), until)),
            Part::End(at) => commit.with_step(PATHS[at], ended()),
            Part::Close(id) => commit.with_closed(mine(id), SuspensionEnd::Answered),
            Part::Keep(id) => commit.with_image(id, &id.to_be_bytes()),
            Part::Drop(id) => commit.without_image(id),
            Part::Finish => commit,
        });
        if self.parts.iter().any(|part| matches!(part, Part::Finish)) {
            commit.run.phase = Phase::Succeeded;
        }
        if self.stale {
            commit.expected = commit.expected.map_or(Some(0), |version| version.checked_sub(1));
        }
        commit
    }
}

/// All that can be read, as text.
async fn everything(store: &dyn Store) -> Vec<String> {
    let mut answers = Vec::new();
    let mut add = |question: &str, answer: String| answers.push(format!("{question}: {answer}"));
    for tenant in [TenantId::default(), tenant("other")] {
        for number in 0..RUNS {
            let id = run_id(number);
            add("run", format!("{:?}", store.run(&tenant, id).await));
            let history = SuspensionFilter {
                run: Some(id),
                with_ended: true,
                with_timers: true,
                limit: 3,
                ..SuspensionFilter::default()
            };
            add("history", format!("{:?}", store.list_suspensions(&tenant, history).await));
        }
        for status in [None, Some(RunStatus::Running), Some(RunStatus::Suspended), Some(RunStatus::Success)] {
            let filter = RunFilter { status, limit: 2, ..RunFilter::default() };
            add("runs", format!("{:?}", store.list_runs(&tenant, filter).await));
        }
        add("inbox", format!("{:?}", store.list_suspensions(&tenant, SuspensionFilter::default()).await));
    }
    for number in 0..RUNS {
        add("steps", format!("{:?}", store.steps(run_id(number)).await));
        for at in PATHS {
            add("step", format!("{:?}", store.step(run_id(number), &path(at)).await));
        }
    }
    for number in 0..8 {
        add("image", format!("{:?}", store.image(image_id(number)).await));
    }
    for now in [0, 50, 1_000] {
        add("due", format!("{:?}", store.due(Timestamp(now), 2).await));
    }
    add("next due", format!("{:?}", store.next_due().await));
    add("orphans", format!("{:?}", store.orphans(3).await));
    answers
}

/// What a commit ended with; reasons of refusals are each store's own words.
fn outcome(result: Result<(), reentry_store::CommitError>) -> String {
    match result {
        Err(reentry_store::CommitError::Store(reentry_store::StoreError::Refused(_))) => "refused".to_owned(),
        other => format!("{other:?}"),
    }
}

async fn compare(attempts: Vec<Attempt>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let memory = MemoryStore::new();
    let sqlite = SqliteStore::open(folder.path().join("runs.db")).expect("a fresh database opens");
    for attempt in attempts {
        let now = memory.run(&tenant_of(attempt.run), run_id(attempt.run)).await.expect("memory answers");
        let commit = attempt.commit(now.as_ref());
        let (wanted, found) = (memory.commit(commit.clone()).await, sqlite.commit(commit).await);
        prop_assert_eq!(outcome(wanted), outcome(found), "{:?}", attempt);
    }
    for (wanted, found) in everything(&memory).await.into_iter().zip(everything(&sqlite).await) {
        prop_assert_eq!(wanted, found);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_memory_does(attempts in prop::collection::vec(attempt(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        runtime.expect("a runtime starts").block_on(compare(attempts))?;
    }
}
