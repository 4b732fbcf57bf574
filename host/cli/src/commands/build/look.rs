//! A look at a component that was made: another process opens it as a host would, and asks it for its steps.

use std::fmt::Write as _;

use reentry::core::digest::ComponentDigest;
use reentry::core::json::Json;
use reentry::core::step::Descriptor;
use reentry_wire::{LookRefused, Looked};
use serde_json::Value;

use super::places::{Author, places_of};
use crate::codes;
use crate::commands::look::in_a_process;
use crate::component_file::name_of;
use crate::failure::{Failure, Report};
use crate::languages::{Inputs, Shelf};
use crate::schema_text::outline;
use crate::session::Session;
use crate::ui::harmless;
use crate::working::Working;

/// The steps of a component.
///
/// What was seen of the same component before is not looked at again, unless `force` says so.
///
/// # Errors
/// Guest when a host would refuse the component, with the place in the author's sources and the language's own hint.
pub(super) fn steps(
    session: &Session,
    author: &Author<'_>,
    path: &std::path::Path,
    component: &[u8],
    force: bool,
) -> Result<Vec<Descriptor>, Failure> {
    let (digest, grants) = (ComponentDigest::of(component).to_string(), format!("{:?}", session.grants()));
    let (shelf, seen) = (Shelf::of_user("seen"), Inputs::of_this_program(&[&digest, &grants]));
    let before = shelf.take(&seen).filter(|_| !force);
    if let Some(steps) = before.and_then(|steps| serde_json::from_slice(&steps).ok()) {
        return Ok(steps);
    }
    let name = name_of(path);
    let _working = Working::begin(&format!("opening {name}"));
    match in_a_process(session, &name, component)? {
        Looked::Steps(steps) => {
            shelf.keep(&seen, &serde_json::to_vec(&steps).unwrap_or_default());
            Ok(steps)
        }
        Looked::Refused(refused) => Err(told(refused, author).into()),
    }
}

/// What a host says of a component, in the terms of its author.
fn told(refused: LookRefused, author: &Author<'_>) -> Report {
    let LookRefused { code, message, causes, hints, step, problem, about_steps } = refused;
    let places = step.map(|id| places_of(author, &id)).unwrap_or_default();
    let place = if places.is_empty() { author.file.clone() } else { places.join(", ") };
    let message = format!("{place}: {}", problem.unwrap_or(message));
    let report = Report { causes, hints, ..Report::new(codes::find(&code), message) };
    if about_steps { author.hinted(report) } else { report }
}

/// A line for each step: `approve: input {item}, answer {approved, comment?}`.
pub(super) fn text(steps: &[Descriptor]) -> String {
    let mut text = String::new();
    for step in steps {
        let form = |name: &str, schema: &Option<Json>| {
            let schema: Value = schema.as_ref()?.value().ok()?;
            Some(format!("{name} {}", outline(&schema)))
        };
        let forms = [
            form("input", &step.input_schema),
            form("question", &step.suspend_schema),
            form("answer", &step.resume_schema),
            form("output", &step.output_schema),
        ];
        let forms: Vec<String> = forms.into_iter().flatten().collect();
        let forms = if forms.is_empty() { "no schemas".to_owned() } else { forms.join(", ") };
        let _ = writeln!(text, "  {}: {}", harmless(&step.id), harmless(&forms));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_told_on_one_line() {
        let schema = |value| Some(Json::from(value));
        let asks = Descriptor {
            id: "approve".to_owned(),
            input_schema: schema(
                json!({"type": "object", "required": ["item"], "properties": {"item": {"type": "string"}}}),
            ),
            resume_schema: schema(json!({"type": "object", "required": ["approved"],
                "properties": {"comment": {"type": "string"}, "approved": {"type": "boolean"}}})),
            output_schema: schema(json!({"type": "array", "items": {"type": "integer"}})),
            ..Descriptor::default()
        };
        let bare = Descriptor { id: "bare".to_owned(), ..Descriptor::default() };
        insta::assert_snapshot!(text(&[asks, bare]), @r"
          approve: input {item}, answer {approved, comment?}, output integer[]
          bare: no schemas
        ");
    }
}
