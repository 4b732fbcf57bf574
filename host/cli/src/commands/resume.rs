//! `reentry resume`: answers a suspended step and shows how far the run came.

use reentry::ResumeOptions;
use reentry::core::path::StepPath;
use reentry::core::resume::Target;

use crate::args::{ActorArgs, ContextArgs, Given, OutputArgs, RunName, SuspensionName, TracingArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome::{finish, or_interrupt};
use crate::session::{Background, Session};

/// Answer a suspended step: its memory is put back, its code goes on at the next line
///
/// Which step is meant need not be said when only one waits. Everything is checked before anything is changed: after
/// an error the run is as it was. Of several that answer the same question exactly one wins.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    /// The step: its id, or the path to it (outer.inner.step)
    #[arg(long, value_name = "PATH", value_parser = step)]
    step: Option<StepPath>,

    /// A label of the question; wins over --step
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,

    /// Index of the item, of a step that is done for each of several
    #[arg(long, value_name = "N")]
    index: Option<u32>,

    /// The question itself, by its id or an end of it; wins over everything else
    #[arg(long, value_name = "ID")]
    suspension: Option<SuspensionName>,

    /// Answer every question that fits, each with the same data
    #[arg(long)]
    all: bool,

    /// Your own name for this request: made twice under one, it is done once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,

    /// The answer: JSON, a file with it, or standard input
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    data: Option<Given>,

    #[command(flatten)]
    actor: ActorArgs,

    #[command(flatten)]
    context: ContextArgs,

    /// The attempt number to account to the resumed call, at most the retries of the step's policy
    #[arg(long, value_name = "N", default_value_t = 0)]
    retry_count: u32,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    tracing: TracingArgs,
}

/// A path to a step. The empty one would be the workflow itself, which is most likely a variable that was not set.
pub(super) fn step(text: &str) -> Result<StepPath, String> {
    StepPath::from_elements(text.split('.')).map_err(|error| error.to_string())
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let mut options = options(&args)?;
    let tenant = session.existing_tenant(Background::of(args.output.wait)).await?;
    let run = args.run.open(session, &tenant).await?;
    if let Some(suspension) = &args.suspension {
        options.step.suspension = Some(suspension.find(session, &run).await?);
    }
    let result = or_interrupt(run.id(), true, async { Ok(run.resume(options).await?) }).await?;
    finish(session, &tenant, &run, result, args.output).await
}

fn options(args: &Args) -> Result<ResumeOptions, Failure> {
    let (tracing_context, tracing_options) = args.tracing.read()?;
    let mut target = Target::default().all(args.all);
    target.step.clone_from(&args.step);
    target.label.clone_from(&args.label);
    target.for_each_index = args.index;
    let mut options = ResumeOptions::default()
        .step(target)
        .request_context(args.context.read()?)
        .retry_count(args.retry_count)
        .tracing_context(tracing_context)
        .tracing_options(tracing_options)
        .output_options(args.output.options())
        .actor(args.actor.actor())
        .channel(ActorArgs::CHANNEL);
    options.resume_data = args.data.as_ref().map(|given| given.read("--data")).transpose()?;
    options.idempotency_key.clone_from(&args.idempotency_key);
    options.comment = args.actor.comment();
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_named_by_a_path_that_is_not_empty() {
        assert_eq!(
            step("outer.each[3].leaf").map(|path| path.to_string()),
            Ok("outer.each[3].leaf".to_owned())
        );
        assert!(step("").is_err() && step("a..b").is_err());
    }
}
