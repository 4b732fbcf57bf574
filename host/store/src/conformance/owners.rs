//! Owners: whose calls are carried on by somebody else.

use reentry_core::id::TenantId;
use reentry_core::run::{Call, Doing};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{asking, calling, change, create, ended, owner_id, put, run, run_id, step, tenant};

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
    assert_eq!(store.orphans(10).await.unwrap(), []);

    drop(dying);
    let mine = (TenantId::default(), run_id(1), owner_id(2));
    let others = (tenant("other"), run_id(2), owner_id(2));
    for handle in [&store, &other] {
        assert_eq!(handle.orphans(10).await.unwrap(), [mine.clone(), others.clone()]);
        assert_eq!(handle.orphans(1).await.unwrap(), std::slice::from_ref(&mine));
    }
    put(&*store, change(&first).with_step("b", ended()).with_step("c", calling(1))).await;
    assert_eq!(store.orphans(10).await.unwrap(), [others]);
    drop(alive);
    assert_eq!(store.orphans(10).await.unwrap().len(), 3);
}

/// An owner is registered once at a time, is dead before, and dead after.
pub async fn an_owner_lives_as_long_as_its_guard(back_end: &dyn BackEnd) {
    let (store, other) = (back_end.open(), back_end.open());
    put(&*store, create(run(1)).with_step("a", calling(1))).await;
    assert_eq!(store.orphans(10).await.unwrap().len(), 1);
    for _ in 0..3 {
        let guard = store.register_owner(owner_id(1)).await.unwrap();
        assert!(other.register_owner(owner_id(1)).await.is_err());
        assert_eq!(other.orphans(10).await.unwrap(), []);
        drop(guard);
        assert_eq!(other.orphans(10).await.unwrap().len(), 1);
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
