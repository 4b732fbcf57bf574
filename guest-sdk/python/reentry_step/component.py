"""The three functions that the host calls, for whichever steps `main` defines. Loads that, when the component is built."""

import importlib.util
import os
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import host
from wit_world.imports import types as wit

from . import environment, errors, guest, modules, waits
from .call import Facts
from .definition import Definition, definitions
from .errors import StepError, traced
from .json_text import read, write


class Guest(exports.Guest):
    """What the component exports."""

    def describe(self) -> list[wit.Descriptor]:
        return [_descriptor(definition) for definition in definitions.values()]

    def start(self, invocation: wit.Invocation) -> wit.Outcome:
        facts = _enter(invocation.facts)
        return _outcome(guest.start(facts, _HOST, invocation.input))

    def resume(self, resumption: wit.Resumption) -> wit.Outcome:
        facts = _enter(resumption.facts)
        resolved = [(one.wait, _resolution(one.resolution)) for one in resumption.resolved]
        return _outcome(guest.resume(facts, _HOST, resolved))


class _Host:
    """The host of the component."""

    def log(self, level: str, message: str, fields: str | None) -> None:
        host.log(host.Level[level.upper()], _whole(message), fields)

    def set_state(self, key: str, value: str) -> None:
        _unless_refused(host.set_state, key, value)

    def set_request_context(self, key: str, value: str) -> None:
        _unless_refused(host.set_request_context, key, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(host, name)


_HOST = _Host()


def _whole(text: str) -> str:
    """A text whose half characters are written out, as they cannot cross."""
    return text.encode(errors="backslashreplace").decode()


def _unless_refused(put: Any, key: str, value: str) -> None:
    try:
        put(_whole(key), value)
    except Err as refused:
        raise _error(refused.value) from None


def _enter(facts: wit.Facts) -> Facts:
    environment.reseed(facts.entropy)
    trace = facts.trace
    return Facts(
        step=facts.step,
        run_id=facts.run_id,
        workflow_id=facts.workflow_id,
        path=facts.path,
        attempt=facts.attempt,
        resource_id=facts.resource_id,
        idempotency_key=facts.idempotency_key,
        now_ms=facts.now_ms,
        trace_id=trace.trace_id if trace else None,
        span_id=trace.span_id if trace else None,
    )


def _descriptor(definition: Definition) -> wit.Descriptor:
    retry, schemas = definition.retry, definition.schemas
    return wit.Descriptor(
        id=definition.id,
        title=definition.title,
        description=definition.description,
        input_schema=schemas.get("input"),
        output_schema=schemas.get("output"),
        suspend_schema=schemas.get("suspend"),
        resume_schema=schemas.get("resume"),
        state_schema=schemas.get("state"),
        request_context_schema=schemas.get("request_context"),
        retry=retry
        and wit.RetryPolicy(retry.retries, retry.delay_ms, retry.backoff, retry.max_delay_ms, retry.jitter),
        timeout_ms=definition.timeout_ms,
        resume_mode=wit.ResumeMode.RESTORE,
        metadata=definition.metadata,
    )


def _outcome(outcome: guest.Outcome) -> wit.Outcome:
    environment.flush()
    if outcome.failure is not None:
        raise Err(_failure(outcome.failure))
    if outcome.kind == "completed":
        return wit.Outcome_Completed(outcome.text)
    if outcome.kind == "bailed":
        return wit.Outcome_Bailed(outcome.text)
    listed = [wit.Wait(wait.id, _wait_for(wait.what)) for wait in outcome.open_waits]
    return wit.Outcome_Suspended(wit.Suspension(listed, wit.Wake.ANY))


def _failure(error: StepError) -> wit.Failure:
    return wit.Failure(
        message=_whole(error.message),
        code=error.code,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        details=None if error.details is None else write("the details", error.details),
    )


def _error(failure: wit.Failure) -> StepError:
    return StepError(
        failure.message,
        code=failure.code,
        retryable=failure.retryable,
        retry_after_ms=failure.retry_after_ms,
        details=None if failure.details is None else read(failure.details),
    )


def _wait_for(what: waits.What) -> Any:
    if isinstance(what, waits.Answer):
        labels = [_whole(label) for label in what.labels]
        return wit.WaitFor_Answer(wit.AnswerWait(what.payload, labels, what.schema, _deadline(what.deadline)))
    if isinstance(what, waits.Event):
        key = None if what.key is None else _whole(what.key)
        return wit.WaitFor_Event(wit.EventWait(_whole(what.name), key, _deadline(what.deadline)))
    if isinstance(what, waits.Time):
        return wit.WaitFor_Time(what.at_ms)
    if isinstance(what, waits.Child):
        target = wit.RunTarget_Step if what.kind == "step" else wit.RunTarget_Workflow
        return wit.WaitFor_Run(wit.RunWait(target(_whole(what.id)), what.input))
    return wit.WaitFor_Checkpoint()


def _deadline(deadline: waits.Deadline | None) -> Any:
    if deadline is None:
        return None
    answer = deadline.answer
    otherwise = wit.DeadlineOutcome_TimeOut() if answer is None else wit.DeadlineOutcome_Answer(answer)
    return wit.Deadline(deadline.at_ms, otherwise)


_KINDS = {
    wit.Resolution_Answered: "answered",
    wit.Resolution_TimedOut: "timed-out",
    wit.Resolution_Elapsed: "elapsed",
    wit.Resolution_Received: "received",
    wit.Resolution_Completed: "completed",
    wit.Resolution_Recorded: "recorded",
}


def _resolution(resolution: Any) -> waits.Resolution:
    if isinstance(resolution, wit.Resolution_Failed):
        return waits.Resolution("failed", failure=_error(resolution.value))
    return waits.Resolution(_KINDS[type(resolution)], getattr(resolution, "value", ""))


class NotBuilt(Exception):
    """What is wrong with the author's modules."""


def _load() -> None:
    """Loads the author's modules. The component is as it is then when each run begins, so all that can be done is done now, and what is
    wrong is told to the one who builds it."""
    found = importlib.util.find_spec("main")
    errors.root = os.path.dirname(found.origin) if found is not None and found.origin is not None else None
    try:
        importlib.import_module("main")
        modules.load_late_ones()
        if not definitions:
            raise NotBuilt('main.py defines no step: write @step("...") above an `async def` of a context and an input')
        for definition in definitions.values():
            definition.complete()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the component cannot be built
        words = f"{error}" if isinstance(error, NotBuilt) else traced(error)
        if isinstance(error, ModuleNotFoundError):
            words += f"\nIs {error.name} named in requirements.txt, and is it pure Python?"
        raise NotBuilt(words) from None


_load()
