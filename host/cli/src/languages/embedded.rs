//! The SDKs, their templates and the contract, as they were when this program was built.

use std::io;
use std::path::Path;

use super::Language;

/// Files by their paths in `guest-sdk`; the contract is `step.wit`.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A file and its path within what was asked for.
pub(crate) type Embedded = (String, &'static [u8]);

/// The SDK of a language. One that it builds on lies in a folder of its own name.
pub(crate) fn sdk(language: &Language) -> impl Iterator<Item = Embedded> {
    language.sdk.iter().enumerate().flat_map(|(place, folder)| {
        let within = if place == 0 { String::new() } else { format!("{folder}/") };
        under(folder)
            .filter(|(path, _)| !path.starts_with("template/"))
            .map(move |(path, contents)| (format!("{within}{path}"), contents))
    })
}

/// The template in `guest-sdk/FOLDER/template`.
pub(crate) fn template(folder: &str) -> impl Iterator<Item = Embedded> + use<> {
    under(&format!("{folder}/template"))
}

/// The contract.
pub(crate) fn contract() -> impl Iterator<Item = Embedded> {
    let contract = FILES.iter().filter(|(path, _)| *path == "step.wit");
    contract.map(|(path, contents)| ((*path).to_owned(), *contents))
}

fn under(folder: &str) -> impl Iterator<Item = Embedded> + use<> {
    let prefix = format!("{folder}/");
    FILES.iter().filter_map(move |(path, contents)| Some((path.strip_prefix(&prefix)?.to_owned(), *contents)))
}

/// Writes files into a folder. A file that has the same contents already keeps its time, so that nothing is built
/// anew for it.
///
/// # Errors
/// When a file or a folder cannot be written.
pub(crate) fn write<'a>(
    files: impl IntoIterator<Item = (String, &'a [u8])>,
    folder: &Path,
) -> io::Result<()> {
    for (path, contents) in files {
        let path = folder.join(path);
        if std::fs::read(&path).is_ok_and(|found| found == contents) {
            continue;
        }
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(&path, contents)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::LANGUAGES;

    #[test]
    fn every_language_has_its_sdk_and_a_template() {
        for language in LANGUAGES {
            let name = language.name;
            assert!(sdk(language).any(|(path, _)| path == "README.md"), "{name} has no SDK");
            assert!(
                !sdk(language).any(|(path, _)| path.contains("template/")),
                "{name}: a template in the SDK"
            );
            let text = |(_, contents): Embedded| String::from_utf8_lossy(contents).into_owned();
            let template: String = template(name).map(text).collect();
            assert!(template.contains("{{name}}"), "the template of {name} does not use the name");
        }
        assert_eq!(contract().count(), 1);
    }
}
