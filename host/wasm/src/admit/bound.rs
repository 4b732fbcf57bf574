//! The bounds on what a component consists of: one table, and the error for what goes beyond.

use serde::{Deserialize, Serialize};

/// A bound, with what is known of it.
#[derive(Debug, PartialEq, Eq)]
pub struct BoundRow {
    /// The bound.
    pub bound: Bound,
    /// Its name, which is stable.
    pub name: &'static str,
    /// How much is allowed.
    pub at_most: u64,
    /// What it bounds.
    pub what: &'static str,
    /// What goes wrong beyond it, and how much is known to be needed.
    pub reason: &'static str,
}

macro_rules! bounds {
    ($($bound:ident $name:literal $at_most:literal $what:literal $reason:literal;)+) => {
        /// Something of which a component may not have too much.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Bound {
            $(#[doc = $what] $bound,)+
        }

        impl Bound {
            /// All bounds.
            pub const ALL: &[BoundRow] = &[
                $(BoundRow {
                    bound: Bound::$bound,
                    name: $name,
                    at_most: $at_most,
                    what: $what,
                    reason: $reason,
                },)+
            ];

            /// What is known of the bound.
            pub const fn row(self) -> &'static BoundRow {
                match self {
                    $(Self::$bound => &const {
                        BoundRow {
                            bound: Bound::$bound,
                            name: $name,
                            at_most: $at_most,
                            what: $what,
                            reason: $reason,
                        }
                    },)+
                }
            }
        }
    };
}

bounds! {
    Nesting "nesting" 16
        "levels of components inside one another"
        "each level is read once more";
    Parts "parts" 128
        "core modules and components inside, at all levels"
        "each is a scope of its own to whatever reads it";
    CoreInstances "core-instances" 256
        "core instances, with those of components that are instantiated again and again"
        "seven levels of 16 instances each are 708 bytes, and eight gigabytes to a compiler";
    Instances "instances" 1024
        "instances of components, with those inside them"
        "they multiply as core instances do";
    Definitions "definitions" 100_000
        "definitions in components, counted again for each instance of theirs"
        "a compiler goes through all of them for each instance";
    Functions "functions" 50_000
        "functions, defined and imported"
        "an empty function costs a compiler six kilobytes";
    Types "types" 10_000
        "types, and declarations inside of types"
        "each is compared with others of its kind";
    TypeNesting "type-nesting" 16
        "levels of component and instance types inside one another"
        "readers follow them by recursion, and an exhausted stack ends the process";
    Imports "imports" 10_000
        "imports"
        "each takes memory for as long as the component is open";
    Exports "exports" 10_000
        "exports"
        "each takes memory for as long as the component is open";
    Globals "globals" 10_000
        "global variables"
        "each is made anew for each call";
    Segments "segments" 200_000
        "element and data segments"
        "each is gone through for each instance";
    BodyBytes "body-bytes" 1_048_576
        "bytes of one function's body"
        "a compiler holds all of a function at once";
    BlockDepth "block-depth" 2_000
        "blocks inside one another in one function"
        "compilers keep a list for each level";
    FunctionMerges "function-merges" 10_000_000
        "locals of one function times the branches and blocks in it"
        "a compiler may need a value for each local wherever branches meet: 82 KB of them took it 38 seconds";
    Merges "merges" 50_000_000
        "the same, of all functions together"
        "many functions take as long as one";
}

/// A component has too much of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error(
    "the component goes beyond the bound `{}` at byte {offset}, in {place}: {found} {}, at most {} are allowed",
    .bound.row().name, .bound.row().what, .bound.row().at_most
)]
pub struct Exceeded {
    /// The bound.
    pub bound: Bound,
    /// How much was found, as far as it was counted.
    pub found: u64,
    /// Where, by the numbers of components, modules and functions: `component 0.2, module 3, function 17`.
    pub place: String,
    /// The byte at which it was noticed.
    pub offset: u64,
}
