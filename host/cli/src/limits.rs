//! Limits by name: what `--set-limit` and `host.toml` set, `reentry limits` lists, and docs/limits.md describes.

mod of_runs;
mod unit;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reentry::HostBuilder;
use reentry::core::failure;
use reentry::core::run::RunQuotas;
use reentry::wasm::{Limits, RuntimeConfig};

use crate::codes;
use crate::failure::{Failure, Report};
use crate::limits_file;

pub(crate) use unit::Unit;

/// Most bytes of memory that a component with 32-bit addresses can have, and that a slot for one can hold.
const MEMORY_BYTES_MAX: u64 = (1 << 32) - (1 << 16);

/// Most bytes that one value may be allowed.
const VALUE_BYTES_MAX: u64 = 16 << 20;

/// The limits of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostLimits {
    guest: Limits,
    component_bytes: usize,
    base_bytes: usize,
    memory_budget: u64,
    loading: Duration,
    calls: u32,
    savepoints: u32,
    cancel_grace: Duration,
    sit_through: Duration,
    /// What one run may use in all.
    run: RunQuotas,
    /// What set those that are not as they are by default.
    origins: BTreeMap<&'static str, Origin>,
}

/// What sets a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing: it is as it is by default.
    Default,
    /// The file of the data folder.
    File,
    /// `--set-limit`, or the variable for it.
    Option,
}

impl Origin {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Option => "option",
        }
    }
}

impl Default for HostLimits {
    fn default() -> Self {
        let runtime = RuntimeConfig::new([0; 32]);
        Self {
            guest: runtime.limits,
            component_bytes: runtime.component_bytes_max,
            base_bytes: runtime.base_bytes_max,
            memory_budget: runtime.memory_budget,
            loading: runtime.loading,
            calls: runtime.calls_max,
            savepoints: reentry::SAVEPOINTS_MAX,
            cancel_grace: reentry::CANCEL_GRACE,
            sit_through: reentry::SIT_THROUGH,
            run: RunQuotas::default(),
            origins: BTreeMap::new(),
        }
    }
}

