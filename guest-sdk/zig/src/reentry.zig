//! Steps for reentry in Zig.
//!
//! A step is a function that is called at the start and after each wait. It waits by returning what it waits for, and keeps
//! how far it is in variables of its own: all memory is as it was when it is called again.

const std = @import("std");
const abi = @import("abi.zig");

/// For what is kept over a wait.
pub const gpa: std.mem.Allocator = std.heap.wasm_allocator;

/// For what lasts until the end of the call. All that the SDK gives out lies here; nothing needs to be freed.
pub fn arena() std.mem.Allocator {
    return call_arena.allocator();
}

/// Also holds what the host hands in: it allocates before a call begins.
var call_arena: std.heap.ArenaAllocator = .init(gpa);

pub const RetryPolicy = abi.RetryPolicy;
pub const Level = enum(u32) { trace, debug, info, warn, err };

/// One step of a component. Schemas are JSON Schemas.
pub const Step = struct {
    /// Names the step within its component: letters, digits, `-` and `_`, at most 128 bytes.
    id: []const u8,
    /// An error that it returns is a final failure by that name; see `fail` for others.
    run: *const fn (call: *const Call) anyerror!Outcome,
    title: ?[]const u8 = null,
    description: ?[]const u8 = null,
    input_schema: ?[]const u8 = null,
    output_schema: ?[]const u8 = null,
    suspend_schema: ?[]const u8 = null,
    resume_schema: ?[]const u8 = null,
    state_schema: ?[]const u8 = null,
    request_context_schema: ?[]const u8 = null,
    retry: ?RetryPolicy = null,
    timeout_ms: ?u64 = null,
};

/// What a step is called with. Valid until the end of the call.
pub const Call = struct {
    facts: *const abi.Facts,
    /// JSON text: the same in each call.
    input: []const u8,
    why: Why,

    /// The attempt of this call: 0 at the first.
    pub fn attempt(call: *const Call) u32 {
        return call.facts.attempt;
    }
};

/// How the wait before this call ended. Texts are JSON.
pub const Why = union(enum) {
    /// There was none: this is the first call.
    start,
    answered: []const u8,
    received: []const u8,
    completed: []const u8,
    failed: Failure,
    timed_out,
    elapsed,
    recorded,
};

/// Reads a value of type `T` out of JSON; members that `T` has not are passed over. Strings lie in the call's arena.
pub fn read(T: type, json: []const u8) !T {
    return std.json.parseFromSliceLeaky(T, arena(), json, .{ .ignore_unknown_fields = true, .allocate = .alloc_always });
}

/// Writes any value as JSON, in the call's arena. `.{}` is an object without members.
pub fn write(value: anytype) ![]const u8 {
    if (@TypeOf(value) == @TypeOf(.{})) return "{}";
    return std.json.Stringify.valueAlloc(arena(), value, .{});
}

// ---- how a call ends ----

/// What a step returns. Made by the functions below, in the call's arena.
pub const Outcome = union(enum) {
    completed: []const u8,
    bailed: []const u8,
    suspended: abi.WaitFor,
    failed: Failure,
};

pub const Failure = struct {
    /// For people.
    message: []const u8,
    /// For programs: a short stable word.
    code: ?[]const u8 = null,
    /// Whether trying the same again may help.
    retryable: bool = false,
    retry_after_ms: ?u64 = null,
    /// JSON.
    details: ?[]const u8 = null,
};

/// The step is done; `output` is any value.
pub fn complete(output: anytype) !Outcome {
    return .{ .completed = try write(output) };
}

/// The same with an output that is JSON text already.
pub fn completeText(json: []const u8) Outcome {
    return .{ .completed = json };
}

/// The workflow is done, successfully.
pub fn bail(result: anytype) !Outcome {
    return .{ .bailed = try write(result) };
}

pub fn fail(failure: Failure) Outcome {
    return .{ .failed = failure };
}

pub const WaitOptions = struct {
    /// Names by which the answer may be addressed.
    labels: []const []const u8 = &.{},
    /// JSON Schema of the answer.
    resume_schema: ?[]const u8 = null,
    /// An instant, as `now` gives it.
    deadline_ms: ?u64 = null,
    /// JSON: what counts as the answer when the deadline passes. Otherwise the step is called with `timed_out`.
    default_answer: ?[]const u8 = null,

    fn deadline(options: WaitOptions) abi.Option(abi.Deadline) {
        const at_ms = options.deadline_ms orelse return .of(null);
        const answer = options.default_answer orelse
            return .of(.{ .at_ms = at_ms, .otherwise = .{ .tag = .time_out, .answer = undefined } });
        return .of(.{ .at_ms = at_ms, .otherwise = .{ .tag = .answer, .answer = .of(answer) } });
    }
};

/// Waits for an answer to `payload`, any value.
pub fn suspendWith(payload: anytype, options: WaitOptions) !Outcome {
    const labels = try arena().alloc(abi.Text, options.labels.len);
    for (labels, options.labels) |*to, label| to.* = .of(label);
    return .{ .suspended = .{ .tag = .answer, .value = .{ .answer = .{
        .payload = .of(try write(payload)),
        .labels = .of(labels),
        .resume_schema = abi.maybe(options.resume_schema),
        .deadline = options.deadline(),
    } } } };
}

