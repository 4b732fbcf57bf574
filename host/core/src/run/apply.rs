//! (being written)

/// What must have happened to a commit before its caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Seen by every process; survives their kill, not the loss of power.
    Visible,
    /// Survives the loss of power too.
    Durable,
}
pub struct Decision;
pub fn apply() {}
