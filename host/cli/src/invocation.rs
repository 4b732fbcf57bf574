//! Commands to be copied into a shell, exactly as they work there.

use std::path::Path;

use reentry::core::id::{RunId, SuspensionId, TenantId};

use crate::cli::{Global, Grant};
use crate::session;

/// Builds commands for the host and tenant that the present command works with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invocation {
    /// The global options that a later command must repeat.
    options: Vec<String>,
}

impl Invocation {
    /// Repeats what was said on the command line and is not said by the environment as well.
    pub(crate) fn new(global: &Global, data_dir: &Path) -> Self {
        let said = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
        let mut options = Vec::new();
        let mut option = |name: &str, value: String, variable: &str| {
            if !said(variable, &value) {
                options.extend([name.to_owned(), value]);
            }
        };
        let dir = data_dir.display().to_string();
        if global.data_dir.is_some() && session::default_data_dir().as_deref() != Some(data_dir) {
            option("--data-dir", dir, "REENTRY_DATA_DIR");
        }
        if let Some(tenant) = global.tenant.as_ref().filter(|tenant| **tenant != TenantId::default()) {
            option("--tenant", tenant.to_string(), "REENTRY_TENANT");
        }
        if global.grant.contains(&Grant::Wasi) {
            option("--grant", "wasi".to_owned(), "REENTRY_GRANT");
        }
        if global.allow_missing_walls && std::env::var_os("REENTRY_ALLOW_MISSING_WALLS").is_none() {
            options.push("--allow-missing-walls".to_owned());
        }
        let limits = global.set_limit.join(",");
        if !said("REENTRY_LIMIT", &limits) {
            options
                .extend(global.set_limit.iter().flat_map(|limit| ["--set-limit".to_owned(), limit.clone()]));
        }
        Self { options }
    }

    /// `reentry` with these arguments.
    pub(crate) fn command<'a>(&'a self, args: impl IntoIterator<Item = &'a str>) -> String {
        let words = std::iter::once("reentry").chain(args).chain(self.options.iter().map(String::as_str));
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// The command that answers this very suspension of a run, with the form of the answer to be filled in.
    pub(crate) fn resume(&self, run: RunId, suspension: SuspensionId, form: &str) -> String {
        let (run, suspension) = (run.to_string(), suspension.to_string());
        self.command(["resume", &run, "--suspension", &suspension, "--data", form])
    }
}

/// A word as a POSIX shell takes it for one.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(
            ["a-b.c/d:e", "", "a b", "it's", "$x"].map(quoted),
            ["a-b.c/d:e", "''", "'a b'", r"'it'\''s'", "'$x'"]
        );
    }

    #[test]
    fn a_command_repeats_the_options_that_lead_to_the_same_host() {
        let again = Invocation { options: ["--data-dir", "my data"].map(str::to_owned).to_vec() };
        let run = "run_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let suspension = "sus_0000000003e87fffbfffffffffffffff".parse().unwrap();
        insta::assert_snapshot!(again.resume(run, suspension, "{\"it's\": <text>}"), @r#"reentry resume run_0000000003e87fffbfffffffffffffff --suspension sus_0000000003e87fffbfffffffffffffff --data '{"it'\''s": <text>}' --data-dir 'my data'"#);
    }
}
