//! Versions of workflows that tenants have applied, who uses what, and when it may be removed.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::run::{Phase, RunState};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{change, create, json, path, put, run, run_id, tenant};
use super::library::{component, keep};
use crate::{ComponentUsage, RemoveError, Store, WorkflowRecord};

/// The version of a workflow with this number, with a step of each of these components.
pub(super) fn workflow(id: &str, version: u64, components: &[&[u8]]) -> WorkflowRecord {
    let definition = json(&format!(r#"{{"id":"{id}","version":{version}}}"#));
    WorkflowRecord {
        digest: WorkflowDigest::of(definition.text().as_bytes()),
        id: id.to_owned(),
        definition,
        components: components.iter().map(|bytes| ComponentDigest::of(bytes)).collect(),
        created_at: Timestamp(version),
    }
}

pub(super) fn pinned(number: u64, workflow: &WorkflowRecord) -> RunState {
    RunState { workflow: workflow.digest, workflow_id: workflow.id.clone(), ..run(number) }
}

pub(super) fn over(mut run: RunState) -> RunState {
    run.phase = Phase::Succeeded;
    run
}

async fn listed(store: &dyn Store, tenant: &TenantId, known: &[&WorkflowRecord]) -> Vec<String> {
    let rows = store.list_workflows(tenant).await.unwrap();
    let line = |row: &crate::WorkflowSummary| {
        let at = known.iter().position(|workflow| workflow.digest == row.digest).unwrap();
        let current = if row.current { "current" } else { "" };
        format!("{} v{at} at {} {current} {} open", row.id, row.applied_at.0, row.open_runs)
    };
    rows.iter().map(line).collect()
}

/// Why something was not removed, in short.
pub(super) fn said<T>(result: Result<T, RemoveError>) -> String {
    match result {
        Ok(_) => "removed".to_owned(),
        Err(RemoveError::NoComponent { .. } | RemoveError::NoWorkflow { .. }) => "not there".to_owned(),
        Err(RemoveError::Published { .. }) => "published".to_owned(),
        Err(RemoveError::NotPublished { .. }) => "not published".to_owned(),
        Err(RemoveError::PublishedUsed { usage, .. }) => usage.to_string(),
        Err(RemoveError::ComponentUsed { usage, .. }) => {
            format!(
                "used by {} workflows, {} runs, {} open",
                usage.workflows.len(),
                usage.runs,
                usage.open_runs
            )
        }
        Err(RemoveError::WorkflowCurrent { id, .. }) => format!("current {id}"),
        Err(RemoveError::WorkflowUsed { runs, open_runs, .. }) => {
            format!("used by {runs} runs, {open_runs} open")
        }
        Err(error @ RemoveError::TenantUsed { .. }) => error.to_string(),
        Err(RemoveError::Store(error)) => error.to_string(),
    }
}

/// Of the versions that a tenant has applied the last one is current, until it is retired.
pub async fn the_last_version_applied_is_current(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (TenantId::default(), tenant("other"));
    let (one, two, ship) = (workflow("w", 1, &[]), workflow("w", 2, &[]), workflow("ship", 1, &[]));
    let known = [&one, &two, &ship];
    let apply = async |tenant, workflow: &WorkflowRecord, at| {
        store.apply_workflow(tenant, workflow.clone(), Timestamp(at)).await.unwrap()
    };
    assert_eq!(store.current_workflow(&mine, "w").await.unwrap(), None);
    assert_eq!(apply(&mine, &one, 10).await, None);
    assert_eq!(apply(&mine, &ship, 11).await, None);
    assert_eq!(apply(&mine, &two, 12).await, Some(one.digest));
    assert_eq!(apply(&other, &one, 13).await, None);
    assert_eq!(store.workflow(&two.digest).await.unwrap(), Some(two.clone()));
    assert_eq!(store.current_workflow(&mine, "w").await.unwrap(), Some(two.digest));
    assert_eq!(back_end.open().current_workflow(&other, "w").await.unwrap(), Some(one.digest));

    put(&*store, create(pinned(1, &one))).await;
    put(&*store, create(pinned(2, &one))).await;
    put(&*store, create(over(pinned(3, &one)))).await;
    put(&*store, create(pinned(4, &two)).of(&other)).await;
    assert_eq!(
        listed(&*store, &mine, &known).await,
        ["ship v2 at 11 current 0 open", "w v1 at 12 current 0 open", "w v0 at 10  2 open"]
    );
    assert_eq!(listed(&*store, &other, &known).await, ["w v0 at 13 current 0 open"]);
    assert_eq!(apply(&mine, &one, 14).await, Some(two.digest));
    assert_eq!(apply(&mine, &one, 15).await, Some(one.digest));
    assert_eq!(store.retire_workflow(&mine, "w").await.unwrap(), Some(one.digest));
    assert_eq!(store.retire_workflow(&mine, "w").await.unwrap(), None);
    assert_eq!(store.current_workflow(&mine, "w").await.unwrap(), None);
    assert_eq!(
        listed(&*store, &mine, &known).await,
        ["ship v2 at 11 current 0 open", "w v0 at 15  2 open", "w v1 at 12  0 open"]
    );
    assert_eq!(store.current_workflow(&other, "w").await.unwrap(), Some(one.digest));
}

/// What of a tenant's uses a component: definitions, and the runs that are pinned to them.
pub async fn the_users_of_a_component_are_known(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (both, one) = (workflow("both", 1, &[b"b", b"a", b"b"]), workflow("one", 1, &[b"a"]));
    let (mine, other) = (TenantId::default(), tenant("other"));
    store.put_workflow(&mine, both.clone()).await.unwrap();
    store.put_workflow(&mine, one.clone()).await.unwrap();
    store.put_workflow(&other, both.clone()).await.unwrap();
    let mut wanted = vec![ComponentDigest::of(b"a"), ComponentDigest::of(b"b")];
    wanted.sort();
    assert_eq!(store.workflow(&both.digest).await.unwrap().unwrap().components, wanted);
    put(&*store, create(pinned(1, &both))).await;
    put(&*store, create(over(pinned(2, &both))).of(&other)).await;
    let moved = put(&*store, create(pinned(3, &both))).await;
    put(&*store, change(&RunState { workflow: one.digest, ..moved })).await;
    // Its savepoint, of the commit that moves it, shows it as it was before.
    let saved = put(&*store, create(pinned(4, &both))).await;
    put(&*store, change(&RunState { workflow: one.digest, ..saved }).saving(None, &[])).await;
    let usage_of = async |tenant: &TenantId, bytes: &[u8]| {
        store.usage(tenant, &ComponentDigest::of(bytes)).await.unwrap()
    };
    let usage = async |bytes| usage_of(&mine, bytes).await;
    let mut workflows = vec![(both.digest, both.id), (one.digest, one.id)];
    let only_both = workflows[..1].to_vec();
    workflows.sort();
    assert_eq!(usage(b"a").await, ComponentUsage { workflows, open_runs: 3, runs: 3 });
    let of_b = ComponentUsage { workflows: only_both.clone(), open_runs: 2, runs: 2 };
    assert_eq!(usage(b"b").await, of_b);
    let of_other = ComponentUsage { workflows: only_both, open_runs: 0, runs: 1 };
    assert_eq!(usage_of(&other, b"a").await, of_other);
    assert_eq!(usage(b"c").await, ComponentUsage::default());
}

/// A component goes when no definition needs it that is current or that a kept run is pinned to.
pub async fn a_component_that_is_needed_is_not_removed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    let kept = component(b"a");
    let remove = async || said(store.remove_component(&mine, &kept.digest).await);
    assert_eq!(remove().await, "not there");
    keep(&*store, &mine, b"a", "a").await;
    let (one, two) = (workflow("w", 1, &[b"a"]), workflow("w", 2, &[b"b"]));
    store.apply_workflow(&mine, one.clone(), Timestamp(1)).await.unwrap();
    assert_eq!(remove().await, "used by 1 workflows, 0 runs, 0 open");
    let now = put(&*store, create(pinned(1, &one))).await;
    store.apply_workflow(&mine, two, Timestamp(2)).await.unwrap();
    assert_eq!(remove().await, "used by 1 workflows, 1 runs, 1 open");
    put(&*store, change(&over(now))).await;
    assert_eq!(remove().await, "used by 1 workflows, 1 runs, 0 open");
    let told = store.remove_component(&mine, &kept.digest).await.unwrap_err().to_string();
    assert!(
        told.contains("workflow `w` (sha256:") && told.contains("with 1 runs, 0 of them not ended"),
        "{told}"
    );
    assert_eq!(store.component(&kept.digest).await.unwrap(), Some(kept.clone()));
    store.delete_run(&mine, run_id(1)).await.unwrap();
    assert_eq!(remove().await, "removed");
    assert_eq!(
        (store.component(&kept.digest).await.unwrap(), store.list_components(&mine).await.unwrap()),
        (None, vec![])
    );
    // Whoever adds it again finds the definitions that use it.
    keep(&*store, &mine, b"a", "a").await;
    assert_eq!(store.usage(&mine, &kept.digest).await.unwrap().workflows, [(one.digest, one.id)]);
}

/// Nothing needs a component that no run and no applied version uses, unless it is the latest of its name.
pub async fn what_nothing_needs_is_known(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    let unneeded = async || {
        let found = store.unneeded_components(&mine).await.unwrap();
        found.into_iter().map(|component| component.digest).collect::<Vec<_>>()
    };
    for bytes in [b"a", b"b", b"c", b"d"] {
        keep(&*store, &mine, bytes, "same").await;
        keep(&*store, &tenant("other"), bytes, "same").await;
    }
    keep(&*store, &mine, b"e", "other").await;
    let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| ComponentDigest::of(bytes));
    assert_eq!(unneeded().await, [c, b, a]);
    // A definition alone is no need: each run of a file makes one.
    let (one, two) = (workflow("w", 1, &[b"a"]), workflow("v", 2, &[b"b"]));
    store.put_workflow(&mine, one.clone()).await.unwrap();
    assert_eq!(unneeded().await, [c, b, a]);
    // Nor is what another tenant does with its own.
    store.apply_workflow(&tenant("other"), workflow("w", 3, &[b"c"]), Timestamp(1)).await.unwrap();
    put(&*store, create(pinned(2, &one)).of(&tenant("other"))).await;
    assert_eq!(unneeded().await, [c, b, a]);
    let now = put(&*store, create(pinned(1, &one))).await;
    store.apply_workflow(&mine, two, Timestamp(1)).await.unwrap();
    store.retire_workflow(&mine, "v").await.unwrap();
    assert_eq!(unneeded().await, [c]);
    put(&*store, change(&over(now))).await;
    assert_eq!(unneeded().await, [c]);
    store.delete_run(&mine, run_id(1)).await.unwrap();
    assert_eq!(unneeded().await, [c, a]);
}

