//! What guests logged: kept call by call, bounded for each run, and read by forks.

use super::BackEnd;
use super::drafts::{change, create, path, put, run, run_id};
use crate::{CallLogFilter, CallLogs, LogPlace, RUN_LOG_BYTES_MAX, Store, StoreError};
use reentry_core::id::TenantId;

/// The call logs of a run, a line each, and before them how many lines were dropped, if any were.
fn told(page: &CallLogs) -> Vec<String> {
    let dropped = (page.dropped > 0).then(|| format!("{} dropped", page.dropped));
    let rows = page.rows.iter().map(|row| {
        let log = &row.log;
        let text: String = log.text.chars().take(10).collect();
        format!(
            "v{} {} `{}` {}.{} {} {text}",
            row.version, row.at.0, log.path, log.call, log.attempt, log.lines
        )
    });
    dropped.into_iter().chain(rows).collect()
}

async fn read(store: &dyn Store, number: u64, step: &str, after: Option<LogPlace>) -> CallLogs {
    let step = (!step.is_empty()).then(|| path(step));
    store.call_logs(&TenantId::default(), run_id(number), &CallLogFilter { step, after }).await.unwrap()
}

/// They come in the order of their commits, of all steps or of one with what is in it, as they were stored.
pub async fn what_guests_log_is_read_call_by_call(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = put(&*store, create(run(1)).logging("ask", 1, "[1.10]\n[\u{0}]")).await;
    assert_eq!(read(&*store, 2, "", None).await, CallLogs::default());
    for (step, call) in [("", 0), ("each[3].ask", 1), ("each", 2), ("each-other", 1), ("ask", 2)] {
        let next = change(&now);
        now = put(&*store, if step.is_empty() { next } else { next.logging(step, call, "{}") }).await;
    }
    let all = read(&*store, 1, "", None).await;
    assert_eq!(&*all.rows[0].log.text, "[1.10]\n[\u{0}]");
    let lines = told(&all);
    assert_eq!(
        lines[1..4],
        ["v3 1021 `each[3].ask` 1.0 1 {}", "v4 1031 `each` 2.0 1 {}", "v5 1041 `each-other` 1.0 1 {}"]
    );
    assert_eq!((all.more, all.dropped, lines.len()), (false, 0, 5));
    for (step, wanted) in [
        ("each", &lines[1..3]),
        ("each[3]", &lines[1..2]),
        ("ask", &[lines[0].clone(), lines[4].clone()][..]),
        ("no", &[]),
    ] {
        assert_eq!(told(&read(&*store, 1, step, None).await), wanted, "{step}");
    }
    // What comes later follows the place, whatever was asked for.
    for step in ["", "no"] {
        let place = read(&*store, 1, step, None).await.next;
        assert_eq!(place, Some(LogPlace { run: run_id(1), version: 6, lines: 5 }));
        assert_eq!(read(&*store, 1, "", place).await, CallLogs { next: place, ..CallLogs::default() });
    }
    let place = read(&*store, 1, "", None).await.next;
    put(&*store, change(&now).logging("ask", 3, "{}")).await;
    assert_eq!(told(&read(&*store, 1, "", place).await), ["v7 1061 `ask` 3.0 1 {}"]);
    let elsewhere = place.map(|place| LogPlace { run: run_id(9), ..place });
    let refused = store
        .call_logs(&TenantId::default(), run_id(1), &CallLogFilter { step: None, after: elsewhere })
        .await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}

/// A page has an end, from which the next one goes on.
pub async fn call_logs_are_read_page_by_page(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let mut now = put(&*store, create(run(1))).await;
    for call in 0..1_002 {
        now = put(&*store, change(&now).logging(if call == 500 { "b" } else { "a" }, call, "{}")).await;
    }
    put(&*store, create(run(2)).forking(1, now.version).logging("a", 2_000, "{}")).await;
    let calls = |page: &CallLogs| page.rows.iter().map(|row| row.log.call).collect::<Vec<_>>();
    let first = read(&*store, 2, "", None).await;
    assert_eq!((calls(&first).len(), first.more), (1_000, true));
    let second = read(&*store, 2, "", first.next).await;
    assert_eq!((calls(&second), second.more), (vec![1_000, 1_001, 2_000], false));
    let first = read(&*store, 2, "a", None).await;
    assert_eq!((calls(&first).last(), first.more), (Some(&1_000), true));
    assert_eq!(calls(&read(&*store, 2, "a", first.next).await), [1_001, 2_000]);
}

