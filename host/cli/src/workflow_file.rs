//! What `run` is asked to run: a workflow file, a component in a file, or a component of the host.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use reentry::core::digest::{ComponentDigest, DigestError};
use reentry::core::step::Descriptor;
use reentry::core::workflow::{Definition, Entry, WorkflowBuilder};
use reentry::{Component, Host};

use crate::args::syntax_error;
use crate::component_file::{self, Contents, name_of};
use crate::failure::{Failure, Report};
use crate::session::Session;
use crate::similar::closest;

/// Opens what the user named, adds the components that it needs, and gives the workflow's definition.
pub(crate) async fn open(
    session: &Session,
    host: &Host,
    what: &Path,
    step: Option<&str>,
) -> Result<Definition, Failure> {
    let component = match what.exists() {
        true => {
            let bytes = component_file::read(what)?;
            if Contents::of(&bytes) == Contents::Other && !has_ending(what, "wasm") {
                if step.is_some() {
                    let message = "--step chooses a step of a component, but this is a workflow file";
                    return Err(Report::refused("invalid-argument", message).into());
                }
                return open_workflow(session, host, what, &bytes).await;
            }
            component_file::add(session, host, what, bytes, &name_of(what)).await?
        }
        false => match component_of_host(host, &what.to_string_lossy()).await? {
            Found::Component(digest) => host.component(digest).await?,
            Found::Nothing(hint) => {
                let message = format!("there is no file {}, and no component of that name", what.display());
                let report = Report::not_found("no-file", message);
                return Err(report.hint(hint.unwrap_or_else(|| looked_for(what))).into());
            }
        },
    };
    one_step(&component, step)
}

/// A workflow of one step of a component: its only one, or the one asked for.
fn one_step(component: &Component, wanted: Option<&str>) -> Result<Definition, Failure> {
    let step = choose(component.steps(), wanted)?;
    let mut builder = WorkflowBuilder::new(&step.id).then(component.step(&step.id));
    if let Some(title) = &step.title {
        builder = builder.title(title);
    }
    if let Some(schema) = &step.input_schema {
        builder = builder.input_schema(schema.clone());
    }
    Ok(builder.definition())
}

fn choose<'a>(steps: &'a [Descriptor], wanted: Option<&str>) -> Result<&'a Descriptor, Failure> {
    let ids = || steps.iter().map(|step| step.id.as_str());
    let list = || ids().map(|id| format!("`--step {id}`")).collect::<Vec<_>>().join(", ");
    match (wanted, steps) {
        (None, [only]) => Ok(only),
        (None, _) => {
            let message = format!("the component has {} steps, and a run needs one", steps.len());
            Err(Report::refused("ambiguous-step", message).hint(format!("choose with {}", list())).into())
        }
        (Some(wanted), _) => steps.iter().find(|step| step.id == wanted).ok_or_else(|| {
            let report = Report::not_found("no-step", format!("the component has no step `{wanted}`"));
            let hint = match closest(wanted, ids()) {
                Some(meant) => format!("did you mean `--step {meant}`?"),
                None => format!("it has {}", list()),
            };
            report.hint(hint).into()
        }),
    }
}

async fn open_workflow(
    session: &Session,
    host: &Host,
    path: &Path,
    bytes: &[u8],
) -> Result<Definition, Failure> {
    let definition = parse(path, bytes)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut digests = HashMap::new();
    for (entry, name) in components(&definition) {
        if !digests.contains_key(name) {
            digests.insert(name.to_owned(), resolve(session, host, folder, entry, name).await?);
        }
    }
    let mut known = |name: String| {
        let unknown = || Report::not_found("no-component", format!("there is no component `{name}`"));
        digests.get(&name).copied().ok_or_else(|| Failure::from(unknown()))
    };
    definition.try_map(&mut known)
}

/// Reads a definition. Mistakes are told with file, line and column, so that editors and eyes find them.
fn parse(path: &Path, bytes: &[u8]) -> Result<Definition<String>, Failure> {
    let shown = path.display();
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Report::refused("invalid-workflow", format!("{shown} is neither WebAssembly nor text"))
    })?;
    serde_json::from_str(text).map_err(|error| {
        let (problem, excerpt) = syntax_error(text, &error);
        let place = format!("{shown}:{}:{}", error.line(), error.column());
        let report = Report::refused("invalid-workflow", format!("{place}: {problem}")).excerpt(excerpt);
        match (has_ending(path, "yaml") || has_ending(path, "yml"), meant(&problem)) {
            (true, _) => report.hint("workflow files are JSON").into(),
            (false, Some(meant)) => report.hint(format!("did you mean `{meant}`?")).into(),
            (false, None) => report.into(),
        }
    })
}

/// The known name that an unknown one was meant to be: the message names both, in backticks, the unknown one first.
fn meant(problem: &str) -> Option<&str> {
    let mut names = problem.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    closest(names.next()?, names)
}

/// Each entry's id and what names its component.
fn components(definition: &Definition<String>) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for entry in &definition.steps {
        match entry {
            Entry::Then(step) => found.push((step.id.as_str(), step.component.as_str())),
            Entry::Workflow(inner) => found.extend(components(inner)),
        }
    }
    found
}

