//! Spans and instants as people write them, with calendars and time zones.
//!
//! The time zone database is part of the program, so the same text means the same on every machine. It still changes
//! from one version of the program to the next, as the laws about clocks do.

use std::sync::LazyLock;

use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::json::Json;
use crate::similar::did_you_mean;
use crate::time::{AHEAD_MS_MAX, Timestamp};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Longest text that is taken as a span or an instant, in bytes. Bounds what an expression can make an error quote.
const TEXT_BYTES_MAX: usize = 100;

/// A length of time, with the calendar it is counted in.
#[derive(Clone, Debug)]
pub struct Span {
    span: jiff::Span,
    zone: TimeZone,
}

/// An instant as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When(Timestamp);

/// A text or value that is no span or no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhenError {
    /// Not a length of time.
    #[error(
        "`{found}` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds"
    )]
    NoSpan {
        /// What came.
        found: String,
    },
    /// A length of time that runs backwards.
    #[error("`{found}` is negative: nobody can wait until before now")]
    Negative {
        /// What came.
        found: String,
    },
    /// Not an instant.
    #[error(
        "`{found}` is no instant: expected one such as `2100-01-01T00:00:00Z`, `2027-06-01T09:00:00+02:00` or `2027-06-01T09:00:00[Europe/Berlin]`{reason}"
    )]
    NoInstant {
        /// What came.
        found: String,
        /// What is wrong with it, if it is nearly one.
        reason: String,
    },
    /// A length of time that is longer than ten years.
    #[error("{span} is longer than ten years")]
    TooLong {
        /// The length of time.
        span: String,
    },
    /// Before 1970 or after 9999.
    #[error("{what} is not between the years 1970 and 9999")]
    Range {
        /// The instant, or how it came about.
        what: String,
    },
    /// Not the name of a time zone.
    #[error("there is no time zone `{found}`: expected a name such as `Europe/Berlin` or `UTC`{hint}")]
    NoZone {
        /// The name as it came.
        found: String,
        /// What may have been meant.
        hint: String,
    },
}

impl Span {
    /// Reads a length of time: `30d`, `1h 30m`, `2 weeks`, `P1DT12H`.
    ///
    /// Without a time zone, days have 24 hours, and months and years are those of UTC. With one, all units from days
    /// on are counted in the calendar of that zone: a day later is the same time of day, also when clocks change in
    /// between.
    ///
    /// # Errors
    /// [`WhenError`] when the text is no length of time or a negative one, or there is no such zone.
    pub fn parse(text: &str, time_zone: Option<&str>) -> Result<Self, WhenError> {
        let zone = time_zone.map_or(Ok(TimeZone::UTC), zone)?;
        let bad = || WhenError::NoSpan { found: shorten(text) };
        if text.len() > TEXT_BYTES_MAX {
            return Err(bad());
        }
        let span: jiff::Span = text.trim().parse().map_err(|_| bad())?;
        if span.is_negative() {
            return Err(WhenError::Negative { found: text.to_owned() });
        }
        Ok(Self { span, zone })
    }

    /// So many milliseconds.
    ///
    /// # Errors
    /// [`WhenError::Range`] for more than all the time there is.
    pub fn of_ms(ms: u64) -> Result<Self, WhenError> {
        let span = i64::try_from(ms).ok().and_then(|ms| jiff::Span::new().try_milliseconds(ms).ok());
        let range = || WhenError::Range { what: format!("{ms} ms from now") };
        Ok(Self { span: span.ok_or_else(range)?, zone: TimeZone::UTC })
    }