/// A version goes when it is not current and no run of the tenant is pinned to it; its definition when no tenant
/// needs it.
pub async fn a_version_that_is_needed_is_not_removed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (TenantId::default(), tenant("other"));
    let one = workflow("w", 1, &[b"a"]);
    let remove = async |tenant| said(store.remove_workflow(tenant, &one.digest).await);
    let holds = async |tenant| store.holds_workflow(tenant, &one.digest).await.unwrap();
    assert_eq!(remove(&mine).await, "not there");
    store.apply_workflow(&mine, one.clone(), Timestamp(1)).await.unwrap();
    assert_eq!(remove(&mine).await, "current w");
    // Others are not told that it exists.
    assert_eq!(remove(&other).await, "not there");
    assert!(!holds(&other).await);
    store.put_workflow(&other, one.clone()).await.unwrap();
    let now = put(&*store, create(pinned(1, &one))).await;
    put(&*store, create(pinned(2, &one)).of(&other)).await;
    store.retire_workflow(&mine, "w").await.unwrap();
    assert_eq!(remove(&mine).await, "used by 1 runs, 1 open");
    put(&*store, change(&over(now))).await;
    assert_eq!(remove(&mine).await, "used by 1 runs, 0 open");
    store.delete_run(&mine, run_id(1)).await.unwrap();
    assert_eq!(remove(&mine).await, "removed");
    assert_eq!(store.list_workflows(&mine).await.unwrap(), []);
    // The other tenant needs it.
    assert_eq!(store.workflow(&one.digest).await.unwrap(), Some(one.clone()));
    assert_eq!((holds(&mine).await, holds(&other).await), (false, true));
    assert_eq!(remove(&mine).await, "not there");
    assert_eq!(remove(&other).await, "used by 1 runs, 1 open");
}

