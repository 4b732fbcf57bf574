//! What was compiled, counted: tests hold a request to what it may cost.

use std::cell::Cell;

thread_local! {
    static SO_FAR: Cell<CompileCount> = const { Cell::new(CompileCount { definitions: 0, schemas: 0 }) };
}

/// How much was compiled. Compiling is most of what it costs to begin a run of something new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompileCount {
    /// Definitions of workflows, those in others not counted.
    pub definitions: u64,
    /// JSON Schemas.
    pub schemas: u64,
}

impl CompileCount {
    /// Counts what this thread has compiled, whether it could be used or not.
    pub fn by_this_thread() -> Self {
        SO_FAR.get()
    }

    /// Counts what came after an earlier count.
    #[must_use = "neither count is changed"]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            definitions: self.definitions.saturating_sub(earlier.definitions),
            schemas: self.schemas.saturating_sub(earlier.schemas),
        }
    }
}

pub(crate) fn count_definition() {
    SO_FAR.set(CompileCount { definitions: SO_FAR.get().definitions + 1, ..SO_FAR.get() });
}

pub(crate) fn count_schema() {
    SO_FAR.set(CompileCount { schemas: SO_FAR.get().schemas + 1, ..SO_FAR.get() });
}
