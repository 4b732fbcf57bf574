//! One schedule: a workflow, processes that run it and die, clients that ask, and the director who draws what happens
//! next.

mod clients;
mod interludes;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use reentry::core::digest::WorkflowDigest;
use reentry::core::id::{RunId, TenantId};
use reentry::core::run::{RunState, RunStatus};
use reentry::core::time::Timestamp;
use reentry::store::{RunFilter, Store};

use crate::broken::{Broken, Mixed};
use crate::chance::Chance;
use crate::check;
use crate::clock::{BEGINNING, MovedClock};
use crate::disk::{Disk, now};
use crate::guest::guest;
use crate::ledger::Ledger;
use crate::process::{Process, Surroundings};
use crate::stage::Stage;
use crate::tree::Tree;

/// Most moves until a schedule has to have ended, once nobody disturbs it any more.
const CALM_MOVES_MAX: usize = 3_000;

/// Most processes at once.
const PROCESSES_MAX: usize = 3;

/// What became of a schedule.
pub(crate) struct Simulated {
    /// Everything that happened, a line each.
    pub(crate) trace: String,
    /// What was wrong, if something was.
    pub(crate) wrong: Option<String>,
}

/// Runs the schedule of a seed.
pub(crate) fn simulate(seed: u64, broken: Option<Broken>) -> Simulated {
    let mut world = World::new(seed, broken);
    let wrong = world.play().err();
    let trace = world.around.stage.trace();
    world.end();
    Simulated { trace, wrong }
}

pub(crate) struct World {
    pub(crate) around: Surroundings,
    pub(crate) tree: Tree,
    pub(crate) workflow: WorkflowDigest,
    /// The runs there are: the one that was started, then its forks.
    pub(crate) runs: Vec<RunId>,
    chance: Chance,
    processes: BTreeMap<usize, Process>,
    begun: usize,
    /// How the director looks at what is stored.
    eye: Arc<dyn Store>,
    /// What clients may do beside starting, answering and pausing.
    may: May,
    /// Whether nobody disturbs the runs any more.
    is_calm: bool,
    /// How many processes were taken to be dead while they lived.
    pub(crate) leases_lost: usize,
    /// How many living processes were ended when nobody disturbed the runs any more, perhaps in the middle of a call.
    pub(crate) retired: usize,
}

/// What clients may do.
#[derive(Clone, Copy, Debug)]
struct May {
    cancel: bool,
    fork: bool,
    travel: bool,
}

/// What is drawn first: the workflow, and whether power may be lost.
fn drawn(seed: u64) -> (Tree, bool, Chance) {
    let mut chance = Chance::new(seed, 0);
    let tree = Tree::draw(&mut chance);
    let loses_power = chance.one_in(4);
    (tree, loses_power, chance)
}

/// Whether power may be lost in a schedule.
pub(crate) fn may_lose_power(seed: u64) -> bool {
    let (_, loses_power, _) = drawn(seed);
    loses_power
}

impl World {
    fn new(seed: u64, broken: Option<Broken>) -> Self {
        let (tree, loses_power, mut chance) = drawn(seed);
        let disk = Arc::new(Disk::new(seed % 100 == 99, loses_power));
        let eye = disk.open();
        let around = Surroundings {
            seed,
            broken,
            stage: Arc::new(Stage::new(seed)),
            disk,
            clock: Arc::new(MovedClock::new(BEGINNING)),
            ledger: Arc::new(Mutex::new(Ledger::default())),
            mixed: Arc::new(Mixed::default()),
        };
        let first = Process::start(&around, 0);
        let definition = tree.definition(guest().digest(), true);
        around.stage.tell(&serde_json::to_string(&definition).unwrap());
        let workflow = first.wait(first.tenant.commit(definition)).unwrap().digest();
        let may = May { cancel: chance.one_in(8), fork: chance.one_in(6), travel: chance.one_in(8) };
        if chance.one_in(6) {
            around.stage.damage();
        }
        let (processes, runs) = (BTreeMap::from([(0, first)]), Vec::new());
        Self {
            around,
            tree,
            workflow,
            runs,
            chance,
            processes,
            begun: 1,
            eye,
            may,
            is_calm: false,
            leases_lost: 0,
            retired: 0,
        }
    }

    /// Plays the schedule to its end and checks it.
    fn play(&mut self) -> Result<(), String> {
        for _ in 0..20 + self.chance.below(120) {
            self.disturb();
            self.settle();
            check::on_the_way(self)?;
            let states = self.states();
            let ended = !states.is_empty() && states.iter().all(|run| run.status().is_final());
            if ended && self.chance.one_in(6) {
                break;
            }
        }
        self.calm_down();
        self.interlude()?;
        for _ in 0..CALM_MOVES_MAX {
            if self.is_over() {
                return check::at_the_end(self);
            }
            self.help();
            self.settle();
            check::on_the_way(self)?;
        }
        Err(format!("stuck: {:?}", self.states()))
    }

