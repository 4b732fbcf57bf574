//! Limits by name: what `--set-limit` sets, `reentry limits` lists, and docs/limits.md describes.

use std::time::Duration;

use reentry::HostBuilder;
use reentry::wasm::{Limits, RuntimeConfig};

use crate::codes;
use crate::failure::{Failure, Report};
use crate::humane::read_span;

/// Most bytes of memory that a component with 32-bit addresses can have, and that a slot for one can hold.
const MEMORY_BYTES_MAX: u64 = (1 << 32) - (1 << 16);

/// Most bytes that one value may be allowed.
const VALUE_BYTES_MAX: u64 = 16 << 20;

/// The limits of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostLimits {
    guest: Limits,
    component_bytes: usize,
    calls: u32,
    savepoints: u32,
    cancel_grace: Duration,
    sit_through: Duration,
}

impl Default for HostLimits {
    fn default() -> Self {
        let runtime = RuntimeConfig::new([0; 32]);
        Self {
            guest: runtime.limits,
            component_bytes: runtime.component_bytes_max,
            calls: runtime.calls_max,
            savepoints: reentry::SAVEPOINTS_MAX,
            cancel_grace: reentry::CANCEL_GRACE,
            sit_through: reentry::SIT_THROUGH,
        }
    }
}

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

    fn read(self, text: &str) -> Result<u64, String> {
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

/// A limit.
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// What it bounds, in one line.
    pub(crate) bounds: &'static str,
    /// What happens to the one who runs into it.
    pub(crate) then: &'static str,
    least: u64,
    most: u64,
    get: fn(&HostLimits) -> u64,
    set: fn(&mut HostLimits, u64),
}

/// A value that has to fit into a type of this machine's. Bounds are checked before.
fn fitted<T: TryFrom<u64>>(value: u64, most: T) -> T {
    T::try_from(value).unwrap_or(most)
}

const FAILS: &str = "the step fails with code `limit`; it is not tried again";

