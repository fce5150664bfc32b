//! An upper bound of the work of a condition, from its text alone.
//!
//! The unit is roughly one visited node or one copied item. A list of a clip has at most
//! [`super::MAX_ITEMS`] items (longer ones are not in the scope), a literal as many as were written, and
//! `+`, `map` and `filter` are followed to the size of what they build.

use super::MAX_ITEMS;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, operators};

/// Deepest expression tree.
const MAX_DEPTH: usize = 64;
/// Most work. Measured in a release build, on one core of a small virtual machine and the largest clip that a condition
/// can see: 140 ms for the dearest shape that is accepted (lists joined in a loop), 41 ms for lists compared in a loop,
/// 1 to 20 ms for all others. The test `dearest_accepted_conditions_end_soon` prints the figures.
const MAX_WORK: u64 = 400_000;

const COMPARISONS: [&str; 6] = [
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
];

/// Direct parts of an expression.
pub(super) fn children(e: &IdedExpr) -> Vec<&IdedExpr> {
    match &e.expr {
        Expr::Call(c) => c.target.as_deref().into_iter().chain(&c.args).collect(),
        Expr::Comprehension(c) => {
            vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result]
        }
        Expr::List(l) => l.elements.iter().collect(),
        Expr::Map(m) => m.entries.iter().flat_map(|x| entry_parts(&x.expr)).collect(),
        Expr::Struct(s) => s.entries.iter().flat_map(|x| entry_parts(&x.expr)).collect(),
        Expr::Select(s) => vec![&s.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

/// Whether an entry is one of a map literal.
fn entry_parts(e: &EntryExpr) -> Vec<&IdedExpr> {
    match e {
        EntryExpr::MapEntry(m) => vec![&m.key, &m.value],
        EntryExpr::StructField(f) => vec![&f.value],
    }
}

/// Direct parts of an expression, to be changed.
pub(super) fn children_mut(e: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut e.expr {
        Expr::Call(c) => c.target.as_deref_mut().into_iter().chain(&mut c.args).collect(),
        Expr::Comprehension(c) => {
            vec![&mut c.iter_range, &mut c.accu_init, &mut c.loop_cond, &mut c.loop_step, &mut c.result]
        }
        Expr::List(l) => l.elements.iter_mut().collect(),
        Expr::Map(m) => m
            .entries
            .iter_mut()
            .flat_map(|x| match &mut x.expr {
                EntryExpr::MapEntry(m) => vec![&mut m.key, &mut m.value],
                EntryExpr::StructField(f) => vec![&mut f.value],
            })
            .collect(),
        Expr::Select(s) => vec![&mut s.operand],
        Expr::Struct(_) | Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

/// Refuses what is too deep or could work too long.
pub(super) fn bounded(e: &IdedExpr) -> Result<(), String> {
    if depth(e) > MAX_DEPTH {
        return Err(format!("the condition is nested more than {MAX_DEPTH} deep; split it into several rules"));
    }
    if work(e).cost > MAX_WORK {
        return Err("the condition could take too long on one clip; use fewer or less nested loops".to_owned());
    }
    Ok(())
}

fn depth(e: &IdedExpr) -> usize {
    1 + children(e).into_iter().map(depth).max().unwrap_or(0)
}

#[derive(Clone, Copy)]
struct Work {
    /// Units of work to evaluate.
    cost: u64,
    /// Items (or words of text) in the value.
    size: u64,
}

fn work(e: &IdedExpr) -> Work {
    let items = MAX_ITEMS as u64;
    let parts: Vec<Work> = children(e).into_iter().map(work).collect();
    let costs = parts.iter().fold(1u64, |n, p| n.saturating_add(p.cost));
    let sizes = parts.iter().fold(0u64, |n, p| n.saturating_add(p.size));
    let (cost, size) = match &e.expr {
        Expr::Ident(name) if name.starts_with('@') => (1, 1),
        Expr::Ident(_) | Expr::Select(_) => (costs, items),
        Expr::Literal(_) => (1, 1),
        Expr::List(_) | Expr::Map(_) => (costs.saturating_add(sizes), sizes.saturating_add(1)),
        Expr::Call(c) if c.func_name == operators::ADD => (costs.saturating_add(sizes), sizes),
        Expr::Call(c) if c.func_name == operators::CONDITIONAL => (costs, sizes),
        Expr::Call(c) if c.func_name == operators::INDEX => (costs, items.max(sizes)),
        // a comparison ends where the shorter side ends
        Expr::Call(c) if COMPARISONS.contains(&c.func_name.as_str()) => {
            (costs.saturating_add(parts.iter().map(|p| p.size).min().unwrap_or(0)), 1)
        }
        Expr::Call(_) => (costs.saturating_add(sizes), 1),
        Expr::Comprehension(c) => {
            // in the order of `children`
            let [range, init, cond, step, result] = parts[..] else { return Work { cost: u64::MAX, size: u64::MAX } };
            let around = init.cost.saturating_add(result.cost).saturating_add(range.cost);
            let turn = step.cost.saturating_add(cond.cost).saturating_add(2);
            let builds =
                if matches!(c.accu_init.expr, Expr::List(_)) { range.size.saturating_mul(step.size) } else { 1 };
            (around.saturating_add(range.size.saturating_mul(turn)), builds)
        }
        Expr::Struct(_) | Expr::Unspecified => (costs, 1),
    };
    Work { cost, size }
}
