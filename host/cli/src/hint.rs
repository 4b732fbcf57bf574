//! What to do about an error of the library's, where that is known.

use std::collections::BTreeSet;

use reentry::Error;
use reentry::core::id::SuspensionId;
use reentry::core::resume::{Candidate, Candidates, Target, TargetError};
use reentry::core::run::{Refused, RequestPart, RunStatus};
use reentry::core::similar::closest;
use reentry::store::{DeleteError, RemoveError, StoreError};
use reentry::wasm::{LoadError, RefusedImport};

use crate::applied::listed;
use crate::failure::Report;
use crate::schema_text::ANY_FORM;
use crate::session::Session;

/// Most choices that a hint lists.
const CHOICES_SHOWN: usize = 10;

/// Completes what is told of an error with what the command knows: its tenant, and what to do.
pub(crate) fn complete(mut report: Report, error: &Error, session: &Session) -> Report {
    if let Error::NoRun(run) | Error::Delete(DeleteError::NotFound { run }) = error {
        report.message = format!("no run {run} for tenant {}", session.tenant_id());
    }
    report.hints = hints(error, session);
    report
}

/// What to do about an error.
pub(crate) fn hints(error: &Error, session: &Session) -> Vec<String> {
    let run = session.about();
    let command = |args: &[&str]| format!("`{}`", session.again.command(args.iter().copied()));
    let of_run = |args: &[&str]| run.map(|run| command(&[args, &[run.to_string().as_str()]].concat()));
    let show = || of_run(&["runs", "show"]).map(|show| format!("{show} shows how it stands"));
    let hint = match error {
        Error::NoRun(_) | Error::Delete(DeleteError::NotFound { .. }) => {
            let (dir, list) = (session.data_dir().display(), command(&["runs", "list"]));
            Some(format!("looked in {dir}; {list} shows the runs"))
        }
        Error::NoTenant(_) => Some(format!("{} shows those that there are", command(&["tenants", "list"]))),
        Error::NoComponent(_) => Some(format!(
            "{} shows those that there are; {} adds one",
            command(&["components", "list"]),
            command(&["components", "add", "FILE"])
        )),
        Error::Refused(Refused::Target(TargetError::Unknown { target, .. }))
            if target.suspension.is_some() =>
        {
            of_run(&["runs", "show"])
                .map(|show| format!("it may be answered already; {show} lists all suspensions"))
        }
        Error::Refused(Refused::Target(error)) => {
            let recover = command(&["runs", "recover"]);
            let go_on = of_run(&["runs", "continue"]).unwrap_or_default();
            let answer = |suspension: SuspensionId| {
                let run = run.map(|run| run.to_string()).unwrap_or_default();
                session.again.command([
                    "resume",
                    &run,
                    "--suspension",
                    &suspension.to_string(),
                    "--data",
                    ANY_FORM,
                ])
            };
            target(error, &answer).or_else(|| of_status(error, &recover, &go_on)).or_else(show)
        }
        Error::Refused(Refused::Invalid { part: RequestPart::ResumeData, .. }) => of_run(&["inbox", "--run"])
            .map(|inbox| format!("{inbox} shows what is asked and how the answer must look")),
        Error::AnswerRefused { .. } => {
            of_run(&["inbox", "--run"]).map(|inbox| format!("the question is open again; {inbox} shows it"))
        }
        Error::Refused(Refused::AlreadyStarted { .. } | Refused::Ended { .. }) => show(),
        Error::Load(LoadError::Imports { refused }) => grant(refused),
        Error::MissingGrant { source, .. } => match &**source {
            LoadError::Imports { refused } => grant(refused),
            _ => None,
        },
        Error::Refused(Refused::NotTravelable { .. }) => of_run(&["runs", "history"])
            .map(|history| format!("{history} shows where it can be sent back to")),
        Error::NoSavepoint { .. } => {
            of_run(&["runs", "history"]).map(|history| format!("{history} shows where it can be forked"))
        }
        Error::NoCurrentWorkflow(_) | Error::NoWorkflow(_) => Some(listed(session)),
        Error::Remove(error) => remove(error, &command),
        Error::Delete(DeleteError::NotFinal { .. }) => {
            of_run(&["runs", "cancel"]).map(|cancel| format!("{cancel} ends it"))
        }
        Error::Unreadable { .. } | Error::Store(StoreError::Damaged { .. }) => of_run(&["runs", "delete"])
            .map(|delete| format!("{delete} deletes the run; a backup from before may have it whole")),
        Error::Interrupted { .. } => {
            let recover = command(&["runs", "recover"]);
            Some(format!("{recover} takes the run over once this process has ended"))
        }
        _ => None,
    };
    hint.into_iter().collect()
}

