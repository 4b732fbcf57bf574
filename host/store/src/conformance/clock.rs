//! What is due, and when the next thing will be.

use std::collections::HashSet;

use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{Call, Doing, SuspensionEnd};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{asking, change, create, ended, owner_id, put, run, run_id, sleeping, step, tenant};
use crate::Store;
use crate::claims::Except;

async fn due(store: &dyn Store, now: u64, limit: usize) -> Vec<(TenantId, RunId)> {
    store.claim_due(owner_id(9), Timestamp(now), &Except::default(), limit).await.unwrap()
}

/// Runs of all tenants, the earliest first, each once.
pub async fn what_is_due_comes_earliest_first(back_end: &dyn BackEnd) {
    let store = back_end.open();
    assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), None);
    put(&*store, create(run(1)).with_step("a", sleeping(1, 300)).with_step("b", sleeping(2, 200))).await;
    put(&*store, create(run(2)).of(&tenant("other")).with_step("a", sleeping(3, 100))).await;
    put(&*store, create(run(3)).with_step("a", sleeping(4, 250))).await;
    let mine = |number| (TenantId::default(), run_id(number));
    let other = (tenant("other"), run_id(2));
    assert_eq!(due(&*store, 99, 10).await, []);
    assert_eq!(due(&*store, 100, 10).await, std::slice::from_ref(&other));
    assert_eq!(due(&*store, 1_000, 10).await, [other.clone(), mine(1), mine(3)]);
    assert_eq!(due(&*store, 1_000, 2).await, [other, mine(1)]);
    assert_eq!(due(&*store, 1_000, 0).await, []);
    assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), Some(Timestamp(100)));
    assert_eq!(store.next_due(Timestamp(100)).await.unwrap(), Some(Timestamp(200)));
    assert_eq!(store.next_due(Timestamp(300)).await.unwrap(), None);
}

/// Runs that are named do not come, and take no place from others.
pub async fn what_is_due_is_found_behind_what_is_passed_over(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in 1..=4 {
        let steps = create(run(number)).with_step("a", sleeping(2 * number, 100 * number));
        put(&*store, steps.with_step("b", sleeping(2 * number + 1, 50))).await;
    }
    let mine = |number| (TenantId::default(), run_id(number));
    let except = Except::from(HashSet::from([run_id(1), run_id(3), run_id(9)]));
    assert_eq!(store.claim_due(owner_id(9), Timestamp(1_000), &except, 1).await.unwrap(), [mine(2)]);
    assert_eq!(
        store.claim_due(owner_id(9), Timestamp(1_000), &except, 10).await.unwrap(),
        [mine(2), mine(4)]
    );
}

/// A step that somebody holds, or that is over, or that waits without end, is not due.
pub async fn what_is_held_or_over_is_not_due(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now =
        put(&*store, create(run(1)).with_step("a", sleeping(1, 100)).with_step("b", asking(2, &[]))).await;
    assert_eq!(due(&*store, 1_000, 10).await.len(), 1);
    let retry = step(Doing::Retrying(owner_id(1), Timestamp(50), Call::Start));
    let now = put(&*store, change(&now).with_closed(1, SuspensionEnd::Elapsed).with_step("a", retry)).await;
    assert_eq!(due(&*store, 1_000, 10).await, []);
    assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), None);
    // The same of nobody's.
    let delayed = step(Doing::Delayed(Timestamp(50), Call::Start));
    let now = put(&*store, change(&now).with_step("a", delayed)).await;
    assert_eq!(due(&*store, 50, 10).await.len(), 1);
    assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), Some(Timestamp(50)));
    let now = put(&*store, change(&now).with_step("a", sleeping(3, 70))).await;
    assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), Some(Timestamp(70)));
    put(&*store, change(&now).with_closed(3, SuspensionEnd::Elapsed).with_step("a", ended())).await;
    assert_eq!(store.next_due(Timestamp(0)).await.unwrap(), None);
}

/// The last instants there are do not become early ones.
pub async fn the_end_of_time_is_never_due(back_end: &dyn BackEnd) {
    let store = back_end.open();
    put(&*store, create(run(1)).with_step("a", sleeping(1, u64::MAX))).await;
    put(&*store, create(run(2)).with_step("a", sleeping(2, 100))).await;
    assert_eq!(due(&*store, 1_000, 10).await, [(TenantId::default(), run_id(2))]);
    let now = store.run(&TenantId::default(), run_id(1)).await.unwrap().unwrap();
    assert_eq!(now.steps.values().next(), Some(&sleeping(1, u64::MAX)));
}
