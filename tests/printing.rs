//! Steps built by the tools of their languages as they come, without an SDK: what they print goes through WASI, and
//! the streams that they hold are there again after each suspension.

use anyhow::{Result, ensure};
use reentry::core::run::RunStatus;
use reentry::wasm::Grants;
use reentry::{Error, Host, ResumeOptions, StartOptions};
use reentry_tests::folders::data_folder;
use reentry_tests::{Log, guests, json, workflow_of};
use serde_json::{Value, json};

#[tokio::test]
async fn python_prints_before_and_after_each_suspension() -> Result<()> {
    prints("plain-python").await
}

#[tokio::test]
async fn javascript_prints_before_and_after_each_suspension() -> Result<()> {
    prints("plain-javascript").await
}

/// Each answer is given to a new host, which has nothing of the one before but its folder.
async fn prints(component: &str) -> Result<()> {
    guests::component(component)?;
    let folder = data_folder()?;
    let log = Log::new();
    let tenant = async || {
        let grants = Grants::none().with_wasi();
        let host = Host::builder().data_dir(folder.path()).grants(grants).background(false);
        Ok::<_, Error>(host.observer(log.clone()).build().await?.default_tenant())
    };
    let mut now = tenant().await?;
    let run = workflow_of(&now, component, "it").await?.new_run().create().await?.id();
    let mut result = now.run(run).await?.start(StartOptions::input(json(json!({})))).await?;
    let mut expected = vec!["it Info begins".to_owned(), "it Warn complains".to_owned()];
    for answer in ["one", "two", "three"] {
        ensure!(result.status == RunStatus::Suspended, "{result:?}");
        drop(now);
        now = tenant().await?;
        result = now.run(run).await?.resume(ResumeOptions::data(json(json!(answer)))).await?;
        expected.extend([format!("it Info heard {answer}"), "it Warn complains again".to_owned()]);
    }
    ensure!(result.status == RunStatus::Success, "{result:?}");
    let output: Option<Value> = result.result.map(|json| json.value()).transpose()?;
    assert_eq!(output, Some(json!({"heard": ["one", "two", "three"], "environment": {}})));
    assert_eq!(log.lines(), expected);
    Ok(())
}
