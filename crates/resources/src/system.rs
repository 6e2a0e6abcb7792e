//! How much memory this process can have.

use std::fs;
use std::path::Path;

/// Assumed where the system does not say.
const UNKNOWN: u64 = 4 << 30;

/// The limit of this process's control group or the memory of the machine, whichever is smaller, in
/// bytes.
pub(super) fn memory() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = group_limit(Path::new("/sys/fs/cgroup"), &groups);
    limit.into_iter().chain(machine()).min().unwrap_or(UNKNOWN)
}

/// The memory of the machine.
#[cfg(target_os = "linux")]
fn machine() -> Option<u64> {
    let info = rustix::system::sysinfo();
    Some(info.totalram.saturating_mul(info.mem_unit.into()))
}

#[cfg(not(target_os = "linux"))]
fn machine() -> Option<u64> {
    None
}

/// The smallest limit among the control groups that a process is in, as `/proc/self/cgroup` lists
/// them, and those above them. Within a container the paths may be those outside of it; its own limit
/// is then at the root.
fn group_limit(root: &Path, groups: &str) -> Option<u64> {
    let limits = groups.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next(), fields.next());
        let (root, file) = match controllers {
            // Version 2 has one hierarchy; version 1 has one for memory.
            Some("") => (root.to_owned(), "memory.max"),
            Some(list) if list.split(',').any(|it| it == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => return Vec::new(),
        };
        let path = path.unwrap_or_default().trim_start_matches('/');
        let folders = Path::new(path).ancestors().map(|path| root.join(path));
        // Not a number where there is no limit.
        let limit = |folder: std::path::PathBuf| {
            let text = fs::read_to_string(folder.join(file)).ok()?;
            text.trim().parse().ok()
        };
        folders.filter_map(limit).collect()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_of_a_group_and_those_above_it_counts() {
        let root = std::env::temp_dir().join(format!("canopy-resources-{}", std::process::id()));
        let write = |path: &str, limit: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, limit).unwrap();
        };
        write("a/memory.max", "2000\n");
        write("a/b/memory.max", "max\n");
        write("a/c/memory.max", "1000\n");
        write("memory.max", "5000\n");
        write("memory/d/memory.limit_in_bytes", "700\n");
        for (groups, limit) in [
            ("0::/a/b\n", Some(2000)),
            ("0::/a/c\n", Some(1000)),
            ("0::/outside/of/the/container\n", Some(5000)),
            ("3:cpu,memory:/d\n1:name=systemd:/a\n", Some(700)),
            ("1:name=systemd:/a\n", None),
            ("", None),
        ] {
            assert_eq!(group_limit(&root, groups), limit, "{groups}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
