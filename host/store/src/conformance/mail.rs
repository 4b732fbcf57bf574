//! Messages: kept until one takes them, found by those who wait.

use std::collections::HashSet;
use std::sync::Arc;

use reentry_core::id::TenantId;
use reentry_core::run::SuspensionEnd;
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{
    asking, change, create, ended, listening, message, message_id, owner_id, put, refusal, run, run_id,
    suspension_id, tenant,
};
use crate::claims::Except;
use crate::mail::EXPIRED_MAX;
use crate::{CommitError, Message, Sent, Store, StoreError, Topic};

async fn send(store: &dyn Store, message: Message) {
    assert_eq!(store.send(message).await.unwrap(), Sent::Kept);
}

async fn mail(store: &dyn Store, name: &str, key: Option<&str>) -> Vec<u64> {
    let found = store.mail(&TenantId::default(), name, key, 100).await.unwrap();
    (0..100).filter(|number| found.iter().any(|message| message.id == message_id(*number))).collect()
}

/// A message is read back as it was sent, by its tenant, oldest first, by name and key.
pub async fn messages_are_found_by_name_and_key(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut first = message(9, "paid", Some("o-1"));
    first.dedup = Some("d".to_owned());
    first.expires_at = Some(Timestamp(5_000));
    send(&*store, first.clone()).await;
    for (number, name, key) in [(3, "paid", None), (4, "paid", Some("o-2")), (5, "sent", Some("o-1"))] {
        send(&*store, message(number, name, key)).await;
    }
    send(&*store, Message { tenant: tenant("other"), ..message(6, "paid", Some("o-1")) }).await;
    let mine = TenantId::default();
    let all = store.mail(&mine, "paid", None, 10).await.unwrap();
    let ids: Vec<_> = all.iter().map(|message| message.id).collect();
    assert_eq!(ids, [9, 3, 4].map(message_id));
    assert_eq!(all[2], message(4, "paid", Some("o-2")));
    assert_eq!(store.mail(&mine, "paid", None, 1).await.unwrap()[0].id, message_id(9));
    assert_eq!(store.mail(&mine, "paid", None, 0).await.unwrap(), []);
    assert_eq!(mail(&*store, "paid", Some("o-1")).await, [9]);
    assert_eq!(mail(&*store, "paid", Some("")).await, [0; 0]);
    assert_eq!(mail(&*store, "none", None).await, [0; 0]);
    assert_eq!(back_end.open().message(&mine, message_id(9)).await.unwrap(), Some(first));
    assert_eq!(store.message(&mine, message_id(6)).await.unwrap(), None);
}

/// A message that was sent before is not kept again, taken or not; names and ids of other tenants do not matter.
pub async fn a_message_is_kept_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let named =
        |number, dedup: &str| Message { dedup: Some(dedup.to_owned()), ..message(number, "paid", None) };
    send(&*store, named(1, "d")).await;
    assert_eq!(store.send(named(2, "d")).await.unwrap(), Sent::Known(message_id(1)));
    assert_eq!(store.send(named(1, "d")).await.unwrap(), Sent::Known(message_id(1)));
    put(&*store, create(run(1)).taking(1)).await;
    assert_eq!(store.send(named(2, "d")).await.unwrap(), Sent::Known(message_id(1)));
    send(&*store, named(3, "D")).await;
    send(&*store, Message { tenant: tenant("other"), ..named(4, "d") }).await;
    assert!(matches!(store.send(message(3, "paid", None)).await, Err(StoreError::Refused(_))));
    assert_eq!(mail(&*store, "paid", None).await, [3]);
}

/// Of many who want one message, one gets it, and nothing of the others' commits is stored.
pub async fn a_message_is_taken_once(back_end: &dyn BackEnd) {
    const RIVALS: u64 = 50;
    let handles = [back_end.open(), back_end.open()];
    send(&*handles[0], message(1, "paid", None)).await;
    let rivals: Vec<_> = (0..RIVALS)
        .map(|rival| {
            let store = Arc::clone(&handles[(rival % 2) as usize]);
            tokio::spawn(async move { store.commit(create(run(rival)).taking(1)).await })
        })
        .collect();
    let mut winners = 0;
    for rival in rivals {
        match rival.await.unwrap() {
            Ok(()) => winners += 1,
            Err(CommitError::MessageTaken { message }) => assert_eq!(message, message_id(1)),
            Err(other) => panic!("{other}"),
        }
    }
    let runs = handles[0].list_runs(&TenantId::default(), Default::default()).await.unwrap().rows;
    assert_eq!((winners, runs.len()), (1, 1));
    assert_eq!(mail(&*handles[1], "paid", None).await, [0; 0]);
    assert_eq!(
        handles[0].message(&TenantId::default(), message_id(1)).await.unwrap(),
        Some(message(1, "paid", None))
    );
}

/// A message that is not there, is another tenant's or is named twice cannot be taken; then none is.
pub async fn only_what_is_there_is_taken(back_end: &dyn BackEnd) {
    let store = back_end.open();
    send(&*store, message(1, "paid", None)).await;
    send(&*store, Message { tenant: tenant("other"), ..message(2, "paid", None) }).await;
    for wrong in [2, 3, 1] {
        let both = create(run(1)).taking(1).taking(wrong).with_log("[]").answering("key");
        assert_eq!(refusal(&*store, both).await, "message taken", "{wrong}");
    }
    assert_eq!(mail(&*store, "paid", None).await, [1]);
    put(&*store, create(run(1)).taking(1).answering("key")).await;
    assert_eq!(store.log(&TenantId::default(), run_id(1), 10, 0).await.unwrap(), []);
}

