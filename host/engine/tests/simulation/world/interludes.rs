//! What is played in some schedules when nothing disturbs the runs any more, and before they are helped to their
//! ends: things that random moves seldom bring about.

use reentry::core::id::{RunId, SuspensionId};
use reentry::core::resume::Target;
use reentry::core::run::{EntryRecord, RunState, RunStatus};

use super::World;
use crate::ledger::What;
use crate::process::Process;

/// Most turns until something has come of what was asked.
const TURNS: usize = 80;

impl World {
    /// One of them, or none.
    pub(super) fn interlude(&mut self) -> Result<(), String> {
        let drawn = self.chance.below(4);
        let states = self.states();
        let asks = |run: &&RunState| run.status() == RunStatus::Suspended && !run.is_due(self.now());
        let Some(run) = states.iter().find(asks) else { return Ok(()) };
        let Some((_, open)) = run.answerable().next() else { return Ok(()) };
        match drawn {
            0 => self.what_is_asked_again_is_done(run.id, open.id),
            1 => self.what_goes_wrong_again_is_blocked(run.id, open.id),
            _ => Ok(()),
        }
    }

    /// A process ends right after it has stored an answer. Another one is asked the same, and looks after no runs but
    /// for that.
    fn what_is_asked_again_is_done(&mut self, run: RunId, open: SuspensionId) -> Result<(), String> {
        self.alone(false);
        let what = self.answer_under_a_key(open);
        self.around.stage.close(Some("what follows a commit"));
        self.asked(run, what.clone());
        self.around.stage.close(None);
        self.alone(false);
        let request = self.asked(run, what);
        for _ in 0..TURNS {
            self.turn();
            if self.around.ledger.lock().unwrap().asked[request].said.is_some() {
                self.attended();
                return Ok(());
            }
        }
        Err(format!("request #{request} was made before by a process that has ended, and is never done"))
    }

    /// Each call of a run makes its driver give up, until the run is blocked. Then nothing brings it on, though all
    /// would go well.
    fn what_goes_wrong_again_is_blocked(&mut self, run: RunId, open: SuspensionId) -> Result<(), String> {
        self.alone(true);
        self.around.stage.give_up_always(true);
        let what = self.answer_under_a_key(open);
        self.asked(run, what);
        let mut calls = false;
        for _ in 0..TURNS {
            let Some(state) = self.state(run) else { break };
            calls = state.steps.values().any(|step| EntryRecord::owner(step).is_some());
            if !calls || state.status() == RunStatus::Blocked {
                break;
            }
            self.turn();
        }
        self.around.stage.give_up_always(false);
        let blocked = self.state(run).filter(|state| state.status() == RunStatus::Blocked);
        match blocked {
            Some(blocked) => self.stays_blocked(&blocked)?,
            // The answer was not all that its step waits for.
            None if !calls => {}
            None => return Err("what goes wrong again and again is tried for ever".to_owned()),
        }
        self.attended();
        Ok(())
    }

    /// Time, mail, answers and what else clients ask for leave a blocked run as it is; a process that looks after
    /// runs passes it by.
    fn stays_blocked(&mut self, blocked: &RunState) -> Result<(), String> {
        let run = blocked.id;
        for is_new in [false, true] {
            if is_new {
                self.alone(true);
            }
            for _ in 0..6 {
                self.turn();
                self.pass_until_due();
            }
            self.is_as_it_was(blocked, "by itself")?;
        }
        if let Some((_, open)) = blocked.answerable().next() {
            let what = self.answer_under_a_key(open.id);
            self.asked(run, what);
            self.is_as_it_was(blocked, "with an answer")?;
        }
        self.asked(run, What::Pause);
        self.is_as_it_was(blocked, "when it was to pause")
    }

    fn is_as_it_was(&self, blocked: &RunState, how: &str) -> Result<(), String> {
        let Some(found) = self.state(blocked.id) else { return Ok(()) };
        match (found.version, found.status()) == (blocked.version, RunStatus::Blocked) {
            true => Ok(()),
            false => Err(format!(
                "a blocked run of version {} went on {how} to version {}, {}",
                blocked.version,
                found.version,
                found.status()
            )),
        }
    }

    fn state(&self, run: RunId) -> Option<RunState> {
        self.states().into_iter().find(|state| state.id == run)
    }

    /// Ends all processes; a new one looks after runs, or does only what it is asked for.
    fn alone(&mut self, looks_after_runs: bool) {
        let all: Vec<usize> = self.processes.keys().copied().collect();
        self.retired += all.iter().filter(|process| self.around.disk.is_alive(**process)).count();
        all.into_iter().for_each(|process| self.kill(process));
        let process = Process::begin(&self.around, self.begun, looks_after_runs);
        self.processes.insert(self.begun, process);
        self.begun += 1;
    }

    /// From here on runs are looked after again.
    fn attended(&mut self) {
        if self.processes.values().all(|process| !process.looks_after_runs) {
            self.alone(true);
        }
    }

    fn answer_under_a_key(&self, open: SuspensionId) -> What {
        let data = self.around.ledger.lock().unwrap().asked.len();
        What::Answer {
            target: Target::suspension(open),
            meant: Some(open),
            data,
            key: Some(format!("answer {data}")),
            retries: 0,
            seen: None,
            may_be_late: true,
        }
    }

    /// Asks, and has the processes do what they can; gives the number of the request.
    fn asked(&mut self, run: RunId, what: What) -> usize {
        let request = self.around.ledger.lock().unwrap().asked.len();
        self.ask(Some(run), what);
        self.settle();
        request
    }

    /// A quarter of a second in which everybody goes on.
    fn turn(&mut self) {
        while self.around.stage.gates() > 0 {
            self.around.stage.let_go(0);
            self.settle();
        }
        self.pass(250);
        self.settle();
    }
}
