//! JSON that is given on the command line: as a text, in a file, or on standard input.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use reentry::VALUE_BYTES_MAX;
use reentry::core::json::{Json, JsonError};
use reentry_wire::syntax_error;

use crate::failure::{Failure, Report};

/// Where a JSON text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// In the argument.
    Text(String),
    /// In a file: `@FILE`.
    File(PathBuf),
    /// On standard input: `-`.
    Stdin,
}

impl FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix('@')) {
            ("-", _) => Ok(Self::Stdin),
            (_, Some("")) => Err("a file name is missing behind `@`".to_owned()),
            (_, Some(file)) => Ok(Self::File(file.into())),
            (text, None) => Ok(Self::Text(text.to_owned())),
        }
    }
}

impl Given {
    /// Reads and checks the JSON. `option` names it in messages.
    pub(crate) fn read(&self, option: &str) -> Result<Json, Failure> {
        let (place, text) = match self {
            Self::Text(text) => (option.to_owned(), text.clone()),
            Self::File(path) => (path.display().to_string(), read_file(option, path)?),
            Self::Stdin => ("standard input".to_owned(), read_stdin(option)?),
        };
        match Json::parse(text.trim()) {
            Ok(json) => Ok(json),
            Err(JsonError::Malformed(error)) => {
                let report = malformed(&place, text.trim(), &error);
                Err(match self.advice(option) {
                    Some(hint) => report.hint(hint).into(),
                    None => report.into(),
                })
            }
            Err(error @ JsonError::Odd { .. }) => {
                Err(Report::refused("invalid-json", format!("{place}: {error}")).into())
            }
            Err(error) => Err(Report::refused("invalid-json", format!("{place} is {error}")).into()),
        }
    }

    /// What people who are new to JSON in a shell mean.
    fn advice(&self, option: &str) -> Option<String> {
        let Self::Text(text) = self else { return None };
        let text = text.trim();
        if text.is_empty() {
            return Some(format!("nothing at all is `{option} null`"));
        }
        if Path::new(text).is_file() {
            return Some(format!("to read the file, write `{option} @{text}`"));
        }
        if text.contains('<') {
            return Some("put your answer in the place of `<…>`, and leave out what is optional".to_owned());
        }
        let bare = text.chars().all(|c| c.is_alphanumeric() || " _-.".contains(c));
        bare.then(|| format!("a text is JSON only with its double quotes: `{option} '\"{text}\"'`"))
    }
}

fn read_file(option: &str, path: &Path) -> Result<String, Failure> {
    let text = File::open(path).and_then(read_text).map_err(|error| {
        let message = format!("cannot read {}, the file given with {option}", path.display());
        unreadable(message, &error)
    })?;
    text.ok_or_else(|| too_large(&path.display().to_string()))
}

fn read_stdin(option: &str) -> Result<String, Failure> {
    let text = read_text(std::io::stdin().lock())
        .map_err(|error| unreadable(format!("cannot read standard input for {option}"), &error))?;
    text.ok_or_else(|| too_large("standard input"))
}

/// Reads a text to its end; `None` if it has more bytes than any value may have. It may have no end.
fn read_text(from: impl Read) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    from.take(VALUE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > VALUE_BYTES_MAX {
        return Ok(None);
    }
    let no_text = |_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8");
    String::from_utf8(bytes).map(Some).map_err(no_text)
}

fn too_large(place: &str) -> Failure {
    let message = format!("{place} has more than {VALUE_BYTES_MAX} bytes, which no value may have");
    Report::refused("too-large", message).into()
}

/// A file that cannot be read: the user's mistake when it is not there, else the machine's.
pub(crate) fn unreadable(message: String, error: &std::io::Error) -> Report {
    let report = match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory => {
            Report::refused("no-file", message)
        }
        std::io::ErrorKind::InvalidData => Report::refused("invalid-file", message),
        _ => Report::unavailable("file-unavailable", message),
    };
    report.cause(error)
}

fn malformed(place: &str, text: &str, error: &serde_json::Error) -> Report {
    if text.is_empty() {
        return Report::refused("invalid-json", format!("{place} is not valid JSON: it is empty"));
    }
    // Reading the value itself finds better words than skipping over it did (a trailing comma, for one).
    let better = serde_json::from_str::<serde_json::Value>(text).err();
    let error = better.as_ref().unwrap_or(error);
    let (problem, excerpt) = syntax_error(text, error);
    let message = match error.line() {
        1 => format!("{place} is not valid JSON: {problem}"),
        line => format!("{place} is not valid JSON: {problem}, in line {line}"),
    };
    Report::refused("invalid-json", message).excerpt(excerpt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn said(text: &str) -> String {
        let given: Given = text.parse().unwrap();
        match given.read("--input") {
            Ok(json) => json.to_string(),
            Err(Failure::Own(report)) => {
                let lines = [Some(report.message), report.excerpt, report.hints.first().cloned()];
                lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
            }
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn the_mistake_is_marked() {
        insta::assert_snapshot!(said(r#"{"a": 1 "b": 2}"#), @r#"
        --input is not valid JSON: expected `,` or `}`
        {"a": 1 "b": 2}
                ^
        "#);
        insta::assert_snapshot!(said(r#"{"é": nul}"#), @r#"
        --input is not valid JSON: expected `true`, `false` or `null`
        {"é": nul}
                 ^
        "#);
        insta::assert_snapshot!(said("{\n  \"a\": 1,\n}"), @"
        --input is not valid JSON: trailing comma, in line 3
        }
        ^
        ");
        insta::assert_snapshot!(said(r#"{"a": [1, 2"#), @r#"
        --input is not valid JSON: the text ends within a list
        {"a": [1, 2
                   ^
        "#);
    }

    #[test]
    fn a_long_line_is_shown_around_the_mistake() {
        insta::assert_snapshot!(said(&format!("[{}x, {}]", "1, ".repeat(100), "2, ".repeat(100))), @"
        --input is not valid JSON: expected value
        …1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, x, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 
                                             ^
        ");
    }

    #[test]
    fn a_bare_text_is_answered_with_advice() {
        insta::assert_snapshot!(said("hello"), @r#"
        --input is not valid JSON: expected value
        hello
        ^
        a text is JSON only with its double quotes: `--input '"hello"'`
        "#);
        insta::assert_snapshot!(said("Cargo.toml"), @"
        --input is not valid JSON: expected value
        Cargo.toml
        ^
        to read the file, write `--input @Cargo.toml`
        ");
        insta::assert_snapshot!(said("{\"approved\": <true|false>}"), @r#"
        --input is not valid JSON: expected value
        {"approved": <true|false>}
                     ^
        put your answer in the place of `<…>`, and leave out what is optional
        "#);
        insta::assert_snapshot!(said(" "), @"
        --input is not valid JSON: it is empty
        nothing at all is `--input null`
        ");
    }

    #[test]
    fn anything_that_is_json_is_taken() {
        for text in ["-5", "null", "\"x\"", "[1]", "{\"a\": 1.50}"] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        assert_eq!(said("@no/such.json"), "cannot read no/such.json, the file given with --input");
        assert!("@".parse::<Given>().is_err());
    }
}
