//! The languages that steps are written in: how a project of each is recognised, what building it needs, and how it
//! is built.
//!
//! Each language is one file with a [`Language`] in it. Building calls the language's own tools and leaves a core
//! module or a component; making a component of a module is the same for all.

mod assemblyscript;
mod c;
mod detect;
mod embedded;
mod go;
mod javascript;
mod kept;
mod node;
mod project;
mod python;
mod repeatable;
mod rust;
mod tool;
mod zig;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use reentry::wasm::Encoding;

pub(crate) use detect::{detect, find};
pub(crate) use embedded::{Embedded, sdk, template, write};
pub(crate) use kept::{Inputs, Shelf};
pub(crate) use project::{Engine, Project, SDK, missing};
pub(crate) use tool::{Places, Tool};

use crate::failure::Failure;

/// All languages, in the order in which they are told.
pub(crate) static LANGUAGES: [&Language; 9] = [
    &rust::RUST,
    &javascript::TYPESCRIPT,
    &javascript::JAVASCRIPT,
    &python::PYTHON,
    &go::GO,
    &c::C,
    &c::CPP,
    &zig::ZIG,
    &assemblyscript::ASSEMBLYSCRIPT,
];

/// A language that steps are written in.
#[derive(Debug)]
pub(crate) struct Language {
    /// As options and settings have it.
    pub(crate) name: &'static str,
    /// As people write it.
    pub(crate) title: &'static str,
    /// The file by which a folder is known to be a project of this language; `None` for one that says so in
    /// `reentry.json`.
    pub(crate) manifest: Option<&'static str>,
    /// Languages whose projects have the same manifest, and another one of their own.
    pub(crate) special_cases: &'static [&'static str],
    /// What every project of this language needs.
    pub(crate) tools: &'static [Tool],
    /// What puts an engine around a step, where there is a choice. The first one is the usual one.
    pub(crate) engines: &'static [(Engine, Tool)],
    /// Folders of the SDK in `guest-sdk`: its own, and those of SDKs that it builds on.
    pub(crate) sdk: &'static [&'static str],
    /// The files of which the first one that is there names the steps, and how that is written.
    pub(crate) export: (&'static [&'static str], &'static str),
    /// Calls the tools, which are there.
    pub(crate) build: fn(&Project) -> Result<Vec<Made>, Failure>,
}

impl Language {
    /// What a project needs whose step runs on this engine.
    pub(crate) fn needs(&self, engine: Engine) -> impl Iterator<Item = &'static Tool> + use<> {
        let engines = self.engines.iter().filter(move |(known, _)| *known == engine);
        self.tools.iter().chain(engines.map(|(_, tool)| tool))
    }
}

/// What the tools of a language made: a core module or a component.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// Name of the component.
    pub(crate) name: String,
    /// The file.
    pub(crate) file: PathBuf,
    /// How a core module writes its strings.
    pub(crate) encoding: Encoding,
}

/// Reads the name of a language on the command line.
pub(crate) fn language_parser() -> impl TypedValueParser<Value = &'static Language> {
    let names = PossibleValuesParser::new(LANGUAGES.map(|language| language.name));
    names.try_map(|name| find(&name).ok_or("no such language"))
}
