//! What hosts look for comes to one of them alone.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use reentry_core::id::{MessageId, RunId};
use reentry_core::run::SuspensionEnd;
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{
    calling, change, create, ended, listening, message, message_id, owner_id, put, run, run_id, sleeping,
};
use crate::Store;
use crate::claims::{CLAIM_MS, Except};

const NOW: Timestamp = Timestamp(1_000);

/// How many there are to claim, of each kind.
const THINGS: u64 = 60;

async fn due(store: &dyn Store, owner: u64, now: Timestamp, limit: usize) -> Vec<RunId> {
    let found = store.claim_due(owner_id(owner), now, &Except::default(), limit).await.unwrap();
    found.into_iter().map(|(_, run)| run).collect()
}

async fn orphans(store: &dyn Store, owner: u64) -> Vec<RunId> {
    let found = store.claim_orphans(owner_id(owner), NOW, &Except::default(), 10).await.unwrap();
    found.into_iter().map(|(_, run, _)| run).collect()
}

async fn mail(store: &dyn Store, owner: u64) -> Vec<MessageId> {
    let found = store.claim_mail(owner_id(owner), NOW, &Except::default(), 10).await.unwrap();
    found.into_iter().map(|(_, message)| message).collect()
}

fn runs(numbers: &[u64]) -> Vec<RunId> {
    numbers.iter().copied().map(run_id).collect()
}

/// What is claimed comes to its owner alone, again and again.
pub async fn what_one_has_claimed_no_other_gets(back_end: &dyn BackEnd) {
    let (store, other) = (back_end.open(), back_end.open());
    let _alive =
        (store.register_owner(owner_id(1)).await.unwrap(), other.register_owner(owner_id(2)).await.unwrap());
    for number in 1..=3 {
        put(&*store, create(run(number)).with_step("a", sleeping(number, number))).await;
    }
    assert_eq!(due(&*store, 1, NOW, 2).await, runs(&[1, 2]));
    assert_eq!(due(&*other, 2, NOW, 10).await, runs(&[3]));
    assert_eq!(due(&*store, 1, NOW, 10).await, runs(&[1, 2]));
    let except = Except::from(HashSet::from([run_id(1)]));
    assert_eq!(store.claim_due(owner_id(1), NOW, &except, 10).await.unwrap().len(), 1);
}

/// A claim ends when its run goes on, when its owner lets go or dies, and some time later by itself.
pub async fn what_was_claimed_is_free_again(back_end: &dyn BackEnd) {
    let (store, other) = (back_end.open(), back_end.open());
    let dying = store.register_owner(owner_id(1)).await.unwrap();
    let _alive = other.register_owner(owner_id(2)).await.unwrap();
    let mut first = None;
    for number in 1..=4 {
        first = Some(put(&*store, create(run(number)).with_step("a", sleeping(number, number))).await);
    }
    assert_eq!(due(&*store, 1, NOW, 10).await.len(), 4);
    assert_eq!(due(&*other, 2, NOW, 10).await, []);
    // It went on, and there is more to do.
    put(&*store, change(&first.unwrap()).with_step("b", sleeping(9, 1))).await;
    assert_eq!(due(&*other, 2, NOW, 10).await, runs(&[4]));
    other.let_go(owner_id(2), &runs(&[1, 2])).await.unwrap();
    assert_eq!(due(&*other, 2, NOW, 10).await, runs(&[4]), "these are another one's");
    store.let_go(owner_id(1), &runs(&[2, 9])).await.unwrap();
    assert_eq!(due(&*other, 2, NOW, 10).await, runs(&[4, 2]));
    let later = NOW.plus_ms(CLAIM_MS);
    assert_eq!(due(&*store, 1, Timestamp(later.0 - 1), 10).await, runs(&[1, 3]), "claimed anew");
    assert_eq!(due(&*other, 2, later, 1).await, runs(&[4]));
    drop(dying);
    assert_eq!(due(&*other, 2, NOW, 10).await, runs(&[1, 4, 2, 3]));
}

