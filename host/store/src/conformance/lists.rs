//! Lists: pages that miss nothing and repeat nothing, and filters.

use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::run::{Phase, RunStatus, SuspensionEnd};

use super::BackEnd;
use super::drafts::{
    asking, calling, change, create, ended, put, run, run_id, sleeping, suspension_id, tenant,
};
use crate::query::PAGE_ROWS_MAX;
use crate::{RunFilter, Store, StoreError, SuspensionFilter};

async fn run_ids(store: &dyn Store, filter: RunFilter) -> Vec<RunId> {
    let mut ids = Vec::new();
    let mut filter = filter;
    loop {
        let page = store.list_runs(&TenantId::default(), filter.clone()).await.unwrap();
        assert!(filter.limit == 0 || page.rows.len() <= filter.limit);
        assert!(filter.after.is_none() || page.next != filter.after, "the list does not get on");
        assert!(filter.after.is_none() || !page.rows.is_empty(), "there was no next page");
        ids.extend(page.rows.iter().map(|row| row.id));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return ids,
        }
    }
}

async fn suspension_ids(store: &dyn Store, filter: SuspensionFilter) -> Vec<SuspensionId> {
    let mut ids = Vec::new();
    let mut filter = filter;
    loop {
        let page = store.list_suspensions(&TenantId::default(), filter.clone()).await.unwrap();
        assert!(filter.limit == 0 || page.rows.len() <= filter.limit);
        assert!(filter.after.is_none() || page.next != filter.after, "the list does not get on");
        assert!(filter.after.is_none() || !page.rows.is_empty(), "there was no next page");
        ids.extend(page.rows.iter().map(|row| row.id));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return ids,
        }
    }
}

/// Pages of any size, put together, are the whole list, the latest first; runs that come meanwhile do not disturb.
pub async fn runs_are_listed_page_by_page(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in 1..=10 {
        put(&*store, create(run(number))).await;
    }
    let wanted: Vec<RunId> = (1..=10).rev().map(run_id).collect();
    for limit in [0, 1, 3, 5, 10, 11] {
        assert_eq!(run_ids(&*store, RunFilter { limit, ..RunFilter::default() }).await, wanted, "{limit}");
    }
    let first =
        store.list_runs(&TenantId::default(), RunFilter { limit: 4, ..RunFilter::default() }).await.unwrap();
    put(&*store, create(run(11))).await;
    let rest = RunFilter { limit: 100, after: first.next, ..RunFilter::default() };
    assert_eq!(run_ids(&*store, rest).await, wanted[4..]);
}

/// Each filter leaves what it says, alone and with the others, page by page.
pub async fn runs_are_filtered(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in 0..24u64 {
        let mut made = run(number);
        made.workflow_id = ["approve", "ship"][(number % 2) as usize].to_owned();
        made.resource_id = (number % 3 == 0).then(|| "order-7".to_owned());
        let commit = match number % 4 {
            0 => create(made).with_step("a", calling(1)),
            1 => create(made).with_step("a", asking(number, &[])),
            2 => create(made).with_step("a", sleeping(number, 5_000)),
            _ => {
                made.phase = Phase::Succeeded;
                create(made).with_step("a", ended())
            }
        };
        put(&*store, commit).await;
    }
    let wanted = |keep: fn(u64) -> bool| (0..24).rev().filter(|n| keep(*n)).map(run_id).collect::<Vec<_>>();
    let by_status = |status| RunFilter { status: Some(status), limit: 2, ..RunFilter::default() };
    assert_eq!(run_ids(&*store, by_status(RunStatus::Running)).await, wanted(|n| n % 4 == 0));
    assert_eq!(run_ids(&*store, by_status(RunStatus::Suspended)).await, wanted(|n| n % 4 == 1));
    assert_eq!(run_ids(&*store, by_status(RunStatus::Waiting)).await, wanted(|n| n % 4 == 2));
    assert_eq!(run_ids(&*store, by_status(RunStatus::Success)).await, wanted(|n| n % 4 == 3));
    assert_eq!(run_ids(&*store, by_status(RunStatus::Failed)).await, []);
    let ship = RunFilter { workflow_id: Some("ship".to_owned()), limit: 5, ..RunFilter::default() };
    assert_eq!(run_ids(&*store, ship.clone()).await, wanted(|n| n % 2 == 1));
    let resource_id = Some("order-7".to_owned());
    let both = RunFilter { resource_id, status: Some(RunStatus::Success), ..ship };
    assert_eq!(run_ids(&*store, both).await, wanted(|n| n % 12 == 3));
}

