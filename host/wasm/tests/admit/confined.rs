//! Bombs, each looked at by a process that has 64 MB of address space and a second of CPU to spare.
//!
//! The processes are this test itself, started again for one of its tests only.

use std::process::Command;

use reentry_wasm::{LoadError, admit};

use crate::bombs::BOMBS;

const SPARE_BYTES: u64 = 64 << 20;
const SPARE_CPU_SECONDS: u64 = 1;
/// What the line begins with in which a process says what it saw.
const SAID: &str = "SAID ";

#[test]
fn bombs_are_refused_by_a_process_that_has_little() {
    let folder = tempfile::tempdir().unwrap();
    for (name, expected, make) in BOMBS {
        let file = folder.path().join("bomb.wasm");
        std::fs::write(&file, make()).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["confined::looks_at_one", "--exact", "--ignored", "--nocapture"])
            .env("FILE", &file)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let said = text.lines().find_map(|line| line.split_once(SAID)).map(|(_, said)| said);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, Some(*expected), "{name}: {}\n{text}{errors}", output.status);
    }
}

#[test]
#[ignore = "is a process of the test above"]
fn looks_at_one() {
    let bytes = std::fs::read(std::env::var("FILE").expect("started by the test above")).unwrap();
    confine();
    // Otherwise this would show nothing.
    let more = usize::try_from(SPARE_BYTES).unwrap();
    assert!(Vec::<u8>::new().try_reserve_exact(more).is_err());
    let said = match admit(&bytes) {
        Ok(admission) => {
            assert!(admission.looked_at <= bytes.len() as u64);
            "admitted"
        }
        Err(LoadError::Exceeded(exceeded)) => {
            assert!(exceeded.offset <= bytes.len() as u64, "{exceeded}");
            exceeded.bound.row().name
        }
        Err(LoadError::Invalid(_)) => "invalid",
        Err(other) => panic!("{other}"),
    };
    println!("\n{SAID}{said}");
}

/// Lets the process have no more than it has now, and a little.
fn confine() {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")
        .unwrap()
        .split(' ')
        .next()
        .and_then(|pages| pages.parse().ok())
        .unwrap();
    // SAFETY: asks for a number.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    limit(libc::RLIMIT_AS, pages * page_bytes + SPARE_BYTES);
    let mut used = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `used` has room for what is written.
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_SELF, used.as_mut_ptr()) }, 0);
    // SAFETY: it was zeroed, which is a value, and filled in.
    let used = unsafe { used.assume_init() };
    let so_far = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) as u64;
    limit(libc::RLIMIT_CPU, so_far + SPARE_CPU_SECONDS);
}

fn limit(what: libc::__rlimit_resource_t, at_most: u64) {
    let limit = libc::rlimit { rlim_cur: at_most, rlim_max: at_most };
    // SAFETY: `limit` is there for the whole call.
    assert_eq!(unsafe { libc::setrlimit(what, &limit) }, 0);
}
