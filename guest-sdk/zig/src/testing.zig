//! Steps in unit tests on the developer's own machine, without a host.
//!
//! ```zig
//! var run: reentry.testing.Run = .init(buy);
//! const asked = try run.start(.{ .item = "a lamp" });
//! const done = try run.answer(.{ .approved = true });
//! ```
//!
//! What a call gives out lies in the call's arena and is gone at the next call. Variables of the step keep their values from test to test.

const std = @import("std");
const abi = @import("abi.zig");
const reentry = @import("reentry.zig");

/// How a call ended. Texts are JSON, but for ids and names.
pub const End = union(enum) {
    completed: []const u8,
    bailed: []const u8,
    failed: reentry.Failure,
    /// The step waits for an answer to this question.
    asked: []const u8,
    /// The step waits for this instant.
    sleeps: u64,
    /// The step waits for the event of this name.
    event: []const u8,
    /// The step waits for the output of this step or workflow.
    runs: []const u8,
    checkpoint,
};

/// A run of one step.
pub const Run = struct {
    step: *const fn (call: *const reentry.Call) anyerror!reentry.Outcome,
    facts: abi.Facts = .{
        .step = .of("step"),
        .run_id = .of("run"),
        .workflow_id = .of("workflow"),
        .path = .of("step"),
        .attempt = 0,
        .resource_id = .of(null),
        .idempotency_key = .of("key"),
        .now_ms = 0,
        .entropy = .of(""),
        .trace = .of(null),
    },
    input: []const u8 = "null",

    pub fn init(step: *const fn (call: *const reentry.Call) anyerror!reentry.Outcome) Run {
        known = .{};
        return .{ .step = step };
    }

    /// Begins the step with this input, any value.
    pub fn start(run: *Run, input: anytype) !End {
        run.input = try text(input);
        return run.call(.start);
    }

    /// Goes on with an answer, any value.
    pub fn answer(run: *Run, value: anytype) !End {
        return run.call(.{ .answered = .{ .text = try text(value), .from = .answer } });
    }

    /// Goes on with the payload of an event.
    pub fn receive(run: *Run, value: anytype) !End {
        return run.call(.{ .received = .{ .text = try text(value), .from = .event } });
    }

    /// Goes on with the output of what was run.
    pub fn complete(run: *Run, value: anytype) !End {
        return run.call(.{ .completed = .{ .text = try text(value), .from = .result } });
    }

    /// Goes on after any wait: `.timed_out`, `.elapsed`, `.recorded`, or a failure of what was run.
    pub fn call(run: *Run, why: reentry.Why) End {
        const input: reentry.Json = .{ .text = run.input, .from = .input };
        return switch (reentry.outcomeOf(run.step, &.{ .facts = &run.facts, .input = input, .why = why })) {
            .completed => |output| .{ .completed = output },
            .bailed => |result| .{ .bailed = result },
            .failed => |failure| .{ .failed = failure },
            .suspended => |what| switch (what.tag) {
                .answer => .{ .asked = what.value.answer.payload.slice() },
                .time => .{ .sleeps = what.value.time },
                .event => .{ .event = what.value.event.name.slice() },
                .run => .{ .runs = what.value.run.target.id.slice() },
                .checkpoint => .checkpoint,
            },
        };
    }
};

/// A value as JSON that outlives the call.
fn text(value: anytype) ![]const u8 {
    return reentry.gpa.dupe(u8, try reentry.write(value));
}

/// What the host knows, and what the step told it. A test may change it.
pub var known: struct {
    now_ms: u64 = 1_767_323_045_000,
    state: []const u8 = "{}",
    request_context: []const u8 = "{}",
    init_data: []const u8 = "null",
    /// The output of each step that is done.
    step_result: ?[]const u8 = null,
    cancelled: bool = false,
    /// The latest line of the log.
    line: []const u8 = "",
    /// The latest key and value that were set, of the state or of the request context.
    set_key: []const u8 = "",
    set_value: []const u8 = "",
    chunk: []const u8 = "",
} = .{};

pub const host = struct {
    pub fn log(_: u32, message: [*]const u8, length: usize, _: u32, _: [*]const u8, _: usize) void {
        known.line = kept(message, length);
    }

    pub fn now() u64 {
        return known.now_ms;
    }

    pub fn random(length: u32, to: *abi.List(u8)) void {
        const bytes = reentry.arena().alloc(u8, length) catch @panic("out of memory");
        for (bytes, 0..) |*byte, k| byte.* = @truncate(k);
        to.* = .of(bytes);
    }

    pub fn @"request-context"(to: *abi.Text) void {
        to.* = .of(known.request_context);
    }

    pub fn @"set-request-context"(key: [*]const u8, length: usize, value: [*]const u8, value_length: usize, to: *abi.Refusal) void {
        set(key, length, value, value_length, to);
    }

    pub fn state(to: *abi.Text) void {
        to.* = .of(known.state);
    }

    pub fn @"set-state"(key: [*]const u8, length: usize, value: [*]const u8, value_length: usize, to: *abi.Refusal) void {
        set(key, length, value, value_length, to);
    }

    fn set(key: [*]const u8, length: usize, value: [*]const u8, value_length: usize, to: *abi.Refusal) void {
        known.set_key = kept(key, length);
        known.set_value = kept(value, value_length);
        to.* = .{ .refused = false, .failure = undefined };
    }

    pub fn @"step-result"(_: [*]const u8, _: usize, to: *abi.Option(abi.Text)) void {
        to.* = abi.maybe(known.step_result);
    }

    pub fn @"init-data"(to: *abi.Text) void {
        to.* = .of(known.init_data);
    }

    pub fn emit(chunk: [*]const u8, length: usize) void {
        known.chunk = kept(chunk, length);
    }

    pub fn cancelled() u32 {
        return @intFromBool(known.cancelled);
    }

    fn kept(bytes: [*]const u8, length: usize) []const u8 {
        return reentry.gpa.dupe(u8, bytes[0..length]) catch @panic("out of memory");
    }
};
