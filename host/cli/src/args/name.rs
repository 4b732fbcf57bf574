//! Runs and questions as people name them: an id, whole or in part, and for a run the word `last`.

use std::str::FromStr;

use reentry::core::id::{RunId, SuspensionId};
use reentry::{Run, Tenant};
use reentry_wire::lookup;

use crate::failure::{Failure, Report};
use crate::session::Session;

/// A run as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunName(lookup::RunName);

/// A question as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SuspensionName(lookup::SuspensionName);

impl FromStr for RunName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "its id, the first or last 4 digits of it or more, or `last`";
        let none = || format!("that names no run: expected {expected}; `reentry runs list` shows them");
        lookup::RunName::parse(text).map(Self).ok_or_else(none)
    }
}

impl FromStr for SuspensionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "its id, or the first or last 4 digits of it or more";
        let none = || format!("that names no question: expected {expected}; `reentry inbox` shows them");
        lookup::SuspensionName::parse(text).map(Self).ok_or_else(none)
    }
}

impl RunName {
    /// The run that is meant; hints of later errors are about it.
    ///
    /// # Errors
    /// `NotFound`; `Refused` when several are meant.
    pub(crate) async fn open(&self, session: &Session, tenant: &Tenant) -> Result<Run, Failure> {
        Ok(tenant.run(self.find(session, tenant).await?).await?)
    }

    /// The same without a look at the run, which may not be there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) async fn find(&self, session: &Session, tenant: &Tenant) -> Result<RunId, Failure> {
        let Some(id) = self.0.find(tenant).await? else { return Err(self.unknown(session)) };
        if self.0 == lookup::RunName::Last {
            session.ui.note(&format!("the last run is {id}"));
        }
        session.is_about(id);
        Ok(id)
    }

    fn unknown(&self, session: &Session) -> Failure {
        let tenant = session.tenant_id();
        let message = match &self.0 {
            lookup::RunName::Last => format!("no run was started yet for tenant {tenant}"),
            lookup::RunName::Id(id) => format!("no run {id} for tenant {tenant}"),
            lookup::RunName::Part(digits) => {
                format!("no run whose id begins or ends with `{digits}` for tenant {tenant}")
            }
        };
        let list = session.again.command(["runs", "list"]);
        let dir = session.data_dir().display();
        Report::not_found("no-run", message).hint(format!("looked in {dir}; `{list}` shows the runs")).into()
    }
}

impl SuspensionName {
    /// The question of this run that is meant, open or not.
    ///
    /// # Errors
    /// `NotFound`; `Refused` when several are meant.
    pub(crate) async fn find(&self, session: &Session, run: &Run) -> Result<SuspensionId, Failure> {
        self.0.find(run).await?.ok_or_else(|| {
            let digits = match &self.0 {
                lookup::SuspensionName::Id(id) => id.to_string(),
                lookup::SuspensionName::Part(digits) => digits.clone(),
            };
            let message = format!("no question of run {} whose id begins or ends with `{digits}`", run.id());
            let show = session.again.command(["runs", "show", &run.id().to_string()]);
            Report::not_found("no-suspension", message).hint(format!("`{show}` lists its questions")).into()
        })
    }
}
