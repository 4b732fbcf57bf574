//! Runs and questions as people name them: an id, whole or in part, and for a run the word `last`.
//!
//! Ids begin with the time at which they were made, so those of one hour begin alike. That is why tables show their last digits
//! ([`short`]), and why either end of an id will do for its whole, as long as only one has it.

use std::fmt;
use std::str::FromStr;

use reentry::core::error::ErrorKind;
use reentry::core::id::{RunId, SuspensionId};
use reentry::{Run, Tenant};

use crate::failure::{Failure, Report};
use crate::session::Session;

/// Fewest digits that stand for an id.
const DIGITS_MIN: usize = 4;

/// Digits of an id.
const DIGITS: usize = 32;

/// Digits that tables show of an id: its last ones, which are left to chance.
const DIGITS_SHOWN: usize = 8;

/// Most ids that an error lists.
const CANDIDATES_SHOWN: usize = 10;

/// The word for the run that was started or answered most recently.
const LAST: &str = "last";

/// A run as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunName {
    /// The one that was started or answered most recently.
    Last,
    /// By its id.
    Id(RunId),
    /// By the first or last digits of its id.
    Part(String),
}

/// A question as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SuspensionName {
    /// By its id.
    Id(SuspensionId),
    /// By the first or last digits of its id.
    Part(String),
}

impl FromStr for RunName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == LAST {
            return Ok(Self::Last);
        }
        let expected = "its id, the first or last 4 digits of it or more, or `last`";
        read(text, "run_")
            .map(|part| part.map_or_else(Self::Part, Self::Id))
            .ok_or_else(|| format!("that names no run: expected {expected}; `reentry runs list` shows them"))
    }
}

impl FromStr for SuspensionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "its id, or the first or last 4 digits of it or more";
        read(text, "sus_")
            .map(|part| part.map_or_else(Self::Part, Self::Id))
            .ok_or_else(|| format!("that names no question: expected {expected}; `reentry inbox` shows them"))
    }
}

/// An id, or as `Err` the digits of a part of one; `None` for what is neither.
fn read<Id: FromStr>(text: &str, prefix: &str) -> Option<Result<Id, String>> {
    if let Ok(id) = text.parse() {
        return Some(Ok(id));
    }
    let digits = text.strip_prefix(prefix).unwrap_or(text).to_ascii_lowercase();
    let is_part =
        (DIGITS_MIN..=DIGITS).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    match format!("{prefix}{digits}").parse() {
        Ok(id) => Some(Ok(id)),
        Err(_) => is_part.then_some(Err(digits)),
    }
}

impl RunName {
    /// The run that is meant; hints of later errors are about it.
    ///
    /// # Errors
    /// `NotFound`; `Refused` when several are meant.
    pub(crate) async fn open(&self, session: &Session, tenant: &Tenant) -> Result<Run, Failure> {
        Ok(tenant.run(self.find(session, tenant).await?).await?)
    }

    /// The same without a look at the run, which may not be there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) async fn find(&self, session: &Session, tenant: &Tenant) -> Result<RunId, Failure> {
        let id = self.id(session, tenant).await?;
        session.is_about(id);
        Ok(id)
    }

    async fn id(&self, session: &Session, tenant: &Tenant) -> Result<RunId, Failure> {
        let name = tenant.id();
        match self {
            Self::Id(id) => Ok(*id),
            Self::Last => match tenant.last_run().await? {
                Some(id) => {
                    session.ui.note(&format!("the last run is {id}"));
                    Ok(id)
                }
                None => Err(unknown("no-run", format!("no run was started yet for tenant {name}"), session)),
            },
            Self::Part(digits) => {
                let found = tenant.runs_with_digits(digits, CANDIDATES_SHOWN + 1).await?;
                let none = || {
                    let message = format!("no run whose id begins or ends with `{digits}` for tenant {name}");
                    unknown("no-run", message, session)
                };
                the_one("runs", digits, &found)?.ok_or_else(none)
            }
        }
    }
}

