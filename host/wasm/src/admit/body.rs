//! The body of one function: how deep its blocks are, and how many values its branches may carry.

use wasmparser::{FunctionBody, Operator};

use super::bound::Bound;
use super::tally::Tally;
use super::walk::Stop;

/// Reads a function's body. `parameters` are locals as well.
pub(super) fn body(body: &FunctionBody<'_>, parameters: u32, tally: &mut Tally) -> Result<(), Stop> {
    let at = body.range().start;
    tally.most(Bound::BodyBytes, body.range().len() as u64, at)?;
    let mut locals = u64::from(parameters);
    let mut declared = body.get_locals_reader()?;
    for _ in 0..declared.get_count() {
        tally.look();
        locals = locals.saturating_add(u64::from(declared.read()?.0));
    }
    let (mut depth, mut ends) = (0u64, 0u64);
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        tally.look();
        let here = operators.original_position();
        let (opened, branches) = shape(&operators.read()?);
        match opened {
            Opened::Block => {
                depth += 1;
                ends += 1;
                tally.most(Bound::BlockDepth, depth, here)?;
            }
            Opened::Else => ends += 1,
            Opened::End => depth = depth.saturating_sub(1),
            Opened::Nothing => {}
        }
        ends = ends.saturating_add(branches);
    }
    let merges = locals.saturating_mul(ends);
    tally.most(Bound::FunctionMerges, merges, at)?;
    tally.add(Bound::Merges, merges, at)
}

enum Opened {
    Block,
    Else,
    End,
    Nothing,
}

/// What an instruction does to the nesting of blocks, and how many places it may branch to.
fn shape(operator: &Operator<'_>) -> (Opened, u64) {
    match operator {
        Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } | Operator::Try { .. } => {
            (Opened::Block, 0)
        }
        Operator::TryTable { try_table } => (Opened::Block, try_table.catches.len() as u64),
        Operator::Else | Operator::Catch { .. } | Operator::CatchAll => (Opened::Else, 0),
        Operator::End | Operator::Delegate { .. } => (Opened::End, 0),
        Operator::Br { .. }
        | Operator::BrIf { .. }
        | Operator::BrOnNull { .. }
        | Operator::BrOnNonNull { .. }
        | Operator::BrOnCast { .. }
        | Operator::BrOnCastFail { .. } => (Opened::Nothing, 1),
        Operator::BrTable { targets } => (Opened::Nothing, u64::from(targets.len()) + 1),
        _ => (Opened::Nothing, 0),
    }
}
