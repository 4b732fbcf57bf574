"""The conformance step: one behaviour in every language. tests/languages.rs says what it must do."""

import random
import secrets
import time
from typing import Any

from reentry_step import Context, RawJson, Retry, StepError, step


async def echo(ctx: Context, _: Any) -> RawJson:
    return RawJson(ctx.input_text)


async def keep(ctx: Context, _: Any) -> Any:
    texts = []
    for asked in range(1, 4):
        answer = await ctx.suspend({"asked": asked})
        texts.append(answer["text"])
    return {"texts": texts, "count": len(texts)}


async def state(ctx: Context, _: Any) -> Any:
    counter = ctx.state.get("counter", 0) + 1
    ctx.state.set("counter", counter)
    await ctx.suspend({"counter": counter})
    after = ctx.state.get("counter") + 1
    ctx.state.set("counter", after)
    return {"counter": after}


async def context(ctx: Context, _: Any) -> Any:
    tenant_name = ctx.request_context.get("tenantName")
    ctx.request_context.set("seen", True)
    await ctx.suspend({})
    return {"tenantName": tenant_name, "approver": ctx.request_context.get("approver")}


async def labels(ctx: Context, _: Any) -> Any:
    return await ctx.suspend({"question": "who?"}, labels=["manager", "finance"])


async def bail(ctx: Context, _: Any) -> Any:
    ctx.bail({"bailed": True})


async def fail(_ctx: Context, _: Any) -> Any:
    raise StepError("no luck", code="no-luck", details={"tried": "everything"})


async def retry(ctx: Context, _: Any) -> Any:
    if ctx.attempt < 2:
        raise StepError("not yet", retryable=True)
    return {"attempt": ctx.attempt}


async def megabyte(ctx: Context, _: Any) -> Any:
    answer = await ctx.suspend({"text": "x" * 1_048_576})
    return {"length": len(answer["text"].encode())}


async def unicode(ctx: Context, input: Any) -> Any:
    answer = await ctx.suspend({"text": input["text"]})
    return {"text": answer["text"], "same": answer["text"] == input["text"]}


async def prints(ctx: Context, _: Any) -> Any:
    print("printed by the step")
    ctx.warn("logged by the step", {"n": 1})
    await ctx.suspend({})
    print("printed after")


async def clock(ctx: Context, _: Any) -> Any:
    def look() -> Any:
        return {"now": round(time.time() * 1000), "random": list(secrets.token_bytes(4) + random.randbytes(4))}

    await ctx.suspend(look())
    return look()


async def sleep(ctx: Context, _: Any) -> Any:
    await ctx.sleep(0.001)
    return {"slept": True}


async def event(ctx: Context, input: Any) -> Any:
    return await ctx.event("paid", key=input["key"])


# Several waits at once.


async def both(ctx: Context, input: Any) -> Any:
    return await ctx.gather(ctx.suspend({}, labels=["both"]), ctx.event("paid", key=input["key"]))


async def first(ctx: Context, input: Any) -> Any:
    won = await ctx.race(ctx.suspend({}, labels=["slow"]), ctx.event("paid", key=input["key"]))
    return {"first": won, "after": await ctx.suspend({}, labels=["after"])}


async def patience(ctx: Context, _: Any) -> Any:
    # A coroutine that loses is closed with the wait that it is at.
    async def ask() -> Any:
        return await ctx.suspend({}, labels=["slow"])

    late = await ctx.race(ask(), ctx.sleep(0.001)) is None
    await ctx.suspend({}, labels=["after"])
    answer = await ctx.suspend({}, labels=["default"], within=0.001, otherwise="nobody")
    await ctx.suspend({}, labels=["after"])
    try:
        return {"late": late, "answer": answer, "event": await ctx.event("never", within=0.001)}
    except StepError as error:
        return {"late": late, "answer": answer, "event": "timed-out" if error.timed_out else error.code}


async def paths(ctx: Context, _: Any) -> Any:
    async def twice(path: str) -> Any:
        answer = await ctx.suspend({}, labels=[f"{path}-1"])
        return [answer, await ctx.suspend({}, labels=[f"{path}-2"])]

    return await ctx.gather(twice("a"), twice("b"))


async def children(ctx: Context, _: Any) -> Any:
    return await ctx.gather(*(ctx.run_step("double", {"number": number}) for number in (1, 2, 3)))


async def settled(ctx: Context, _: Any) -> Any:
    runs = ctx.run_step("refuse", {}), ctx.run_step("double", {"number": 2})
    refused, doubled = await ctx.gather(*runs, return_exceptions=True)
    return [refused.code, doubled]


SEVERAL = (both, first, patience, paths, children, settled)
CASES = {case.__name__: case for case in (echo, keep, state, context, labels, bail, fail, retry, megabyte, unicode)}
CASES |= {case.__name__: case for case in SEVERAL}
CASES |= {"print": prints, "clock": clock, "sleep": sleep, "event": event}


@step("conformance", title="Conformance", retry=Retry(retries=3, delay_ms=0))
async def conformance(ctx: Context, input: Any) -> Any:
    return await CASES[input["do"]](ctx, input)


@step("double")
async def double(ctx: Context, input: Any) -> Any:
    """Run by the case `children`: asks by what to multiply odd numbers."""
    number = input["number"]
    if number % 2 == 0:
        return number * 2
    answer = await ctx.suspend({"number": number}, labels=[f"double-{number}"])
    return number * answer["by"]


@step("refuse")
async def refuse(_ctx: Context, _: Any) -> Any:
    raise StepError("never", code="refused")
