// The promise of the SDK against the one of the language: the same code on each must note the same, in the same order.

import assert from "node:assert/strict";
import test from "node:test";

import { TextDecoder as OwnDecoder, TextEncoder as OwnEncoder } from "../src/encoding.js";
import { StepPromise, drain } from "../src/promise.js";

const boom = new Error("boom");
const thenable = { then: (resolve) => resolve("from a thenable") };

const PROGRAMS = {
  "handlers run later, in order": (P, note) => {
    P.resolve(1).then(note);
    P.resolve(2).then((value) => note(value)).then(() => note("after"));
    note("first");
  },
  "a rejection passes handlers for values": (P, note) => {
    P.reject(boom).then(note).then(note, (reason) => note(reason.message)).then(() => note("caught"));
  },
  "what a handler throws": (P, note) => {
    P.resolve().then(() => { throw boom; }).catch((reason) => note(reason.message));
  },
  "a promise in a promise": (P, note) => {
    P.resolve(P.resolve(P.resolve(3))).then(note);
    new P((resolve) => resolve(P.resolve(4))).then(note);
    P.resolve(5).then(note);
  },
  "a thenable": (P, note) => {
    P.resolve(thenable).then(note);
    P.resolve().then(() => thenable).then(note);
  },
  "only the first settling counts": (P, note) => {
    new P((resolve, reject) => { resolve(1); reject(boom); resolve(2); throw boom; }).then(note, note);
  },
  "waiting for itself": (P, note) => {
    const { promise, resolve } = P.withResolvers?.() ?? pair(P);
    resolve(promise);
    promise.catch((reason) => note(reason.constructor.name));
  },
  "finally": (P, note) => {
    P.resolve(1).finally(() => note("done")).then(note);
    P.reject(boom).finally(() => 2).catch((reason) => note(reason.message));
    P.resolve(1).finally(() => { throw boom; }).catch((reason) => note(reason.message));
  },
  "all": (P, note) => {
    P.all([1, P.resolve(2), thenable]).then((all) => note(JSON.stringify(all)));
    P.all([]).then((all) => note(JSON.stringify(all)));
    P.all([P.reject(boom), new P(() => {})]).catch((reason) => note(reason.message));
  },
  "allSettled": (P, note) => {
    P.allSettled([1, P.reject("no")]).then((all) => note(JSON.stringify(all)));
  },
  "any": (P, note) => {
    P.any([P.reject(1), P.resolve(2)]).then(note);
    P.any([P.reject(1), P.reject(2)]).catch((error) => note(JSON.stringify(error.errors)));
  },
  "race": (P, note) => {
    P.race([new P(() => {}), P.resolve("fast"), P.reject("slow")]).then(note);
  },
};

function pair(P) {
  const made = {};
  made.promise = new P((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(name, async () => {
    const expected = [];
    program(Promise, (what) => expected.push(what));
    await new Promise(setImmediate);
    const found = [];
    program(StepPromise, (what) => found.push(what));
    assert.deepEqual(drain(), []);
    assert.deepEqual(found, expected);
    assert.ok(found.length > 0);
  });
}

test("a rejection that nobody handles is told once", () => {
  const handled = StepPromise.reject("handled");
  StepPromise.reject("lost");
  handled.catch(() => {});
  assert.deepEqual(drain(), ["lost"]);
  assert.deepEqual(drain(), []);
});

test("texts are encoded and decoded as the platform does it", () => {
  const texts = ["", "plain", "é日本🙂", "\ud800 alone", "\ufeffmarked", "\u0000\u007f\u0080\u07ff\u0800\uffff\u{10ffff}"];
  for (const text of texts) {
    assert.deepEqual(new OwnEncoder().encode(text), new TextEncoder().encode(text));
  }
  const bytes = [[0xc3, 0xa9], [0xff, 0x41], [0xe2, 0x82], [0xe2, 0x82, 0x41], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x99, 0x82], [0xc0, 0x80], [0xef, 0xbb, 0xbf, 0x41], [0xf4, 0x90, 0x80, 0x80]];
  for (const list of bytes) {
    const array = Uint8Array.from(list);
    assert.equal(new OwnDecoder().decode(array), new TextDecoder().decode(array), String(list));
  }
});