/// All limits, those of one call first.
pub(crate) const ALL: &[Limit] = &[
    Limit {
        name: "memory-bytes",
        unit: Unit::Bytes,
        bounds: "linear memory of a component, all its memories together",
        then: "a component that begins with more is not accepted. Memory does not grow any more: mostly the guest traps then, and the step fails with code `limit`. A run that waits with more memory than that cannot be resumed until the limit is raised",
        least: 1 << 16,
        most: MEMORY_BYTES_MAX,
        get: |limits| limits.guest.memory_bytes,
        set: |limits, value| limits.guest.memory_bytes = value,
    },
    Limit {
        name: "table-elements",
        unit: Unit::Count,
        bounds: "elements of all tables of a component together",
        then: "tables do not grow any more, as with memory",
        least: 1,
        most: 100_000_000,
        get: |limits| limits.guest.table_elements,
        set: |limits, value| limits.guest.table_elements = value,
    },
    Limit {
        name: "instances",
        unit: Unit::Count,
        bounds: "core instances, memories and tables of a component, each counted by itself",
        then: "the component is not accepted, or not called",
        least: 1,
        most: 10_000,
        get: |limits| limits.guest.instances as u64,
        set: |limits, value| limits.guest.instances = fitted(value, usize::MAX),
    },
    Limit {
        name: "call",
        unit: Unit::Milliseconds,
        bounds: "time of one call, from its first instruction to its last; a wait is no part of a call",
        then: "the step fails with code `timeout`, and is tried again if its policy says so. A step's own timeout may be shorter, never longer",
        least: 1,
        most: 24 * 60 * 60 * 1_000,
        get: |limits| fitted(u64::try_from(limits.guest.call.as_millis()).unwrap_or(u64::MAX), u64::MAX),
        set: |limits, value| limits.guest.call = Duration::from_millis(value),
    },
    Limit {
        name: "value-bytes",
        unit: Unit::Bytes,
        bounds: "one value: an input or an answer that comes in, an output, a question, a chunk, a value of the state that a guest hands to the host",
        then: "what comes in is refused before anything is stored; a step that hands it to the host fails with code `limit`, and is not tried again",
        least: 1 << 10,
        most: VALUE_BYTES_MAX,
        get: |limits| limits.guest.value_bytes as u64,
        set: |limits, value| limits.guest.value_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "crossing-bytes",
        unit: Unit::Bytes,
        bounds: "what is copied out of a guest at once, all texts and lists together",
        then: "the step fails with code `contract`; it is not tried again",
        least: 1 << 10,
        most: 1 << 30,
        get: |limits| limits.guest.crossing_bytes as u64,
        set: |limits, value| limits.guest.crossing_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "log-line-bytes",
        unit: Unit::Bytes,
        bounds: "one line of a guest's log, its fields included, and the message of a failure",
        then: "the text is cut",
        least: 64,
        most: 1 << 20,
        get: |limits| limits.guest.log_line_bytes as u64,
        set: |limits, value| limits.guest.log_line_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "log-bytes",
        unit: Unit::Bytes,
        bounds: "a guest's log in one call",
        then: "further lines are dropped, and the log says so; what is kept with the run has a bound of its own",
        least: 0,
        most: 1 << 30,
        get: |limits| limits.guest.log_bytes as u64,
        set: |limits, value| limits.guest.log_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "emit-bytes",
        unit: Unit::Bytes,
        bounds: "chunks that one call emits, together",
        then: FAILS,
        least: 0,
        most: 16 << 30,
        get: |limits| limits.guest.emit_bytes as u64,
        set: |limits, value| limits.guest.emit_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "waits",
        unit: Unit::Count,
        bounds: "what one step waits for at once",
        then: FAILS,
        least: 1,
        most: 10_000,
        get: |limits| limits.guest.waits as u64,
        set: |limits, value| limits.guest.waits = fitted(value, usize::MAX),
    },
    Limit {
        name: "component-bytes",
        unit: Unit::Bytes,
        bounds: "a component that is added",
        then: "it is not accepted (exit code 5)",
        least: 1 << 10,
        most: 1 << 30,
        get: |limits| limits.component_bytes as u64,
        set: |limits, value| limits.component_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "calls",
        unit: Unit::Count,
        bounds: "calls into guests at once, in one process",
        then: "further calls wait for their turn",
        least: 1,
        most: 10_000,
        get: |limits| limits.calls.into(),
        set: |limits, value| limits.calls = fitted(value, u32::MAX),
    },
    Limit {
        name: "savepoints",
        unit: Unit::Count,
        bounds: "moments of a run to which it can be forked or restarted, the latest; 0 keeps all",
        then: "the oldest goes at the next answer",
        least: 0,
        most: u32::MAX as u64,
        get: |limits| limits.savepoints.into(),
        set: |limits, value| limits.savepoints = fitted(value, u32::MAX),
    },
    Limit {
        name: "cancel-grace",
        unit: Unit::Milliseconds,
        bounds: "grace period before an obsolete call is interrupted: its run was canceled or its step closed",
        then: "it is interrupted",
        least: 0,
        most: 24 * 60 * 60 * 1_000,
        get: |limits| u64::try_from(limits.cancel_grace.as_millis()).unwrap_or(u64::MAX),
        set: |limits, value| limits.cancel_grace = Duration::from_millis(value),
    },
    Limit {
        name: "sit-through",
        unit: Unit::Milliseconds,
        bounds: "delay before a further try of a failed call that `run`, `resume` and others sit through",
        then: "the command ends with the run `waiting` (exit code 13), and `reentry work` makes the try when its time has come",
        least: 0,
        most: 24 * 60 * 60 * 1_000,
        get: |limits| u64::try_from(limits.sit_through.as_millis()).unwrap_or(u64::MAX),
        set: |limits, value| limits.sit_through = Duration::from_millis(value),
    },
];

impl Limit {
    /// The value as it is set.
    pub(crate) fn value(&self, limits: &HostLimits) -> u64 {
        (self.get)(limits)
    }
}

impl HostLimits {
    /// The defaults, and what is said of some of them: `NAME=VALUE`. Later ones win.
    ///
    /// # Errors
    /// `Refused` for a name or a value that there is not.
    pub(crate) fn read(given: &[String]) -> Result<Self, Failure> {
        let mut limits = Self::default();
        for text in given {
            limits
                .set(text)
                .map_err(|(message, hint)| Report::new(&codes::INVALID_LIMIT, message).hint(hint))?;
        }
        Ok(limits)
    }

