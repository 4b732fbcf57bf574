//! Whatever is stored in whatever order, SQLite gives the same answers as the reference in memory.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "same/asks.rs"]
mod asks;
#[path = "same/read.rs"]
mod read;

use asks::{Ask, Attempt, DUE, Doing, EVENTS, NAMES, PARTS, PATHS, Part, ask};
use proptest::prelude::*;
use read::everything;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::run::{EntryRecord, Phase, RunState, SuspensionEnd};
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{
    calling, change, create, ended, given, given_apart, holding, json, listening, message, path, queued, run,
    run_id, sleeping, tenant,
};
use reentry_store::conformance::filters::question;
use reentry_store::memory::MemoryStore;
use reentry_store::sqlite::SqliteStore;
use reentry_store::{
    Commit, CommitError, ComponentRecord, Message, RUN_LOG_BYTES_MAX, Runs, Store, StoreError, WorkflowRecord,
};

/// Both of them.
fn tenants() -> [TenantId; 2] {
    [TenantId::default(), tenant("other")]
}

/// Nearly all belongs to one tenant, so that runs can be forks of each other.
fn tenant_of(number: u64) -> TenantId {
    if number == 1 { tenant("other") } else { TenantId::default() }
}

fn workflow(number: u64) -> WorkflowRecord {
    let definition = json(&number.to_string());
    let digest = WorkflowDigest::of(definition.text().as_bytes());
    let id = if number == 0 { "one" } else { "two" };
    let components = vec![ComponentDigest::of(b"shared"); (number < 2).into()];
    WorkflowRecord { digest, id: id.to_owned(), definition, components, created_at: Timestamp(1) }
}

/// The component that some of the workflows use.
fn component() -> ComponentRecord {
    let (bytes, created_at) = (b"shared".to_vec(), Timestamp(1));
    let digest = ComponentDigest::of(&bytes);
    ComponentRecord { digest, bytes, base: Vec::new(), meta: json("{}"), created_at }
}

fn step(doing: &Doing, payload: usize, mine: impl Fn(u64) -> u64) -> EntryRecord {
    let step = match *doing {
        Doing::Queue => queued(),
        Doing::Hold => holding(),
        Doing::Call(owner) => calling(owner),
        Doing::Ask(id) => {
            let (names, deadline) = (
                NAMES[usize::try_from(id).unwrap() % NAMES.len()],
                DUE[usize::try_from(id).unwrap() % DUE.len()],
            );
            question(mine(id), names.0, names.1, deadline)
        }
        Doing::Sleep(id, until) => sleeping(mine(id), until),
        Doing::Listen(id, event) => listening(mine(id), EVENTS[event].0, EVENTS[event].1),
        Doing::End => ended(),
    };
    match payload {
        0 => given(step, "1"),
        1 => given(step, &format!("\"{}\"", "x".repeat(3_000))),
        // Kept apart, once for all that have it.
        _ => given_apart(step, PARTS[payload - 2], &format!("\"{payload}\"")),
    }
}

impl Attempt {
    fn commit(&self, now: Option<&RunState>) -> Commit {
        let tenant = tenant_of(if self.of_other_tenant { 1 - self.run.min(1) } else { self.run });
        let begun = match (now, self.fork) {
            (Some(now), _) => change(now),
            (None, Some((parent, version))) => create(run(self.run)).forking(parent, version),
            (None, None) => create(RunState {
                resource_id: self.run.is_multiple_of(2).then(|| "r".to_owned()),
                ..run(self.run)
            }),
        };
        // Suspensions of different runs never share an id.
        let mine = |id: u64| self.run * 8 + id;
        let mut commit = self.parts.iter().fold(begun.of(&tenant), |commit, part| match part {
            Part::Put(at, doing, payload) => commit.with_step(PATHS[*at], step(doing, *payload, mine)),
            Part::DropStep(at) => commit.without_step(PATHS[*at]),
            Part::Close(id) => commit.with_closed(mine(*id), SuspensionEnd::Answered),
            Part::Keep(id) => commit.with_image(*id, &id.to_be_bytes()),
            Part::Share(id) => commit.sharing(*id),
            Part::Drop(id) => commit.without_image(*id),
            Part::Log(entry) => commit.with_log(&entry.to_string()),
            Part::Say(at, quarters) => {
                let bytes = *quarters * RUN_LOG_BYTES_MAX / 4;
                commit.logging(PATHS[*at], 1, &"x".repeat(usize::try_from(bytes).unwrap_or_default()))
            }
            Part::Save(of, images, max) => commit.saving(of.map(mine), images).keeping(*max),
            Part::Answer(key) => commit.answering(&key.to_string()),
            Part::Take(number) => commit.taking(*number),
            Part::Move(_) | Part::Call(_) | Part::Finish => commit,
        });
        for part in &self.parts {
            match part {
                Part::Finish => commit.run_mut().phase = Phase::Succeeded,
                Part::Move(to) => {
                    let WorkflowRecord { digest, id, .. } = workflow(*to);
                    let moved = commit.run_mut();
                    (moved.workflow, moved.workflow_id) = (digest, id);
                }
                Part::Call(of) => _ = commit.run_mut().called.insert(path("a"), workflow(*of).digest),
                _ => {}
            }
        }
        if self.stale {
            commit.expected = commit.expected.map_or(Some(0), |version| version.checked_sub(1));
        }
        commit
    }
}

