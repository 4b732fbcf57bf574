//! What simulated processes share with the one who directs them: who may go on when, who dies where, what was seen.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard};

use reentry::core::json::Json;
use reentry::fault::FaultPoint;
use reentry::{Level, Observer, Source};
use tokio::sync::oneshot;

use crate::chance::Chance;

/// Most crashes, lost leases and drivers that give up in one schedule: fewer than a call may be taken over.
const DEATHS_MAX: usize = 3;

/// Most damaged reads of memories in one schedule. Each may make a driver give up; together they are fewer than a
/// call may be taken over.
const DAMAGES_MAX: usize = 2;

/// A line that a guest has said: one performance of one call.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    /// How often power was lost before.
    pub(crate) epoch: usize,
    /// The idempotency key of the call.
    pub(crate) key: String,
    /// How many calls the guest's memory has seen.
    pub(crate) calls: u32,
    /// What it was called with.
    pub(crate) text: String,
}

/// A task of a process that waits to be let go on.
struct Gate {
    process: usize,
    what: String,
    open: oneshot::Sender<()>,
}

pub(crate) struct Stage(Mutex<State>);

struct State {
    chance: Chance,
    trace: String,
    gates: Vec<Gate>,
    dead: BTreeSet<usize>,
    deaths: usize,
    /// How many memories were damaged when they were read, if any may be.
    damages: Option<usize>,
    /// All are.
    all_damaged: bool,
    /// Each driver gives up before it makes a call.
    all_give_up: bool,
    epoch: usize,
    /// Nobody waits at gates any more but at those that are closed, and nobody dies.
    calm: bool,
    /// The gate at which all have to wait.
    closed: Option<&'static str>,
    effects: Vec<Effect>,
    /// How often something came to a gate.
    passed: usize,
}

/// Most times that a schedule comes to a gate. An engine that does the same again and again is stopped there, and
/// found stuck.
const GATES_MAX: usize = 20_000;

impl Stage {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            chance: Chance::new(seed, 2),
            trace: String::new(),
            gates: Vec::new(),
            dead: BTreeSet::new(),
            deaths: 0,
            damages: None,
            all_damaged: false,
            all_give_up: false,
            epoch: 0,
            calm: false,
            closed: None,
            effects: Vec::new(),
            passed: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Adds a line to the trace.
    pub(crate) fn tell(&self, line: &str) {
        let _ = writeln!(self.state().trace, "{line}");
    }

    pub(crate) fn trace(&self) -> String {
        self.state().trace.clone()
    }

    pub(crate) fn effects(&self) -> Vec<Effect> {
        self.state().effects.clone()
    }

    /// From now on all goes well.
    pub(crate) fn calm_down(&self) {
        self.state().calm = true;
    }

    /// Has everybody wait at this gate from now on, or nobody.
    pub(crate) fn close(&self, what: Option<&'static str>) {
        self.state().closed = what;
    }

    /// Waits, one time in so many, until the director lets it go on. A dead process waits for ever, as all do in a
    /// schedule that does not end.
    pub(crate) async fn gate(&self, process: usize, one_in: usize, what: &str) {
        let waiting = {
            let mut state = self.state();
            state.passed += 1;
            if state.dead.contains(&process) || state.passed > GATES_MAX {
                None
            } else if state.closed != Some(what) && (state.calm || !state.chance.one_in(one_in)) {
                return;
            } else {
                let (open, opened) = oneshot::channel();
                state.gates.push(Gate { process, what: what.to_owned(), open });
                Some(opened)
            }
        };
        if let Some(opened) = waiting
            && opened.await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }

    pub(crate) fn gates(&self) -> usize {
        self.state().gates.len()
    }

    /// Lets one of those at the gates go on.
    pub(crate) fn let_go(&self, at: usize) {
        let gate = self.state().gates.remove(at);
        self.tell(&format!("  p{} goes on: {}", gate.process, gate.what));
        // It may have been dropped meanwhile.
        let _ = gate.open.send(());
    }

