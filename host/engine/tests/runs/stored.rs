//! What was stored by an earlier version goes on, however strict later versions are with what is new.

use reentry::core::digest::WorkflowDigest;
use reentry::core::json::Json;
use reentry::core::time::Timestamp;
use reentry::store::WorkflowRecord;
use reentry::{Error, ResumeOptions};
use serde_json::json;

use crate::guest::{Shared, asks, definition, input, line};

#[tokio::test]
async fn a_run_of_a_definition_that_would_be_refused_today_goes_on() {
    let shared = Shared::new();
    let first = shared.host().build().await.unwrap().default_tenant();
    let ask = asks(&first).await;
    let steps = r#"[{"then": {"id": "ask", "component": "@", "step": "ask"}},
        {"map": {"id": "m", "to": "has(steps.gone) ? 0 : input"}}]"#;
    let strange = definition("strange", &ask, steps);
    assert!(matches!(first.commit(strange.clone()).await, Err(Error::Definition(_))));

    let text = Json::of(&strange).unwrap();
    let digest = WorkflowDigest::of(text.text().as_bytes());
    let record = WorkflowRecord {
        digest,
        id: "strange".into(),
        definition: text,
        components: vec![ask.digest()],
        created_at: Timestamp(0),
    };
    shared.store().put_workflow(first.id(), record).await.unwrap();
    let run =
        first.workflow_by_digest(digest).await.unwrap().new_run().start(input(json!(1))).await.unwrap().run;
    let id = run.id();
    drop((run, first));
    let second = shared.host().build().await.unwrap().default_tenant();
    let result = second.run(id).await.unwrap().resume(ResumeOptions::data(json!(2))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":2,"status":"success"}"#);
}
