//! `host.toml` of a data folder: the limits to which all commands keep that work on it.

use std::io::Read as _;
use std::path::Path;

use reentry_wire::workflow_file::FileProblem;
use reentry_wire::{Details, excerpt, line_and_column};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::args::unreadable;
use crate::codes;
use crate::failure::{Failure, Report};
use crate::limits::{Limit, Unit, WrongValue};

/// Name of the file.
pub(crate) const FILE: &str = "host.toml";

/// The table of it in which limits stand.
const TABLE: &str = "limits";

/// Most bytes of the file.
const BYTES_MAX: u64 = 64 << 10;

/// Limits with their values.
type Values = Vec<(&'static Limit, u64)>;

/// Something that is wrong with the file.
struct Mistake {
    /// The byte at which it stands.
    at: usize,
    message: String,
    hint: Option<String>,
}

/// Reads the file of a data folder. Where there is none, nothing is set.
///
/// # Errors
/// `Refused` with all that is wrong with it, each with line and column.
pub(crate) fn read(folder: &Path) -> Result<Values, Failure> {
    let path = folder.join(FILE);
    let cannot = |error: &std::io::Error| unreadable(format!("cannot read {}", path.display()), error);
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(cannot(&error).into()),
    };
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| cannot(&error))?;
    if text.len() as u64 > BYTES_MAX {
        let message = format!("{} has more than {BYTES_MAX} bytes", path.display());
        return Err(Report::new(&codes::INVALID_HOST_FILE, message).into());
    }
    parsed(&text).map_err(|mistakes| told(&path, &text, mistakes).into())
}

/// Copies the file from one folder to another, unless the first has none or the other has its own.
///
/// # Errors
/// Unavailable when it cannot be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let (from, to) = (from.join(FILE), to.join(FILE));
    if !from.is_file() || to.exists() {
        return Ok(());
    }
    std::fs::copy(&from, &to).map(drop).map_err(|error| {
        let message = format!("cannot copy {} to {}", from.display(), to.display());
        Report::new(&reentry::codes::FILE_UNAVAILABLE, message).cause(error).into()
    })
}

/// Whether there is no such file, or no data folder either.
fn is_missing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

fn parsed(text: &str) -> Result<Values, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let at = |error: &toml::de::Error| error.span().map_or(text.len(), |span| span.start);
        let mistake = |error: &toml::de::Error| Mistake {
            at: at(error),
            message: error.message().to_owned(),
            hint: None,
        };
        return Err(errors.iter().map(mistake).collect());
    }
    let (mut values, mut mistakes) = (Vec::new(), Vec::new());
    for (key, value) in document.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            (TABLE, DeValue::Table(limits)) => {
                for (name, value) in limits {
                    match one(name.get_ref(), name.span().start, value) {
                        Ok(set) => values.push(set),
                        Err(mistake) => mistakes.push(mistake),
                    }
                }
            }
            (TABLE, other) => mistakes.push(Mistake {
                at: value.span().start,
                message: format!("`{TABLE}` is {}, expected a table", kind(other)),
                hint: Some(format!("write `[{TABLE}]`, and the limits below it")),
            }),
            (other, _) => mistakes.push(Mistake {
                at: key.span().start,
                message: format!("there is no setting `{other}`"),
                hint: Some(format!("limits stand in the table `[{TABLE}]`; there is nothing else")),
            }),
        }
    }
    mistakes.sort_by_key(|mistake| mistake.at);
    if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
}

/// One limit with its value.
fn one(name: &str, at: usize, value: &Spanned<DeValue<'_>>) -> Result<(&'static Limit, u64), Mistake> {
    let listed = || "`reentry limits` lists them".to_owned();
    let limit = Limit::find(name).map_err(|meant| Mistake {
        at,
        message: format!("there is no limit `{name}`"),
        hint: Some(meant.map_or_else(listed, |meant| format!("did you mean `{meant}`?"))),
    })?;
    let at = value.span().start;
    let wrong = |message: String, hint: Option<String>| Mistake { at, message, hint };
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(whole) if limit.unit != Unit::Milliseconds => {
            let read = u64::from_str_radix(whole.as_str(), whole.radix());
            read.map_or_else(|_| whole.to_string(), |whole| whole.to_string())
        }
        other => {
            let expected = match limit.unit {
                Unit::Milliseconds => "a text with its unit: \"500ms\", \"30s\", \"5m\", \"1h\"",
                Unit::Bytes => "a number of bytes, or a text with its unit: \"512KiB\", \"64MiB\", \"1GiB\"",
                Unit::Count => "a whole number",
            };
            return Err(wrong(format!("`{name}` is {}, expected {expected}", kind(other)), None));
        }
    };
    match limit.read(&text) {
        Ok(value) => Ok((limit, value)),
        Err(WrongValue::Form(problem)) => Err(wrong(format!("`{name}`: {problem}"), None)),
        Err(WrongValue::Bounds(hint)) => {
            Err(wrong(format!("`{name}` = {text} is out of bounds"), Some(hint)))
        }
    }
}

