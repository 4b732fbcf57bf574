//! What is said over the wire.

use std::time::Duration;

use reentry::core::json::present;
use reentry::{
    CallStats, ComponentDigest, ComponentMeta, Facts, Failure, Grants, Invocation, Json, Level, Limits,
    Outcome, Resumption, SealKey, Waits,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A message on its way: a text, and bytes that are not worth being text.
pub(crate) struct Frame {
    text: String,
    pub(crate) bytes: Vec<Vec<u8>>,
}

impl Frame {
    pub(crate) fn new(message: &impl Serialize, bytes: Vec<Vec<u8>>) -> Self {
        Self { text: serde_json::to_string(message).unwrap(), bytes }
    }

    pub(crate) fn of(message: &impl Serialize) -> Self {
        Self::new(message, Vec::new())
    }

    pub(crate) fn message<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The first of the bytes.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        self.bytes.into_iter().next()
    }
}

/// A request that is answered; also as [`ToCall`].
#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    /// With the component. Answered with what is [`Opened`] and its record.
    Prepare { grants: Grants },
    /// With the component and its record. Answered with what is [`Opened`].
    Open { grants: Grants },
    /// With the memory.
    CheckImage { component: u64, memory_bytes: u64 },
}

/// A call to be made, answered with how it [`Ended`].
#[derive(Serialize, Deserialize)]
pub(crate) struct ToCall {
    pub(crate) component: u64,
    /// Names the call.
    pub(crate) call: u64,
    pub(crate) what: Call,
    pub(crate) options: Options,
}

/// What has no answer.
#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    Close { component: u64 },
    Forget { digest: ComponentDigest },
    Cancel { call: u64 },
}

/// What is called.
#[derive(Serialize, Deserialize)]
pub(crate) enum Call {
    Start(Invocation),
    /// With the memory, if there is one.
    Resume(Resumption),
    /// With the memory.
    Export(Facts),
    Import(Invocation, Json),
}

/// How a call is made; the near end keeps the key of the memory, and what stops the call.
#[derive(Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) limits: Option<Limits>,
    pub(crate) domain: Option<String>,
}

/// A component that is open; with what is to be known of it if it is new.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) component: u64,
    pub(crate) digest: ComponentDigest,
    pub(crate) held_bytes: u64,
    pub(crate) is_migratable: bool,
    pub(crate) meta: Option<ComponentMeta>,
}

/// How a call ended; with the memory, if one was taken.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ended {
    Called { outcome: Result<Outcome, Failure>, stats: CallStats },
    Exported(Result<Json, Failure>),
    Imported(Result<Waits, Failure>),
}

/// What a guest asks or says during a call, from the far end to the near one.
#[derive(Serialize, Deserialize)]
pub(crate) enum Asked {
    Log {
        level: Level,
        message: String,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        fields: Option<Json>,
    },
    Now,
    RequestContext,
    SetRequestContext(String, Json),
    State,
    SetState(String, Json),
    /// Answered with one output or none: `null` is one, too.
    StepResult(String),
    InitData,
    MayHaveMemory(u64),
    Emit(Json),
    Cancelled,
}

/// What memories are sealed with at the far end, where only sealed ones are taken. It is no secret.
pub(crate) fn far_seal() -> SealKey {
    SealKey::of_host(&[0; 32], "the far end of a wire")
}