/// What a store answers; reasons of refusals are each store's own words.
async fn answer(store: &dyn Store, ask: &Ask, now: Option<&RunState>) -> String {
    let (mine, shared) = (TenantId::default(), ComponentDigest::of(b"shared"));
    match *ask {
        Ask::Commit(ref attempt) => match store.commit(attempt.commit(now)).await {
            Err(CommitError::Store(StoreError::Refused(_))) => "refused".to_owned(),
            other => format!("{other:?}"),
        },
        Ask::Send { number, event, dedup, expires_at } => {
            let message = Message {
                dedup: dedup.map(|dedup| dedup.to_string()),
                expires_at: expires_at.map(Timestamp),
                ..message(number, EVENTS[event].0, EVENTS[event].1)
            };
            format!("{:?}", store.send(message).await.map_err(drop))
        }
        Ask::Expire(now, before) => {
            format!("{:?}", store.expire_mail(Timestamp(now), Timestamp(before)).await)
        }
        Ask::Reply(key, answer) => {
            let answer = json(&answer.to_string());
            format!("{:?}", store.answer_request(&mine, &key.to_string(), answer).await)
        }
        Ask::Delete(run) => format!("{:?}", store.delete_run(&tenant_of(run), run_id(run)).await),
        Ask::DeleteBefore(before, limit) => {
            format!("{:?}", store.delete_runs_before(Timestamp(before), limit).await)
        }
        Ask::Apply(number) => {
            let at = Timestamp(number);
            format!("{:?}", store.apply_workflow(&mine, workflow(number), at).await)
        }
        Ask::Retire(number) => format!("{:?}", store.retire_workflow(&mine, &workflow(number).id).await),
        Ask::RemoveWorkflow(number) => {
            format!("{:?}", store.remove_workflow(&mine, &workflow(number).digest).await)
        }
        Ask::Put(number) => format!("{:?}", store.put_workflow(&tenant("other"), workflow(number)).await),
        Ask::Keep(of) => {
            let of = &tenants()[of];
            format!("{:?}", store.put_component(of, "shared", Timestamp(2), component()).await)
        }
        Ask::Publish(of) => {
            let of = &tenants()[of];
            format!("{:?}", store.publish_component(of, &shared, "public", Timestamp(3)).await)
        }
        Ask::Unpublish => format!("{:?}", store.unpublish_component(&shared).await),
        Ask::DeleteTenant(of) => format!("{:?}", store.delete_tenant(&tenants()[of]).await),
        Ask::RemoveComponent(of) => {
            format!("{:?}", store.remove_component(&tenants()[of], &shared).await)
        }
    }
}

async fn compare(asks: Vec<Ask>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let memory = MemoryStore::new();
    let sqlite = SqliteStore::open(folder.path().join("runs.db")).expect("a fresh database opens");
    for store in [&memory as &dyn Store, &sqlite] {
        store
            .put_component(&TenantId::default(), "shared", Timestamp(1), component())
            .await
            .expect("a component is kept");
    }
    for ask in asks {
        let now = match &ask {
            Ask::Commit(attempt) => memory.run(&tenant_of(attempt.run), run_id(attempt.run)).await,
            _ => Ok(None),
        };
        let now = now.expect("memory answers");
        let (wanted, found) =
            (answer(&memory, &ask, now.as_ref()).await, answer(&sqlite, &ask, now.as_ref()).await);
        prop_assert_eq!(wanted, found, "{:?}", ask);
    }
    for (wanted, found) in everything(&memory).await.into_iter().zip(everything(&sqlite).await) {
        prop_assert_eq!(wanted, found);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_memory_does(asks in prop::collection::vec(ask(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        runtime.expect("a runtime starts").block_on(compare(asks))?;
    }
}
