//! JSON in and out. What cannot be read is told with its place; numbers are read whole or not at all.

const std = @import("std");

const Allocator = std.mem.Allocator;
const Value = std.json.Value;

/// Why the latest text could not be read or written, for people: `/read: 2.5 is not a whole number`.
pub var problem: []const u8 = "";

pub const Error = error{ Misfit, OutOfMemory };

/// Reads a value out of JSON text. Everything lies in `arena`. Members that `T` has not are passed over.
pub fn read(T: type, arena: Allocator, text: []const u8) Error!T {
    const tree = std.json.parseFromSliceLeaky(Value, arena, text, .{
        .allocate = .alloc_always,
        .parse_numbers = false,
    }) catch |reason| switch (reason) {
        error.OutOfMemory => return error.OutOfMemory,
        else => return misfit(arena, &top, "it is not JSON: {t}", .{reason}),
    };
    return value(T, arena, tree, &top);
}

/// Writes a value as JSON. `.{}` is an object without members.
pub fn write(arena: Allocator, from: anytype) Error![]const u8 {
    if (@TypeOf(from) == @TypeOf(.{})) return "{}";
    try writable(arena, from, &top);
    return std.json.Stringify.valueAlloc(arena, from, .{});
}

/// A place in a value: what leads to it from the top.
const Place = struct {
    up: ?*const Place = null,
    part: union(enum) { top, name: []const u8, index: usize } = .top,

    fn at(place: *const Place, name: []const u8) Place {
        return .{ .up = place, .part = .{ .name = name } };
    }

    fn item(place: *const Place, index: usize) Place {
        return .{ .up = place, .part = .{ .index = index } };
    }

    pub fn format(place: *const Place, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        if (place.up) |up| try up.format(writer);
        switch (place.part) {
            .top => {},
            .index => |index| try writer.print("/{d}", .{index}),
            .name => |name| {
                try writer.writeByte('/');
                for (name) |char| switch (char) {
                    '~' => try writer.writeAll("~0"),
                    '/' => try writer.writeAll("~1"),
                    else => try writer.writeByte(char),
                };
            },
        }
    }
};

const top: Place = .{};

fn misfit(arena: Allocator, place: *const Place, comptime format: []const u8, arguments: anytype) Error {
    const root = if (place.part == .top) "/" else "";
    problem = try std.fmt.allocPrint(arena, "{s}{f}: " ++ format, .{ root, place } ++ arguments);
    return error.Misfit;
}

/// A value for a message, and never long.
fn shown(arena: Allocator, from: Value) Error![]const u8 {
    const text = try std.json.Stringify.valueAlloc(arena, from, .{});
    if (text.len <= 40) return text;
    var end: usize = 40;
    while (text[end] & 0xc0 == 0x80) end -= 1;
    return std.fmt.allocPrint(arena, "{s}…", .{text[0..end]});
}

