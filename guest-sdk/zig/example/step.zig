const std = @import("std");
const reentry = @import("reentry");

const Order = struct {
    item: []const u8,

    pub const about = .{ .item = .{ .minLength = 1, .description = "what is to be bought" } };
};
const Question = struct { item: []const u8 };
const Answer = struct { approved: bool, comment: ?[]const u8 = null };
const Receipt = struct { bought: []const u8 };

comptime {
    reentry.exportSteps(&.{.{
        .id = "buy",
        .title = "Buy something",
        .run = buy,
        .Input = Order,
        .Question = Question,
        .Answer = Answer,
        .Output = Receipt,
    }});
}

/// What the step keeps over a wait. An instance serves one run.
var item: []const u8 = "";

fn buy(call: *const reentry.Call) !reentry.Outcome {
    switch (call.why) {
        .start => {
            const order = try call.input.read(Order);
            item = try reentry.gpa.dupe(u8, order.item);
            return reentry.suspendWith(Question{ .item = item }, .{});
        },
        .answered => |text| { // Days may have passed.
            const answer = try text.read(Answer);
            if (!answer.approved) return reentry.fail(.{ .message = "the buyer said no", .code = "refused" });
            return reentry.complete(Receipt{ .bought = item });
        },
        else => return error.WaitsForAnAnswerOnly,
    }
}

test "what is approved is bought" {
    var run: reentry.testing.Run = .init(buy);
    const asked = try run.start(.{ .item = "a lamp" });
    try std.testing.expectEqualStrings("{\"item\":\"a lamp\"}", asked.asked);
    const done = try run.answer(.{ .approved = true });
    try std.testing.expectEqualStrings("{\"bought\":\"a lamp\"}", done.completed);
}

test "nothing else is" {
    var run: reentry.testing.Run = .init(buy);
    _ = try run.start(.{ .item = "a lamp" });
    const done = try run.answer(.{ .approved = false });
    try std.testing.expectEqualStrings("refused", done.failed.code.?);
}