/// What has to go before a component or workflow can.
fn remove(error: &RemoveError, command: &dyn Fn(&[&str]) -> String) -> Option<String> {
    match error {
        RemoveError::ComponentUsed { component, .. } => {
            let usage = command(&["components", "usage", &component.to_string()]);
            Some(format!("{usage} lists them; a component stays as long as a kept run may go back to it"))
        }
        RemoveError::WorkflowCurrent { id, .. } => Some(command(&["workflow", "retire", id])),
        RemoveError::WorkflowUsed { .. } => Some(format!(
            "{} deletes those that ended long ago",
            command(&["runs", "prune", "--older-than", "30d"])
        )),
        RemoveError::NoWorkflow { .. } => {
            Some(format!("{} shows the applied workflows", command(&["workflow", "list"])))
        }
        RemoveError::Published { component } => {
            let unpublish = command(&["components", "unpublish", &component.to_string()]);
            Some(format!("{unpublish} takes it from all tenants that do not hold it themselves"))
        }
        RemoveError::PublishedUsed { .. } => {
            Some("a tenant that adds the component itself does not need it to be published".to_owned())
        }
        RemoveError::TenantUsed { tenant, .. } => {
            let delete = command(&["tenants", "delete", tenant.as_str(), "--cancel"]);
            Some(format!("{delete} cancels these first"))
        }
        RemoveError::NoComponent { .. } | RemoveError::NotPublished { .. } => {
            Some(format!("{} shows those that there are", command(&["components", "list"])))
        }
        _ => None,
    }
}

/// The grant that would allow all refused imports.
fn grant(refused: &[RefusedImport]) -> Option<String> {
    let grants: Option<BTreeSet<&str>> = refused.iter().map(|import| import.grant.as_deref()).collect();
    let options: Vec<String> = grants?.into_iter().map(|grant| format!("--grant {grant}")).collect();
    Some(format!("`{}` lets the component have them; `reentry --help` says what that is", options.join(" ")))
}

fn target(error: &TargetError, answer: &dyn Fn(SuspensionId) -> String) -> Option<String> {
    match error {
        TargetError::Unknown { target, open } => Some(match meant(target, open) {
            Some((option, candidate)) => {
                format!(
                    "did you mean `{option}`? What answers that question:\n{}",
                    answer(candidate.suspension)
                )
            }
            None => format!("what waits for an answer, and what answers it:\n{}", choices(open, answer)),
        }),
        TargetError::Ambiguous { open, .. } => {
            Some(format!("say which question you mean:\n{}", choices(open, answer)))
        }
        TargetError::Consumed { open, .. } | TargetError::Unseen { open, .. } if !open.0.is_empty() => {
            Some(format!("what waits for an answer now, and what answers it:\n{}", choices(open, answer)))
        }
        _ => None,
    }
}

/// What a run that waits for no answer does instead, and how it goes on.
fn of_status(error: &TargetError, recover: &str, go_on: &str) -> Option<String> {
    match error {
        TargetError::NotSuspended { status: RunStatus::Running } => {
            Some(format!("if the process that ran it has died, {recover} takes it over"))
        }
        TargetError::NotSuspended { status: RunStatus::Waiting } => {
            Some(format!("it waits for a time or an event; when that has come, {recover} lets it go on"))
        }
        TargetError::NotSuspended { status: RunStatus::Paused } => Some(format!("{go_on} ends the pause")),
        _ => None,
    }
}

