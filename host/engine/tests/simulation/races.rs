//! Races that schedules have found, each played once by hand.

use reentry::core::id::RunId;
use reentry::core::resume::Target;
use reentry::core::retry::RetryPolicy;
use reentry::core::run::RunStatus;
use reentry::core::workflow::{Definition, ForEachEntry, StepEntry, WorkflowBuilder};
use reentry::store::RunFilter;
use reentry::{Clock as _, OutputOptions, RunResult, StartOptions};

use crate::disk::now;
use crate::guest::guest;
use crate::ledger::What;
use crate::process::{Process, Surroundings};

/// Two processes, and a run of a single step that waits.
struct Race {
    around: Surroundings,
    processes: [Process; 2],
    run: RunId,
}

fn definition(script: &str) -> Definition {
    let retry = RetryPolicy { retries: 3, delay_ms: 1_000, ..RetryPolicy::default() };
    let step = StepEntry::new(guest().digest(), script).id("s").retry(retry);
    WorkflowBuilder::new("race").then(step).definition()
}

fn race(script: &str) -> Race {
    race_of(definition(script))
}

fn race_of(definition: Definition) -> Race {
    let around = Surroundings::undisturbed();
    let processes = [0, 1].map(|number| Process::start(&around, number));
    let [first, _] = &processes;
    let started = first.wait(async {
        let workflow = first.tenant.commit(definition).await.unwrap();
        workflow.new_run().start(StartOptions::default()).await.unwrap()
    });
    Race { run: started.run.id(), around, processes }
}

impl Race {
    /// The suspension that is open.
    fn open(&self) -> Target {
        Target::suspension(self.result(self.run).suspended[0].suspension)
    }

    fn result(&self, run: RunId) -> RunResult {
        let [first, _] = &self.processes;
        first.wait(async {
            let run = first.tenant.run(run).await.unwrap();
            run.result(OutputOptions::default()).await.unwrap()
        })
    }

    /// Has a process answer, as far as it gets.
    fn answer(&self, process: usize, target: Target, data: usize, key: Option<&str>) {
        self.answer_seeing(None, process, target, data, key);
    }

    /// The same by one who says which version he has seen.
    fn answer_seeing(
        &self,
        seen: Option<u64>,
        process: usize,
        target: Target,
        data: usize,
        key: Option<&str>,
    ) {
        let key = key.map(str::to_owned);
        let what = What::Answer { target, meant: None, data, key, retries: 0, seen, may_be_late: false };
        self.ask(process, self.run, what);
    }

    fn ask(&self, process: usize, run: RunId, what: What) {
        let request = self.around.ledger.lock().unwrap().ask(process, Some(run), what.clone());
        self.processes[process].ask(&self.around, request, what, Some(run));
        self.processes[process].settle();
    }

    fn let_go(&self, process: usize) {
        self.around.stage.let_go(0);
        self.processes[process].settle();
    }

    /// What the requests were told, and what the guest was called with.
    fn told(&self) -> (Vec<String>, Vec<String>) {
        let ledger = self.around.ledger.lock().unwrap();
        let said = ledger.asked.iter().map(|asked| match &asked.said {
            Some(Ok(status)) => status.clone(),
            Some(Err((kind, _))) => format!("{kind:?}"),
            None => "nothing".to_owned(),
        });
        let calls =
            self.around.stage.effects().into_iter().map(|effect| format!("{} {}", effect.calls, effect.text));
        (said.collect(), calls.collect())
    }
}

#[test]
fn an_answer_by_path_that_comes_after_another_does_not_reach_what_is_asked_next() {
    let race = race("waaw");
    race.around.stage.close(Some("a commit"));
    race.answer(0, Target::step("s").unwrap(), 1, None);
    race.around.stage.close(None);
    race.answer(1, race.open(), 2, None);
    race.let_go(0);
    let (said, calls) = race.told();
    assert_eq!(said, ["Conflict", "suspended"]);
    assert_eq!(calls, ["1 ", "2 002"]);
}

/// Its sender has seen, he says, whatever there will be.
#[test]
fn an_answer_by_path_that_comes_after_another_goes_on_from_the_later_memory() {
    let race = race("waaw");
    race.around.stage.close(Some("a commit"));
    // It has the memory of the first suspension at hand, and is held up.
    race.answer_seeing(Some(u64::MAX), 0, Target::step("s").unwrap(), 1, None);
    race.around.stage.close(None);
    race.answer(1, race.open(), 2, None);
    race.let_go(0);
    let (said, calls) = race.told();
    assert_eq!(said, ["success", "suspended"]);
    assert_eq!(calls, ["1 ", "2 002", "3 001"]);
}

