//! What goes wrong with runs, and what is passed by that nothing brings on any more.

use std::collections::HashSet;

use reentry_core::failure;
use reentry_core::id::TenantId;
use reentry_core::run::{Blocked, Phase, RunStatus};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{
    asking, calling, change, create, image_id, listening, message, owner_id, panicked, path, put, run,
    run_id, sleeping, tenant,
};
use crate::{CommitError, RunFilter, Store, Topic};

async fn status(store: &dyn Store, number: u64) -> RunStatus {
    let run = store.run(&TenantId::default(), run_id(number)).await.unwrap().unwrap();
    let filter = RunFilter { status: Some(run.status()), ..RunFilter::default() };
    let listed = store.list_runs(&TenantId::default(), filter).await.unwrap().rows;
    assert!(listed.iter().any(|row| row.id == run.id), "lists know it as the run itself does");
    run.status()
}

/// Each time counts, and so many have the run be blocked; its version stays. A change that was decided before is
/// refused; one that changes the status forgets them.
pub async fn what_goes_wrong_is_counted(back_end: &dyn BackEnd) {
    let (store, mine) = (back_end.open(), TenantId::default());
    let before = put(&*store, create(run(1)).with_step("a", calling(1))).await;
    let note = async |why: &str| store.note_trouble(&mine, run_id(1), &panicked(why), 3).await.unwrap();
    assert_eq!((note("one").await, note("two").await), (1, 2));
    assert_eq!(status(&*store, 1).await, RunStatus::Running);
    // It goes on, and goes wrong once more.
    let now = put(&*store, change(&before).with_step("b", calling(1))).await;
    assert_eq!((note("three").await, status(&*store, 1).await), (3, RunStatus::Blocked));
    let blocked = back_end.open().run(&mine, run_id(1)).await.unwrap().unwrap();
    assert_eq!((blocked.blocked, blocked.version), (Some(panicked("three")), now.version));
    assert_eq!(note("four").await, 4);

    let mut on = change(&now);
    on.run_mut().blocked = None;
    let refused = store.commit(on.clone()).await.unwrap_err();
    assert!(matches!(refused, CommitError::VersionConflict { .. }), "{refused:?}");
    assert_eq!(status(&*store, 1).await, RunStatus::Blocked);
    on.was_blocked = true;
    let now = put(&*store, on).await;
    assert_eq!((status(&*store, 1).await, note("again").await), (RunStatus::Running, 1));
    assert_eq!(store.run(&mine, run_id(1)).await.unwrap(), Some(now));

    assert_eq!(store.note_trouble(&tenant("other"), run_id(1), &panicked("no"), 1).await.unwrap(), 0);
    assert_eq!(store.note_trouble(&mine, run_id(9), &panicked("no"), 1).await.unwrap(), 0);
    let mut over = create(run(2));
    over.run_mut().phase = Phase::Succeeded;
    put(&*store, over).await;
    assert_eq!(store.note_trouble(&mine, run_id(2), &panicked("no"), 1).await.unwrap(), 0);
    assert_eq!(status(&*store, 2).await, RunStatus::Success);
}

