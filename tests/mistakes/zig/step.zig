//! Mistakes that people make in Zig, each in a step of its name.

const std = @import("std");
const reentry = @import("reentry");

comptime {
    reentry.exportSteps(&.{
        .{ .id = "out-of-bounds", .run = reachesOut },
        .{ .id = "overflow", .run = overflows },
        .{ .id = "unwraps-null", .run = unwraps },
        .{ .id = "assertion", .run = asserts },
        .{ .id = "panic", .run = panics },
        .{ .id = "error", .run = errs },
        .{ .id = "stack-overflow", .run = recurses },
        .{ .id = "out-of-memory", .run = hoards },
        .{ .id = "exit", .run = exits },
        .{ .id = "print", .run = prints },
        .{ .id = "file", .run = reads },
        .{ .id = "sleep", .run = sleeps },
        .{ .id = "not-returned", .run = forgets },
        .{ .id = "nan", .run = divides },
        .{ .id = "wrong-input", .run = takesNumber },
        .{ .id = "by-hand", .run = takesAnything },
        .{ .id = "picky", .run = refuses, .Answer = Answer },
        .{ .id = "endless", .run = spins, .timeout_ms = 1000 },
    });
}

const Call = *const reentry.Call;
const Outcome = reentry.Outcome;
const Answer = struct { count: u8 };

fn reachesOut(call: Call) !Outcome {
    const prices = [_]u8{ 1, 2, 3 };
    return reentry.complete(prices[call.input.text.len + 3]);
}

fn overflows(call: Call) !Outcome {
    const length: u8 = @intCast(call.input.text.len);
    return reentry.complete(length - 100);
}

fn unwraps(call: Call) !Outcome {
    const missing: ?u8 = if (call.attempt() > 100) 1 else null;
    return reentry.complete(missing.?);
}

fn asserts(call: Call) !Outcome {
    std.debug.assert(call.attempt() > 100);
    return reentry.complete(true);
}

fn panics(_: Call) !Outcome {
    @panic("no price list");
}

fn errs(_: Call) !Outcome {
    return error.OutOfStock;
}

fn recurses(call: Call) !Outcome {
    return reentry.complete(deeper(call.attempt()));
}

fn deeper(n: u32) u32 {
    var room: [64]u32 = @splat(n);
    std.mem.doNotOptimizeAway(&room);
    return if (n == 1_000_000) 0 else deeper(n + 1) + room[n % 64];
}

fn hoards(_: Call) !Outcome {
    while (true) @memset(try reentry.gpa.alloc(u8, 16 << 20), 1);
}

fn exits(_: Call) !Outcome {
    std.process.exit(3);
}

fn prints(_: Call) !Outcome {
    std.debug.print("to standard error\n", .{});
    std.log.info("the count is {d}", .{3});
    return reentry.complete(true);
}

fn reads(_: Call) !Outcome {
    var room: [100]u8 = undefined;
    const text = try std.Io.Dir.cwd().readFile(std.Options.debug_io, "prices.json", &room);
    return reentry.complete(text);
}

fn sleeps(_: Call) !Outcome {
    try std.Io.sleep(std.Options.debug_io, .fromSeconds(60), .awake);
    return reentry.complete(true);
}

fn forgets(_: Call) !Outcome {
    _ = reentry.sleep(1000);
    return reentry.complete(true);
}

fn divides(call: Call) !Outcome {
    const zero: f64 = @floatFromInt(call.attempt());
    return reentry.complete(.{ .rate = zero / zero });
}

fn takesNumber(call: Call) !Outcome {
    return reentry.complete(try call.input.read(struct { count: u8 }));
}

/// Has no schema, so that every answer comes through.
fn takesAnything(call: Call) !Outcome {
    return switch (call.why) {
        .answered => |answer| reentry.complete(try answer.read(Answer)),
        else => reentry.suspendWith("how many?", .{}),
    };
}

fn refuses(call: Call) !Outcome {
    switch (call.why) {
        .answered => |answer| {
            const got = try answer.read(Answer);
            if (got.count % 2 == 1) return reentry.refuse("an even number, please");
            return reentry.complete(got);
        },
        else => return reentry.suspendWith("how many?", .{}),
    }
}

fn spins(call: Call) !Outcome {
    var n = call.attempt();
    while (true) {
        n +%= 1;
        std.mem.doNotOptimizeAway(n);
    }
}
