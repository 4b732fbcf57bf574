//! Whatever is stored in whatever order, SQLite gives the same answers as the reference in memory.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use std::collections::HashSet;

use proptest::prelude::*;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::run::{EntryRecord, Phase, RunState, RunStatus, SuspensionEnd};
use reentry_core::time::Timestamp;
use reentry_store::conformance::drafts::{
    calling, change, create, ended, given, given_apart, holding, image_id, json, listening, message,
    message_id, owner_id, path, queued, run, run_id, sleeping, suspension_id, tenant,
};
use reentry_store::conformance::filters::question;
use reentry_store::memory::MemoryStore;
use reentry_store::sqlite::SqliteStore;
use reentry_store::{
    CallLogFilter, Commit, CommitError, ComponentRecord, LogPlace, Message, RUN_LOG_BYTES_MAX, RunFilter,
    RunGroups, RunSummary, Runs, SavepointKind, Store, StoreError, SuspensionFilter, SuspensionGroups,
    SuspensionRecord, Topic, WorkflowRecord,
};

/// Few of everything, so that changes meet each other.
const RUNS: u64 = 5;
const PATHS: [&str; 7] = ["", "a", "a.b", "each", "each[3]", "each[3].b", "each[12]"];
const EVENTS: [(&str, Option<&str>); 3] = [("paid", None), ("paid", Some("o-1")), ("sent", Some("o-2"))];
const PARTS: [u64; 2] = [20, 21];
const WORKFLOWS: u64 = 3;
/// Labels of a question, and those whom it asks.
const NAMES: [(&[&str], &[&str]); 3] =
    [(&["boss"], &["ann"]), (&["boss", "x", "x"], &[]), (&[], &["ann", "bob"])];
const DUE: [Option<u64>; 4] = [None, Some(40), Some(50), Some(50)];

/// One thing that a commit does beside raising the version.
#[derive(Clone, Debug)]
enum Part {
    Put(usize, Doing, usize),
    DropStep(usize),
    Close(u64),
    Keep(u64),
    Share(u64),
    Drop(u64),
    Log(u64),
    Say(usize, u64),
    Save(Option<u64>, Vec<u64>, u32),
    Answer(u64),
    Take(u64),
    Move(u64),
    Call(u64),
    Finish,
}

/// What a step does in its record.
#[derive(Clone, Debug)]
enum Doing {
    Queue,
    Hold,
    Call(u64),
    Ask(u64),
    Sleep(u64, u64),
    Listen(u64, usize),
    End,
}

/// A commit to one run, on the version it has or on another.
#[derive(Clone, Debug)]
struct Attempt {
    run: u64,
    of_other_tenant: bool,
    stale: bool,
    /// From which version of which run it begins, if it is new.
    fork: Option<(u64, u64)>,
    parts: Vec<Part>,
}

/// One thing that is asked of a store.
#[derive(Clone, Debug)]
enum Ask {
    Commit(Attempt),
    Send { number: u64, event: usize, dedup: Option<u64>, expires_at: Option<u64> },
    Expire(u64, u64),
    Reply(u64, u64),
    Delete(u64),
    DeleteBefore(u64, usize),
    Apply(u64),
    Put(u64),
    Retire(u64),
    RemoveWorkflow(u64),
    Keep(usize),
    Publish(usize),
    Unpublish,
    RemoveComponent(usize),
    DeleteTenant(usize),
}

