//! `reentry look`, which `reentry build` calls: a look at a component in a process that can do nothing else.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use reentry::Error;
use reentry::core::step::Descriptor;
use reentry::wasm::LoadError;
use reentry_wire::{LookRefused, Looked};

use crate::codes;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::hint;
use crate::session::Session;

/// Print what the component on standard input is, for `reentry build`
///
/// Nothing is stored but compiled code, in the data folder if that is there: the run that follows finds it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the component
    #[arg(long, value_name = "NAME")]
    name: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let mut component = Vec::new();
    std::io::stdin().lock().read_to_end(&mut component).map_err(|error| {
        Report::new(&codes::INTERNAL, "the component on standard input cannot be read").cause(error)
    })?;
    let looked = match steps(session, &args.name, &component).await {
        Ok(steps) => Looked::Steps(steps),
        Err(Failure::Library(error)) => Looked::Refused(refused(&error, session)),
        Err(other) => return Err(other),
    };
    let text = serde_json::to_string(&looked)
        .map_err(|error| Report::new(&codes::INTERNAL, "the steps cannot be written").cause(error))?;
    session.ui.print(&text)?;
    Ok(Exit::Done)
}

async fn steps(session: &Session, name: &str, component: &[u8]) -> Result<Vec<Descriptor>, Failure> {
    let tenant = session.looking_tenant().await?;
    Ok(tenant.add_component(name, component).await?.steps().to_vec())
}

fn refused(error: &Error, session: &Session) -> LookRefused {
    let report = Report::of(error);
    let (step, problem) = match error {
        Error::Contract(contract) => (Some(contract.step.clone()), None),
        Error::Load(LoadError::Descriptor { problem, .. }) => (quoted(problem), Some(problem.clone())),
        _ => (None, None),
    };
    let about_steps = matches!(
        error,
        Error::Load(LoadError::Contract(_) | LoadError::Descriptor { .. } | LoadError::Guest { .. })
    );
    LookRefused {
        code: report.code.word.to_owned(),
        message: report.message,
        causes: report.causes,
        hints: hint::hints(error, session),
        step,
        problem,
        about_steps,
    }
}

/// What stands between the first two backticks of a text.
fn quoted(text: &str) -> Option<String> {
    text.split('`').nth(1).map(str::to_owned)
}

/// Has a process of its own look at a component: what builds starts programs, which no process that runs guests may.
///
/// # Errors
/// Unavailable when that process ends without an answer.
pub(super) fn in_a_process(session: &Session, name: &str, component: &[u8]) -> Result<Looked, Failure> {
    let failed = |why: String| {
        Report::new(&codes::INTERNAL, "the process that looks at the component failed").cause(why)
    };
    // This very program, even if its file was replaced meanwhile.
    let mut child = Command::new("/proc/self/exe")
        .args(["look", "--name", name, "--output", "text", "--color", "never", "--data-dir"])
        .arg(session.data_dir())
        .args(session.grants().wasi.then_some("--grant=wasi"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    // It reads all before it writes. One that has ended says by its end why it did not read.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(component));
    let ended = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    let looked = serde_json::from_slice(&ended.stdout).ok().filter(|_| ended.status.success());
    Ok(looked.ok_or_else(|| failed(ended.status.to_string()))?)
}
