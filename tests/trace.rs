//! What `tracing` gets to see of a start and a resume.

use std::io;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use reentry::core::trace::TracingOptions;
use reentry::{ResumeOptions, StartOptions};
use reentry_tests::{host, json, workflow_of};
use serde_json::json;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::format::FmtSpan;

/// Collects what is written to it.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn spans_carry_the_ids_of_the_results_and_what_the_caller_asked_for() -> Result<()> {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // While there is one subscriber alone, what a thread without it meets first would be remembered as of no interest to any.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let run_all = async {
        // Tests at the same time have no subscriber, and what they met first is remembered as of no interest.
        tracing::callsite::rebuild_interest_cache();
        let host = host().build().await?;
        let run = workflow_of(&host, "memory-probe", "ask").await?.create_run().await?;
        let tracing_options = TracingOptions {
            tags: vec!["nightly".into()],
            request_context_keys: vec!["user.id".into()],
            ..TracingOptions::default()
        };
        let mut start = StartOptions { tracing_options, ..StartOptions::input(json(json!("?"))) };
        start.request_context.insert("user".into(), json(json!({"id": 7, "pin": "secret"})));
        let started = run.start(start).await?;
        let resumed = run.resume(ResumeOptions::data(json(json!("!")))).await?;
        anyhow::Ok((started, resumed))
    };
    let (started, resumed) = run_all.with_subscriber(subscriber).await?;
    let told = String::from_utf8(buffer.0.lock().unwrap().clone())?;

    assert_eq!(started.trace_id, resumed.trace_id, "one trace over both");
    assert_ne!(started.span_id, resumed.span_id);
    let ids = |result: &reentry::RunResult| {
        format!("trace_id={} span_id={}", result.trace_id.unwrap(), result.span_id.unwrap())
    };
    assert!(told.contains(&ids(&started)), "{told}");
    assert!(
        told.contains(&format!("{} parent_span_id={}", ids(&resumed), started.span_id.unwrap())),
        "{told}"
    );
    assert!(told.contains(r#"tags="nightly""#) && told.contains(r#"{\"user\":{\"id\":7}}"#), "{told}");
    assert!(!told.contains("secret"), "only what was asked for: {told}");
    Ok(())
}