fn doing() -> impl Strategy<Value = Doing> {
    let id = 1..8u64;
    prop_oneof![
        Just(Doing::Queue),
        Just(Doing::Hold),
        (1..4u64).prop_map(Doing::Call),
        id.clone().prop_map(Doing::Ask),
        (id.clone(), 1..100u64).prop_map(|(id, until)| Doing::Sleep(id, until)),
        (id, 0..EVENTS.len()).prop_map(|(id, event)| Doing::Listen(id, event)),
        Just(Doing::End),
        Just(Doing::End),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let (at, id) = (0..PATHS.len(), 1..8u64);
    let images = prop::collection::vec(1..4u64, 0..3);
    prop_oneof![
        6 => (at.clone(), doing(), 0..4usize).prop_map(|(at, doing, payload)| Part::Put(at, doing, payload)),
        1 => at.prop_map(Part::DropStep),
        1 => id.clone().prop_map(Part::Close),
        1 => (1..4u64).prop_map(Part::Keep),
        1 => (1..4u64).prop_map(Part::Share),
        1 => (1..4u64).prop_map(Part::Drop),
        1 => (0..9u64).prop_map(Part::Log),
        1 => (0..PATHS.len(), 0..5u64).prop_map(|(at, quarters)| Part::Say(at, quarters)),
        2 => (prop::option::of(id), images, 0..4u32).prop_map(|(of, images, max)| Part::Save(of, images, max)),
        1 => (0..9u64).prop_map(Part::Answer),
        1 => (0..6u64).prop_map(Part::Take),
        1 => (0..WORKFLOWS).prop_map(Part::Move),
        1 => (0..WORKFLOWS).prop_map(Part::Call),
        1 => Just(Part::Finish),
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let parts = prop::collection::vec(part(), 0..5);
    let fork = prop::option::of((0..RUNS, 0..8u64));
    (0..RUNS, prop::bool::weighted(0.1), prop::bool::weighted(0.1), fork, parts).prop_map(
        |(run, of_other_tenant, stale, fork, parts)| Attempt { run, of_other_tenant, stale, fork, parts },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    let sent = (0..6u64, 0..EVENTS.len(), prop::option::of(0..3u64), prop::option::of(0..100u64));
    prop_oneof![
        30 => attempt().prop_map(Ask::Commit),
        5 => sent.prop_map(|(number, event, dedup, expires_at)| Ask::Send { number, event, dedup, expires_at }),
        1 => (0..100u64, 900..1_200u64).prop_map(|(now, before)| Ask::Expire(now, before)),
        1 => (0..9u64, 0..9u64).prop_map(|(key, answer)| Ask::Reply(key, answer)),
        2 => (0..RUNS).prop_map(Ask::Delete),
        1 => (900..1_200u64, 0..3usize).prop_map(|(before, limit)| Ask::DeleteBefore(before, limit)),
        2 => (0..WORKFLOWS).prop_map(Ask::Apply),
        1 => (0..WORKFLOWS).prop_map(Ask::Put),
        1 => (0..WORKFLOWS).prop_map(Ask::Retire),
        1 => (0..WORKFLOWS).prop_map(Ask::RemoveWorkflow),
        1 => (0..2usize).prop_map(Ask::Keep),
        1 => (0..2usize).prop_map(Ask::Publish),
        1 => Just(Ask::Unpublish),
        1 => (0..2usize).prop_map(Ask::RemoveComponent),
        1 => (0..2usize).prop_map(Ask::DeleteTenant),
    ]
}

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

/// Filters on what is waited for, each alone and together with others.
fn suspension_filters() -> Vec<SuspensionFilter> {
    let any = SuspensionFilter::default().limit(2);
    let due = any.clone().due_from(Timestamp(30)).due_before(Timestamp(60));
    let mut filters = vec![any.clone(), due.clone()];
    for one in [any.clone(), due, any.clone().with_timers(true)] {
        filters.push(one.clone().label("boss"));
        filters.push(one.clone().assignee("ann").label("x"));
        filters.push(one.clone().step(path("each")));
        filters.push(one.clone().step(path("b")).workflow_id("one"));
        filters.push(one.clone().workflow_id("approve"));
        filters.push(one.clone().workflow(workflow(1).digest));
        filters.push(one.clone().resource_id("r").assignee("bob"));
        filters.push(one.resource_id("r"));
    }
    let latest: Vec<_> = filters.iter().cloned().map(|one| one.latest_first(true)).collect();
    filters.extend(latest);
    filters
}

/// The same of runs, beside those on runs themselves.
fn run_filters() -> Vec<RunFilter> {
    let any = RunFilter::default().limit(2);
    let mut filters = vec![any.clone().due_before(Timestamp(60))];
    for status in [None, Some(RunStatus::Running), Some(RunStatus::Suspended), Some(RunStatus::Success)] {
        let mut one = any.clone();
        one.status = status;
        filters.push(one.clone());
        filters.push(one.clone().workflow_id("one"));
        filters.push(one.clone().resource_id("r").created_before(Timestamp(1_004)));
        filters.push(one.clone().step(path("each")));
        filters.push(one.clone().label("boss"));
        filters.push(one.label("boss").resource_id("r"));
    }
    let oldest: Vec<_> = filters.iter().cloned().map(|one| one.oldest_first(true)).collect();
    filters.extend(oldest);
    filters
}

/// All pages of a list.
async fn suspensions(
    store: &dyn Store,
    tenant: &TenantId,
    mut filter: SuspensionFilter,
) -> Result<Vec<SuspensionRecord>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.list_suspensions(tenant, filter.clone()).await?;
        all.extend(page.rows);
        filter.after = page.next;
        if filter.after.is_none() {
            return Ok(all);
        }
    }
}

/// All pages of a list.
async fn runs(
    store: &dyn Store,
    tenant: &TenantId,
    mut filter: RunFilter,
) -> Result<Vec<RunSummary>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.list_runs(tenant, filter.clone()).await?;
        all.extend(page.rows);
        filter.after = page.next;
        if filter.after.is_none() {
            return Ok(all);
        }
    }
}

