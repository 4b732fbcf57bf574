//! Steps' records: by name, by repetition, with their payloads, and what never happened.

use reentry_core::id::TenantId;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, Phase};

use super::BackEnd;
use super::drafts::{
    calling, change, create, ended, given, given_apart, holding, image_id, path, put, queued, refusal, run,
    run_id, tenant, unread,
};
use crate::Store;

/// The paths of records, in order.
pub(super) fn paths(records: &[(StepPath, EntryRecord)]) -> Vec<String> {
    records.iter().map(|(path, _)| path.to_string()).collect()
}

/// The inputs of the named steps; `-` for one without a record.
pub(super) async fn inputs(store: &dyn Store, run: u64, wanted: &[&str]) -> Vec<String> {
    let paths: Vec<StepPath> = wanted.iter().map(|text| path(text)).collect();
    let found = store.outputs(&TenantId::default(), run_id(run), &paths).await.unwrap();
    assert_eq!(found.iter().map(|(path, _)| path).collect::<Vec<_>>(), paths.iter().collect::<Vec<_>>());
    for (path, step) in &found {
        assert_eq!(store.step(&TenantId::default(), run_id(run), path).await.unwrap(), *step, "{path}");
    }
    let input =
        |step: Option<EntryRecord>| step.map_or("-".to_owned(), |step| step.entry.payload.to_string());
    found.into_iter().map(|(_, step)| input(step)).collect()
}