fn value(T: type, arena: Allocator, from: Value, place: *const Place) Error!T {
    if (T == Value) return from;
    switch (@typeInfo(T)) {
        .bool => if (from == .bool) return from.bool else return not(arena, place, from, "neither true nor false"),
        .int => return integer(T, arena, from, place),
        .float => return float(T, arena, from, place),
        .optional => |optional| return if (from == .null) null else try value(optional.child, arena, from, place),
        .@"enum" => {
            if (from == .string) if (std.meta.stringToEnum(T, from.string)) |tag| return tag;
            const names = comptime oneOf(@typeInfo(T).@"enum".field_names);
            return not(arena, place, from, "one of " ++ names);
        },
        .pointer => |pointer| switch (pointer.size) {
            .slice => {
                if (pointer.child == u8)
                    return if (from == .string) from.string else not(arena, place, from, "a text");
                if (from != .array) return not(arena, place, from, "a list");
                const items = try arena.alloc(pointer.child, from.array.items.len);
                for (items, from.array.items, 0..) |*to, item, k|
                    to.* = try value(pointer.child, arena, item, &place.item(k));
                return items;
            },
            .one => {
                const to = try arena.create(pointer.child);
                to.* = try value(pointer.child, arena, from, place);
                return to;
            },
            else => @compileError("JSON has nothing for " ++ @typeName(T)),
        },
        .array => |array| {
            if (from != .array) return not(arena, place, from, "a list");
            const items = from.array.items;
            if (items.len != array.len) return misfit(arena, place, "a list of {d} items, and not of {d}", .{ items.len, array.len });
            var to: T = undefined;
            for (&to, items, 0..) |*slot, item, k| slot.* = try value(array.child, arena, item, &place.item(k));
            return to;
        },
        .@"struct" => return structure(T, arena, from, place),
        .@"union" => |info| {
            const names = comptime oneOf(info.field_names);
            if (from != .object or from.object.count() != 1)
                return not(arena, place, from, "an object with one of " ++ names);
            const key = from.object.keys()[0];
            inline for (info.field_names, info.field_types) |name, Field| {
                if (std.mem.eql(u8, name, key)) {
                    const inner = from.object.values()[0];
                    return @unionInit(T, name, if (Field == void) {} else try value(Field, arena, inner, &place.at(name)));
                }
            }
            return not(arena, place, from, "an object with one of " ++ names);
        },
        .void, .null => if (from == .null) return if (T == void) {} else null else return not(arena, place, from, "null"),
        else => @compileError("JSON has nothing for " ++ @typeName(T)),
    }
}

fn not(arena: Allocator, place: *const Place, from: Value, comptime expected: []const u8) Error {
    return misfit(arena, place, "{s} is " ++ (if (comptime std.mem.startsWith(u8, expected, "neither")) "" else "not ") ++ expected, .{
        try shown(arena, from),
    });
}

fn oneOf(comptime names: anytype) []const u8 {
    comptime var all: []const u8 = "";
    for (names, 0..) |name, k| all = all ++ (if (k == 0) "" else ", ") ++ name;
    return all;
}

fn structure(T: type, arena: Allocator, from: Value, place: *const Place) Error!T {
    const info = @typeInfo(T).@"struct";
    if (@hasDecl(T, "jsonParseFromValue")) {
        return T.jsonParseFromValue(arena, from, .{ .ignore_unknown_fields = true }) catch |reason| switch (reason) {
            error.OutOfMemory => error.OutOfMemory,
            else => misfit(arena, place, "{s}: {t}", .{ try shown(arena, from), reason }),
        };
    }
    if (from != .object) return not(arena, place, from, "an object");
    var to: T = undefined;
    inline for (info.field_names, info.field_types, info.field_attrs) |name, Field, attributes| {
        const inner = place.at(name);
        @field(to, name) = if (from.object.get(name)) |found|
            try value(Field, arena, found, &inner)
        else if (comptime attributes.defaultValue(Field)) |default|
            default
        else if (@typeInfo(Field) == .optional)
            null
        else
            return misfit(arena, &inner, "is missing", .{});
    }
    return to;
}

fn integer(T: type, arena: Allocator, from: Value, place: *const Place) Error!T {
    if (from != .number_string) return not(arena, place, from, "a whole number");
    const text = from.number_string;
    return whole(T, text) catch |reason| switch (reason) {
        error.Fraction => misfit(arena, place, "{s} is not a whole number", .{text}),
        error.Overflow => misfit(arena, place, "{s} is beyond the bounds of {s}, {d} to {d}", .{
            text, @typeName(T), std.math.minInt(T), std.math.maxInt(T),
        }),
    };
}

