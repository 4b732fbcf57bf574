//! A waiting step moves from one version of a component to another, as the host has it move: out of one instance, into a fresh one.

use std::thread;

use futures_util::future::{join, select};
use reentry_step::__private::bindings::exports::reentry::step::guest::Guest;
use reentry_step::__private::bindings::exports::reentry::step::migration::Guest as Migration;
use reentry_step::__private::bindings::reentry::step::types::{
    Facts, Failure, Invocation, Outcome, Resolution, Resolved, Resumption, Suspension, WaitFor,
};
use reentry_step::{Component, Context, Progress, Result, Step};
use serde::{Deserialize, Serialize};

/// What the first version knows of a step that collects words.
#[derive(Serialize, Deserialize)]
struct Words {
    words: Vec<String>,
}

/// The same in the second version, which also counts. Reads what the first one saved.
#[derive(Serialize, Deserialize)]
struct Counted {
    words: Vec<String>,
    #[serde(default)]
    asked: Option<usize>,
}

struct Old;

impl Component for Old {
    fn steps() -> Vec<Step> {
        vec![
            Step::migratable(
                "words",
                async |ctx: Context<String, String>, count: usize, progress: Progress<Words>| {
                    let mut words = Vec::new();
                    while words.len() < count {
                        progress.save(&Words { words: words.clone() })?;
                        words.push(ctx.suspend(format!("word {}", words.len())).await?);
                    }
                    Ok(words.join(" "))
                },
            ),
            Step::migratable("two", async |ctx: Context<String, u8>, _: (), progress: Progress<()>| {
                progress.save(&())?;
                let both = join(ctx.suspend("a".into()).label("a"), ctx.suspend("b".into()).label("b")).await;
                Ok((both.0?, both.1?))
            }),
            Step::migratable("late", async |ctx: Context<String, u8>, _: (), progress: Progress<()>| {
                progress.save(&())?;
                let (mut a, mut b) = (ctx.suspend("a".into()), ctx.suspend("b".into()));
                let first = select(&mut a, &mut b).await.factor_first().0?;
                progress.save(&())?;
                ctx.suspend("c".into()).await?;
                Ok(first + b.await?)
            }),
            Step::migratable("forgetful", async |ctx: Context<String, u8>, _: (), progress: Progress<()>| {
                progress.save(&())?;
                ctx.suspend("a".into()).await?;
                ctx.suspend("b".into()).await
            }),
            Step::migratable("ended", async |ctx: Context<String, u8>, _: (), progress: Progress<()>| {
                progress.save(&())?;
                ctx.suspend("a".into()).await
            }),
            Step::new("plain", async |ctx: Context<String, u8>, _: ()| ctx.suspend("a".into()).await),
            Step::migratable(
                "becomes-plain",
                async |ctx: Context<String, u8>, _: (), progress: Progress<()>| {
                    progress.save(&())?;
                    ctx.suspend("a".into()).await
                },
            ),
        ]
    }
}

struct New;

impl Component for New {
    fn steps() -> Vec<Step> {
        vec![
            Step::migratable(
                "words",
                async |ctx: Context<String, String>, count: usize, mut progress: Progress<Counted>| {
                    let moved = progress.take();
                    let mut asked = moved.as_ref().and_then(|moved| moved.asked).unwrap_or(100);
                    let mut words = moved.map(|moved| moved.words).unwrap_or_default();
                    while words.len() < count {
                        progress.save(&Counted { words: words.clone(), asked: Some(asked) })?;
                        words.push(ctx.suspend("and then?".to_owned()).await?);
                        asked += 1;
                    }
                    Ok(format!("{} ({asked})", words.join(" ")))
                },
            ),
            // Asks in another order, and would ask one more.
            Step::migratable("two", async |ctx: Context<String, u8>, _: (), _: Progress<()>| {
                let both = join(ctx.suspend("b".into()).label("b"), ctx.suspend("a".into()).label("a")).await;
                let third = ctx.suspend("c".into()).await?;
                Ok((both.0?, both.1?, third))
            }),
            Step::migratable("ended", async |_: Context<String, u8>, _: (), _: Progress<()>| Ok(1)),
            Step::new("becomes-plain", async |ctx: Context<String, u8>, _: ()| ctx.suspend("a".into()).await),
        ]
    }
}

/// Another version in which the wait is another one.
struct Other;

impl Component for Other {
    fn steps() -> Vec<Step> {
        vec![
            Step::migratable("two", async |ctx: Context<String, u8>, _: (), _: Progress<()>| {
                join(ctx.suspend("a".into()).label("a"), ctx.suspend("c".into()).label("c")).await.0
            }),
            Step::migratable("words", async |ctx: Context<String, u8>, _: usize, _: Progress<u8>| {
                ctx.suspend("a".into()).await
            }),
        ]
    }
}

/// Does something in an instance of its own: all that an instance has is its thread's.
fn instance<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(work).join().expect("no step panics here")
}

fn facts(step: &str) -> Facts {
    Facts {
        step: step.into(),
        run_id: "run".into(),
        workflow_id: "workflow".into(),
        path: step.into(),
        attempt: 0,
        resource_id: None,
        idempotency_key: "key".into(),
        now_ms: 0,
        entropy: vec![0; 32],
        trace: None,
    }
}

fn invocation(step: &str, input: &str) -> Invocation {
    Invocation { facts: facts(step), input: input.into() }
}

