//! What guests logged is kept with the ends of their calls, within bounds.

use std::path::Path;

use reentry::core::id::TenantId;
use reentry::core::retry::RetryPolicy;
use reentry::core::run::RunStatus;
use reentry::core::workflow::StepEntry;
use reentry::store::RUN_LOG_BYTES_MAX;
use reentry::{
    CALL_LOG_BYTES_MAX, CALL_LOG_LINES_MAX, ForkOptions, Level, LogFilter, LogLine, ResumeOptions, Run,
    Tenant,
};
use serde_json::json;

use crate::guest::{definition, host, input, says};

/// All lines of a run.
async fn all(run: &Run, filter: LogFilter) -> Vec<LogLine> {
    let (mut filter, mut lines) = (filter, Vec::new());
    loop {
        let page = run.logs(&filter).await.unwrap();
        lines.extend(page.lines);
        if !page.more {
            return lines;
        }
        filter.after = page.next;
    }
}

/// The lines of a run, as `path call.attempt message`.
async fn told(run: &Run) -> Vec<String> {
    let lines = all(run, LogFilter::default()).await;
    lines
        .iter()
        .map(|line| format!("{} {}.{} {}", line.path, line.call, line.attempt, line.message))
        .collect()
}

/// A run of one step that logs `said` and then does this.
async fn run(tenant: &Tenant, does: &str) -> Run {
    let component = says(tenant, "says", does, 1, "said").await;
    let retry = RetryPolicy { retries: 1, delay_ms: 0, ..RetryPolicy::default() };
    let retried = StepEntry { retry: Some(retry), ..component.step("ask") };
    let workflow = tenant.workflow("says").then(retried).commit().await.unwrap();
    workflow.new_run().start(input(json!(1))).await.unwrap().run
}

#[tokio::test]
async fn a_call_keeps_what_was_logged_however_it_ends() {
    let tenant = host().build().await.unwrap().default_tenant();
    let waits = run(&tenant, "").await;
    assert_eq!(told(&waits).await, ["ask 1.0 said"]);
    waits.resume(ResumeOptions::data(json!(2))).await.unwrap();
    assert_eq!(told(&waits).await, ["ask 1.0 said", "ask 2.0 goes on"]);
    // Traps are tried again.
    let traps = run(&tenant, "unreachable").await;
    assert_eq!(traps.status().await.unwrap(), RunStatus::Failed);
    assert_eq!(told(&traps).await, ["ask 1.0 said", "ask 1.1 said"]);
    let fails = run(&tenant, "(i32.store8 (i32.const 1024) (i32.const 1)) (i32.const 1024) return").await;
    assert_eq!(fails.status().await.unwrap(), RunStatus::Failed);
    assert_eq!(told(&fails).await, ["ask 1.0 said"]);
}

#[tokio::test]
async fn a_call_that_takes_too_long_keeps_what_was_logged() {
    let limits = reentry::Limits::default().call(std::time::Duration::from_millis(50));
    let tenant = host().limits(limits).build().await.unwrap().default_tenant();
    let endless = run(&tenant, "(loop $on (br $on))").await;
    assert_eq!(endless.status().await.unwrap(), RunStatus::Failed);
    assert_eq!(told(&endless).await, ["ask 1.0 said", "ask 1.1 said"]);
}

#[tokio::test]
async fn lines_are_read_by_step_and_level_and_from_any_place_on() {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let component = says(&tenant, "says", "", 1, "said").await;
    let step = |id: &str| StepEntry { id: id.to_owned(), ..component.step("ask") };
    let workflow = tenant.workflow("two").then(step("a")).then(step("b")).commit().await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let first = run.logs(&LogFilter::default()).await.unwrap();
    run.resume(ResumeOptions::data(json!(2))).await.unwrap();
    let messages = async |filter| {
        let lines = all(&run, filter).await;
        lines.iter().map(|line| format!("{} {}", line.path, line.message)).collect::<Vec<_>>()
    };
    assert_eq!(messages(LogFilter::default()).await, ["a said", "a goes on", "b said"]);
    let of_b = LogFilter::default().step("b".parse::<reentry::StepPath>().unwrap());
    assert_eq!(messages(of_b).await, ["b said"]);
    let later = LogFilter::default().after(first.next.unwrap());
    assert_eq!(messages(later).await, ["a goes on", "b said"]);
    let grave = LogFilter::default().level(Level::Warn);
    assert_eq!(messages(grave).await, Vec::<String>::new());
    let other = host.tenant(TenantId::new("other").unwrap()).run(run.id()).await;
    assert!(other.is_err(), "nothing of another tenant's is seen");
}

