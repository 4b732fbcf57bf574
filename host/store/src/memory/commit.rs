//! Storing a commit: checks everything, then changes everything.

use std::collections::{BTreeMap, BTreeSet};

use reentry_core::id::{BlobId, MessageId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::run::RunStatus;

use super::runs::{KeptEnd, KeptRun, KeptStep, KeptSuspension, OldStep};
use super::{Data, KeptImage};
use crate::rows::{CommitRows, Payload, ReopenedRow, SavepointRow, StepRow, is_within};
use crate::{CommitError, RequestRecord, StoreError, SuspensionEnd};

impl Data {
    pub(super) fn commit(&mut self, rows: CommitRows) -> Result<(), CommitError> {
        self.check_request(&rows)?;
        self.check_version(&rows)?;
        self.check_opening(&rows)?;
        self.check_closing(&rows)?;
        self.check_reopening(&rows)?;
        self.check_took(&rows)?;
        self.check_fork(&rows)?;
        self.check_names(&rows)?;
        self.stats.bytes += (rows.bytes_always() + self.store(rows)) as u64;
        self.stats.commits += 1;
        self.stats.groups += 1;
        Ok(())
    }

    fn check_request(&self, rows: &CommitRows) -> Result<(), CommitError> {
        let Some(request) = &rows.request else { return Ok(()) };
        match self.requests.contains_key(&(rows.run.tenant.clone(), request.key.clone())) {
            true => Err(CommitError::RequestKnown { key: request.key.clone() }),
            false => Ok(()),
        }
    }

    fn check_version(&self, rows: &CommitRows) -> Result<(), CommitError> {
        let id = rows.run.id;
        let run = self.run_of(&rows.run.tenant, id);
        let found = run.map(|run| run.row.version);
        let is_as_expected = match run {
            Some(run) => (run.row.status == RunStatus::Blocked) == rows.was_blocked,
            None => !self.runs.contains_key(&id),
        };
        if found == rows.expected && is_as_expected {
            return Ok(());
        }
        let version = |stored: Option<i64>| stored.and_then(|version| u64::try_from(version).ok());
        let (expected, found) = (version(rows.expected), version(found));
        Err(CommitError::VersionConflict { run: id, expected, found })
    }

    fn check_opening(&self, rows: &CommitRows) -> Result<(), StoreError> {
        let kept = self.runs.get(&rows.run.id).into_iter().flat_map(|run| &run.suspensions);
        let mut suspensions: BTreeSet<SuspensionId> = kept.map(|s| s.what.id).collect();
        for opened in &rows.opened {
            refuse_unless(suspensions.insert(opened.id), || format!("suspension {} exists", opened.id))?;
        }
        Ok(())
    }

    fn check_closing(&self, rows: &CommitRows) -> Result<(), CommitError> {
        let run = rows.run.id;
        let kept = self.runs.get(&run).into_iter().flat_map(|run| &run.suspensions);
        let begun = rows.opened.iter().map(|begun| begun.id);
        let mut open: BTreeSet<SuspensionId> =
            kept.filter(|s| s.is_open()).map(|s| s.what.id).chain(begun).collect();
        for closed in &rows.closed {
            if !open.remove(&closed.id) {
                return Err(CommitError::SuspensionTaken { run, suspension: closed.id });
            }
        }
        Ok(())
    }

    fn check_reopening(&self, rows: &CommitRows) -> Result<(), CommitError> {
        let run = rows.run.id;
        let kept = self.runs.get(&run).into_iter().flat_map(|run| &run.suspensions);
        let mut answered: BTreeSet<SuspensionId> =
            kept.filter(|s| s.is_answered()).map(|s| s.what.id).collect();
        answered.extend(
            rows.closed.iter().filter(|closed| closed.end == SuspensionEnd::Answered).map(|closed| closed.id),
        );
        for reopened in &rows.reopened {
            if !answered.remove(&reopened.id) {
                return Err(CommitError::NotAnswered { run, suspension: reopened.id });
            }
        }
        Ok(())
    }

    fn check_took(&self, rows: &CommitRows) -> Result<(), CommitError> {
        let mut taken: BTreeSet<MessageId> = BTreeSet::new();
        for message in &rows.took {
            let there = self.messages.iter().any(|kept| kept.is_there(&rows.run.tenant, *message));
            if !there || !taken.insert(*message) {
                return Err(CommitError::MessageTaken { message: *message });
            }
        }
        Ok(())
    }

    fn check_fork(&self, rows: &CommitRows) -> Result<(), CommitError> {
        let Some((parent, version)) = rows.fork_of else { return Ok(()) };
        let run = self.run_of(&rows.run.tenant, parent).filter(|run| run.row.version >= version);
        let Some((run, number)) = run.zip(u64::try_from(version).ok()) else {
            let reason = format!("there is no version {version} of run {parent} to fork");
            return Err(StoreError::Refused(reason).into());
        };
        match run.row.version == version || run.savepoints.contains_key(&version) {
            true => Ok(()),
            false => Err(CommitError::ParentChanged { parent, version: number }),
        }
    }

    /// Refuses ids that were used before, and names of what is not kept.
    fn check_names(&self, rows: &CommitRows) -> Result<(), StoreError> {
        let run = self.runs.get(&rows.run.id);
        let mut images: BTreeSet<BlobId> = BTreeSet::new();
        for (image, _) in &rows.images {
            let is_new = !self.images.contains_key(image) && images.insert(*image);
            refuse_unless(is_new, || format!("image {image} exists"))?;
        }
        let parts = rows.savepoint.iter().flat_map(|savepoint| &savepoint.parts);
        images.extend(parts.map(|(part, _)| *part).chain(rows.parts.iter().map(|(part, _)| *part)));
        let named = rows.savepoint.iter().flat_map(|savepoint| &savepoint.images);
        for image in rows.shared_images.iter().chain(named) {
            let is_kept = self.images.contains_key(image) || images.contains(image);
            refuse_unless(is_kept, || format!("image {image} is not kept"))?;
        }
        for (part, text) in self.payloads_to_keep(rows) {
            let is_kept = text.is_some() || self.images.contains_key(&part) || images.contains(&part);
            refuse_unless(is_kept, || format!("image {part} is not kept"))?;
            images.insert(part);
        }
        if let (Some(run), Some(SavepointRow { version, .. })) = (run, &rows.savepoint) {
            let is_new = !run.savepoints.contains_key(version);
            refuse_unless(is_new, || format!("a savepoint of version {version} exists"))?;
        }
        Ok(())
    }

    /// The payloads that are kept apart of steps which begin, in order, with their texts where there are any.
    fn payloads_to_keep<'r>(&self, rows: &'r CommitRows) -> Vec<(BlobId, Option<&'r Json>)> {
        let kept = self.runs.get(&rows.run.id).into_iter().flat_map(|run| run.steps.values());
        let is_dropped = |path: &str| rows.dropped_steps.iter().any(|above| is_within(path, above));
        let goes_on = kept.filter(|step| step.row.active && !is_dropped(&step.row.path));
        let mut goes_on: BTreeSet<&str> = goes_on.map(|step| step.row.path.as_str()).collect();
        let mut payloads = Vec::new();
        for step in &rows.steps {
            let begins = !goes_on.remove(step.path.as_str());
            if let (true, Payload::Apart(part, text)) = (begins, &step.payload) {
                payloads.push((*part, text.as_ref()));
            }
            if step.active {
                goes_on.insert(&step.path);
            }
        }
        payloads
    }

    /// Stores what was checked; returns how many bytes payloads and parts took that were not kept yet.
    fn store(&mut self, rows: CommitRows) -> usize {
        let mut bytes = 0;
        let (id, version, at) = (rows.run.id, rows.run.version, rows.run.updated_at);
        if let Some(request) = rows.request {
            let record = RequestRecord { key: request.key, digest: request.digest, run: id, answer: None };
            self.requests.insert((rows.run.tenant.clone(), record.key.clone()), record);
        }
        for message in self.messages.iter_mut().filter(|kept| rows.took.contains(&kept.message.id)) {
            message.taken_at = Some(at);
        }
        let mut run = match self.runs.remove(&id) {
            Some(mut run) => {
                if run.row.workflow != rows.run.workflow {
                    run.followed.push((version, run.row.workflow));
                }
                if run.row.status == RunStatus::Blocked && rows.run.status != RunStatus::Blocked {
                    run.troubles = None;
                }
                KeptRun { row: rows.run, ..run }
            }
            None => KeptRun::new(self.next_place(), rows.run, rows.fork_of),
        };
        if let Some(why) = rows.blocked {
            run.troubles = Some((run.troubles.map_or(0, |(count, _)| count), why));
        }
        run.called.extend(rows.called);
        run.log.extend(rows.log.map(|entries| (version, (at, entries))));
        if let Some(log) = rows.call_log {
            run.keep_call_log(version, at, log);
        }
        run.suspensions.extend(rows.opened.into_iter().map(KeptSuspension::new));
        for mut closed in rows.closed {
            for text in closed.question.iter_mut().chain(&mut closed.answer) {
                if let Payload::Apart(part, text @ Some(_)) = text {
                    let text = text.take().unwrap_or_else(Json::null);
                    bytes += self.keep_part(*part, text.text().as_bytes());
                }
            }
            let kept = run.open_suspension(closed.id).expect("it was found open above");
            kept.ended = Some(KeptEnd { what: closed, at, version });
        }
        // Dropped last, so that what is shared may be what was dropped.
        let mut left = rows.dropped_images;

        for reopened in &rows.reopened {
            let size_of = |part| self.images.get(&part).map_or(0, |image| image.data.len());
            if let Some(kept) = run.suspensions.iter_mut().find(|kept| kept.what.id == reopened.id) {
                left.extend(
                    kept.reopen(reopened, (version, at), size_of).expect("what a commit says is in range"),
                );
            }
            let key = reopened.request.as_ref().map(|key| (run.row.tenant.clone(), key.clone()));
            if let Some(key) = key
                && self
                    .requests
                    .get(&key)
                    .is_some_and(|request| request.run == id && request.answer.is_none())
            {
                self.requests.remove(&key);
            }
        }

        let images = rows.images.into_iter().map(|(id, data)| (id, KeptImage { uses: 1, data }));
        self.images.extend(images);
        for (part, text) in &rows.parts {
            bytes += self.keep_part(*part, text.text().as_bytes());
        }
        rows.shared_images.iter().for_each(|image| self.share_image(*image));
        let saved = rows.savepoint.is_some();
        if let Some(mut savepoint) = rows.savepoint {
            for image in &savepoint.images {
                match savepoint.parts.iter().find(|(part, _)| part == image) {
                    Some((_, data)) => bytes += self.keep_part(*image, data),
                    None => self.share_image(*image),
                }
            }
            savepoint.parts.clear();
            run.savepoints.insert(savepoint.version, savepoint);
        }

        let forks = self.runs.values().filter_map(|run| run.fork_of);
        let forks: Vec<i64> = forks.filter(|(parent, _)| *parent == id).map(|(_, version)| version).collect();
        for path in rows.dropped_steps {
            left.extend(run.drop_step(path, version, &forks));
        }
        for mut step in rows.steps {
            let place = self.next_place();
            if run.steps.get(&step.path).is_none_or(|kept| !kept.row.active) {
                bytes += self.keep_payload(&mut step.payload);
            }
            left.extend(run.put_step(place, step, version, &forks));
        }
        for reopened in &rows.reopened {
            left.extend(run.forget_answer(reopened, &forks));
        }
        if saved && rows.savepoints_max > 0 {
            left.extend(run.forget_savepoints(rows.savepoints_max, &forks));
        }
        left.into_iter().for_each(|image| self.drop_image(image));
        self.runs.insert(id, run);
        bytes
    }

    /// Keeps the payload of a step that is new, or begins anew; returns how many bytes it took.
    fn keep_payload(&mut self, payload: &mut Payload) -> usize {
        match payload {
            Payload::Within(text) => text.text().len(),
            Payload::Apart(part, None) => {
                self.share_image(*part);
                0
            }
            Payload::Apart(part, text @ Some(_)) => {
                let text = text.take().unwrap_or_else(Json::null);
                self.keep_part(*part, text.text().as_bytes())
            }
        }
    }

    fn share_image(&mut self, id: BlobId) {
        self.images.get_mut(&id).expect("it was found above").uses += 1;
    }
}

