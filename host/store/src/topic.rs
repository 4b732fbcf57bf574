//! Topics: what suspensions listen to.

/// What a suspension listens to, and what comes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is a name of.
    pub kind: TopicKind,
    /// The name.
    pub name: String,
    /// Tells what comes under one name apart. A suspension without one takes any; what comes without one is taken
    /// only by these.
    pub key: Option<String>,
}

/// What a topic is a name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicKind {
    /// An event that others send.
    Event,
}

impl Topic {
    /// The topic of an event.
    pub fn event(name: impl Into<String>, key: Option<String>) -> Self {
        Self { kind: TopicKind::Event, name: name.into(), key }
    }

    /// Whether one who listens to this takes what comes under the other.
    pub fn takes(&self, came: &Self) -> bool {
        (self.kind, &self.name) == (came.kind, &came.name) && (self.key.is_none() || self.key == came.key)
    }
}
