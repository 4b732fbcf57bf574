//! Who asks for something, by which way it came in, and what they say to it.

use serde::{Deserialize, Serialize};

/// Longest name of an actor, and of what is known of it, in bytes.
pub const ACTOR_BYTES_MAX: usize = 256;

/// Longest comment, in bytes.
pub const COMMENT_BYTES_MAX: usize = 4 << 10;

/// One who acts: a person or a system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The name.
    pub name: String,
    /// Whether the request says so itself, and nothing has checked it.
    pub asserted: bool,
    /// By what the host knows the one who made the request, as `os-user:root`. Empty where the host is to fill it in.
    pub via: String,
}

impl Actor {
    /// An actor by the request's own word. The host adds by what it knows the request.
    pub fn asserted(name: impl Into<String>) -> Self {
        Self { name: name.into(), asserted: true, via: String::new() }
    }
}

/// By whom something was asked for, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Who; `None` for what happened by itself, and where it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The way in: `cli`, `library`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What they say to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl By {
    /// The name of the actor.
    pub fn name(&self) -> Option<&str> {
        self.actor.as_ref().map(|actor| actor.name.as_str())
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
