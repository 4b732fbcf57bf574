//! A workflow of one step, made for `reentry run COMPONENT`.

use reentry::Component;
use reentry::core::similar::closest;
use reentry::core::step::Descriptor;
use reentry::core::workflow::{Definition, WorkflowBuilder};

use crate::failure::{Failure, Report};

/// A workflow of one step of a component: its only one, or the one asked for.
pub(super) fn one_step(component: &Component, wanted: Option<&str>) -> Result<Definition, Failure> {
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
