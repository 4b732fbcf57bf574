// A step built with componentize-js as it comes: no SDK, and WASI behind the console and the clocks.

const heard = [];

const asks = (question) => ({
  tag: "suspended",
  val: {
    waits: [
      { id: heard.length, what: { tag: "answer", val: { payload: JSON.stringify(question), labels: [] } } },
    ],
    wake: "any",
  },
});

export const guest = {
  describe: () => [{ id: "it", resumeMode: "restore" }],

  start: () => {
    console.log("begins");
    console.error("complains");
    return asks("first");
  },

  resume: ({ resolved }) => {
    const answer = JSON.parse(resolved[0].resolution.val);
    heard.push(answer);
    console.log("heard", answer);
    console.error("complains again");
    if (heard.length < 3) return asks("next");
    return { tag: "completed", val: JSON.stringify({ heard, environment: {} }) };
  },
};