/// Of a run, the latest are kept, up to a bound; the latest of all, whatever it has. How many lines went is known.
pub async fn the_oldest_call_logs_go(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let quarter = "x".repeat(usize::try_from(RUN_LOG_BYTES_MAX / 4).unwrap());
    let other = put(&*store, create(run(2)).logging("a", 1, "{}")).await;
    let mut now = put(&*store, create(run(1)).logging("a", 1, &quarter)).await;
    let place = read(&*store, 1, "", None).await.next;
    for call in 2..=4 {
        now = put(&*store, change(&now).logging("a", call, &quarter)).await;
    }
    let calls = async |after| {
        let page = read(&*store, 1, "", after).await;
        (page.dropped, page.rows.iter().map(|row| row.log.call).collect::<Vec<_>>())
    };
    // As many bytes as there may be.
    assert_eq!(calls(None).await, (0, vec![1, 2, 3, 4]));
    now = put(&*store, change(&now).logging("b", 5, "")).await;
    assert_eq!(calls(None).await, (0, vec![1, 2, 3, 4, 5]));
    now = put(&*store, change(&now).logging("a", 6, "xx")).await;
    assert_eq!(calls(None).await, (1, vec![2, 3, 4, 5, 6]));
    now = put(&*store, change(&now).logging("a", 7, &quarter)).await;
    assert_eq!(calls(None).await, (2, vec![3, 4, 5, 6, 7]));
    // The first was seen from there; of those that are told by step, all that went are counted.
    assert_eq!(calls(place).await, (1, vec![3, 4, 5, 6, 7]));
    assert_eq!(told(&read(&*store, 1, "b", None).await)[0], "2 dropped");
    let place = read(&*store, 1, "b", None).await.next;
    assert_eq!(calls(place).await, (0, vec![]));
    let whole = quarter.repeat(5);
    put(&*store, change(&now).logging("a", 8, &whole)).await;
    assert_eq!(calls(None).await, (7, vec![8]));
    assert_eq!(calls(place).await, (0, vec![8]));
    assert_eq!(
        told(&read(&*back_end.open(), 2, "", None).await),
        [format!("v1 {} `a` 1.0 1 {{}}", other.updated_at.0)]
    );
}

/// A fork reads what its parents logged until it began, then its own.
pub async fn a_fork_reads_what_its_parents_logged(back_end: &dyn BackEnd) {
    let store = back_end.open();
    let now = put(&*store, create(run(1)).logging("a", 1, "{}")).await;
    let now = put(&*store, change(&now).logging("a", 2, "{}")).await;
    let fork = put(&*store, create(run(2)).forking(1, 2)).await;
    let now = put(&*store, change(&now).logging("a", 3, "{}")).await;
    let fork = put(&*store, change(&fork).logging("b", 1, "{}")).await;
    put(&*store, create(run(3)).forking(2, 2).logging("c", 1, "{}")).await;
    put(&*store, change(&fork).logging("b", 2, "{}")).await;
    let whose = async |number, step, after| {
        let page = read(&*store, number, step, after).await;
        let rows = page.rows.iter().map(|row| {
            let of = (1..=3).find(|number| run_id(*number) == row.run).unwrap();
            format!("{of} {}{}", row.log.path, row.log.call)
        });
        (page.dropped, rows.collect::<Vec<_>>())
    };
    assert_eq!(whose(1, "", None).await.1, ["1 a1", "1 a2", "1 a3"]);
    assert_eq!(whose(2, "", None).await.1, ["1 a1", "1 a2", "2 b1", "2 b2"]);
    assert_eq!(whose(3, "", None).await.1, ["1 a1", "1 a2", "2 b1", "3 c1"]);
    assert_eq!(whose(3, "b", None).await.1, ["2 b1"]);
    let place = |run, version| Some(LogPlace { run: run_id(run), version, lines: version });
    assert_eq!(whose(3, "", place(1, 1)).await.1, ["1 a2", "2 b1", "3 c1"]);
    assert_eq!(whose(3, "", place(2, 0)).await.1, ["2 b1", "3 c1"]);
    // What the parent drops is gone for its forks, and counted once.
    let whole = "x".repeat(usize::try_from(RUN_LOG_BYTES_MAX).unwrap());
    put(&*store, change(&now).logging("a", 4, &whole)).await;
    let gone = read(&*store, 3, "", None).await;
    assert_eq!(told(&gone)[1..], ["v2 1012 `b` 1.0 1 {}", "v1 1003 `c` 1.0 1 {}"]);
    assert_eq!((gone.dropped, read(&*store, 3, "", gone.next).await.dropped), (3, 0));
    let none = read(&*store, 3, "no", None).await;
    assert_eq!((none.dropped, read(&*store, 3, "no", none.next).await.dropped), (3, 0));
}
