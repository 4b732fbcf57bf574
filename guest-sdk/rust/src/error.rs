//! How a step fails, and the one way of ending early that is no failure.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::bindings::reentry::step::types::Failure;
use crate::timestamp::millis;

/// What a step returns: its output, or an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a step did not return an output.
///
/// `?` makes one out of any [`std::error::Error`]; such an error is final, not retried. For that reason this
/// type does not implement `std::error::Error` itself.
///
/// It also carries the result of [`Context::bail`](crate::Context::bail) out of nested functions. Code that
/// catches errors to go on with something else should let those pass: see [`Error::is_bail`].
pub struct Error(Box<Kind>);

enum Kind {
    Failed(Failure),
    /// JSON text: the result of the workflow.
    Bailed(String),
}

/// The code of an error that says that a deadline passed.
const TIMED_OUT: &str = "timed-out";

/// The code with which an answer goes back to the one who gave it.
const BAD_ANSWER: &str = "bad-answer";

/// What to do instead of something that the standard library has and a step has not, by the words of its errors.
const ABSENT: [(&str, &str); 2] = [
    (
        "operation not supported on this platform",
        "a step has no files, no network and no processes: what it needs comes with the input, an answer or an event",
    ),
    (
        "environment variable not found",
        "a step has no environment variables: hand the value in with the input or the request context",
    ),
];

/// What the details say of something that came and cannot be taken.
#[derive(Serialize)]
pub(crate) struct Refused {
    pub(crate) wait: u32,
}

impl Error {
    /// A final failure: trying again would not help.
    pub fn new(message: impl Into<String>) -> Self {
        Self::failed(Failure {
            message: message.into(),
            code: None,
            retryable: false,
            retry_after_ms: None,
            details: None,
        })
    }

    /// A failure that may go away: the step's [`Retry`](crate::Retry) policy decides whether it is tried again.
    pub fn retryable(message: impl Into<String>) -> Self {
        let mut error = Self::new(message);
        error.edit(|failure| failure.retryable = true);
        error
    }

    /// Adds a short stable word for programs, such as `card-refused`.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.edit(|failure| failure.code = Some(code.into()));
        self
    }

    /// Makes the error retryable, no sooner than after this time.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.edit(|failure| {
            failure.retryable = true;
            failure.retry_after_ms = Some(millis(wait));
        });
        self
    }

    /// Adds data for programs. Data that cannot be written as JSON is replaced by the reason why not.
    #[must_use]
    pub fn details(mut self, details: &impl Serialize) -> Self {
        let json = serde_json::to_string(details)
            .unwrap_or_else(|error| serde_json::Value::String(error.to_string()).to_string());
        self.edit(|failure| failure.details = Some(json));
        self
    }

    /// Whether this is the passing of a deadline that the step itself set.
    pub fn is_timed_out(&self) -> bool {
        matches!(&*self.0, Kind::Failed(failure) if failure.code.as_deref() == Some(TIMED_OUT))
    }

    /// Whether this is no failure but the result of [`Context::bail`](crate::Context::bail) on its way out.
    pub fn is_bail(&self) -> bool {
        matches!(&*self.0, Kind::Bailed(_))
    }

    /// Whether this is an answer on its way back to the one who gave it, by [`Context::refuse`](crate::Context::refuse) or because it did
    /// not fit its type.
    pub fn is_refusal(&self) -> bool {
        matches!(&*self.0, Kind::Failed(failure) if failure.code.as_deref() == Some(BAD_ANSWER))
    }

    /// What went wrong, for people. Empty for a bail.
    pub fn message(&self) -> &str {
        match &*self.0 {
            Kind::Failed(failure) => &failure.message,
            Kind::Bailed(_) => "",
        }
    }

    /// The short stable word for programs, if there is one.
    pub fn code_word(&self) -> Option<&str> {
        match &*self.0 {
            Kind::Failed(failure) => failure.code.as_deref(),
            Kind::Bailed(_) => None,
        }
    }

    pub(crate) fn failed(failure: Failure) -> Self {
        Self(Box::new(Kind::Failed(failure)))
    }

    pub(crate) fn bailed(result: String) -> Self {
        Self(Box::new(Kind::Bailed(result)))
    }

    /// An answer on its way back.
    pub(crate) fn refusal(reason: impl Into<String>, wait: u32) -> Self {
        Self::new(reason).code(BAD_ANSWER).details(&Refused { wait })
    }

    pub(crate) fn timed_out(what: &str) -> Self {
        Self::new(format!("{what} did not come before its deadline")).code(TIMED_OUT)
    }

    /// The two ways out: the bailed result as JSON text, or a failure.
    pub(crate) fn into_bailed(self) -> std::result::Result<String, Failure> {
        match *self.0 {
            Kind::Bailed(result) => Ok(result),
            Kind::Failed(failure) => Err(failure),
        }
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Failure)) {
        if let Kind::Failed(failure) = &mut *self.0 {
            edit(failure);
        }
    }
}

impl<E: std::error::Error> From<E> for Error {
    /// A final failure whose message is that of the error, followed by those of its sources.
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        let absent = ABSENT.iter().find(|(words, _)| message.ends_with(words));
        if let Some((_, instead)) = absent {
            message.push_str("; ");
            message.push_str(instead);
        }
        Self::new(message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Failed(failure) => f.write_str(&failure.message),
            Kind::Bailed(_) => f.write_str("the workflow is done"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Failed(failure) => fmt::Debug::fmt(failure, f),
            Kind::Bailed(result) => write!(f, "Bailed({result})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("line 3 is no number")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    fn failure(error: Error) -> Failure {
        error.into_bailed().expect_err("this error is no bail")
    }

    #[test]
    fn a_foreign_error_is_final_and_names_its_sources() {
        let found = "x".parse::<u8>().map_err(Outer).map_err(Error::from).expect_err("x is no number");
        let failure = failure(found);
        assert_eq!(failure.message, "line 3 is no number: invalid digit found in string");
        assert!(!failure.retryable);
    }

    #[test]
    fn a_retryable_error_carries_all_it_was_given() {
        let error = Error::new("busy").code("busy").retry_after(Duration::from_secs(2)).details(&[1, 2]);
        assert_eq!(
            failure(error),
            Failure {
                message: "busy".into(),
                code: Some("busy".into()),
                retryable: true,
                retry_after_ms: Some(2_000),
                details: Some("[1,2]".into()),
            }
        );
    }

    #[test]
    fn a_bail_is_no_failure_and_stays_what_it_is() {
        let error = Error::bailed("7".into()).code("ignored");
        assert!(error.is_bail());
        assert_eq!(error.into_bailed(), Ok("7".to_owned()));
    }
}
