"""Steps with one mistake each. `../python.txt` has what they say."""

import asyncio
import os
import socket
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from reentry_step import Context, RawJson, step


@dataclass
class Answer:
    read: int


@step("forgotten-await")
async def forgotten_await(ctx: Context, _: Any) -> Any:
    ctx.suspend({"pay": 100})
    return {"paid": True}


@step("forgotten-await-used")
async def forgotten_await_used(ctx: Context[Any, Answer], _: Any) -> Any:
    answer = ctx.suspend("how many?")
    return {"read": answer.read}


@step("forgotten-await-of-a-coroutine")
async def forgotten_await_of_a_coroutine(ctx: Context, _: Any) -> Any:
    async def ask() -> Any:
        return await ctx.suspend("sure?")

    ask()
    return "done"


@step("print")
async def prints(_ctx: Context, _: Any) -> Any:
    print("seen by nobody?")


@step("http")
async def http(_ctx: Context, _: Any) -> Any:
    with urllib.request.urlopen("https://example.com") as page:
        return page.read().decode()


@step("socket")
async def sockets(_ctx: Context, _: Any) -> Any:
    socket.create_connection(("example.com", 80))


@step("read-a-file")
async def read_a_file(_ctx: Context, _: Any) -> Any:
    with open("prices.csv") as file:
        return file.read()


@step("is-there-a-file")
async def is_there_a_file(_ctx: Context, _: Any) -> Any:
    return os.path.exists("prices.csv")


@step("sleep")
async def sleep(_ctx: Context, _: Any) -> Any:
    time.sleep(60)


@step("asyncio-sleep")
async def asyncio_sleep(_ctx: Context, _: Any) -> Any:
    await asyncio.sleep(60)


@step("asyncio-run")
async def asyncio_run(_ctx: Context, _: Any) -> Any:
    asyncio.run(asyncio.sleep(1))


@step("environment-variable")
async def environment_variable(_ctx: Context, _: Any) -> Any:
    return os.environ["API_KEY"]


@step("environment-variable-with-default")
async def environment_variable_with_default(_ctx: Context, _: Any) -> Any:
    return os.getenv("API_URL", "https://example.com")


@step("thread")
async def thread(_ctx: Context, _: Any) -> Any:
    threading.Thread(target=print).start()


@step("process")
async def process(_ctx: Context, _: Any) -> Any:
    os.system("ls")


@step("input")
async def inputs(_ctx: Context, _: Any) -> Any:
    return input("Your name? ")


@step("exception")
async def exception(_ctx: Context, _: Any) -> Any:
    def price(item: str) -> int:
        return {"lamp": 1200}[item]

    return price("chair")


@step("recursion")
async def recursion(_ctx: Context, _: Any) -> Any:
    def deeper(level: int) -> int:
        return deeper(level + 1) + 1

    return deeper(0)


@step("out-of-memory")
async def out_of_memory(_ctx: Context, _: Any) -> Any:
    kept = []
    while True:
        kept.append(bytearray(10_000_000))


@step("exit")
async def exits(_ctx: Context, _: Any) -> Any:
    sys.exit(3)


@step("os-exit")
async def os_exit(_ctx: Context, _: Any) -> Any:
    os._exit(3)


@step("keyboard-interrupt")
async def keyboard_interrupt(_ctx: Context, _: Any) -> Any:
    raise KeyboardInterrupt


@step("endless", timeout_ms=1000)
async def endless(_ctx: Context, _: Any) -> Any:
    while True:
        pass


@step("late-import")
async def late_import(_ctx: Context, _: Any) -> Any:
    import colorsys

    return colorsys.rgb_to_hsv(1, 0, 0)


@step("missing-module")
async def missing_module(_ctx: Context, _: Any) -> Any:
    import numpy

    return numpy.zeros(3)


@step("wrong-input")
async def wrong_input(_ctx: Context, input: Answer) -> Any:
    return input.read


@step("wrong-answer")
async def wrong_answer(ctx: Context[Any, Answer], _: Any) -> Any:
    return (await ctx.suspend("how many?")).read


@step("refused-answer")
async def refused_answer(ctx: Context[Any, Answer], _: Any) -> Any:
    answer = await ctx.suspend("how many?")
    if answer.read > 10:
        ctx.refuse(f"{answer.read} is more than there are: at most 10")
    return answer.read


@step("answer-read-by-hand")
async def answer_read_by_hand(ctx: Context, _: Any) -> Any:
    answer = await ctx.suspend("how many?")
    return answer["read"] + 1


@step("not-a-number")
async def not_a_number(_ctx: Context, _: Any) -> Any:
    return {"prices": [1.5, float("nan")]}


@step("half-a-character")
async def half_a_character(_ctx: Context, _: Any) -> Any:
    return {"text": "\ud83d"}


@step("function-in-output")
async def function_in_output(_ctx: Context, _: Any) -> Any:
    return {"price": late_import}


@step("cycle")
async def cycle(_ctx: Context, _: Any) -> Any:
    output: dict[str, Any] = {}
    output["self"] = output
    return output


@step("bytes-in-output")
async def bytes_in_output(_ctx: Context, _: Any) -> Any:
    return b"abc"


@step("output-of-another-type")
async def output_of_another_type(_ctx: Context, _: Any) -> Answer:
    return {"read": "two"}  # type: ignore[return-value]


@step("digits")
async def digits(ctx: Context, _: Any) -> Any:
    """Not a mistake: what comes in goes out."""
    return RawJson(ctx.input_text)
