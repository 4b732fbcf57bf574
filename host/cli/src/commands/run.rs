//! `reentry run`: starts a run and shows how far it came.

use std::path::PathBuf;

use reentry::core::run::{Refused, RunStatus};
use reentry::core::workflow::Definition;
use reentry::{StartOptions, Workflow};

use crate::args::{ContextArgs, Given, OutputArgs, TracingArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::outcome::{finish, or_interrupt};
use crate::schema_text::summary;
use crate::session::{Background, Session};
use crate::workflow_file;

/// Start a run of a workflow, or of one step
///
/// The run's id goes to standard error at once, so that the run can be found whatever happens. The result goes to standard output,
/// and the exit code says how the run stands: `reentry help exit-codes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A workflow file (JSON or YAML), a component (or core module, which is made one), or the name or digest of a component of the host
    #[arg(value_name = "FILE")]
    what: PathBuf,

    /// Step to run, of a component that has several
    #[arg(long, value_name = "ID")]
    step: Option<String>,

    /// The input: JSON, a file with it, or standard input
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    input: Option<Given>,

    /// The shared state to begin with, a JSON object
    #[arg(long, value_name = "JSON|@FILE|-")]
    state: Option<Given>,

    #[command(flatten)]
    context: ContextArgs,

    /// Whom or what the run is about; runs can be listed by it
    #[arg(long, value_name = "ID")]
    resource: Option<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    tracing: TracingArgs,
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let options = options(&args)?;
    let host = session.host(Background::of(args.output.wait)).await?;
    let definition = workflow_file::open(session, &host, &args.what, args.step.as_deref()).await?;
    let workflow = host.commit(definition).await?;
    let run = match args.resource {
        Some(resource) => workflow.create_run_about(resource).await?,
        None => workflow.create_run().await?,
    };
    session.ui.note(&format!("run {}", run.id()));
    let started = or_interrupt(run.id(), true, async { Ok(run.start(options).await?) }).await;
    let result = match started {
        Ok(result) => result,
        Err(failure) => {
            if run.status().await.is_ok_and(|status| status == RunStatus::Pending) {
                // Nothing would ever start it: what was refused came with this command and is gone with it.
                run.cancel().await?;
            }
            return Err(with_form(failure, &workflow));
        }
    };
    finish(session, &host, &run, result, args.output).await
}

/// Says how the input must look when it was refused.
fn with_form(failure: Failure, workflow: &Workflow) -> Failure {
    let Failure::Library(error) = &failure else { return failure };
    let definition: Option<Definition> = workflow.definition().decode().ok();
    let schema = definition.and_then(|definition| definition.input_schema?.value().ok());
    match (error.as_ref(), schema) {
        (reentry::Error::Refused(Refused::Invalid { what: "input data", .. }), Some(schema)) => {
            Report::of(error).hint(format!("the input must be {}", summary(&schema))).into()
        }
        _ => failure,
    }
}

fn options(args: &Args) -> Result<StartOptions, Failure> {
    let (tracing_context, tracing_options) = args.tracing.read()?;
    Ok(StartOptions {
        input_data: args.input.as_ref().map(|given| given.read("--input")).transpose()?,
        initial_state: args.state.as_ref().map(|given| given.read("--state")).transpose()?,
        request_context: args.context.read()?,
        tracing_context,
        tracing_options,
        output_options: args.output.options(),
        idempotency_key: None,
    })
}
