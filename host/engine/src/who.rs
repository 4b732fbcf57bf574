//! Who acts: what a request says of it, and what the host knows.

use std::sync::LazyLock;

use reentry_core::actor::{Actor, By, COMMENT_BYTES_MAX};
use reentry_core::run::Refused;

use crate::bounds::name_bounded;
use crate::error::Error;
use crate::options::{ActOptions, ResumeOptions, StartOptions};

/// The way in of those who do not name one.
const LIBRARY: &str = "library";

/// By whom something is asked for. The user of the operating system vouches for an actor, unless the caller knows
/// better.
///
/// # Errors
/// `Refused` for a text that is empty or too long.
pub(crate) fn by(
    actor: Option<Actor>,
    channel: Option<String>,
    comment: Option<String>,
) -> Result<By, Error> {
    let actor = actor.map(|actor| match actor.via.is_empty() {
        true => Actor { via: via(), ..actor },
        false => actor,
    });
    if let Some(actor) = &actor {
        name_bounded("the name of an actor", Some(&actor.name))?;
        name_bounded("what an actor is known by", Some(&actor.via))?;
    }
    let channel = channel.unwrap_or_else(|| LIBRARY.to_owned());
    name_bounded("the name of a channel", Some(&channel))?;
    let comment = comment.filter(|comment| !comment.is_empty());
    let bytes = comment.as_ref().map_or(0, String::len);
    if bytes > COMMENT_BYTES_MAX {
        return Err(Refused::TooLarge { what: "comment", bytes, at_most: COMMENT_BYTES_MAX }.into());
    }
    Ok(By { actor, channel: Some(channel), comment })
}

/// Who starts a run.
pub(crate) fn starter(options: &StartOptions) -> Result<By, Error> {
    by(options.actor.clone(), options.channel.clone(), options.comment.clone())
}

/// Who has something done to a run.
pub(crate) fn acting(options: ActOptions) -> Result<By, Error> {
    by(options.actor, options.channel, options.comment)
}

/// Who has something done to a run that gets an answer with it: the one who gives that, by default.
pub(crate) fn acting_with(options: ActOptions, answer: Option<&ResumeOptions>) -> Result<By, Error> {
    let ActOptions { actor, channel, comment } = options;
    let of = |answer: &ResumeOptions| (answer.actor.clone(), answer.channel.clone());
    let (answerer, its) = answer.map(of).unwrap_or_default();
    by(actor.or(answerer), channel.or(its), comment)
}

/// Who answers.
pub(crate) fn answerer(options: &ResumeOptions) -> Result<By, Error> {
    by(options.actor.clone(), options.channel.clone(), options.comment.clone())
}

/// The user of the operating system on whose behalf this process runs, as an actor: for programs that one person
/// runs, such as commands. A service knows better who acts.
pub fn os_actor() -> Actor {
    Actor { name: os_user().to_owned(), asserted: false, via: via() }
}

fn via() -> String {
    format!("os-user:{}", os_user())
}

/// The user of the operating system on whose behalf this process runs: the name, or the number where none is known.
/// What the environment says of it is not looked at, as anyone can set that.
fn os_user() -> &'static str {
    // Looked for once, and not before somebody acts.
    static OS_USER: LazyLock<String> = LazyLock::new(found_os_user);
    &OS_USER
}

fn found_os_user() -> String {
    #[cfg(unix)]
    let uid = {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata("/proc/self").ok().map(|process| process.uid().to_string())
    };
    #[cfg(not(unix))]
    let uid: Option<String> = None;
    let Some(uid) = uid else { return "unknown".to_owned() };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(&uid, &users).unwrap_or(uid)
}

/// The name of a user, by a list in the form of `/etc/passwd`.
fn named(uid: &str, users: &str) -> Option<String> {
    let user = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    user.into_iter().find_map(|user| match user.as_slice() {
        [name, _, id, ..] if *id == uid && !name.is_empty() => Some((*name).to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_name_or_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n:x:7:7\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";
        let name = |uid| named(uid, users);
        assert_eq!((name("0").as_deref(), name("1000").as_deref()), (Some("root"), Some("ann")));
        assert_eq!((name("7"), name("1001"), name("")), (None, None, None));
        assert!(!os_user().is_empty());
    }
}
