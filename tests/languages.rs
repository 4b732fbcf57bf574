//! One behaviour in every language: the conformance steps of `sample-steps/conformance`, run against one table.
//!
//! Each suspension is crossed by a process: the host that started a step is killed before another one answers it.

mod alike;
mod case;
mod play;
mod several;
mod spares;

use anyhow::Result;
use case::Case;

macro_rules! languages {
    ($($language:ident: $cases:expr),+ $(,)?) => {
        $(#[tokio::test]
        async fn $language() -> Result<()> {
            play::conforms(stringify!($language), $cases).await
        })+
    };
}

languages! {
    rust: alike::cases()?,
    javascript: with_several_waits()?,
    // JavaScript on its other engine.
    starlingmonkey: with_several_waits()?,
    python: with_several_waits()?,
    c: alike::cases()?,
    cpp: alike::cases()?,
    zig: alike::cases()?,
    go: alike::cases()?,
    assemblyscript: alike::cases()?,
}

/// Played together, as compiling a component takes longer than all cases.
fn with_several_waits() -> Result<Vec<Case>> {
    let mut cases = alike::cases()?;
    cases.extend(several::cases());
    Ok(cases)
}
