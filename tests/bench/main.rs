//! `make bench`: what reentry costs on this machine, one JSON line a figure, with the floor beside it.
//!
//! A figure with a goal says whether it was reached. Figures of time depend on the machine and on what else it does:
//! compare within one run only. Counts and sizes do not. With names of parts as arguments, only these are measured.

mod cold;
mod cycle;
mod flat;
mod floor;
mod large;
mod lists;
mod peak;
mod profile;
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
    if let [command, dir] = arguments.as_slice() {
        match command.as_str() {
            "peak-suspension" => return peak::suspension(dir).await,
            "peak-resume" => return peak::resume(dir).await,
            _ => {}
        }
    }
    if let [command, rest @ ..] = arguments.as_slice()
        && command == "profile"
    {
        return profile::run(rest).await;
    }
    report::machine()?;
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    if wanted("cycle") {
        cycle::measure(&floor::measure()?).await?;
    }
    if wanted("restore") {
        restore::measure().await?;
    }
    if wanted("restore") || wanted("languages") {
        let named = |language: &str| arguments.iter().any(|argument| argument == language);
        restore::languages(named).await?;
    }
    if wanted("flat") {
        flat::measure().await?;
    }
    if wanted("large") {
        large::measure().await?;
    }
    if wanted("peak") {
        peak::measure().await?;
    }
    if wanted("lists") {
        lists::measure().await?;
    }
    if wanted("waiting") {
        waiting::measure().await?;
    }
    if wanted("cold") {
        cold::measure().await?;
    }
    Ok(())
}