    /// The instant that is so much later than `now`, in whole milliseconds.
    ///
    /// # Errors
    /// [`WhenError::Range`] when that is after the year 9999.
    pub fn after(&self, now: Timestamp) -> Result<Timestamp, WhenError> {
        let range = || WhenError::Range { what: format!("{:#} after {now}", self.span) };
        let start = i64::try_from(now.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let start = start.ok_or_else(range)?.to_zoned(self.zone.clone());
        let end = start.checked_add(self.span).map_err(|_| range())?;
        to_ms(end.timestamp()).ok_or_else(range)
    }

    /// The instant that is so much later than `now`, as [`Self::after`] has it, if that is at most ten years.
    ///
    /// # Errors
    /// As [`Self::after`]; [`WhenError::TooLong`].
    pub fn after_bounded(&self, now: Timestamp) -> Result<Timestamp, WhenError> {
        let end = self.after(now)?;
        match end.ms_since(now) > AHEAD_MS_MAX {
            true => Err(WhenError::TooLong { span: format!("{:#}", self.span) }),
            false => Ok(end),
        }
    }
}

impl When {
    /// Reads an instant: with an offset as in RFC 3339 (`2100-01-01T00:00:00Z`), or with a time zone in brackets as
    /// in RFC 9557 (`2027-06-01T09:00:00[Europe/Berlin]`).
    ///
    /// A time of day that the zone's clocks skip is taken as later by what is skipped; of one that they show twice,
    /// the earlier is taken. An offset beside a zone has to be one that the zone has at that time.
    ///
    /// # Errors
    /// [`WhenError`] when the text is no instant, or one before 1970.
    pub fn parse(text: &str) -> Result<Self, WhenError> {
        let parser = DateTimeParser::new();
        let said = |found: &str, reason: String| WhenError::NoInstant { found: shorten(found), reason };
        if text.len() > TEXT_BYTES_MAX {
            return Err(said(text, String::new()));
        }
        let text = text.trim();
        let parsed = match text.contains('[') {
            true => {
                known_zone(text)?;
                parser.parse_zoned_with(&ZONES, text).map(|zoned| zoned.timestamp())
            }
            false => parser.parse_timestamp(text),
        };
        let instant = parsed.map_err(|_| match text.parse::<jiff::civil::DateTime>() {
            Ok(_) if !text.contains('[') => {
                said(text, "; add an offset, `Z` for UTC, or a time zone in brackets".to_owned())
            }
            Ok(_) => said(text, "; at that time the zone has another offset".to_owned()),
            Err(_) => said(text, String::new()),
        })?;
        to_ms(instant).map(Self).ok_or_else(|| WhenError::Range { what: format!("`{text}`") })
    }

    /// The instant.
    pub fn instant(self) -> Timestamp {
        self.0
    }
}

/// Looks whether there is such a time zone.
///
/// # Errors
/// [`WhenError::NoZone`] when there is not.
pub fn check_time_zone(name: &str) -> Result<(), WhenError> {
    zone(name).map(drop)
}

/// What an expression gave, as a length of time: a number of milliseconds, or a text as [`Span::parse`] reads it.
///
/// # Errors
/// [`WhenError`] when it is none.
pub fn span_of(value: &Json, time_zone: Option<&str>) -> Result<Span, WhenError> {
    match value.decode::<serde_json::Value>() {
        Ok(serde_json::Value::String(text)) => Span::parse(&text, time_zone),
        Ok(serde_json::Value::Number(number)) => match whole(&number) {
            Some(ms) => Span::of_ms(ms),
            None => Err(WhenError::Negative { found: number.to_string() }),
        },
        _ => Err(WhenError::NoSpan { found: shorten(value.text()) }),
    }
}

/// What an expression gave, as an instant: a number of milliseconds since 1970, or a text as [`When::parse`] reads it.
///
/// # Errors
/// [`WhenError`] when it is none.
pub fn instant_of(value: &Json) -> Result<Timestamp, WhenError> {
    match value.decode::<serde_json::Value>() {
        Ok(serde_json::Value::String(text)) => When::parse(&text).map(When::instant),
        Ok(serde_json::Value::Number(number)) => {
            let ms = whole(&number).and_then(|ms| i64::try_from(ms).ok());
            let instant = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).and_then(to_ms);
            instant.ok_or_else(|| WhenError::Range { what: format!("{number} ms after 1970") })
        }
        _ => Err(WhenError::NoInstant { found: shorten(value.text()), reason: String::new() }),
    }
}

/// A number as whole milliseconds, parts of one left out; `None` for negative ones.
fn whole(number: &serde_json::Number) -> Option<u64> {
    let whole = |number: f64| {
        // A cast from a float saturates, so a number beyond all time stays one.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (number >= 0.0).then_some(number as u64)
    };
    number.as_u64().or_else(|| whole(number.as_f64()?))
}

fn zone(name: &str) -> Result<TimeZone, WhenError> {
    ZONES.get(name).map_err(|_| {
        let names: Vec<String> = ZONES.available().map(|name| name.to_string()).collect();
        let hint = did_you_mean(name, names.iter().map(String::as_str));
        WhenError::NoZone { found: shorten(name), hint }
    })
}

/// Looks whether the time zone in brackets is one; an offset (`[+02:00]`) is.
fn known_zone(text: &str) -> Result<(), WhenError> {
    let brackets = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    match brackets.map(|(name, _)| name.trim_start_matches('!')) {
        Some(name) if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains('=') => {
            check_time_zone(name)
        }
        _ => Ok(()),
    }
}

