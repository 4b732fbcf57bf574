//! Regular expressions, and what it costs to match them.

use regex::{Regex, RegexBuilder};

/// Longest pattern, in bytes.
pub(super) const BYTES_MAX: usize = 1024;

/// Compiled size of a pattern of weight 1, in bytes.
const LIGHT_BYTES: usize = 4 * 1024;

/// Heaviest pattern. A few characters can stand for very many states (`\w{1000}`), and for each character that is
/// matched the engine may have to look at all of them: its time is linear in the text, and in this.
const WEIGHT_MAX: usize = 64;

/// A compiled pattern. The engine knows neither look-around nor back-references.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    weight: usize,
}

impl Pattern {
    /// Compiles a pattern. Without one, the reason.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("{} bytes long, at most {BYTES_MAX} are allowed", text.len()));
        }
        let mut weight = 1;
        loop {
            match RegexBuilder::new(text).size_limit(weight * LIGHT_BYTES).build() {
                Ok(regex) => return Ok(Self { regex, weight }),
                Err(regex::Error::CompiledTooBig(_)) if weight < WEIGHT_MAX => weight *= 2,
                Err(regex::Error::CompiledTooBig(_)) => {
                    return Err("it stands for too many states".to_owned());
                }
                Err(other) => return Err(reason(&other)),
            }
        }
    }

    /// Whether the pattern is somewhere in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// How much work it is to look at one byte of a text.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

/// The engine draws the pattern on several lines; the last one says what is wrong with it.
fn reason(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
