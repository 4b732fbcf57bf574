//! What a step prints: whole lines of the run's log, in place of a standard output that it has not.

use std::cell::RefCell;
use std::fmt::Arguments;

use crate::Level;
use crate::host;

thread_local! {
    /// What was printed to either stream since its last end of a line.
    static OUT: RefCell<String> = const { RefCell::new(String::new()) };
    static ERR: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Prints to what stands for the standard output.
pub fn out(text: Arguments<'_>) {
    // Made a text first: what is printed may itself print.
    let text = text.to_string();
    OUT.with_borrow_mut(|line| print(line, Level::Info, &text));
}

/// Prints to what stands for the standard error.
pub fn err(text: Arguments<'_>) {
    let text = text.to_string();
    ERR.with_borrow_mut(|line| print(line, Level::Warn, &text));
}

fn print(line: &mut String, level: Level, text: &str) {
    let mut lines = text.split('\n');
    line.push_str(lines.next().unwrap_or_default());
    for next in lines {
        host::log(level, line, None);
        next.clone_into(line);
    }
}

/// Logs lines that have no end yet when it is dropped, as the call ends.
pub(crate) struct Lines;

impl Drop for Lines {
    fn drop(&mut self) {
        let end = |line: &mut String, level| {
            if !line.is_empty() {
                print(line, level, "\n");
            }
        };
        OUT.with_borrow_mut(|line| end(line, Level::Info));
        ERR.with_borrow_mut(|line| end(line, Level::Warn));
    }
}
