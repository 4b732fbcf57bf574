//! What `run.resume()` and its neighbours do, case by case, on both stores and with guests in another place: the data
//! is in `tests/conformance/*.txt`.
//!
//! A case is a heading, a workflow, what its steps do, and then a dialogue: a command at the margin, what comes of it
//! indented below.
//!
//! - `# NUMBER SENTENCE` begins a case. The numbers are those of docs/mastra.md.
//! - `workflow ENTRIES or DEFINITION` as JSON, committed with the next run or by `commit`; `"@ask"` stands for the
//!   step `ask` of the component `scripted`, `"@id:ask"` for the same under another id, `"?check"` for a condition
//!   that is a step.
//! - `program {"PATH or ID": [ACTION, ..]}`: what the steps do, as sample-steps/scripted says. A step without program
//!   returns its input.
//! - `start [INPUT] [state=..] [context=..]`,
//!   `resume [DATA] [step=..] [label=..] [index=..] [all] [seen=..] [key=..] [retryCount=..] [context=..]`, `cancel`
//! - `aside COMMAND` does it on another task and goes on as soon as a step logs `hold`, which keeps the step there;
//!   `release` lets the step go and shows what came of the
//!   command; `await PATH` goes on when the step waits for an answer
//! - `both COMMAND || COMMAND` does two at once, from two hosts, and shows how the run stands in the end;
//!   `one of both ..` does the same with two that exclude each other, and shows what came of the one that won
//! - `travel PATH [INPUT] [answer=..]` sends the run back; `restart` lets a run go on that failed
//! - `crash COMMAND` lets the host fall over after the first call into a guest; `recover` has the host take over
//!   calls of hosts that are gone
//! - `pause`, `unpause`; `late 30d` lets time pass while nobody looks after runs
//! - `new host`: the host is dropped, another one opens the same store; `time 30d` lets time pass
//! - `status`, `steps [PATH ..]`, `state`, `labels`, `context`, `payloads` show the run; `log` shows what steps have
//!   logged since the last time
//! - `event NAME [PAYLOAD] [key=..]` sends an event, and shows the run when it rests
//! - `watched` shows what a watcher sees of the run's beginnings and ends
//! - `unknown run` looks for a run that is not there; `new run` begins another one of the latest workflow
//!
//! `BLESS=1` writes what comes of the commands into the files.
//!
//! Command 1 happens in second 1, command 2 in second 2 and so on; `t3` is second 3.

mod case;
mod play;
mod request;
mod show;
mod world;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use reentry_tests::guests::root;

use case::{Case, cases};
use world::{StoreKind, Where};

/// Plays a case and compares what comes of each command with what the case says.
async fn check(case: &Case) -> Vec<String> {
    let mut problems = Vec::new();
    // Stores and guests do not know each other: two rounds have all of both.
    for (store, guests) in [(StoreKind::Memory, Where::Here), (StoreKind::Sqlite, Where::OverAWire)] {
        match play::play(case, store, guests).await {
            Ok(played) if played == case.text => {}
            Ok(played) => {
                problems.push(format!(
                    "## {} ({store:?}, {guests:?})\n{}",
                    case.heading,
                    compared(&case.text, &played)
                ));
            }
            Err(error) => problems.push(format!("## {} ({store:?}, {guests:?}): {error:#}", case.heading)),
        }
    }
    problems
}

/// Both texts, the lines that differ marked.
fn compared(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let mut text = String::new();
    for line in &found {
        let sign = if expected.contains(line) { ' ' } else { '+' };
        let _ = writeln!(text, "{sign} {line}");
    }
    for line in expected.iter().filter(|line| !found.contains(line)) {
        let _ = writeln!(text, "- {line}");
    }
    text
}

async fn section(name: &str) -> Result<()> {
    let path = root().join("tests/conformance").join(format!("{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        return bless(&path).await;
    }
    let mut problems = Vec::new();
    for case in cases(&std::fs::read_to_string(path)?)? {
        problems.extend(check(&case).await);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Writes down what comes of the commands now, to be read before it is committed.
async fn bless(path: &Path) -> Result<()> {
    let written = std::fs::read_to_string(path)?;
    let mut blessed = written.split("\n# ").next().unwrap_or_default().trim_end().to_owned() + "\n";
    for case in cases(&written)? {
        let _ = write!(
            blessed,
            "\n# {}\n{}",
            case.heading,
            play::play(&case, StoreKind::Memory, Where::Here).await?
        );
    }
    Ok(std::fs::write(path, blessed)?)
}

macro_rules! sections {
    ($($name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() -> Result<()> {
            section(&stringify!($name).replace('_', "-")).await
        })*

        const SECTIONS: &[&str] = &[$(stringify!($name)),*];
    };
}

sections!(
    address,
    asked,
    first,
    late,
    seen,
    refusals,
    lifecycle,
    target,
    parallel,
    bail,
    labels,
    nested,
    repeat,
    retries,
    definitions,
    time,
    travel,
);

#[test]
fn every_file_of_cases_is_played_and_every_case_is_explained() -> Result<()> {
    let explained = std::fs::read_to_string(root().join("docs/mastra.md"))?;
    let (mut numbers, mut files) = (Vec::new(), 0);
    for entry in std::fs::read_dir(root().join("tests/conformance"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
        assert!(SECTIONS.contains(&name.as_str()), "no test plays {}", path.display());
        for case in cases(&std::fs::read_to_string(&path)?)? {
            numbers.push(case.number().to_owned());
        }
        files += 1;
    }
    // Past the harness, which keeps to itself what tests print.
    writeln!(std::io::stdout(), "cases: {} in {files} files", numbers.len())?;
    for number in &numbers {
        assert!(explained.contains(&format!("| {number} |")), "docs/mastra.md has no row {number}");
    }
    for line in explained.lines() {
        if let Some(number) = line.strip_prefix("| 5.").and_then(|rest| rest.split(" |").next()) {
            let number = format!("5.{number}");
            assert!(
                numbers.contains(&number) || line.contains("no case"),
                "docs/mastra.md {number}: there is no such case; a row without one says `no case` and why"
            );
        }
    }
    Ok(())
}
