//! The verbs of workflows, and what a workflow says of itself: written once for all that builds definitions.

/// The verbs, for a builder that has a method `entry`.
#[doc(hidden)]
#[macro_export]
macro_rules! verbs {
    ($name:ident) => {
        impl $name {
            /// Then this step.
            pub fn then(self, step: impl Into<$crate::workflow::StepEntry>) -> Self {
                self.entry(step.into())
            }

            /// Then this workflow, as a step.
            pub fn workflow(self, inner: impl Into<$crate::workflow::Definition>) -> Self {
                self.entry(inner.into())
            }

            /// Then all of these at once: an array or vector of blocks, or a `ParallelEntry`.
            pub fn parallel(self, arms: impl Into<$crate::workflow::ParallelEntry>) -> Self {
                self.entry(arms.into())
            }

            /// Then the arms whose conditions hold.
            pub fn branch(self, branch: $crate::workflow::BranchEntry) -> Self {
                self.entry(branch)
            }

            /// Then this for each item of an array: what is done, or a `ForEachEntry`.
            pub fn foreach(self, body: impl Into<$crate::workflow::ForEachEntry>) -> Self {
                self.entry(body.into())
            }

            /// Then this again and again while the condition holds, at least once.
            pub fn do_while(
                self,
                body: impl Into<$crate::workflow::Block>,
                condition: impl Into<$crate::workflow::Condition>,
            ) -> Self {
                self.entry($crate::workflow::DoWhileEntry::new(body, condition))
            }

            /// Then this again and again until the condition holds, at least once.
            pub fn do_until(
                self,
                body: impl Into<$crate::workflow::Block>,
                condition: impl Into<$crate::workflow::Condition>,
            ) -> Self {
                self.entry($crate::workflow::DoUntilEntry::new(body, condition))
            }

            /// Then data in another shape: an expression, an array of keys with expressions, or a `MapEntry`.
            pub fn map(self, to: impl Into<$crate::workflow::MapEntry>) -> Self {
                self.entry(to.into())
            }

            /// Then a wait: a `Duration`, a text as `30d`, or a `SleepEntry`.
            pub fn sleep(self, length: impl Into<$crate::workflow::SleepEntry>) -> Self {
                self.entry(length.into())
            }

            /// Then a wait for an instant: a timestamp, a text as `2100-01-01T00:00:00Z`, or a
            /// `SleepUntilEntry`.
            pub fn sleep_until(self, instant: impl Into<$crate::workflow::SleepUntilEntry>) -> Self {
                self.entry(instant.into())
            }

            /// Then a question, which needs no component: an `AskEntry`.
            pub fn ask(self, question: $crate::workflow::AskEntry) -> Self {
                self.entry(question)
            }

            /// Then a wait for an event, which needs no component: its name, or an `EventEntry`.
            pub fn event(self, event: impl Into<$crate::workflow::EventEntry>) -> Self {
                self.entry(event.into())
            }

            /// Then this, with what is done when it fails.
            pub fn try_catch(
                self,
                body: impl Into<$crate::workflow::Block>,
                catch: impl Into<$crate::workflow::Block>,
            ) -> Self {
                self.entry($crate::workflow::TryEntry::new(body, catch))
            }
        }
    };
}

/// What a workflow says of itself, for a builder whose method `with` changes the definition.
#[doc(hidden)]
#[macro_export]
macro_rules! workflow_settings {
    ($name:ident) => {
        impl $name {
            /// A short name for people.
            pub fn title(self, title: impl Into<String>) -> Self {
                self.with(|definition| definition.title = Some(title.into()))
            }

            /// What it does, for people.
            pub fn description(self, description: impl Into<String>) -> Self {
                self.with(|definition| definition.description = Some(description.into()))
            }

            /// JSON Schema of the input.
            pub fn input_schema(self, schema: impl Into<$crate::json::Json>) -> Self {
                self.with(|definition| definition.input_schema = Some(schema.into()))
            }

            /// JSON Schema of the result.
            pub fn output_schema(self, schema: impl Into<$crate::json::Json>) -> Self {
                self.with(|definition| definition.output_schema = Some(schema.into()))
            }

            /// JSON Schema of the shared state.
            pub fn state_schema(self, schema: impl Into<$crate::json::Json>) -> Self {
                self.with(|definition| definition.state_schema = Some(schema.into()))
            }

            /// JSON Schema of the request context.
            pub fn request_context_schema(self, schema: impl Into<$crate::json::Json>) -> Self {
                self.with(|definition| definition.request_context_schema = Some(schema.into()))
            }

            /// How failures are retried where neither entry nor step says.
            pub fn retry(self, policy: $crate::retry::RetryPolicy) -> Self {
                self.with(|definition| definition.retry = Some(policy))
            }

            /// Longest time from the workflow's start to its end, waits counted, in milliseconds.
            pub fn timeout_ms(self, timeout_ms: u64) -> Self {
                self.with(|definition| definition.timeout_ms = Some(timeout_ms))
            }
        }
    };
}
