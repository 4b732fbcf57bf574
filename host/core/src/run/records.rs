//! The records of entries, while a decision is made: those in the run, those that it leaves, those that were fetched.

use super::change::Change;
use super::doing::Doing;
use super::entry::{EntryRecord, StepResult};
use super::known::NoDecision;
use super::log::{LogEntry, LogKind};
use super::refused::{Refused, misfit};
use super::status::StepStatus;
use crate::json::Json;
use crate::path::StepPath;

impl Change<'_> {
    /// The record of a step that is not done, to be changed.
    pub(super) fn step_mut(&mut self, path: &StepPath) -> Result<&mut EntryRecord, Refused> {
        self.touched.insert(path.clone());
        self.run.steps.get_mut(path).ok_or_else(|| misfit(path))
    }

    /// Marks a record as changed.
    pub(super) fn touch(&mut self, path: &StepPath) {
        self.touched.insert(path.clone());
    }

    /// A record of an entry that begins.
    pub(super) fn new_step(&self, payload: Json, doing: Doing) -> EntryRecord {
        let entry = StepResult {
            status: match doing {
                Doing::Queued => StepStatus::Pending,
                Doing::Sleeping(_) => StepStatus::Waiting,
                _ => StepStatus::Running,
            },
            payload,
            output: None,
            error: None,
            started_at: self.now,
            ended_at: None,
            suspend_payload: None,
            suspended_at: None,
            resume_payload: None,
            resumed_at: None,
        };
        EntryRecord {
            entry,
            apart: None,
            calls: 0,
            attempt: 0,
            take_overs: 0,
            trials: 0,
            children: 0,
            refused_children: 0,
            deadline: None,
            doing,
            span_id: None,
            suspensions: Vec::new(),
        }
    }

    /// Begins an entry.
    pub(super) fn insert(&mut self, path: &StepPath, payload: Json, doing: Doing) -> &mut EntryRecord {
        let step = self.new_step(payload, doing);
        self.inactive.remove(path);
        self.touched.insert(path.clone());
        self.log(path, LogKind::Began { called: false });
        match self.run.steps.entry(path.clone()) {
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(step),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.insert(step);
                entry.into_mut()
            }
        }
    }

    /// Takes an entry out of those that are not done, with its suspensions and image.
    pub(super) fn end_step(
        &mut self,
        path: &StepPath,
        status: StepStatus,
    ) -> Result<&mut EntryRecord, Refused> {
        let mut step = self.run.steps.remove(path).ok_or_else(|| misfit(path))?;
        for suspension in step.suspensions.drain(..).filter(|suspension| suspension.over.is_none()) {
            self.close(&suspension, self.closing);
        }
        self.dropped_images.extend(step.doing.image());
        self.run.called.remove(path);
        step.doing = Doing::Ended;
        (step.deadline, step.span_id) = (None, None);
        step.entry.status = status;
        step.entry.ended_at = Some(self.now);
        step.entry.suspended_at = None;
        if status == StepStatus::Success {
            // What is left of an earlier try that failed.
            step.entry.error = None;
        }
        self.touched.remove(path);
        // What this very decision was about to have done for it.
        let before = self.effects.len();
        self.effects.retain(|effect| effect.path() != path);
        if self.effects.len() < before {
            self.log.retain(|entry| !(matches!(entry.kind, LogKind::Called { .. }) && entry.path == *path));
            let told = self.log.iter_mut().filter(|entry| entry.path == *path);
            told.filter_map(LogEntry::called_mut).for_each(|called| *called = false);
        }
        self.log(path, LogKind::Ended { status });
        self.inactive.insert(path.clone(), step);
        self.inactive.get_mut(path).ok_or_else(|| misfit(path))
    }

    /// The output of an entry, if it is done and was a success.
    pub(super) fn output_of(&self, path: &StepPath) -> Result<Option<Json>, NoDecision> {
        Ok(self
            .record(path)?
            .filter(|step| step.entry.status == StepStatus::Success)
            .and_then(|s| s.entry.output))
    }

    /// The record of an entry, wherever it is.
    pub(super) fn record(&self, path: &StepPath) -> Result<Option<EntryRecord>, NoDecision> {
        if let Some(step) = self.run.steps.get(path).or_else(|| self.inactive.get(path)) {
            return Ok(Some(step.clone()));
        }
        match self.known.steps.get(path) {
            Some(found) => Ok(found.clone()),
            None => Err(NoDecision::step(path.clone())),
        }
    }

    /// The input of an entry, wherever its record is.
    pub(super) fn input_of(&self, path: &StepPath) -> Result<Option<Json>, NoDecision> {
        let Some(step) = self.record(path)? else { return Ok(None) };
        match (step.payload(), self.known.steps.get(path)) {
            (Some(payload), _) => Ok(Some(payload.clone())),
            // It does not change while the entry goes on, so that of whatever moment does.
            (None, Some(found)) => Ok(found.as_ref().map(|found| found.entry.payload.clone())),
            (None, None) => Err(NoDecision::step(path.clone())),
        }
    }

    /// The input of an entry that is not done; `null` for one that is.
    pub(super) fn input_of_open(&self, path: &StepPath) -> Result<Json, NoDecision> {
        let is_open = self.run.steps.contains_key(path);
        let input = if is_open { self.input_of(path)? } else { None };
        Ok(input.unwrap_or_else(Json::null))
    }
}
