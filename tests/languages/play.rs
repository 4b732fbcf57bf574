//! Plays cases side by side, and kills the host before each round of answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry_tests::folders::data_folder;
use reentry_tests::process::{HostProcess, Request, Response, Rest};
use reentry_tests::{guests, json};
use serde_json::Value;

use super::case::{Case, End, Shows, Then};

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

/// Compiling a component of 19 MB on a busy machine takes minutes.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A case, and how its run rests at present.
struct Playing {
    case: Case,
    rest: Rest,
}

/// Plays all cases side by side, each round of answers on a host process of its own.
pub(super) async fn conforms(language: &str, cases: Vec<Case>) -> Result<()> {
    let component = format!("conformance-{language}");
    // A missing component is to be told by its name, not by what a host process says of it.
    guests::component(&component)?;
    let folder = data_folder()?;
    let mut playing = Vec::new();
    let mut host = HostProcess::start(Path::new(HOST_PROCESS), folder.path(), None).await?;
    for case in cases {
        let begin = Request::Begin {
            component: component.clone(),
            step: "conformance".to_owned(),
            input: case.input.clone(),
            context: keys(&case.context),
        };
        let rest = ask(&mut host, &begin).await.with_context(|| case.name)?;
        playing.push(Playing { case, rest });
    }
    let mut wrong = Vec::new();
    // What the clocks of all runs showed.
    let mut clocks = Vec::new();
    for round in 0.. {
        playing.retain(|one| round <= one.case.turns.len());
        if playing.is_empty() {
            break;
        }
        host.kill().await?;
        host = HostProcess::start(Path::new(HOST_PROCESS), folder.path(), None).await?;
        let mut going_on = Vec::new();
        for mut one in playing {
            match one.check_and_go_on(&mut host, round, &mut clocks).await {
                Ok(()) => going_on.push(one),
                Err(error) => wrong.push(format!("{}, turn {round}: {error:#}", one.case.name)),
            }
        }
        playing = going_on;
    }
    ensure!(wrong.is_empty(), "{language} does not conform:\n{}", wrong.join("\n"));
    Ok(())
}

impl Playing {
    async fn check_and_go_on(
        &mut self,
        host: &mut HostProcess,
        round: usize,
        clocks: &mut Vec<Value>,
    ) -> Result<()> {
        let Some(turn) = self.case.turns.get(round) else {
            return if round == self.case.turns.len() { self.check_end(clocks) } else { Ok(()) };
        };
        ensure!(self.rest.result.is_none() && self.rest.error.is_none(), "it has ended: {:?}", self.rest);
        ensure!(self.rest.log == turn.log, "it logged {:?}", self.rest.log);
        let run = self.rest.run;
        match (&turn.shows, self.rest.asked.as_slice()) {
            (Shows::Nothing, []) => {}
            (Shows::Json(expected), [asked]) => {
                ensure!(asked.payload.value()? == *expected, "it asks {}", short(&asked.payload));
                ensure!(asked.labels == turn.labels, "its labels are {:?}", asked.labels);
            }
            (Shows::Labels(expected), asked) => {
                let mut labels: Vec<&String> = asked.iter().flat_map(|asked| &asked.labels).collect();
                labels.sort_unstable();
                ensure!(labels == *expected, "it asks {labels:?}");
            }
            (Shows::Clock, [asked]) => clocks.push(asked.payload.value()?),
            (_, asked) => bail!("it asks {asked:?}"),
        }
        let request = match &turn.then {
            Then::Answer { label, data, context } => Request::Answer {
                run,
                label: label.map(str::to_owned),
                data: json(data.clone()),
                context: keys(context),
            },
            Then::Event { name, key, payload } => Request::Event {
                run,
                name: (*name).to_owned(),
                key: (*key).to_owned(),
                payload: json(payload.clone()),
            },
            Then::Time => Request::Due(run),
        };
        self.rest = ask(host, &request).await?;
        Ok(())
    }

    fn check_end(&self, clocks: &mut Vec<Value>) -> Result<()> {
        let rest = &self.rest;
        if let End::Fails(expected) = &self.case.end {
            ensure!(rest.status == RunStatus::Failed, "it did not fail: {rest:?}");
            let error = rest.error.as_ref().context("a failed run without an error")?;
            for (key, value) in expected.as_object().into_iter().flatten() {
                ensure!(error[key] == *value, "it failed with {error}");
            }
            return Ok(());
        }
        ensure!(rest.status == RunStatus::Success, "it did not succeed: {:?}, {:?}", rest.error, rest.log);
        // A result that is `null` does not differ from none on its way here.
        let result = &rest.result.clone().unwrap_or_else(Json::null);
        let log: &[&str] = if let End::Logs(_, log) = &self.case.end { log } else { &[] };
        ensure!(rest.log == log, "it logged {:?}", rest.log);
        match &self.case.end {
            End::Output(expected) | End::Logs(expected, _) => {
                ensure!(result.value()? == *expected, "it came to {}", short(result));
            }
            End::Text(expected) => ensure!(result.text() == expected, "it came to {}", short(result)),
            End::Clock => {
                clocks.push(result.value()?);
                check_clocks(clocks)?;
            }
            End::Fails(_) => {}
        }
        Ok(())
    }
}

/// Clocks of the host, which does not go back, and bytes that are not drawn twice. Four are the host's, and where a
/// language has a generator of its own, the others are of that: it was seeded when the component was built, the same
/// for all runs.
fn check_clocks(clocks: &[Value]) -> Result<()> {
    const YEAR_2020: u64 = 1_577_836_800_000;
    let times: Vec<u64> = clocks.iter().filter_map(|clock| clock["now"].as_u64()).collect();
    ensure!(times.len() == clocks.len() && times.is_sorted() && times[0] > YEAR_2020, "{clocks:?}");
    for (k, clock) in clocks.iter().enumerate() {
        let random = clock["random"].as_array().context("no random bytes")?;
        ensure!(random.len() == 8 && random.iter().all(|byte| byte.as_u64() < Some(256)), "{clocks:?}");
        for other in clocks.iter().skip(k + 1).filter_map(|other| other["random"].as_array()) {
            ensure!(other[..4] != random[..4] && other[4..] != random[4..], "{clocks:?}");
        }
    }
    Ok(())
}

async fn ask(host: &mut HostProcess, request: &Request) -> Result<Rest> {
    // What does not come must fail the test rather than hold it up.
    let said = tokio::time::timeout(PATIENCE, host.ask(request)).await;
    match said.with_context(|| format!("nothing came of {request:?}"))?? {
        Some(Response::Rests(mut rest)) => {
            // Whether there is a space between key and value is the language's own affair.
            rest.log = rest.log.into_iter().map(|line| line.replace("\": ", "\":")).collect();
            Ok(rest)
        }
        other => bail!("the host process said {other:?}"),
    }
}

fn keys(object: &Value) -> BTreeMap<String, Json> {
    let entries = object.as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), json(value.clone()))).collect()
}

/// The beginning of a text, for errors.
fn short(json: &Json) -> String {
    json.text().chars().take(300).collect()
}
