//! The data folder and the key in it: whose they are, and what happens when the key is lost.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use reentry::core::error::ErrorKind;
use reentry::{Error, Host};

use crate::guest::host;
use crate::old_folder::PACKED;

async fn open(folder: &Path) -> Result<Host, Error> {
    host().data_dir(folder).build().await
}

/// Why a folder is not opened, with its name left out.
async fn refusal(folder: &Path) -> String {
    let error = open(folder).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    error.to_string().replace(&folder.display().to_string(), "DIR")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_lost_or_another_key_is_told_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("host.key");
    drop(open(folder.path()).await.unwrap());
    let kept = fs::read(&key).unwrap();
    drop(open(folder.path()).await.unwrap());

    fs::remove_file(&key).unwrap();
    insta::assert_snapshot!(refusal(folder.path()).await, @"stored host key DIR/host.key is damaged: it is lost, and what is stored beside it can be used with that key alone; restore the file from a backup");
    assert!(!key.exists(), "none was made");
    fs::write(&key, [7; 32]).unwrap();
    set_mode(&key, 0o600);
    insta::assert_snapshot!(refusal(folder.path()).await, @"stored host key DIR/host.key is damaged: it is not the key with which the store was sealed; restore that file from a backup");
    fs::write(&key, &kept[..31]).unwrap();
    insta::assert_snapshot!(
        refusal(folder.path()).await,
        @"stored host key DIR/host.key is damaged: it has 31 bytes, expected 32; restore the file from a backup"
    );
    fs::write(&key, kept).unwrap();
    drop(open(folder.path()).await.unwrap());
}

#[tokio::test]
async fn no_key_is_made_beside_components_that_an_earlier_version_kept() {
    // It kept no fingerprint.
    let folder = tempfile::tempdir().unwrap();
    let done =
        std::process::Command::new("tar").args(["xzf", PACKED, "-C"]).arg(folder.path()).status().unwrap();
    assert!(done.success());
    fs::remove_file(folder.path().join("host.key")).unwrap();
    assert!(refusal(folder.path()).await.contains("it is lost"));
}

#[tokio::test]
async fn what_others_may_have_put_there_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, key) = (folder.path(), folder.path().join("host.key"));
    set_mode(dir, 0o777);
    insta::assert_snapshot!(refusal(dir).await, @"DIR cannot be trusted: other users may write to it (mode 777); make sure that all in it is yours, then `chmod 700 DIR`");
    // What others may only read is closed to them.
    set_mode(dir, 0o755);
    drop(open(dir).await.unwrap());
    assert_eq!((mode(dir), mode(&dir.join("cache")), mode(&key)), (0o700, 0o700, 0o600));

    set_mode(&dir.join("cache"), 0o770);
    assert!(refusal(dir).await.starts_with("DIR/cache cannot be trusted"));
    set_mode(&dir.join("cache"), 0o700);
    set_mode(&key, 0o640);
    insta::assert_snapshot!(refusal(dir).await, @"DIR/host.key cannot be trusted: other users may use it (mode 640); if no one else has read or written it, `chmod 600 DIR/host.key`");
    set_mode(&key, 0o600);
    fs::rename(&key, dir.join("elsewhere")).unwrap();
    symlink("elsewhere", &key).unwrap();
    insta::assert_snapshot!(
        refusal(dir).await,
        @"DIR/host.key cannot be trusted: it is no regular file; put the key itself there, a regular file of 32 bytes"
    );
    fs::remove_file(&key).unwrap();
    fs::rename(dir.join("elsewhere"), &key).unwrap();
    drop(open(dir).await.unwrap());
}
