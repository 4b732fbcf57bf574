//! What was found, as errors quote it.

/// Most characters of a text that an error quotes.
pub const QUOTED_CHARS_MAX: usize = 64;

/// The beginning of a text that came from outside, for an error that quotes it: the text decides how long it is.
pub fn beginning(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::digest::ComponentDigest;
    use crate::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
    use crate::path::StepPath;
    use crate::trace::{SpanId, TraceId};

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(beginning(&"ä".repeat(64)), "ä".repeat(64));
        assert_eq!(beginning(&"ä".repeat(65)), format!("{}…", "ä".repeat(64)));
    }

    #[test]
    fn no_error_quotes_an_id_of_ten_kilobytes_whole() {
        let long = "ä".repeat(5_000);
        let errors = [
            long.parse::<RunId>().unwrap_err().to_string(),
            long.parse::<SuspensionId>().unwrap_err().to_string(),
            long.parse::<BlobId>().unwrap_err().to_string(),
            long.parse::<OwnerId>().unwrap_err().to_string(),
            long.parse::<MessageId>().unwrap_err().to_string(),
            long.parse::<ComponentDigest>().unwrap_err().to_string(),
            TenantId::new(long.clone()).unwrap_err().to_string(),
            long.parse::<StepPath>().unwrap_err().to_string(),
            format!("a[{long}]").parse::<StepPath>().unwrap_err().to_string(),
            TraceId::parse(&long).unwrap_err().to_string(),
            SpanId::parse(&long).unwrap_err().to_string(),
        ];
        for error in errors {
            assert!(error.contains('…') && error.chars().count() < 300, "{error}");
        }
    }
}