#[tokio::test]
async fn a_fork_has_what_was_logged_before_it_began() {
    let tenant = host().build().await.unwrap().default_tenant();
    let parent = run(&tenant, "").await;
    let fork = parent.fork(ForkOptions::default()).await.unwrap();
    parent.resume(ResumeOptions::data(json!(2))).await.unwrap();
    assert_eq!(told(&fork).await, ["ask 1.0 said"]);
    fork.resume(ResumeOptions::data(json!(3))).await.unwrap();
    let lines = all(&fork, LogFilter::default()).await;
    let runs: Vec<_> = lines.iter().map(|line| line.run_id).collect();
    assert_eq!((told(&fork).await.len(), runs), (2, vec![parent.id(), fork.id()]));
}

#[tokio::test]
async fn watchers_are_told_what_was_logged_before_the_end_of_the_call() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = run(&tenant, "").await;
    run.resume(ResumeOptions::data(json!(2))).await.unwrap();
    let (mut watch, mut seen) = (run.watch(Some(1)), Vec::new());
    while let Some(event) = watch.next().await.unwrap() {
        let (kind, payload) = crate::guest::told(&event);
        let message = payload.get("message").map(|message| message.text().to_owned());
        seen.push(format!("{}.{} {} {}", event.version, event.index, kind, message.unwrap_or_default()));
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    2.0 workflow-step-log "said"
    2.1 workflow-step-suspended 
    2.2 workflow-finish 
    3.0 workflow-start 
    3.1 workflow-step-start 
    4.0 workflow-step-log "goes on"
    4.1 workflow-step-result 
    4.2 workflow-finish 
    "#);
}

/// Bytes of the database and of what lies beside it.
fn bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let database = files.filter(|file| file.file_name().to_string_lossy().starts_with("reentry.db"));
    database.map(|file| file.metadata().unwrap().len()).sum()
}

#[tokio::test]
async fn a_call_that_logs_a_hundred_thousand_times_stays_within_its_bound_on_disk() {
    let data = tempfile::tempdir().unwrap();
    let limits = reentry::Limits::default().log_bytes(usize::MAX);
    let open =
        async || host().data_dir(data.path()).limits(limits.clone()).build().await.unwrap().default_tenant();
    let silent = open().await;
    let quiet = run(&silent, "").await;
    let (quiet, component) = (quiet.id(), says(&silent, "floods", "", 100_000, "a line of the log").await);
    let workflow = silent.workflow("floods").then(component.step("ask")).commit().await.unwrap();
    let digest = workflow.digest();
    drop((workflow, component, silent));
    let before = bytes(data.path());

    let tenant = open().await;
    let flood =
        tenant.workflow_by_digest(digest).await.unwrap().new_run().start(input(json!(1))).await.unwrap().run;
    let lines = all(&flood, LogFilter::default()).await;
    assert!(lines.len() <= CALL_LOG_LINES_MAX + 1, "{}", lines.len());
    let dropped: Vec<u64> = lines.iter().filter_map(|line| line.dropped).collect();
    assert_eq!(dropped, [100_001 - lines.len() as u64]);
    assert_eq!(told(&tenant.run(quiet).await.unwrap()).await, ["ask 1.0 said"]);
    drop((flood, tenant));
    let grown = bytes(data.path()) - before;
    assert!(grown <= CALL_LOG_BYTES_MAX as u64 + (64 << 10), "{grown}");
}

#[tokio::test]
async fn a_run_that_logs_in_call_after_call_stays_within_its_bound_on_disk() {
    let data = tempfile::tempdir().unwrap();
    let tenant = host().data_dir(data.path()).build().await.unwrap().default_tenant();
    let text = "x".repeat(4_000);
    let ends = "(i32.store (i32.const 1548) (i32.const 3990)) (i32.store (i32.const 1552) (i32.const 1)) (i32.const 1536) return";
    let component = says(&tenant, "floods", ends, 20, &text).await;
    let steps = r#"[{"doWhile": {"do": [{"map": {"to": "1"}}, {"then": {"component": "@", "step": "ask"}}],
        "while": "iteration < 40"}}]"#;
    let workflow = tenant.commit(definition("floods", &component, steps)).await.unwrap();
    let flood = workflow.new_run().start(input(json!(1))).await.unwrap();
    assert_eq!(flood.result.status, RunStatus::Success, "{:?}", flood.result.error);
    let lines = all(&flood.run, LogFilter::default()).await;
    let (first, kept) = (&lines[0], lines.iter().map(|line| line.message.len() as u64).sum::<u64>());
    assert!(first.path.is_root() && first.dropped.is_some_and(|dropped| dropped >= 200), "{first:?}");
    assert!((RUN_LOG_BYTES_MAX / 2..=RUN_LOG_BYTES_MAX).contains(&kept), "{kept}");
    drop((flood, workflow, component, tenant));
    let all = bytes(data.path());
    assert!(all <= RUN_LOG_BYTES_MAX + (512 << 10), "{all}");
}
