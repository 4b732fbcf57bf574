//! Versions of workflows: applied, listed, retired, removed.

use reentry::StartOptions;
use reentry::core::error::ErrorKind;
use reentry::core::workflow::{Definition, WorkflowBuilder};
use reentry::{Component, ResumeOptions};
use serde_json::json;

use crate::guest::{asks, asks_newly, host};

fn version(component: &Component, title: &str) -> Definition {
    WorkflowBuilder::new("orders").title(title).then(component.step("ask")).definition()
}

#[tokio::test]
async fn new_runs_get_the_current_version_and_old_ones_keep_theirs() {
    let tenant = host().build().await.unwrap().default_tenant();
    let ask = asks(&tenant).await;
    let one = tenant.apply_workflow(version(&ask, "one")).await.unwrap();
    let run = tenant
        .workflow_by_id("orders")
        .await
        .unwrap()
        .new_run()
        .start(StartOptions::default())
        .await
        .unwrap()
        .run;
    let two = tenant.apply_workflow(version(&ask, "two")).await.unwrap();
    assert_eq!((one.previous, two.previous), (None, Some(one.workflow.digest())));
    assert_eq!(tenant.workflow_by_id("orders").await.unwrap().digest(), two.workflow.digest());
    assert_eq!(run.state().await.unwrap().workflow, one.workflow.digest());
    let rows = tenant.workflows().await.unwrap();
    let rows: Vec<_> =
        rows.iter().map(|row| (row.digest == two.workflow.digest(), row.current, row.open_runs)).collect();
    assert_eq!(rows, [(true, true, 0), (false, false, 1)]);

    // In the order in which they let go of each other.
    let kinds = |error: reentry::Error| (error.kind(), error.code());
    assert_eq!(
        kinds(tenant.remove_workflow(one.workflow.digest()).await.unwrap_err()),
        (ErrorKind::Conflict, "in-use")
    );
    run.resume(ResumeOptions::data(json!(1))).await.unwrap();
    tenant.delete_run(run.id()).await.unwrap();
    tenant.remove_workflow(one.workflow.digest()).await.unwrap();
    let error = tenant.workflow_by_digest(one.workflow.digest()).await.unwrap_err();
    assert_eq!(kinds(error), (ErrorKind::NotFound, "no-workflow"));
    let error = tenant.remove_workflow(two.workflow.digest()).await.unwrap_err();
    assert_eq!(kinds(error), (ErrorKind::Conflict, "current-workflow"));
    assert_eq!(
        kinds(tenant.remove_component(ask.digest()).await.unwrap_err()),
        (ErrorKind::Conflict, "in-use")
    );
    assert_eq!(tenant.component_usage(ask.digest()).await.unwrap().workflows.len(), 1);
    assert_eq!(tenant.retire_workflow("orders").await.unwrap(), two.workflow.digest());
    assert_eq!(
        kinds(tenant.workflow_by_id("orders").await.unwrap_err()),
        (ErrorKind::NotFound, "no-workflow")
    );
    tenant.remove_component(ask.digest()).await.unwrap();
    assert_eq!(tenant.component(ask.digest()).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_waiting_run_moves_to_a_version_in_which_its_memory_fits() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (ask, newer) = (asks(&tenant).await, asks_newly(&tenant).await);
    let one = tenant.apply_workflow(version(&ask, "one")).await.unwrap().workflow;
    let run = one.new_run().start(StartOptions::default()).await.unwrap().run;
    let two = tenant.apply_workflow(version(&ask, "two")).await.unwrap().workflow;
    run.migrate(two.digest()).await.unwrap();
    assert_eq!(run.state().await.unwrap().workflow, two.digest());

    let three = tenant.apply_workflow(version(&newer, "three")).await.unwrap().workflow;
    let error = run.migrate(three.digest()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "not-migratable"));
    assert!(error.to_string().contains(&ask.digest().to_string()), "{error}");
    let result = run.resume(ResumeOptions::data(json!(1))).await.unwrap();
    assert_eq!(result.result.unwrap().text(), "1");
    assert_eq!(run.migrate(three.digest()).await.unwrap_err().code(), "not-migratable");
}