    fn set(&mut self, text: &str) -> Result<(), (String, String)> {
        let listed = "`reentry limits` lists them with their values".to_owned();
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| (format!("--set-limit `{text}`: expected NAME=VALUE"), listed.clone()))?;
        let Some(limit) = ALL.iter().find(|limit| limit.name == name) else {
            let meant = reentry::core::similar::closest(name, ALL.iter().map(|limit| limit.name));
            let hint = meant.map_or(listed, |meant| format!("did you mean `{meant}`?"));
            return Err((format!("there is no limit `{name}`"), hint));
        };
        let read =
            limit.unit.read(value).map_err(|problem| (format!("--set-limit {name}: {problem}"), listed))?;
        if !(limit.least..=limit.most).contains(&read) {
            let (least, most) = (limit.unit.text(limit.least), limit.unit.text(limit.most));
            let message = format!("--set-limit {name}={value} is out of bounds");
            return Err((message, format!("it may be {least} to {most}")));
        }
        (limit.set)(self, read);
        Ok(())
    }

    /// A host that keeps to them.
    pub(crate) fn apply(&self, builder: HostBuilder) -> HostBuilder {
        let Self { guest, component_bytes, calls, savepoints, cancel_grace, sit_through } = self.clone();
        let builder = builder.savepoints_max(savepoints).cancel_grace(cancel_grace).sit_through(sit_through);
        builder
            .runtime(move |config| config.limits(guest).component_bytes_max(component_bytes).calls_max(calls))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let mut limits = HostLimits::default();
        match limits.set(text) {
            Ok(()) => {
                ALL.iter().map(|limit| limit.unit.text(limit.value(&limits))).collect::<Vec<_>>().join(" ")
            }
            Err((message, hint)) => format!("{message}; {hint}"),
        }
    }

    #[test]
    fn each_limit_is_set_by_its_name_and_changes_nothing_else() {
        let default = HostLimits::default();
        for limit in ALL {
            let other = limit.value(&default) / 2;
            let mut limits = default.clone();
            limits.set(&format!("{}={}", limit.name, limit.unit.text(other))).unwrap();
            for other_limit in ALL {
                let expected =
                    if other_limit.name == limit.name { other } else { other_limit.value(&default) };
                assert_eq!(other_limit.value(&limits), expected, "{} after {}", other_limit.name, limit.name);
            }
        }
        // As many as there are fields.
        let fields = format!("{:?}", Limits::default()).matches(": ").count() + 5;
        assert_eq!(ALL.len(), fields, "a limit has no name");
    }

    #[test]
    fn a_wrong_limit_says_what_would_be_right() {
        let told: Vec<String> = [
            "memory-bytes",
            "memry-bytes=1",
            "x=1",
            "memory-bytes=lots",
            "memory-bytes=1",
            "call=5",
            "call=2d",
            "value-bytes=17MiB",
            "waits=1k",
        ]
        .into_iter()
        .map(said)
        .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        --set-limit `memory-bytes`: expected NAME=VALUE; `reentry limits` lists them with their values
        there is no limit `memry-bytes`; did you mean `memory-bytes`?
        there is no limit `x`; `reentry limits` lists them with their values
        --set-limit memory-bytes: expected a number of bytes, or with a unit: 512KiB, 64MiB, 1GiB; `reentry limits` lists them with their values
        --set-limit memory-bytes=1 is out of bounds; it may be 64KiB to 4194240KiB
        --set-limit call: expected a time with its unit: 500ms, 30s, 5m, 1h; `reentry limits` lists them with their values
        --set-limit call=2d is out of bounds; it may be 1ms to 24h
        --set-limit value-bytes=17MiB is out of bounds; it may be 1KiB to 16MiB
        --set-limit waits: `1k` is not a whole number; `reentry limits` lists them with their values
        ");
    }

    #[test]
    fn the_page_has_every_limit_with_its_default() {
        let page = include_str!("../../../docs/limits.md");
        for limit in ALL {
            let default = limit.unit.text(limit.value(&HostLimits::default()));
            let row = format!("| `{}` | {default} | {} | {} |", limit.name, limit.bounds, limit.then);
            assert!(page.contains(&row), "docs/limits.md lacks the row: {row}");
        }
    }
}
