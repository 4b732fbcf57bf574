//! Forks see what their parents had done, and nothing that they do later.

use super::BackEnd;
use super::drafts::{
    calling, change, create, ended, given, holding, path, put, queued, refusal, run, run_id, tenant,
};
use super::records::{inputs, paths};
use crate::{Ancestor, Store};
use reentry_core::id::TenantId;

/// A run that has done `a` and `b` and two of four items; `c` goes on. Version 3.
async fn parent(store: &dyn Store) -> reentry_core::run::RunState {
    let first = create(run(1)).with_step("", given(holding(), "0")).with_step("a", given(calling(1), "1"));
    let now = put(store, first).await;
    let second = change(&now).with_step("a", given(ended(), "1")).with_step("b", given(ended(), "2"));
    let second = second.with_step("each", given(holding(), "3"));
    let items = (0..4)
        .fold(second, |commit, index| commit.with_step(&format!("each[{index}]"), given(queued(), "4")));
    let now = put(store, items).await;
    let third =
        change(&now).with_step("each[0]", given(ended(), "4")).with_step("each[1]", given(ended(), "4"));
    put(store, third.with_step("c", given(calling(1), "5"))).await
}

/// What a fork shows: parents' records that are at rest, its own in their place.
pub async fn a_fork_sees_what_was_done_before_it(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now = parent(&*store).await;
    let fork = create(run(2)).forking(1, 3).with_step("", given(holding(), "10"));
    let fork = put(&*store, fork.with_step("each", given(holding(), "11")).with_step("d", calling(1))).await;
    put(&*store, change(&now).with_step("c", ended()).with_step("e", ended())).await;
    put(&*store, create(run(3)).forking(2, 1).with_step("d", calling(1))).await;
    let last = |run| Ancestor { run: run_id(run), until: None };
    let (first, second) =
        (Ancestor { run: run_id(1), until: Some(3) }, Ancestor { run: run_id(2), until: Some(1) });
    for (run, wanted) in
        [(1, vec![last(1)]), (2, vec![first, last(2)]), (3, vec![first, second, last(3)]), (4, vec![])]
    {
        assert_eq!(store.lineage(&TenantId::default(), run_id(run)).await.unwrap(), wanted);
    }

    let wanted = ["", "a", "b", "c", "each", "each[0]", "each[2]", "e"];
    assert_eq!(inputs(&*store, 2, &wanted).await, ["10", "1", "2", "-", "11", "4", "4", "-"]);
    let items = store.children(&TenantId::default(), run_id(2), &path("each")).await.unwrap();
    assert_eq!(paths(&items), ["each[0]", "each[1]", "each[2]", "each[3]"]);
    assert_eq!((items[1].1.is_active(), items[1].1.entry.ended_at.is_some()), (false, true));
    assert_eq!(items[2].1, given(queued(), "4"));
    let all = paths(&store.steps(&TenantId::default(), run_id(2)).await.unwrap());
    assert_eq!(all, ["a", "b", "each[0]", "each[1]", "each[2]", "each[3]", "", "each", "d"]);
    // Only what is its own is read with the run.
    assert_eq!(store.run(&fork.tenant, fork.id).await.unwrap(), Some(fork.clone()));
    let next = change(&fork).with_step("each[2]", given(calling(1), "12"));
    put(&*store, next).await;
    assert_eq!(inputs(&*store, 2, &["each[2]", "each[3]"]).await, ["12", "4"]);
    assert_eq!(inputs(&*store, 1, &["each[2]", "", "d"]).await, ["4", "0", "-"]);
}

/// The records of a fork and its parents come in the order of the clock; those of one instant as they were stored,
/// parents first.
pub async fn the_steps_of_a_fork_come_by_the_clock(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let at = |at: u64, mut step: reentry_core::run::EntryRecord| {
        step.entry.started_at = reentry_core::time::Timestamp(at);
        step
    };
    let first = create(run(1)).with_step("", at(10, holding())).with_step("z", at(20, ended()));
    put(&*store, first.with_step("b", at(30, ended())).with_step("a", at(30, ended()))).await;
    let fork = create(run(2)).forking(1, 1).with_step("", at(10, holding())).with_step("c", at(30, ended()));
    put(&*store, fork.with_step("y", at(25, ended()))).await;
    assert_eq!(
        paths(&store.steps(&TenantId::default(), run_id(2)).await.unwrap()),
        ["", "z", "y", "b", "a", "c"]
    );
}

/// Whatever the parent does after a fork began, the fork sees what it saw.
pub async fn what_a_parent_does_later_changes_nothing(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let large = format!("\"{}\"", "x".repeat(10_000));
    let now = parent(&*store).await;
    let now = put(&*store, change(&now).with_step("l", given(ended(), &large))).await;
    put(&*store, create(run(2)).forking(1, 4).with_step("", given(holding(), "10"))).await;
    let wanted = ["a", "b", "each[0]", "each[2]", "l"];
    let seen = inputs(&*store, 2, &wanted).await;
    assert_eq!(seen, ["1", "2", "4", "4", &large]);
    let all = store.steps(&TenantId::default(), run_id(2)).await.unwrap();

    let now =
        put(&*store, change(&now).with_step("each[2]", given(calling(1), "20")).with_step("l", queued()))
            .await;
    let now = put(&*store, change(&now).with_step("each[2]", given(ended(), "20")).without_step("a")).await;
    let now =
        put(&*store, change(&now).with_step("each[2]", given(ended(), "21")).without_step("each")).await;
    let again = change(&now).with_step("a", given(ended(), "22")).with_step("b", given(calling(1), "23"));
    put(&*store, again.with_step("each[0]", given(ended(), "24"))).await;
    assert_eq!(inputs(&*store, 2, &wanted).await, seen);
    assert_eq!(store.steps(&TenantId::default(), run_id(2)).await.unwrap(), all);
    assert_eq!(inputs(&*store, 1, &["a", "b", "each[0]", "each[2]"]).await, ["22", "23", "24", "21"]);
}

