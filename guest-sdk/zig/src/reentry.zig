//! Steps for reentry in Zig.
//!
//! A step is a function that is called at the start and after each wait. It waits by returning what it waits for, and keeps
//! how far it is in variables of its own: all memory is as it was when it is called again.

const std = @import("std");
const builtin = @import("builtin");
const abi = @import("abi.zig");
const json = @import("json.zig");

/// Runs steps in unit tests, without a host.
pub const testing = @import("testing.zig");

/// The JSON Schema of a type, or null for one that takes any value.
pub const schemaOf = @import("schema.zig").of;

/// For what is kept over a wait.
pub const gpa: std.mem.Allocator = if (builtin.cpu.arch.isWasm()) std.heap.wasm_allocator else std.heap.smp_allocator;

/// For what lasts until the end of the call. All that the SDK gives out lies here; nothing needs to be freed.
pub fn arena() std.mem.Allocator {
    return call_arena.allocator();
}

/// Also holds what the host hands in: it allocates before a call begins.
var call_arena: std.heap.ArenaAllocator = .init(gpa);

pub const RetryPolicy = abi.RetryPolicy;
pub const Level = enum(u32) { trace, debug, info, warn, err };

/// One step of a component.
pub const Step = struct {
    /// Names the step within its component: letters, digits, `-` and `_`, at most 128 bytes.
    id: []const u8,
    /// An error that it returns is a final failure by that name; see `fail` for others.
    run: *const fn (call: *const Call) anyerror!Outcome,
    title: ?[]const u8 = null,
    description: ?[]const u8 = null,

    /// Types whose schemas are derived: of the input and the output, of what is asked and how it is answered.
    Input: ?type = null,
    Output: ?type = null,
    Question: ?type = null,
    Answer: ?type = null,

    /// JSON Schemas, in place of those that are derived.
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
    /// The same in each call.
    input: Json,
    why: Why,

    /// The attempt of this call: 0 at the first.
    pub fn attempt(call: *const Call) u32 {
        return call.facts.attempt;
    }
};

/// How the wait before this call ended.
pub const Why = union(enum) {
    /// There was none: this is the first call.
    start,
    answered: Json,
    received: Json,
    completed: Json,
    failed: Failure,
    timed_out,
    elapsed,
    recorded,
};

/// JSON text that came from the host.
pub const Json = struct {
    text: []const u8,
    from: From,

    pub const From = enum { input, answer, event, result };

    /// Reads a value of type `T`. Members that `T` has not are passed over; strings lie in the call's arena.
    ///
    /// A step that returns the error fails with the place of what does not fit; one that returns `error.BadAnswer` refuses the answer, and the
    /// question is open again.
    pub fn read(text: Json, T: type) !T {
        return json.read(T, arena(), text.text) catch |reason| switch (reason) {
            error.OutOfMemory => error.OutOfMemory,
            error.Misfit => switch (text.from) {
                .input => error.BadInput,
                .answer => error.BadAnswer,
                .event => error.BadEvent,
                .result => error.BadResult,
            },
        };
    }
};

/// Reads a value of type `T` out of any JSON text, as `Json.read` does.
pub fn read(T: type, text: []const u8) !T {
    return json.read(T, arena(), text) catch |reason| switch (reason) {
        error.OutOfMemory => error.OutOfMemory,
        error.Misfit => error.BadJson,
    };
}

