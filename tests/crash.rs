//! SIGKILL at every fault point: nothing acknowledged is lost, no transition happens twice.
//!
//! A host in a process of its own plays a script and ends itself at a fault point. Then a host on the same folder
//! takes over what is left and plays the rest of the script, as a client would who looks at the run before going on.

mod scripts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use reentry::core::id::RunId;
use reentry::core::path::StepPath;
use reentry::core::run::{RunStatus, SuspensionEnd};
use reentry::fault::{FaultPoint, StoredChange};
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::{Host, LogFilter, OutputOptions, ResumeOptions, Run, StartOptions, Tenant, TravelOptions};
use reentry_tests::process::{HostProcess, Request, Response};
use reentry_tests::{event, json, workflow_after};
use scripts::{Script, Then, around, scripts};
use serde_json::{Value, json};

/// Name and id of the event that scripts send.
const EVENT: &str = "paid";

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

/// A data folder that has the components compiled, to be copied for each case.
async fn prepared() -> Result<tempfile::TempDir> {
    let dir = tempfile::tempdir()?;
    let tenant = open(dir.path()).await?.default_tenant();
    for script in scripts() {
        workflow_after(&tenant, script.component, &script.before, script.step).await?;
    }
    Ok(dir)
}

async fn open(dir: &Path) -> Result<Host> {
    Ok(Host::builder().data_dir(dir).background(false).build().await?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (path, target): (PathBuf, PathBuf) = entry.map(|e| (e.path(), to.join(e.file_name())))?;
        if path.is_dir() { copy(&path, &target)? } else { std::fs::copy(&path, &target).map(drop)? }
    }
    Ok(())
}

/// Plays the script in a process that dies at the point; returns whether it did.
async fn play_until_death(script: &Script, dir: &Path, point: FaultPoint, time: u32) -> Result<bool> {
    let mut process =
        HostProcess::start(HOST_PROCESS.as_ref(), dir, Some((&point.to_string(), time))).await?;
    let start = Request::Start {
        component: script.component.into(),
        step: script.step.into(),
        before: script.before.clone(),
        input: script.input.clone(),
    };
    let Some(response) = process.ask(&start).await? else { return Ok(true) };
    let run = run_of(&response)?;
    for then in script.then.clone() {
        let request = match then {
            Then::Answer(data) => Request::Resume { run, data },
            Then::Cancel => Request::Cancel(run),
            Then::Pause => Request::Pause(run),
            Then::Unpause => Request::Unpause(run),
            Then::Restart => Request::Restart(run),
            Then::Travel => Request::Travel { run, to: script.step.parse()? },
            Then::Send(payload) => Request::Send { name: EVENT.into(), payload },
            Then::Wake => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                Request::Wake
            }
        };
        if process.ask(&request).await?.is_none() {
            return Ok(true);
        }
    }
    process.kill().await?;
    Ok(false)
}

fn run_of(response: &Response) -> Result<RunId> {
    match response {
        Response::Done { result, .. } => Ok(serde_json::from_value(result["runId"].clone())?),
        Response::Refused { message, .. } => anyhow::bail!(message.clone()),
        Response::Rests(rest) => Ok(rest.run),
    }
}

/// Takes over, and does what the client had not been told to be done.
async fn play_the_rest(script: &Script, host: &Host) -> Result<Run> {
    let tenant = host.default_tenant();
    host.recover().await?;
    let page = tenant.runs(RunFilter::default()).await?;
    assert!(page.rows.len() <= 1, "one client, one run");
    let run = match page.rows.first() {
        Some(row) => tenant.run(row.id).await?,
        None => {
            let workflow = workflow_after(&tenant, script.component, &script.before, script.step).await?;
            workflow.new_run().create().await?
        }
    };
    if run.status().await? == RunStatus::Pending {
        run.start(StartOptions::input(json(script.input.clone()))).await?;
    }
    for (place, then) in script.then.iter().enumerate() {
        if is_done(script, place, &tenant, &run).await? {
            continue;
        }
        let done = match then {
            Then::Answer(data) => run.resume(ResumeOptions::data(json(data.clone()))).await.map(drop),
            Then::Cancel => run.cancel().await.map(drop),
            Then::Pause => run.pause().await.map(drop),
            Then::Unpause => run.unpause().await.map(drop),
            Then::Restart => run.restart().await.map(drop),
            Then::Travel => {
                let back = TravelOptions::to(script.step.parse()?);
                run.travel(back).await.map(drop)
            }
            Then::Send(payload) => {
                tenant.send_event(event(EVENT, payload.clone())).await?;
                // What follows goes on by itself.
                while !run.status().await?.is_final() {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                Ok(())
            }
            Then::Wake => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                host.wake_due().await.map(drop)
            }
        };
        done.with_context(|| format!("part {place} of the rest"))?;
    }
    Ok(run)
}

/// Whether a part of the script was done before the process died; the client had only not been told.
async fn is_done(script: &Script, place: usize, tenant: &Tenant, run: &Run) -> Result<bool> {
    let state = run.state().await?;
    let ends = history(tenant, run).await?;
    let count = |end| ends.iter().filter(|found| **found == Some(end)).count();
    let earlier = |of: fn(&Then) -> bool| script.then.iter().take(place).filter(|then| of(then)).count();
    // Of those that come later, one has been done already.
    let later_answer = count(SuspensionEnd::Answered) > earlier(|then| matches!(then, Then::Answer(_)));
    Ok(match script.then.get(place).context("a part of the script")? {
        Then::Answer(_) => later_answer,
        Then::Pause => state.paused || later_answer,
        Then::Unpause => !state.paused,
        Then::Cancel => count(SuspensionEnd::Closed) > 0,
        Then::Restart => state.status() != RunStatus::Canceled,
        Then::Travel => state.travels > 0,
        Then::Send(_) => state.status().is_final(),
        Then::Wake => false,
    })
}

