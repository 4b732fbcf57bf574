//! The SDK on the developer's own machine: `zig test --dep reentry -Mroot=tests/sdk.zig -Mreentry=src/reentry.zig`.

const std = @import("std");
const reentry = @import("reentry");

const expect = std.testing.expectEqualStrings;

/// What a step makes of an answer that it reads as `T`, and writes again.
fn answered(T: type, text: []const u8) []const u8 {
    const step = struct {
        fn run(call: *const reentry.Call) !reentry.Outcome {
            return switch (call.why) {
                .answered => |answer| reentry.complete(try answer.read(T)),
                else => error.NeverStarted,
            };
        }
    };
    var run: reentry.testing.Run = .init(step.run);
    return switch (run.call(.{ .answered = .{ .text = text, .from = .answer } })) {
        .completed => |output| output,
        .failed => |failure| std.fmt.allocPrint(reentry.arena(), "{s}: {s}", .{ failure.code.?, failure.message }) catch unreachable,
        else => unreachable,
    };
}

const Size = enum { small, large };
const Approval = struct { approved: bool, comment: ?[]const u8 = null };
const Deep = struct { items: []const struct { count: i32 }, sizes: [2]Size = @splat(.small) };
const Either = union(enum) { cash: u8, card: struct { number: []const u8 }, nothing };

test "reading" {
    const cases = .{
        .{ Approval, "{\"approved\":true}", "{\"approved\":true,\"comment\":null}" },
        .{ Approval, "{\"approved\":\"yes\"}", "bad-answer: the answer does not fit: /approved: \"yes\" is neither true nor false" },
        .{ Approval, "{\"comment\":\"x\"}", "bad-answer: the answer does not fit: /approved: is missing" },
        .{ Approval, "[]", "bad-answer: the answer does not fit: /: [] is not an object" },
        .{ Deep, "{\"items\":[{\"count\":1},{\"count\":2.5}]}", "bad-answer: the answer does not fit: /items/1/count: 2.5 is not a whole number" },
        .{ Deep, "{\"items\":[],\"sizes\":[\"small\",\"huge\"]}", "bad-answer: the answer does not fit: /sizes/1: \"huge\" is not one of small, large" },
        .{ Deep, "{\"items\":[],\"sizes\":[]}", "bad-answer: the answer does not fit: /sizes: a list of 0 items, and not of 2" },
        .{ Either, "{\"cash\":7}", "{\"cash\":7}" },
        .{ Either, "{\"cheque\":7}", "bad-answer: the answer does not fit: /: {\"cheque\":7} is not an object with one of cash, card, nothing" },
        .{ i32, "2.0", "2" },
        .{ i32, "1.50e1", "15" },
        .{ i32, "100e-2", "1" },
        .{ i32, "-0.0", "0" },
        .{ i32, "-12.00", "-12" },
        .{ i32, "0.1200e4", "1200" },
        .{ i32, "2.5", "bad-answer: the answer does not fit: /: 2.5 is not a whole number" },
        .{ i32, "1e-1", "bad-answer: the answer does not fit: /: 1e-1 is not a whole number" },
        .{ i32, "1e-99999999999", "bad-answer: the answer does not fit: /: 1e-99999999999 is not a whole number" },
        .{ i32, "1e99999999999", "bad-answer: the answer does not fit: /: 1e99999999999 is beyond the bounds of i32, -2147483648 to 2147483647" },
        .{ i8, "128", "bad-answer: the answer does not fit: /: 128 is beyond the bounds of i8, -128 to 127" },
        .{ i8, "-128", "-128" },
        .{ u3, "8", "bad-answer: the answer does not fit: /: 8 is beyond the bounds of u3, 0 to 7" },
        .{ u64, "-1", "bad-answer: the answer does not fit: /: -1 is beyond the bounds of u64, 0 to 18446744073709551615" },
        .{ u64, "18446744073709551615", "18446744073709551615" },
        .{ i64, "-9223372036854775808", "-9223372036854775808" },
        .{ i128, "170141183460469231731687303715884105727", "170141183460469231731687303715884105727" },
        .{ f64, "1e400", "bad-answer: the answer does not fit: /: 1e400 is too large for f64" },
        .{ f64, "1e-400", "bad-answer: the answer does not fit: /: 1e-400 is too small for f64" },
        .{ f64, "9007199254740993", "bad-answer: the answer does not fit: /: 9007199254740993 has more digits than f64 holds; " ++
            "an integer type or std.json.Value keeps them" },
        .{ std.json.Value, "{\"n\":12345678901234567890123.450}", "{\"n\":12345678901234567890123.450}" },
    };
    inline for (cases) |case| try expect(case[2], answered(case[0], case[1]));
}