/// Writes any value as JSON, in the call's arena. `.{}` is an object without members.
pub fn write(value: anytype) ![]const u8 {
    return json.write(arena(), value) catch |reason| switch (reason) {
        error.OutOfMemory => error.OutOfMemory,
        error.Misfit => error.NotJson,
    };
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
pub fn completeText(text: []const u8) Outcome {
    return .{ .completed = text };
}

/// The workflow is done, successfully.
pub fn bail(result: anytype) !Outcome {
    return .{ .bailed = try write(result) };
}

pub fn fail(failure: Failure) Outcome {
    return .{ .failed = failure };
}

/// Refuses the answer that this call brought: all that the call did is dropped, and the question is open again. Fails in a call that
/// brought none.
pub fn refuse(reason: []const u8) !Outcome {
    if (!answered) return error.NoAnswerToRefuse;
    return .{ .failed = .{ .message = reason, .code = "bad-answer", .details = try waitAsDetails() } };
}

fn waitAsDetails() ![]const u8 {
    return write(.{ .wait = last_wait });
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
    const question = try write(payload);
    return begun("an answer to {s}", question, .{ .tag = .answer, .value = .{ .answer = .{
        .payload = .of(question),
        .labels = .of(labels),
        .resume_schema = abi.maybe(options.resume_schema),
        .deadline = options.deadline(),
    } } });
}

/// Waits for an event. A key of null takes any; of the options only the deadline counts.
pub fn event(name: []const u8, key: ?[]const u8, options: WaitOptions) Outcome {
    return begun("the event {s}", name, .{ .tag = .event, .value = .{ .event = .{
        .name = .of(name),
        .key = abi.maybe(key),
        .deadline = options.deadline(),
    } } });
}

pub fn sleep(ms: u64) Outcome {
    return sleepUntil(now() + ms);
}

pub fn sleepUntil(instant_ms: u64) Outcome {
    return begun("a time{s}", "", .{ .tag = .time, .value = .{ .time = instant_ms } });
}

/// Makes durable what has been done so far, and goes on at once.
pub fn checkpoint() Outcome {
    return begun("a checkpoint{s}", "", .{ .tag = .checkpoint, .value = undefined });
}

/// Has the host run another step of this component.
pub fn runStep(id: []const u8, input: anytype) !Outcome {
    return begun("the output of {s}", id, .{ .tag = .run, .value = .{ .run = .{
        .target = .{ .tag = .step, .id = .of(id) },
        .input = .of(try write(input)),
    } } });
}

/// Has the host run a workflow.
pub fn runWorkflow(id: []const u8, input: anytype) !Outcome {
    return begun("the output of {s}", id, .{ .tag = .run, .value = .{ .run = .{
        .target = .{ .tag = .workflow, .id = .of(id) },
        .input = .of(try write(input)),
    } } });
}

/// What the first wait that this call made is for, and how many there are: only one that is returned is waited for.
var made: struct { count: usize = 0, first: []const u8 = "" } = .{};

fn begun(comptime format: []const u8, name: []const u8, what: abi.WaitFor) Outcome {
    if (made.count == 0) made.first = std.fmt.allocPrint(arena(), format, .{name}) catch format;
    made.count += 1;
    return .{ .suspended = what };
}

// ---- the host ----

/// Adds a line to the run's log. `fields` is what is written as an object, or `.{}` for none.
pub fn log(level: Level, message: []const u8, fields: anytype) !void {
    const text = try write(fields);
    const some = @TypeOf(fields) != @TypeOf(.{});
    abi.host.log(@backingInt(level), message.ptr, message.len, @intFromBool(some), text.ptr, text.len);
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
    const text = try write(value);
    var answer: abi.Refusal = undefined;
    abi.host.@"set-request-context"(key.ptr, key.len, text.ptr, text.len, &answer);
    try accepted(&answer);
}

/// Sets one key of the workflow's shared state. `error.Refused` if the host does not take it; the run's log says why.
pub fn setState(key: []const u8, value: anytype) !void {
    const text = try write(value);
    var answer: abi.Refusal = undefined;
    abi.host.@"set-state"(key.ptr, key.len, text.ptr, text.len, &answer);
    try accepted(&answer);
}

fn accepted(answer: *const abi.Refusal) !void {
    if (!answer.refused) return;
    try log(.warn, answer.failure.message.slice(), .{});
    return error.Refused;
}

/// Sends a chunk, any value, to whoever watches the run. It is not stored.
pub fn emit(chunk: anytype) !void {
    const text = try write(chunk);
    abi.host.emit(text.ptr, text.len);
}

/// Whether somebody asked for the run to be cancelled.
pub fn cancelled() bool {
    return abi.host.cancelled() != 0;
}

// ---- the functions that the host calls ----

/// Makes a component of these steps: `comptime { reentry.exportSteps(&.{ ... }); }` at the top of the program.
pub fn exportSteps(comptime steps: []const Step) void {
    comptime check(steps);
    const table = comptime described(steps);
    // On the developer's own machine there are tests, and no component.
    if (!comptime builtin.cpu.arch.isWasm()) return;
    const guest = struct {
        fn describe() callconv(.c) *const abi.List(abi.Descriptor) {
            const descriptors = arena().alloc(abi.Descriptor, table.len) catch @panic("out of memory");
            for (descriptors, &table) |*to, *step| to.* = step.descriptor();
            return place(abi.List(abi.Descriptor), .of(descriptors));
        }

        fn start(call: *const abi.Invocation) callconv(.c) *const abi.Result {
            return perform(&table, .{ .facts = &call.facts, .input = .{ .text = call.input.slice(), .from = .input }, .why = .start });
        }

        fn @"resume"(call: *const abi.Resumption) callconv(.c) *const abi.Result {
            const resolved = call.resolved.slice();
            if (resolved.len != 1 or resolved[0].wait != last_wait) return lowered(fail(.{
                .message = "the host resumed a wait that this instance has not: its memory was not put back",
                .code = "unknown-wait",
            }));
            const why = explained(&resolved[0].resolution);
            return perform(&table, .{ .facts = &call.facts, .input = .{ .text = call.input.slice(), .from = .input }, .why = why });
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

/// Whether the present call brought an answer.
var answered = false;

fn perform(table: []const Described, call: Call) *const abi.Result {
    const id = call.facts.step.slice();
    for (table) |step| {
        if (!std.mem.eql(u8, step.id, id)) continue;
        const outcome = outcomeOf(step.run, &call);
        // What was printed last may not end a line.
        for ([_]i32{ 1, 2 }) |stream| _ = std.os.wasi.fd_sync(stream);
        return lowered(outcome);
    }
    return lowered(fail(.{ .message = "there is no such step in this component", .code = "unknown-step" }));
}

/// Calls a step. What it returns is made a failure when it is an error, or when it leaves out a wait.
pub fn outcomeOf(run: *const fn (call: *const Call) anyerror!Outcome, call: *const Call) Outcome {
    made = .{};
    answered = call.why == .answered;
    json.problem = "";
    const outcome = run(call) catch |reason| return failed(reason) catch @panic("out of memory");
    const returned: usize = @intFromBool(outcome == .suspended);
    if (outcome == .failed or made.count <= returned) return outcome;
    return fail(.{ .code = "unawaited-wait", .message = std.fmt.allocPrint(
        arena(),
        "the step made {d} waits, the first for {s}, and returned {d}; it waits only for the one that it returns",
        .{ made.count, made.first, returned },
    ) catch @panic("out of memory") });
}

fn failed(reason: anyerror) !Outcome {
    if (reason == error.NoAnswerToRefuse)
        return fail(.{ .message = "this call brought no answer to refuse", .code = "nothing-to-refuse" });
    const what, const code = switch (reason) {
        error.BadInput => .{ "the input does not fit", "bad-input" },
        error.BadAnswer => .{ "the answer does not fit", "bad-answer" },
        error.BadEvent => .{ "the event does not fit", "bad-event" },
        error.BadResult => .{ "the result does not fit", "bad-result" },
        error.BadJson => .{ "the text does not fit", "bad-json" },
        error.NotJson => .{ "what the step wrote is no JSON", "not-json" },
        else => .{ "", "" },
    };
    // An error of the step's own may have one of these names.
    if (what.len == 0 or json.problem.len == 0) return fail(.{
        .message = try std.fmt.allocPrint(arena(), "error.{s}{s}", .{ @errorName(reason), advice(reason) }),
        .code = "error",
    });
    return fail(.{
        .message = try std.fmt.allocPrint(arena(), "{s}: {s}", .{ what, json.problem }),
        .code = code,
        .details = switch (reason) {
            error.BadAnswer, error.BadEvent, error.BadResult => try waitAsDetails(),
            else => null,
        },
    });
}

/// What to do instead, where a step tried what it cannot.
fn advice(reason: anyerror) []const u8 {
    return switch (reason) {
        error.AccessDenied, error.PermissionDenied, error.FileNotFound => " (a step has no files: what it needs comes with its input, or is in it with @embedFile)",
        error.NetworkDown, error.UnknownHostName => " (a step has no network: what it needs comes with its input, or with an answer or event for which it waits)",
        else => "",
    };
}

fn lowered(outcome: Outcome) *const abi.Result {
    const value: abi.Outcome = switch (outcome) {
        .completed => |text| .{ .tag = .completed, .value = .{ .json = .of(text) } },
        .bailed => |text| .{ .tag = .bailed, .value = .{ .json = .of(text) } },
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
        .answered => .{ .answered = .{ .text = resolution.value.json.slice(), .from = .answer } },
        .received => .{ .received = .{ .text = resolution.value.json.slice(), .from = .event } },
        .completed => .{ .completed = .{ .text = resolution.value.json.slice(), .from = .result } },
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

/// A step without the types that are known only while it is compiled.
const Described = struct {
    id: []const u8,
    run: *const fn (call: *const Call) anyerror!Outcome,
    texts: [8]?[]const u8,
    retry: ?RetryPolicy,
    timeout_ms: ?u64,

    fn descriptor(step: *const Described) abi.Descriptor {
        return .{
            .id = .of(step.id),
            .title = abi.maybe(step.texts[0]),
            .description = abi.maybe(step.texts[1]),
            .input_schema = abi.maybe(step.texts[2]),
            .output_schema = abi.maybe(step.texts[3]),
            .suspend_schema = abi.maybe(step.texts[4]),
            .resume_schema = abi.maybe(step.texts[5]),
            .state_schema = abi.maybe(step.texts[6]),
            .request_context_schema = abi.maybe(step.texts[7]),
            .retry = .of(step.retry),
            .timeout_ms = .of(step.timeout_ms),
            .resume_mode = .restore,
            .metadata = .of(null),
        };
    }
};

fn described(comptime steps: []const Step) [steps.len]Described {
    var table: [steps.len]Described = undefined;
    for (&table, steps) |*to, step| to.* = .{
        .id = step.id,
        .run = step.run,
        .texts = .{
            step.title,
            step.description,
            step.input_schema orelse derived(step.Input),
            step.output_schema orelse derived(step.Output),
            step.suspend_schema orelse derived(step.Question),
            step.resume_schema orelse derived(step.Answer),
            step.state_schema,
            step.request_context_schema,
        },
        .retry = step.retry,
        .timeout_ms = step.timeout_ms,
    };
    return table;
}

fn derived(comptime T: ?type) ?[]const u8 {
    return if (T) |some| schemaOf(some) else null;
}

/// Finds mistakes in the steps while they are compiled.
fn check(comptime steps: []const Step) void {
    @setEvalBranchQuota(100_000);
    if (steps.len == 0) @compileError("exportSteps has no steps");
    for (steps, 0..) |step, k| {
        if (step.id.len == 0 or step.id.len > 128)
            @compileError(std.fmt.comptimePrint("the id \"{s}\" has {d} bytes, and an id has 1 to 128", .{ step.id, step.id.len }));
        for (step.id) |char| {
            if (!std.ascii.isAlphanumeric(char) and char != '-' and char != '_')
                @compileError(std.fmt.comptimePrint("the id \"{s}\" has a '{c}'; an id has letters, digits, - and _", .{ step.id, char }));
        }
        for (steps[0..k]) |other| {
            if (std.mem.eql(u8, other.id, step.id)) @compileError("two steps have the id \"" ++ step.id ++ "\"");
        }
    }
}

// ---- what is printed, and how a step dies ----

/// Makes lines of `std.log` lines of the run's log, with their levels.
pub fn logFn(comptime level: std.log.Level, comptime scope: @EnumLiteral(), comptime format: []const u8, arguments: anytype) void {
    const prefix = if (scope == .default) "" else "(" ++ @tagName(scope) ++ ") ";
    const line = std.fmt.allocPrint(arena(), prefix ++ format, arguments) catch return;
    log(switch (level) {
        .err => .err,
        .warn => .warn,
        .info => .info,
        .debug => .debug,
    }, line, .{}) catch {};
}

/// Ends the call after a panic; its text becomes the failure of the step.
pub fn die(message: []const u8, _: ?usize) noreturn {
    const fields = "{\"panic\": true}";
    var room: [1024]u8 = undefined;
    const words = std.fmt.bufPrint(&room, "panic: {s}", .{message}) catch message;
    abi.host.log(@backingInt(Level.err), words.ptr, words.len, 1, fields.ptr, fields.len);
    @trap();
}