/// A run that moved to another version needs the one that it followed as long as a savepoint of that time is kept.
pub async fn what_a_savepoint_is_of_is_not_removed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    let (one, two, three) = (workflow("w", 1, &[b"a"]), workflow("w", 2, &[b"b"]), workflow("w", 3, &[b"c"]));
    keep(&*store, &mine, b"a", "a").await;
    for version in [&one, &two, &three] {
        store.apply_workflow(&mine, version.clone(), Timestamp(1)).await.unwrap();
    }
    let remove = async |workflow: &WorkflowRecord| said(store.remove_workflow(&mine, &workflow.digest).await);
    let remove_a = async || said(store.remove_component(&mine, &ComponentDigest::of(b"a")).await);
    let follow = |run: &RunState, workflow: &WorkflowRecord| {
        change(&RunState { workflow: workflow.digest, ..run.clone() })
    };

    let now = put(&*store, create(pinned(1, &one))).await;
    let now = put(&*store, change(&now).saving(Some(1), &[])).await;
    // The second version has no savepoint; the third gets one.
    let now = put(&*store, follow(&now, &two)).await;
    let now = put(&*store, follow(&now, &three)).await;
    let now = put(&*store, change(&now).saving(Some(2), &[])).await;
    assert_eq!(remove(&two).await, "removed");
    assert_eq!(remove(&one).await, "used by 1 runs, 1 open");
    assert_eq!(remove_a().await, "used by 1 workflows, 1 runs, 1 open");
    let open: Vec<_> = store.list_workflows(&mine).await.unwrap().iter().map(|row| row.open_runs).collect();
    assert_eq!(open.iter().sum::<u64>(), 1, "it follows one version");
    // Only the latest savepoint is kept.
    let now = put(&*store, change(&now).saving(Some(3), &[]).keeping(1)).await;
    assert_eq!(remove(&one).await, "removed");
    put(&*store, change(&over(now))).await;
    store.delete_run(&mine, run_id(1)).await.unwrap();
    assert_eq!(remove_a().await, "removed");
}

