//! Digests, whole or by their first digits.

use std::fmt::Display;

use super::{Called, LookupError, only_one};

/// Fewest digits that are taken for the beginning of a digest. Names come first.
const DIGITS_MIN: usize = 4;

/// Digits that tables show of a digest.
const DIGITS_SHOWN: usize = 12;

/// Digits of a digest.
const DIGITS: usize = 64;

/// Shortens a digest to its first digits, by which it is found, too.
pub fn short_digest(digest: &impl Display) -> String {
    let whole = digest.to_string();
    whole.strip_prefix("sha256:").unwrap_or(&whole).chars().take(DIGITS_SHOWN).collect()
}

/// Which of these digests is meant by a text: `sha256:` or nothing, and some of the first digits.
///
/// # Errors
/// `Refused` when several begin like that.
pub(super) fn meant<D: Display + Copy>(
    text: &str,
    known: impl IntoIterator<Item = D>,
) -> Result<Option<D>, LookupError> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let looks_like_one =
        (DIGITS_MIN..=DIGITS).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !looks_like_one {
        return Ok(None);
    }
    let begin = format!("sha256:{digits}");
    let found = known.into_iter().filter(|digest| digest.to_string().starts_with(&begin)).collect();
    only_one(Called::Digests, &digits, found, usize::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["sha256:aaaabbbb01", "sha256:aaaabbbb02", "sha256:ccccccdd"];

    #[test]
    fn the_first_digits_will_do_when_they_are_those_of_one() {
        for (text, digest) in [
            ("cccccc", Some(KNOWN[2])),
            ("sha256:CCCCCC", Some(KNOWN[2])),
            ("aaaabbbb02", Some(KNOWN[1])),
            ("ccc", None),
            ("cccc", Some(KNOWN[2])),
            ("dddddd", None),
            ("counter", None),
        ] {
            assert_eq!(meant(text, KNOWN).unwrap(), digest, "{text}");
        }
        let Err(LookupError::Ambiguous(several)) = meant("aaaabbbb", KNOWN) else {
            panic!("two begin like that")
        };
        assert_eq!(several.candidates, ["sha256:aaaabbbb01", "sha256:aaaabbbb02"]);
    }
}
