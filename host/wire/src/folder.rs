//! Data folders and their copies.

use serde::Serialize;

/// A copy of a data folder.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupMade {
    /// The folder of the copy.
    pub folder: String,
    /// Whether the host key is in it.
    pub with_key: bool,
}

/// A data folder that was made of a copy.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderRestored {
    /// The data folder.
    pub data_dir: String,
}