/// Reads a number of JSON that is whole, though it may have a fraction of zeros, or an exponent.
fn whole(T: type, text: []const u8) error{ Fraction, Overflow }!T {
    const negative = text[0] == '-';
    const unsigned = text[@intFromBool(negative)..];
    const mantissa_end = std.mem.findAny(u8, unsigned, "eE") orelse unsigned.len;
    const mantissa = unsigned[0..mantissa_end];
    const point = std.mem.findScalar(u8, mantissa, '.') orelse mantissa.len;
    const fraction_length = if (point == mantissa.len) 0 else mantissa.len - point - 1;

    const significant = std.mem.findNone(u8, mantissa, "0.") != null;
    if (!significant) return 0;
    var exponent: i64 = 0;
    if (mantissa_end < unsigned.len) {
        const power = unsigned[mantissa_end + 1 ..];
        // One that no machine's number holds: a fraction of nothing, or more than anything.
        exponent = std.fmt.parseInt(i32, power, 10) catch return if (power[0] == '-') error.Fraction else error.Overflow;
    }
    // The number is the digits, times ten to the power of this.
    exponent -= @intCast(fraction_length);
    const last = std.mem.findLastNone(u8, mantissa, "0.").?;
    const zeros_after = mantissa.len - 1 - last - @intFromBool(last < point and point < mantissa.len);
    exponent += @intCast(zeros_after);
    if (exponent < 0) return error.Fraction;

    var result: T = 0;
    for (mantissa[0 .. last + 1]) |char| if (char != '.') {
        result = try appended(T, result, char - '0', negative);
    };
    while (exponent > 0) : (exponent -= 1) result = try appended(T, result, 0, negative);
    return result;
}

fn appended(T: type, so_far: T, digit: u8, negative: bool) error{Overflow}!T {
    // Types with fewer bits than ten needs have a wider one to count in.
    const Wide = @Int(.signed, @max(@bitSizeOf(T), 8) + 8);
    const next = @as(Wide, so_far) * 10 + if (negative) -@as(Wide, digit) else @as(Wide, digit);
    return std.math.cast(T, next) orelse error.Overflow;
}

fn float(T: type, arena: Allocator, from: Value, place: *const Place) Error!T {
    if (from != .number_string) return not(arena, place, from, "a number");
    const text = from.number_string;
    const found = std.fmt.parseFloat(T, text) catch unreachable; // The parser took it for a number.
    if (!std.math.isFinite(found)) return misfit(arena, place, "{s} is too large for {s}", .{ text, @typeName(T) });
    const mantissa = text[0 .. std.mem.findAny(u8, text, "eE") orelse text.len];
    if (found == 0 and std.mem.findNone(u8, mantissa, "-0.") != null)
        return misfit(arena, place, "{s} is too small for {s}", .{ text, @typeName(T) });
    // A whole number must not become another one.
    if (std.mem.findAny(u8, text, ".eE") == null and !std.mem.eql(u8, text, "-0")) {
        var buffer: [512]u8 = undefined;
        const written = std.fmt.bufPrint(&buffer, "{d}", .{found}) catch "";
        if (!std.mem.eql(u8, written, text))
            return misfit(arena, place, "{s} has more digits than {s} holds; an integer type or std.json.Value keeps them", .{ text, @typeName(T) });
    }
    return found;
}

/// Looks for what JSON has not: numbers that are none.
fn writable(arena: Allocator, from: anytype, place: *const Place) Error!void {
    const T = @TypeOf(from);
    switch (@typeInfo(T)) {
        .float => if (!std.math.isFinite(from)) return misfit(arena, place, "{d} is no number that JSON has", .{from}),
        .optional => if (from) |some| try writable(arena, some, place),
        .pointer => |pointer| switch (pointer.size) {
            .slice => if (pointer.child != u8) for (from, 0..) |item, k| try writable(arena, item, &place.item(k)),
            .one => if (@typeInfo(pointer.child) != .@"fn" and @typeInfo(pointer.child) != .@"opaque") try writable(arena, from.*, place),
            else => {},
        },
        .array => |array| if (array.child != u8) for (from, 0..) |item, k| try writable(arena, item, &place.item(k)),
        .@"struct" => |info| if (!@hasDecl(T, "jsonStringify")) {
            inline for (info.field_names) |name| try writable(arena, @field(from, name), &place.at(name));
        },
        .@"union" => |info| if (info.tag_type != null and !@hasDecl(T, "jsonStringify")) switch (from) {
            inline else => |inner, tag| try writable(arena, inner, &place.at(@tagName(tag))),
        },
        else => {},
    }
}
