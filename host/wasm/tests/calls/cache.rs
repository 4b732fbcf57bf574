//! Compiled code on disk: used when it is good, and never when it is not.

use std::fs;
use std::path::{Path, PathBuf};

use reentry_wasm::{Grants, LoadError, Runtime};

use crate::{completed, config, guest, prepare, resume, start};

const GUEST: &str = "(global $g (mut i32) (i32.const 0))
  (func $start (result i32) (global.set $g (i32.const 9)) (i32.const 1)) (func $resume (result i32) (global.get $g))";

fn with_cache(dir: &Path) -> Runtime {
    let mut config = config();
    config.cache_dir = Some(dir.to_owned());
    Runtime::new(config).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_replaced_and_not_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let component = guest::component(GUEST);
    let prepared = prepare(&with_cache(dir.path()), &component).await.unwrap();
    let image = start(&prepared.component).await.unwrap().image.unwrap();
    let [file] = &files(dir.path())[..] else { panic!() };
    let good = fs::read(file).unwrap();

    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut foreign = good[..good.len() - 32].to_vec();
    reentry_core::snapshot::SealKey::of_host(&[8; 32], "compiled code").seal(&mut foreign);
    for bad in [flipped, foreign, good[..good.len() / 2].to_vec(), Vec::new()] {
        fs::write(file, &bad).unwrap();
        let opened = with_cache(dir.path()).open(&component, &prepared.record, Grants::none()).await.unwrap();
        assert_eq!(completed(&resume(&opened, Some(&image)).await.unwrap()), 9);
        assert_ne!(fs::read(file).unwrap(), bad, "the file was replaced");
    }
    assert_eq!(files(dir.path()).len(), 1, "no temporary files are left");
}

#[tokio::test]
async fn a_good_file_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let component = guest::component(GUEST);
    let prepared = prepare(&with_cache(dir.path()), &component).await.unwrap();
    let [file] = &files(dir.path())[..] else { panic!() };
    let written = fs::metadata(file).unwrap().modified().unwrap();
    let opened = with_cache(dir.path()).open(&component, &prepared.record, Grants::none()).await.unwrap();
    assert_eq!(opened.digest(), prepared.component.digest());
    assert_eq!(fs::metadata(file).unwrap().modified().unwrap(), written);
}

#[tokio::test]
async fn a_record_of_another_component_or_host_is_refused() {
    let component = guest::component(GUEST);
    let other =
        guest::component("(func $start (result i32) i32.const 1) (func $resume (result i32) i32.const 1)");
    let runtime = crate::runtime();
    let prepared = prepare(&runtime, &component).await.unwrap();
    let refused = async |runtime: &Runtime, bytes: &[u8], record: &[u8]| {
        let error = runtime.open(bytes, record, Grants::none()).await.unwrap_err();
        assert!(matches!(error, LoadError::Record { .. }), "{error}");
    };
    refused(&runtime, &other, &prepared.record).await;
    let mut damaged = prepared.record.clone();
    damaged[20] ^= 1;
    refused(&runtime, &component, &damaged).await;
    refused(&runtime, &component, &[]).await;
    let mut stranger = config();
    stranger.host_key = [8; 32];
    refused(&Runtime::new(stranger).unwrap(), &component, &prepared.record).await;
}
