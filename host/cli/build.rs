//! Puts the SDKs of all languages, their templates and the contract into the program: `reentry new` writes them into
//! projects.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of an SDK that are of no use to its users, or were not written by hand.
const LEFT_OUT: [&str; 7] = ["target", "node_modules", "__pycache__", "test", "tests", "example", ".reentry"];

fn main() -> io::Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut files = BTreeMap::new();
    collect(&project.join("guest-sdk"), "", &mut files)?;
    files.insert("step.wit".to_owned(), project.join("wit/step.wit"));
    println!("cargo::rerun-if-changed={}", project.join("wit/step.wit").display());

    let mut source = "&[\n".to_owned();
    for (name, path) in &files {
        writeln!(source, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())
            .map_err(io::Error::other)?;
    }
    source.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("embedded.rs"), source)
}

/// Adds the files of a folder under their paths within `guest-sdk`.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    // Cargo sees by a folder's time that a file was added to it or taken away.
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if !entry.file_type()?.is_dir() {
            files.insert(path, entry.path());
        } else if !LEFT_OUT.contains(&name.as_str()) {
            collect(&entry.path(), &format!("{path}/"), files)?;
        }
    }
    Ok(())
}
