//! What can go wrong: starting a runtime, loading a component, calling a guest.

use std::borrow::Cow;
use std::time::Duration;

use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::SnapshotError;
use serde::{Deserialize, Serialize};

use crate::admit::Exceeded;
use crate::grant::RefusedImport;
use crate::instrument::Obstacle;
use crate::limits::LimitReached;

/// Why a runtime could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The settings are not possible on this machine.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
    /// The folder for compiled code cannot be used.
    #[error("the folder for compiled code, {path}, cannot be used")]
    Cache {
        /// The folder.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The thread that keeps time for guests cannot be started.
    #[error("the thread that keeps time for guests cannot be started")]
    Ticker(#[source] std::io::Error),
}

/// Why a component was not loaded. A plain value, which may come from another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum LoadError {
    /// The bytes are a core module: it must be made a component first.
    #[error("this is a core WebAssembly module, not a component; make it one with `componentize`")]
    CoreModule,
    /// Too many bytes.
    #[error("the component has {found} bytes, at most {at_most} are allowed")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        at_most: usize,
    },
    /// The bytes are not a component that this host can compile.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// It has too much of something, which would cost too much to compile.
    #[error(transparent)]
    Exceeded(Exceeded),
    /// The component imports what was not granted.
    #[error("the component imports what it may not have: {}", list(refused))]
    Imports {
        /// Each refused import and the grant that would allow it.
        refused: Vec<RefusedImport>,
    },
    /// A fresh instance has too much memory that is not zero: it is held for as long as the component is open.
    #[error(
        "a fresh instance has {found} bytes of memory that are not zero, at most {at_most} are allowed: let the \
         component fill its memory when a step is called, not when it is instantiated"
    )]
    LargeBase {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        at_most: usize,
    },
    /// The component does not fit the contract.
    #[error("the component does not fit the world `reentry:step/step@0.1.0`: {0}")]
    Contract(String),
    /// The state of its instances cannot be kept, and its steps do not ask for re-entry.
    #[error(
        "the memory of this component cannot be kept over a suspension: {}. Steps that need no memory \
         can say `resume-mode: re-enter` in their descriptor; then the component is accepted",
        list(obstacles)
    )]
    NotRestorable {
        /// Everything that stands in the way.
        obstacles: Vec<Obstacle>,
    },
    /// A descriptor breaks a rule.
    #[error("descriptor {index}: {problem}")]
    Descriptor {
        /// Which of the component's descriptors, from 0.
        index: usize,
        /// What was found and what was expected.
        problem: String,
    },
    /// The guest failed while it was instantiated or described.
    #[error("the component could not be {doing}: {source}")]
    Guest {
        /// What was being done.
        doing: Cow<'static, str>,
        /// How it failed.
        #[source]
        source: CallError,
    },
    /// The record of an earlier preparation is damaged, of another host, or of another component.
    #[error("the preparation record of component {component} cannot be used: {problem}")]
    Record {
        /// The component that was to be opened.
        component: ComponentDigest,
        /// What is wrong with it.
        problem: String,
    },
    /// The work was given up, because the program is ending.
    #[error("loading was interrupted")]
    Interrupted,
}