    fn end(self) {
        for number in self.processes.keys() {
            self.around.stage.kill(*number);
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.eye
    }

    pub(crate) fn tenant(&self) -> TenantId {
        TenantId::default()
    }

    /// The runs as they are stored.
    pub(crate) fn states(&self) -> Vec<RunState> {
        let read = |id: &RunId| now(self.eye.run(&self.tenant(), *id)).unwrap();
        self.runs.iter().filter_map(read).collect()
    }

    fn tell(&self, line: &str) {
        self.around.stage.tell(&format!("{} {line}", self.now().0 - BEGINNING.0));
    }

    fn now(&self) -> Timestamp {
        reentry::Clock::now(&*self.around.clock)
    }

    /// Every process does what it can; the dead ones go.
    fn settle(&mut self) {
        for process in self.processes.values() {
            process.settle();
        }
        let dead = |number: &usize| self.around.stage.is_dead(*number);
        let dead: Vec<usize> = self.processes.keys().copied().filter(dead).collect();
        for number in dead {
            self.processes.remove(&number);
        }
        let runs = now(self.eye.list_runs(&self.tenant(), RunFilter::default())).unwrap();
        self.runs = runs.rows.iter().rev().map(|run| run.id).collect();
    }

    fn is_over(&self) -> bool {
        let over = |run: &RunState| matches!(run.status(), RunStatus::Success | RunStatus::Canceled);
        let states = self.states();
        let ended = !states.is_empty() && states.iter().all(over);
        let at_work = |process: usize| self.processes.contains_key(&process);
        let waiting = self.around.ledger.lock().unwrap().open().any(|asked| at_work(asked.process));
        ended && !waiting && self.around.stage.gates() == 0
    }

    /// Something happens, good or bad.
    fn disturb(&mut self) {
        let gates = self.around.stage.gates();
        match self.chance.below(100) {
            0..50 if gates > 0 => self.around.stage.let_go(self.chance.below(gates)),
            0..72 => self.client(),
            72..82 => {
                let ms = 1 + self.chance.below(2_000) as u64;
                self.pass(ms);
            }
            82..89 => self.pass_until_due(),
            89..93 if self.processes.len() < PROCESSES_MAX => self.begin(),
            93..96 => self.strike("dies"),
            96..98 => self.strike("loses its lease"),
            98 if self.around.disk.may_lose_power() && self.around.stage.may_die() => self.lose_power(),
            _ if gates > 0 => self.around.stage.let_go(self.chance.below(gates)),
            _ => self.begin_if_none(),
        }
    }

    fn begin(&mut self) {
        // Only where runs are looked after by nobody does an answer meet a deadline that has passed.
        let looks_after_runs = self.is_calm || !self.chance.one_in(3);
        let process = Process::begin(&self.around, self.begun, looks_after_runs);
        self.processes.insert(self.begun, process);
        self.begun += 1;
    }

    fn begin_if_none(&mut self) {
        if self.processes.is_empty() {
            self.begin();
        }
    }

    fn any_process(&mut self) -> usize {
        self.begin_if_none();
        let numbers: Vec<usize> = self.processes.keys().copied().collect();
        *self.chance.pick(&numbers)
    }

    /// A process ends, or is taken to have ended while it goes on.
    fn strike(&mut self, how: &str) {
        let process = self.any_process();
        if !self.around.stage.may_die() {
            return;
        }
        self.tell(&format!("p{process} {how}"));
        match how {
            "dies" => self.kill(process),
            _ => self.leases_lost += usize::from(self.around.disk.lose_lease(process)),
        }
    }

    fn kill(&mut self, process: usize) {
        self.around.stage.kill(process);
        self.processes.remove(&process);
    }

    fn lose_power(&mut self) {
        let all: Vec<usize> = self.processes.keys().copied().collect();
        all.into_iter().for_each(|process| self.kill(process));
        let lost = self.around.disk.lose_power(&mut self.chance);
        self.around.stage.next_epoch();
        self.eye = self.around.disk.open();
        self.tell(&format!("power is lost, and {lost} writes with it"));
        self.begin();
    }

    fn pass(&mut self, ms: u64) {
        let at = self.now().plus_ms(ms);
        self.around.clock.move_to(at);
        self.tell("time passes");
    }

    fn pass_until_due(&mut self) {
        match now(self.eye.next_due(self.now())).unwrap() {
            Some(at) => {
                self.around.clock.move_to(at);
                self.tell("what is due is due");
            }
            None => self.pass(1_000),
        }
    }

    /// From now on everything is done that brings the run to its end.
    fn calm_down(&mut self) {
        self.around.stage.calm_down();
        self.tell("from now on all goes well");
        self.is_calm = true;
        let is_of_no_use =
            |process: &&Process| !self.around.disk.is_alive(process.number) || !process.looks_after_runs;
        let ended: Vec<usize> =
            self.processes.values().filter(is_of_no_use).map(|process| process.number).collect();
        self.retired = ended.iter().filter(|process| self.around.disk.is_alive(**process)).count();
        ended.into_iter().for_each(|process| self.kill(process));
        self.begin_if_none();
    }
}
