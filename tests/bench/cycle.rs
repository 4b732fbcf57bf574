//! Whole cycles: create, start, suspend, resume, result.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reentry::core::run::{Durability, RunStatus};
use reentry::{Host, ResumeOptions, StartOptions, Workflow};
use reentry_tests::{json, workflow_of};
use serde_json::json;

use crate::floor::Floor;
use crate::report::{Goal, cpu_seconds, figure};

const MEASURED: Duration = Duration::from_secs(5);

/// Measures and prints rates, processor time and fsyncs.
pub async fn measure(floor: &Floor) -> Result<()> {
    for (mode, durability) in [("fsync", Durability::Durable), ("no_fsync", Durability::Visible)] {
        for in_flight in [1, 32] {
            let counted = run(in_flight, durability).await?;
            let name = if in_flight == 1 { "sequential" } else { "32_in_flight" };
            let durable = durability == Durability::Durable;
            let goal = match (in_flight, durable) {
                (1, true) => Goal::AtLeast(floor.sequential * 0.6),
                (32, true) => Goal::AtLeast(floor.in_flight_32 * 0.5),
                _ => Goal::None,
            };
            figure(&format!("cycles.{name}.{mode}"), counted.rate, "cycles/s", goal);
            figure(&format!("cpu.{name}.{mode}"), counted.cpu_ms, "ms/cycle", Goal::AtMost(0.3));
            // Two a cycle, and the share of the checkpoints, which come once in some dozens of cycles.
            let goal = if durable { Goal::AtMost(2.1) } else { Goal::None };
            figure(&format!("fsyncs.{name}.{mode}"), counted.fsyncs, "fsyncs/cycle", goal);
        }
    }
    Ok(())
}

struct Counted {
    rate: f64,
    cpu_ms: f64,
    fsyncs: f64,
}

async fn run(in_flight: usize, durability: Durability) -> Result<Counted> {
    let dir = tempfile::tempdir()?;
    let host = Host::builder().data_dir(dir.path()).background(false).durability(durability).build().await?;
    let tenant = host.default_tenant();
    let workflow = workflow_of(&tenant, "memory-probe", "probe").await?;
    for _ in 0..50 {
        cycle(&workflow).await?;
    }
    let (before, cpu, begun) = (host.store_stats(), cpu_seconds()?, Instant::now());
    let clients = (0..in_flight).map(|_| {
        let workflow = workflow.clone();
        tokio::spawn(async move {
            let mut cycles = 0u32;
            while begun.elapsed() < MEASURED {
                cycle(&workflow).await?;
                cycles += 1;
            }
            anyhow::Ok(cycles)
        })
    });
    let mut cycles = 0u32;
    for client in clients.collect::<Vec<_>>() {
        cycles += client.await??;
    }
    let (after, cycles) = (host.store_stats(), f64::from(cycles));
    Ok(Counted {
        rate: cycles / begun.elapsed().as_secs_f64(),
        cpu_ms: (cpu_seconds()? - cpu) * 1000.0 / cycles,
        fsyncs: f64::from(u32::try_from(after.fsyncs - before.fsyncs)?) / cycles,
    })
}

async fn cycle(workflow: &Workflow) -> Result<()> {
    let run = workflow.new_run().create().await.context("creating")?;
    run.start(StartOptions::input(json(json!({"suspends": 1})))).await?;
    let result = run.resume(ResumeOptions::data(json(json!("go on")))).await?;
    ensure!(result.status == RunStatus::Success, "{result:?}");
    Ok(())
}
