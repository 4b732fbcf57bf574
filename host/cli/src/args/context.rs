//! The request context: `--context KEY=JSON`, or a whole object.

use std::collections::BTreeMap;

use clap::Args;
use reentry::core::json::Json;

use super::given::Given;
use crate::codes;
use crate::failure::{Failure, Report};

/// What the input or the answer does not say.
#[derive(Clone, Debug, Args)]
pub(crate) struct ContextArgs {
    /// Request context: one key, or a JSON object of several; may be repeated
    #[arg(long, value_name = "KEY=JSON")]
    context: Vec<String>,
}

impl ContextArgs {
    /// The values by key; later ones win.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, Json>, Failure> {
        let mut values = BTreeMap::new();
        for text in &self.context {
            if text.trim_start().starts_with('{') {
                values.extend(object("--context", text)?);
                continue;
            }
            let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
                let message = format!("--context `{text}` has no key: expected KEY=JSON or a JSON object");
                return Err(Report::new(&codes::INVALID_ARGUMENT, message).into());
            };
            let option = format!("--context {key}");
            let value = Given::Text(value.to_owned())
                .read(&option)
                .map_err(|failure| with_equals(failure, &option))?;
            values.insert(key.to_owned(), value);
        }
        Ok(values)
    }
}

/// A JSON object by its keys.
pub(super) fn object(option: &str, text: &str) -> Result<BTreeMap<String, Json>, Failure> {
    let json = Given::Text(text.to_owned()).read(option)?;
    json.decode().map_err(|_| {
        Report::new(&codes::INVALID_ARGUMENT, format!("{option} must be a JSON object, found {json}")).into()
    })
}

/// Hints speak of `OPTION VALUE`, but here key and value are joined.
fn with_equals(failure: Failure, option: &str) -> Failure {
    let Failure::Own(mut report) = failure else { return failure };
    for hint in &mut report.hints {
        *hint = hint.replace(&format!("{option} "), &format!("{option}="));
    }
    Failure::Own(report)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(texts: &[&str]) -> String {
        let args = ContextArgs { context: texts.iter().map(ToString::to_string).collect() };
        match args.read() {
            Ok(values) => serde_json::to_string(&values).unwrap(),
            Err(Failure::Own(report)) => format!("{}\n{}", report.message, report.hints.join("\n")),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn keys_and_objects_are_merged_and_the_later_wins() {
        assert_eq!(said(&["a=1", r#"{"b": "x", "a": 2}"#, "b=[]"]), r#"{"a":2,"b":[]}"#);
        assert_eq!(said(&["a=\"x=y\""]), r#"{"a":"x=y"}"#);
    }

    #[test]
    fn what_is_neither_is_refused() {
        insta::assert_snapshot!(said(&["user"]), @"--context `user` has no key: expected KEY=JSON or a JSON object");
        insta::assert_snapshot!(said(&["user=ada"]), @r#"
        --context user is not valid JSON: expected value
        a text is JSON only with its double quotes: `--context user='"ada"'`
        "#);
        insta::assert_snapshot!(said(&["{\"a\""]), @"--context is not valid JSON: the text ends within an object");
    }
}
