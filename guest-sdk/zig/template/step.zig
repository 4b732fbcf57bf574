const reentry = @import("reentry");

comptime {
    reentry.exportSteps(&.{.{ .id = "{{name}}", .title = "Buy something", .run = buy }});
}

/// What the step keeps over a wait. An instance serves one run.
var item: []const u8 = "";

fn buy(call: *const reentry.Call) !reentry.Outcome {
    switch (call.why) {
        .start => {
            const order = try reentry.read(struct { item: []const u8 }, call.input);
            item = try reentry.gpa.dupe(u8, order.item);
            return reentry.suspendWith(.{ .item = item }, .{ .labels = &.{"buyer"} });
        },
        .answered => |text| { // Days may have passed.
            const answer = try reentry.read(struct { approved: bool }, text);
            if (!answer.approved) return reentry.fail(.{ .message = "the buyer said no", .code = "refused" });
            return reentry.complete(.{ .bought = item });
        },
        else => return error.WaitsForAnAnswerOnly,
    }
}
