//! What slow tools made, kept by a digest of all that went into it: the same again is not made again.
//!
//! Some tools put random numbers into what they make: `componentize-js`, and others where [`super::repeatable`]
//! cannot end it. As long as their result is kept, the same sources are the same component on this machine, in
//! whatever folder they lie.

use std::fs::{DirBuilder, File, create_dir_all, read, read_dir, remove_file, rename, write};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use reentry::core::digest::ComponentDigest;

use super::tool::Found;

/// Most results that are kept; those of Python have 19 MB.
const KEPT_MAX: usize = 32;

/// Everything that a tool is given, in words and digests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs(String);

impl Inputs {
    /// Begins with the tool and its options, as far as they are the same in every folder.
    pub(crate) fn of(name: &str, found: &Found, options: &[&str]) -> Self {
        let version = found.version.as_deref().unwrap_or_default();
        Self(format!("{name} {version} {}\n", options.join(" ")))
    }

    /// Begins with this very program and its options.
    pub(crate) fn of_this_program(options: &[&str]) -> Self {
        // A version that is being worked on is a program of many builds.
        let program = std::env::current_exe().and_then(std::fs::metadata);
        let build = program.map(|file| format!("{} {:?}", file.len(), file.modified())).unwrap_or_default();
        Self(format!("reentry {} {build} {}\n", env!("CARGO_PKG_VERSION"), options.join(" ")))
    }

    /// Adds the contents of a file, or of all files in a folder, under a name.
    ///
    /// # Errors
    /// When something of it cannot be read.
    pub(crate) fn add(&mut self, name: &str, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            let mut entries = read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
            entries.sort_by_key(std::fs::DirEntry::file_name);
            // Python leaves what it compiled beside the sources.
            entries.retain(|entry| entry.file_name() != "__pycache__");
            for entry in entries {
                self.add(&format!("{name}/{}", entry.file_name().to_string_lossy()), &entry.path())?;
            }
        } else {
            self.0 += &format!("{name:?} {}\n", ComponentDigest::of(&read(path)?));
        }
        Ok(())
    }

    /// Adds a file that was looked for, whether it is there or not.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(crate) fn add_sought(&mut self, path: &Path) -> io::Result<()> {
        let name = path.display().to_string();
        if path.exists() {
            return self.add(&name, path);
        }
        self.0 += &format!("{name:?} is not there\n");
        Ok(())
    }

    /// A digest of it all.
    pub(super) fn key(&self) -> String {
        hex(&ComponentDigest::of(self.0.as_bytes()))
    }
}

/// The folder of what is kept.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(Option<PathBuf>);

impl Shelf {
    /// One of the user's own, by the XDG Base Directory Specification. Without a home nothing is kept.
    pub(crate) fn of_user(name: &str) -> Self {
        let folder =
            |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
        Self(base.map(|base| base.join("reentry").join(name)))
    }

    /// What was made of these inputs, if it is kept and whole.
    #[allow(clippy::disallowed_methods, reason = "the time of a file, as the system that keeps it has it")]
    pub(crate) fn take(&self, inputs: &Inputs) -> Option<Vec<u8>> {
        let start = format!("{}-", inputs.key());
        let mut entries = read_dir(self.0.as_ref()?).ok()?.flatten();
        let entry = entries.find(|entry| entry.file_name().to_string_lossy().starts_with(&start))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let made = read(entry.path()).ok()?;
        if name.strip_prefix(&start)? != hex(&ComponentDigest::of(&made)) {
            // Damaged: a new one takes its place.
            let _ = remove_file(entry.path());
            return None;
        }
        // What was used last is let go of last.
        let _ = File::options()
            .append(true)
            .open(entry.path())
            .and_then(|file| file.set_modified(SystemTime::now()));
        Some(made)
    }

    /// Keeps what was made. Failing to costs time later, and no more.
    pub(crate) fn keep(&self, inputs: &Inputs, made: &[u8]) {
        let Some(folder) = &self.0 else { return };
        let name = format!("{}-{}", inputs.key(), hex(&ComponentDigest::of(made)));
        let beside = folder.join(format!(".{name}.{}", std::process::id()));
        let kept = folder.parent().map_or(Ok(()), create_dir_all).and_then(|()| {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            write(&beside, made)?;
            rename(&beside, folder.join(name))
        });
        if kept.is_ok() {
            let _ = self.let_go();
        } else {
            let _ = remove_file(beside);
        }
    }

    /// Removes what was not used for longest, down to the number that is kept.
    fn let_go(&self) -> io::Result<()> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let mut files: Vec<(SystemTime, PathBuf)> = read_dir(folder)?
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        for (_, file) in files.iter().take(files.len().saturating_sub(KEPT_MAX)) {
            remove_file(file)?;
        }
        Ok(())
    }
}

fn hex(digest: &ComponentDigest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn inputs(version: &str, options: &[&str], files: &[(&str, &str)]) -> Inputs {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            create_dir_all(file.parent().unwrap()).unwrap();
            write(file, text).unwrap();
        }
        let found = Found { path: folder.path().to_owned(), version: Some(version.to_owned()) };
        let mut inputs = Inputs::of("maker", &found, options);
        inputs.add("source", folder.path()).unwrap();
        inputs
    }

    #[test]
    fn inputs_are_the_same_whatever_the_folder_and_differ_in_all_that_counts() {
        let files = [("a.py", "1"), ("b/c.py", "2")];
        let first = inputs("1.0", &["-O"], &files).key();
        assert_eq!(first, inputs("1.0", &["-O"], &files).key());
        let compiled = ("b/__pycache__/c.pyc", "3");
        assert_eq!(first, inputs("1.0", &["-O"], &[files[0], files[1], compiled]).key());
        let others = [
            inputs("1.1", &["-O"], &files),
            inputs("1.0", &[], &files),
            inputs("1.0", &["-O"], &files[..1]),
            inputs("1.0", &["-O"], &[("a.py", "1"), ("b/c.py", "3")]),
            inputs("1.0", &["-O"], &[("a.py", "1"), ("b/d.py", "2")]),
        ];
        for other in others {
            assert_ne!(first, other.key(), "{other:?}");
        }
    }

    #[test]
    fn what_is_kept_is_found_until_it_is_damaged_or_too_much_came_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf(Some(folder.path().join("built")));
        let of = |name: &str| inputs("1.0", &[name], &[]);
        assert_eq!(shelf.take(&of("a")), None);
        shelf.keep(&of("a"), b"made of a");
        shelf.keep(&of("b"), b"made of b");
        assert_eq!(shelf.take(&of("a")).as_deref(), Some(&b"made of a"[..]));

        let start = format!("{}-", of("a").key());
        let files = || read_dir(folder.path().join("built")).unwrap().flatten();
        let file = files().find(|file| file.file_name().to_string_lossy().starts_with(&start)).unwrap();
        write(file.path(), "made of something else").unwrap();
        assert_eq!((shelf.take(&of("a")), files().count()), (None, 1));

        let old = SystemTime::UNIX_EPOCH;
        File::open(files().next().unwrap().path()).unwrap().set_modified(old).unwrap();
        for n in 0..KEPT_MAX {
            shelf.keep(&of(&n.to_string()), b"made");
        }
        assert_eq!((shelf.take(&of("b")), files().count()), (None, KEPT_MAX));
        Shelf(None).keep(&of("a"), b"made");
    }
}
