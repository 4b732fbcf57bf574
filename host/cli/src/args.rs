//! Arguments that several commands share, and how their texts are read.

mod actor;
mod answer_form;
mod context;
mod given;
mod listing;
mod name;
mod tracing;

pub(crate) use actor::ActorArgs;
pub(crate) use answer_form::OutputArgs;
pub(crate) use context::ContextArgs;
pub(crate) use given::{Given, unreadable};
pub(crate) use listing::{ListArgs, Order};
pub(crate) use name::{RunName, SuspensionName};
pub(crate) use tracing::TracingArgs;
