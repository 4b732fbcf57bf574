//! Backups that are taken while hosts work, and data folders made of them.

use std::fs;
use std::path::Path;

use reentry::core::error::ErrorKind;
use reentry::core::run::RunStatus;
use reentry::{Error, Host, LogFilter, OutputOptions, ResumeOptions, restore};
use serde_json::json;

use crate::guest::{asks_twice, host, input, line, says};

async fn open(folder: &Path) -> Host {
    host().data_dir(folder).build().await.unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn told(error: &Error, folder: &Path) -> String {
    error.to_string().replace(&folder.display().to_string(), "DIR")
}

#[tokio::test]
async fn a_backup_is_the_store_as_it_was_while_its_host_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let [data, copy, other] = ["data", "copy", "other"].map(|name| root.path().join(name));
    let first = open(&data).await;
    let run = asks_twice(&first.default_tenant()).await.new_run().start(input(json!(1))).await.unwrap().run;
    run.resume(ResumeOptions::data(json!("a")).by("ann")).await.unwrap();
    first.backup(&copy, false).await.unwrap();
    assert_eq!(names(&copy), ["reentry.db"]);
    run.resume(ResumeOptions::data(json!("b"))).await.unwrap();
    let error = first.backup(&copy, false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    insta::assert_snapshot!(
        told(&error, root.path()),
        @"DIR/copy is not empty: a backup, and a data folder restored from one, need an empty folder"
    );

    // Without its key nothing of it could be used.
    let error = restore(&copy, &other).await.unwrap_err();
    assert_eq!((error.kind(), names(&other)), (ErrorKind::Damaged, vec!["reentry.db-owners".to_owned()]));
    fs::copy(data.join("host.key"), other.join("host.key")).unwrap();
    restore(&copy, &other).await.unwrap();
    let second = open(&other).await.default_tenant();
    let then = second.run(run.id()).await.unwrap();
    insta::assert_snapshot!(
        line(&then.result(OutputOptions::default()).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
    let history = then.history().await.unwrap();
    let first = &history[0].record.past;
    assert_eq!((first.answer().unwrap().text(), first.by.name()), ("\"a\"", Some("ann")));
    assert_eq!(then.resume(ResumeOptions::data(json!("c"))).await.unwrap().result.unwrap().text(), "\"c\"");
    assert_eq!(run.status().await.unwrap(), RunStatus::Success, "the one that was copied goes its own way");
}

#[tokio::test]
async fn a_backup_with_the_key_is_all_there_is_to_it() {
    let root = tempfile::tempdir().unwrap();
    let [data, copy, other] = ["data", "copy", "other"].map(|name| root.path().join(name));
    let first = open(&data).await;
    let of_first = first.default_tenant();
    let workflow = of_first.workflow("says").then(says(&of_first, "says", "", 1, "said").await.step("ask"));
    let run = workflow.commit().await.unwrap().new_run().start(input(json!(1))).await.unwrap().run;
    first.backup(&copy, true).await.unwrap();
    restore(&copy, &other).await.unwrap();
    let second = open(&other).await.default_tenant().run(run.id()).await.unwrap();
    second.resume(ResumeOptions::data(json!("a"))).await.unwrap();
    let lines = second.logs(&LogFilter::default()).await.unwrap().lines;
    assert_eq!(lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), ["said", "goes on"]);

    let error = restore(&copy, &data).await.unwrap_err();
    insta::assert_snapshot!(
        told(&error, root.path()),
        @"DIR/data is not empty: a backup, and a data folder restored from one, need an empty folder"
    );
    let error = restore(&data.join("cache"), &root.path().join("new")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    insta::assert_snapshot!(
        told(&error, root.path()),
        @"there is no backup in DIR/data/cache: it would have a file `reentry.db`"
    );
    // One of another host.
    let third = root.path().join("third");
    drop(open(&third).await);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(third.join(format!("reentry.db{suffix}")));
    }
    let error = restore(&copy, &third).await.unwrap_err();
    assert!(error.to_string().contains("it is not the key with which the store was sealed"), "{error}");
    assert!(!third.join("reentry.db").exists());
}