fn resume<C: Component>(step: &str, answers: &[(u32, &str)]) -> Result<Outcome, Failure> {
    let resolved = answers
        .iter()
        .map(|(wait, answer)| Resolved { wait: *wait, resolution: Resolution::Answered((*answer).into()) })
        .collect();
    <C as Guest>::resume(Resumption {
        facts: facts(step),
        resolved,
        input: String::new(),
        suspend_payload: None,
    })
}

/// Starts a step of the old version, gives answers, and exports.
fn exported(
    step: &'static str,
    input: &'static str,
    answers: &'static [(u32, &str)],
) -> Result<String, String> {
    instance(move || {
        <Old as Guest>::start(invocation(step, input)).expect("the step begins");
        for answer in answers {
            resume::<Old>(step, &[*answer]).expect("the step goes on");
        }
        <Old as Migration>::export_state().map_err(told)
    })
}

fn told(failure: Failure) -> String {
    format!("{}: {}", failure.code.unwrap_or_default(), failure.message)
}

fn shown(suspension: &Suspension) -> Vec<String> {
    let one = |wait: &reentry_step::__private::bindings::reentry::step::types::Wait| match &wait.what {
        WaitFor::Answer(answer) => format!("{} {}", wait.id, answer.payload),
        _ => format!("{} other", wait.id),
    };
    suspension.waits.iter().map(one).collect()
}

/// Takes a state up in a version, and says what it waits for, or why it does not.
fn imported<C: Component + 'static>(
    step: &'static str,
    input: &'static str,
    state: String,
) -> Result<Vec<String>, String> {
    instance(move || {
        <C as Migration>::import_state(invocation(step, input), state)
            .map(|waits| shown(&waits))
            .map_err(told)
    })
}

#[test]
fn a_step_goes_on_in_another_version_with_what_it_saved_in_the_old_one() {
    let state = exported("words", "3", &[(1, "\"to\"")]).expect("it saved its words");
    assert_eq!(
        state,
        r#"{"progress":{"words":["to"]},"waits":[{"id":2,"kind":"answer","names":[]}],"last":2}"#
    );
    let output = instance(move || {
        let waits =
            <New as Migration>::import_state(invocation("words", "3"), state).expect("it is taken up");
        assert_eq!(shown(&waits), [r#"2 "and then?""#]);
        let Ok(Outcome::Suspended(next)) = resume::<New>("words", &[(2, "\"be\"")]) else {
            panic!("it asks again")
        };
        assert_eq!(shown(&next), [r#"3 "and then?""#], "new waits have numbers that were never given");
        resume::<New>("words", &[(3, "\"or\"")])
    });
    assert_eq!(output, Ok(Outcome::Completed("\"to be or (102)\"".into())));
}

#[test]
fn a_step_that_has_just_moved_can_move_again_in_its_new_form() {
    let state = exported("words", "3", &[]).expect("it saved its words");
    let again = instance(move || {
        <New as Migration>::import_state(invocation("words", "3"), state).expect("it is taken up");
        <New as Migration>::export_state()
    });
    let expected =
        r#"{"progress":{"words":[],"asked":100},"waits":[{"id":1,"kind":"answer","names":[]}],"last":1}"#;
    assert_eq!(again, Ok(expected.to_owned()));
    // One that has not saved for itself on its way to the wait still has what it was given.
    let state = exported("two", "null", &[]).expect("it saved");
    let again = instance(move || {
        <New as Migration>::import_state(invocation("two", "null"), state).expect("it is taken up");
        <New as Migration>::export_state()
    });
    assert!(again.is_ok_and(|state| state.starts_with(r#"{"progress":null,"#)));
}

#[test]
fn waits_are_known_by_their_labels_in_whatever_order_they_begin() {
    let state = exported("two", "null", &[]).expect("it saved");
    assert_eq!(imported::<New>("two", "null", state), Ok(vec![r#"1 "a""#.to_owned(), r#"2 "b""#.to_owned()]));
}

#[test]
fn what_cannot_move_says_why() {
    let no_progress = "no-progress: the step has saved no progress since it went on last; one that shall move to other versions is \
        written with Step::migratable, and calls Progress::save before each wait";
    assert_eq!(exported("plain", "null", &[]), Err(no_progress.to_owned()));
    assert_eq!(exported("forgetful", "null", &[(1, "1")]), Err(no_progress.to_owned()));
    let state = |step, input| exported(step, input, &[]).expect("it saved");
    let cases = [
        (
            imported::<New>("ended", "null", state("ended", "null")),
            "other-waits: the step ended, where it waited in the other version",
        ),
        (
            imported::<New>("becomes-plain", "null", state("becomes-plain", "null")),
            "not-migratable: step becomes-plain takes up nothing from other versions: it is not written with Step::migratable",
        ),
        (
            imported::<Other>("two", "null", state("two", "null")),
            "other-waits: the step waited for answer a, answer b, and waits for answer a, answer c here",
        ),
        (
            imported::<Other>("words", "3", state("words", "3")),
            "bad-progress: the progress of the other version does not fit u8: an object is not u8",
        ),
        (
            imported::<New>("nobody", "null", state("two", "null")),
            "unknown-step: there is no step nobody in this component; it has words, two, ended, becomes-plain",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, Err(expected.to_owned()));
    }
}

#[test]
fn an_answer_that_the_code_has_not_taken_holds_the_step_back() {
    let found = instance(|| {
        <Old as Guest>::start(invocation("late", "null")).expect("the step begins");
        let both = resume::<Old>("late", &[(1, "1"), (2, "2")]);
        assert!(matches!(both, Ok(Outcome::Suspended(_))), "{both:?}");
        <Old as Migration>::export_state().map_err(told)
    });
    assert!(found.is_err_and(|told| told.starts_with("not-taken: ")));
}