/// However many rows are asked for, a page has its bound.
pub async fn a_page_is_bounded(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let total = PAGE_ROWS_MAX as u64 + 1;
    for number in 0..total {
        put(&*store, create(run(number))).await;
    }
    for limit in [0, PAGE_ROWS_MAX, usize::MAX] {
        let filter = RunFilter { limit, ..RunFilter::default() };
        let page = store.list_runs(&TenantId::default(), filter).await.unwrap();
        assert_eq!((page.rows.len(), page.next), (PAGE_ROWS_MAX, Some(run_id(1).to_string())));
    }
}

/// Open suspensions come oldest first; one that ends while a list is read does not lose the reader's place.
pub async fn open_suspensions_are_listed_page_by_page(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut runs = Vec::new();
    for number in 1..=9 {
        runs.push(put(&*store, create(run(number)).with_step("a", asking(number, &[]))).await);
    }
    let all: Vec<SuspensionId> = (1..=9).map(suspension_id).collect();
    for limit in [0, 1, 4, 9] {
        let filter = SuspensionFilter { limit, ..SuspensionFilter::default() };
        assert_eq!(suspension_ids(&*store, filter).await, all, "{limit}");
        let filter = SuspensionFilter { limit, latest_first: true, ..SuspensionFilter::default() };
        let latest: Vec<SuspensionId> = all.iter().rev().copied().collect();
        assert_eq!(suspension_ids(&*store, filter).await, latest, "{limit}");
    }
    let filter = SuspensionFilter { limit: 3, ..SuspensionFilter::default() };
    let page = store.list_suspensions(&TenantId::default(), filter).await.unwrap();
    let record = &page.rows[0];
    assert_eq!((record.run, &record.path.to_string()[..]), (run_id(1), "a"));
    assert_eq!(record.step, Some(asking(1, &[])));
    assert_eq!((record.workflow, &record.workflow_id), (runs[0].workflow, &runs[0].workflow_id));

    let close = change(&runs[2]).with_step("a", ended()).with_closed(3, SuspensionEnd::Answered);
    put(&*store, close).await;
    let rest = SuspensionFilter { after: page.next, ..SuspensionFilter::default() };
    assert_eq!(suspension_ids(&*store, rest).await, all[3..]);
}

/// All suspensions of a run, and how they ended, are kept.
pub async fn the_history_of_a_run_is_kept(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = put(&*store, create(run(1)).with_step("a", asking(1, &["boss"]))).await;
    let ends = [SuspensionEnd::Answered, SuspensionEnd::Elapsed, SuspensionEnd::Closed];
    for (number, end) in (1..).zip(ends) {
        now =
            put(&*store, change(&now).with_closed(number, end).with_step("a", asking(number + 1, &[]))).await;
    }
    put(&*store, create(run(2)).with_step("a", asking(9, &[]))).await;
    let history = SuspensionFilter { run: Some(run_id(1)), with_ended: true, ..SuspensionFilter::default() };
    let rows = store.list_suspensions(&TenantId::default(), history.clone()).await.unwrap().rows;
    let found: Vec<_> = rows.iter().map(|row| row.state.ended.map(|(end, at)| (end, at.0))).collect();
    assert_eq!(
        found,
        [
            Some((SuspensionEnd::Answered, 1_011)),
            Some((SuspensionEnd::Elapsed, 1_021)),
            Some((SuspensionEnd::Closed, 1_031)),
            None
        ]
    );
    assert_eq!(rows.iter().map(|row| row.step.is_some()).collect::<Vec<_>>(), [false, false, false, true]);
    assert_eq!((&rows[0].labels[..], rows[0].since.0), (&["boss".to_owned()][..], 2_001));
    let open = SuspensionFilter { with_ended: false, ..history.clone() };
    assert_eq!(suspension_ids(&*store, open).await, [suspension_id(4)]);
    assert_eq!(suspension_ids(&*store, SuspensionFilter::default()).await, [4, 9].map(suspension_id));
    let paged = SuspensionFilter { limit: 1, ..history };
    assert_eq!(suspension_ids(&*store, paged).await.len(), 4);
}

