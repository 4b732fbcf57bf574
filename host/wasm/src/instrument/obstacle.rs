//! What stands in the way of keeping a component's state, by name.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Why the state of a component's instances cannot be kept in a guest image.
///
/// An image holds linear memories and globals. Each of these is about state that lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message above each case says what it is")]
pub enum Obstacle {
    #[error("core module {module} changes a table at run time (`{instruction}`)")]
    TableChange { module: u32, instruction: Cow<'static, str> },
    #[error("core module {module} uses threads (`{what}`)")]
    Threads { module: u32, what: Cow<'static, str> },
    #[error("core module {module} has a 64-bit memory")]
    Memory64 { module: u32 },
    #[error("core module {module} has a memory with pages of another size than 64 KiB")]
    PageSize { module: u32 },
    #[error("core module {module} keeps a reference in a mutable global")]
    ReferenceGlobal { module: u32 },
    #[error("core module {module} is instantiated twice")]
    InstantiatedTwice { module: u32 },
    #[error("core module {module} exports `{name}`, a name kept for the host")]
    ReservedExport { module: u32, name: String },
    #[error("in component {component} inside this one: {obstacle}")]
    Nested { component: usize, obstacle: Box<Obstacle> },
    #[error("components are nested deeper than {at_most} levels")]
    NestedTooDeep { at_most: u32 },
    #[error("the component instantiates a component from outside")]
    OutsideComponent,
    #[error("the component takes a core module from outside (`{name}`)")]
    ImportedModule { name: String },
    #[error("the component makes handles to resources of its own")]
    OwnResources,
    #[error(
        "the component uses asynchronous calls, streams, futures or threads of the component model (`{what}`)"
    )]
    Async { what: String },
    #[error("the component exports `{name}`, a name kept for the host")]
    ReservedName { name: String },
    #[error("the component has {found} memories, at most {at_most} can be kept")]
    TooManyMemories { found: usize, at_most: u32 },
    #[error("the component has {found} bytes of mutable globals, at most {at_most} can be kept")]
    TooManyGlobals { found: usize, at_most: u32 },
}

impl Obstacle {
    /// The same obstacle, seen from the component around the one that has it.
    pub(super) fn inside(self, component: usize) -> Self {
        match self {
            // These are about the whole, whichever component it was that went too far.
            Self::NestedTooDeep { .. } | Self::TooManyMemories { .. } | Self::TooManyGlobals { .. } => self,
            _ => Self::Nested { component, obstacle: Box::new(self) },
        }
    }
}

/// Adds an obstacle unless the very same one is there already.
pub(super) fn note(obstacles: &mut Vec<Obstacle>, obstacle: Obstacle) {
    if !obstacles.contains(&obstacle) {
        obstacles.push(obstacle);
    }
}
