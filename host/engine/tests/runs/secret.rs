//! The secret that seals what a store keeps: an embedder who brings a store brings its secret.

use std::sync::Arc;

use reentry::core::error::ErrorKind;
use reentry::store::memory::MemoryStore;
use reentry::wasm::{Runtime, RuntimeConfig};
use reentry::{Error, Guests, HostBuilder, ResumeOptions};
use serde_json::json;

use crate::guest::{asks_twice, host, input};

async fn refusal(builder: HostBuilder) -> Error {
    let error = builder.build().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    error
}

#[tokio::test]
async fn a_store_of_ones_own_is_opened_with_the_secret_that_sealed_it_alone() {
    let store = Arc::new(MemoryStore::new());
    let own = || host().store(store.clone());
    insta::assert_snapshot!(refusal(own()).await, @"a host with a store of its own needs a secret, without which nothing that it keeps could be used after a restart: call `secret` of the builder with 32 random bytes that outlive the process, or `data_dir`, which keeps one");
    let first = own().secret([1; 32]).build().await.unwrap().default_tenant();
    let run = asks_twice(&first).await.new_run().start(input(json!(1))).await.unwrap().run.id();
    drop(first);

    insta::assert_snapshot!(refusal(own().secret([2; 32])).await, @"this is not the secret with which the store was sealed, and nothing that it keeps could be used with it: give the host the secret that was used first");
    insta::assert_snapshot!(refusal(own()).await, @"a host with a store of its own needs a secret, without which nothing that it keeps could be used after a restart: call `secret` of the builder with 32 random bytes that outlive the process, or `data_dir`, which keeps one");
    // What was sealed before the restart is used after it.
    let second = own().secret([1; 32]).build().await.unwrap().default_tenant();
    second.run(run).await.unwrap().resume(ResumeOptions::data(json!(2))).await.unwrap();
}

#[tokio::test]
async fn what_outlives_no_host_needs_no_secret() {
    host().build().await.unwrap();
}

#[tokio::test]
async fn a_secret_is_used_in_the_place_of_the_one_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let own = || host().data_dir(folder.path());
    drop(own().secret([1; 32]).build().await.unwrap());
    assert!(!folder.path().join("host.key").exists());
    assert_eq!(refusal(own().secret([2; 32])).await.code(), "other-secret");
    assert_eq!(own().build().await.unwrap_err().kind(), ErrorKind::Damaged);
    drop(own().secret([1; 32]).build().await.unwrap());
}

#[tokio::test]
async fn guests_of_another_secret_are_refused() {
    let guests: Arc<dyn Guests> = Arc::new(Runtime::new(RuntimeConfig::new([2; 32])).unwrap());
    let own = |secret| {
        let guests = Arc::clone(&guests);
        host().secret(secret).guests(move |_| Ok(guests))
    };
    assert_eq!(refusal(own([1; 32])).await.code(), "other-secret");
    own([2; 32]).build().await.unwrap();
}
