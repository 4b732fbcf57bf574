//! For editors, and for `zig build test`: the unit tests on this machine. `reentry build` makes the component, and does not read this.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.graph.host;
    const reentry = b.createModule(.{ .root_source_file = b.path("sdk/src/reentry.zig"), .target = target });
    const step = b.createModule(.{
        .root_source_file = b.path("step.zig"),
        .target = target,
        .imports = &.{.{ .name = "reentry", .module = reentry }},
    });
    const tests = b.addRunArtifact(b.addTest(.{ .root_module = step }));
    b.step("test", "Run the unit tests").dependOn(&tests.step);
}
