//! What components import: what they need a grant for.

use reentry_wasm::{Grants, LoadError};

use crate::{runtime, streams};

#[tokio::test]
async fn imports_without_a_grant_are_refused_by_name() {
    let component = streams::component("", "");
    let error = runtime().prepare(&component, Grants::none(), &|_| {}).await.unwrap_err();
    let LoadError::Imports { refused } = &error else { panic!("{error}") };
    let names: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert!(names.contains(&"`wasi:cli/stdout@0.2.0` (needs the grant `wasi`)".to_owned()), "{names:?}");
}
