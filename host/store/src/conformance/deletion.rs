//! Deleting runs: only those that have ended, and then all of them.

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use reentry_core::run::{Phase, RunState, SuspensionEnd};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{
    asking, change, create, ended, given, image_id, listening, message, path, put, run, run_id,
    suspension_id, tenant,
};
use crate::{CallLogFilter, Commit, DeleteError, RunFilter, Store, SuspensionFilter};

fn ending(mut commit: Commit, phase: Phase) -> Commit {
    commit.run_mut().phase = phase;
    commit
}

/// Why a run was not deleted, in short.
async fn delete(store: &dyn Store, tenant: &TenantId, run: u64) -> String {
    match store.delete_run(tenant, run_id(run)).await {
        Ok(()) => "deleted".to_owned(),
        Err(DeleteError::NotFound { run }) => format!("no {run}").replace(&run.to_string(), "run"),
        Err(DeleteError::NotFinal { status, .. }) => status.to_string(),
        Err(DeleteError::HasForks { forks, .. }) => format!("{} forks", forks.len()),
        Err(DeleteError::Store(error)) => error.to_string(),
    }
}

/// A run that has not ended is not deleted, nor one of another tenant.
pub async fn only_what_has_ended_is_deleted(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (TenantId::default(), tenant("other"));
    let now = put(&*store, create(run(1)).with_step("a", asking(1, &[]))).await;
    assert_eq!(delete(&*store, &mine, 1).await, "suspended");
    let told = store.delete_run(&mine, run_id(1)).await.unwrap_err().to_string();
    assert!(
        told.ends_with(
            " is suspended: only a run that has ended or is blocked can be deleted; cancel it first"
        ),
        "{told}"
    );
    put(&*store, create(RunState::clone(&ending(create(run(2)), Phase::Pending).run))).await;
    assert_eq!(delete(&*store, &mine, 2).await, "pending");
    assert_eq!(delete(&*store, &mine, 3).await, "no run");
    for (number, phase) in [(4, Phase::Succeeded), (5, Phase::Failed), (6, Phase::Canceled)] {
        put(&*store, ending(create(run(number)), phase)).await;
        assert_eq!(delete(&*store, &other, number).await, "no run");
        assert_eq!(delete(&*store, &mine, number).await, "deleted");
        assert_eq!(delete(&*store, &mine, number).await, "no run");
    }
    assert_eq!(store.run(&mine, run_id(1)).await.unwrap(), Some(now));
}

/// A run of which something is kept in every way there is.
async fn rich(store: &dyn Store, number: u64) -> RunState {
    let large = format!("\"{}\"", "x".repeat(10_000));
    let first = create(run(number)).with_step("a", given(asking(number * 10, &["boss"]), &large));
    let first = first.with_step("b", listening(number * 10 + 1, "paid", None)).with_image(number, b"image");
    let first = first.answering(&format!("key-{number}")).with_log("[1]").logging("a", 1, "{}");
    let now = put(store, first).await;
    let answer = change(&now).saving(Some(number * 10), &[number]).without_image(number).taking(number);
    let answer =
        answer.with_closed(number * 10, SuspensionEnd::Answered).with_step("a", given(ended(), &large));
    let now =
        put(store, answer.with_closed(number * 10 + 1, SuspensionEnd::Received).with_step("b", ended()))
            .await;
    put(store, ending(change(&now).saving(None, &[]).with_step("a", ended()).with_log("[2]"), Phase::Failed))
        .await
}

/// All that can be read of a run.
async fn found(store: &dyn Store, number: u64) -> String {
    let (tenant, id) = (TenantId::default(), run_id(number));
    let filter = SuspensionFilter {
        run: Some(id),
        with_ended: true,
        with_timers: true,
        ..SuspensionFilter::default()
    };
    let mut runs = store.list_runs(&tenant, RunFilter::default()).await.unwrap().rows;
    runs.retain(|row| row.id == id);
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        store.run(&tenant, id).await.unwrap(),
        store.steps(&TenantId::default(), id).await.unwrap(),
        store.step(&TenantId::default(), id, &path("a")).await.unwrap(),
        store.log(&TenantId::default(), id, 10, 0).await.unwrap(),
        store.call_logs(&TenantId::default(), id, &CallLogFilter::default()).await.unwrap().rows,
        store.savepoints(&TenantId::default(), id).await.unwrap(),
        store.savepoint(&TenantId::default(), id, suspension_id(number * 10)).await.unwrap(),
        store.list_suspensions(&tenant, filter).await.unwrap().rows,
        store.blob(image_id(number)).await.unwrap(),
        store.request(&tenant, &format!("key-{number}")).await.unwrap(),
        runs,
    )
}

/// Nothing is left of a deleted run, and nothing of another is gone. Its ids are free again.
pub async fn a_deleted_run_leaves_nothing(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in 1..=3 {
        store.send(message(number, "paid", None)).await.unwrap();
        rich(&*store, number).await;
    }
    let nothing = found(&*store, 9).await;
    assert_eq!(nothing, "None [] None [] [] [] None [] None None []");
    // The last one first: its number may be given to the next.
    for number in [3, 1] {
        let others = found(&*store, 2).await;
        assert_ne!(found(&*store, number).await, nothing);
        assert_eq!(delete(&*store, &TenantId::default(), number).await, "deleted");
        assert_eq!(found(&*store, number).await, nothing);
        assert_eq!(found(&*back_end.open(), 2).await, others);
    }
    put(&*store, create(run(4))).await;
    assert_eq!(store.steps(&TenantId::default(), run_id(4)).await.unwrap(), []);
    assert_eq!(store.savepoints(&TenantId::default(), run_id(4)).await.unwrap(), []);
    assert_eq!(
        store.call_logs(&TenantId::default(), run_id(4), &CallLogFilter::default()).await.unwrap().rows,
        []
    );
    put(&*store, create(run(1)).answering("key-1").with_image(1, b"again")).await;
    // The message that it took stays taken.
    assert_eq!(store.mail(&TenantId::default(), "paid", None, 10).await.unwrap(), []);
}

