//! A workflow of one step, made of a component.

use reentry::Component;
use reentry::core::step::Descriptor;
use reentry::core::workflow::{Definition, WorkflowBuilder};

use crate::codes;
use crate::error::Problem;

/// A step of a component that was not chosen well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepChoice {
    /// The step that was asked for, which there is not; `None` where the choice was left open.
    pub wanted: Option<String>,
    /// The steps that there are.
    pub steps: Vec<String>,
}

impl StepChoice {
    /// The error that this is.
    pub fn problem(&self) -> Problem {
        match &self.wanted {
            None => {
                let message = format!("the component has {} steps, and a run needs one", self.steps.len());
                Problem::new(&codes::AMBIGUOUS_STEP, message)
            }
            Some(wanted) => {
                let message = format!("the component has no step `{wanted}`");
                Problem::new(&codes::NO_STEP, message)
            }
        }
    }
}

/// Makes a workflow of one step of a component: its only one, or the one asked for.
///
/// # Errors
/// When there are several and none was asked for, or not the one that was.
pub fn one_step(component: &Component, wanted: Option<&str>) -> Result<Definition, StepChoice> {
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

fn choose<'a>(steps: &'a [Descriptor], wanted: Option<&str>) -> Result<&'a Descriptor, StepChoice> {
    let found = match (wanted, steps) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(wanted), _) => steps.iter().find(|step| step.id == wanted),
    };
    found.ok_or_else(|| StepChoice {
        wanted: wanted.map(str::to_owned),
        steps: steps.iter().map(|step| step.id.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(steps: &[&str], wanted: Option<&str>) -> String {
        let steps: Vec<Descriptor> =
            steps.iter().map(|id| Descriptor { id: (*id).to_owned(), ..Descriptor::default() }).collect();
        match choose(&steps, wanted) {
            Ok(step) => step.id.clone(),
            Err(choice) => format!("{}: {}", choice.problem().message, choice.steps.join(", ")),
        }
    }

    #[test]
    fn a_component_of_several_steps_needs_a_choice() {
        assert_eq!(chosen(&["count"], None), "count");
        assert_eq!(chosen(&["count", "sum"], Some("sum")), "sum");
        insta::assert_snapshot!(
            chosen(&["count", "sum"], None),
            @"the component has 2 steps, and a run needs one: count, sum"
        );
        insta::assert_snapshot!(
            chosen(&["count", "sum"], Some("cout")),
            @"the component has no step `cout`: count, sum"
        );
    }
}
