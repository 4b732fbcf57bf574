//! How many commits a second, how long one takes, what it costs, beside what the disk alone can do.
//!
//! `cargo run --release -p reentry-store --example commit_rate [folder]`; the folder decides which disk is measured.
//! With `size` as second argument: how many bytes a waiting run takes instead.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reentry_core::json::Json;
use reentry_core::run::{RunState, SuspensionEnd};
use reentry_core::trace::{RootSpan, SpanId, TraceId};
use reentry_store::conformance::drafts::{asking, calling, change, create, ended, holding, run};
use reentry_store::sqlite::SqliteStore;
use reentry_store::{Commit, Runs, Store};

/// How long each line is measured.
const LASTING: Duration = Duration::from_secs(3);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("commit-rate-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let measured = match arguments.next() {
        Some(word) if word == "size" => size(&folder).await,
        _ => rates(&folder).await,
    };
    fs::remove_dir_all(&folder)?;
    measured
}

async fn rates(folder: &Path) -> Result<()> {
    println!(
        "{:24} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "per second", "p10 us", "p50 us", "p99 us", "cpu us", "fsyncs"
    );
    floor(folder)?;
    for (name, writers, durable) in [
        ("visible, 1 writer", 1, false),
        ("visible, 32 writers", 32, false),
        ("durable, 1 writer", 1, true),
        ("durable, 32 writers", 32, true),
        ("durable, 256 writers", 256, true),
    ] {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.join(format!("{name}.db")))?);
        commits(name, &store, writers, durable).await?;
    }
    floor(folder)
}

/// What the disk alone does: 4 KiB appended, then fdatasync.
fn floor(folder: &Path) -> Result<()> {
    let mut file = File::create(folder.join("floor"))?;
    let (begin, cpu, mut times) = (Instant::now(), cpu_us()?, Vec::new());
    while begin.elapsed() < LASTING {
        let start = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    let fsyncs = times.len() as u64;
    line("disk: write + fdatasync", times, begin, cpu, fsyncs)
}

async fn commits(name: &str, store: &Arc<dyn Store>, writers: u64, durable: bool) -> Result<()> {
    let (begin, cpu, before) = (Instant::now(), cpu_us()?, store.stats().fsyncs);
    let tasks: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write(Arc::clone(store), writer, durable, begin + LASTING)))
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    line(name, times, begin, cpu, store.stats().fsyncs - before)
}

/// Runs that begin, suspend, are answered and end: four commits each.
async fn write(store: Arc<dyn Store>, writer: u64, durable: bool, until: Instant) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for number in (writer << 32).. {
        let mut now = run(number);
        for stage in 0..4 {
            let mut commit = next(&now, number, stage);
            now = RunState::clone(&commit.run);
            if durable {
                commit = commit.durable();
            }
            let start = Instant::now();
            store.commit(commit).await?;
            times.push(start.elapsed());
        }
        if Instant::now() > until {
            break;
        }
    }
    Ok(times)
}

fn next(now: &RunState, number: u64, stage: u32) -> Commit {
    match stage {
        0 => create(now.clone()).with_step("", holding()).with_step("approve", calling(1)),
        1 => change(now).with_step("approve", asking(number, &[])).with_image(number, &[7; 400]),
        2 => change(now).with_closed(number, SuspensionEnd::Answered).with_step("approve", calling(1)),
        _ => change(now).with_step("approve", ended()).with_step("", ended()).without_image(number),
    }
}

fn line(name: &str, mut times: Vec<Duration>, begin: Instant, cpu: u64, fsyncs: u64) -> Result<()> {
    let (lasted, cpu) = (begin.elapsed(), cpu_us()? - cpu);
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).map_or(0, Duration::as_micros);
    println!(
        "{name:24} {:>10} {:>9} {:>9} {:>9} {:>9} {fsyncs:>9}",
        times.len() as u128 * 1_000_000 / lasted.as_micros(),
        at(10),
        at(50),
        at(99),
        cpu / times.len() as u64,
    );
    Ok(())
}

/// CPU time of this process so far, from the kernel's count of clock ticks (100 a second on Linux).
fn cpu_us() -> Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no process name")?;
    let ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<std::result::Result<u64, _>>()?;
    Ok(ticks * 10_000)
}

/// A run with what real ones have: a resource, a trace, a little state.
fn realistic(number: u64) -> Result<RunState> {
    let mut run = run(number);
    run.workflow_id = "expense-approval".to_owned();
    run.resource_id = Some(format!("employee-{number}"));
    run.span = Some(RootSpan {
        trace_id: TraceId::from_bytes([0x4b; 16]),
        span_id: SpanId::from_bytes([0xb7; 8]),
        parent_span_id: Some(SpanId::from_bytes([0xd8; 8])),
        resumed_from_span_id: None,
    });
    run.state.insert("total".to_owned(), Json::parse("120.50")?);
    Ok(run)
}

/// Bytes that a waiting run takes: the file after 10,000 of them, without images.
async fn size(folder: &Path) -> Result<()> {
    const RUNS: u64 = 10_000;
    let database = folder.join("size.db");
    let store = SqliteStore::open(&database)?;
    for number in 0..RUNS {
        let begun = next(&realistic(number)?, number, 0);
        let mut waits = next(&begun.run, number, 1);
        waits.images.clear();
        for (_, step) in &mut waits.steps {
            step.entry.payload = Json::parse(format!(r#"{{"purpose":"{}"}}"#, "x".repeat(180)))?;
        }
        store.commit(begun).await?;
        store.commit(waits).await?;
    }
    // Closing the last connection moves the log into the database.
    drop(store);
    println!("{} bytes for each waiting run", fs::metadata(&database)?.len() / RUNS);
    Ok(())
}
