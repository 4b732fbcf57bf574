//! An instance that has served a call is, for the code of real compilers and interpreters, what a new one is: the
//! same images come of it.

use anyhow::{Context as _, Result, ensure};
use reentry::core::snapshot::SealKey;
use reentry::core::step::{Invocation, Outcome, Resolution, Resolved, Resumption};
use reentry::wasm::{CallOptions, CallResult, Grants, LoadedComponent, Runtime, RuntimeConfig};
use reentry_tests::calls::{facts, no_run};
use reentry_tests::folders::compiled_code;
use reentry_tests::{guests, json};
use serde_json::json;

/// The languages, and whether their fresh instances are alike: Go draws a random number when it starts.
const LANGUAGES: [(&str, bool); 9] = [
    ("rust", true),
    ("javascript", true),
    ("starlingmonkey", true),
    ("python", true),
    ("c", true),
    ("cpp", true),
    ("zig", true),
    ("assemblyscript", true),
    ("go", false),
];

#[tokio::test]
async fn spare_instances_are_as_good_as_new_in_every_language() -> Result<()> {
    let (cache, secret) = compiled_code()?;
    let runtime = Runtime::new(RuntimeConfig::new(secret).cache_dir(cache))?;
    for (language, alike) in LANGUAGES {
        let bytes = guests::component(&format!("conformance-{language}"))?;
        let component = runtime.prepare(&bytes, Grants::none(), &|_| {}).await?.component;
        check(&component, alike).await.context(language)?;
    }
    Ok(())
}

async fn check(component: &LoadedComponent, alike: bool) -> Result<()> {
    let new = start(component, None).await?;
    let first = start(component, Some("tenant")).await?;
    let image = first.image.as_ref().context("it waits")?;
    let on_new = resume(component, image, &first, None).await?;
    let on_spare = resume(component, image, &first, Some("tenant")).await?;
    ensure!(!on_new.stats.spare && on_spare.stats.spare);
    ensure!(format!("{:?}", on_new.outcome) == format!("{:?}", on_spare.outcome));
    ensure!(on_new.image == on_spare.image, "the resumes left other images");
    let again = start(component, Some("tenant")).await?;
    ensure!(alike || !again.stats.spare);
    ensure!(
        (new.image == again.image) == alike,
        "the starts left other images, or the same where they should not"
    );
    Ok(())
}

fn options(domain: Option<&str>) -> CallOptions {
    let seal = SealKey::derive(&[1; 32], "tenant", "run");
    let mut options = CallOptions::new(seal);
    options.domain = domain.map(Into::into);
    options
}

async fn start(component: &LoadedComponent, domain: Option<&str>) -> Result<CallResult> {
    let call = Invocation { facts: facts("conformance"), input: json(json!({"do": "keep"})) };
    Ok(component.start(call, no_run(), options(domain)).await?)
}

/// Answers what `started` waits for. The step then waits again.
async fn resume(
    component: &LoadedComponent,
    image: &[u8],
    started: &CallResult,
    domain: Option<&str>,
) -> Result<CallResult> {
    let Ok(Outcome::Suspended(suspension)) = &started.outcome else { anyhow::bail!("it did not suspend") };
    let wait = suspension.waits.first().context("a wait")?.id;
    let resolved = vec![Resolved { wait, resolution: Resolution::Answered(json(json!({"text": "x"}))) }];
    let input = json(json!({"do": "keep"}));
    let call = Resumption { facts: facts("conformance"), resolved, input, suspend_payload: None };
    Ok(component.resume(call, Some(image), no_run(), options(domain)).await?)
}
