//! Requests: asked twice, done once.

use std::sync::Arc;

use reentry_core::id::TenantId;

use super::BackEnd;
use super::drafts::{change, create, json, put, refusal, run, run_id, tenant};
use crate::{CommitError, RequestRecord, RunFilter};

/// How many ask the same at once.
const RIVALS: u64 = 50;

/// Of many commits that answer the same request one is stored, and nothing of the others.
pub async fn a_request_is_answered_by_one_commit(back_end: &dyn BackEnd) {
    let handles = [back_end.open(), back_end.open()];
    let rivals: Vec<_> = (0..RIVALS)
        .map(|rival| {
            let store = Arc::clone(&handles[(rival % 2) as usize]);
            tokio::spawn(async move { store.commit(create(run(rival)).answering("key")).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (number, rival) in (0..).zip(rivals) {
        match rival.await.unwrap() {
            Ok(()) => winners.push(number),
            Err(CommitError::RequestKnown { key }) => assert_eq!(key, "key"),
            Err(other) => panic!("{other}"),
        }
    }
    let runs = handles[0].list_runs(&TenantId::default(), RunFilter::default()).await.unwrap().rows;
    assert_eq!((winners.len(), runs.len()), (1, 1));
    let request = handles[1].request(&TenantId::default(), "key").await.unwrap().unwrap();
    assert_eq!((request.run, runs[0].id), (run_id(winners[0]), run_id(winners[0])));
}

/// A key is the tenant's own; a commit that is refused for another reason leaves it free.
pub async fn a_key_is_taken_by_what_is_stored(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (mine, other) = (TenantId::default(), tenant("other"));
    let first = put(&*store, create(run(1))).await;
    let mut stale = change(&first).answering("key");
    stale.expected = Some(0);
    assert_eq!(refusal(&*store, stale.clone()).await, "version conflict");
    assert_eq!(store.request(&mine, "key").await.unwrap(), None);
    put(&*store, change(&first).answering("key")).await;
    // What was asked before is found out first.
    assert_eq!(refusal(&*store, stale).await, "request known");
    assert_eq!(refusal(&*store, create(run(2)).answering("key")).await, "request known");
    assert_eq!(store.request(&other, "key").await.unwrap(), None);
    put(&*store, create(run(2)).of(&other).answering("key")).await;
    assert_eq!(store.request(&other, "key").await.unwrap().unwrap().run, run_id(2));
    assert_eq!(store.request(&mine, "KEY").await.unwrap(), None);
}

/// What the caller was told is kept as it was said first.
pub async fn the_first_answer_to_a_request_stays(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let tenant = TenantId::default();
    put(&*store, create(run(1)).answering("key")).await;
    let wanted = RequestRecord { key: "key".to_owned(), digest: [7; 32], run: run_id(1), answer: None };
    assert_eq!(store.request(&tenant, "key").await.unwrap(), Some(wanted.clone()));
    store.answer_request(&tenant, "key", json(r#"{"total": 12.50}"#)).await.unwrap();
    store.answer_request(&tenant, "key", json("2")).await.unwrap();
    store.answer_request(&tenant, "none", json("3")).await.unwrap();
    store.answer_request(&super::drafts::tenant("other"), "key", json("4")).await.unwrap();
    let wanted = RequestRecord { answer: Some(json(r#"{"total": 12.50}"#)), ..wanted };
    assert_eq!(back_end.open().request(&tenant, "key").await.unwrap(), Some(wanted));
    assert_eq!(store.request(&tenant, "none").await.unwrap(), None);
}