impl KeptRun {
    /// Stores a step's record in the place of the one it has, if any. Returns the payload that is left behind.
    fn put_step(&mut self, place: u64, mut row: StepRow, version: i64, forks: &[i64]) -> Option<BlobId> {
        let kept = self.steps.remove(&row.path);
        let place = kept.as_ref().map_or(place, |kept| kept.place);
        let left = match kept {
            Some(kept) if kept.row.active => {
                row.payload = kept.row.payload;
                None
            }
            Some(kept) => self.keep_old(kept, version, forks),
            None => None,
        };
        self.steps.insert(row.path.clone(), KeptStep { place, row });
        left
    }

    /// Drops the record of a step and of all below it. Returns the payloads that are left behind.
    fn drop_step(&mut self, path: String, version: i64, forks: &[i64]) -> Vec<BlobId> {
        let (dropped, kept) =
            std::mem::take(&mut self.steps).into_iter().partition(|(kept, _)| is_within(kept, &path));
        self.steps = kept;
        let dropped: BTreeMap<String, KeptStep> = dropped;
        let left = dropped.into_values().filter_map(|step| self.keep_old(step, version, forks)).collect();
        if self.fork_of.is_some() {
            self.hidden.entry(path).or_insert(version);
        }
        left
    }

    /// Keeps a record that is no more, if a fork sees it or may yet; returns its payload if not.
    fn keep_old(&mut self, step: KeptStep, until: i64, forks: &[i64]) -> Option<BlobId> {
        if !step.row.active && self.is_seen(step.row.version, until, forks) {
            self.old_steps.push(OldStep { until, step });
            return None;
        }
        step.row.payload.part()
    }

