//! How figures are printed, and small arithmetic over them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// Prints one figure.
pub fn figure(name: &str, value: f64, unit: &str, goal: Goal) {
    let rounded = (value * 1000.0).round() / 1000.0;
    let mut line = json!({"figure": name, "value": rounded, "unit": unit});
    match goal {
        Goal::AtMost(bound) => {
            line["goal"] = json!(format!("<= {bound}"));
            line["reached"] = json!(value <= bound);
        }
        Goal::AtLeast(bound) => {
            line["goal"] = json!(format!(">= {}", (bound * 1000.0).round() / 1000.0));
            line["reached"] = json!(value >= bound);
        }
        Goal::None => {}
    }
    println!("{line}");
}

/// Says on what the figures were taken.
pub fn machine() -> Result<()> {
    let cpus = std::thread::available_parallelism()?.get();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let line: Value = json!({"machine": {"cpus": cpus, "kernel": kernel.trim(), "load": load}});
    println!("{line}");
    Ok(())
}

/// The middle of some durations, in microseconds.
pub fn median_us(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

/// How long something takes.
pub async fn timed<T>(work: impl Future<Output = Result<T>>) -> Result<(T, Duration)> {
    let begun = Instant::now();
    let done = work.await?;
    Ok((done, begun.elapsed()))
}

/// Processor time of this process so far, in seconds. Counted by the kernel in hundredths.
pub fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("the process's name")?;
    let ticks: Vec<f64> = fields.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The state is no number; user and system time are the 14th and 15th field of the whole line.
    let (user, system) = (ticks.get(10).context("user time")?, ticks.get(11).context("system time")?);
    Ok((user + system) / 100.0)
}

/// Memory of this process that is in use, in bytes, files aside.
pub fn resident_bytes() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("RssAnon")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}
