"""A step built with componentize-py as it comes: no SDK, and WASI behind print, clocks and the environment."""

import json
import os
import sys

from wit_world import exports
from wit_world.imports import types as wit

heard: list[str] = []


def asks(question: str) -> wit.Outcome:
    answer = wit.AnswerWait(json.dumps(question), [], None, None)
    wait = wit.Wait(len(heard), wit.WaitFor_Answer(answer))
    return wit.Outcome_Suspended(wit.Suspension([wait], wit.Wake.ANY))


class Guest(exports.Guest):
    def describe(self) -> list[wit.Descriptor]:
        nothing = [None] * 8
        return [wit.Descriptor("it", *nothing, None, None, wit.ResumeMode.RESTORE, None)]

    def start(self, call: wit.Invocation) -> wit.Outcome:
        print("begins")
        print("complains", file=sys.stderr)
        return asks("first")

    def resume(self, call: wit.Resumption) -> wit.Outcome:
        answer = json.loads(call.resolved[0].resolution.value)
        heard.append(answer)
        print("heard", answer, flush=True)
        print("complains again", file=sys.stderr)
        if len(heard) < 3:
            return asks("next")
        return wit.Outcome_Completed(json.dumps({"heard": heard, "environment": dict(os.environ)}))