async fn history(tenant: &Tenant, run: &Run) -> Result<Vec<Option<SuspensionEnd>>> {
    let filter = SuspensionFilter::default().run(run.id()).with_ended(true).with_timers(true);
    let page = tenant.inbox(filter).await?;
    Ok(page.rows.iter().map(|waiting| waiting.record.state.ended.map(|(end, _)| end)).collect())
}

async fn assert_as_if_nothing_had_happened(script: &Script, host: &Host, run: &Run) -> Result<()> {
    let result = run.result(OutputOptions::default()).await?;
    assert_eq!(result.status, script.status, "{result:?}");
    let value = result.result.map(|json| json.value()).transpose()?.unwrap_or_default();
    assert_eq!(value, script.result);
    let history = history(&host.default_tenant(), run).await?;
    assert_eq!(history.len(), script.suspensions, "{history:?}");
    let open = usize::from(script.status == RunStatus::Suspended);
    let waits = history.iter().filter(|end| end.is_none()).count();
    assert_eq!(waits, open, "a finished run waits for nothing: {history:?}");
    let step = run.record(&script.step.parse::<StepPath>()?).await?.context("the step's record")?;
    assert_eq!(step.calls, script.calls);
    assert_eq!(host.recover().await?, [], "nothing is left to take over");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_fault_point_loses_nothing_and_doubles_nothing() -> Result<()> {
    let prepared = prepared().await?;
    for script in scripts() {
        for point in &script.points {
            for time in 1.. {
                let dir = tempfile::tempdir()?;
                copy(prepared.path(), dir.path())?;
                if !play_until_death(&script, dir.path(), *point, time).await? {
                    assert!(time > 1, "{}: {point} was never passed", script.name);
                    break;
                }
                let case = format!("{}, killed at {point}, time {time}", script.name);
                let host = open(dir.path()).await?;
                let run = play_the_rest(&script, &host).await.context(case.clone())?;
                assert_as_if_nothing_had_happened(&script, &host, &run).await.context(case)?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_while_it_takes_over_is_taken_over_in_turn() -> Result<()> {
    let prepared = prepared().await?;
    let script = &scripts()[0];
    for point in around(&[StoredChange::TakenOver]) {
        let dir = tempfile::tempdir()?;
        copy(prepared.path(), dir.path())?;
        assert!(play_until_death(script, dir.path(), FaultPoint::BeforeCall, 2).await?);
        let mut second =
            HostProcess::start(HOST_PROCESS.as_ref(), dir.path(), Some((&point.to_string(), 1))).await?;
        assert!(second.ask(&Request::Recover).await?.is_none(), "it dies at {point}");
        let host = open(dir.path()).await?;
        let run = play_the_rest(script, &host).await?;
        assert_as_if_nothing_had_happened(script, &host, &run).await?;
    }
    Ok(())
}

/// Of a step that logs a line after each of two answers, each line is there once, whenever the process was killed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_logged_is_there_once_after_a_kill_at_any_fault_point() -> Result<()> {
    let mut points = around(&[StoredChange::Suspended, StoredChange::Resumed, StoredChange::Completed]);
    points.extend([FaultPoint::BeforeCall, FaultPoint::AfterCall]);
    let script = Script {
        name: "a log",
        component: "memory-probe",
        step: "probe",
        before: vec![],
        input: json!({"suspends": 2}),
        then: vec![Then::Answer(json!(1)), Then::Answer(json!(2))],
        status: RunStatus::Success,
        result: Value::Null,
        suspensions: 2,
        calls: 3,
        points,
    };
    let prepared = prepared().await?;
    let mut kills = 0;
    for point in &script.points {
        for time in 1.. {
            let dir = tempfile::tempdir()?;
            copy(prepared.path(), dir.path())?;
            if !play_until_death(&script, dir.path(), *point, time).await? {
                break;
            }
            kills += 1;
            let host = open(dir.path()).await?;
            let run = play_the_rest(&script, &host).await?;
            let lines = run.logs(&LogFilter::default()).await?.lines;
            let lines: Vec<_> = lines.iter().map(|line| format!("{} {}", line.call, line.message)).collect();
            let case = format!("killed at {point}, time {time}");
            assert_eq!(lines, ["2 turn 0 goes on", "3 turn 1 goes on"], "{case}");
        }
    }
    assert!(kills >= 10, "{kills} kills");
    Ok(())
}

/// Changes at which the tests of `migrate` die.
const IN_MIGRATE: [StoredChange; 1] = [StoredChange::Migrated];

#[test]
fn every_fault_point_is_visited_by_a_script() {
    let visited: BTreeSet<String> = scripts()
        .iter()
        .flat_map(|script| &script.points)
        .chain(&around(&[StoredChange::TakenOver]))
        .chain(&around(&IN_MIGRATE))
        .map(ToString::to_string)
        .collect();
    let all: BTreeSet<String> = FaultPoint::all().iter().map(ToString::to_string).collect();
    assert_eq!(visited, all);
}
