//! One schedule: a workflow, processes that run it and die, clients that ask, and the director who draws what happens next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use reentry::core::digest::WorkflowDigest;
use reentry::core::id::{RunId, SuspensionId, TenantId};
use reentry::core::path::StepPath;
use reentry::core::resume::Target;
use reentry::core::run::{Doing, Run, RunStatus};
use reentry::core::step::WaitFor;
use reentry::core::time::Timestamp;
use reentry::store::{RunFilter, Store};

use crate::broken::{Broken, Mixed};
use crate::chance::Chance;
use crate::check;
use crate::clock::{BEGINNING, MovedClock};
use crate::disk::{Disk, now};
use crate::guest::guest;
use crate::ledger::{Ledger, What};
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
    pub(crate) run: Option<RunId>,
    chance: Chance,
    processes: BTreeMap<usize, Process>,
    begun: usize,
    /// How the director looks at what is stored.
    eye: Arc<dyn Store>,
    /// Whether clients may cancel the run.
    cancels: bool,
    /// How many processes were taken to be dead while they lived.
    pub(crate) leases_lost: usize,
}

impl World {
    fn new(seed: u64, broken: Option<Broken>) -> Self {
        let mut chance = Chance::new(seed, 0);
        let tree = Tree::draw(&mut chance);
        let loses_power = chance.one_in(4);
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
        let workflow = first.wait(first.host.commit(definition)).unwrap().digest();
        let cancels = chance.one_in(8);
        let processes = BTreeMap::from([(0, first)]);
        Self { around, tree, workflow, run: None, chance, processes, begun: 1, eye, cancels, leases_lost: 0 }
    }

    /// Plays the schedule to its end and checks it.
    fn play(&mut self) -> Result<(), String> {
        for _ in 0..20 + self.chance.below(120) {
            self.disturb();
            self.settle();
            check::on_the_way(self)?;
            let ended = self.state().is_some_and(|run| run.status().is_final());
            if ended && self.chance.one_in(6) {
                break;
            }
        }
        self.calm_down();
        for _ in 0..CALM_MOVES_MAX {
            if self.is_over() {
                return check::at_the_end(self);
            }
            self.help();
            self.settle();
            check::on_the_way(self)?;
        }
        Err(format!("stuck: {:?}", self.state()))
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

    /// The run as it is stored.
    pub(crate) fn state(&self) -> Option<Run> {
        now(self.eye.run(&self.tenant(), self.run?)).unwrap()
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
        self.run = runs.rows.first().map(|run| run.id);
    }

    fn is_over(&self) -> bool {
        let ended = self.state().is_some_and(|run| run.status().is_final());
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
        let process = Process::start(&self.around, self.begun);
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
        match now(self.eye.next_due()).unwrap() {
            Some(at) if at > self.now() => {
                self.around.clock.move_to(at);
                self.tell("what is due is due");
            }
            _ => self.pass(1_000),
        }
    }

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
    fn client(&mut self) {
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

    /// From now on everything is done that brings the run to its end.
    fn calm_down(&mut self) {
        self.around.stage.calm_down();
        self.tell("from now on all goes well");
        let expired: Vec<usize> =
            self.processes.keys().copied().filter(|process| !self.around.disk.is_alive(*process)).collect();
        expired.into_iter().for_each(|process| self.kill(process));
        self.begin_if_none();
    }

    fn help(&mut self) {
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
