//! How values of limits are written and read.

use crate::humane::read_span;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Milliseconds,
    Count,
}

impl Unit {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Milliseconds => "ms",
            Self::Count => "count",
        }
    }

    /// A value as people read it, and as [`Unit::read`] takes it.
    pub(crate) fn text(self, value: u64) -> String {
        match self {
            Self::Bytes if value > 0 && value.is_multiple_of(1 << 30) => format!("{}GiB", value >> 30),
            Self::Bytes if value > 0 && value.is_multiple_of(1 << 20) => format!("{}MiB", value >> 20),
            Self::Bytes if value > 0 && value.is_multiple_of(1 << 10) => format!("{}KiB", value >> 10),
            Self::Bytes | Self::Count => value.to_string(),
            Self::Milliseconds if value > 0 && value.is_multiple_of(3_600_000) => {
                format!("{}h", value / 3_600_000)
            }
            Self::Milliseconds if value > 0 && value.is_multiple_of(1_000) => format!("{}s", value / 1_000),
            Self::Milliseconds => format!("{value}ms"),
        }
    }

    pub(super) fn read(self, text: &str) -> Result<u64, String> {
        let whole =
            |digits: &str| digits.parse::<u64>().map_err(|_| format!("`{digits}` is not a whole number"));
        match self {
            Self::Count => whole(text),
            Self::Bytes => {
                let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
                let factor = match text.get(digits.len()..) {
                    Some("") => 1,
                    Some("KiB" | "K") => 1 << 10,
                    Some("MiB" | "M") => 1 << 20,
                    Some("GiB" | "G") => 1 << 30,
                    _ => {
                        return Err(
                            "expected a number of bytes, or with a unit: 512KiB, 64MiB, 1GiB".to_owned()
                        );
                    }
                };
                whole(digits)?
                    .checked_mul(factor)
                    .ok_or_else(|| "that is more than can be counted".to_owned())
            }
            Self::Milliseconds => match text.strip_suffix("ms") {
                Some(digits) => whole(digits),
                None => read_span(text)
                    .map_err(|_| "expected a time with its unit: 500ms, 30s, 5m, 1h".to_owned()),
            },
        }
    }
}
