//! How much memory there is: that of the machine, or what the container may have of it.

use std::path::Path;

/// Bytes of memory that this process may use: the machine's, or what the control groups around the process allow if
/// that is less. Without swap.
pub(crate) fn machine_memory_bytes() -> u64 {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    of_groups(Path::new("/sys/fs/cgroup"), &groups).map_or_else(of_machine, |bytes| bytes.min(of_machine()))
}

fn of_machine() -> u64 {
    // SAFETY: no pointer goes in. It is a plain question, which can be asked at any time.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    // SAFETY: as above.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    // Negative when the system does not know: then nothing is taken to bound it.
    match (u64::try_from(pages), u64::try_from(page_bytes)) {
        (Ok(pages), Ok(page_bytes)) => pages.saturating_mul(page_bytes),
        _ => u64::MAX,
    }
}

/// The least that is allowed by any of the control groups that a process is in, and those around them. `groups` is what
/// the kernel says of the process: a line `number:controllers:path` for each hierarchy.
fn of_groups(root: &Path, groups: &str) -> Option<u64> {
    let mut least = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (hierarchy, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            "memory" => (root.join("memory"), "memory.limit_in_bytes"),
            _ => continue,
        };
        let group = hierarchy.join(path.trim_start_matches('/'));
        // A container may see its own group as the root: then those of the path are not there.
        for around in group.ancestors().take_while(|around| around.starts_with(&hierarchy)) {
            let text = std::fs::read_to_string(around.join(file)).unwrap_or_default();
            // `max`, where there is no limit, is no number.
            let bytes = text.trim().parse::<u64>().ok();
            least = least.into_iter().chain(bytes).min();
        }
    }
    least
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_all_groups_around_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let check = |groups: &str| of_groups(root.path(), groups);
        assert_eq!(check("0::/a/b\n"), None);
        write("a/memory.max", "2000\n");
        write("a/b/memory.max", "max\n");
        assert_eq!(check("0::/a/b\n"), Some(2_000));
        write("a/b/memory.max", "1000\n");
        assert_eq!((check("0::/a/b\n"), check("0::/a\n")), (Some(1_000), Some(2_000)));
        // The root of a container, and a path that it does not see.
        write("memory.max", "500\n");
        assert_eq!((check("0::/\n"), check("0::/elsewhere/b\n")), (Some(500), Some(500)));
        write("memory/c/memory.limit_in_bytes", "300\n");
        assert_eq!(check("4:memory:/c\n3:cpu,cpuacct:/c\n"), Some(300));
        assert_eq!((check(""), check("nonsense")), (None, None));
    }

    #[test]
    fn there_is_memory() {
        assert!(machine_memory_bytes() > 1 << 20);
    }
}
