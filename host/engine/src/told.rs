//! What the log names by its suspension: the questions and answers, as they were at the version that it tells of.

use std::collections::{BTreeSet, HashMap};

use reentry_core::actor::By;
use reentry_core::id::{BlobId, RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{LogEntry, LogKind};
use reentry_core::time::Timestamp;
use reentry_store::{Blobs, SuspensionFilter, SuspensionPast, SuspensionRecord, Text, Try, TryKind};

use crate::error::Error;
use crate::tenant::Tenant;

/// Most suspensions that are looked up at once.
const AT_ONCE: usize = 500;

/// The questions and answers of an entry of the log. What is not recorded is left out.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Told {
    /// What was asked, of a step that began to wait for an answer.
    pub suspend_payload: Option<Json>,
    /// Since when it waits.
    pub suspended_at: Option<Timestamp>,
    /// The answers that came, or the one that was refused.
    pub answers: Vec<ToldAnswer>,
    /// The answer with which a step goes on; of several the last.
    pub resume_payload: Option<Json>,
}

/// An answer that came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToldAnswer {
    /// The suspension.
    pub suspension_id: SuspensionId,
    /// The step.
    pub step: StepPath,
    /// The answer.
    pub resume_payload: Option<Json>,
    /// Who gave it.
    pub by: By,
}

/// Suspensions of one run, with all texts at hand.
#[derive(Debug, Default)]
pub(crate) struct Asked(HashMap<SuspensionId, SuspensionRecord>);

impl Asked {
    /// Reads those that entries of the log name.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub(crate) async fn of(
        tenant: &Tenant,
        run: RunId,
        entries: impl Iterator<Item = &LogEntry>,
    ) -> Result<Self, Error> {
        let ids: BTreeSet<SuspensionId> = entries.flat_map(|entry| named(&entry.kind)).copied().collect();
        let (ids, mut asked) = (ids.into_iter().collect::<Vec<_>>(), Self::default());
        for only in ids.chunks(AT_ONCE) {
            let filter = SuspensionFilter::default()
                .run(run)
                .only(only.to_vec())
                .with_ended(true)
                .with_tries(true)
                .with_timers(true);
            let page = tenant.shared.store.list_suspensions(&tenant.id, filter).await?;
            for mut record in page.rows {
                read_texts(&*tenant.shared.store, record.id, &mut record.past).await?;
                asked.0.insert(record.id, record);
            }
        }
        Ok(asked)
    }

    /// What an entry, of a version of the run, has to tell.
    pub(crate) fn told(&self, entry: &LogEntry, version: u64) -> Told {
        let mut told = Told::default();
        match &entry.kind {
            LogKind::Suspended { suspension } => {
                if let Some(record) = self.0.get(suspension) {
                    told.suspend_payload = question(record).cloned();
                    told.suspended_at = Some(record.since);
                }
            }
            LogKind::Resumed { suspensions, .. } => {
                told.answers = suspensions.iter().filter_map(|id| self.answer(*id, version)).collect();
            }
            LogKind::Reentered { suspensions, .. } => {
                let asks =
                    suspensions.iter().filter(|id| self.0.get(id).is_some_and(|one| question(one).is_some()));
                let mut answers = asks.filter_map(|id| self.answer(*id, version)?.resume_payload);
                told.resume_payload = answers.next_back();
            }
            LogKind::AnswerRefused { suspension, .. } => {
                told.answers = self.refused(*suspension, version).into_iter().collect();
            }
            _ => {}
        }
        told
    }

    /// The answer that a suspension had at a version.
    fn answer(&self, id: SuspensionId, version: u64) -> Option<ToldAnswer> {
        let record = self.0.get(&id)?;
        let stood =
            |one: &&Try| one.version <= version && one.refused.is_some_and(|(refused, _)| version < refused);
        let refused = record.past.tries.iter().find(stood);
        let (answer, by) = match refused {
            Some(refused) => (refused.answer.as_ref(), refused.by.clone()),
            None if record.past.ended_version.is_some_and(|ended| ended <= version) => {
                (record.past.answer.as_ref(), record.past.by.clone())
            }
            None => (None, By::default()),
        };
        let (suspension_id, step) = (id, record.path.clone());
        Some(ToldAnswer { suspension_id, step, resume_payload: answer.and_then(Text::here).cloned(), by })
    }

    /// The answer that a step refused with a version.
    fn refused(&self, id: SuspensionId, version: u64) -> Option<ToldAnswer> {
        let record = self.0.get(&id)?;
        let is_meant =
            |one: &&Try| one.kind == TryKind::Refused && one.refused.is_some_and(|(at, _)| at == version);
        let refused = record.past.tries.iter().find(is_meant)?;
        Some(ToldAnswer {
            suspension_id: id,
            step: record.path.clone(),
            resume_payload: refused.answer.as_ref().and_then(Text::here).cloned(),
            by: refused.by.clone(),
        })
    }
}

/// The suspensions whose questions or answers an entry tells of.
fn named(kind: &LogKind) -> &[SuspensionId] {
    match kind {
        LogKind::Resumed { suspensions, .. } | LogKind::Reentered { suspensions, .. } => suspensions,
        LogKind::Suspended { suspension } | LogKind::AnswerRefused { suspension, .. } => {
            std::slice::from_ref(suspension)
        }
        _ => &[],
    }
}

/// What a suspension shows to those who answer, open or ended.
pub(crate) fn question(record: &SuspensionRecord) -> Option<&Json> {
    let open = record.open().and_then(|open| open.payload());
    open.or_else(|| record.past.question.as_ref().and_then(Text::here))
}

/// Fetches the texts of a suspension that are kept apart.
///
/// # Errors
/// [`Error::Damaged`] for one that is not there; the store's.
pub(crate) async fn read_texts(
    store: &dyn Blobs,
    suspension: SuspensionId,
    past: &mut SuspensionPast,
) -> Result<(), Error> {
    let tries = past.tries.iter_mut().filter_map(|one| one.answer.as_mut());
    for text in past.question.iter_mut().chain(&mut past.answer).chain(tries) {
        if let Text::Apart(part) = text {
            *text = Text::Here(read(store, suspension, *part).await?);
        }
    }
    Ok(())
}

async fn read(store: &dyn Blobs, suspension: SuspensionId, part: BlobId) -> Result<Json, Error> {
    let damaged =
        |reason: String| Error::Damaged { what: format!("text {part} of suspension {suspension}"), reason };
    let text = store.blob(part).await?.ok_or_else(|| damaged("it is missing".to_owned()))?;
    let text = String::from_utf8(text).map_err(|error| damaged(error.to_string()))?;
    Json::stored(text).map_err(|error| damaged(error.to_string()))
}
