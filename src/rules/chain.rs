//! Looking at a condition's tree: the dotted names that it spells, and everything below an expression.

use super::cost;
use super::scope::WHOLE;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

/// The dotted name that a chain of selections spells; loop variables stand for `list[]`.
pub(super) fn path_of(expr: &IdedExpr, vars: &[(String, String)]) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => {
            Some(vars.iter().rev().find(|(v, _)| v == name).map_or_else(|| name.clone(), |(_, p)| p.clone()))
        }
        Expr::Select(s) => {
            let base = path_of(&s.operand, vars)?;
            Some(if base == WHOLE { s.field.clone() } else { format!("{base}.{}", s.field) })
        }
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::INDEX => {
            let base = path_of(args.first()?, vars)?;
            Some(match &args.get(1)?.expr {
                Expr::Literal(LiteralValue::String(key)) => format!("{base}.{}", key.inner()),
                _ => format!("{base}[]"),
            })
        }
        _ => None,
    }
}

/// The identifier with which a chain of selections begins; a lone `has( )` begins at its field.
pub(super) fn innermost(expr: &IdedExpr) -> &IdedExpr {
    match &expr.expr {
        Expr::Select(s) => innermost(&s.operand),
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::INDEX => {
            args.first().map_or(expr, innermost)
        }
        _ => expr,
    }
}

/// Calls `f` on `expr` and everything below it.
pub(super) fn walk<'e>(expr: &'e IdedExpr, f: &mut dyn FnMut(&'e IdedExpr)) {
    f(expr);
    cost::children(expr).into_iter().for_each(|c| walk(c, f));
}
