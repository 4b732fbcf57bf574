//! A commit is stored whole or not at all, and is read back as it was.

use reentry_core::id::TenantId;
use reentry_core::json::{DEPTH_MAX, Json};
use reentry_core::run::{RunState, SuspensionEnd};

use super::BackEnd;
use super::drafts::{
    asking, calling, change, create, ended, holding, image_id, path, put, refusal, run, run_id, tenant,
};
use crate::{CommitError, RunFilter, Store, SuspensionFilter};

async fn read(store: &dyn Store, run: &RunState) -> Option<RunState> {
    store.run(&run.tenant, run.id).await.unwrap()
}

/// What is committed is read back, by every kind of reading.
pub async fn what_is_committed_is_read_back(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut first = run(1);
    first.resource_id = Some("order-7".to_owned());
    first.state.insert("total".to_owned(), Json::parse("12.50").unwrap());
    let commit = create(first).with_step("", holding()).with_step("approve", asking(1, &["boss"]));
    let wanted = put(&*store, commit.durable()).await;
    assert_eq!(wanted.steps.len(), 2);
    assert_eq!(read(&*store, &wanted).await.as_ref(), Some(&wanted));
    assert_eq!(
        store.step(&TenantId::default(), wanted.id, &path("approve")).await.unwrap(),
        Some(asking(1, &["boss"]))
    );
    assert_eq!(store.steps(&TenantId::default(), wanted.id).await.unwrap().len(), 2);
    let summary = &store.list_runs(&wanted.tenant, RunFilter::default()).await.unwrap().rows[0];
    assert_eq!((summary.id, summary.status), (wanted.id, wanted.status()));
    assert_eq!(
        (summary.created_at, summary.updated_at, &summary.resource_id, summary.workflow),
        (wanted.created_at, wanted.updated_at, &wanted.resource_id, wanted.workflow)
    );
    let stats = store.stats();
    assert!(stats.commits == 1 && stats.groups == 1, "{stats:?}");
}

/// What is not there is not an error.
pub async fn nothing_is_found_where_nothing_was_stored(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let known = put(&*store, create(run(1))).await;
    assert_eq!(read(&*store, &run(2)).await, None);
    assert_eq!(store.step(&TenantId::default(), known.id, &path("approve")).await.unwrap(), None);
    assert_eq!(store.step(&TenantId::default(), run_id(2), &path("approve")).await.unwrap(), None);
    assert_eq!(store.steps(&TenantId::default(), run_id(2)).await.unwrap(), []);
    assert_eq!(store.blob(image_id(1)).await.unwrap(), None);
    let nowhere = SuspensionFilter { run: Some(run_id(2)), ..SuspensionFilter::default() };
    assert_eq!(store.list_suspensions(&known.tenant, nowhere).await.unwrap().rows, []);
}

/// Creating a run fails if there is one, whoever it belongs to.
pub async fn a_run_is_created_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    put(&*store, create(run(1))).await;
    let again = store.commit(create(run(1))).await.unwrap_err();
    let said = "run run_01900000000070008000000000000001 exists already";
    assert_eq!(again.to_string(), said);
    assert_eq!(refusal(&*store, create(run(1)).of(&tenant("other"))).await, "version conflict");
    assert_eq!(store.run(&tenant("other"), run_id(1)).await.unwrap(), None);
}

/// A change names the version it builds on, and is refused at any other.
pub async fn a_change_builds_on_the_version_it_names(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1))).await;
    let second = put(&*store, change(&first).with_step("a", calling(1))).await;
    match store.commit(change(&first)).await.unwrap_err() {
        CommitError::VersionConflict { run, expected, found } => {
            assert_eq!((run, expected, found), (first.id, Some(1), Some(2)));
        }
        other => panic!("{other}"),
    }
    let mut ahead = change(&second);
    ahead.expected = Some(7);
    ahead.run_mut().version = 8;
    assert_eq!(refusal(&*store, ahead).await, "version conflict");
    match store.commit(change(&RunState { version: 1, ..run(2) })).await.unwrap_err() {
        CommitError::VersionConflict { expected, found, .. } => {
            assert_eq!((expected, found), (Some(1), None))
        }
        other => panic!("{other}"),
    }
    assert_eq!(read(&*store, &first).await, Some(second));
}

/// A change that leaves the version as it is could be made twice.
pub async fn a_change_raises_the_version(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1))).await;
    let mut still = change(&first);
    still.run_mut().version = first.version;
    assert_eq!(refusal(&*store, still).await, "refused");
}