impl SuspensionName {
    /// The question of this run that is meant, open or not.
    ///
    /// # Errors
    /// `NotFound`; `Refused` when several are meant.
    pub(crate) async fn find(&self, session: &Session, run: &Run) -> Result<SuspensionId, Failure> {
        let digits = match self {
            Self::Id(id) => return Ok(*id),
            Self::Part(digits) => digits,
        };
        let fits = |id: &SuspensionId| {
            let all = id.to_string();
            let all = all.strip_prefix("sus_").unwrap_or(&all);
            all.starts_with(digits.as_str()) || all.ends_with(digits.as_str())
        };
        let found: Vec<SuspensionId> = run
            .history()
            .await?
            .iter()
            .filter(|waiting| waiting.record.run == run.id())
            .map(|waiting| waiting.record.id)
            .filter(fits)
            .collect();
        the_one("questions", digits, &found)?.ok_or_else(|| {
            let message = format!("no question of run {} whose id begins or ends with `{digits}`", run.id());
            let show = session.again.command(["runs", "show", &run.id().to_string()]);
            Report::not_found("no-suspension", message).hint(format!("`{show}` lists its questions")).into()
        })
    }
}

fn unknown(code: &'static str, message: String, session: &Session) -> Failure {
    let list = session.again.command(["runs", "list"]);
    let dir = session.data_dir().display();
    Report::not_found(code, message).hint(format!("looked in {dir}; `{list}` shows the runs")).into()
}

/// The only one of several.
fn the_one<Id: Copy + fmt::Display>(what: &str, digits: &str, found: &[Id]) -> Result<Option<Id>, Failure> {
    match found {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => {
            let mut lines: Vec<String> =
                several.iter().take(CANDIDATES_SHOWN).map(ToString::to_string).collect();
            if several.len() > CANDIDATES_SHOWN {
                lines.push("…".to_owned());
            }
            let message = format!("several {what} have an id that begins or ends with `{digits}`");
            let hint = format!("say more of it:\n{}", lines.join("\n"));
            Err(Report::new(ErrorKind::Refused, "ambiguous-id", message).hint(hint).into())
        }
    }
}

/// An id as tables show it, which commands take: `run_4f5e6d7c`, its last digits.
pub(crate) fn short(id: &impl fmt::Display) -> String {
    let whole = id.to_string();
    let Some((kind, digits)) = whole.split_once('_') else { return whole };
    let from = digits.len().saturating_sub(DIGITS_SHOWN);
    format!("{kind}_{}", digits.get(from..).unwrap_or(digits))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WHOLE: &str = "0000000003e87fffbfff0123456789ab";

    #[test]
    fn a_run_is_named_by_its_id_an_end_of_it_or_as_the_last() {
        let id = format!("run_{WHOLE}").parse().unwrap();
        let part = |digits: &str| Ok(RunName::Part(digits.to_owned()));
        for (text, name) in [
            (format!("run_{WHOLE}"), Ok(RunName::Id(id))),
            (WHOLE.to_uppercase(), Ok(RunName::Id(id))),
            (short(&id), part("456789ab")),
            ("456789AB".to_owned(), part("456789ab")),
            ("run_0000".to_owned(), part("0000")),
            ("last".to_owned(), Ok(RunName::Last)),
        ] {
            assert_eq!(text.parse(), name, "{text}");
        }
        for wrong in [
            "",
            "run_",
            "abc",
            "run_abc",
            "sus_456789ab",
            "Last",
            "xyzw",
            "0123456789012345678901234567890123",
        ] {
            assert!(wrong.parse::<RunName>().is_err(), "{wrong}");
        }
        assert!("last".parse::<SuspensionName>().is_err());
        assert_eq!("sus_456789ab".parse(), Ok(SuspensionName::Part("456789ab".to_owned())));
    }

    #[test]
    fn an_end_that_several_have_is_answered_with_all_of_them() {
        assert!(matches!(the_one("runs", "ab", &["x"]), Ok(Some("x"))));
        assert!(matches!(the_one::<&str>("runs", "ab", &[]), Ok(None)));
        let Err(Failure::Own(report)) = the_one("runs", "ab", &["run_1ab", "run_2ab"]) else { panic!("one") };
        insta::assert_snapshot!(format!("{}\n{}", report.message, report.hints.join("\n")), @"
        several runs have an id that begins or ends with `ab`
        say more of it:
        run_1ab
        run_2ab
        ");
    }
}
