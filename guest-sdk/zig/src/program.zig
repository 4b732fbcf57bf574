//! The root of a component: the step, and what the standard library looks for in a program's root.

const std = @import("std");
const reentry = @import("reentry");
const step = @import("step");

pub const panic = if (@hasDecl(step, "panic")) step.panic else std.debug.FullPanic(reentry.die);

pub const std_options: std.Options = if (@hasDecl(step, "std_options")) step.std_options else .{ .logFn = reentry.logFn };

comptime {
    _ = step;
}
