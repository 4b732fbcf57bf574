//! What of a waiting step moves to another version of its component.

use std::cell::RefCell;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::json;
use crate::waits::{self, Known};

thread_local! {
    /// JSON text: what was saved since the step went on last.
    static SAVED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What a step of [`Step::migratable`](crate::Step::migratable) keeps for later versions of its component, which read nothing else of its memory.
///
/// Each version may have a `State` of its own, as long as it reads what earlier versions saved: as with any stored JSON, by fields with defaults
/// or an untagged enum.
pub struct Progress<State> {
    begun: Option<State>,
    state: PhantomData<fn(State)>,
}

impl<State> Progress<State> {
    /// What the step saved in the version of the component from which it moved here; `None` in a step that begins. Gives it once.
    ///
    /// A step that finds something goes to the wait at which that was saved, and does nothing on its way that was done before.
    pub fn take(&mut self) -> Option<State> {
        self.begun.take()
    }

    /// Saves what a later version needs to wait at the very next wait. To be called before each wait: when the step goes on, what it saved
    /// before does not count any more, and while it has saved nothing, it cannot move.
    ///
    /// # Errors
    /// When the state cannot be written as JSON.
    pub fn save(&self, state: &State) -> Result<()>
    where
        State: Serialize,
    {
        SAVED.set(Some(json::write("the progress", state)?));
        Ok(())
    }
}

impl<State: Serialize + DeserializeOwned> Progress<State> {
    /// For a step that begins, or takes up what another version saved. That counts as saved again, in the form of this version.
    pub(crate) fn begin(moved: Option<&str>) -> Result<Self> {
        let begun: Option<State> = moved
            .map(|text| json::read("the progress of the other version", "bad-progress", text))
            .transpose()?;
        let progress = Self { begun: None, state: PhantomData };
        if let Some(state) = &begun {
            progress.save(state)?;
        }
        Ok(Self { begun, ..progress })
    }
}

/// Forgets what was saved: the step goes on.
pub(crate) fn forget() {
    SAVED.set(None);
}

/// What crosses from one version to another.
#[derive(Serialize, Deserialize)]
pub(crate) struct Exported {
    /// What the step saved, as it wrote it.
    pub(crate) progress: Box<RawValue>,
    /// What it waits for, so that the other version does so under the same numbers.
    pub(crate) waits: Vec<Known>,
    /// The number that was given last.
    pub(crate) last: u32,
}

/// What the waiting step knows, as JSON text.
pub(crate) fn export() -> Result<String> {
    if waits::is_any_untaken() {
        return Err(Error::new(
            "something that the step waited for is over, and its code has not taken that yet; it can move when it has",
        )
        .code("not-taken"));
    }
    let saved = SAVED.with_borrow(Clone::clone).ok_or_else(|| {
        Error::new(
            "the step has saved no progress since it went on last; one that shall move to other versions is written with \
             Step::migratable, and calls Progress::save before each wait",
        )
        .code("no-progress")
    })?;
    let (waits, last) = waits::known();
    let progress = RawValue::from_string(saved)?;
    json::write("the exported state", &Exported { progress, waits, last })
}
