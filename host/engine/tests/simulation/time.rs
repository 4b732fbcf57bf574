//! Waits of the workflow's, through the engine: a run goes on at its millisecond and not at one before, whichever
//! processes were there to wait.

use reentry::core::id::{RunId, TenantId};
use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::core::when::When;
use reentry::core::workflow::Definition;
use reentry::{StartOptions, Tenant};
use serde_json::{Value, json};

use crate::disk::now;
use crate::guest::guest;
use crate::process::{Process, Surroundings};

/// The instant of a text.
fn instant(text: &str) -> Timestamp {
    When::parse(text).unwrap().instant()
}

/// A workflow that waits and then works.
fn definition(wait: Value) -> Definition {
    let step = json!({"then": {"id": "s", "component": guest().digest(), "step": "w"}});
    serde_json::from_value(json!({"id": "waits", "steps": [wait, step]})).unwrap()
}

fn status(tenant: &Tenant, process: &Process, run: RunId) -> RunStatus {
    process.wait(async { tenant.run(run).await.unwrap().status().await.unwrap() })
}

/// Starts at an instant, has processes come and go, and checks when the run goes on.
fn check(begins: &str, wait: Value, due: &str) {
    let (begins, due) = (instant(begins), instant(due));
    let around = Surroundings::undisturbed_from(begins);
    let first = Process::start(&around, 0);
    let run = first.wait(async {
        let workflow = first.tenant.commit(definition(wait.clone())).await.unwrap();
        workflow.new_run().start(StartOptions::default()).await.unwrap().run.id()
    });
    drop(first);
    let before = [begins, Timestamp(begins.0.midpoint(due.0)), Timestamp(due.0 - 1)];
    for (number, at) in (1..).zip(before) {
        around.clock.move_to(at);
        let process = Process::start(&around, number);
        process.settle();
        assert_eq!(
            status(&process.tenant, &process, run),
            RunStatus::Waiting,
            "{wait} at {at}, due at {due}"
        );
    }
    let last = Process::start(&around, 9);
    last.settle();
    around.clock.move_to(due);
    last.settle();
    assert_eq!(status(&last.tenant, &last, run), RunStatus::Success, "{wait} at {due}");
    let root = now(around.disk.open().step(&TenantId::default(), run, &StepPath::root())).unwrap().unwrap();
    assert_eq!(root.entry.ended_at, Some(due), "{wait}");
}

#[test]
fn long_waits_end_at_their_millisecond() {
    let begins = "2026-11-25T08:00:00.123Z";
    check(begins, json!({"sleep": {"for": "30d"}}), "2026-12-25T08:00:00.123Z");
    check(begins, json!({"sleep": {"ms": 2_592_000_000_u64}}), "2026-12-25T08:00:00.123Z");
    check(begins, json!({"sleepUntil": {"at": "2100-01-01T00:00:00Z"}}), "2100-01-01T00:00:00Z");
    check(begins, json!({"sleep": {"for": "9 years"}}), "2035-11-25T08:00:00.123Z");
}

#[test]
fn a_day_is_the_same_time_of_day_when_clocks_change() {
    let day = |zone: &str| json!({"sleep": {"for": "1 day", "timeZone": zone}});
    let (berlin, york) = (day("Europe/Berlin"), day("America/New_York"));
    // Noon to noon: 23 hours in spring, 25 in autumn.
    check("2027-03-27T11:00:00Z", berlin.clone(), "2027-03-28T10:00:00Z");
    check("2027-10-30T10:00:00Z", berlin.clone(), "2027-10-31T11:00:00Z");
    check("2027-03-13T17:00:00Z", york.clone(), "2027-03-14T16:00:00Z");
    check("2027-11-06T16:00:00Z", york.clone(), "2027-11-07T17:00:00Z");
    // A day after 02:30 there is no 02:30, or there are two.
    check("2027-03-27T01:30:00Z", berlin.clone(), "2027-03-28T01:30:00Z");
    check("2027-10-30T00:30:00Z", berlin, "2027-10-31T00:30:00Z");
    check("2027-03-13T07:30:00Z", york.clone(), "2027-03-14T07:30:00Z");
    check("2027-11-06T05:30:00Z", york, "2027-11-07T05:30:00Z");
    // Without a zone a day has 24 hours.
    check("2027-03-27T11:00:00Z", json!({"sleep": {"for": "1 day"}}), "2027-03-28T11:00:00Z");
}

#[test]
fn a_time_of_day_that_clocks_skip_is_later_and_of_two_the_earlier_counts() {
    let until = |text: &str| json!({"sleepUntil": {"at": text}});
    let begins = "2027-01-01T00:00:00Z";
    check(begins, until("2027-03-28T02:30:00[Europe/Berlin]"), "2027-03-28T01:30:00Z");
    check(begins, until("2027-10-31T02:30:00[Europe/Berlin]"), "2027-10-31T00:30:00Z");
    check(begins, until("2027-03-14T02:30:00[America/New_York]"), "2027-03-14T07:30:00Z");
    check(begins, until("2027-11-07T01:30:00[America/New_York]"), "2027-11-07T05:30:00Z");
}
