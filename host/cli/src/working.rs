//! What is said while something takes long: on a terminal one line that is written anew each second and gone at the
//! end; elsewhere one line that stays. What takes less than two seconds says nothing.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::ui::harmless;

/// How long something may take without a word.
const QUIET: Duration = Duration::from_secs(2);

/// Time between two writings of the line.
const EVERY: Duration = Duration::from_secs(1);

/// Something that is being done, until this is dropped.
pub(crate) struct Working {
    shared: Arc<Shared>,
    teller: Option<JoinHandle<()>>,
}

struct Shared {
    what: String,
    on_terminal: bool,
    begun: Instant,
    done: Mutex<bool>,
    ended: Condvar,
}

impl Working {
    /// Begins; `what` says it: `componentize-py builds buy`.
    #[allow(clippy::disallowed_methods, reason = "how long a tool takes, for people to see")]
    pub(crate) fn begin(what: &str) -> Self {
        let shared = Arc::new(Shared {
            what: harmless(what),
            on_terminal: io::stderr().is_terminal(),
            begun: Instant::now(),
            done: Mutex::new(false),
            ended: Condvar::new(),
        });
        let told = Arc::clone(&shared);
        // Without a thread the work goes on all the same.
        let teller = std::thread::Builder::new().name("working".to_owned()).spawn(move || told.tell()).ok();
        Self { shared, teller }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        *self.shared.lock() = true;
        self.shared.ended.notify_all();
        if let Some(teller) = self.teller.take() {
            // It has nothing to say about its end.
            let _ = teller.join();
        }
    }
}

impl Shared {
    fn tell(&self) {
        let mut done = self.lock();
        let mut wait = QUIET;
        let mut told = false;
        loop {
            let (again, waited) = self
                .ended
                .wait_timeout_while(done, wait, |done| !*done)
                .unwrap_or_else(PoisonError::into_inner);
            done = again;
            if !waited.timed_out() {
                break;
            }
            let mut err = io::stderr().lock();
            // No reader is no error.
            let _ = match self.on_terminal {
                true => write!(err, "\r\x1b[2K{} … {} s", self.what, self.begun.elapsed().as_secs()),
                false if told => Ok(()),
                false => writeln!(err, "{} …", self.what),
            };
            let _ = err.flush();
            (told, wait) = (true, EVERY);
        }
        if told && self.on_terminal {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
