// A step for each mistake.

import { Call, Outcome, Presence, Reason, Schema, Step, Writer, complete, refuse, register, sleep, suspend } from "reentry-step";

export * from "reentry-step/guest";

class ReadsByHand extends Step {
  run(call: Call): Outcome {
    if (call.reason == Reason.Start) return suspend("{}");
    return complete(call.data.get("lines").elements()[0].get("count").integer(1, 100).toString());
  }
}
register(new ReadsByHand("read-by-hand"));

class WrongInput extends Step {
  run(call: Call): Outcome {
    return complete(call.input.get("item").string().length.toString());
  }
}
register(new WrongInput("wrong-input"));

class Refuses extends Step {
  run(call: Call): Outcome {
    return call.reason == Reason.Start ? suspend("{}") : refuse("the budget is spent; say no");
  }
}
const refuses = new Refuses("refused");
refuses.answerSchema = Schema.object().bool("approved").string("comment", Presence.Optional);
register(refuses);

class ForgetsReturn extends Step {
  run(call: Call): Outcome {
    sleep(1000);
    return complete("null");
  }
}
register(new ForgetsReturn("forgotten-return"));

class NotANumber extends Step {
  run(call: Call): Outcome {
    return complete(new Writer().number("price", 1.0 / 0.0).json);
  }
}
register(new NotANumber("not-a-number"));

class NoJson extends Step {
  run(call: Call): Outcome {
    return complete("bought: a lamp");
  }
}
register(new NoJson("no-json"));

class HalfACharacter extends Step {
  run(call: Call): Outcome {
    return complete(new Writer().string("title", "A lamp 💡".substring(0, 8)).json);
  }
}
register(new HalfACharacter("half-a-character"));

class Prints extends Step {
  run(call: Call): Outcome {
    console.log("bought");
    return complete("null");
  }
}
register(new Prints("print"));

class Throws extends Step {
  run(call: Call): Outcome {
    throw new Error("no lamps left");
  }
}
register(new Throws("uncaught"));

class BeyondTheEnd extends Step {
  run(call: Call): Outcome {
    const items: string[] = [];
    return complete(items[call.input.text.length]);
  }
}
register(new BeyondTheEnd("beyond-the-end"));

class Nothing extends Step {
  run(call: Call): Outcome {
    const found: string | null = call.input.text.length > 0 ? null : "";
    return complete(found!);
  }
}
register(new Nothing("null"));

class Deeper extends Step {
  run(call: Call): Outcome {
    return complete(this.deeper(1).toString());
  }

  private deeper(n: i32): i32 {
    return n == i32.MIN_VALUE ? n : this.deeper(n + 1) + this.deeper(n + 2);
  }
}
register(new Deeper("stack-overflow"));

class Hoards extends Step {
  run(call: Call): Outcome {
    const all: StaticArray<u8>[] = [];
    while (all.length >= 0) all.push(new StaticArray<u8>(1 << 24));
    return complete("null");
  }
}
register(new Hoards("out-of-memory"));

class Loops extends Step {
  run(call: Call): Outcome {
    let k: u64 = 0;
    while (k < u64.MAX_VALUE) k = k * k % 7;
    return complete(k.toString());
  }
}
const loops = new Loops("infinite-loop");
loops.timeoutMs = 500;
register(loops);