/// Who waits for a message: open suspensions of its name, with its key or without one, the oldest first.
pub async fn those_who_wait_for_a_message_are_found(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let several =
        create(run(1)).with_step("a", listening(5, "paid", Some("o-1"))).with_step("b", asking(6, &[]));
    let mut both = listening(2, "paid", None);
    both.suspensions.extend(listening(1, "sent", None).suspensions);
    let now = put(&*store, several.with_step("c", both)).await;
    put(&*store, create(run(2)).with_step("a", listening(3, "paid", Some("o-2")))).await;
    put(&*store, create(run(3)).of(&tenant("other")).with_step("a", listening(4, "paid", None))).await;
    let waiting = async |name, key: Option<&str>| {
        let topic = Topic::event(name, key.map(str::to_owned));
        store.waiting_for(&TenantId::default(), &topic).await.unwrap()
    };
    let found = |run, suspension| (run_id(run), suspension_id(suspension));
    assert_eq!(waiting("paid", Some("o-1")).await, [found(1, 2), found(1, 5)]);
    assert_eq!(waiting("paid", Some("o-2")).await, [found(1, 2), found(2, 3)]);
    assert_eq!(waiting("paid", None).await, [found(1, 2)]);
    assert_eq!(waiting("sent", Some("")).await, [found(1, 1)]);
    assert_eq!(waiting("none", None).await, []);
    let got = change(&now).with_closed(2, SuspensionEnd::Received).with_step("c", ended());
    put(&*store, got).await;
    assert_eq!(waiting("paid", Some("o-1")).await, [found(1, 5)]);
}

/// Messages that somebody waits for and nobody took, of all tenants, the oldest first.
pub async fn messages_that_wait_to_be_delivered_are_found(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let keyed = create(run(1)).with_step("a", listening(1, "paid", Some("o-1")));
    let now = put(&*store, keyed.with_step("b", listening(2, "sent", None))).await;
    put(&*store, create(run(2)).of(&tenant("other")).with_step("a", listening(3, "paid", None))).await;
    let deliverable = async |limit| {
        let found = store.claim_mail(owner_id(9), Timestamp(1_000), &Except::default(), limit).await.unwrap();
        found.into_iter().map(|(tenant, message)| format!("{tenant} {message}")).collect::<Vec<_>>()
    };
    assert_eq!(deliverable(10).await, [""; 0]);
    for (number, name, key) in [(7, "paid", Some("o-1")), (5, "sent", Some("x")), (6, "paid", Some("o-2"))] {
        send(&*store, message(number, name, key)).await;
    }
    send(&*store, message(8, "paid", None)).await;
    send(&*store, Message { tenant: tenant("other"), ..message(4, "paid", Some("o-9")) }).await;
    let said = |tenant: &str, number| format!("{tenant} {}", message_id(number));
    let all = [said("default", 7), said("default", 5), said("other", 4)];
    assert_eq!(deliverable(10).await, all);
    assert_eq!(deliverable(2).await, [all[0].clone(), all[2].clone()], "another tenant has some");
    let except = Except::from(HashSet::from([message_id(7), message_id(9)]));
    let behind = store.claim_mail(owner_id(9), Timestamp(1_000), &except, 1).await.unwrap();
    assert_eq!(behind, [(TenantId::default(), message_id(5))], "what is passed over takes no place");
    let got = change(&now).with_closed(1, SuspensionEnd::Received).taking(7);
    put(&*store, got.with_step("a", ended()).with_closed(2, SuspensionEnd::Elapsed).with_step("b", ended()))
        .await;
    assert_eq!(deliverable(10).await, all[2..]);
}

/// What expired before anybody took it goes, and what was taken long ago; many at a time.
pub async fn old_messages_go(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let until = |number, at| Message { expires_at: Some(Timestamp(at)), ..message(number, "paid", None) };
    for number in 1..=3 {
        send(&*store, until(number, 100 * number)).await;
    }
    send(&*store, message(4, "paid", None)).await;
    // Taken at 1001: it does not expire any more.
    put(&*store, create(run(1)).taking(1)).await;
    let expire = async |now, before| store.expire_mail(Timestamp(now), Timestamp(before)).await.unwrap();
    assert_eq!(expire(199, 1_001).await, 0);
    assert_eq!(expire(200, 0).await, 1);
    assert_eq!(mail(&*store, "paid", None).await, [3, 4]);
    assert_eq!(refusal(&*store, create(run(2)).taking(2)).await, "message taken");
    assert_eq!(expire(5_000, 1_002).await, 2);
    assert_eq!(store.message(&TenantId::default(), message_id(1)).await.unwrap(), None);
    assert_eq!(mail(&*store, "paid", None).await, [4]);
    let many: Vec<_> = (0..EXPIRED_MAX + 1)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.send(until_(100 + number)).await.unwrap() })
        })
        .collect();
    for sent in many {
        sent.await.unwrap();
    }
    assert_eq!((expire(1, 0).await, expire(1, 0).await, expire(1, 0).await), (EXPIRED_MAX, 1, 0));
}

fn until_(number: u64) -> Message {
    Message { expires_at: Some(Timestamp(1)), ..message(number, "paid", None) }
}