/// How a call into a guest failed, other than by a failure that the guest returned. A plain value, which may come
/// from another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum CallError {
    /// The guest trapped.
    #[error("{message}{}", at(frames))]
    Trap {
        /// Why, in the guest's own words if it said any; else what happened.
        message: String,
        /// A short stable word: `unreachable`, `out-of-bounds-memory`, `stack-overflow`, ...
        code: Cow<'static, str>,
        /// The innermost functions, as far as the component names them.
        frames: Vec<String>,
    },
    /// The guest broke the contract: a text that is not JSON, a name that is not UTF-8, and the like.
    #[error("the guest broke the contract: {0}")]
    Contract(String),
    /// The guest ran into a limit.
    #[error("the guest ran into a limit: {0}")]
    Limit(LimitReached),
    /// The call took too long.
    #[error("the call took longer than {at_most:?}")]
    TimedOut {
        /// How long it might have taken.
        at_most: Duration,
    },
    /// The call was cancelled through its [`Cancel`](crate::Cancel).
    #[error("the call was cancelled")]
    Cancelled,
    /// The guest suspended while it held resources of the host that cannot be given back to it. Standard streams can.
    #[error(
        "the guest suspended while it held resources of the host, which cannot be kept: {}. Drop them before \
         suspending, build the component without WASI, or say `resume-mode: re-enter` in the step's descriptor",
        types.join(", ")
    )]
    LiveResources {
        /// The kind of each that stood in the way, as far as it can be told.
        types: Vec<String>,
    },
    /// The image of the suspended guest cannot be used. Nothing of the guest has run.
    #[error("the guest's image cannot be put back: {0}")]
    Image(#[source] SnapshotError),
    /// The image was missing where one is needed, or there where none is expected.
    #[error("{0}")]
    ImageMismatch(Cow<'static, str>),
    /// The component does not export `migration`.
    #[error(
        "the component does not export `reentry:step/migration`: its waiting steps cannot move to another version of it"
    )]
    NotMigratable,
    /// The component has no step of this name.
    #[error("the component has no step `{found}`; it has {}", known.join(", "))]
    UnknownStep {
        /// The name asked for.
        found: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The embedder could not answer a question of the guest's; its error with all causes.
    #[error("the host could not answer the guest: {0}")]
    Host(String),
    /// The embedder had no room for the guest's memory. The guest is not to blame, and nothing counts that it did.
    #[error("there was no room for {bytes} bytes of the guest's memory")]
    NoRoom {
        /// What the guest would have had, all its memories together.
        bytes: u64,
    },
    /// All slots are taken.
    #[error("too many calls at once: {0}")]
    Busy(String),
    /// Something that must not happen: a fault of this crate, of wasmtime or of the machine.
    #[error("internal: {0}")]
    Internal(String),
}

fn list(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn at(frames: &[String]) -> String {
    if frames.is_empty() { String::new() } else { format!(" (in {})", frames.join(", called by ")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reentry_core::snapshot::BaseDigest;

    use super::*;
    use crate::admit::Bound;

    #[track_caller]
    fn check(error: &LoadError) {
        let text = serde_json::to_string(error).unwrap();
        assert_eq!(serde_json::from_str::<LoadError>(&text).unwrap(), *error, "{text}");
    }

    #[test]
    fn errors_can_be_written_and_read_again() {
        let (component, name) = (ComponentDigest::of(b"a"), || "a".to_owned());
        let (found, expected) = (BaseDigest([1; 32]), BaseDigest([255; 32]));
        let calls = [
            CallError::Trap { message: name(), code: "unreachable".into(), frames: vec![name()] },
            CallError::Contract(name()),
            CallError::Limit(LimitReached { what: "bytes".into(), asked: u64::MAX, at_most: 0 }),
            CallError::TimedOut { at_most: Duration::from_nanos(1_000_000_001) },
            CallError::Cancelled,
            CallError::LiveResources { types: vec![name()] },
            CallError::Image(SnapshotError::Base { found, expected }),
            CallError::Image(SnapshotError::Magic { found: *b"RSNX" }),
            CallError::ImageMismatch("no image".into()),
            CallError::NotMigratable,
            CallError::UnknownStep { found: name(), known: Vec::new() },
            CallError::Host(name()),
            CallError::NoRoom { bytes: u64::MAX },
            CallError::Busy(name()),
            CallError::Internal(name()),
        ];
        for source in calls {
            check(&LoadError::Guest { doing: "described".into(), source });
        }
        let refused =
            |grant: Option<&'static str>| RefusedImport { name: name(), grant: grant.map(Into::into) };
        let change = Obstacle::TableChange { module: 1, instruction: "table.grow".into() };
        let inside = Obstacle::Nested { component: 1, obstacle: Box::new(Obstacle::OwnResources) };
        for error in [
            LoadError::CoreModule,
            LoadError::TooLarge { found: 2, at_most: 1 },
            LoadError::Invalid(name()),
            LoadError::LargeBase { found: 2, at_most: 1 },
            LoadError::Exceeded(Exceeded {
                bound: Bound::BodyBytes,
                found: u64::MAX,
                place: name(),
                offset: 1,
            }),
            LoadError::Imports { refused: vec![refused(Some("wasi")), refused(None)] },
            LoadError::Contract(name()),
            LoadError::NotRestorable { obstacles: vec![change, inside] },
            LoadError::Descriptor { index: 0, problem: name() },
            LoadError::Record { component, problem: name() },
            LoadError::Interrupted,
        ] {
            check(&error);
        }
    }
}