/// The component that a workflow file names: by a path from that file, by digest, or by name.
async fn resolve(
    session: &Session,
    host: &Host,
    folder: &Path,
    entry: &str,
    name: &str,
) -> Result<ComponentDigest, Failure> {
    let path = folder.join(name);
    if path.is_file() {
        let bytes = component_file::read(&path)?;
        return Ok(component_file::add(session, host, &path, bytes, &name_of(&path)).await?.digest());
    }
    match component_of_host(host, name).await? {
        Found::Component(digest) => Ok(digest),
        Found::Nothing(hint) => {
            let message = format!("step `{entry}`: there is no file and no component `{name}`");
            let report = Report::not_found("no-component", message);
            Err(report.hint(hint.unwrap_or_else(|| looked_for(&path))).into())
        }
    }
}

/// What a host knows of a component's digest or name.
pub(crate) enum Found {
    Component(ComponentDigest),
    /// Nothing, and what may have been meant.
    Nothing(Option<String>),
}

/// Looks for a component by name; of several with one name it is the one added last. A digest is taken as it is: that there is no such
/// component is found out where it is used.
pub(crate) async fn component_of_host(host: &Host, name: &str) -> Result<Found, Failure> {
    if name.starts_with("sha256:") {
        let digest = name
            .parse()
            .map_err(|error: DigestError| Report::refused("invalid-digest", error.to_string()))?;
        return Ok(Found::Component(digest));
    }
    let components = host.components().await?;
    if let Some(found) = components.iter().find(|component| component.name == name) {
        return Ok(Found::Component(found.digest));
    }
    let meant = closest(name, components.iter().map(|component| component.name.as_str()));
    Ok(Found::Nothing(meant.map(|meant| format!("did you mean the component `{meant}`?"))))
}

fn looked_for(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    format!("looked for {}", whole.display())
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn own(failure: Failure) -> Report {
        match failure {
            Failure::Own(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn said(file: &str, text: &str) -> String {
        match parse(Path::new(file), text.as_bytes()) {
            Ok(definition) => format!("{:?}", components(&definition)),
            Err(failure) => {
                let report = own(failure);
                let lines = [Some(report.message), report.excerpt, report.hints.first().cloned()];
                lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn components_of_nested_workflows_are_found() {
        let text = r#"{"id": "w", "steps": [
            {"then": {"id": "a", "component": "a.wasm", "step": "a"}},
            {"workflow": {"id": "inner", "steps": [{"then": {"id": "b", "component": "sha256:00", "step": "b"}}]}}]}"#;
        assert_eq!(said("w.json", text), r#"[("a", "a.wasm"), ("b", "sha256:00")]"#);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        insta::assert_snapshot!(said("w.json", "{\"id\": \"w\",\n  \"stepz\": []}"), @r#"
        w.json:2:9: unknown field `stepz`, expected one of `id`, `title`, `description`, `inputSchema`, `outputSchema`, `stateSchema`, `requestContextSchema`, `retry`, `steps`
          "stepz": []}
                ^
        did you mean `steps`?
        "#);
        insta::assert_snapshot!(said("w.json", "{\"id\": \"w\", \"steps\": [\n  {\"them\": {}}]}"), @r#"
        w.json:2:9: unknown variant `them`, expected `then` or `workflow`
          {"them": {}}]}
                ^
        did you mean `then`?
        "#);
        insta::assert_snapshot!(said("w.json", "{\"id\": \"w\""), @r#"
        w.json:1:10: the text ends within an object
        {"id": "w"
                  ^
        "#);
        insta::assert_snapshot!(said("w.json", "{\"id\": \"w\", \"steps\": [{\"then\": {\"id\": \"a\"}}]}"), @r#"
        w.json:1:42: missing field `component`
        …: "w", "steps": [{"then": {"id": "a"}}]}
                                             ^
        "#);
        insta::assert_snapshot!(said("w.yaml", "id: w\nsteps:\n"), @"
        w.yaml:1:1: expected value
        id: w
        ^
        workflow files are JSON
        ");
    }

    fn chosen(steps: &[&str], wanted: Option<&str>) -> String {
        let steps: Vec<Descriptor> =
            steps.iter().map(|id| Descriptor { id: (*id).to_owned(), ..Descriptor::default() }).collect();
        match choose(&steps, wanted) {
            Ok(step) => step.id.clone(),
            Err(failure) => {
                let report = own(failure);
                format!("{}; {}", report.message, report.hints.join("; "))
            }
        }
    }

    #[test]
    fn a_component_of_several_steps_needs_a_choice() {
        assert_eq!(chosen(&["count"], None), "count");
        assert_eq!(chosen(&["count", "sum"], Some("sum")), "sum");
        insta::assert_snapshot!(chosen(&["count", "sum"], None), @"the component has 2 steps, and a run needs one; choose with `--step count`, `--step sum`");
        insta::assert_snapshot!(chosen(&["count", "sum"], Some("cout")), @"the component has no step `cout`; did you mean `--step count`?");
        insta::assert_snapshot!(chosen(&["count", "sum"], Some("refund")), @"the component has no step `refund`; it has `--step count`, `--step sum`");
    }
}
