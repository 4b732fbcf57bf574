//! The transcripts of pages, replayed: each command in a process of its own, each output compared.

use std::process::Command;

use anyhow::Result;
use reentry_tests::commands::program_dir;
use reentry_tests::folders::data_folder;
use reentry_tests::guests::root;

/// A command of the transcript, and what it prints there.
struct Shown {
    command: String,
    output: String,
}

fn transcript(readme: &str) -> Vec<Shown> {
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut shown: Vec<Shown> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), shown.last_mut()) {
            (Some(command), _) => shown.push(Shown { command: command.into(), output: String::new() }),
            (None, Some(last)) => last.output += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    shown
}

/// Puts `sha256:…` in the place of every digest: those of components depend on the compiler.
fn hide_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut hidden = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        hidden += &format!("sha256:…{}", part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    hidden
}

/// Puts `run_…` and `sus_…` in the place of all ids, and remembers the latest run.
fn hide_ids(text: &str, latest: &mut String) -> String {
    let mut hidden = text.to_owned();
    for prefix in ["run_", "sus_"] {
        let whole = std::mem::take(&mut hidden);
        let mut parts = whole.split(prefix);
        hidden = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let id: String = part.chars().take_while(char::is_ascii_hexdigit).collect();
            if prefix == "run_" {
                *latest = format!("run_{id}");
            }
            hidden += &format!("{prefix}…{}", &part[id.len()..]);
        }
    }
    hidden
}

#[test]
fn the_transcript_in_the_readme_is_what_the_commands_print() -> Result<()> {
    replay("README.md")
}

#[test]
fn the_transcript_about_versions_is_what_the_commands_print() -> Result<()> {
    replay("docs/versions.md")
}

#[test]
fn the_transcript_of_the_vacation_is_what_the_commands_print() -> Result<()> {
    replay("sample-steps/vacation/README.md")
}

fn replay(page: &str) -> Result<()> {
    let data = data_folder()?;
    let path = format!("{}:{}", program_dir()?.display(), std::env::var("PATH")?);
    let shown = transcript(&std::fs::read_to_string(root().join(page))?);
    assert!(shown.len() >= 5, "{page} has a transcript");
    let mut run = String::new();
    for Shown { command, output } in shown {
        let done = Command::new("bash")
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(root())
            .env("PATH", &path)
            .env("REENTRY_DATA_DIR", data.path())
            .env("RUN", &run)
            .output()?;
        let said = hide_digests(&hide_ids(&String::from_utf8(done.stdout)?, &mut run));
        // The run's id is said on standard error at once, for those who watch; the transcript leaves that line out.
        let said: String =
            said.lines().filter(|line| *line != "run run_…").map(|line| format!("{line}\n")).collect();
        assert_eq!(said, output, "$ {command}");
    }
    Ok(())
}
