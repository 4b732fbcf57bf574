//! Times and sizes as people say them.

use reentry::core::time::Timestamp;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A span of time to be read at a glance: `12s`, `3m`, `5h`, `2d`. Rounded down, so that nothing looks older than it
/// is.
pub(crate) fn span(ms: u64) -> String {
    match ms {
        0..SECOND => "0s".to_owned(),
        SECOND..MINUTE => format!("{}s", ms / SECOND),
        MINUTE..HOUR => format!("{}m", ms / MINUTE),
        HOUR..DAY => format!("{}h", ms / HOUR),
        _ => format!("{}d", ms / DAY),
    }
}

/// The same with the next smaller unit from an hour on: `1d 23h`, for what is still to come.
fn fine_span(ms: u64) -> String {
    let (unit, name, below, smaller) = match ms {
        0..HOUR => return span(ms),
        HOUR..DAY => (HOUR, "h", MINUTE, "m"),
        _ => (DAY, "d", HOUR, "h"),
    };
    match ms % unit / below {
        0 => format!("{}{name}", ms / unit),
        rest => format!("{}{name} {rest}{smaller}", ms / unit),
    }
}

/// How long something took: `420ms`, `1.2s`, and from a minute on as [`span`] has it.
pub(crate) fn took(ms: u64) -> String {
    match ms {
        0..SECOND => format!("{ms}ms"),
        SECOND..MINUTE => format!("{}.{}s", ms / SECOND, ms % SECOND / 100),
        _ => span(ms),
    }
}

/// An instant seen from now: `3m ago`, `in 2d 3h`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        format!("in {}", fine_span(at.ms_since(now)))
    } else {
        format!("{} ago", span(now.ms_since(at)))
    }
}

/// A span of time as it is given, `90s`, `45m`, `12h`, `30d`, `2w`, in milliseconds.
pub(crate) fn read_span(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text.get(digits.len()..) {
        Some("s") => SECOND,
        Some("m") => MINUTE,
        Some("h") => HOUR,
        Some("d") => DAY,
        Some("w") => 7 * DAY,
        _ => return Err("expected a number and its unit (s, m, h, d or w): 30d, say".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| format!("`{digits}` is not made of digits alone"))?;
    number.checked_mul(unit).ok_or_else(|| "that is longer than times can be told".to_owned())
}

/// A number of bytes: `812 B`, `214 KiB`, `1.2 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => format!("{} KiB", bytes / KIB),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

/// What is said of space that went back to the file system, if it is worth a word.
pub(crate) fn given_back(given: u64) -> String {
    match given >> 20 {
        0 => String::new(),
        _ => format!("; {} went back to the file system", bytes(given)),
    }
}

/// `1 run`, `2 runs`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rounded_down_at_every_unit() {
        let ages = [0, 999, SECOND, MINUTE - 1, MINUTE, HOUR - 1, HOUR, DAY - 1, DAY, 400 * DAY];
        assert_eq!(ages.map(span).join(" "), "0s 0s 1s 59s 1m 59m 1h 23h 1d 400d");
        assert_eq!([0, 420, 1_290, 59_999, 60_000].map(took).join(" "), "0ms 420ms 1.2s 59.9s 1m");
    }

    #[test]
    fn a_span_is_a_number_with_its_unit() {
        let spans = ["0s", "90s", "45m", "12h", "30d", "2w"].map(read_span);
        assert_eq!(spans, [0, 90 * SECOND, 45 * MINUTE, 12 * HOUR, 30 * DAY, 14 * DAY].map(Ok));
        for wrong in
            ["", "30", "d", "-1d", "1.5h", "30 d", "30days", "99999999999999999999s", "999999999999999w"]
        {
            assert!(read_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instant_is_past_or_to_come() {
        let now = Timestamp(10 * DAY);
        let instants = [
            now,
            Timestamp(8 * DAY + HOUR),
            now.plus_ms(3 * HOUR),
            now.plus_ms(2 * DAY - 1),
            Timestamp(u64::MAX),
        ];
        let said = instants.map(|at| relative(at, now)).join(", ");
        assert_eq!(said, "0s ago, 1d ago, in 3h, in 1d 23h, in 213503982324d 14h");
    }

    #[test]
    fn sizes_have_the_unit_that_reads_best() {
        assert_eq!(
            [0, 1_023, 1_024, 1_048_575, 1_258_292].map(bytes).join(" "),
            "0 B 1023 B 1 KiB 1023 KiB 1.2 MiB"
        );
    }
}