    /// A draw of what a store does wrong.
    pub(crate) fn one_in(&self, times: usize) -> bool {
        self.state().chance.one_in(times)
    }

    /// Counts a death, if there may be one more.
    pub(crate) fn may_die(&self) -> bool {
        let mut state = self.state();
        let may = !state.calm && state.deaths < DEATHS_MAX;
        state.deaths += usize::from(may);
        may
    }

    pub(crate) fn deaths(&self) -> usize {
        self.state().deaths
    }

    /// From now on memories may be damaged when they are read.
    pub(crate) fn damage(&self) {
        self.state().damages = Some(0);
    }

    /// Has every memory damaged that is read from now on, or none.
    pub(crate) fn damage_all(&self, all: bool) {
        self.state().all_damaged = all;
    }

    /// Has every driver give up before it makes a call, or none.
    pub(crate) fn give_up_always(&self, all: bool) {
        self.state().all_give_up = all;
    }

    /// Whether this memory is damaged when it is read.
    pub(crate) fn damages(&self) -> bool {
        let mut state = self.state();
        let may = !state.calm && state.damages.is_some_and(|damages| damages < DAMAGES_MAX);
        let does = may && state.chance.one_in(6);
        state.damages = state.damages.map(|damages| damages + usize::from(does));
        does || state.all_damaged
    }

    /// How many were.
    pub(crate) fn damaged(&self) -> usize {
        self.state().damages.unwrap_or_default()
    }

    pub(crate) fn epoch(&self) -> usize {
        self.state().epoch
    }

    pub(crate) fn next_epoch(&self) {
        self.state().epoch += 1;
    }

    /// A process is dead: nothing it does from now on has any effect.
    pub(crate) fn kill(&self, process: usize) {
        let mut state = self.state();
        state.dead.insert(process);
        state.gates.retain(|gate| gate.process != process);
    }

    pub(crate) fn is_dead(&self, process: usize) -> bool {
        self.state().dead.contains(&process)
    }

    /// A fault point of a process: it may die there, or the driver may give up.
    pub(crate) fn fault(&self, process: usize, point: FaultPoint) {
        if self.is_dead(process) {
            resume_unwind(Box::new("the process is dead"));
        }
        if point == FaultPoint::BeforeCall && self.state().all_give_up {
            self.tell(&format!("  p{process} gives up again"));
            resume_unwind(Box::new("the driver gives up"));
        }
        let (dies, gives_up) = {
            let mut state = self.state();
            (state.chance.one_in(60), state.chance.one_in(80))
        };
        let in_driver = matches!(point, FaultPoint::BeforeCall | FaultPoint::AfterCall);
        if dies && self.may_die() {
            self.tell(&format!("  p{process} dies {point}"));
            self.kill(process);
            resume_unwind(Box::new("the process dies"));
        }
        if gives_up && in_driver && self.may_die() {
            self.tell(&format!("  p{process} gives up {point}"));
            resume_unwind(Box::new("the driver gives up"));
        }
    }

    fn heard(&self, process: usize, message: &str) {
        let mut parts = message.splitn(3, ' ');
        let (key, calls) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let effect = Effect {
            epoch: self.epoch(),
            key: key.to_owned(),
            calls: calls.parse().unwrap_or_default(),
            text: parts.next().unwrap_or_default().to_owned(),
        };
        self.tell(&format!("  p{process} calls {message}"));
        self.state().effects.push(effect);
    }
}

/// Hears what the guests of a process say.
pub(crate) struct Ear {
    pub(crate) process: usize,
    pub(crate) stage: std::sync::Arc<Stage>,
}

impl Observer for Ear {
    fn log(&self, _: &Source, _: Level, message: &str, _: Option<&Json>) {
        self.stage.heard(self.process, message);
    }
}
