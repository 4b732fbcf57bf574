//! What a process does that looks after runs.

use reentry::core::id::{RunId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::{Did, Level, Source, Upkeep};
use serde::Serialize;

/// Something that a worker did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Worked<'a> {
    /// When, in milliseconds since 1970.
    pub at: Timestamp,
    /// What: `took-over`, `woke`, `delivered`, `brought`, `gave-up`; `other` for what has no name yet.
    pub did: &'static str,
    /// The run.
    pub run_id: RunId,
    /// The tenant whose run it is.
    pub tenant: &'a TenantId,
    /// Steps that are called then or, with `brought`, wait; at most 10. Absent where there are none.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub steps: &'a [StepPath],
    /// How the run stands now. Absent unless it was `brought` there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    /// Why the run cannot go on. Absent unless the worker `gave-up`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

impl<'a> Worked<'a> {
    /// What a host did by itself.
    pub fn of(upkeep: &'a Upkeep, at: Timestamp) -> Self {
        let (did, status, error) = match &upkeep.did {
            Did::TookOver => ("took-over", None, None),
            Did::Woke => ("woke", None, None),
            Did::Delivered => ("delivered", None, None),
            Did::Brought(status) => ("brought", Some(*status), None),
            Did::GaveUp(error) => ("gave-up", None, Some(error.as_str())),
            _ => ("other", None, None),
        };
        Self { at, did, run_id: upkeep.run, tenant: &upkeep.tenant, steps: &upkeep.steps, status, error }
    }
}

/// A line that a step logged in a call that a worker made.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkLogged<'a> {
    /// When, in milliseconds since 1970.
    pub at: Timestamp,
    /// Always `logged`.
    pub did: &'static str,
    /// The run.
    pub run_id: RunId,
    /// The tenant whose run it is.
    pub tenant: &'a TenantId,
    /// The step.
    pub steps: [&'a StepPath; 1],
    /// How much it matters.
    pub level: Level,
    /// What was logged.
    pub message: &'a str,
    /// What was logged beside the message. Absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<&'a Json>,
}

impl<'a> WorkLogged<'a> {
    /// A line as a host hears it.
    pub fn of(
        source: &'a Source,
        at: Timestamp,
        level: Level,
        message: &'a str,
        fields: Option<&'a Json>,
    ) -> Self {
        let Source { tenant, run, path, .. } = source;
        Self { at, did: "logged", run_id: *run, tenant, steps: [path], level, message, fields }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_was_done_is_a_line() {
        let run = "run_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let steps: Vec<StepPath> = ["each[3].nap", "ask"].map(|path| path.parse().unwrap()).into();
        let all = [
            (Did::TookOver, Vec::new()),
            (Did::Woke, steps),
            (Did::Delivered, Vec::new()),
            (Did::Brought(RunStatus::Suspended), Vec::new()),
            (Did::GaveUp("damaged\u{1b}".to_owned()), Vec::new()),
        ];
        let line = |(did, steps)| {
            let mut upkeep = Upkeep::new(TenantId::default(), run, did);
            upkeep.steps = steps;
            serde_json::to_string(&Worked::of(&upkeep, Timestamp(1_000))).unwrap()
        };
        insta::assert_snapshot!(all.map(line).join("\n"), @r#"
        {"at":1000,"did":"took-over","runId":"run_0000000003e87fffbfffffffffffffff","tenant":"default"}
        {"at":1000,"did":"woke","runId":"run_0000000003e87fffbfffffffffffffff","tenant":"default","steps":["each[3].nap","ask"]}
        {"at":1000,"did":"delivered","runId":"run_0000000003e87fffbfffffffffffffff","tenant":"default"}
        {"at":1000,"did":"brought","runId":"run_0000000003e87fffbfffffffffffffff","tenant":"default","status":"suspended"}
        {"at":1000,"did":"gave-up","runId":"run_0000000003e87fffbfffffffffffffff","tenant":"default","error":"damaged\u001b"}
        "#);
    }
}
