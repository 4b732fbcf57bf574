//! Projects, in whatever language, and the tools that they need.

use std::path::PathBuf;

use reentry::core::digest::ComponentDigest;
use reentry::core::step::Descriptor;
use serde::{Deserialize, Serialize};

/// A project that was made.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectMade<'a> {
    /// How many files it has.
    pub files: usize,
    /// Its language.
    pub language: &'a str,
    /// The commands to go on with.
    pub next: &'a [String],
    /// Its folder.
    pub path: &'a str,
}

/// What a build made.
#[derive(Clone, Debug, Serialize)]
pub struct Built<'a> {
    /// The components.
    pub components: &'a [BuiltComponent],
}

/// A component that was made.
#[derive(Clone, Debug, Serialize)]
pub struct BuiltComponent {
    /// Its file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
    /// Its digest.
    pub digest: ComponentDigest,
    /// Whether the same component was there before.
    pub unchanged: bool,
    /// Its steps, as `components inspect` has them.
    pub steps: Vec<Descriptor>,
}

/// What one process found out of a component for another one, which built it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Looked {
    /// Its steps.
    Steps(Vec<Descriptor>),
    /// A host would refuse it.
    Refused(LookRefused),
}

/// Why a host would refuse a component, with what is needed to find the place in its author's sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookRefused {
    /// The error's code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Why.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The step that it is about, if it is about one.
    pub step: Option<String>,
    /// What is wrong with the description of a step, in fewer words than those of the message.
    pub problem: Option<String>,
    /// Whether it is about what the component says of its steps.
    pub about_steps: bool,
}

/// Whether a machine has what building and running need.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Doctor<'a> {
    /// The data folder.
    pub data_dir: DataDirState<'a>,
    /// Whether nothing is missing that is needed.
    pub ok: bool,
    /// The language of the project in the folder; `null` where there is none.
    pub project: Option<&'a str>,
    /// The tools of all languages.
    pub tools: &'a [ToolRow],
    /// The walls around processes that run guests.
    pub walls: &'a [WallRow],
}

/// A wall around processes that run guests, and whether this system gives it.
#[derive(Clone, Debug, Serialize)]
pub struct WallRow {
    /// What it keeps from a guest that breaks out.
    pub keeps: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether it is there.
    pub ok: bool,
    /// Why it is not. Absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a data folder stands.
#[derive(Clone, Debug, Serialize)]
pub struct DataDirState<'a> {
    /// Whether it can be used.
    pub ok: bool,
    /// The folder.
    pub path: &'a std::path::Path,
    /// How it stands, or why it cannot be used.
    pub state: &'a str,
}

/// A tool of a language, and what was found of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolRow {
    /// The version that was found, or `yes`. Absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Whether the project in the folder is of this language.
    pub in_project: bool,
    /// What installs it.
    pub install: &'static str,
    /// The language.
    pub language: &'static str,
    /// Whether what was found will do.
    pub ok: bool,
    /// The option of the build without which the tool is not needed. Absent where it is needed always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Where it was found. Absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The tool.
    pub tool: &'static str,
    /// Which version is wanted.
    pub wanted: String,
}

/// Manual pages that were written.
#[derive(Clone, Debug, Serialize)]
pub struct PagesWritten {
    /// The names of the files.
    pub written: Vec<String>,
}
