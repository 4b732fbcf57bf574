//! What a run costs while it waits.

use anyhow::Result;
use reentry::{Host, StartOptions};
use reentry_tests::{json, workflow_of};
use serde_json::json;

use crate::report::{Goal, figure, resident_bytes};

const RUNS: u32 = 10_000;

/// Measures and prints memory and storage of runs that wait.
pub async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let tenant = Host::builder().data_dir(dir.path()).background(false).build().await?.default_tenant();
    let workflow = workflow_of(&tenant, "memory-probe", "ask").await?;
    // As many runs before as are counted: caches of a fixed size fill up with them, which is not what a run costs.
    suspend(&workflow, RUNS).await?;
    let before = resident_bytes()?;
    suspend(&workflow, RUNS).await?;
    let memory = (resident_bytes()? - before) / f64::from(RUNS);
    drop((workflow, tenant));

    let db = rusqlite::Connection::open(dir.path().join("reentry.db"))?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let runs = f64::from(2 * RUNS);
    let file = std::fs::metadata(dir.path().join("reentry.db"))?.len() as f64;
    let one = |sql: &str| -> Result<f64> { Ok(db.query_row(sql, [], |row| row.get::<_, f64>(0))?) };
    let images = one("SELECT total(length(data)) FROM images")?;
    let component = one("SELECT total(length(bytes) + length(base)) FROM components")?;
    let mut trees =
        db.prepare("SELECT name, total(pgsize), total(unused) FROM dbstat GROUP BY name ORDER BY 2 DESC")?;
    let trees = trees
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?, row.get::<_, f64>(2)?)))?;
    for tree in trees {
        let (name, bytes, unused) = tree?;
        if bytes > runs {
            figure(&format!("waiting.storage.{name}"), bytes / runs, "bytes/run", Goal::None);
            figure(&format!("waiting.storage.{name}.unused"), unused / runs, "bytes/run", Goal::None);
        }
    }
    figure("waiting.memory", memory, "bytes/run", Goal::AtMost(205.0));
    figure("waiting.image", images / runs, "bytes/run", Goal::None);
    figure(
        "waiting.storage_beside_the_image",
        (file - images - component) / runs,
        "bytes/run",
        Goal::AtMost(2048.0),
    );
    Ok(())
}

async fn suspend(workflow: &reentry::Workflow, runs: u32) -> Result<()> {
    for chunk in 0..runs / 50 {
        let starts = (0..50).map(|n| {
            let workflow = workflow.clone();
            tokio::spawn(async move {
                let run = workflow.new_run().create().await?;
                run.start(StartOptions::input(json(json!({"question": "may I?", "number": chunk * 50 + n}))))
                    .await
            })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await??;
        }
    }
    Ok(())
}