/// A fork may begin where a run was saved, however far that has gone on since.
pub async fn a_fork_may_begin_in_the_past(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now = parent(&*store).await;
    let back = change(&now).saving(None, &[]).without_step("b").with_step("a", given(calling(1), "20"));
    let now = put(&*store, back).await;
    let now =
        put(&*store, change(&now).with_step("a", given(ended(), "20")).with_step("b", given(ended(), "21")))
            .await;
    let now = put(&*store, change(&now).saving(None, &[]).with_step("each[2]", given(ended(), "22"))).await;
    let now = put(&*store, change(&now).without_step("")).await;
    for (fork, version) in [(2, 3), (3, 5)] {
        put(&*store, create(run(fork)).forking(1, version).with_step("", given(holding(), "10"))).await;
    }
    let wanted = ["", "a", "b", "each[0]", "each[2]"];
    let seen = async || {
        assert_eq!(inputs(&*store, 1, &wanted).await, ["-"; 5]);
        assert_eq!(inputs(&*store, 2, &wanted).await, ["10", "1", "2", "4", "4"]);
        assert_eq!(inputs(&*store, 3, &wanted).await, ["10", "20", "21", "4", "4"]);
    };
    seen().await;
    // A savepoint that is forgotten takes nothing from forks that began there.
    put(&*store, change(&now).saving(None, &[]).keeping(1)).await;
    assert_eq!(store.savepoints(&TenantId::default(), run_id(1)).await.unwrap().len(), 1);
    seen().await;
}

/// A fork begins where the run stands or was saved: in between, what it would have to see may be gone.
pub async fn a_fork_does_not_begin_where_nothing_was_kept(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now = parent(&*store).await;
    // At version 3 this item had not begun, which no record says any more.
    let now = put(&*store, change(&now).with_step("each[2]", given(calling(1), "20"))).await;
    let fork = |version| create(run(2)).forking(1, version).with_step("", given(holding(), "10"));
    assert_eq!(refusal(&*store, fork(3)).await, "parent changed");
    put(&*store, change(&now).saving(None, &[]).with_step("each[2]", given(ended(), "20"))).await;
    assert_eq!(refusal(&*store, fork(3)).await, "parent changed");
    put(&*store, fork(4)).await;
}

/// A fork that goes back before it began drops what it saw; forks of it see what they saw.
pub async fn a_fork_may_drop_what_it_saw(back_end: &dyn BackEnd) {
    let store = back_end.open();
    parent(&*store).await;
    let fork = put(&*store, create(run(2)).forking(1, 3).with_step("d", given(ended(), "10"))).await;
    put(&*store, create(run(3)).forking(2, 1).with_step("x", calling(1))).await;
    let back = change(&fork).without_step("a").without_step("each").with_step("each", given(holding(), "11"));
    let back = put(&*store, back).await;
    let wanted = ["a", "b", "each", "each[0]", "each[2]", "d"];
    assert_eq!(inputs(&*store, 2, &wanted).await, ["-", "2", "11", "-", "-", "10"]);
    assert_eq!(store.children(&TenantId::default(), run_id(2), &path("each")).await.unwrap(), []);
    assert_eq!(inputs(&*store, 3, &wanted).await, ["1", "2", "-", "4", "4", "10"]);
    let again = change(&back).with_step("each[0]", given(ended(), "12")).with_step("a", given(ended(), "13"));
    let again = put(&*store, again).await;
    put(&*store, create(run(4)).forking(2, 3)).await;
    put(&*store, change(&again).without_step("a").without_step("b")).await;
    assert_eq!(inputs(&*store, 2, &wanted).await, ["-", "-", "11", "12", "-", "10"]);
    assert_eq!(inputs(&*store, 3, &wanted).await, ["1", "2", "-", "4", "4", "10"]);
    assert_eq!(inputs(&*store, 4, &wanted).await, ["13", "2", "-", "12", "-", "10"]);
}

/// A fork begins from a version that a run of its tenant has had, and only a new run is one.
pub async fn a_fork_begins_from_a_run_of_its_tenant(back_end: &dyn BackEnd) {
    let store = back_end.open();
    parent(&*store).await;
    assert_eq!(refusal(&*store, create(run(2)).forking(1, 4)).await, "refused");
    assert_eq!(refusal(&*store, create(run(2)).forking(3, 0)).await, "refused");
    assert_eq!(refusal(&*store, create(run(2)).forking(2, 1)).await, "refused");
    assert_eq!(refusal(&*store, create(run(2)).of(&tenant("other")).forking(1, 3)).await, "refused");
    let now = put(&*store, create(run(2))).await;
    assert_eq!(refusal(&*store, change(&now).forking(1, 3)).await, "refused");
    assert_eq!(store.steps(&TenantId::default(), run_id(2)).await.unwrap(), []);
}
