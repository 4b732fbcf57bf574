//! Compiled code on disk, sealed.
//!
//! Loading foreign native code would hand the process to whoever wrote it. So each file ends in a seal made with the
//! host's secret, which is checked on the very bytes that are loaded, and before wasmtime sees them. A file that is
//! damaged or foreign is as good as none: the component is compiled again, and the file replaced.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::SealKey;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::config::fingerprint;
use crate::instrument::INSTRUMENTER_VERSION;

/// Largest file that is read. Compiled code takes about twice the bytes of the component.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Which form of a component was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With its state within reach.
    Instrumented,
    /// As it was uploaded.
    Plain,
}

/// The folder of compiled code. It is held open, so that what happens to its path later does not matter.
pub(crate) struct CodeCache {
    dir: Dir,
    host_key: [u8; 32],
    fingerprint: [u8; 32],
}

impl CodeCache {
    /// Opens the folder, having made it if it was not there.
    pub(crate) fn open(path: &Path, host_key: [u8; 32], engine: &Engine) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir, host_key, fingerprint: fingerprint(engine) })
    }

    /// The compiled component, if there is a good file of it.
    pub(crate) fn load(&self, engine: &Engine, digest: ComponentDigest, form: Form) -> Option<Component> {
        let name = self.name(digest, form);
        let sealed = match self.read(&name) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(component = %digest, file = name, %error, "compiled code cannot be read; compiling again");
                return None;
            }
        };
        let Ok(code) = self.key(&name).open(&sealed) else {
            tracing::warn!(component = %digest, file = name, "compiled code is damaged or foreign; compiling again");
            return None;
        };
        // SAFETY: these very bytes were written by `save` from the output of `Component::serialize`: the seal says
        // so, which nobody can make without the host's secret. The seal also binds the file's name, and so wasmtime's
        // version, the settings and the processor; wasmtime checks these once more.
        let loaded = unsafe { Component::deserialize(engine, code) };
        loaded
            .inspect_err(|error| {
                tracing::warn!(component = %digest, file = name, %error, "compiled code does not fit; compiling again");
            })
            .ok()
    }

    /// Keeps a compiled component. Failing to only costs time later, so that failure is logged and no more.
    pub(crate) fn save(&self, component: &Component, digest: ComponentDigest, form: Form) {
        let name = self.name(digest, form);
        let saved = component.serialize().map_err(io::Error::other).and_then(|mut code| {
            self.key(&name).seal(&mut code);
            self.write(&name, &code)
        });
        if let Err(error) = saved {
            tracing::warn!(component = %digest, file = name, %error, "compiled code cannot be kept");
        }
    }

    /// Removes the files of a component. Failing to only costs space, so that failure is logged and no more.
    pub(crate) fn remove(&self, digest: ComponentDigest) {
        for form in [Form::Instrumented, Form::Plain] {
            let name = self.name(digest, form);
            match self.dir.remove_file(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(component = %digest, file = name, %error, "compiled code cannot be removed");
                }
                _ => {}
            }
        }
    }

    fn key(&self, name: &str) -> SealKey {
        SealKey::of_host(&self.host_key, &format!("compiled code {name}"))
    }

    fn name(&self, digest: ComponentDigest, form: Form) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("reentry 2026-11 compiled code name");
        hasher.update(digest.as_bytes());
        hasher.update(&self.fingerprint);
        hasher.update(&INSTRUMENTER_VERSION.to_le_bytes());
        hasher.update(&[form as u8]);
        format!("{}.cwasm", hasher.finalize().to_hex())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let file = self.dir.open(name)?;
        let found = file.metadata()?.len();
        if found > FILE_BYTES_MAX {
            return Err(io::Error::other(format!("it has {found} bytes, at most {FILE_BYTES_MAX} are read")));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes beside and renames, so that no reader sees half a file. Not synced: the seal tells a torn file from a
    /// whole one.
    #[allow(
        clippy::disallowed_methods,
        reason = "the name of a file that is gone in a moment: nothing depends on it"
    )]
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut random = [0u8; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let temporary = format!(".{name}.{:016x}", u64::from_le_bytes(random));
        let mut file = self.dir.open_with(&temporary, OpenOptions::new().write(true).create_new(true))?;
        let written = file.write_all(bytes).and_then(|()| self.dir.rename(&temporary, &self.dir, name));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = self.dir.remove_file(&temporary);
        }
        written
    }
}
