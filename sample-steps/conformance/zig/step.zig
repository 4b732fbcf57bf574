//! The conformance step in Zig: what every language must do alike.

const std = @import("std");
const reentry = @import("reentry");

comptime {
    reentry.exportSteps(&.{.{
        .id = "conformance",
        .title = "Conformance",
        .run = conformance,
        .retry = .{ .retries = 3 },
    }});
}

/// What the step keeps between two calls. An instance serves one run.
var texts: [3][]const u8 = undefined;
var count: usize = 0;
var tenant: []const u8 = "";

const Case = enum { echo, keep, state, context, labels, bail, fail, retry, megabyte, unicode, print, clock, sleep, event };
const Input = struct { do: Case, text: []const u8 = "", key: []const u8 = "" };
const Answer = struct { text: []const u8 };

fn conformance(call: *const reentry.Call) !reentry.Outcome {
    const input = try call.input.read(Input);
    return switch (input.do) {
        .echo => reentry.completeText(call.input.text),
        .keep => keep(call),
        .state => state(call),
        .context => context(call),
        .labels => switch (call.why) {
            .answered => |answer| reentry.completeText(answer.text),
            else => reentry.suspendWith(.{ .question = "who?" }, .{ .labels = &.{ "manager", "finance" } }),
        },
        .bail => reentry.bail(.{ .bailed = true }),
        .fail => reentry.fail(.{
            .message = "no luck",
            .code = "no-luck",
            .details = try reentry.write(.{ .tried = "everything" }),
        }),
        .retry => if (call.attempt() < 2)
            reentry.fail(.{ .message = "not yet", .retryable = true })
        else
            reentry.complete(.{ .attempt = call.attempt() }),
        .megabyte => megabyte(call),
        .unicode => switch (call.why) {
            .answered => |answer| {
                const text = (try answer.read(Answer)).text;
                return reentry.complete(.{ .text = text, .same = std.mem.eql(u8, text, input.text) });
            },
            else => reentry.suspendWith(.{ .text = input.text }, .{}),
        },
        .print => print(call),
        .clock => clock(call),
        .sleep => if (call.why == .start) reentry.sleep(1) else reentry.complete(.{ .slept = true }),
        .event => switch (call.why) {
            .received => |payload| reentry.completeText(payload.text),
            else => reentry.event("paid", input.key, .{}),
        },
    };
}

fn keep(call: *const reentry.Call) !reentry.Outcome {
    switch (call.why) {
        .answered => |answer| {
            // What is read lies in the memory of the call; what is kept is copied.
            texts[count] = try reentry.gpa.dupe(u8, (try answer.read(Answer)).text);
            count += 1;
        },
        else => {},
    }
    if (count < 3) return reentry.suspendWith(.{ .asked = count + 1 }, .{});
    return reentry.complete(.{ .texts = texts, .count = count });
}

fn state(call: *const reentry.Call) !reentry.Outcome {
    const counter = (try reentry.read(struct { counter: u64 = 0 }, reentry.state())).counter + 1;
    try reentry.setState("counter", counter);
    return switch (call.why) {
        .start => reentry.suspendWith(.{ .counter = counter }, .{}),
        else => reentry.complete(.{ .counter = counter }),
    };
}

fn context(call: *const reentry.Call) !reentry.Outcome {
    const known = try reentry.read(
        struct { tenantName: []const u8 = "", approver: std.json.Value = .null },
        reentry.requestContext(),
    );
    if (call.why != .start) return reentry.complete(.{ .tenantName = tenant, .approver = known.approver });
    tenant = try reentry.gpa.dupe(u8, known.tenantName);
    try reentry.setRequestContext("seen", true);
    return reentry.suspendWith(.{}, .{});
}

fn megabyte(call: *const reentry.Call) !reentry.Outcome {
    switch (call.why) {
        .answered => |answer| return reentry.complete(.{ .length = (try answer.read(Answer)).text.len }),
        else => {
            const text = try reentry.arena().alloc(u8, 1048576);
            @memset(text, 'x');
            return reentry.suspendWith(.{ .text = text }, .{});
        },
    }
}

fn print(call: *const reentry.Call) !reentry.Outcome {
    // What std.debug.print writes goes to standard error, and so is a warning.
    const stdout = std.Io.File.stdout();
    const io = std.Options.debug_io;
    if (call.why != .start) {
        try stdout.writeStreamingAll(io, "printed after\n");
        return reentry.complete(null);
    }
    try stdout.writeStreamingAll(io, "printed by the step\n");
    try reentry.log(.warn, "logged by the step", .{ .n = 1 });
    return reentry.suspendWith(.{}, .{});
}

fn clock(call: *const reentry.Call) !reentry.Outcome {
    // A list of bytes would be written as a string.
    var drawn: [8]u32 = undefined;
    for (&drawn, reentry.random(8)) |*number, byte| number.* = byte;
    const said = .{ .now = reentry.now(), .random = drawn };
    return if (call.why == .start) reentry.suspendWith(said, .{}) else reentry.complete(said);
}
