//! Timestamps and durations.

use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::function::Part;

/// The time zones that are part of the program, so that an expression means the same on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Longest duration, in seconds: about ten thousand years, the distance between the first and the last timestamp.
const SECONDS_MAX: u64 = 315_576_000_000;

pub(super) fn fits(duration: &SignedDuration) -> bool {
    duration.as_secs().unsigned_abs() <= SECONDS_MAX
}

/// A timestamp that much later; `None` outside of the years 1 to 9999.
pub(super) fn shift(at: Timestamp, by: SignedDuration) -> Option<Timestamp> {
    at.checked_add(by).ok().filter(in_range)
}

fn in_range(at: &Timestamp) -> bool {
    (1..=9999).contains(&TimeZone::UTC.to_datetime(*at).year())
}

/// Reads RFC 3339: `2026-01-31T12:00:00Z`, `2026-01-31T12:00:00.5+02:00`.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    // The parser knows more forms: without seconds, without separators, with the name of a time zone in brackets.
    let has = |at: usize, sign: u8| text.as_bytes().get(at).is_some_and(|b| b.to_ascii_uppercase() == sign);
    let has_form = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
        .into_iter()
        .all(|(at, sign)| has(at, sign));
    text.parse().ok().filter(|at| has_form && !text.contains('[') && in_range(at))
}

/// Reads numbers with units: `30m`, `1h30m`, `1.5s`, `-100ms`, `0`.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds = 0i128;
    while !rest.is_empty() {
        let (part, after) = one_part(rest)?;
        nanoseconds = nanoseconds.checked_add(part)?;
        rest = after;
    }
    let signed = if negative { -nanoseconds } else { nanoseconds };
    SignedDuration::try_from_nanos_i128(signed).filter(fits)
}

/// Reads `1.5s` and says in nanoseconds how long that is, and what is left of the text.
fn one_part(text: &str) -> Option<(i128, &str)> {
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, after) = text.split_at_checked(number_end)?;
    let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
    let (unit, rest) = after.split_at_checked(unit_end)?;
    let unit: i128 = match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" | "µs" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > 18 || fraction.len() > 18 {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let scale = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let nanoseconds = digits(whole)?.checked_mul(unit)? + digits(fraction)?.checked_mul(unit)? / scale;
    Some((nanoseconds, rest))
}

/// A duration in seconds, as protocol buffers write it in JSON: `5400s`, `1.5s`, `-0.001s`.
pub(super) fn shown(duration: SignedDuration) -> String {
    let sign = if duration.is_negative() { "-" } else { "" };
    let (seconds, nanoseconds) = (duration.as_secs().unsigned_abs(), duration.subsec_nanos().unsigned_abs());
    match nanoseconds {
        0 => format!("{sign}{seconds}s"),
        _ => format!("{sign}{seconds}.{}s", format!("{nanoseconds:09}").trim_end_matches('0')),
    }
}

/// The time zone for `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`.
pub(super) fn zone(text: &str) -> Option<TimeZone> {
    if text.contains(':') {
        return offset(text).map(TimeZone::fixed);
    }
    ZONES.get(text).ok()
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("-", digits) => (-1, digits),
        ("+", digits) => (1, digits),
        _ => (1, text),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A part of a timestamp in a time zone.
pub(super) fn part_of_timestamp(part: Part, at: Timestamp, zone: TimeZone) -> i64 {
    let at: Zoned = at.to_zoned(zone);
    match part {
        Part::FullYear => at.year().into(),
        Part::Month => i64::from(at.month()) - 1,
        Part::DayOfMonth => i64::from(at.day()) - 1,
        Part::Date => at.day().into(),
        Part::DayOfWeek => at.weekday().to_sunday_zero_offset().into(),
        Part::DayOfYear => i64::from(at.day_of_year()) - 1,
        Part::Hours => at.hour().into(),
        Part::Minutes => at.minute().into(),
        Part::Seconds => at.second().into(),
        Part::Milliseconds => at.millisecond().into(),
    }
}

/// A whole duration in a unit, or its milliseconds within the second; `None` for parts that durations do not have.
pub(super) fn part_of_duration(part: Part, duration: SignedDuration) -> Option<i64> {
    Some(match part {
        Part::Hours => duration.as_hours(),
        Part::Minutes => duration.as_mins(),
        Part::Seconds => duration.as_secs(),
        Part::Milliseconds => duration.subsec_millis().into(),
        _ => return None,
    })
}
