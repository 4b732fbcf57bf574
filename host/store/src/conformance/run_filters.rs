//! Filters of lists of runs, alone and together, in both orders, page by page.

use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{RunStatus, SuspensionEnd};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{change, create, ended, path, put, run, run_id, tenant};
use super::filters::{fill, text, version_2};
use crate::{Counts, RunFilter, Store};

/// The same of runs.
async fn runs(store: &dyn Store, tenant: &TenantId, filter: RunFilter) -> Vec<RunId> {
    let mut lists = Vec::new();
    for limit in [0, 1, 2] {
        let (mut ids, mut filter) = (Vec::new(), RunFilter { limit, ..filter.clone() });
        loop {
            let page = store.list_runs(tenant, filter.clone()).await.unwrap();
            ids.extend(page.rows.iter().map(|row| row.id));
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        lists.push(ids);
    }
    let counts = store.count_runs(tenant, filter, None).await.unwrap();
    assert_eq!(counts, Counts { number: lists[0].len() as u64, more: false, groups: Vec::new() });
    assert!(lists.iter().all(|ids| *ids == lists[0]), "{lists:?}");
    lists.swap_remove(0)
}

/// Runs that pass a filter, by their numbers, in the order of the list that is the oldest first.
async fn check_runs(store: &dyn Store, filter: RunFilter, wanted: &[u64]) {
    let mut ids: Vec<RunId> = wanted.iter().map(|number| run_id(*number)).collect();
    let oldest_first = RunFilter { oldest_first: true, ..filter.clone() };
    assert_eq!(runs(store, &TenantId::default(), oldest_first.clone()).await, ids, "{oldest_first:?}");
    let others: Vec<RunId> = wanted.iter().map(|number| run_id(*number + 100)).collect();
    assert_eq!(runs(store, &tenant("other"), oldest_first.clone()).await, others, "{oldest_first:?}");
    // A run with two waits that pass stands where the first one does, which is another one from the other end.
    if filter.waits().is_none() || filter.label.is_some() {
        ids.reverse();
        assert_eq!(runs(store, &TenantId::default(), filter.clone()).await, ids, "{filter:?}");
    }
}

/// Each filter of runs leaves what it says, alone and with the others; those on waits list a run once.
pub async fn runs_are_found_by_what_they_wait_for(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    fill(store).await;
    let seventh = store.run(&tenant("other"), run_id(107)).await.unwrap().unwrap();
    put(store, change(&seventh).with_step("approve", ended()).with_closed(108, SuspensionEnd::Answered))
        .await;
    let any = RunFilter::default();
    let step = |at: &str| RunFilter { step: Some(path(at)), ..RunFilter::default() };
    let due = RunFilter { due_before: Some(Timestamp(5_001)), ..any.clone() };
    for (filter, wanted) in [
        (any.clone(), &[1, 2, 3, 4, 5, 6, 7, 8][..]),
        (RunFilter { workflow_id: text("travel"), ..any.clone() }, &[3, 4, 6]),
        (RunFilter { workflow: Some(version_2()), ..any.clone() }, &[8]),
        (RunFilter { resource_id: text("r-2"), ..any.clone() }, &[2, 7]),
        (RunFilter { label: text("finance"), ..any.clone() }, &[1, 2, 5, 8]),
        (RunFilter { label: text("finance"), resource_id: text("r-2"), ..any.clone() }, &[2]),
        (RunFilter { label: text("finance"), workflow: Some(version_2()), ..any.clone() }, &[8]),
        (
            RunFilter { label: text("finance"), created_before: Some(Timestamp(1_003)), ..any.clone() },
            &[1, 2],
        ),
        (RunFilter { assignee: text("bob"), ..any.clone() }, &[3, 5]),
        (RunFilter { workflow_id: text("expenses"), ..step("approve") }, &[1, 2, 5, 8]),
        (step("each"), &[3, 4]),
        (RunFilter { status: Some(RunStatus::Waiting), ..step("each") }, &[4]),
        (due.clone(), &[3, 6, 4, 1]),
        (RunFilter { resource_id: text("r-1"), ..due.clone() }, &[3, 1]),
        (RunFilter { status: Some(RunStatus::Suspended), ..due }, &[3, 6, 1]),
        (RunFilter { created_from: Some(Timestamp(1_006)), ..any.clone() }, &[6, 7, 8]),
        (RunFilter { created_before: Some(Timestamp(1_002)), ..any.clone() }, &[1]),
        (
            RunFilter {
                created_from: Some(Timestamp(1_002)),
                created_before: Some(Timestamp(1_006)),
                workflow_id: text("expenses"),
                status: Some(RunStatus::Suspended),
                ..any.clone()
            },
            &[2, 5],
        ),
        (RunFilter { actor: text("ann"), ..any.clone() }, &[]),
    ] {
        check_runs(store, filter, wanted).await;
    }
    // The first of two waits from either end.
    let of_5 = RunFilter { workflow_id: text("expenses"), resource_id: text("r-1"), ..step("approve") };
    assert_eq!(runs(store, &TenantId::default(), of_5).await, [run_id(5), run_id(1)]);
}

/// Runs of one instant come in the order in which they were stored, whatever their ids.
pub async fn runs_come_in_the_order_of_their_creation(back_end: &dyn BackEnd) {
    let store = &*back_end.open();
    for (number, created) in [(3, 20), (1, 20), (2, 10), (5, 30), (4, 20)] {
        let mut made = run(number);
        made.created_at = Timestamp(created);
        put(store, create(made)).await;
    }
    let oldest_first = RunFilter { oldest_first: true, ..RunFilter::default() };
    let found = runs(store, &TenantId::default(), oldest_first.clone()).await;
    assert_eq!(found, [2, 3, 1, 4, 5].map(run_id));
    let found = runs(store, &TenantId::default(), RunFilter::default()).await;
    assert_eq!(found, [5, 4, 1, 3, 2].map(run_id));
    let (created_from, created_before) = (Some(Timestamp(20)), Some(Timestamp(30)));
    let some = RunFilter { created_from, created_before, ..oldest_first };
    assert_eq!(runs(store, &TenantId::default(), some).await, [3, 1, 4].map(run_id));
}