    /// Whether a fork began, or may begin, at a version from the first to before the second.
    fn is_seen(&self, since: i64, until: i64, forks: &[i64]) -> bool {
        let mut starts = self.savepoints.keys().chain(forks);
        starts.any(|version| since <= *version && *version < until)
    }

    /// Forgets the oldest savepoints and what only they led to; returns the images that nobody needs any more on
    /// their behalf.
    fn forget_savepoints(&mut self, max: u32, forks: &[i64]) -> Vec<BlobId> {
        let forgotten = self.savepoints.len().saturating_sub(max as usize);
        let oldest = self.savepoints.keys().take(forgotten).copied().collect();
        self.forget(oldest, forks)
    }

    /// Forgets the savepoint of an answer that was refused, as [`Self::forget_savepoints`].
    fn forget_answer(&mut self, answer: &ReopenedRow, forks: &[i64]) -> Vec<BlobId> {
        let of_answer = |savepoint: &&SavepointRow| savepoint.suspension == Some(answer.id);
        let found = self.savepoints.get(&answer.savepoint).filter(of_answer);
        let found = found.map(|savepoint| savepoint.version).into_iter().collect();
        self.forget(found, forks)
    }

    fn forget(&mut self, versions: Vec<i64>, forks: &[i64]) -> Vec<BlobId> {
        let mut images = Vec::new();
        if versions.is_empty() {
            return images;
        }
        for version in versions {
            let forgotten = self.savepoints.remove(&version);
            images.extend(forgotten.into_iter().flat_map(|savepoint| savepoint.images));
        }
        let old = std::mem::take(&mut self.old_steps);
        let is_seen = |old: &OldStep| self.is_seen(old.step.row.version, old.until, forks);
        let (seen, unseen): (Vec<_>, Vec<_>) = old.into_iter().partition(is_seen);
        self.old_steps = seen;
        images.extend(unseen.iter().filter_map(|old| old.step.row.payload.part()));
        images
    }
}

fn refuse_unless(holds: bool, reason: impl FnOnce() -> String) -> Result<(), StoreError> {
    if holds { Ok(()) } else { Err(StoreError::Refused(reason())) }
}