/// A run is kept as long as forks of it are; images as long as forks need them.
pub async fn a_run_with_forks_is_kept(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    store.send(message(1, "paid", None)).await.unwrap();
    rich(&*store, 1).await;
    let fork = put(&*store, create(run(2)).forking(1, 1).sharing(1)).await;
    put(&*store, ending(create(run(3)).forking(1, 2), Phase::Canceled)).await;
    put(&*store, ending(create(run(4)).forking(2, 1), Phase::Canceled)).await;
    let told = store.delete_run(&mine, run_id(1)).await.unwrap_err().to_string();
    let forks = format!("its forks {}, {}: delete them first", run_id(2), run_id(3));
    assert!(told.ends_with(&forks), "{told}");
    let fork = put(&*store, ending(change(&fork), Phase::Succeeded)).await;
    assert_eq!(delete(&*store, &mine, 2).await, "1 forks");
    assert_eq!(delete(&*store, &mine, 4).await, "deleted");
    assert_eq!(delete(&*store, &mine, 3).await, "deleted");
    assert_eq!(delete(&*store, &mine, 1).await, "1 forks");
    let fork = put(&*store, change(&fork).without_image(1)).await;
    assert_eq!(store.blob(image_id(1)).await.unwrap().as_deref(), Some(&b"image"[..]));
    assert_eq!((fork.version, delete(&*store, &mine, 2).await.as_str()), (3, "deleted"));
    assert_eq!(delete(&*store, &mine, 1).await, "deleted");
    assert_eq!(store.blob(image_id(1)).await.unwrap(), None);
}

/// Retention takes what ended longest ago first, of all tenants, never what goes on or what forks read.
pub async fn what_ended_long_ago_is_deleted(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let at = |mut commit: Commit, at: u64| {
        commit.run_mut().updated_at = Timestamp(at);
        commit
    };
    let over = |number, ended_at| at(ending(create(run(number)), Phase::Succeeded), ended_at);
    put(&*store, over(1, 300)).await;
    put(&*store, over(2, 100).of(&tenant("other"))).await;
    put(&*store, over(3, 200)).await;
    put(&*store, at(create(run(4)).with_step("a", asking(1, &[])), 1)).await;
    put(&*store, over(5, 50)).await;
    put(&*store, at(create(run(6)).forking(5, 1), 2)).await;
    put(&*store, over(7, 200)).await;
    let ids = |numbers: &[u64]| numbers.iter().copied().map(run_id).collect::<Vec<RunId>>();
    let delete = async |before, limit| store.delete_runs_before(Timestamp(before), limit).await.unwrap();
    assert_eq!(delete(100, 10).await, []);
    assert_eq!(delete(1_000, 0).await, []);
    assert_eq!(delete(1_000, 2).await, ids(&[2, 3]));
    assert_eq!(delete(300, 10).await, ids(&[7]));
    assert_eq!(delete(301, 10).await, ids(&[1]));
    assert_eq!(delete(u64::MAX, 10).await, []);
    assert!(store.run(&TenantId::default(), run_id(4)).await.unwrap().is_some());
    let left = store.list_runs(&TenantId::default(), RunFilter::default()).await.unwrap().rows;
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), ids(&[6, 5, 4]));
    let fork = store.run(&TenantId::default(), run_id(6)).await.unwrap().unwrap();
    put(&*store, at(ending(change(&fork), Phase::Canceled), 60)).await;
    assert_eq!(delete(1_000, 10).await, ids(&[6]));
    assert_eq!(delete(1_000, 10).await, ids(&[5]));
}

/// A part of a head is kept once, however many runs have it. It goes with the last of them.
pub async fn a_part_of_a_head_is_kept_as_long_as_a_run_has_it(back_end: &dyn BackEnd) {
    let (store, mine) = (back_end.open(), TenantId::default());
    let (part, text) = (image_id(1), Json::parse("\"large\"".to_owned()).unwrap());
    let with_part = |mut commit: Commit| {
        commit.parts = vec![(part, text.clone())];
        commit.run_mut().state_apart = [("a".to_owned(), part), ("b".to_owned(), part)].into();
        commit
    };
    let kept = async || back_end.open().blob(part).await.unwrap();
    let one = put(&*store, with_part(create(run(1)))).await;
    let two = put(&*store, with_part(create(run(2)))).await;
    assert_eq!(store.run(&mine, one.id).await.unwrap().as_ref(), Some(&one));
    assert_eq!(kept().await.as_deref(), Some(text.text().as_bytes()));

    let mut without = change(&one);
    without.run_mut().state_apart.clear();
    without.dropped_images = vec![part];
    put(&*store, without).await;
    assert!(kept().await.is_some(), "the other run has it");
    let mut over = change(&two);
    over.run_mut().phase = Phase::Succeeded;
    put(&*store, over).await;
    assert!(kept().await.is_some(), "it has ended, and is kept");
    store.delete_run(&mine, two.id).await.unwrap();
    assert_eq!(kept().await, None);
}