/// Nothing of a refused commit is there: no head, step, suspension or image, and what it drops or closes stays.
pub async fn a_refused_commit_stores_nothing(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = create(run(1)).with_step("a", asking(1, &[])).with_image(1, b"one");
    let first = put(&*store, first).await;
    let everything = |run: &RunState| {
        change(run)
            .with_closed(1, SuspensionEnd::Answered)
            .with_step("a", ended())
            .with_step("b", asking(2, &[]))
            .with_image(2, b"two")
            .without_image(1)
    };
    let taken = everything(&first).with_closed(3, SuspensionEnd::Answered);
    assert_eq!(refusal(&*store, taken).await, "suspension taken");
    let twice = everything(&first).with_closed(1, SuspensionEnd::Answered);
    assert_eq!(refusal(&*store, twice).await, "suspension taken");
    let stale = everything(&RunState { version: 0, ..first.clone() });
    assert_eq!(refusal(&*store, stale).await, "version conflict");

    assert_eq!(read(&*store, &first).await, Some(first.clone()));
    assert_eq!(store.steps(&TenantId::default(), first.id).await.unwrap().len(), 1);
    assert_eq!(store.blob(image_id(1)).await.unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(store.blob(image_id(2)).await.unwrap(), None);
    let open = store.list_suspensions(&first.tenant, SuspensionFilter::default()).await.unwrap().rows;
    assert_eq!((open.len(), open[0].state.ended), (1, None));

    let second = put(&*store, everything(&first)).await;
    assert_eq!(read(&*store, &first).await, Some(second));
    assert_eq!(store.blob(image_id(1)).await.unwrap(), None);
}

/// A suspension or an image is never written over by another of the same id.
pub async fn ids_are_used_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1)).with_step("a", asking(1, &[])).with_image(1, b"one")).await;
    let again = change(&first).with_step("b", asking(1, &[])).with_image(2, b"two");
    assert_eq!(refusal(&*store, again).await, "refused");
    assert_eq!(refusal(&*store, create(run(2)).with_image(1, b"two")).await, "refused");
    let twice = change(&first).with_image(2, b"two").with_image(2, b"two");
    assert_eq!(refusal(&*store, twice).await, "refused");
    assert_eq!(read(&*store, &run(2)).await, None);
    assert_eq!(store.blob(image_id(1)).await.unwrap().as_deref(), Some(&b"one"[..]));
}

/// What one handle has acknowledged, every other sees, and can build on.
pub async fn every_handle_sees_what_was_acknowledged(back_end: &dyn BackEnd) {
    let handles = [back_end.open(), back_end.open()];
    let mut latest = put(&*handles[0], create(run(1)).with_step("a", calling(1))).await;
    for turn in 0..20 {
        let other = &handles[(turn + 1) % 2];
        assert_eq!(read(&**other, &latest).await.as_ref(), Some(&latest));
        let next = change(&latest).with_step(&format!("s{turn}"), calling(1));
        let next = if turn % 3 == 0 { next.durable() } else { next };
        latest = put(&**other, next).await;
    }
    assert_eq!(latest.steps.len(), 21);
}

/// Steps are listed in the order of their first call, however they are named and whatever happens later.
pub async fn steps_come_in_the_order_of_their_first_call(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = put(&*store, create(run(1)).with_step("", holding()).with_step("z", calling(1))).await;
    put(&*store, create(run(2)).with_step("other", calling(1))).await;
    let second = change(&first).with_step("each[10].b", calling(1)).with_step("each[9].b", calling(1));
    let second = put(&*store, second).await;
    put(&*store, change(&second).with_step("z", ended()).with_step("a", calling(1))).await;
    let steps = store.steps(&TenantId::default(), run_id(1)).await.unwrap();
    let paths: Vec<String> = steps.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["", "z", "each[10].b", "each[9].b", "a"]);
    assert_eq!(steps[1].1, ended());
}

/// A step that is done is kept, but does not come with the run; one that is called again does.
pub async fn steps_that_ended_are_not_read_with_the_run(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now =
        put(&*store, create(run(1)).with_step("loop", calling(1)).with_step("other", calling(1))).await;
    now = put(&*store, change(&now).with_step("loop", ended())).await;
    let found = read(&*store, &now).await.unwrap();
    assert_eq!(found.steps.keys().map(ToString::to_string).collect::<Vec<_>>(), ["other"]);
    assert_eq!(store.step(&TenantId::default(), now.id, &path("loop")).await.unwrap(), Some(ended()));
    now = put(&*store, change(&now).with_step("loop", calling(1))).await;
    assert_eq!(read(&*store, &now).await.unwrap().steps.len(), 2);
}

/// An image is kept until a commit drops it; dropping one that is not there changes nothing.
pub async fn images_are_kept_until_they_are_dropped(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let large: Vec<u8> = (0..5_000_000u32).map(|byte| byte as u8).collect();
    let first = put(&*store, create(run(1)).with_image(1, b"").with_image(2, &large)).await;
    assert_eq!(store.blob(image_id(1)).await.unwrap(), Some(Vec::new()));
    assert_eq!(store.blob(image_id(2)).await.unwrap(), Some(large));
    let swap = change(&first).without_image(2).without_image(9).with_image(3, b"three");
    put(&*store, swap).await;
    assert_eq!(store.blob(image_id(2)).await.unwrap(), None);
    assert_eq!(store.blob(image_id(3)).await.unwrap().as_deref(), Some(&b"three"[..]));
}

/// JSON comes back as the text it was: every digit, any script, large, deep.
pub async fn odd_json_comes_back_as_it_was(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let deep = "[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX);
    let large = format!("\"{}\"", "long ".repeat(200_000));
    let odd = [
        "123456789012345678901234567890.10",
        "1e400",
        "-0.0",
        r#"{"a":1,"a":2}"#,
        "{ \"spaced\" :\t[ 1 , 2 ] }",
        r#""\u0000\ud83d\ude00 \"""#,
        r#""žluťoučký 馬 🐎 \u2028""#,
        "null",
        &deep,
        &large,
    ];
    let mut first = run(1);
    let mut step = calling(1);
    for (at, text) in odd.iter().enumerate() {
        first.state.insert(format!("key {at} \"é\" \n"), Json::stored(*text).unwrap());
    }
    step.entry.payload = Json::stored(large.clone()).unwrap();
    step.entry.output = Some(Json::stored(deep.clone()).unwrap());
    let wanted = put(&*store, create(first).with_step("a", step)).await;
    assert_eq!(read(&*store, &wanted).await, Some(wanted));
}
