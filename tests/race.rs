//! Two processes answer the same suspension at the same moment.

use anyhow::{Context as _, Result};
use reentry::core::path::StepPath;
use reentry::{Host, StartOptions};
use reentry_tests::folders::data_folder;
use reentry_tests::process::{HostProcess, Request, Response};
use reentry_tests::{json, workflow_of};
use serde_json::json;

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

/// How often they race.
const RACES: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_answer_exactly_one_wins_and_the_code_runs_once() -> Result<()> {
    let dir = data_folder()?;
    let tenant = Host::builder().data_dir(dir.path()).background(false).build().await?.default_tenant();
    let workflow = workflow_of(&tenant, "memory-probe", "probe").await?;
    let mut one = HostProcess::start(HOST_PROCESS.as_ref(), dir.path(), None).await?;
    let mut two = HostProcess::start(HOST_PROCESS.as_ref(), dir.path(), None).await?;

    let mut wins = [0; 2];
    for race in 0..RACES {
        let run = workflow.new_run().create().await?;
        run.start(StartOptions::input(json(json!({"suspends": 1})))).await?;
        let answer = |who: &str| Request::Resume { run: run.id(), data: json!(who) };
        // The one who is asked first has a head start; take turns.
        let (first, second) = if race % 2 == 0 { (&mut one, &mut two) } else { (&mut two, &mut one) };
        first.send(&answer("first")).await?;
        second.send(&answer("second")).await?;
        let responses = [first.response().await?.context("died")?, second.response().await?.context("died")?];

        let mut lines = Vec::new();
        let mut won = Vec::new();
        for (who, response) in ["first", "second"].iter().zip(responses) {
            match response {
                Response::Done { result, log } => {
                    assert_eq!(result["result"]["answers"], json!([who]), "the winner's answer counts");
                    won.push(*who);
                    lines.extend(log);
                }
                Response::Refused { code, message } => {
                    assert!(
                        ["not-suspended", "already-answered", "unseen-question"].contains(&code.as_str()),
                        "{code}: {message}"
                    );
                }
                Response::Rests(rest) => anyhow::bail!("nobody asked for {rest:?}"),
            }
        }
        assert_eq!(won.len(), 1, "race {race}: {won:?} won");
        assert_eq!(lines, ["probe Debug turn 0 goes on"], "race {race}");
        let step = run.steps().await?;
        let entry = step.get(&"probe".parse::<StepPath>()?).context("the step's record")?.clone();
        assert_eq!(entry.resume_payload, Some(json(json!(won[0]))));
        wins[usize::from((won[0] == "first") != (race % 2 == 0))] += 1;
    }
    println!("wins: {wins:?} of {RACES}");
    Ok(())
}
