//! The one function of all steps.

use std::time::Duration;

use reentry_step::{Context, Error, Level, Result, SuspendOptions};
use serde_json::{Value, json};

use crate::action::{Action, Script, Simple};
use crate::like::{Any, Like};

/// What the function knows in memory, and texts in actions may name.
struct Memory {
    input: Value,
    /// The latest payload, `$suspendData`.
    shown: Value,
    /// The latest answer, `$resumeData`.
    answer: Value,
    /// Actions done by this very function, `$done`.
    done: u32,
}

/// Does the actions one after the other. A step without actions returns its input.
pub async fn perform<Input, Form, Answer>(
    ctx: Context<Like<Form>, Like<Answer>>,
    input: Like<Input>,
) -> Result<Like<Any>> {
    let facts = ctx.facts();
    let script: Script = ctx.request_context()?;
    let Some(actions) = script.actions(&facts.path, &facts.step) else { return Ok(Like::new(input.0)) };
    let mut memory = Memory { input: input.0, shown: Value::Null, answer: Value::Null, done: 0 };
    for action in actions {
        match action {
            Action::Suspend(wait) => {
                memory.shown = memory.value(&ctx, &wait.suspend)?;
                let deadline = wait.within_ms.map(|ms| ctx.now() + Duration::from_millis(ms));
                let options =
                    SuspendOptions { labels: wait.labels, deadline, default_answer: wait.otherwise };
                memory.answer = ctx.suspend_with(Like::new(memory.shown.clone()), options).await?.0;
            }
            Action::Fail(fail) if fail.below.is_none_or(|below| ctx.attempt() < below) => {
                let message = format!("{}, attempt {}", fail.fail, ctx.attempt());
                let error = if fail.retryable { Error::retryable(message) } else { Error::new(fail.fail) };
                let error = fail.code.into_iter().fold(error, Error::code);
                return Err(fail.details.iter().fold(error, Error::details));
            }
            Action::Fail(_) => {}
            Action::Unless(unless) if memory.answer != unless.refuse_unless => {
                let details = json!({"wait": unless.wait});
                return Err(Error::new(unless.why).code("bad-answer").details(&details));
            }
            Action::Unless(_) => {}
            Action::Simple(Simple::SetState(keys)) => {
                for (key, value) in keys {
                    ctx.set_state(&key, &memory.value(&ctx, &value)?)?;
                }
            }
            Action::Simple(Simple::SetContext(keys)) => {
                for (key, value) in keys {
                    ctx.set_request_context(&key, &memory.value(&ctx, &value)?)?;
                }
            }
            Action::Simple(Simple::Log(value)) => {
                let line = memory.value(&ctx, &value)?;
                let text = line.as_str().map_or_else(|| line.to_string(), str::to_owned);
                ctx.log(Level::Info, &text, &json!({}))?;
            }
            Action::Simple(Simple::Sleep(ms)) => ctx.sleep(Duration::from_millis(ms)).await,
            Action::Simple(Simple::Bail(value)) => return ctx.bail(memory.value(&ctx, &value)?),
            Action::Simple(Simple::Return(value)) => return memory.value(&ctx, &value).map(Like::new),
        }
        memory.done += 1;
    }
    Ok(Like::new(memory.input))
}

impl Memory {
    /// A value with what its texts stand for put in.
    fn value<Form, Answer>(&self, ctx: &Context<Form, Answer>, of: &Value) -> Result<Value> {
        Ok(match of {
            Value::String(text) => match text.split_once(':').unwrap_or((text, "")) {
                ("$input", _) => self.input.clone(),
                ("$suspendData", _) => self.shown.clone(),
                ("$resumeData", _) => self.answer.clone(),
                ("$done", _) => self.done.into(),
                ("$attempt", _) => ctx.attempt().into(),
                ("$state", _) => ctx.state()?,
                ("$context", key) => ctx.request_context::<Value>()?[key].clone(),
                ("$result", path) => ctx.step_result(path)?.unwrap_or_default(),
                ("$resourceId", _) => ctx.facts().resource_id.into(),
                _ => of.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.value(ctx, item)).collect::<Result<_>>()?,
            Value::Object(keys) => {
                let put_in = |(key, value): (&String, &Value)| Ok((key.clone(), self.value(ctx, value)?));
                Value::Object(keys.iter().map(put_in).collect::<Result<_>>()?)
            }
            _ => of.clone(),
        })
    }
}
