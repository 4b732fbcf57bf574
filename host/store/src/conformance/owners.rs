//! Owners: whose calls are carried on by somebody else.

use std::collections::HashSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::run::{Call, Doing};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{asking, calling, change, create, ended, owner_id, put, run, run_id, step, tenant};
use crate::Store;
use crate::claims::Except;

async fn orphans(store: &dyn Store, limit: usize) -> Vec<(TenantId, RunId, OwnerId)> {
    store.claim_orphans(owner_id(9), Timestamp(1_000), &Except::default(), limit).await.unwrap()
}

/// Runs with a call of a dead owner are orphans, once for each such owner, until the call is taken over or ends.
pub async fn calls_of_dead_owners_are_orphans(back_end: &dyn BackEnd) {
    let (store, other) = (back_end.open(), back_end.open());
    let alive = store.register_owner(owner_id(1)).await.unwrap();
    let dying = other.register_owner(owner_id(2)).await.unwrap();
    let retry = step(Doing::Retrying(owner_id(2), Timestamp(50), Call::Start));
    let first = create(run(1)).with_step("a", calling(1)).with_step("b", calling(2)).with_step("c", retry);
    let first = put(&*store, first).await;
    put(&*store, create(run(2)).of(&tenant("other")).with_step("a", calling(2))).await;
    put(&*store, create(run(3)).with_step("a", asking(1, &[])).with_step("b", calling(1))).await;
    assert_eq!(orphans(&*store, 10).await, []);

    drop(dying);
    let mine = (TenantId::default(), run_id(1), owner_id(2));
    let others = (tenant("other"), run_id(2), owner_id(2));
    for handle in [&store, &other] {
        assert_eq!(orphans(&**handle, 10).await, [mine.clone(), others.clone()]);
        assert_eq!(orphans(&**handle, 1).await, std::slice::from_ref(&mine));
    }
    put(&*store, change(&first).with_step("b", ended()).with_step("c", calling(1))).await;
    assert_eq!(orphans(&*store, 10).await, [others]);
    drop(alive);
    assert_eq!(orphans(&*store, 10).await.len(), 3);
}

/// Runs that are named do not come, whichever owners their calls have, and take no place from others.
pub async fn orphans_are_found_behind_what_is_passed_over(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in 1..=3 {
        put(&*store, create(run(number)).with_step("a", calling(1)).with_step("b", calling(2))).await;
    }
    let except = Except::from(HashSet::from([run_id(1), run_id(2), run_id(9)]));
    let last = |owner| (TenantId::default(), run_id(3), owner_id(owner));
    assert_eq!(store.claim_orphans(owner_id(9), Timestamp(1_000), &except, 1).await.unwrap(), [last(1)]);
    assert_eq!(
        store.claim_orphans(owner_id(9), Timestamp(1_000), &except, 10).await.unwrap(),
        [last(1), last(2)]
    );
}

/// An owner is registered once at a time, is dead before, and dead after.
pub async fn an_owner_lives_as_long_as_its_guard(back_end: &dyn BackEnd) {
    let (store, other) = (back_end.open(), back_end.open());
    put(&*store, create(run(1)).with_step("a", calling(1))).await;
    assert_eq!(orphans(&*store, 10).await.len(), 1);
    for _ in 0..3 {
        let guard = store.register_owner(owner_id(1)).await.unwrap();
        assert!(other.register_owner(owner_id(1)).await.is_err());
        assert_eq!(orphans(&*other, 10).await, []);
        drop(guard);
        assert_eq!(orphans(&*other, 10).await.len(), 1);
    }
}

/// The runs in which an owner performs a call, alive or dead, each once.
pub async fn calls_are_found_by_owner(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let retry = step(Doing::Retrying(owner_id(2), Timestamp(50), Call::Start));
    let first = create(run(5)).with_step("a", calling(1)).with_step("b", calling(1)).with_step("c", retry);
    let first = put(&*store, first).await;
    put(&*store, create(run(2)).of(&tenant("other")).with_step("a", calling(1))).await;
    put(&*store, create(run(3)).with_step("a", asking(1, &[]))).await;
    let _alive = store.register_owner(owner_id(1)).await.unwrap();
    let mine = (TenantId::default(), run_id(5));
    assert_eq!(store.owned(owner_id(1)).await.unwrap(), [mine.clone(), (tenant("other"), run_id(2))]);
    assert_eq!(store.owned(owner_id(2)).await.unwrap(), [mine]);
    put(&*store, change(&first).with_step("c", ended())).await;
    assert_eq!(store.owned(owner_id(2)).await.unwrap(), []);
}