/// Waits for an event. A key of null takes any; of the options only the deadline counts.
pub fn event(name: []const u8, key: ?[]const u8, options: WaitOptions) Outcome {
    return .{ .suspended = .{ .tag = .event, .value = .{ .event = .{
        .name = .of(name),
        .key = abi.maybe(key),
        .deadline = options.deadline(),
    } } } };
}

pub fn sleep(ms: u64) Outcome {
    return sleepUntil(now() + ms);
}

pub fn sleepUntil(instant_ms: u64) Outcome {
    return .{ .suspended = .{ .tag = .time, .value = .{ .time = instant_ms } } };
}

/// Makes durable what has been done so far, and goes on at once.
pub fn checkpoint() Outcome {
    return .{ .suspended = .{ .tag = .checkpoint, .value = undefined } };
}

/// Has the host run another step of this component.
pub fn runStep(id: []const u8, input: anytype) !Outcome {
    return .{ .suspended = .{ .tag = .run, .value = .{ .run = .{
        .target = .{ .tag = .step, .id = .of(id) },
        .input = .of(try write(input)),
    } } } };
}

/// Has the host run a workflow.
pub fn runWorkflow(id: []const u8, input: anytype) !Outcome {
    return .{ .suspended = .{ .tag = .run, .value = .{ .run = .{
        .target = .{ .tag = .workflow, .id = .of(id) },
        .input = .of(try write(input)),
    } } } };
}

// ---- the host ----

/// Adds a line to the run's log. `fields` is what is written as an object, or `.{}` for none.
pub fn log(level: Level, message: []const u8, fields: anytype) !void {
    const json = try write(fields);
    const some = @TypeOf(fields) != @TypeOf(.{});
    abi.host.log(@intFromEnum(level), message.ptr, message.len, @intFromBool(some), json.ptr, json.len);
}

/// Milliseconds since 1970.
pub fn now() u64 {
    return abi.host.now();
}

/// Random bytes fit for secrets, at most 65,536.
pub fn random(len: u32) []const u8 {
    var bytes: abi.List(u8) = undefined;
    abi.host.random(len, &bytes);
    return bytes.slice();
}

/// The whole request context, JSON text.
pub fn requestContext() []const u8 {
    var text: abi.Text = undefined;
    abi.host.@"request-context"(&text);
    return text.slice();
}

/// The workflow's shared state, JSON text.
pub fn state() []const u8 {
    var text: abi.Text = undefined;
    abi.host.state(&text);
    return text.slice();
}

/// The input of the workflow, JSON text.
pub fn initData() []const u8 {
    var text: abi.Text = undefined;
    abi.host.@"init-data"(&text);
    return text.slice();
}

/// The output of a step that is done, JSON text.
pub fn stepResult(path: []const u8) ?[]const u8 {
    var text: abi.Option(abi.Text) = undefined;
    abi.host.@"step-result"(path.ptr, path.len, &text);
    return if (text.get()) |some| some.slice() else null;
}

/// Sets one key of the request context. `error.Refused` if the host does not take it; the run's log says why.
pub fn setRequestContext(key: []const u8, value: anytype) !void {
    const json = try write(value);
    var answer: abi.Refusal = undefined;
    abi.host.@"set-request-context"(key.ptr, key.len, json.ptr, json.len, &answer);
    try accepted(&answer);
}

/// Sets one key of the workflow's shared state. `error.Refused` if the host does not take it; the run's log says why.
pub fn setState(key: []const u8, value: anytype) !void {
    const json = try write(value);
    var answer: abi.Refusal = undefined;
    abi.host.@"set-state"(key.ptr, key.len, json.ptr, json.len, &answer);
    try accepted(&answer);
}

fn accepted(answer: *const abi.Refusal) !void {
    if (!answer.refused) return;
    try log(.warn, answer.failure.message.slice(), .{});
    return error.Refused;
}

/// Sends a chunk, any value, to whoever watches the run. It is not stored.
pub fn emit(chunk: anytype) !void {
    const json = try write(chunk);
    abi.host.emit(json.ptr, json.len);
}

/// Whether somebody asked for the run to be cancelled.
pub fn cancelled() bool {
    return abi.host.cancelled() != 0;
}

// ---- the functions that the host calls ----