/// The option that was probably meant, and what it leads to.
fn meant<'a>(target: &Target, open: &'a Candidates) -> Option<(String, &'a Candidate)> {
    if let Some(label) = &target.label {
        let labels = open.0.iter().flat_map(|candidate| &candidate.labels).map(String::as_str);
        let meant = closest(label, labels)?;
        let has_it = |candidate: &&Candidate| candidate.labels.iter().any(|label| label == meant);
        return Some((format!("--label {meant}"), open.0.iter().find(has_it)?));
    }
    let wrong = target.step.as_ref()?.to_string();
    let paths: Vec<String> = open.0.iter().map(|candidate| candidate.path.to_string()).collect();
    let last = |path: &&String| path.rsplit('.').next() == Some(wrong.as_str());
    let nested = paths.iter().find(last).map(String::as_str);
    let meant = nested.or_else(|| closest(&wrong, paths.iter().map(String::as_str)))?;
    let candidate = open.0.iter().find(|candidate| candidate.path.to_string() == meant)?;
    Some((format!("--step {meant}"), candidate))
}

/// Each candidate with the command that answers it.
fn choices(open: &Candidates, answer: &dyn Fn(SuspensionId) -> String) -> String {
    let line = |candidate: &Candidate| format!("{}: {}", candidate.path, answer(candidate.suspension));
    let mut lines: Vec<String> = open.0.iter().take(CHOICES_SHOWN).map(line).collect();
    if open.0.len() > CHOICES_SHOWN {
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn open(paths: &[&str]) -> Candidates {
        let candidate = |path: &&str| Candidate {
            path: path.parse().unwrap(),
            suspension: "sus_0000000003e87fffbfffffffffffffff".parse().unwrap(),
            labels: vec![format!("{path}-label")],
        };
        Candidates(paths.iter().map(candidate).collect())
    }

    fn told(error: &TargetError) -> String {
        target(error, &|suspension| format!("answer {suspension}")).unwrap()
    }

    fn unknown(wrong: Target) -> String {
        told(&TargetError::Unknown { target: Box::new(wrong), open: open(&["approve", "outer.audit"]) })
    }

    #[test]
    fn a_typo_is_answered_with_what_was_meant() {
        insta::assert_snapshot!(unknown(Target::step("aprove").unwrap()), @"
        did you mean `--step approve`? What answers that question:
        answer sus_0000000003e87fffbfffffffffffffff
        ");
        insta::assert_snapshot!(unknown(Target::label("approve-lable")), @"
        did you mean `--label approve-label`? What answers that question:
        answer sus_0000000003e87fffbfffffffffffffff
        ");
    }

    #[test]
    fn the_id_of_a_nested_step_is_answered_with_its_path() {
        insta::assert_snapshot!(unknown(Target::step("audit").unwrap()), @"
        did you mean `--step outer.audit`? What answers that question:
        answer sus_0000000003e87fffbfffffffffffffff
        ");
    }

    #[test]
    fn anything_else_is_answered_with_the_choices() {
        insta::assert_snapshot!(unknown(Target::step("refund").unwrap()), @"
        what waits for an answer, and what answers it:
        approve: answer sus_0000000003e87fffbfffffffffffffff
        outer.audit: answer sus_0000000003e87fffbfffffffffffffff
        ");
        let several =
            TargetError::Ambiguous { target: Box::default(), open: open(&["approve", "outer.audit"]) };
        insta::assert_snapshot!(told(&several), @"
        say which question you mean:
        approve: answer sus_0000000003e87fffbfffffffffffffff
        outer.audit: answer sus_0000000003e87fffbfffffffffffffff
        ");
    }
}