/// A commit blocks a run and says why, as its first one or a later one; that is no time that counts. It stays blocked
/// until a commit says otherwise, which may give another reason.
pub async fn a_commit_blocks_a_run(back_end: &dyn BackEnd) {
    let (store, mine) = (back_end.open(), TenantId::default());
    let why = |code, reason: &str| Some(Blocked::new(code, reason));
    let mut first = create(run(1)).with_step("a", calling(1));
    first.run_mut().blocked = why(&failure::UNSTORABLE, "at once");
    let mut before = put(&*store, first).await;
    for reason in ["at once", "later"] {
        let mut on = change(&before);
        on.was_blocked = true;
        on.run_mut().blocked = why(&failure::PANIC, reason);
        before = put(&*store, on).await;
        assert_eq!(back_end.open().run(&mine, run_id(1)).await.unwrap().as_ref(), Some(&before));
        assert_eq!(status(&*store, 1).await, RunStatus::Blocked);
    }
    let mut on = change(&before);
    on.was_blocked = true;
    on.run_mut().blocked = None;
    let now = put(&*store, on).await;
    assert_eq!(status(&*store, 1).await, RunStatus::Running);

    assert_eq!(store.note_trouble(&mine, run_id(1), &panicked("one"), 3).await.unwrap(), 1);
    let mut on = change(&now);
    on.run_mut().blocked = why(&failure::UNSTORABLE, "now");
    put(&*store, on).await;
    let blocked = back_end.open().run(&mine, run_id(1)).await.unwrap().unwrap();
    assert_eq!(blocked.blocked, why(&failure::UNSTORABLE, "now"));
    assert_eq!(store.note_trouble(&mine, run_id(1), &panicked("two"), 3).await.unwrap(), 2);

    // One that has ended is not blocked, whatever is said.
    let mut over = create(run(2));
    (over.run_mut().phase, over.run_mut().blocked) = (Phase::Succeeded, why(&failure::PANIC, "no"));
    store.commit(over).await.unwrap();
    let over = store.run(&mine, run_id(2)).await.unwrap().unwrap();
    assert_eq!((over.status(), over.blocked), (RunStatus::Success, None));
}

/// It is not due, has no orphans, is nobody's, and no message is for it.
pub async fn what_is_blocked_is_passed_by(back_end: &dyn BackEnd) {
    let (store, mine) = (back_end.open(), TenantId::default());
    let steps = create(run(1)).with_step("a", sleeping(1, 100)).with_step("b", listening(2, "paid", None));
    put(&*store, steps.with_step("c", calling(1))).await;
    store.send(message(1, "paid", None)).await.unwrap();
    let none = HashSet::new();
    let found = async || {
        (
            store.claim_due(owner_id(9), Timestamp(1_000), &none, 10).await.unwrap().len(),
            store.claim_orphans(owner_id(9), Timestamp(1_000), &none, 10).await.unwrap().len(),
            store.owned(owner_id(1)).await.unwrap().len(),
            store.waiting_for(&mine, &Topic::event("paid", None)).await.unwrap().len(),
            store.claim_mail(owner_id(9), Timestamp(1_000), &HashSet::new(), 10).await.unwrap().len(),
            store.delete_runs_before(Timestamp(u64::MAX), 10).await.unwrap().len(),
        )
    };
    assert_eq!(found().await, (1, 1, 1, 1, 1, 0));
    store.note_trouble(&mine, run_id(1), &panicked("a reason"), 0).await.unwrap();
    assert_eq!(found().await, (0, 0, 0, 0, 0, 0));
}

/// A blocked run is deleted with all that is kept of it.
pub async fn a_blocked_run_is_deleted(back_end: &dyn BackEnd) {
    let (store, mine) = (back_end.open(), TenantId::default());
    let mut asks = asking(1, &[]);
    asks.doing = match asks.doing {
        reentry_core::run::Doing::Waiting(mut waiting) => {
            waiting.image = Some(image_id(1));
            reentry_core::run::Doing::Waiting(waiting)
        }
        other => other,
    };
    put(&*store, create(run(1)).with_step("a", asks).with_image(1, b"image")).await;
    assert!(store.delete_run(&mine, run_id(1)).await.is_err());
    store.note_trouble(&mine, run_id(1), &panicked("a reason"), 0).await.unwrap();
    store.delete_run(&mine, run_id(1)).await.unwrap();
    assert_eq!(store.run(&mine, run_id(1)).await.unwrap(), None);
    assert_eq!(store.step(&TenantId::default(), run_id(1), &path("a")).await.unwrap(), None);
    assert_eq!(store.blob(image_id(1)).await.unwrap(), None);
    // What went wrong with it is forgotten: its number may be given to another run.
    put(&*store, create(run(2)).with_step("a", calling(1))).await;
    assert_eq!(store.note_trouble(&mine, run_id(2), &panicked("a reason"), 3).await.unwrap(), 1);
}
