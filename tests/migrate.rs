//! A waiting run moves to another version of its component, and the process that moves it dies on the way.

use std::path::Path;

use anyhow::{Context as _, Result};
use reentry::core::id::RunId;
use reentry::core::resume::Target;
use reentry::fault::{FaultPoint, StoredChange};
use reentry::{Host, ResumeOptions, RunResult, Tenant};
use reentry_tests::folders::data_folder;
use reentry_tests::process::{HostProcess, Request, Response};
use reentry_tests::{json, workflow_of};
use serde_json::{Value, json};

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

async fn open(dir: &Path) -> Result<Host> {
    Ok(Host::builder().data_dir(dir).background(false).build().await?)
}

fn done(response: Option<Response>) -> Result<Value> {
    match response.context("the process died")? {
        Response::Done { result, .. } => Ok(result),
        other => anyhow::bail!("{other:?}"),
    }
}

/// A run of the first version that has one quote of three, in a folder that has both versions. The process that
/// brought it there is gone.
async fn waiting(dir: &Path) -> Result<RunId> {
    let tenant = open(dir).await?.default_tenant();
    workflow_of(&tenant, "quotes-2", "quotes").await?;
    drop(tenant);
    let mut process = HostProcess::start(HOST_PROCESS.as_ref(), dir, None).await?;
    let start = Request::Start {
        component: "quotes-1".into(),
        step: "quotes".into(),
        before: vec![],
        input: json!({"item": "bolts", "suppliers": ["north", "south", "west"]}),
    };
    let result = done(process.ask(&start).await?)?;
    let run: RunId = serde_json::from_value(result["runId"].clone())?;
    done(process.ask(&Request::Resume { run, data: json!({"cents": 120}) }).await?)?;
    process.kill().await?;
    Ok(run)
}

fn migrate(run: RunId) -> Request {
    Request::Migrate { run, component: "quotes-2".into(), step: "quotes".into() }
}

/// Answers under the address that the question had before the move.
async fn answer(tenant: &Tenant, run: RunId, address: Target, data: Value) -> Result<RunResult> {
    Ok(tenant.run(run).await?.resume(ResumeOptions::data(json(data)).step(address)).await?)
}

/// How many memories are kept.
fn images(dir: &Path) -> Result<i64> {
    let database = rusqlite::Connection::open(dir.join("reentry.db"))?;
    Ok(database.query_row("SELECT count(*) FROM images", [], |row| row.get(0))?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_moves_whole_or_not_at_all_wherever_its_process_dies() -> Result<()> {
    let commit = |at: fn(StoredChange) -> FaultPoint| at(StoredChange::Migrated);
    let cases = [
        // Before and after the old version is asked, and the new one.
        (FaultPoint::BeforeCall, 1, false),
        (FaultPoint::AfterCall, 1, false),
        (FaultPoint::BeforeCall, 2, false),
        (FaultPoint::AfterCall, 2, false),
        (commit(FaultPoint::BeforeCommit), 1, false),
        (commit(FaultPoint::AfterCommit), 1, true),
    ];
    for (point, time, has_moved) in cases {
        let case = format!("killed at {point}, time {time}");
        let dir = data_folder()?;
        let run = waiting(dir.path()).await?;
        let kept = images(dir.path())?;
        let before = open(dir.path()).await?.default_tenant().run(run).await?.state().await?;
        let mut mover =
            HostProcess::start(HOST_PROCESS.as_ref(), dir.path(), Some((&point.to_string(), time))).await?;
        assert!(mover.ask(&migrate(run)).await?.is_none(), "{case}: it dies");

        let host = open(dir.path()).await?;
        let tenant = host.default_tenant();
        assert_eq!(host.recover().await?, [], "{case}: nothing is left to take over");
        let after = tenant.run(run).await?.state().await?;
        assert_eq!(after.workflow != before.workflow, has_moved, "{case}");
        assert_eq!(after == before, !has_moved, "{case}");
        drop((host, tenant));
        // Whoever was not told asks again.
        let mut again = HostProcess::start(HOST_PROCESS.as_ref(), dir.path(), None).await?;
        let moved = done(again.ask(&migrate(run)).await?).context(case.clone())?;
        assert_eq!(moved["steps"].as_array().map(Vec::len), Some(usize::from(!has_moved)), "{case}: {moved}");
        again.kill().await?;
        assert_eq!(images(dir.path())?, kept, "{case}: the new memory is in the place of the old one");

        let (_, asked) = before.waiting().next().context("it waits")?;
        let host = open(dir.path()).await?;
        let tenant = host.default_tenant();
        let result =
            answer(&tenant, run, Target::suspension(asked.id), json!({"cents": 90, "days": 9})).await?;
        assert_eq!(result.suspended[0].payload.value()?["to_beat"], 90, "{case}: the new code asks");
        let host = open(dir.path()).await?;
        let tenant = host.default_tenant();
        let result = answer(&tenant, run, Target::label("west"), json!({"cents": 90, "days": 2})).await?;
        let output = result.result.context("it is done")?.value()?;
        assert_eq!(
            output,
            json!({"supplier": "west", "quotes": {
                "north": {"cents": 120, "days": null},
                "south": {"cents": 90, "days": 9},
                "west": {"cents": 90, "days": 2},
            }}),
            "{case}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_not_move_to_a_component_that_does_not_take_it_up() -> Result<()> {
    let dir = data_folder()?;
    let run = waiting(dir.path()).await?;
    let tenant = open(dir.path()).await?.default_tenant();
    let before = tenant.run(run).await?.state().await?;
    // The same place in the workflow, and a step that knows nothing of quotes.
    let bytes = reentry_tests::guests::component("counter")?;
    let counter = tenant.add_component("counter", &bytes).await?;
    let step = reentry::core::workflow::StepEntry { id: "quotes".into(), ..counter.step("counter") };
    let to = tenant.workflow("quotes").then(step).commit().await?.digest();
    let error = tenant.run(run).await?.migrate(to).await.unwrap_err();
    assert_eq!(error.code(), "not-migratable");
    assert!(error.to_string().contains("step counter takes up nothing from other versions"), "{error}");
    assert_eq!(tenant.run(run).await?.state().await?, before);
    Ok(())
}
