//! Questions and answers: kept with their suspensions as long as the run is, with those who gave them and the tries
//! that did not count.

use reentry_core::actor::By;
use reentry_core::id::{BlobId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::run::{Phase, RunState, SuspensionEnd};
use reentry_core::time::Timestamp;

use super::BackEnd;
use super::drafts::{asking, by, calling, change, create, ended, put, run, run_id, suspension_id, tenant};
use crate::past::{LATE_TRIES_KEPT_MAX, REFUSALS_KEPT_MAX};
use crate::{LateTry, Store, SuspensionFilter, SuspensionPast, SuspensionRecord, Text, TryKind};

/// All suspensions of a run, open or not.
async fn history(store: &dyn Store, run: u64) -> Vec<SuspensionRecord> {
    let filter = SuspensionFilter {
        run: Some(run_id(run)),
        with_ended: true,
        with_tries: true,
        with_timers: true,
        ..SuspensionFilter::default()
    };
    store.list_suspensions(&TenantId::default(), filter).await.unwrap().rows
}

async fn past(store: &dyn Store, run: u64, suspension: u64) -> SuspensionPast {
    let rows = history(store, run).await;
    rows.into_iter().find(|row| row.id == suspension_id(suspension)).unwrap().past
}

/// A text of so many bytes.
fn long(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

fn part(run: u64, text: &str) -> BlobId {
    BlobId::of_part(run_id(run), text)
}

fn here(text: &str) -> Option<Text> {
    Some(Text::Here(Json::parse(text).unwrap()))
}

fn late(suspension: u64, message: &str, who: &str) -> LateTry {
    LateTry {
        suspension: suspension_id(suspension),
        version: 9,
        at: Timestamp(7_000),
        message: message.to_owned(),
        by: by(who, Some("please")),
    }
}

/// A run that asks, and is asked nothing else.
async fn asked(store: &dyn Store, number: u64) -> RunState {
    put(store, create(run(number)).with_step("a", asking(number, &[]))).await
}

/// What was asked, what was answered, when and by whom stays with the suspension.
pub async fn an_answer_stays_with_its_question(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now = asked(&*store, 1).await;
    let open = past(&*store, 1, 1).await;
    assert_eq!(open, SuspensionPast { version: Some(1), ..SuspensionPast::default() });
    let answer = change(&now).with_step("a", ended());
    put(&*store, answer.with_answer(1, "{\"a\":1.50}", "\"yes\"", by("ann", Some("fine")))).await;
    let wanted = SuspensionPast {
        version: Some(1),
        ended_version: Some(2),
        question: here("{\"a\":1.50}"),
        answer: here("\"yes\""),
        by: by("ann", Some("fine")),
        ..SuspensionPast::default()
    };
    assert_eq!(past(&*back_end.open(), 1, 1).await, wanted);
    let timed_out = change(&asked(&*store, 2).await).with_closed(2, SuspensionEnd::Elapsed);
    put(&*store, timed_out.with_step("a", ended())).await;
    let wanted = SuspensionPast { version: Some(1), ended_version: Some(2), ..SuspensionPast::default() };
    assert_eq!(past(&*store, 2, 2).await, wanted);
}

/// Those that are named are listed, and no others.
pub async fn suspensions_are_picked_out_of_a_run(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut first = create(run(1));
    for number in 1..=4 {
        first = first.with_step(&format!("s{number}"), asking(number, &[]));
    }
    let now = put(&*store, first).await;
    asked(&*store, 5).await;
    put(&*store, change(&now).with_closed(2, SuspensionEnd::Closed)).await;
    let picked = async |only: &[u64], with_ended| {
        let only: Vec<SuspensionId> = only.iter().copied().map(suspension_id).collect();
        let filter =
            SuspensionFilter { run: Some(run_id(1)), only, with_ended, ..SuspensionFilter::default() };
        let rows = store.list_suspensions(&TenantId::default(), filter).await.unwrap().rows;
        rows.into_iter().map(|row| row.path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(picked(&[4, 2, 5, 9], true).await, ["s2", "s4"]);
    assert_eq!(picked(&[4, 2], false).await, ["s4"]);
    assert_eq!(picked(&[9], true).await, [""; 0]);
    let of_all = SuspensionFilter { only: vec![suspension_id(1)], ..SuspensionFilter::default() };
    assert!(store.list_suspensions(&TenantId::default(), of_all).await.is_err());
    let of_all = SuspensionFilter { with_tries: true, ..SuspensionFilter::default() };
    assert!(store.list_suspensions(&TenantId::default(), of_all).await.is_err());
}

/// Large questions and answers are kept apart, once for all that have them, and go with the run.
pub async fn large_answers_are_kept_apart(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let (small, question, answer) = (long(1_024), long(1_025), long(5_000));
    let first = create(run(1)).with_step("a", asking(1, &[])).with_step("b", asking(2, &[]));
    let now = put(&*store, first.with_step("c", asking(3, &[]))).await;
    let answered = change(&now).with_answer(1, &question, &answer, By::default());
    let answered = answered.with_answer(2, &question, &small, By::default());
    let now = put(&*store, answered.with_answer(3, "1", &question, By::default())).await;
    let kept = async |text: &str| store.blob(part(1, text)).await.unwrap();
    let told = past(&*store, 1, 1).await;
    assert_eq!(told.question, Some(Text::Apart(part(1, &question))));
    assert_eq!(told.answer, Some(Text::Apart(part(1, &answer))));
    assert_eq!(past(&*store, 1, 2).await.answer, here(&small));
    assert_eq!(past(&*store, 1, 3).await.answer, Some(Text::Apart(part(1, &question))));
    assert_eq!(kept(&answer).await, Some(answer.clone().into_bytes()));
    assert_eq!(kept(&question).await, Some(question.clone().into_bytes()));
    assert_eq!(kept(&small).await, None);

    // What an answer brings goes when it is refused and does not come again, but for the answer itself, which is a try.
    let back = change(&now).with_record("a", asking(1, &[])).with_reopened(1, 2, None);
    let now = put(&*store, back).await;
    assert!(kept(&answer).await.is_some());
    let back = change(&now).with_record("b", asking(2, &[])).with_reopened(2, 2, None);
    let now = put(&*store, back.with_record("c", asking(3, &[])).with_reopened(3, 2, None)).await;
    assert!(kept(&question).await.is_some(), "it is the answer that was refused last");
    let closed = change(&now).with_closed(1, SuspensionEnd::Closed).with_closed(2, SuspensionEnd::Closed);
    let mut last =
        closed.with_closed(3, SuspensionEnd::Closed).with_step("a", ended()).with_step("b", ended());
    last = last.with_step("c", ended());
    last.run_mut().phase = Phase::Canceled;
    let over = put(&*store, last).await;
    store.delete_run(&over.tenant, over.id).await.unwrap();
    assert_eq!((kept(&answer).await, kept(&question).await), (None, None));
}

/// An answer that its step refuses is a try of the suspension, which is as open as it was; the next answer is kept as
/// the one that counts.
pub async fn a_refused_answer_is_kept_as_a_try(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = asked(&*store, 1).await;
    for (answer, who) in [("1", "ann"), ("2", "bob")] {
        let answer = change(&now).with_step("a", calling(1)).with_answer(1, "0", answer, by(who, None));
        let answered = put(&*store, answer).await;
        let mut back = change(&answered).with_record("a", asking(1, &[]));
        back = back.with_reopened(1, answered.version, None);
        back.reopened[0].message = format!("not by {who}");
        now = put(&*store, back).await;
    }
    let open = past(&*store, 1, 1).await;
    let tries: Vec<_> = open
        .tries
        .iter()
        .map(|one| {
            let who = one.by.name().unwrap_or_default();
            (
                one.kind,
                one.version,
                one.refused.map(|(version, _)| version),
                one.message.as_str(),
                one.answer.clone(),
                who,
            )
        })
        .collect();
    let refused = TryKind::Refused;
    assert_eq!(
        tries,
        [
            (refused, 2, Some(3), "not by ann", here("1"), "ann"),
            (refused, 4, Some(5), "not by bob", here("2"), "bob"),
        ]
    );
    assert!(open.tries.iter().all(|one| one.refused.is_some_and(|(_, at)| one.at < at)), "{:?}", open.tries);
    let last = change(&now).with_step("a", ended()).with_answer(1, "0", "3", by("cleo", None));
    put(&*store, last).await;
    let over = past(&*store, 1, 1).await;
    assert_eq!((over.answer, over.by, over.tries), (here("3"), by("cleo", None), open.tries));
    // Lists that are not asked for them do not read them.
    let now = asked(&*store, 2).await;
    let answer = change(&now).with_step("a", calling(1)).with_answer(2, "0", "1", By::default());
    let now = put(&*store, answer).await;
    put(&*store, change(&now).with_record("a", asking(2, &[])).with_reopened(2, 2, None)).await;
    let inbox = store.list_suspensions(&TenantId::default(), SuspensionFilter::default()).await.unwrap().rows;
    assert_eq!(inbox.iter().map(|row| row.past.tries.len()).collect::<Vec<_>>(), [0]);
}

/// A step that refuses for ever fills nothing: further refusals are counted, and what they bring goes.
pub async fn refusals_without_end_are_counted(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = asked(&*store, 1).await;
    let texts: Vec<String> = (0..REFUSALS_KEPT_MAX + 3).map(|number| format!("\"{number:01500}\"")).collect();
    for text in &texts {
        let answer = change(&now).with_step("a", calling(1)).with_answer(1, "0", text, By::default());
        let answered = put(&*store, answer).await;
        let back = change(&answered).with_record("a", asking(1, &[]));
        now = put(&*store, back.with_reopened(1, answered.version, None)).await;
    }
    let open = past(&*store, 1, 1).await;
    assert_eq!((open.tries.len(), open.dropped_refusals), (REFUSALS_KEPT_MAX, 3));
    let kept = async |text: &str| store.blob(part(1, text)).await.unwrap().is_some();
    assert!(kept(&texts[0]).await && kept(&texts[REFUSALS_KEPT_MAX - 1]).await);
    assert!(!kept(&texts[REFUSALS_KEPT_MAX]).await);
}

/// A late try is kept with its suspension and changes nothing else; of many some are kept, and the others counted.
pub async fn late_tries_are_kept_and_counted(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mine = TenantId::default();
    let now = asked(&*store, 1).await;
    let mut last = change(&now).with_step("a", ended()).with_closed(1, SuspensionEnd::Elapsed);
    last.run_mut().phase = Phase::Failed;
    let over = put(&*store, last).await;
    store.note_late_try(&mine, run_id(1), late(1, "it expired", "ann"), 1).await.unwrap();
    let told = past(&*back_end.open(), 1, 1).await;
    let [one] = told.tries.as_slice() else { panic!("{:?}", told.tries) };
    let is = (one.kind, one.version, one.at, one.refused, one.message.as_str(), one.answer.as_ref());
    assert_eq!(is, (TryKind::Late, 9, Timestamp(7_000), None, "it expired", None));
    assert_eq!(one.by, by("ann", Some("please")));
    assert_eq!(store.run(&mine, run_id(1)).await.unwrap(), Some(over.clone()));

    // None of these is there.
    for (tenant, run, suspension) in [(tenant("other"), 1, 1), (mine.clone(), 2, 1), (mine.clone(), 1, 2)] {
        store.note_late_try(&tenant, run_id(run), late(suspension, "no", "ann"), 1).await.unwrap();
    }
    assert_eq!(past(&*store, 1, 1).await.tries.len(), 1);
    for _ in 1..LATE_TRIES_KEPT_MAX {
        store.note_late_try(&mine, run_id(1), late(1, "late", "bob"), 1).await.unwrap();
    }
    assert_eq!(past(&*store, 1, 1).await.dropped_late, 0);
    store.note_late_try(&mine, run_id(1), late(1, "later", "bob"), 1).await.unwrap();
    store.note_late_try(&mine, run_id(1), late(1, "later still", "bob"), 40).await.unwrap();
    let told = past(&*store, 1, 1).await;
    assert_eq!((told.tries.len(), told.dropped_late), (LATE_TRIES_KEPT_MAX, 41));
    // A step refuses nothing less for it.
    let now = asked(&*store, 3).await;
    store.note_late_try(&mine, run_id(3), late(3, "late", "bob"), 1).await.unwrap();
    let answer = change(&now).with_step("a", calling(1)).with_answer(3, "0", "1", By::default());
    let now = put(&*store, answer).await;
    put(&*store, change(&now).with_record("a", asking(3, &[])).with_reopened(3, 2, None)).await;
    let kinds: Vec<_> = past(&*store, 3, 3).await.tries.into_iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [TryKind::Late, TryKind::Refused]);
    store.delete_run(&over.tenant, over.id).await.unwrap();
    let again = put(&*store, create(run(1)).with_step("a", asking(1, &[]))).await;
    assert_eq!((again.version, past(&*store, 1, 1).await.tries), (1, Vec::new()));
}

/// A suspension of a fork says which one of its parent it goes on from.
pub async fn a_suspension_says_what_it_goes_on_from(back_end: &dyn BackEnd) {
    let store = back_end.open();
    asked(&*store, 1).await;
    let mut fork = create(run(2)).forking(1, 1).with_step("a", asking(2, &[]));
    fork.opened[0].continues = Some(suspension_id(1));
    put(&*store, fork).await;
    assert_eq!(past(&*store, 2, 2).await.continues, Some(suspension_id(1)));
    assert_eq!(past(&*store, 1, 1).await.continues, None);
}
