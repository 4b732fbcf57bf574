//! `reentry components inspect`: what a component is and says of itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use reentry::Component;
use reentry::core::json::Json;
use reentry::core::step::{Descriptor, ResumeMode};
use reentry_wire::ComponentInspected;
use reentry_wire::lookup;

use crate::component_file::{add, name_of, read};
use crate::component_lookup::did_you_mean;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::humane::bytes;
use crate::schema_text::summary;
use crate::session::{Background, Session};
use crate::style::Style;
use crate::ui::{hang, harmless, harmless_line};

/// Show a component's steps, their schemas, what it imports, and how it resumes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file, which is not added, or the digest or name of a component that you have, or that is published
    #[arg(value_name = "DIGEST|NAME|FILE")]
    component: PathBuf,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let (component, size) = match args.component.is_file() {
        true => of_file(session, &args.component).await?,
        false => of_host(session, &args.component).await?,
    };
    if session.ui.is_json() {
        session.ui.print_json(&ComponentInspected::of(&component, size))?;
    } else {
        session.ui.print(&text(&component, size, session.ui.out))?;
    }
    Ok(Exit::Done)
}

/// Takes a component in on a host that keeps nothing.
async fn of_file(session: &Session, path: &Path) -> Result<(Component, Option<u64>), Failure> {
    let bytes = crate::component_file::component(session, path, read(path)?)?;
    let size = u64::try_from(bytes.len()).ok();
    let tenant = session.passing_tenant().await?;
    Ok((add(session, &tenant, path, bytes, &name_of(path)).await?, size))
}

async fn of_host(session: &Session, name: &Path) -> Result<(Component, Option<u64>), Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let shown = name.to_string_lossy();
    match lookup::component(&tenant, &shown).await? {
        Some(digest) => {
            let listed = tenant.components().await?.into_iter().find(|component| component.digest == digest);
            Ok((tenant.component(digest).await?, listed.map(|component| component.bytes)))
        }
        None => {
            let hint = did_you_mean(&tenant, &shown).await?;
            let report = Report::new(
                &reentry::codes::NO_COMPONENT,
                format!("there is no file and no component `{shown}`"),
            );
            let list = session.again.command(["components", "list"]);
            Err(report.hint(hint.unwrap_or_else(|| format!("`{list}` shows those that there are"))).into())
        }
    }
}

fn text(component: &Component, size: Option<u64>, style: Style) -> String {
    let meta = component.meta();
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}{}", style.dim(&format!("{name:<11}")), hang(value, 11));
    };
    line("digest", &component.digest().to_string());
    if let Some(size) = size {
        line("size", &bytes(size));
    }
    line(
        "imports",
        &if meta.imports.is_empty() { "nothing".to_owned() } else { harmless(&meta.imports.join("\n")) },
    );
    match meta.obstacles.as_slice() {
        [] => line("resumes", "where it stopped: its memory is kept and put back"),
        why => line(
            "resumes",
            &harmless(&format!("by re-entry only: its memory cannot be kept\n{}", why.join("\n"))),
        ),
    }
    for step in &meta.steps {
        text += &step_text(step, style);
    }
    text
}

fn step_text(step: &Descriptor, style: Style) -> String {
    let title = step.title.as_ref().map(|title| format!("  {}", harmless(title))).unwrap_or_default();
    let mut text = format!("\n{}{title}\n", style.bold(&step.id));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {}{}", style.dim(&format!("{name:<9}")), hang(value, 11));
    };
    if let Some(description) = &step.description {
        line("about", &harmless(description.trim()));
    }
    let schemas = [
        ("input", &step.input_schema),
        ("output", &step.output_schema),
        ("asks", &step.suspend_schema),
        ("answer", &step.resume_schema),
        ("state", &step.state_schema),
        ("context", &step.request_context_schema),
    ];
    for (name, schema) in schemas {
        if let Some(schema) = schema.as_ref().and_then(|schema: &Json| schema.value().ok()) {
            line(name, &harmless_line(&summary(&schema)));
        }
    }
    if let Some(retry) = &step.retry {
        line("retries", &format!("{}, first after {} ms", retry.retries, retry.delay_ms));
    }
    if let Some(timeout) = step.timeout_ms {
        line("timeout", &format!("{timeout} ms"));
    }
    if step.resume_mode == ResumeMode::ReEnter {
        line("resumes", "by re-entry: nothing of its memory is kept");
    }
    text
}