test "a double comes back as it was" {
    for ([_]f64{ 0.1, 5e-324, std.math.floatMax(f64), 1.0 / 3.0, 123456789.123456789, -0.30000000000000004, 1e23 }) |number| {
        const text = try reentry.write(number);
        try std.testing.expectEqual(number, try reentry.read(f64, text));
        // As the text that other languages write.
        const plain = try std.fmt.allocPrint(reentry.arena(), "{d}", .{number});
        if (std.mem.findScalar(u8, plain, '.') != null) try std.testing.expectEqual(number, try reentry.read(f64, plain));
    }
}

test "what JSON has not" {
    const step = struct {
        fn run(_: *const reentry.Call) !reentry.Outcome {
            return reentry.complete(.{ .rates = [_]f64{ 1, std.math.nan(f64) } });
        }
    };
    var run: reentry.testing.Run = .init(step.run);
    try expect("what the step wrote is no JSON: /rates/1: nan is no number that JSON has", (try run.start(null)).failed.message);
}

test "schemas" {
    const Node = struct { value: i8, next: ?*const @This() };
    const Everything = struct {
        name: []const u8,
        count: u8,
        large: i64,
        rate: f64,
        size: Size = .small,
        maybe: ?bool,
        kind: ?Size = null,
        list: []const u16,
        open: std.json.Value,
        node: Node,

        pub const about = .{
            .name = .{ .minLength = 1, .description = "as it is \"called\"" },
            .count = .{ .maximum = 9 },
            .list = .{ .maxItems = 3, .examples = .{ 1, 2 } },
        };
    };
    try expect("{\"type\":\"object\",\"properties\":{" ++
        "\"name\":{\"type\":\"string\",\"minLength\":1,\"description\":\"as it is \\\"called\\\"\"}," ++
        "\"count\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9}," ++
        "\"large\":{\"type\":\"integer\",\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807}," ++
        "\"rate\":{\"type\":\"number\"},\"size\":{\"type\":\"string\",\"enum\":[\"small\",\"large\"]}," ++
        "\"maybe\":{\"type\":[\"boolean\",\"null\"]}," ++
        "\"kind\":{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"small\",\"large\"]},{\"type\":\"null\"}]}," ++
        "\"list\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":65535},\"maxItems\":3,\"examples\":[1,2]}," ++
        "\"open\":{}," ++
        "\"node\":{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"integer\",\"minimum\":-128,\"maximum\":127},\"next\":{}},\"required\":[\"value\"]}}," ++
        "\"required\":[\"name\",\"count\",\"large\",\"rate\",\"list\",\"open\",\"node\"]}", reentry.schemaOf(Everything).?);
    try expect("{\"oneOf\":[" ++
        "{\"type\":\"object\",\"properties\":{\"cash\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":255}},\"required\":[\"cash\"],\"additionalProperties\":false}," ++
        "{\"type\":\"object\",\"properties\":{\"nothing\":{\"type\":\"object\"}},\"required\":[\"nothing\"],\"additionalProperties\":false}]}", reentry.schemaOf(union(enum) { cash: u8, nothing }).?);
    try std.testing.expectEqual(null, reentry.schemaOf(std.json.Value));
}

test "an answer is refused" {
    const step = struct {
        fn run(call: *const reentry.Call) !reentry.Outcome {
            return switch (call.why) {
                .start => reentry.suspendWith("how many?", .{}),
                else => reentry.refuse("an even number, please"),
            };
        }
    };
    var run: reentry.testing.Run = .init(step.run);
    try expect("\"how many?\"", (try run.start(null)).asked);
    const refused = (try run.answer(3)).failed;
    try expect("bad-answer", refused.code.?);
    try expect("{\"wait\":0}", refused.details.?);
    try expect("nothing-to-refuse", run.call(.timed_out).failed.code.?);
}

test "a wait that is not returned" {
    const step = struct {
        fn run(_: *const reentry.Call) !reentry.Outcome {
            _ = try reentry.suspendWith(.{ .item = "a lamp" }, .{});
            return reentry.complete(true);
        }
    };
    var run: reentry.testing.Run = .init(step.run);
    const failure = (try run.start(null)).failed;
    try expect("unawaited-wait", failure.code.?);
    try expect("the step made 1 waits, the first for an answer to {\"item\":\"a lamp\"}, and returned 0; it waits only for the one that it returns", failure.message);
}

test "the host is asked" {
    const step = struct {
        fn run(_: *const reentry.Call) !reentry.Outcome {
            try reentry.log(.warn, "careful", .{});
            try reentry.setState("count", 2);
            return reentry.sleep(1);
        }
    };
    var run: reentry.testing.Run = .init(step.run);
    try std.testing.expectEqual(reentry.testing.known.now_ms + 1, (try run.start(null)).sleeps);
    try expect("careful", reentry.testing.known.line);
    try expect("count", reentry.testing.known.set_key);
    try expect("2", reentry.testing.known.set_value);
}
