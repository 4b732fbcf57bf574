//! The contract, `wit/step.wit`, as it lies in memory. An `extern struct` has the layout that the canonical ABI asks for,
//! so what crosses the border is written down here once and nothing is packed or unpacked by hand.

const std = @import("std");
const builtin = @import("builtin");

pub const Text = List(u8);

pub fn List(T: type) type {
    return extern struct {
        ptr: [*]const T,
        len: usize,

        pub fn of(items: []const T) @This() {
            // An empty slice may point anywhere; the host checks even those.
            return .{ .ptr = if (items.len == 0) @ptrFromInt(@alignOf(T)) else items.ptr, .len = items.len };
        }

        pub fn slice(list: @This()) []const T {
            return if (list.len == 0) &.{} else list.ptr[0..list.len];
        }
    };
}

pub fn Option(T: type) type {
    return extern struct {
        some: bool,
        value: T,

        pub fn of(value: ?T) @This() {
            return if (value) |some| .{ .some = true, .value = some } else .{ .some = false, .value = undefined };
        }

        pub fn get(option: @This()) ?T {
            return if (option.some) option.value else null;
        }
    };
}

pub fn maybe(text: ?[]const u8) Option(Text) {
    return .of(if (text) |some| .of(some) else null);
}

pub const RetryPolicy = extern struct {
    retries: u32,
    delay_ms: u64 = 0,
    backoff: f64 = 1,
    max_delay_ms: u64 = 0,
    jitter: f64 = 0,
};

pub const Descriptor = extern struct {
    id: Text,
    title: Option(Text),
    description: Option(Text),
    input_schema: Option(Text),
    output_schema: Option(Text),
    suspend_schema: Option(Text),
    resume_schema: Option(Text),
    state_schema: Option(Text),
    request_context_schema: Option(Text),
    retry: Option(RetryPolicy),
    timeout_ms: Option(u64),
    resume_mode: enum(u8) { restore, re_enter },
    metadata: Option(Text),
};

pub const Facts = extern struct {
    step: Text,
    run_id: Text,
    workflow_id: Text,
    path: Text,
    attempt: u32,
    resource_id: Option(Text),
    idempotency_key: Text,
    now_ms: u64,
    entropy: List(u8),
    trace: Option(extern struct { trace_id: Text, span_id: Text }),
};

pub const Invocation = extern struct { facts: Facts, input: Text };

pub const Deadline = extern struct {
    at_ms: u64,
    otherwise: extern struct { tag: enum(u8) { time_out, answer }, answer: Text },
};

pub const WaitFor = extern struct {
    tag: enum(u8) { answer, time, event, run, checkpoint },
    value: extern union {
        answer: extern struct {
            payload: Text,
            labels: List(Text),
            resume_schema: Option(Text),
            deadline: Option(Deadline),
        },
        time: u64,
        event: extern struct { name: Text, key: Option(Text), deadline: Option(Deadline) },
        run: extern struct { target: extern struct { tag: enum(u8) { step, workflow }, id: Text }, input: Text },
    },
};

pub const Wait = extern struct { id: u32, what: WaitFor };

pub const Outcome = extern struct {
    tag: enum(u8) { completed, bailed, suspended },
    value: extern union {
        json: Text,
        suspended: extern struct { waits: List(Wait), wake: enum(u8) { any, all } },
    },
};

pub const Failure = extern struct {
    message: Text,
    code: Option(Text),
    retryable: bool,
    retry_after_ms: Option(u64),
    details: Option(Text),
};

pub const Result = extern struct {
    failed: bool,
    value: extern union { outcome: Outcome, failure: Failure },
};

pub const Resolution = extern struct {
    tag: enum(u8) { answered, timed_out, elapsed, received, completed, failed, recorded },
    value: extern union { json: Text, failure: Failure },
};

pub const Resumption = extern struct {
    facts: Facts,
    resolved: List(extern struct { wait: u32, resolution: Resolution }),
    input: Text,
    suspend_payload: Option(Text),
};

/// The functions of the host; in unit tests those of a host that is none.
pub const host = if (builtin.cpu.arch.isWasm()) imports else @import("testing.zig").host;

const imports = struct {
    pub extern "reentry:step/host@0.1.0" fn log(u32, [*]const u8, usize, u32, [*]const u8, usize) void;
    pub extern "reentry:step/host@0.1.0" fn now() u64;
    pub extern "reentry:step/host@0.1.0" fn random(u32, *List(u8)) void;
    pub extern "reentry:step/host@0.1.0" fn @"request-context"(*Text) void;
    pub extern "reentry:step/host@0.1.0" fn @"set-request-context"([*]const u8, usize, [*]const u8, usize, *Refusal) void;
    pub extern "reentry:step/host@0.1.0" fn state(*Text) void;
    pub extern "reentry:step/host@0.1.0" fn @"set-state"([*]const u8, usize, [*]const u8, usize, *Refusal) void;
    pub extern "reentry:step/host@0.1.0" fn @"step-result"([*]const u8, usize, *Option(Text)) void;
    pub extern "reentry:step/host@0.1.0" fn @"init-data"(*Text) void;
    pub extern "reentry:step/host@0.1.0" fn emit([*]const u8, usize) void;
    pub extern "reentry:step/host@0.1.0" fn cancelled() u32;
};

pub const Refusal = extern struct { refused: bool, failure: Failure };

comptime {
    if (builtin.cpu.arch.isWasm()) {
        // Sizes that the canonical ABI gives to the largest types.
        std.debug.assert(@sizeOf(Descriptor) == 184 and @sizeOf(Facts) == 96 and @sizeOf(Wait) == 80);
        std.debug.assert(@sizeOf(Result) == 64 and @sizeOf(Resumption) == 128);
    }
}
