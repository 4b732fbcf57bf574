//! Clients: those who ask at random, and those who help a run to its end.

use reentry::core::id::{RunId, SuspensionId};
use reentry::core::path::StepPath;
use reentry::core::resume::Target;
use reentry::core::run::{Doing, RunState, RunStatus};
use reentry::core::step::WaitFor;

use super::World;
use crate::disk::now;
use crate::ledger::What;

/// Most runs, forks among them.
const RUNS_MAX: usize = 3;

impl World {
    pub(super) fn ask(&mut self, run: Option<RunId>, what: What) {
        let process = self.any_process();
        let request = self.around.ledger.lock().unwrap().ask(process, run, what.clone());
        let of = run.and_then(|run| self.runs.iter().position(|one| *one == run)).unwrap_or_default();
        self.tell(&format!("p{process} is asked #{request} of run {of} {what:?}"));
        self.processes[&process].ask(&self.around, request, what, run);
    }

    /// Somebody asks for something.
    pub(super) fn client(&mut self) {
        let states = self.states();
        if states.is_empty() {
            return self.ask(None, What::Start { workflow: self.workflow });
        }
        let run = self.chance.pick(&states).clone();
        let id = Some(run.id);
        let open: Vec<_> = run.answerable().map(|(path, open)| (path.clone(), open.id)).collect();
        let events: Vec<String> = waits_for_events(&run);
        match self.chance.below(24) {
            0..9 if !open.is_empty() => {
                let (path, meant) = self.chance.pick(&open).clone();
                let by_path =
                    self.chance.one_in(4) && !open.iter().any(|(other, one)| *other == path && *one != meant);
                let target = match by_path {
                    true => Target::step(&path.to_string()).unwrap(),
                    false => Target::suspension(meant),
                };
                self.answer(&run, target, Some(meant), may_be_late(&run, &path));
            }
            9 => {
                if let Some(answered) = self.answered(run.id) {
                    self.answer(&run, Target::suspension(answered), Some(answered), true);
                }
            }
            10 => self.answer(&run, Target::step("nothing").unwrap(), None, false),
            11..14 if !events.is_empty() => {
                let name = self.chance.pick(&events).clone();
                self.send(name);
            }
            14 => {
                let name = format!("s{}", 1 + self.chance.below(8));
                self.send(name);
            }
            15 => self.ask(id, if run.paused { What::Unpause } else { What::Pause }),
            16 if self.may.cancel => self.ask(id, What::Cancel),
            17 => self.ask(None, What::Start { workflow: self.workflow }),
            18 | 19 if self.may.fork && states.len() < RUNS_MAX => self.fork(&run),
            20 if matches!(run.status(), RunStatus::Failed | RunStatus::Canceled | RunStatus::Blocked) => {
                self.ask(id, What::Restart)
            }
            21 | 22 if self.may.travel => {
                let to = self.chance.pick(&self.tree.entries()).clone();
                self.ask(id, What::Travel { to });
            }
            _ => self.ask(id, What::Look),
        }
    }

    /// The suspension of a run for which somebody had an answer last.
    fn answered(&self, run: RunId) -> Option<SuspensionId> {
        let ledger = self.around.ledger.lock().unwrap();
        ledger.asked.iter().rev().filter(|asked| asked.run == Some(run)).find_map(|asked| match &asked.what {
            What::Answer { meant, .. } => *meant,
            _ => None,
        })
    }

    /// Forks a run where it stands or where somebody answered, with an answer or without.
    fn fork(&mut self, run: &RunState) {
        let at = self.answered(run.id).filter(|_| self.chance.one_in(2));
        let next = self.around.ledger.lock().unwrap().asked.len();
        let data = self.chance.one_in(2).then_some(next);
        self.ask(Some(run.id), What::Fork { at, data });
    }

