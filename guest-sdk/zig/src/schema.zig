//! JSON Schemas of types, made while the step is compiled.

const std = @import("std");

/// The JSON Schema of a type as `read` takes it, or null for one that takes any value.
///
/// Integers have their bounds, enums their tags; a field with a default value, or of an optional type, may be missing. A struct may say
/// more of its fields in a declaration, with the keywords of JSON Schema:
/// `pub const about = .{ .amount = .{ .minimum = 1, .description = "in cents" } };`
pub fn of(comptime T: type) ?[]const u8 {
    @setEvalBranchQuota(100_000);
    const text = comptime described(T, .{}, &.{});
    return if (std.mem.eql(u8, text, "{}")) null else text;
}

fn described(comptime T: type, comptime about: anytype, comptime open: []const type) []const u8 {
    if (T == std.json.Value) return object(said(about));
    // What is within itself is not described again.
    for (open) |outer| if (outer == T) return object(said(about));
    const inner = open ++ &[_]type{T};
    return switch (@typeInfo(T)) {
        .bool => object(kind("boolean") ++ said(about)),
        .int => |int| integer(int, about),
        .float => object(kind("number") ++ said(about)),
        .optional => |optional| orNull(described(optional.child, about, open)),
        .@"enum" => |info| object(kind("string") ++ .{"\"enum\":" ++ list(quoted(info.field_names))} ++ said(about)),
        .pointer => |pointer| switch (pointer.size) {
            .slice => if (pointer.child == u8)
                object(kind("string") ++ said(about))
            else
                object(kind("array") ++ .{"\"items\":" ++ described(pointer.child, .{}, inner)} ++ said(about)),
            .one => described(pointer.child, about, open),
            else => @compileError("JSON has nothing for " ++ @typeName(T)),
        },
        .array => |array| object(kind("array") ++ .{
            "\"items\":" ++ described(array.child, .{}, inner),
            std.fmt.comptimePrint("\"minItems\":{d},\"maxItems\":{d}", .{ array.len, array.len }),
        } ++ said(about)),
        .@"struct" => |info| structure(T, info, about, inner),
        .@"union" => |info| tagged(T, info, about, inner),
        .void, .null => object(&.{"\"type\":\"null\""}),
        else => @compileError("JSON has nothing for " ++ @typeName(T)),
    };
}

fn integer(comptime int: std.lang.Type.Int, comptime about: anytype) []const u8 {
    const T = @Int(int.signedness, int.bits);
    comptime var members: []const []const u8 = kind("integer");
    if (!@hasField(@TypeOf(about), "minimum"))
        members = members ++ .{std.fmt.comptimePrint("\"minimum\":{d}", .{std.math.minInt(T)})};
    if (!@hasField(@TypeOf(about), "maximum"))
        members = members ++ .{std.fmt.comptimePrint("\"maximum\":{d}", .{std.math.maxInt(T)})};
    return object(members ++ said(about));
}

fn structure(comptime T: type, comptime info: std.lang.Type.Struct, comptime about: anytype, comptime open: []const type) []const u8 {
    if (@hasDecl(T, "jsonParseFromValue")) return object(said(about));
    comptime var properties: []const []const u8 = &.{};
    comptime var required: []const []const u8 = &.{};
    for (info.field_names, info.field_types, info.field_attrs) |name, Field, attributes| {
        const more = if (@hasDecl(T, "about") and @hasField(@TypeOf(T.about), name)) @field(T.about, name) else .{};
        properties = properties ++ .{quote(name) ++ ":" ++ described(Field, more, open)};
        if (attributes.default_value_ptr == null and @typeInfo(Field) != .optional) required = required ++ .{quote(name)};
    }
    comptime var members: []const []const u8 = kind("object") ++ .{"\"properties\":" ++ object(properties)};
    if (required.len > 0) members = members ++ .{"\"required\":" ++ list(required)};
    return object(members ++ said(about));
}

/// A union is an object with its tag as the only key.
fn tagged(comptime T: type, comptime info: std.lang.Type.Union, comptime about: anytype, comptime open: []const type) []const u8 {
    if (info.tag_type == null) @compileError("a union without tags cannot be read: " ++ @typeName(T));
    comptime var cases: []const []const u8 = &.{};
    for (info.field_names, info.field_types) |name, Field| {
        const value = if (Field == void) object(kind("object")) else described(Field, .{}, open);
        cases = cases ++ .{object(kind("object") ++ .{
            "\"properties\":" ++ object(&.{quote(name) ++ ":" ++ value}),
            "\"required\":" ++ list(&.{quote(name)}),
            "\"additionalProperties\":false",
        })};
    }
    return object([_][]const u8{"\"oneOf\":" ++ list(cases)} ++ said(about));
}

fn orNull(comptime schema: []const u8) []const u8 {
    const typed = "{\"type\":\"";
    if (std.mem.eql(u8, schema, "{}")) return schema;
    if (!std.mem.startsWith(u8, schema, typed) or std.mem.find(u8, schema, "\"enum\":") != null)
        return object(&.{"\"anyOf\":" ++ list(&.{ schema, "{\"type\":\"null\"}" })});
    const end = std.mem.findScalarPos(u8, schema, typed.len, '"').? + 1;
    return "{\"type\":[" ++ schema[typed.len - 1 .. end] ++ ",\"null\"]" ++ schema[end..];
}

fn kind(comptime name: []const u8) []const []const u8 {
    return &.{"\"type\":" ++ quote(name)};
}

/// What a struct says of a field, as members of a schema.
fn said(comptime about: anytype) []const []const u8 {
    comptime var members: []const []const u8 = &.{};
    for (@typeInfo(@TypeOf(about)).@"struct".field_names) |name|
        members = members ++ .{quote(name) ++ ":" ++ literal(@field(about, name))};
    return members;
}

fn literal(comptime value: anytype) []const u8 {
    return switch (@typeInfo(@TypeOf(value))) {
        .int, .comptime_int, .float, .comptime_float => std.fmt.comptimePrint("{d}", .{value}),
        .bool => if (value) "true" else "false",
        .@"struct" => |info| many: {
            comptime var items: []const []const u8 = &.{};
            for (info.field_names) |name| items = items ++ .{literal(@field(value, name))};
            break :many list(items);
        },
        else => quote(value),
    };
}

fn quoted(comptime names: anytype) []const []const u8 {
    comptime var all: []const []const u8 = &.{};
    for (names) |name| all = all ++ .{quote(name)};
    return all;
}

fn quote(comptime text: []const u8) []const u8 {
    comptime var out: []const u8 = "\"";
    for (text) |char| out = out ++ switch (char) {
        '"', '\\' => .{ '\\', char },
        0...31 => std.fmt.comptimePrint("\\u{x:0>4}", .{char}),
        else => .{char},
    };
    return out ++ "\"";
}

fn object(comptime members: []const []const u8) []const u8 {
    return "{" ++ joined(members) ++ "}";
}

fn list(comptime items: []const []const u8) []const u8 {
    return "[" ++ joined(items) ++ "]";
}

fn joined(comptime items: []const []const u8) []const u8 {
    comptime var all: []const u8 = "";
    for (items, 0..) |item, k| all = all ++ (if (k == 0) "" else ",") ++ item;
    return all;
}
