//! What a step is asked to do, how it is answered, and what must come of it.

use anyhow::Result;
use reentry::core::json::Json;
use reentry_tests::json;
use serde_json::{Value, json};

/// One thing that the step can do, and what must come of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) input: Json,
    pub(super) context: Value,
    pub(super) turns: Vec<Turn>,
    pub(super) end: End,
}

/// A suspension, and what ends it.
pub(super) struct Turn {
    pub(super) shows: Shows,
    pub(super) labels: &'static [&'static str],
    pub(super) log: &'static [&'static str],
    pub(super) then: Then,
}

/// What the one who answers gets to see.
pub(super) enum Shows {
    Json(Value),
    /// A clock and random bytes.
    Clock,
    /// Questions with these labels, one each, whatever they say.
    Labels(&'static [&'static str]),
    /// Nobody is asked.
    Nothing,
}

pub(super) enum Then {
    Answer {
        label: Option<&'static str>,
        data: Value,
        context: Value,
    },
    Event {
        name: &'static str,
        key: &'static str,
        payload: Value,
    },
    /// Its time comes.
    Time,
}

pub(super) enum End {
    Output(Value),
    /// Exactly this text.
    Text(String),
    Clock,
    Fails(Value),
    /// An output after these lines.
    Logs(Value, &'static [&'static str]),
}

pub(super) fn answered(shows: Value, data: Value) -> Turn {
    let then = Then::Answer { label: None, data, context: json!({}) };
    Turn { shows: Shows::Json(shows), labels: &[], log: &[], then }
}

pub(super) fn unasked(then: Then) -> Turn {
    Turn { shows: Shows::Nothing, labels: &[], log: &[], then }
}

impl Case {
    pub(super) fn new(name: &'static str, turns: Vec<Turn>, end: End) -> Self {
        Self { name, input: json(json!({"do": name})), context: json!({}), turns, end }
    }

    /// A text that the step must hand back untouched.
    pub(super) fn echo(name: &'static str, rest: &str) -> Result<Self> {
        let text = format!(r#"{{"do": "echo",{rest}}}"#);
        let input = Json::parse(text.clone())?;
        Ok(Self { input, ..Self::new(name, vec![], End::Text(text)) })
    }

    pub(super) fn input(self, input: Value) -> Self {
        Self { input: json(input), ..self }
    }
}
