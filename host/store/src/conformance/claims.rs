//! Exactly one of those who want the same thing gets it.

use std::sync::Arc;

use reentry_core::id::TenantId;
use reentry_core::run::SuspensionEnd;

use super::BackEnd;
use super::drafts::{asking, calling, change, create, ended, image_id, json, put, refusal, run, run_id};
use crate::{CommitError, Store, SuspensionFilter};

/// How many want the same thing at once.
const RIVALS: u64 = 100;

/// Tries until it has ended the suspension, or somebody else has.
async fn try_to_answer(store: Arc<dyn Store>) -> bool {
    loop {
        let now = store.run(&TenantId::default(), run_id(1)).await.unwrap().unwrap();
        let claim = change(&now).with_step("a", ended()).with_closed(1, SuspensionEnd::Answered);
        match store.commit(claim).await {
            Ok(()) => return true,
            Err(CommitError::SuspensionTaken { .. }) => return false,
            Err(CommitError::VersionConflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// Of many who answer at once, over two handles, one wins.
pub async fn one_of_many_ends_a_suspension(back_end: &dyn BackEnd) {
    let handles = [back_end.open(), back_end.open()];
    put(&*handles[0], create(run(1)).with_step("a", asking(1, &[]))).await;
    let rivals: Vec<_> = (0..RIVALS)
        .map(|rival| tokio::spawn(try_to_answer(Arc::clone(&handles[(rival % 2) as usize]))))
        .collect();
    let mut winners = 0;
    for rival in rivals {
        winners += u64::from(rival.await.unwrap());
    }
    assert_eq!(winners, 1);
    let now = handles[0].run(&TenantId::default(), run_id(1)).await.unwrap().unwrap();
    assert_eq!(now.version, 2);
}

/// A suspension may begin and end in one commit, and nobody ends it again.
pub async fn a_suspension_begins_and_ends_in_one_commit(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let both = create(run(1)).with_step("a", asking(1, &[])).with_closed(1, SuspensionEnd::Answered);
    let now = put(&*store, both.with_step("a", ended())).await;
    let filter = SuspensionFilter { run: Some(run_id(1)), with_ended: true, ..SuspensionFilter::default() };
    let page = store.list_suspensions(&TenantId::default(), filter).await.unwrap();
    let ends: Vec<_> = page.rows.iter().map(|row| row.state.ended.map(|(end, _)| end)).collect();
    assert_eq!(ends, [Some(SuspensionEnd::Answered)]);
    let again = store.commit(change(&now).with_closed(1, SuspensionEnd::Closed)).await;
    assert!(matches!(again, Err(CommitError::SuspensionTaken { .. })));
}

/// Changes of one run that are made at once are stored one after the other; none is lost.
pub async fn changes_to_one_run_follow_each_other(back_end: &dyn BackEnd) {
    let handles = [back_end.open(), back_end.open()];
    put(&*handles[0], create(run(1))).await;
    let rivals: Vec<_> = (0..RIVALS / 2)
        .map(|rival| {
            let store = Arc::clone(&handles[(rival % 2) as usize]);
            tokio::spawn(async move {
                loop {
                    let now = store.run(&TenantId::default(), run_id(1)).await.unwrap().unwrap();
                    let next = change(&now).with_step(&format!("s{rival}"), ended());
                    match store.commit(next).await {
                        Ok(()) => break,
                        Err(CommitError::VersionConflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    for rival in rivals {
        rival.await.unwrap();
    }
    let now = handles[1].run(&TenantId::default(), run_id(1)).await.unwrap().unwrap();
    assert_eq!(now.version, 1 + RIVALS / 2);
    assert_eq!(handles[1].steps(&TenantId::default(), run_id(1)).await.unwrap().len() as u64, RIVALS / 2);
}

/// The suspension of another run is not there for this one.
pub async fn a_suspension_is_closed_by_its_own_run(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1)).with_step("a", asking(1, &[]))).await;
    let second = put(&*store, create(run(2))).await;
    let foreign = change(&second).with_closed(1, SuspensionEnd::Answered);
    assert_eq!(refusal(&*store, foreign).await, "suspension taken");
    let first = put(&*store, change(&first).with_closed(1, SuspensionEnd::Closed)).await;
    let again = change(&first).with_closed(1, SuspensionEnd::Answered);
    assert_eq!(refusal(&*store, again).await, "suspension taken");
}

/// The suspension is as it was before it was answered; the savepoint of the answer goes with all that it alone
/// needed, and its key is free.
pub async fn a_refused_answer_is_given_back(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let tenant = TenantId::default();
    let history = async || {
        let filter =
            SuspensionFilter { run: Some(run_id(1)), with_ended: true, ..SuspensionFilter::default() };
        let mut rows = store.list_suspensions(&tenant, filter).await.unwrap().rows;
        rows.iter_mut().for_each(|row| row.step = None);
        rows
    };
    let asked = put(&*store, create(run(1)).with_step("a", asking(1, &["A"])).with_image(7, b"memory")).await;
    let before = history().await;
    let answer = change(&asked).with_step("a", calling(1)).with_closed(1, SuspensionEnd::Answered);
    let answer = answer.saving(Some(1), &[7]).answering("key");
    let answered = put(&*store, answer.without_image(7)).await;
    assert_eq!(store.savepoints(&TenantId::default(), run_id(1)).await.unwrap().len(), 1);
    assert!(store.blob(image_id(7)).await.unwrap().is_some());

    let back = change(&answered).with_record("a", asking(1, &["A"])).with_reopened(1, 2, Some("key"));
    let back = put(&*store, back).await;
    assert_eq!(history().await, before);
    assert!(store.savepoints(&TenantId::default(), run_id(1)).await.unwrap().is_empty());
    assert!(store.blob(image_id(7)).await.unwrap().is_none());
    assert!(store.request(&tenant, "key").await.unwrap().is_none());
    let open = store.list_suspensions(&tenant, SuspensionFilter::default()).await.unwrap();
    assert_eq!(open.rows.len(), 1);

    // The same may happen again; a request that has got its answer stays.
    let answer = change(&back).with_step("a", calling(1)).with_closed(1, SuspensionEnd::Answered);
    let answered = put(&*store, answer.answering("key")).await;
    store.answer_request(&tenant, "key", json("1")).await.unwrap();
    let back = change(&answered).with_record("a", asking(1, &["A"])).with_reopened(1, 4, Some("key"));
    put(&*store, back).await;
    assert!(store.request(&tenant, "key").await.unwrap().is_some());
}

/// What is open, ended in another way, or of another run is not open again.
pub async fn only_what_was_answered_is_open_again(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = create(run(1)).with_step("a", asking(1, &[])).with_step("b", asking(2, &[]));
    let first = put(&*store, first.with_step("c", asking(3, &[]))).await;
    let foreign = put(&*store, create(run(2)).with_step("a", asking(4, &[]))).await;
    put(&*store, change(&foreign).with_closed(4, SuspensionEnd::Answered)).await;
    let over = change(&first).with_closed(1, SuspensionEnd::Answered).with_closed(2, SuspensionEnd::Elapsed);
    let over = put(&*store, over).await;
    for suspension in 2..6 {
        let again = change(&over).with_reopened(suspension, 2, None);
        assert_eq!(refusal(&*store, again).await, "not answered", "{suspension}");
    }
    let twice = change(&over).with_reopened(1, 2, None).with_reopened(1, 2, None);
    assert_eq!(refusal(&*store, twice).await, "not answered");
    let again = put(&*store, change(&over).with_reopened(1, 2, None)).await;
    assert_eq!(refusal(&*store, change(&again).with_reopened(1, 2, None)).await, "not answered");
}
