//! What putting memory back costs, page by page, measured below the engine.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reentry::core::json::Json;
use reentry::core::snapshot::SealKey;
use reentry::core::step::{Invocation, Outcome, Resolution, Resolved, Resumption};
use reentry::wasm::{CallOptions, CallStats, Grants, LoadedComponent, Runtime, RuntimeConfig};
use reentry_tests::calls::{facts, no_run};
use reentry_tests::{guests, json};
use serde_json::json;

use crate::report::{Goal, figure, median_us};

const REPEATS: usize = 301;

/// Measures and prints the time of a restore, the instantiation included.
pub async fn measure() -> Result<()> {
    let runtime = Runtime::new(RuntimeConfig::new([1; 32]))?;
    let bytes = guests::component("memory-probe")?;
    let component = runtime.prepare(&bytes, Grants::none(), &|_| {}).await?.component;
    let mut points = Vec::new();
    for touch in [0usize, 64 << 10, 1 << 20, 16 << 20] {
        let repeats = if touch > 1 << 20 { 31 } else { REPEATS };
        let input = json(json!({"touch_bytes": touch, "suspends": 1}));
        let (pages, stats) = restores(&component, "probe", input, json!(1), repeats, None).await?;
        let restore = median_us(stats.iter().map(|stats| stats.instantiate).collect());
        figure(&format!("restore.{pages}_dirty_pages"), restore, "us", Goal::None);
        points.push((pages, restore));
    }
    let fresh = median_us(fresh(&component, "probe", json(json!({}))).await?);
    figure("instantiate", fresh, "us", Goal::None);
    for (pages, restore) in points {
        let name = format!("restore.per_page_of_{pages}");
        figure(&name, (restore - fresh) / pages as f64, "us/page", Goal::AtMost(3.0));
    }
    Ok(())
}

/// The conformance steps, and what the way from a kept image to the next answer may take, in microseconds, where that
/// was set.
const LANGUAGES: [(&str, Goal); 9] = [
    ("rust", Goal::AtMost(40.0)),
    ("javascript", Goal::AtMost(150.0)),
    ("starlingmonkey", Goal::AtMost(300.0)),
    ("python", Goal::AtMost(900.0)),
    ("c", Goal::None),
    ("cpp", Goal::None),
    ("zig", Goal::None),
    ("assemblyscript", Goal::None),
    ("go", Goal::None),
];

/// Measures the way from a kept image to the guest's next answer, for a small step of each language, and beside it
/// what as many page faults take as the guest has changed pages. Of all languages, or of those that are named.
pub async fn languages(named: impl Fn(&str) -> bool) -> Result<()> {
    let runtime = Runtime::new(RuntimeConfig::new([1; 32]))?;
    let fault = page_fault();
    figure("floor.page_fault", fault, "us", Goal::None);
    let any = LANGUAGES.iter().any(|(language, _)| named(language));
    for (language, goal) in LANGUAGES.into_iter().filter(|(language, _)| !any || named(language)) {
        let bytes = guests::component(&format!("conformance-{language}"))?;
        let component = runtime.prepare(&bytes, Grants::none(), &|_| {}).await?.component;
        let instance = median_us(fresh(&component, "conformance", json(json!({"do": "echo"}))).await?);
        figure(&format!("instantiate.{language}"), instance, "us", Goal::None);
        let (input, answer) = (json(json!({"do": "keep"})), json!({"text": "x"}));
        for (on, domain, goal) in [("a_new", None, Goal::None), ("a_spare", Some("bench"), goal)] {
            let (pages, stats) =
                restores(&component, "conformance", input.clone(), answer.clone(), REPEATS, domain).await?;
            let restored = median_us(stats.iter().map(|stats| stats.instantiate).collect());
            figure(&format!("restore.{language}.on_{on}_instance"), restored, "us", Goal::None);
            let there = median_us(stats.iter().map(|stats| stats.instantiate + stats.run).collect());
            figure(&format!("resume.{language}.on_{on}_instance"), there, "us", goal);
            if domain.is_none() {
                let faults = pages as f64 * fault;
                figure(&format!("floor.{language}.{pages}_page_faults"), faults, "us", Goal::None);
            }
        }
    }
    Ok(())
}

/// What the first write to a page takes that the process was given but never touched, in microseconds.
fn page_fault() -> f64 {
    const PAGES: usize = 16 << 10;
    let times = (0..31).map(|_| {
        // So large that no allocator has it at hand: it is mapped anew each time.
        let mut memory = vec![0u8; PAGES * 4096];
        let begun = std::time::Instant::now();
        memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        let took = begun.elapsed();
        std::hint::black_box(&memory);
        took
    });
    median_us(times.collect()) / PAGES as f64
}

fn seal() -> SealKey {
    SealKey::derive(&[1; 32], "bench", "run")
}

async fn fresh(component: &LoadedComponent, step: &str, input: Json) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let call = Invocation { facts: facts(step), input: input.clone() };
        times.push(component.start(call, no_run(), CallOptions::new(seal())).await?.stats.instantiate);
    }
    Ok(times)
}

/// What resuming takes, each time after a start: on the instances of these when the calls share a `domain`, otherwise
/// on new ones.
async fn restores(
    component: &LoadedComponent,
    step: &str,
    input: Json,
    answer: serde_json::Value,
    repeats: usize,
    domain: Option<&str>,
) -> Result<(usize, Vec<CallStats>)> {
    let options = || {
        let mut options = CallOptions::new(seal());
        options.domain = domain.map(Into::into);
        options
    };
    let mut stats = Vec::new();
    let mut pages = 0;
    for _ in 0..repeats {
        let call = Invocation { facts: facts(step), input: input.clone() };
        let started = component.start(call, no_run(), options()).await?;
        let Ok(Outcome::Suspended(waits)) = &started.outcome else { anyhow::bail!("{:?}", started.outcome) };
        let wait = waits.waits.first().context("a wait")?.id;
        let image = started.image.context("an image")?;
        pages = started.stats.dirty_pages;
        let resolved = vec![Resolved { wait, resolution: Resolution::Answered(json(answer.clone())) }];
        let call = Resumption { facts: facts(step), resolved, input: input.clone(), suspend_payload: None };
        stats.push(component.resume(call, Some(&image), no_run(), options()).await?.stats);
    }
    Ok((pages, stats))
}
