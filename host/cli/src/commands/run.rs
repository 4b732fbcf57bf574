//! `reentry run`: starts a run and shows how far it came.

use std::cell::Cell;
use std::path::PathBuf;

use reentry::core::run::{Refused, RequestPart};
use reentry::core::workflow::Definition;
use reentry::{StartOptions, Started, Tenant, Workflow};
use reentry_wire::lookup;

use crate::args::{ActorArgs, ContextArgs, Given, OutputArgs, TracingArgs};
use crate::component_lookup::{self, Opened};
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::outcome::{finish, or_interrupt};
use crate::schema_text::summary;
use crate::session::{Background, Session};

/// Start a run of a workflow, or of one step
///
/// The run's id goes to standard error as soon as the run is stored, so that it can be found whatever happens;
/// nothing is left of a start that is refused. The result goes to standard output, and the exit code says how the run
/// stands: `reentry help exit-codes`.
///
/// A failed call is tried again as its policy says. A delay of more than 10 s before a try is not sat through: the
/// command ends, and `reentry work` makes the try (`sit-through` of `reentry limits`).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A workflow file (JSON or YAML), or a component (or core module, which is made one); else an applied workflow
    /// by its id, or a component of the host by its name, or either by the first digits of its digest
    #[arg(value_name = "FILE|ID")]
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

    /// Your own name for this request: made twice under one, it is done once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,

    #[command(flatten)]
    actor: ActorArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    tracing: TracingArgs,

    /// What all this asks for, once it is read.
    #[arg(skip)]
    options: StartOptions,
}

impl Args {
    /// Reads the files and texts that are given. Before the data folder is made: nothing is left of a start that is
    /// refused for them.
    pub(crate) fn read(&mut self) -> Result<(), Failure> {
        self.options = options(self)?;
        Ok(())
    }
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.tenant(Background::of(args.output.wait)).await?;
    let workflow = workflow(session, &tenant, &args).await?;
    let mut new = workflow.new_run();
    if let Some(resource) = args.resource {
        new = new.resource_id(resource);
    }
    let (id, stored) = (new.id(), new.stored());
    let is_told = Cell::new(false);
    let tell = async {
        stored.await;
        session.ui.note(&format!("run {id}"));
        is_told.set(true);
        std::future::pending::<std::convert::Infallible>().await
    };
    let started = or_interrupt(id, true, async {
        tokio::select! {
            biased;
            never = tell => match never {},
            started = new.start(args.options) => Ok(started?),
        }
    });
    let Started { run, result, .. } = started.await.map_err(|failure| with_form(failure, &workflow))?;
    if run.id() == id && !is_told.get() {
        // It stopped before anyone looked.
        session.ui.note(&format!("run {id}"));
    }
    if run.id() != id {
        session.ui.note(&format!("run {}, as the same request was made before", run.id()));
    }
    finish(session, &tenant, &run, result, args.output).await
}

/// What is to be run. A file comes first; a step is one of a component.
async fn workflow(session: &Session, tenant: &Tenant, args: &Args) -> Result<Workflow, Failure> {
    if !args.what.exists()
        && args.step.is_none()
        && let Some(workflow) = lookup::workflow(tenant, &args.what.to_string_lossy()).await?
    {
        return Ok(workflow);
    }
    let Opened { definition, origin } =
        component_lookup::open(session, tenant, &args.what, args.step.as_deref()).await?;
    tenant.commit(definition).await.map_err(|error| origin.failure(error))
}

/// Says how the input must look when it was refused.
fn with_form(failure: Failure, workflow: &Workflow) -> Failure {
    let Failure::Library(error) = &failure else { return failure };
    let definition: Option<Definition> = workflow.definition().decode().ok();
    let schema = definition.and_then(|definition| definition.input_schema?.value().ok());
    match (error.as_ref(), schema) {
        (reentry::Error::Refused(Refused::Invalid { part: RequestPart::Input, .. }), Some(schema)) => {
            Report::of(error).hint(format!("the input must be {}", summary(&schema))).into()
        }
        _ => failure,
    }
}

fn options(args: &Args) -> Result<StartOptions, Failure> {
    let (tracing_context, tracing_options) = args.tracing.read()?;
    let mut options = StartOptions::default()
        .request_context(args.context.read()?)
        .tracing_context(tracing_context)
        .tracing_options(tracing_options)
        .output_options(args.output.options())
        .actor(args.actor.actor())
        .channel(ActorArgs::CHANNEL);
    options.input_data = args.input.as_ref().map(|given| given.read("--input")).transpose()?;
    options.initial_state = args.state.as_ref().map(|given| given.read("--state")).transpose()?;
    options.idempotency_key.clone_from(&args.idempotency_key);
    options.comment = args.actor.comment();
    Ok(options)
}