    /// Answers, perhaps twice at the same time: the same under one key, or something else.
    fn answer(&mut self, run: &RunState, target: Target, meant: Option<SuspensionId>, may_be_late: bool) {
        let (run, seen) = (Some(run.id), Some(run.version));
        let data = self.around.ledger.lock().unwrap().asked.len();
        let key = self.chance.one_in(3).then(|| format!("answer {data}"));
        let retries = u32::from(self.chance.one_in(10));
        let what = What::Answer { target, meant, data, key, retries, seen, may_be_late };
        self.ask(run, what.clone());
        if self.chance.one_in(3) {
            let again = match what {
                What::Answer { target, key: None, .. } => {
                    What::Answer { target, meant, data: data + 1, key: None, retries, seen, may_be_late }
                }
                same => same,
            };
            self.ask(run, again);
        }
    }

    fn send(&mut self, name: String) {
        let payload = self.around.ledger.lock().unwrap().asked.len();
        let id = format!("event {payload}");
        self.ask(None, What::Send { name: name.clone(), payload, id: id.clone() });
        if self.chance.one_in(4) {
            self.ask(None, What::Send { name, payload, id });
        }
    }

    /// Does one thing that brings the run nearer to its end.
    pub(super) fn help(&mut self) {
        if self.around.stage.gates() > 0 {
            return self.around.stage.let_go(0);
        }
        let states = self.states();
        if states.is_empty() {
            return self.once(None, What::Start { workflow: self.workflow });
        }
        let is_over = |run: &RunState| matches!(run.status(), RunStatus::Success | RunStatus::Canceled);
        // Each has its turn: one may have to wait for another.
        let open: Vec<RunState> = states.into_iter().filter(|run| !is_over(run)).collect();
        if open.is_empty() {
            return self.pass_until_due();
        }
        let run = self.chance.pick(&open).clone();
        let id = Some(run.id);
        if run.status() == RunStatus::Failed {
            // What failed may work at another time.
            self.pass(1_000);
            return self.once(id, What::Restart);
        }
        if run.status() == RunStatus::Blocked {
            return self.once(id, What::Restart);
        }
        if run.paused {
            return self.once(id, What::Unpause);
        }
        if let Some((path, open)) = run.answerable().next()
            && !self.is_being_answered(open.id)
        {
            return self.answer(&run, Target::suspension(open.id), Some(open.id), may_be_late(&run, path));
        }
        if let Some(name) = waits_for_events(&run).into_iter().find(|name| !self.is_sent(name)) {
            return self.send(name);
        }
        self.pass_until_due();
    }

    /// Asks unless somebody is at it.
    fn once(&mut self, run: Option<RunId>, what: What) {
        let same = |other: &What| std::mem::discriminant(other) == std::mem::discriminant(&what);
        let at_work = |process: usize| self.processes.contains_key(&process);
        let busy = self
            .around
            .ledger
            .lock()
            .unwrap()
            .open()
            .any(|asked| asked.run == run && same(&asked.what) && at_work(asked.process));
        if busy { self.pass(1_000) } else { self.ask(run, what) }
    }

    fn is_being_answered(&self, id: SuspensionId) -> bool {
        let ledger = self.around.ledger.lock().unwrap();
        ledger.open().any(|asked| {
            matches!(asked.what, What::Answer { meant: Some(meant), .. } if meant == id)
                && self.processes.contains_key(&asked.process)
        })
    }

    /// Whether there is a message of that name which somebody will get.
    fn is_sent(&self, name: &str) -> bool {
        !now(self.eye.mail(&self.tenant(), name, None, 1)).unwrap().is_empty()
    }
}

/// Whether an answer may come too late for a step: it waits for a time as well, or is called already because that has
/// come.
fn may_be_late(run: &RunState, path: &StepPath) -> bool {
    run.steps.get(path).is_none_or(|step| {
        let times = step.suspensions.iter().any(|other| matches!(other.wait.what, WaitFor::Time(_)));
        times || !matches!(step.doing, Doing::Waiting(_))
    })
}

/// Names of the events that a run waits for.
fn waits_for_events(run: &RunState) -> Vec<String> {
    let name = |wait: &WaitFor| match wait {
        WaitFor::Event(event) => Some(event.name.clone()),
        _ => None,
    };
    match run.status() {
        status if status.stands_still() => Vec::new(),
        _ => run.waiting().filter_map(|(_, open)| name(&open.wait.what)).collect(),
    }
}