/// A limit.
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// What it bounds, in one line.
    pub(crate) bounds: &'static str,
    /// What happens at it.
    pub(crate) then: &'static str,
    /// The code of the error or failure then, if there is one.
    pub(crate) code: Option<&'static str>,
    least: u64,
    /// The highest value that it can be set to.
    pub(crate) most: u64,
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
        then: "a component that begins with more is not accepted. Memory does not grow any more: mostly the guest \
            traps then, and the step fails with code `limit`. A run that waits with more memory than that cannot be resumed until the limit is raised",
        code: Some(failure::LIMIT.word),
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
        code: Some(failure::LIMIT.word),
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
        code: Some(reentry::codes::COMPONENT_REFUSED.word),
        least: 1,
        most: 10_000,
        get: |limits| limits.guest.instances as u64,
        set: |limits, value| limits.guest.instances = fitted(value, usize::MAX),
    },
    Limit {
        name: "call",
        unit: Unit::Milliseconds,
        bounds: "time of one call, from its first instruction to its last; a wait is no part of a call",
        then: "the step fails with code `timeout`, and is tried again if its policy says so. A step's own timeout \
            may be shorter, never longer",
        code: Some(failure::TIMEOUT.word),
        least: 1,
        most: 24 * 60 * 60 * 1_000,
        get: |limits| fitted(u64::try_from(limits.guest.call.as_millis()).unwrap_or(u64::MAX), u64::MAX),
        set: |limits, value| limits.guest.call = Duration::from_millis(value),
    },
    Limit {
        name: "value-bytes",
        unit: Unit::Bytes,
        bounds: "one value: an input or an answer that comes in, an output, a question, a chunk, a value of the \
            state that a guest hands to the host",
        then: "what comes in is refused before anything is stored; a step that hands it to the host fails with code \
            `limit`, and is not tried again",
        code: Some(failure::LIMIT.word),
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
        code: Some(failure::CONTRACT.word),
        least: 1 << 10,
        most: 1 << 30,
        get: |limits| limits.guest.crossing_bytes as u64,
        set: |limits, value| limits.guest.crossing_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "log-line-bytes",
        unit: Unit::Bytes,
        bounds: "one line of a guest's log, its fields included, and the message of a failure, \
            which has at most 8KiB in any case",
        then: "the text is cut",
        code: None,
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
        code: None,
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
        code: Some(failure::LIMIT.word),
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
        code: Some(failure::LIMIT.word),
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
        code: Some(reentry::codes::COMPONENT_REFUSED.word),
        least: 1 << 10,
        most: 1 << 30,
        get: |limits| limits.component_bytes as u64,
        set: |limits, value| limits.component_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "base-bytes",
        unit: Unit::Bytes,
        bounds: "memory of a fresh instance that is not zero: it is held as long as the component is open",
        then: "the component is not accepted",
        code: Some(reentry::codes::COMPONENT_REFUSED.word),
        least: 64 << 10,
        most: MEMORY_BYTES_MAX,
        get: |limits| limits.base_bytes as u64,
        set: |limits, value| limits.base_bytes = fitted(value, usize::MAX),
    },
    Limit {
        name: "loading",
        unit: Unit::Milliseconds,
        bounds: "time of a component's start functions, and of its `describe`, when it is added",
        then: "the component is not accepted",
        code: Some(reentry::codes::COMPONENT_REFUSED.word),
        least: 1,
        most: 3_600_000,
        get: |limits| u64::try_from(limits.loading.as_millis()).unwrap_or(u64::MAX),
        set: |limits, value| limits.loading = Duration::from_millis(value),
    },
    Limit {
        name: "calls",
        unit: Unit::Count,
        bounds: "calls into guests at once, in one process",
        then: "further calls wait for their turn. One tenant makes at most three quarters of them at once, \
            and fewer when others make many",
        code: None,
        least: 1,
        most: 10_000,
        get: |limits| limits.calls.into(),
        set: |limits, value| limits.calls = fitted(value, u32::MAX),
    },
    Limit {
        name: "memory-budget",
        unit: Unit::Bytes,
        bounds: "memory of all guests of one process, and of open components; \
            0 is half of what the machine or the container has",
        then: "further calls wait. A guest that grows beyond what is left is stopped, \
            and its call is made again when there is room for all that `memory-bytes` allows; \
            nothing of it is kept or counts. A host whose `memory-bytes` is higher does not start",
        code: Some(reentry::codes::SMALL_BUDGET.word),
        least: 0,
        most: 1 << 44,
        get: |limits| limits.memory_budget,
        set: |limits, value| limits.memory_budget = value,
    },
    Limit {
        name: "savepoints",
        unit: Unit::Count,
        bounds: "moments of a run to which it can be forked or restarted, the latest; 0 keeps all",
        then: "the oldest goes at the next answer",
        code: None,
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
        code: None,
        least: 0,
        most: 24 * 60 * 60 * 1_000,
        get: |limits| u64::try_from(limits.cancel_grace.as_millis()).unwrap_or(u64::MAX),
        set: |limits, value| limits.cancel_grace = Duration::from_millis(value),
    },
    Limit {
        name: "sit-through",
        unit: Unit::Milliseconds,
        bounds: "delay before a further try of a failed call that `run`, `resume` and others sit through",
        then: "the command ends with the run `waiting` (exit code 13), and `reentry work` makes the try when its \
            time has come",
        code: None,
        least: 0,
        most: 24 * 60 * 60 * 1_000,
        get: |limits| u64::try_from(limits.sit_through.as_millis()).unwrap_or(u64::MAX),
        set: |limits, value| limits.sit_through = Duration::from_millis(value),
    },
    of_runs::CALLS,
    of_runs::TURNS,
    of_runs::CHILDREN,
    of_runs::LOG,
    of_runs::CPU,
];

