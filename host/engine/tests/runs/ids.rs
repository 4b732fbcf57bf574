//! Ids are drawn from the host's random bytes, which must not repeat.

use std::sync::Arc;

use reentry::core::error::ErrorKind;
use reentry::store::RunFilter;
use reentry::{Entropy, OutputOptions};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{asks_twice, host, input, line};

/// Random bytes of a machine that was copied while it ran, say.
struct Repeating;

impl Entropy for Repeating {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[tokio::test]
async fn a_run_whose_id_is_there_already_is_not_begun_and_told_so() {
    let tenant =
        host().clock(Standing::new()).entropy(Arc::new(Repeating)).build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let first = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let error = workflow.new_run().start(input(json!(2))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string().replace(&first.id().to_string(), "run_1");
    insta::assert_snapshot!(text, @"the host could not continue run run_1: there is a run of this id already, and no new one was made: the host's random bytes repeat");
    assert_eq!(workflow.new_run().create().await.unwrap_err().to_string(), error.to_string());
    assert_eq!(tenant.runs(RunFilter::default()).await.unwrap().rows.len(), 1);
    insta::assert_snapshot!(
        line(&first.result(OutputOptions::default()).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
}
