//! What is played: scripts, and the fault points that each of them passes.

use reentry::core::run::RunStatus;
use reentry::fault::{FaultPoint, StoredChange};
use serde_json::{Value, json};

/// What a client does with one run, and what it must come to.
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) component: &'static str,
    pub(super) step: &'static str,
    /// Entries before the step.
    pub(super) before: Vec<Value>,
    pub(super) input: Value,
    pub(super) then: Vec<Then>,
    pub(super) status: RunStatus,
    pub(super) result: Value,
    /// Suspensions in the run's history.
    pub(super) suspensions: usize,
    /// Calls into the guest: the start, and one for each suspension or checkpoint that is over.
    pub(super) calls: u32,
    /// The fault points that the script passes.
    pub(super) points: Vec<FaultPoint>,
}

/// What a client does after the start.
#[derive(Clone)]
pub(super) enum Then {
    Answer(Value),
    Wake,
    Cancel,
    Pause,
    Unpause,
    Restart,
    /// Back to the step.
    Travel,
    Send(Value),
}

pub(super) fn around(commits: &[StoredChange]) -> Vec<FaultPoint> {
    let both = |what: &StoredChange| [FaultPoint::BeforeCommit(*what), FaultPoint::AfterCommit(*what)];
    commits.iter().flat_map(both).collect()
}

pub(super) fn scripts() -> Vec<Script> {
    let mut all_points = around(&[
        StoredChange::Created,
        StoredChange::Started,
        StoredChange::Suspended,
        StoredChange::Resumed,
        StoredChange::Completed,
    ]);
    all_points.extend([FaultPoint::BeforeCall, FaultPoint::AfterCall]);
    vec![
        Script {
            name: "three answers",
            component: "counter",
            step: "counter",
            before: vec![],
            input: json!({"text": "a b c a b c d d e"}),
            then: [2, 3, 1].map(|read| Then::Answer(json!({"read": read}))).into(),
            status: RunStatus::Success,
            result: json!({"words": 9, "counts": {"a": 2, "b": 2, "c": 2, "d": 2, "e": 1}, "legs": [2, 3, 1, 3]}),
            suspensions: 3,
            calls: 4,
            points: all_points,
        },
        Script {
            name: "checkpoints",
            component: "memory-probe",
            step: "checkpoint",
            before: vec![],
            input: json!(3),
            then: vec![],
            status: RunStatus::Success,
            result: json!(3),
            suspensions: 0,
            calls: 4,
            points: around(&[StoredChange::Checkpointed]),
        },
        Script {
            name: "retries",
            component: "memory-probe",
            step: "fail",
            before: vec![],
            input: json!({"retryable_times": 2}),
            then: vec![],
            status: RunStatus::Success,
            result: json!({"attempt": 2}),
            suspensions: 0,
            calls: 1,
            points: around(&[StoredChange::Failed]),
        },
        Script {
            name: "a deadline",
            component: "memory-probe",
            step: "deadline",
            before: vec![],
            input: json!({"millis": 1, "default": "nobody came"}),
            then: vec![Then::Wake],
            status: RunStatus::Success,
            result: json!({"answer": "nobody came", "timed_out": false}),
            suspensions: 1,
            calls: 2,
            points: around(&[StoredChange::TimePassed]),
        },
        Script {
            name: "a cancellation",
            component: "counter",
            step: "counter",
            before: vec![],
            input: json!({"text": "a b c"}),
            then: vec![Then::Answer(json!({"read": 1})), Then::Cancel],
            status: RunStatus::Canceled,
            result: Value::Null,
            suspensions: 2,
            calls: 2,
            points: around(&[StoredChange::Canceled]),
        },
        Script {
            name: "a pause",
            component: "counter",
            step: "counter",
            before: vec![],
            input: json!({"text": "a b c"}),
            then: vec![
                Then::Pause,
                Then::Answer(json!({"read": 1})),
                Then::Unpause,
                Then::Answer(json!({"read": 0})),
                Then::Answer(json!({"read": 0})),
            ],
            status: RunStatus::Success,
            result: json!({"words": 3, "counts": {"a": 1, "b": 1, "c": 1}, "legs": [1, 0, 0, 2]}),
            suspensions: 3,
            calls: 4,
            points: around(&[StoredChange::Paused]),
        },
        Script {
            name: "a restart",
            component: "counter",
            step: "counter",
            before: vec![],
            input: json!({"text": "a b"}),
            then: vec![Then::Cancel, Then::Restart, Then::Answer(json!({"read": 0}))],
            status: RunStatus::Suspended,
            result: Value::Null,
            suspensions: 3,
            calls: 2,
            points: around(&[StoredChange::Revived]),
        },
        Script {
            name: "a way back",
            component: "memory-probe",
            step: "ask",
            before: vec![],
            input: json!("why"),
            then: vec![Then::Travel, Then::Answer(json!("because"))],
            status: RunStatus::Success,
            result: json!("because"),
            suspensions: 2,
            calls: 2,
            points: around(&[StoredChange::Revived]),
        },
        Script {
            name: "an event",
            component: "memory-probe",
            step: "event",
            before: vec![],
            input: json!({"name": "paid"}),
            then: vec![Then::Send(json!(7))],
            status: RunStatus::Success,
            result: json!(7),
            suspensions: 1,
            calls: 2,
            points: around(&[StoredChange::Received]),
        },
        Script {
            name: "more entries than one decision enters",
            component: "memory-probe",
            step: "checkpoint",
            before: vec![
                json!({"doWhile": {"do": [{"map": {"to": "input + 1"}}], "while": "output < 600"}}),
                json!({"map": {"to": "input - 599"}}),
            ],
            input: json!(0),
            then: vec![],
            status: RunStatus::Success,
            result: json!(1),
            suspensions: 0,
            calls: 2,
            points: around(&[StoredChange::Continued]),
        },
    ]
}
