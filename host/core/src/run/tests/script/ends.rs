//! Reading of how a call ends, and of what its step waits for then.

use std::collections::BTreeMap;

use super::words::{Words, parsed};
use super::workflows::commit;
use super::{numbered, seconds};
use crate::event::CallEnd;
use crate::id::BlobId;
use crate::json::Json;
use crate::step::{
    AnswerWait, Deadline, DeadlineOutcome, EventWait, Failure, RunTarget, RunWait, Wait, WaitFor, Waits, Wake,
};

pub(super) fn end(words: &Words<'_>, at: u8, line: &str) -> CallEnd {
    let ids = words.number("ids").map_or(at, |ids| u8::try_from(ids).unwrap());
    let several = |waits: Vec<Wait>, wake: Wake| CallEnd::Suspended {
        suspensions: (0..waits.len()).map(|number| numbered(ids, number)).collect(),
        waits: Waits { waits, wake },
        image: Some(BlobId::from_bytes([at; 16])),
        workflows: BTreeMap::from([("pack".to_owned(), commit("then(packed)").unwrap().digest())]),
    };
    let suspended = |waits: Vec<WaitFor>| {
        several(waits.into_iter().zip(7..).map(|(what, id)| Wait { id, what }).collect(), Wake::Any)
    };
    match words.alone(1).expect("a verb") {
        "completes" => CallEnd::Completed(words.json(2).expect("an output")),
        "bails" => CallEnd::Bailed(words.json(2).expect("a result")),
        "suspends" => suspended(vec![WaitFor::Answer(AnswerWait {
            payload: words.json(2).unwrap_or_else(Json::null),
            labels: words.all("label").map(str::to_owned).collect(),
            assignees: Vec::new(),
            resume_schema: words.option("schema").map(parsed),
            deadline: words.number("deadline").map(|at| Deadline {
                at: seconds(at),
                otherwise: words
                    .option("otherwise")
                    .map_or(DeadlineOutcome::TimeOut, |data| DeadlineOutcome::Answer(parsed(data))),
            }),
        })]),
        "sleeps" => suspended(vec![WaitFor::Time(seconds(words.alone(2).unwrap().parse().unwrap()))]),
        "waits" => {
            let list = line.split_once(" waits ").unwrap().1;
            let Waits { waits, wake } = waits(match list.strip_prefix("ids=") {
                Some(with) => with.split_once(' ').unwrap().1,
                None => list,
            });
            several(waits, wake)
        }
        "checkpoints" => suspended(vec![WaitFor::Checkpoint]),
        "awaits-nothing" => suspended(Vec::new()),
        "awaits-event" => {
            suspended(vec![WaitFor::Event(EventWait { name: "paid".to_owned(), key: None, deadline: None })])
        }
        "awaits-two" => suspended(vec![WaitFor::Checkpoint, WaitFor::Checkpoint]),
        "fails" => CallEnd::Failed(Failure {
            message: words.json(2).unwrap().decode().unwrap(),
            code: None,
            retryable: words.alone(3) == Some("retryable"),
            retry_after_ms: words.number("after").map(|seconds| seconds * 1_000),
            details: None,
        }),
        "refuses" => CallEnd::Failed(Failure {
            message: words.json(3).unwrap().decode().unwrap(),
            code: Some("bad-answer".to_owned()),
            retryable: false,
            retry_after_ms: None,
            details: Some(parsed(&format!(r#"{{"wait": {}}}"#, words.alone(2).unwrap()))),
        }),
        other => panic!("no call ends with `{other}`"),
    }
}

/// A list of waits, with `any` or `all` before it.
pub(in crate::run::tests) fn waits(list: &str) -> Waits {
    let (wake, list) = match list.split_once(' ') {
        Some(("all", list)) => (Wake::All, list),
        Some(("any", list)) => (Wake::Any, list),
        _ => (Wake::Any, list),
    };
    let waits = list.split(", ").zip(0..).map(|(text, place)| {
        let (id, text) = text.split_once('=').map_or((place, text), |(id, text)| (id.parse().unwrap(), text));
        Wait { id, what: wait_for(text) }
    });
    Waits { waits: waits.collect(), wake }
}

/// One wait of a list.
fn wait_for(text: &str) -> WaitFor {
    let mut words = text.splitn(3, ' ');
    let (kind, first, second) = (words.next().unwrap(), words.next(), words.next());
    let run = |target: RunTarget| WaitFor::Run(RunWait { target, input: parsed(second.unwrap_or("null")) });
    match kind {
        "answer" => WaitFor::Answer(AnswerWait {
            payload: parsed(first.unwrap_or("null")),
            labels: Vec::new(),
            assignees: Vec::new(),
            resume_schema: None,
            deadline: None,
        }),
        "time" => WaitFor::Time(seconds(first.unwrap().parse().unwrap())),
        "event" => WaitFor::Event(EventWait {
            name: first.unwrap().to_owned(),
            key: second.map(str::to_owned),
            deadline: None,
        }),
        "step" => run(RunTarget::Step(first.unwrap().to_owned())),
        "workflow" => run(RunTarget::Workflow(first.unwrap().to_owned())),
        "checkpoint" => WaitFor::Checkpoint,
        other => panic!("nobody waits for `{other}`"),
    }
}