/// As many records come as were named, in that order, done or not, missing or named twice.
pub async fn records_are_read_by_name(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first = create(run(1)).with_step("", given(holding(), "0")).with_step("a", given(ended(), "1"));
    put(&*store, first.with_step("each[10].b", given(calling(1), "2")).with_step("c", given(queued(), "3")))
        .await;
    put(&*store, create(run(2)).with_step("other", ended())).await;
    let wanted = ["c", "other", "", "each[10].b", "a", "a", "each[1].b"];
    assert_eq!(inputs(&*store, 1, &wanted).await, ["3", "-", "0", "2", "1", "1", "-"]);
    assert_eq!(inputs(&*store, 3, &["a"]).await, ["-"]);
    assert_eq!(inputs(&*store, 1, &[]).await, [""; 0]);
    let many: Vec<String> = (0..500).map(|index| format!("each[{index}].b")).collect();
    let found = inputs(&*store, 1, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!((found[9].as_str(), found[10].as_str()), ("-", "2"));
}

/// The repetitions of one step, and nothing that lies below them or is only named alike.
pub async fn repetitions_come_in_the_order_of_their_indexes(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut first = create(run(1)).with_step("", holding()).with_step("each", holding());
    for at in [
        "each[10]",
        "each[2]",
        "each[2].check",
        "each[2].in[7]",
        "each[0]",
        "each-2[1]",
        "eacha[1]",
        "EACH[1]",
    ] {
        first = first.with_step(at, calling(1));
    }
    for at in ["a.each[1]", "a[3].each[1]", "a[3].each[0].b", "each_[4]"] {
        first = first.with_step(at, ended());
    }
    put(&*store, first).await;
    let children =
        async |at: &str| paths(&store.children(&TenantId::default(), run_id(1), &path(at)).await.unwrap());
    assert_eq!(children("each").await, ["each[0]", "each[2]", "each[10]"]);
    assert_eq!(children("each[2].in").await, ["each[2].in[7]"]);
    assert_eq!(children("a[3].each").await, ["a[3].each[1]"]);
    for at in ["", "each[2]", "a", "none", "each[2].check"] {
        assert_eq!(children(at).await, if at == "a" { vec!["a[3]"; 0] } else { Vec::new() }, "{at}");
    }
    assert_eq!(store.children(&TenantId::default(), run_id(2), &path("each")).await.unwrap(), []);
}

/// Thousands of items that were put down at once come in the order of their indexes, in every list.
pub async fn many_items_come_in_order(back_end: &dyn BackEnd) {
    const ITEMS: u32 = 10_000;
    let store = back_end.open();
    let mut first = create(run(1)).with_step("each", holding());
    for index in 0..ITEMS {
        first.steps.push((path("each").repetition(index), given(queued(), &index.to_string())));
    }
    let now = put(&*store, first).await;
    let begun = change(&now).with_step("each[7]", given(calling(1), "7")).with_step("each[7].b", calling(1));
    put(&*store, begun).await;
    let items = store.children(&TenantId::default(), run_id(1), &path("each")).await.unwrap();
    assert_eq!(items.len() as u32, ITEMS);
    for (index, (at, step)) in (0..).zip(&items) {
        assert_eq!((at, step.entry.payload.text()), (&path("each").repetition(index), &*index.to_string()));
    }
    let all = store.steps(&TenantId::default(), run_id(1)).await.unwrap();
    assert_eq!(all[1..=ITEMS as usize], items);
}

/// A step that has not begun has a record, but is not read with the run until it begins.
pub async fn what_has_not_begun_is_not_read_with_the_run(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let first =
        put(&*store, create(run(1)).with_step("each[0]", calling(1)).with_step("each[1]", queued())).await;
    let read = async || store.run(&first.tenant, first.id).await.unwrap().unwrap();
    assert_eq!(read().await, first);
    assert_eq!(first.steps.len(), 1);
    assert_eq!(store.step(&TenantId::default(), first.id, &path("each[1]")).await.unwrap(), Some(queued()));
    let second = put(&*store, change(&first).with_step("each[1]", calling(1))).await;
    assert_eq!(read().await, second);
    assert_eq!(second.steps.len(), 2);
}

/// A step keeps its payload while it goes on, whatever its size; one that begins anew brings its own.
pub async fn a_payload_stays_with_its_step(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let text = |length: usize| format!("\"{}\"", "x".repeat(length));
    let mut now = put(&*store, create(run(1)).with_step("", holding())).await;
    for length in [1, 2_046, 2_047, 100_000, 90_000, 5, 3_000, 6] {
        let payload = text(length);
        for step in [queued(), calling(1), calling(2), ended()] {
            let step = given(step, &payload);
            now = put(&*store, change(&now).with_step("a", step.clone())).await;
            assert_eq!(store.step(&TenantId::default(), run_id(1), &path("a")).await.unwrap(), Some(step));
            assert_eq!(store.run(&now.tenant, now.id).await.unwrap().unwrap().steps, now.steps, "{length}");
        }
    }
    now = put(&*store, change(&now).without_step("a").with_step("a", given(calling(1), &text(9_000)))).await;
    assert_eq!(inputs(&*store, 1, &["a"]).await, [text(9_000)]);
    put(&*store, change(&now).without_step("a")).await;
    assert_eq!(inputs(&*store, 1, &["a"]).await, ["-"]);
}

/// A payload that is kept apart is not read with the run, is there once however many have it, and goes with the last
/// one.
pub async fn a_payload_apart_is_there_once(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let array = given_apart(holding(), 1, "[1,2]");
    let first = create(run(1)).with_step("", array.clone()).with_step("each", array.clone());
    let first = first.with_step("each[0]", given_apart(queued(), 2, "1"));
    let now = put(&*store, first).await;
    let kept = async |number| store.blob(image_id(number)).await.unwrap();
    assert_eq!(kept(1).await, Some(b"[1,2]".to_vec()));
    assert_eq!(inputs(&*store, 1, &["", "each", "each[0]"]).await, ["[1,2]", "[1,2]", "1"]);
    assert_eq!(
        store.step(&TenantId::default(), run_id(1), &path("each")).await.unwrap(),
        Some(array.clone())
    );
    let read = store.run(&now.tenant, now.id).await.unwrap().unwrap();
    assert_eq!(read.steps.into_values().collect::<Vec<_>>(), [unread(array.clone()), unread(array.clone())]);

    // What begins with one that is kept already names it, and need not have it.
    let other = put(&*store, create(run(2)).with_step("", unread(array.clone()))).await;
    assert_eq!(inputs(&*store, 2, &[""]).await, ["[1,2]"]);
    let unknown = create(run(3)).with_step("", unread(given_apart(holding(), 9, "9")));
    assert_eq!(refusal(&*store, unknown).await, "refused");
    // One may take over what another leaves.
    let moved = change(&other).without_step("").with_step("", unread(given_apart(ended(), 1, "0")));
    let other = put(&*store, moved).await;

    let now = put(&*store, change(&now).without_step("each").with_step("", ended())).await;
    assert_eq!((kept(1).await.is_some(), kept(2).await), (true, None));
    put(&*store, change(&now).with_step("", given(calling(1), "5"))).await;
    assert_eq!(
        (inputs(&*store, 1, &[""]).await, inputs(&*store, 2, &[""]).await),
        (vec!["5".to_owned()], vec!["[1,2]".to_owned()])
    );
    let mut last = change(&other);
    last.run_mut().phase = Phase::Succeeded;
    let other = put(&*store, last).await;
    store.delete_run(&other.tenant, other.id).await.unwrap();
    assert_eq!(kept(1).await, None);
}

/// A payload that is kept apart is there as long as a fork sees the record that it belongs to.
pub async fn a_payload_apart_stays_for_forks(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now = put(&*store, create(run(1)).with_step("a", given_apart(ended(), 1, "1"))).await;
    let fork = put(&*store, create(run(2)).forking(1, 1).with_step("", holding())).await;
    let now = put(&*store, change(&now).with_step("a", given_apart(ended(), 2, "2"))).await;
    let mut last = change(&now).without_step("a");
    last.run_mut().phase = Phase::Succeeded;
    let now = put(&*store, last).await;
    assert_eq!(
        (inputs(&*store, 1, &["a"]).await, inputs(&*store, 2, &["a"]).await),
        (vec!["-".to_owned()], vec!["1".to_owned()])
    );
    assert_eq!(store.blob(image_id(2)).await.unwrap(), None);
    let mut last = change(&fork);
    last.run_mut().phase = Phase::Succeeded;
    put(&*store, last).await;
    for run in [fork, now] {
        assert!(store.blob(image_id(1)).await.unwrap().is_some());
        store.delete_run(&run.tenant, run.id).await.unwrap();
    }
    assert_eq!(store.blob(image_id(1)).await.unwrap(), None);
}

/// What a step was before it was done again or dropped is read as long as a savepoint or a fork needs it.
pub async fn old_records_are_read_by_version(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let old = async |at: &str, version| {
        let old = store.old_step(&TenantId::default(), run_id(1), &path(at), version).await.unwrap();
        old.map_or("-".to_owned(), |step| step.entry.payload.to_string())
    };
    let first =
        create(run(1)).with_step("a", given_apart(ended(), 1, "1")).with_step("b", given(ended(), "9"));
    let now = put(&*store, first).await;
    let now = put(&*store, change(&now).saving(Some(1), &[]).with_step("a", given(ended(), "2"))).await;
    put(&*store, create(run(2)).forking(1, 2).with_step("", holding())).await;
    let now = put(&*store, change(&now).without_step("a").with_step("a", given(calling(1), "3"))).await;
    assert_eq!([old("a", 1).await, old("a", 2).await, old("a", 3).await], ["1", "2", "-"]);
    assert_eq!([old("b", 1).await, old("c", 1).await], ["-", "-"], "what it is still, and what never was");
    let other = store.old_step(&tenant("b"), run_id(1), &path("a"), 1).await.unwrap();
    assert_eq!(other, None, "of another tenant");
    // The savepoint goes, and with it what only it needs.
    put(&*store, change(&now).saving(Some(2), &[]).keeping(1)).await;
    assert_eq!([old("a", 1).await, old("a", 2).await], ["2", "2"]);
}

/// Dropped steps are gone with all below them; whatever is stored under their paths again, in the same commit too, is
/// new.
pub async fn dropped_steps_are_gone_with_all_below_them(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut first = create(run(1));
    for at in ["", "a", "a.b", "a[3]", "a[3].b", "a-b", "ab", "a_b", "z"] {
        first = first.with_step(at, given(calling(1), "1"));
    }
    let first = put(&*store, first).await;
    let second = put(&*store, change(&first).without_step("a").with_step("a", given(ended(), "2"))).await;
    assert_eq!(
        paths(&store.steps(&TenantId::default(), run_id(1)).await.unwrap()),
        ["", "a-b", "ab", "a_b", "z", "a"]
    );
    assert_eq!(inputs(&*store, 1, &["a", "a.b", "a[3].b"]).await, ["2", "-", "-"]);
    assert_eq!(store.run(&second.tenant, second.id).await.unwrap(), Some(second.clone()));
    let third = put(&*store, change(&second).without_step("").without_step("none")).await;
    assert_eq!(store.steps(&TenantId::default(), run_id(1)).await.unwrap(), []);
    assert_eq!(store.run(&third.tenant, third.id).await.unwrap(), Some(third));
}