/// What a value is, with its article.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time of day or a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn told(path: &Path, text: &str, mistakes: Vec<Mistake>) -> Report {
    let file = path.display().to_string();
    let one = |mistake: &Mistake| {
        let (line, column) = line_and_column(text, mistake.at);
        let (problem, excerpt) = (mistake.message.clone(), excerpt(text, mistake.at));
        FileProblem { column, entry: None, field: None, file: file.clone(), line, problem, excerpt }
    };
    let problems: Vec<FileProblem> = mistakes.iter().map(one).collect();
    let report = |(problem, mistake): (&FileProblem, Mistake)| {
        let report = Report::new(&codes::INVALID_HOST_FILE, problem.to_string());
        mistake.hint.into_iter().fold(report.excerpt(problem.excerpt.clone()), Report::hint)
    };
    let mut reports: Vec<Report> = problems.iter().zip(mistakes).map(report).collect();
    let whole = match (reports.len(), reports.pop()) {
        (1, Some(only)) => only,
        (count, last) => {
            reports.extend(last);
            let message = format!("{file} has {count} mistakes");
            Report::new(&codes::INVALID_HOST_FILE, message).parts(reports)
        }
    };
    Report { details: Some(Details::Files { problems }), ..whole }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        match parsed(text) {
            Ok(values) => {
                let value = |(limit, value): &(&'static Limit, u64)| format!("{}={value}", limit.name);
                values.iter().map(value).collect::<Vec<_>>().join(" ")
            }
            Err(mistakes) => {
                let report = told(Path::new("host.toml"), text, mistakes);
                let all = if report.parts.is_empty() { vec![report] } else { report.parts };
                let told = |one: &Report| {
                    let hints = one.hints.join("; ");
                    format!("{}\n{}\n{hints}", one.message, one.excerpt.clone().unwrap_or_default())
                };
                all.iter().map(told).collect::<Vec<_>>().join("\n")
            }
        }
    }

    #[test]
    fn limits_are_set_by_their_names() {
        let text = "# of this host\n[limits]\nmemory-bytes = \"512MiB\"\nwaits = 1_000\ncall = \"2m\"\nlog-bytes = 0x400\n";
        insta::assert_snapshot!(said(text), @"call=120000 log-bytes=1024 memory-bytes=536870912 waits=1000");
        assert_eq!((said(""), said("[limits]\n")), (String::new(), String::new()));
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let text = "limit = 1\n[limits]\nmemry-bytes = 1\ncall = 5\nwaits = \"many\"\nvalue-bytes = \"1GiB\"\ncalls = true\n";
        insta::assert_snapshot!(said(text), @r#"
        host.toml:1:1: there is no setting `limit`
        limit = 1
        ^
        limits stand in the table `[limits]`; there is nothing else
        host.toml:3:1: there is no limit `memry-bytes`
        memry-bytes = 1
        ^
        did you mean `memory-bytes`?
        host.toml:4:8: `call` is a whole number, expected a text with its unit: "500ms", "30s", "5m", "1h"
        call = 5
               ^

        host.toml:5:9: `waits`: `many` is not a whole number
        waits = "many"
                ^

        host.toml:6:15: `value-bytes` = 1GiB is out of bounds
        value-bytes = "1GiB"
                      ^
        it may be 1KiB to 16MiB
        host.toml:7:9: `calls` is true or false, expected a whole number
        calls = true
                ^
        "#);
        insta::assert_snapshot!(said("limits = [1]"), @r"
        host.toml:1:10: `limits` is a list, expected a table
        limits = [1]
                 ^
        write `[limits]`, and the limits below it
        ");
        insta::assert_snapshot!(said("[limits]\ncall = \"2m\nwaits = 2"), @r#"
        host.toml:2:11: invalid basic string, expected `"`
        call = "2m
                  ^
        "#);
        insta::assert_snapshot!(said("[limits]\nwaits = 1\nwaits = 2"), @"
        host.toml:3:1: duplicate key
        waits = 2
        ^
        ");
    }

    #[test]
    fn a_file_that_has_no_end_is_not_read_to_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_empty());
        assert!(read(&folder.path().join("none")).unwrap().is_empty());
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(FILE)).unwrap();
        assert!(read(folder.path()).is_err());
    }
}
