//! Clients: those who ask at random, and those who help a run to its end.

use reentry::core::id::SuspensionId;
use reentry::core::path::StepPath;
use reentry::core::resume::Target;
use reentry::core::run::{Doing, Run, RunStatus};
use reentry::core::step::WaitFor;

use super::World;
use crate::disk::now;
use crate::ledger::What;

impl World {
    fn ask(&mut self, what: What) {
        let process = self.any_process();
        self.ask_of(process, what);
    }

    fn ask_of(&mut self, process: usize, what: What) {
        let request = self.around.ledger.lock().unwrap().ask(process, what.clone());
        self.tell(&format!("p{process} is asked #{request} {what:?}"));
        self.processes[&process].ask(&self.around, request, what, self.run);
    }

    /// Somebody asks for something.
    pub(super) fn client(&mut self) {
        let Some(run) = self.state() else {
            return self.ask(What::Start { workflow: self.workflow });
        };
        let open: Vec<_> = run.answerable().map(|(path, open)| (path.clone(), open.id)).collect();
        let events: Vec<String> = waits_for_events(&run);
        match self.chance.below(20) {
            0..9 if !open.is_empty() => {
                let (path, id) = self.chance.pick(&open).clone();
                let by_path =
                    self.chance.one_in(4) && !open.iter().any(|(other, one)| *other == path && *one != id);
                let target = match by_path {
                    true => Target::step(&path.to_string()).unwrap(),
                    false => Target::suspension(id),
                };
                self.answer(target, Some(id), may_be_late(&run, &path));
            }
            9 => {
                let answered = self.around.ledger.lock().unwrap().asked.iter().rev().find_map(|asked| {
                    match &asked.what {
                        What::Answer { meant, .. } => *meant,
                        _ => None,
                    }
                });
                if let Some(id) = answered {
                    self.answer(Target::suspension(id), Some(id), true);
                }
            }
            10 => self.answer(Target::step("nothing").unwrap(), None, false),
            11..14 if !events.is_empty() => {
                let name = self.chance.pick(&events).clone();
                self.send(name);
            }
            14 => {
                let name = format!("s{}", 1 + self.chance.below(8));
                self.send(name);
            }
            15 => self.ask(if run.paused { What::Unpause } else { What::Pause }),
            16 if self.cancels => self.ask(What::Cancel),
            17 => self.ask(What::Start { workflow: self.workflow }),
            _ => self.ask(What::Look),
        }
    }

    /// Answers, perhaps twice at the same time: the same under one key, or something else.
    fn answer(&mut self, target: Target, meant: Option<SuspensionId>, may_be_late: bool) {
        let data = self.around.ledger.lock().unwrap().asked.len();
        let key = self.chance.one_in(3).then(|| format!("answer {data}"));
        let retries = u32::from(self.chance.one_in(10));
        let what = What::Answer { target, meant, data, key, retries, may_be_late };
        self.ask(what.clone());
        if self.chance.one_in(3) {
            self.ask(match what {
                What::Answer { target, key: None, .. } => {
                    What::Answer { target, meant, data: data + 1, key: None, retries, may_be_late }
                }
                same => same,
            });
        }
    }

    fn send(&mut self, name: String) {
        let payload = self.around.ledger.lock().unwrap().asked.len();
        let id = format!("event {payload}");
        self.ask(What::Send { name: name.clone(), payload, id: id.clone() });
        if self.chance.one_in(4) {
            self.ask(What::Send { name, payload, id });
        }
    }

    /// Does one thing that brings the run nearer to its end.
    pub(super) fn help(&mut self) {
        if self.around.stage.gates() > 0 {
            return self.around.stage.let_go(0);
        }
        let Some(run) = self.state() else {
            return self.once(What::Start { workflow: self.workflow });
        };
        if run.paused {
            return self.once(What::Unpause);
        }
        if let Some((path, open)) = run.answerable().next()
            && !self.is_being_answered(open.id)
        {
            return self.answer(Target::suspension(open.id), Some(open.id), may_be_late(&run, path));
        }
        if let Some(name) = waits_for_events(&run).into_iter().find(|name| !self.is_sent(name)) {
            return self.send(name);
        }
        self.pass_until_due();
    }

    /// Asks unless somebody is at it.
    fn once(&mut self, what: What) {
        let same = |other: &What| std::mem::discriminant(other) == std::mem::discriminant(&what);
        let at_work = |process: usize| self.processes.contains_key(&process);
        let busy = self
            .around
            .ledger
            .lock()
            .unwrap()
            .open()
            .any(|asked| same(&asked.what) && at_work(asked.process));
        if busy { self.pass(1_000) } else { self.ask(what) }
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

/// Whether an answer may come too late for a step: it waits for a time as well, or is called already because that has come.
fn may_be_late(run: &Run, path: &StepPath) -> bool {
    run.steps.get(path).is_none_or(|step| {
        let times = step.suspensions.iter().any(|other| matches!(other.wait.what, WaitFor::Time(_)));
        times || !matches!(step.doing, Doing::Waiting(_))
    })
}

/// Names of the events that a run waits for.
fn waits_for_events(run: &Run) -> Vec<String> {
    let name = |wait: &WaitFor| match wait {
        WaitFor::Event(event) => Some(event.name.clone()),
        _ => None,
    };
    match run.status() {
        RunStatus::Success | RunStatus::Failed | RunStatus::Canceled => Vec::new(),
        _ => run.waiting().filter_map(|(_, open)| name(&open.wait.what)).collect(),
    }
}