#[test]
fn an_answer_by_path_that_comes_after_another_is_refused_when_the_later_memory_is_damaged() {
    let race = race("waaw");
    race.around.stage.close(Some("a commit"));
    // It has seen that the memory of the first suspension is whole, and is held up.
    race.answer_seeing(Some(u64::MAX), 0, Target::step("s").unwrap(), 1, None);
    race.around.stage.close(None);
    race.answer(1, race.open(), 2, None);
    race.around.stage.damage_all(true);
    race.let_go(0);
    let (said, calls) = race.told();
    assert_eq!(said, ["Damaged", "suspended"]);
    assert_eq!(calls, ["1 ", "2 002"]);
    assert_eq!(race.result(race.run).status, RunStatus::Suspended, "nobody has claimed the second one");
    race.around.stage.damage_all(false);
    race.answer(0, race.open(), 3, None);
    assert_eq!(race.result(race.run).status, RunStatus::Success);
}

#[test]
fn a_fork_of_a_run_that_goes_on_meanwhile_begins_from_where_that_stands() {
    let step = |script, id| StepEntry::new(guest().digest(), script).id(id);
    let each = ForEachEntry::new(step("w", "s")).items("[1, 2]");
    let race = race_of(WorkflowBuilder::new("race").then(step("aw", "a")).foreach(each).definition());
    let open = race.open();
    race.around.stage.close(Some("a commit"));
    race.answer(1, open, 1, None);
    // It claims the answer, goes on to the items, and is held up before it can say that the first one is done.
    race.let_go(1);
    race.let_go(1);
    // It has read that the second item has not begun, and is held up.
    race.ask(0, race.run, What::Fork { at: None, data: None });
    race.let_go(1);
    race.around.stage.close(None);
    race.let_go(0);
    race.let_go(1);
    let store = race.around.disk.open();
    let runs = now(store.list_runs(&Default::default(), RunFilter::default())).unwrap().rows;
    let results: Vec<RunResult> = runs.iter().map(|run| race.result(run.id)).collect();
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result.status == RunStatus::Success), "{results:?}");
    assert_eq!(results[0].result, results[1].result);
}

#[test]
fn of_two_answers_with_one_key_the_slower_is_told_the_same_though_it_was_decided_before_its_claim() {
    let race = race("aw");
    race.around.stage.close(Some("what follows a look at a request"));
    // It knows that nobody has asked before, and is held up.
    race.answer(0, race.open(), 1, Some("key"));
    race.around.stage.close(None);
    race.answer(1, race.open(), 1, Some("key"));
    race.let_go(0);
    let (said, calls) = race.told();
    assert_eq!(said, ["success", "success"]);
    assert_eq!(calls, ["1 ", "2 001"]);
}

#[test]
fn a_call_that_its_owner_takes_back_from_the_dead_ends_once() {
    let around = Surroundings::undisturbed();
    let (stage, first) = (&around.stage, Process::start(&around, 0));
    let workflow = first.wait(first.tenant.commit(definition("fw"))).unwrap().digest();
    let second_later = || around.clock.move_to(around.clock.now().plus_ms(1_000));
    // It starts the run, calls the step, which fails, and is held up before it can say so.
    first.ask(&around, 0, What::Start { workflow }, None);
    around.ledger.lock().unwrap().ask(0, None, What::Start { workflow });
    stage.close(Some("a commit"));
    first.settle();
    stage.let_go(0);
    first.settle();
    // It is taken to be dead. The one that takes the call over dies at once.
    around.disk.lose_lease(0);
    stage.close(Some("what follows a commit"));
    let second = Process::start(&around, 1);
    second.settle();
    stage.kill(1);
    drop(second);
    stage.close(None);
    // It takes its own call back and makes it again, and only then says how the call ended the first time.
    second_later();
    first.settle();
    stage.let_go(0);
    for _ in 0..4 {
        first.settle();
        second_later();
    }
    let run =
        now(around.disk.open().list_runs(&Default::default(), RunFilter::default())).unwrap().rows[0].id;
    let timeline = first.wait(async { first.tenant.run(run).await.unwrap().timeline().await.unwrap() });
    let of_interest =
        ["TakenOver", "Retrying { attempt: 1", "Retrying { attempt: 2", "Stopped { status: Success"];
    let seen = timeline.iter().filter_map(|row| {
        let what = format!("{:?}", row.what);
        of_interest.into_iter().find(|start| what.starts_with(start))
    });
    let expected = ["TakenOver", "TakenOver", "Retrying { attempt: 1", "Stopped { status: Success"];
    assert_eq!(seen.collect::<Vec<_>>(), expected, "{}", stage.trace());
}
