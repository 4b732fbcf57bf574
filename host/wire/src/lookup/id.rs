//! Runs and questions by their ids, whole or in part, and for a run the word `last`.

use std::fmt;
use std::str::FromStr;

use reentry::core::id::{RunId, SuspensionId};
use reentry::{Run, Tenant};

use super::{Called, LookupError, only_one};

/// Fewest digits that stand for an id.
const DIGITS_MIN: usize = 4;

/// Digits of an id.
const DIGITS: usize = 32;

/// Digits that tables show of an id: its last ones, which are left to chance.
const DIGITS_SHOWN: usize = 8;

/// Most ids that an error names.
const CANDIDATES_MAX: usize = 10;

/// The word for the run that was started or answered most recently.
const LAST: &str = "last";

/// What a run is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunName {
    /// The one that was started or answered most recently: `last`.
    Last,
    /// By its id.
    Id(RunId),
    /// By the first or last digits of its id.
    Part(String),
}

/// What a question is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuspensionName {
    /// By its id.
    Id(SuspensionId),
    /// By the first or last digits of its id.
    Part(String),
}

impl RunName {
    /// Reads the name of a run; `None` for a text that is none.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            LAST => Some(Self::Last),
            text => read(text, "run_").map(|part| part.map_or_else(Self::Part, Self::Id)),
        }
    }

    /// Finds the run of that name among those of the tenant. A whole id is taken as it is: that there is no such run is
    /// found out where it is used.
    ///
    /// # Errors
    /// `Refused` when several are meant; `Damaged`, `Unavailable`.
    pub async fn find(&self, tenant: &Tenant) -> Result<Option<RunId>, LookupError> {
        match self {
            Self::Id(id) => Ok(Some(*id)),
            Self::Last => Ok(tenant.last_run().await?),
            Self::Part(digits) => {
                let found = tenant.runs_with_digits(digits, CANDIDATES_MAX + 1).await?;
                only_one(Called::Runs, digits, found, CANDIDATES_MAX)
            }
        }
    }
}

impl SuspensionName {
    /// Reads the name of a question; `None` for a text that is none.
    pub fn parse(text: &str) -> Option<Self> {
        read(text, "sus_").map(|part| part.map_or_else(Self::Part, Self::Id))
    }

    /// Finds the question of that name among those of a run, open or not. A whole id is taken as it is.
    ///
    /// # Errors
    /// `Refused` when several are meant; `NotFound`, `Damaged`, `Unavailable`.
    pub async fn find(&self, run: &Run) -> Result<Option<SuspensionId>, LookupError> {
        let digits = match self {
            Self::Id(id) => return Ok(Some(*id)),
            Self::Part(digits) => digits,
        };
        let fits = |id: &SuspensionId| {
            let all = id.to_string();
            let all = all.strip_prefix("sus_").unwrap_or(&all);
            all.starts_with(digits.as_str()) || all.ends_with(digits.as_str())
        };
        let history = run.history().await?;
        let own = history.iter().filter(|waiting| waiting.record.run == run.id());
        let found = own.map(|waiting| waiting.record.id).filter(fits).collect();
        only_one(Called::Questions, digits, found, CANDIDATES_MAX)
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

/// Shortens an id to its last digits, by which it is found, too: `run_4f5e6d7c`.
pub fn short(id: &impl fmt::Display) -> String {
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
        let part = |digits: &str| RunName::Part(digits.to_owned());
        for (text, name) in [
            (format!("run_{WHOLE}"), RunName::Id(id)),
            (WHOLE.to_uppercase(), RunName::Id(id)),
            (short(&id), part("456789ab")),
            ("456789AB".to_owned(), part("456789ab")),
            ("run_0000".to_owned(), part("0000")),
            ("last".to_owned(), RunName::Last),
        ] {
            assert_eq!(RunName::parse(&text), Some(name), "{text}");
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
            assert_eq!(RunName::parse(wrong), None, "{wrong}");
        }
        assert_eq!(SuspensionName::parse("last"), None);
        assert_eq!(SuspensionName::parse("sus_456789ab"), Some(SuspensionName::Part("456789ab".to_owned())));
    }

    #[test]
    fn an_end_that_several_have_is_answered_with_all_of_them() {
        assert!(matches!(only_one(Called::Runs, "ab", vec!["x"], 2), Ok(Some("x"))));
        assert!(matches!(only_one::<&str>(Called::Runs, "ab", vec![], 2), Ok(None)));
        let found = vec!["run_1ab", "run_2ab", "run_3ab"];
        let Err(LookupError::Ambiguous(several)) = only_one(Called::Runs, "ab", found, 2) else {
            panic!("three have it")
        };
        assert_eq!(several.to_string(), "several runs have an id that begins or ends with `ab`");
        assert_eq!(
            (several.candidates, several.more),
            (vec!["run_1ab".to_owned(), "run_2ab".to_owned()], true)
        );
    }
}