/// All that can be read, as text.
async fn everything(store: &dyn Store) -> Vec<String> {
    let mut answers = Vec::new();
    let mut add = |question: &str, answer: String| answers.push(format!("{question}: {answer}"));
    for tenant in tenants() {
        for number in 0..RUNS {
            let id = run_id(number);
            add("run", format!("{:?}", store.run(&tenant, id).await));
            let history = SuspensionFilter::default()
                .run(id)
                .with_ended(true)
                .with_tries(true)
                .with_timers(true)
                .limit(3);
            add("history", format!("{:?}", store.list_suspensions(&tenant, history).await));
        }
        for filter in run_filters() {
            add(
                "count",
                format!("{:?}", store.count_runs(&tenant, filter.clone(), Some(RunGroups::Status)).await),
            );
            add("runs", format!("{:?}", runs(store, &tenant, filter).await));
        }
        for filter in suspension_filters() {
            for by in [SuspensionGroups::Step, SuspensionGroups::Label] {
                add(
                    "count",
                    format!("{:?}", store.count_suspensions(&tenant, filter.clone(), Some(by)).await),
                );
            }
            add("inbox", format!("{:?}", suspensions(store, &tenant, filter).await));
        }
        for key in 0..9 {
            add("request", format!("{:?}", store.request(&tenant, &key.to_string()).await));
        }
        for number in 0..6 {
            add("message", format!("{:?}", store.message(&tenant, message_id(number)).await));
        }
        for (name, key) in EVENTS {
            add("mail", format!("{:?}", store.mail(&tenant, name, key, 3).await));
            add(
                "waiting for",
                format!(
                    "{:?}",
                    store.waiting_for(&tenant, &Topic::event(name, key.map(str::to_owned))).await
                ),
            );
        }
        for id in ["one", "two"] {
            add("current", format!("{:?}", store.current_workflow(&tenant, id).await));
        }
        add("workflows", format!("{:?}", store.list_workflows(&tenant).await));
        let shared = ComponentDigest::of(b"shared");
        add("usage", format!("{:?}", store.usage(&tenant, &shared).await));
        add("components", format!("{:?}", store.list_components(&tenant).await));
        add("component", format!("{:?}", store.component_of(&tenant, &shared).await));
        for name in ["shared", "public"] {
            add("named", format!("{:?}", store.component_named(&tenant, name).await));
        }
        add("unneeded", format!("{:?}", store.unneeded_components(&tenant).await));
        for number in 0..WORKFLOWS {
            let digest = workflow(number).digest;
            add("holds", format!("{:?}", store.holds_workflow(&tenant, &digest).await));
            add("missing", format!("{:?}", store.missing_component(&tenant, &digest).await));
        }
    }
    for number in 0..RUNS {
        let id = run_id(number);
        add("steps", format!("{:?}", store.steps(&tenant_of(number), id).await));
        for at in PATHS {
            add("step", format!("{:?}", store.step(&tenant_of(number), id, &path(at)).await));
        }
        add("outputs", format!("{:?}", store.outputs(&tenant_of(number), id, &PATHS.map(path)).await));
        add("children", format!("{:?}", store.children(&tenant_of(number), id, &path("each")).await));
        let mut after = None;
        for step in [None, Some(path("each"))] {
            let filter = CallLogFilter { step, after };
            let logs = store.call_logs(&tenant_of(number), id, &filter).await;
            after = logs.as_ref().ok().and_then(|logs| logs.rows.first()).map(|row| LogPlace {
                run: row.run,
                version: row.version,
                lines: row.log.lines,
            });
            let logs = logs.map(|mut logs| {
                logs.rows.iter_mut().for_each(|row| row.log.text = row.log.text.len().to_string().into());
                logs
            });
            add("call logs", format!("{logs:?}"));
        }
        add("log", format!("{:?}", store.log(&tenant_of(number), id, 3, 1).await));
        add("savepoints", format!("{:?}", store.savepoints(&tenant_of(number), id).await));
        add(
            "failure",
            format!("{:?}", store.last_savepoint(&tenant_of(number), id, SavepointKind::Failure).await),
        );
        for of in 0..8 {
            add(
                "savepoint",
                format!(
                    "{:?}",
                    store.savepoint(&tenant_of(number), id, suspension_id(number * 8 + of)).await
                ),
            );
        }
    }
    for number in (0..4).chain(PARTS) {
        add("image", format!("{:?}", store.blob(image_id(number)).await));
        add("owned", format!("{:?}", store.owned(owner_id(number)).await));
    }
    for number in 0..WORKFLOWS {
        add("workflow", format!("{:?}", store.workflow(&workflow(number).digest).await));
    }
    let except = HashSet::from([run_id(1)]);
    for now in [0, 50, 1_000] {
        add("due", format!("{:?}", store.claim_due(owner_id(9), Timestamp(now), &except, 2).await));
        add("next due", format!("{:?}", store.next_due(Timestamp(now)).await));
    }
    add("component", format!("{:?}", store.component(&ComponentDigest::of(b"shared")).await));
    add("tenants", format!("{:?}", store.list_tenants().await));
    add("any", format!("{:?}", store.has_components().await));
    add(
        "deliverable",
        format!("{:?}", store.claim_mail(owner_id(9), Timestamp(1_000), &HashSet::new(), 3).await),
    );
    add("orphans", format!("{:?}", store.claim_orphans(owner_id(9), Timestamp(1_000), &except, 3).await));
    answers
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
