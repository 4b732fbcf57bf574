//! The examples of the guide are workflows.

use super::*;

const GUIDE: &str = include_str!("../../../../../docs/workflows.md");

/// Commits an example: a whole file, or entries of one. Its components have the steps that it names.
fn commit_example(language: &str, text: &str) -> Result<String, String> {
    let whole = match text.starts_with("- ") {
        true => format!("id: example\nsteps:\n{text}"),
        false => text.to_owned(),
    };
    let told = |mistakes: Mistakes| {
        mistakes.problems().into_iter().map(|problem| format!("{problem}\n")).collect::<String>()
    };
    let source = Source::read(Path::new(&format!("guide.{language}")), whole.as_bytes()).map_err(told)?;
    let contract = |id: &str| {
        let descriptor = Descriptor { id: id.to_owned(), ..Descriptor::default() };
        (id.to_owned(), Arc::new(Contract::new(descriptor).unwrap()))
    };
    let steps: ComponentSteps =
        source.definition.step_entries().iter().map(|(_, step)| contract(&step.step)).collect();
    let steps = Arc::new(steps);
    let digest = |name: String| Ok::<_, ()>(ComponentDigest::of(name.as_bytes()));
    let definition = source.definition.clone().try_map(&mut { digest }).unwrap();
    match Workflow::commit(&definition, &|_| Ok(Arc::clone(&steps))) {
        Ok(workflow) => Ok(workflow.definition().to_string()),
        Err(problems) => Err(told(source.blame(&problems, &[]))),
    }
}

#[test]
fn every_example_can_be_committed_and_together_they_have_every_verb() {
    let mut all = String::new();
    for language in ["yaml", "json"] {
        for example in GUIDE.split(&format!("```{language}\n")).skip(1) {
            let example = example.split("```").next().unwrap();
            all +=
                &commit_example(language, example).unwrap_or_else(|problems| panic!("{problems}{example}"));
        }
    }
    let entry: serde_json::Value = serde_json::from_str(crate::workflow_file::shape::SCHEMA).unwrap();
    let verbs = entry["$defs"]["entry"]["properties"].as_object().unwrap();
    let missing: Vec<&String> =
        verbs.keys().filter(|verb| !all.contains(&format!("{{\"{verb}\":"))).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
    for field in ["otherwise", "totalTimeoutMs", "concurrency", "timeZone", "retry", "inputSchema"] {
        assert!(all.contains(&format!("\"{field}\":")), "no example of {field}");
    }
}