/// A definition goes with the last tenant that holds it, applied or not.
pub async fn a_definition_that_nobody_needs_is_removed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (TenantId::default(), tenant("other"));
    let one = workflow("w", 1, &[b"a"]);
    store.put_workflow(&mine, one.clone()).await.unwrap();
    assert_eq!(said(store.remove_workflow(&mine, &one.digest).await), "removed");
    assert_eq!(store.workflow(&one.digest).await.unwrap(), None);
    assert_eq!(store.usage(&mine, &ComponentDigest::of(b"a")).await.unwrap().workflows, []);
    for tenant in [&mine, &other] {
        store.apply_workflow(tenant, one.clone(), Timestamp(1)).await.unwrap();
        store.retire_workflow(tenant, "w").await.unwrap();
    }
    assert_eq!(said(store.remove_workflow(&mine, &one.digest).await), "removed");
    assert!(store.workflow(&one.digest).await.unwrap().is_some());
    assert_eq!(said(store.remove_workflow(&other, &one.digest).await), "removed");
    assert_eq!(store.workflow(&one.digest).await.unwrap(), None);
}

/// What a step of a run has called is needed by the run, as long as it is kept.
pub async fn what_a_step_has_called_is_not_removed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    let (top, inner, newer) =
        (workflow("w", 1, &[]), workflow("inner", 1, &[b"a"]), workflow("inner", 2, &[b"b"]));
    let a = keep(&*store, &mine, b"a", "a").await;
    for version in [&top, &inner, &newer] {
        store.apply_workflow(&mine, version.clone(), Timestamp(1)).await.unwrap();
    }
    let remove = async || said(store.remove_workflow(&mine, &inner.digest).await);
    let remove_a = async || said(store.remove_component(&mine, &a).await);
    let mut calls = pinned(1, &top);
    calls.called.insert(path("step.inner[0]"), inner.digest);
    let now = put(&*store, create(calls)).await;
    assert_eq!(
        (remove().await, remove_a().await),
        ("used by 1 runs, 1 open".into(), "used by 1 workflows, 1 runs, 1 open".into())
    );
    // Done now; the run may go back to it.
    let mut done = over(now);
    done.called.clear();
    put(&*store, change(&done)).await;
    assert_eq!(
        (remove().await, remove_a().await),
        ("used by 1 runs, 0 open".into(), "used by 1 workflows, 1 runs, 0 open".into())
    );
    store.delete_run(&mine, run_id(1)).await.unwrap();
    assert_eq!((remove().await, remove_a().await), ("removed".into(), "removed".into()));
}
