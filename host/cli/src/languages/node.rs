//! Node, on which tools from npm run.

use super::tool::{Kind, Tool, Version};

/// Node of this version or a newer one.
pub(super) const fn node(wanted: Version) -> Tool {
    Tool {
        name: "node",
        kind: Kind::Program { names: &["node"], version: &["--version"] },
        wanted: Some(wanted),
        install: "sudo apt-get install nodejs npm",
    }
}