/// Suspensions are found by run, label and kind of wait.
pub async fn suspensions_are_filtered(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first =
        create(run(1)).with_step("a", asking(1, &["boss", "říše \"x\""])).with_step("b", asking(2, &[]));
    put(&*store, first.with_step("c", sleeping(3, 5_000))).await;
    put(&*store, create(run(2)).with_step("a", asking(4, &["boss"]))).await;
    let ids = |numbers: &[u64]| numbers.iter().map(|n| suspension_id(*n)).collect::<Vec<_>>();
    let none = SuspensionFilter { limit: 1, ..SuspensionFilter::default() };
    assert_eq!(suspension_ids(&*store, none.clone()).await, ids(&[1, 2, 4]));
    let timers = SuspensionFilter { with_timers: true, ..none.clone() };
    assert_eq!(suspension_ids(&*store, timers.clone()).await, ids(&[1, 2, 3, 4]));
    let of_run = SuspensionFilter { run: Some(run_id(1)), ..timers };
    assert_eq!(suspension_ids(&*store, of_run.clone()).await, ids(&[1, 2, 3]));
    let boss = SuspensionFilter { label: Some("boss".to_owned()), ..none.clone() };
    assert_eq!(suspension_ids(&*store, boss).await, ids(&[1, 4]));
    let odd = SuspensionFilter { label: Some("říše \"x\"".to_owned()), ..of_run };
    assert_eq!(suspension_ids(&*store, odd).await, ids(&[1]));
    let timer = SuspensionFilter { with_timers: true, run: Some(run_id(1)), ..SuspensionFilter::default() };
    let rows = store.list_suspensions(&TenantId::default(), timer).await.unwrap().rows;
    assert_eq!(rows[2].due_at.map(|at| at.0), Some(5_000));
}

/// A place that this list never gave out, and a history without a run, are refused, not guessed at.
pub async fn a_place_that_is_none_is_refused(back_end: &dyn BackEnd) {
    let store = back_end.open();
    put(&*store, create(run(1)).with_step("a", asking(1, &[]))).await;
    for place in ["", "2", "run_", &run_id(2).to_string(), &suspension_id(1).to_string()] {
        let filter = RunFilter { after: Some(place.to_owned()), ..RunFilter::default() };
        let told = store.list_runs(&TenantId::default(), filter).await.unwrap_err();
        assert!(told.to_string().contains("is no place in this list"), "{told}");
    }
    let filter = SuspensionFilter { after: Some("x".to_owned()), ..SuspensionFilter::default() };
    let told = store.list_suspensions(&tenant("default"), filter).await;
    assert!(matches!(told, Err(StoreError::Refused(_))));
    let filter = SuspensionFilter { with_ended: true, ..SuspensionFilter::default() };
    let told = store.list_suspensions(&TenantId::default(), filter).await;
    assert!(matches!(told, Err(StoreError::Refused(_))));
}

/// Either end of an id will do, the latest first; those of others are not found.
pub async fn runs_are_found_by_an_end_of_their_id(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in [0x1234, 0x2234, 0xabcd] {
        put(&*store, create(run(number))).await;
    }
    put(&*store, create(run(0x9234)).of(&tenant("other"))).await;
    let found = async |digits: &str, limit| {
        store.runs_with_digits(&TenantId::default(), digits, limit).await.unwrap()
    };
    assert_eq!(found("1234", 9).await, [run_id(0x1234)]);
    assert_eq!(found("234", 9).await, [run_id(0x2234), run_id(0x1234)]);
    assert_eq!(found("ABCD", 9).await, [run_id(0xabcd)]);
    assert_eq!(found("0190", 9).await, [run_id(0xabcd), run_id(0x2234), run_id(0x1234)]);
    assert_eq!(found("0190", 1).await, [run_id(0xabcd)]);
    assert_eq!(found(run_id(0x2234).to_string().trim_start_matches("run_"), 9).await, [run_id(0x2234)]);
    // In the middle, with what means something to a database, and of another tenant.
    for none in ["0000123", "%", "_", "9234"] {
        assert_eq!(found(none, 9).await, [], "{none}");
    }
}

/// An answer makes a run the last one, an instant that came does not.
pub async fn the_last_run_was_created_or_answered_last(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let last = async || store.last_run(&TenantId::default()).await.unwrap();
    assert_eq!(last().await, None);
    let first =
        put(&*store, create(run(1)).with_step("a", asking(1, &[])).with_step("b", sleeping(2, 5_000))).await;
    put(&*store, create(run(2))).await;
    put(&*store, create(run(9)).of(&tenant("other"))).await;
    assert_eq!(last().await, Some(run_id(2)));
    let woken = change(&first).with_step("b", ended()).with_closed(2, SuspensionEnd::Elapsed);
    let woken = put(&*store, woken).await;
    assert_eq!(last().await, Some(run_id(2)));
    put(&*store, change(&woken).with_step("a", ended()).with_closed(1, SuspensionEnd::Answered)).await;
    assert_eq!(last().await, Some(run_id(1)));
}