/// A claim that nobody let go of ends some time later.
pub async fn a_claim_ends_by_itself(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let _alive =
        (store.register_owner(owner_id(1)).await.unwrap(), store.register_owner(owner_id(2)).await.unwrap());
    put(&*store, create(run(1)).with_step("a", sleeping(1, 1))).await;
    assert_eq!(due(&*store, 1, NOW, 10).await, runs(&[1]));
    let later = NOW.plus_ms(CLAIM_MS);
    assert_eq!(due(&*store, 2, Timestamp(later.0 - 1), 10).await, []);
    assert_eq!(due(&*store, 2, later, 10).await, runs(&[1]));
    assert_eq!(due(&*store, 1, later, 10).await, []);
}

/// Orphans and messages are claimed as what is due is.
pub async fn orphans_and_messages_are_claimed(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let _alive =
        (store.register_owner(owner_id(1)).await.unwrap(), store.register_owner(owner_id(2)).await.unwrap());
    let waiting = create(run(1)).with_step("a", listening(1, "paid", None)).with_step("b", calling(7));
    let now = put(&*store, waiting.with_step("c", calling(8))).await;
    store.send(message(5, "paid", None)).await.unwrap();
    // Its calls are of two dead owners.
    assert_eq!((orphans(&*store, 1).await, orphans(&*store, 2).await), (runs(&[1, 1]), vec![]));
    assert_eq!((mail(&*store, 1).await, mail(&*store, 2).await), (vec![message_id(5)], vec![]));
    store.let_go_of_mail(owner_id(2), &[message_id(5)]).await.unwrap();
    assert_eq!(mail(&*store, 2).await, []);
    store.let_go_of_mail(owner_id(1), &[message_id(5)]).await.unwrap();
    assert_eq!((mail(&*store, 2).await, mail(&*store, 1).await), (vec![message_id(5)], vec![]));
    let taken = change(&now).with_closed(1, SuspensionEnd::Received).taking(5).with_step("a", ended());
    put(&*store, taken).await;
    assert_eq!((mail(&*store, 2).await, orphans(&*store, 2).await), (vec![], runs(&[1, 1])));
}

/// Of many that claim at once each gets something else, and together they get all.
pub async fn nothing_is_claimed_twice_by_many_at_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    for number in 1..=THINGS {
        let listens =
            create(run(number)).with_step("a", listening(number, "paid", Some(&number.to_string())));
        let sleeps = listens.with_step("b", sleeping(1_000 + number, 1));
        put(&*store, sleeps.with_step("c", calling(9))).await;
        store.send(message(number, "paid", Some(&number.to_string()))).await.unwrap();
    }
    // An owner that died is never registered again.
    for (kind, first) in [("due", 10), ("orphans", 20), ("mail", 30)] {
        let mut hosts = tokio::task::JoinSet::new();
        for owner in first..first + 4 {
            let store = back_end.open();
            hosts.spawn(async move {
                let alive = store.register_owner(owner_id(owner)).await.unwrap();
                (all_there_is(&store, kind, owner).await, alive)
            });
        }
        let ended: Vec<_> = hosts.join_all().await;
        let got: Vec<String> = ended.iter().flat_map(|(got, _)| got.clone()).collect();
        assert_eq!(got.len() as u64, THINGS, "{kind}");
        assert_eq!(got.into_iter().collect::<BTreeSet<_>>().len() as u64, THINGS, "{kind}");
    }
}

/// Claims a few at a time until there are none.
async fn all_there_is(store: &Arc<dyn Store>, kind: &str, owner: u64) -> Vec<String> {
    let (mut held, mut held_mail) = (HashSet::new(), HashSet::new());
    let owner = owner_id(owner);
    loop {
        let before = held.len() + held_mail.len();
        match kind {
            "due" => {
                let found = store.claim_due(owner, NOW, &held.clone().into(), 7).await.unwrap();
                held.extend(found.into_iter().map(|(_, run)| run));
            }
            "orphans" => {
                let found = store.claim_orphans(owner, NOW, &held.clone().into(), 7).await.unwrap();
                held.extend(found.into_iter().map(|(_, run, _)| run));
            }
            _ => {
                let found = store.claim_mail(owner, NOW, &held_mail.clone().into(), 7).await.unwrap();
                held_mail.extend(found.into_iter().map(|(_, message)| message));
            }
        }
        if held.len() + held_mail.len() == before {
            let runs = held.iter().map(ToString::to_string);
            return runs.chain(held_mail.iter().map(ToString::to_string)).collect();
        }
    }
}