/// Makes a component of these steps: `comptime { reentry.exportSteps(&.{ ... }); }` at the top of the program.
pub fn exportSteps(comptime steps: []const Step) void {
    const guest = struct {
        fn describe() callconv(.c) *const abi.List(abi.Descriptor) {
            const descriptors = arena().alloc(abi.Descriptor, steps.len) catch @panic("out of memory");
            for (descriptors, steps) |*to, step| to.* = descriptor(step);
            return place(abi.List(abi.Descriptor), .of(descriptors));
        }

        fn start(call: *const abi.Invocation) callconv(.c) *const abi.Result {
            return perform(steps, &.{ .facts = &call.facts, .input = call.input.slice(), .why = .start });
        }

        fn @"resume"(call: *const abi.Resumption) callconv(.c) *const abi.Result {
            const resolved = call.resolved.slice();
            if (resolved.len != 1 or resolved[0].wait != last_wait) return lowered(fail(.{
                .message = "the host resumed a wait that this instance has not: its memory was not put back",
                .code = "unknown-wait",
            }));
            const why = explained(&resolved[0].resolution);
            return perform(steps, &.{ .facts = &call.facts, .input = call.input.slice(), .why = why });
        }

        /// The host has read the result.
        fn end(_: *const anyopaque) callconv(.c) void {
            _ = call_arena.reset(.free_all);
        }

        fn realloc(old: [*]u8, old_size: usize, alignment: usize, size: usize) callconv(.c) [*]u8 {
            if (size == 0) return @ptrFromInt(alignment);
            // 8 is the largest alignment that the canonical ABI asks for.
            const new = arena().alignedAlloc(u8, .@"8", size) catch @panic("out of memory");
            if (old_size > 0) @memcpy(new[0..@min(old_size, size)], old[0..@min(old_size, size)]);
            return new.ptr;
        }
    };
    const name = "reentry:step/guest@0.1.0#";
    @export(&guest.describe, .{ .name = name ++ "describe" });
    @export(&guest.start, .{ .name = name ++ "start" });
    @export(&guest.@"resume", .{ .name = name ++ "resume" });
    @export(&guest.end, .{ .name = "cabi_post_" ++ name ++ "describe" });
    @export(&guest.end, .{ .name = "cabi_post_" ++ name ++ "start" });
    @export(&guest.end, .{ .name = "cabi_post_" ++ name ++ "resume" });
    @export(&guest.realloc, .{ .name = "cabi_realloc" });
}

/// The number of the wait that is open, by which the host names it. None is used twice in an instance.
var last_wait: u32 = 0;

fn perform(steps: []const Step, call: *const Call) *const abi.Result {
    const id = call.facts.step.slice();
    for (steps) |step| {
        if (!std.mem.eql(u8, step.id, id)) continue;
        const outcome = step.run(call) catch |problem| fail(.{ .message = @errorName(problem), .code = "error" });
        return lowered(outcome);
    }
    return lowered(fail(.{ .message = "there is no such step in this component", .code = "unknown-step" }));
}

fn lowered(outcome: Outcome) *const abi.Result {
    const value: abi.Outcome = switch (outcome) {
        .completed => |json| .{ .tag = .completed, .value = .{ .json = .of(json) } },
        .bailed => |json| .{ .tag = .bailed, .value = .{ .json = .of(json) } },
        .suspended => |what| suspended: {
            last_wait += 1;
            const wait = place(abi.Wait, .{ .id = last_wait, .what = what });
            break :suspended .{ .tag = .suspended, .value = .{ .suspended = .{ .waits = .of(wait[0..1]), .wake = .any } } };
        },
        .failed => |failure| return place(abi.Result, .{ .failed = true, .value = .{ .failure = .{
            .message = .of(failure.message),
            .code = abi.maybe(failure.code),
            .retryable = failure.retryable,
            .retry_after_ms = .of(failure.retry_after_ms),
            .details = abi.maybe(failure.details),
        } } }),
    };
    return place(abi.Result, .{ .failed = false, .value = .{ .outcome = value } });
}

fn place(T: type, value: T) *const T {
    const room = arena().create(T) catch @panic("out of memory");
    room.* = value;
    return room;
}

fn explained(resolution: *const abi.Resolution) Why {
    return switch (resolution.tag) {
        .answered => .{ .answered = resolution.value.json.slice() },
        .received => .{ .received = resolution.value.json.slice() },
        .completed => .{ .completed = resolution.value.json.slice() },
        .failed => .{ .failed = raised(&resolution.value.failure) },
        .timed_out => .timed_out,
        .elapsed => .elapsed,
        .recorded => .recorded,
    };
}

fn raised(failure: *const abi.Failure) Failure {
    return .{
        .message = failure.message.slice(),
        .code = if (failure.code.get()) |code| code.slice() else null,
        .retryable = failure.retryable,
        .retry_after_ms = failure.retry_after_ms.get(),
        .details = if (failure.details.get()) |details| details.slice() else null,
    };
}

fn descriptor(step: Step) abi.Descriptor {
    return .{
        .id = .of(step.id),
        .title = abi.maybe(step.title),
        .description = abi.maybe(step.description),
        .input_schema = abi.maybe(step.input_schema),
        .output_schema = abi.maybe(step.output_schema),
        .suspend_schema = abi.maybe(step.suspend_schema),
        .resume_schema = abi.maybe(step.resume_schema),
        .state_schema = abi.maybe(step.state_schema),
        .request_context_schema = abi.maybe(step.request_context_schema),
        .retry = .of(step.retry),
        .timeout_ms = .of(step.timeout_ms),
        .resume_mode = .restore,
        .metadata = .of(null),
    };
}