/// Why a text is no value of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WrongValue {
    /// It is not of the form that the limit's unit has.
    Form(String),
    /// It is less or more than it may be; the bounds in words.
    Bounds(String),
}

impl Limit {
    /// The limit of this name.
    ///
    /// # Errors
    /// The limit that was probably meant.
    pub(crate) fn find(name: &str) -> Result<&'static Self, Option<&'static str>> {
        let found = ALL.iter().find(|limit| limit.name == name);
        found.ok_or_else(|| reentry::core::similar::closest(name, ALL.iter().map(|limit| limit.name)))
    }

    /// The value as it is set.
    pub(crate) fn value(&self, limits: &HostLimits) -> u64 {
        (self.get)(limits)
    }

    /// Reads a value with its unit.
    pub(crate) fn read(&self, text: &str) -> Result<u64, WrongValue> {
        let value = self.unit.read(text).map_err(WrongValue::Form)?;
        if (self.least..=self.most).contains(&value) {
            return Ok(value);
        }
        let (least, most) = (self.unit.text(self.least), self.unit.text(self.most));
        Err(WrongValue::Bounds(format!("it may be {least} to {most}")))
    }
}

impl HostLimits {
    /// The defaults, what the file of a data folder sets, and what options set: `NAME=VALUE`. Later ones win.
    ///
    /// # Errors
    /// `Refused` for a name or a value that there is not.
    pub(crate) fn read(folder: Option<&Path>, given: &[String]) -> Result<Self, Failure> {
        let mut limits = Self::default();
        let filed = folder.map_or(Ok(Vec::new()), limits_file::read)?;
        for (limit, value) in filed {
            limits.put(limit, value, Origin::File);
        }
        for text in given {
            limits
                .set(text)
                .map_err(|(message, hint)| Report::new(&codes::INVALID_LIMIT, message).hint(hint))?;
        }
        Ok(limits)
    }

    /// What set a limit.
    pub(crate) fn origin(&self, limit: &Limit) -> Origin {
        self.origins.get(limit.name).copied().unwrap_or(Origin::Default)
    }

    fn put(&mut self, limit: &'static Limit, value: u64, origin: Origin) {
        (limit.set)(self, value);
        self.origins.insert(limit.name, origin);
    }

    fn set(&mut self, text: &str) -> Result<(), (String, String)> {
        let listed = "`reentry limits` lists them with their values".to_owned();
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| (format!("--set-limit `{text}`: expected NAME=VALUE"), listed.clone()))?;
        let limit = Limit::find(name).map_err(|meant| {
            let hint = meant.map_or(listed.clone(), |meant| format!("did you mean `{meant}`?"));
            (format!("there is no limit `{name}`"), hint)
        })?;
        let read = limit.read(value).map_err(|wrong| match wrong {
            WrongValue::Form(problem) => (format!("--set-limit {name}: {problem}"), listed),
            WrongValue::Bounds(hint) => (format!("--set-limit {name}={value} is out of bounds"), hint),
        })?;
        self.put(limit, read, Origin::Option);
        Ok(())
    }

    /// A host that keeps to them.
    pub(crate) fn apply(&self, builder: HostBuilder) -> HostBuilder {
        let Self { guest, component_bytes, base_bytes, loading, .. } = self.clone();
        let Self { calls, memory_budget, savepoints, cancel_grace, sit_through, run, .. } = *self;
        let builder = builder.savepoints_max(savepoints).cancel_grace(cancel_grace).sit_through(sit_through);
        let builder = builder.quotas(run);
        builder.runtime(move |config| {
            let config = config.limits(guest).calls_max(calls).loading(loading);
            let config = config.component_bytes_max(component_bytes).base_bytes_max(base_bytes);
            config.memory_budget(memory_budget)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