fn to_ms(instant: jiff::Timestamp) -> Option<Timestamp> {
    u64::try_from(instant.as_millisecond()).ok().map(Timestamp)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(TEXT_BYTES_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        When::parse(text).unwrap().instant()
    }

    /// When a wait that begins at an instant is over.
    fn after(span: &str, zone: Option<&str>, start: &str) -> String {
        match Span::parse(span, zone).and_then(|span| span.after(at(start))) {
            Ok(end) => end.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_wait_ends_when_the_calendar_says() {
        let berlin = Some("Europe/Berlin");
        let table = [
            ("30d", None, "2026-02-01T12:00:00Z", "2026-03-03T12:00:00.000Z"),
            ("1h 30m", None, "2026-02-01T12:00:00Z", "2026-02-01T13:30:00.000Z"),
            ("P1DT12H", None, "2026-02-01T12:00:00Z", "2026-02-03T00:00:00.000Z"),
            ("2 weeks", None, "2026-02-01T12:00:00Z", "2026-02-15T12:00:00.000Z"),
            ("250ms", None, "2026-02-01T12:00:00Z", "2026-02-01T12:00:00.250Z"),
            ("0s", None, "2026-02-01T12:00:00Z", "2026-02-01T12:00:00.000Z"),
            // Leap days.
            ("1d", None, "2028-02-28T12:00:00Z", "2028-02-29T12:00:00.000Z"),
            ("1 year", None, "2028-02-29T12:00:00Z", "2029-02-28T12:00:00.000Z"),
            ("1 month", None, "2026-01-31T12:00:00Z", "2026-02-28T12:00:00.000Z"),
            // A century without a leap day.
            ("74 years", None, "2026-03-01T00:00:00Z", "2100-03-01T00:00:00.000Z"),
            ("1d", None, "2100-02-28T00:00:00Z", "2100-03-01T00:00:00.000Z"),
            // On 2027-03-28 clocks in Berlin skip 02:00 to 03:00; without a zone a day has 24 hours all the same.
            ("1d", berlin, "2027-03-27T12:00:00+01:00", "2027-03-28T10:00:00.000Z"),
            ("1d", None, "2027-03-27T12:00:00+01:00", "2027-03-28T11:00:00.000Z"),
            ("24h", berlin, "2027-03-27T12:00:00+01:00", "2027-03-28T11:00:00.000Z"),
            ("1d", berlin, "2027-03-27T02:30:00+01:00", "2027-03-28T01:30:00.000Z"),
            // On 2027-10-31 they show 02:00 to 03:00 twice.
            ("1d", berlin, "2027-10-30T02:30:00+02:00", "2027-10-31T00:30:00.000Z"),
            ("1d 2h", berlin, "2027-10-30T02:30:00+02:00", "2027-10-31T02:30:00.000Z"),
            // The rules go on beyond the years that the database lists.
            ("1d", berlin, "2100-03-27T12:00:00+01:00", "2100-03-28T10:00:00.000Z"),
        ];
        for (span, zone, start, end) in table {
            assert_eq!(after(span, zone, start), end, "{span} {zone:?} after {start}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        let start = "2026-02-01T12:00:00Z";
        insta::assert_snapshot!(
            after("soon", None, start),
            @"`soon` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds"
        );
        insta::assert_snapshot!(
            after("", None, start),
            @"`` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds"
        );
        insta::assert_snapshot!(after("-1d", None, start), @"`-1d` is negative: nobody can wait until before now");
        insta::assert_snapshot!(
            after("1d ago", None, start),
            @"`1d ago` is negative: nobody can wait until before now"
        );
        insta::assert_snapshot!(
            after("9000 years", None, start),
            @"9000y after 2026-02-01T12:00:00.000Z is not between the years 1970 and 9999"
        );
        insta::assert_snapshot!(
            after("1d", Some("Berlin"), start),
            @"there is no time zone `Berlin`: expected a name such as `Europe/Berlin` or `UTC`"
        );
        insta::assert_snapshot!(after("1d", Some("europe/berln"), start), @"there is no time zone `europe/berln`: expected a name such as `Europe/Berlin` or `UTC`; did you mean `Europe/Berlin`?");
        assert!(after(&"1".repeat(500), None, start).len() < 300);
        assert!(Span::of_ms(1).unwrap().after(Timestamp(u64::MAX)).is_err());
    }

    #[test]
    fn instants_have_an_offset_or_a_zone() {
        let table = [
            ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00.000Z"),
            ("2027-06-01T09:00:00.5+02:00", "2027-06-01T07:00:00.500Z"),
            ("2027-06-01T09:00[Europe/Berlin]", "2027-06-01T07:00:00.000Z"),
            ("2027-06-01T09:00:00+02:00[Europe/Berlin]", "2027-06-01T07:00:00.000Z"),
            ("2027-06-01T09:00:00[+02:00]", "2027-06-01T07:00:00.000Z"),
            // Skipped: later by what is skipped. Shown twice: the earlier.
            ("2027-03-28T02:30:00[Europe/Berlin]", "2027-03-28T01:30:00.000Z"),
            ("2027-10-31T02:30:00[Europe/Berlin]", "2027-10-31T00:30:00.000Z"),
            ("2027-10-31T02:30:00+01:00[Europe/Berlin]", "2027-10-31T01:30:00.000Z"),
            ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"),
        ];
        for (text, instant) in table {
            assert_eq!(at(text).to_string(), instant, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        let said = |text: &str| When::parse(text).unwrap_err().to_string();
        let ends =
            |text: &str| said(text).rsplit_once("[Europe/Berlin]`").map(|(_, end)| end.to_owned()).unwrap();
        insta::assert_snapshot!(said("tomorrow"), @"`tomorrow` is no instant: expected one such as `2100-01-01T00:00:00Z`, `2027-06-01T09:00:00+02:00` or `2027-06-01T09:00:00[Europe/Berlin]`");
        insta::assert_snapshot!(ends("2027-02-29T00:00:00Z"), @"");
        insta::assert_snapshot!(
            ends("2027-06-01T09:00:00"),
            @"; add an offset, `Z` for UTC, or a time zone in brackets"
        );
        insta::assert_snapshot!(ends("2027-06-01"), @"; add an offset, `Z` for UTC, or a time zone in brackets");
        insta::assert_snapshot!(
            ends("2027-06-01T09:00:00-05:00[Europe/Berlin]"),
            @"; at that time the zone has another offset"
        );
        insta::assert_snapshot!(said("2027-06-01T09:00[Europe/Berln]"), @"there is no time zone `Europe/Berln`: expected a name such as `Europe/Berlin` or `UTC`; did you mean `Europe/Berlin`?");
        insta::assert_snapshot!(
            said("1969-12-31T23:59:59Z"),
            @"`1969-12-31T23:59:59Z` is not between the years 1970 and 9999"
        );
    }

    #[test]
    fn expressions_give_numbers_or_texts() {
        let now = at("2026-02-01T12:00:00Z");
        let span = |value: serde_json::Value| {
            let span = span_of(&value.into(), None).and_then(|span| span.after(now));
            span.map_or_else(|error| error.to_string(), |end| end.ms_since(now).to_string())
        };
        let spans = [json!(1500), json!(1500.9), json!("1.5s"), json!("3600s"), json!("P1D"), json!(0)];
        assert_eq!(spans.map(span).join(" "), "1500 1500 1500 3600000 86400000 0");
        insta::assert_snapshot!(span(json!(-1)), @"`-1` is negative: nobody can wait until before now");
        insta::assert_snapshot!(
            span(json!(1e300)),
            @"18446744073709551615 ms from now is not between the years 1970 and 9999"
        );
        insta::assert_snapshot!(
            span(json!(null)),
            @"`null` is no length of time: expected one such as `30d`, `1h 30m` or `P1DT12H`, or milliseconds"
        );

        let instant = |value: serde_json::Value| {
            instant_of(&value.into()).map_or_else(|error| error.to_string(), |instant| instant.to_string())
        };
        assert_eq!(instant(json!(now.0)), "2026-02-01T12:00:00.000Z");
        assert_eq!(instant(json!("2026-02-01T12:00:00Z")), "2026-02-01T12:00:00.000Z");
        insta::assert_snapshot!(instant(json!(-5)), @"-5 ms after 1970 is not between the years 1970 and 9999");
        insta::assert_snapshot!(instant(json!(1e18)), @"1e+18 ms after 1970 is not between the years 1970 and 9999");
        insta::assert_snapshot!(instant(json!({"at": 1})), @r#"`{"at":1}` is no instant: expected one such as `2100-01-01T00:00:00Z`, `2027-06-01T09:00:00+02:00` or `2027-06-01T09:00:00[Europe/Berlin]`"#);
    }
}
