//! One line on the terminal that says what takes so long, rewritten as things go on and gone when they are done.

use std::io::{self, IsTerminal as _, Write as _};

use reentry::wasm::Phase;

/// The line. On anything but a terminal it is not there.
pub(crate) struct Progress {
    name: String,
    shown: bool,
}

impl Progress {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: crate::ui::harmless(name), shown: io::stderr().is_terminal() }
    }

    /// Says what is being done now.
    pub(crate) fn phase(&self, phase: Phase) {
        let doing = match phase {
            Phase::Instrumenting => "instrumenting",
            Phase::Compiling => "compiling",
            Phase::Imaging => "taking the image of",
            Phase::Describing => "describing",
            _ => "preparing",
        };
        self.write(&format!("{doing} {} …", self.name));
    }

    fn write(&self, text: &str) {
        if self.shown {
            let mut err = io::stderr().lock();
            // To the first column, clear the line. Nobody looking is no error.
            let _ = write!(err, "\r\x1b[2K{text}");
            let _ = err.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.write("");
    }
}
