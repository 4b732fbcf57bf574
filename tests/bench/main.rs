//! `make bench`: what reentry costs on this machine, one JSON line a figure, with the floor beside it.
//!
//! A figure with a goal says whether it was reached. Figures of time depend on the machine and on what else it
//! does: compare within one run only. Counts and sizes do not.

mod cold;
mod cycle;
mod flat;
mod floor;
mod large;
mod report;
mod restore;
mod waiting;

use anyhow::Result;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, dir, run] = arguments.as_slice()
        && command == "cold-resume"
    {
        return cold::resume(dir, run).await;
    }
    // `bench cycle` measures the cycles alone, for a profiler.
    if arguments == ["cycle"] {
        return cycle::measure(&floor::Floor::none()).await;
    }
    report::machine()?;
    let floor = floor::measure()?;
    cycle::measure(&floor).await?;
    restore::measure().await?;
    restore::languages().await?;
    flat::measure().await?;
    large::measure().await?;
    waiting::measure().await?;
    cold::measure().await
}
