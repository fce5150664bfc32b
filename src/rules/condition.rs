//! `when`: a condition in the Common Expression Language (CEL, cel-spec of the CEL authors) over a clip.
//!
//! The evaluator has no step limit of its own, so every condition is bounded before it is accepted: its
//! text, the nesting of its brackets, the depth of its tree, the functions it calls, and an upper bound
//! of its work (the `cost` module). An absent field makes the answer *unknown*, never an error.

use super::chain::{path_of, walk};
use super::check::Check;
use super::syntax::{self, Widened};
use super::{Scope, cost, scan};
use cel::common::ast::{CallExpr, Expr, IdedExpr, SelectExpr, operators};
use cel::parser::Parser;
use cel::{Context, Env, ExecutionError, Value};
use std::sync::{Arc, LazyLock};

/// Longest condition, bytes.
pub const MAX_CONDITION: usize = 4096;
/// Deepest nesting of brackets.
const MAX_BRACKETS: usize = 32;
/// Stack of the thread that parses: the deepest tree that 4096 bytes can make fits many times over.
const PARSER_STACK: usize = 64 << 20;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A condition that was checked.
#[derive(Clone)]
pub struct Condition {
    source: String,
    expr: Arc<IdedExpr>,
}

/// The answer of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The rule fires.
    True,
    /// It does not.
    False,
    /// It touches a field that this clip does not have: the rule does not fire, and the field is named.
    Unknown {
        /// Dotted name (`lens.focal_length_mm`).
        field: String,
    },
    /// It cannot be evaluated on this clip (text compared with a number, a result that is not a truth value).
    Failed {
        /// One sentence.
        message: String,
    },
}

/// Something wrong in the text of a condition or a name template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Byte offset in the text.
    pub offset: usize,
    /// Length in bytes, at least 1 unless the text ends there.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl Flaw {
    pub(super) fn new(offset: usize, length: usize, message: impl Into<String>) -> Self {
        Self { offset, length, message: message.into(), suggestion: None }
    }

    pub(super) fn suggest(mut self, what: impl Into<String>) -> Self {
        self.suggestion = Some(what.into());
        self
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Condition({:?})", self.source)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl serde::Serialize for Condition {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.source)
    }
}

impl Condition {
    /// Checks `source`. Every error that can be found is returned, in order of place.
    ///
    /// # Errors
    /// Syntax, a field that the schema does not have, a function that is not offered, or a condition
    /// that could take too long.
    pub fn compile(source: &str) -> Result<Self, Vec<Flaw>> {
        if source.len() > MAX_CONDITION {
            let text = format!("the condition has {} bytes, {MAX_CONDITION} are allowed", source.len());
            return Err(vec![Flaw::new(0, 1, text)]);
        }
        if source.trim().is_empty() {
            return Err(vec![Flaw::new(0, source.len(), "the condition is empty")]);
        }
        let look = scan::first_look(source, MAX_BRACKETS);
        if let Some(at) = look.too_deep {
            let text = format!("brackets are nested more than {MAX_BRACKETS} deep");
            return Err(vec![Flaw::new(at, 1, text)]);
        }
        let text = Widened::new(source, &look.asked);
        let expr = std::thread::scope(|s| {
            let parser = std::thread::Builder::new().name("condition".into()).stack_size(PARSER_STACK);
            let failed = |why: &str| vec![Flaw::new(0, source.len(), format!("the condition {why}"))];
            match parser.spawn_scoped(s, || parse(&text)) {
                Ok(t) => t.join().unwrap_or_else(|_| Err(failed("cannot be parsed"))),
                Err(e) => Err(failed(&format!("cannot be checked: {e}"))),
            }
        })?;
        Ok(Self { source: source.to_owned(), expr: Arc::new(expr) })
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The answer for a clip.
    #[must_use]
    pub fn evaluate(&self, scope: &Scope) -> Verdict {
        let mut ctx = Context::with_env(Arc::clone(&ENV));
        for (name, v) in &scope.values {
            ctx.add_variable_from_value(name.as_str(), v.clone());
        }
        match Value::resolve(&self.expr, &ctx) {
            Ok(Value::Bool(true)) => Verdict::True,
            Ok(Value::Bool(false)) => Verdict::False,
            Ok(other) => {
                Verdict::Failed { message: format!("the condition gives {} instead of true or false", other.type_of()) }
            }
            Err(e) if is_absence(&e) => match blame(&self.expr, &ctx) {
                Some(field) => Verdict::Unknown { field },
                None => Verdict::Failed { message: told(&e) },
            },
            Err(e) => Verdict::Failed { message: told(&e) },
        }
    }
}

/// An evaluation error in one short line: types, never the inside of a group, whose order is not fixed.
#[allow(deprecated)] // variants that the evaluator may still give
fn told(e: &ExecutionError) -> String {
    use ExecutionError as E;
    let text = match e {
        E::UnsupportedBinaryOperator(name, a, b) => {
            format!("`{name}` does not work on {} and {}", a.type_of(), b.type_of())
        }
        E::UnsupportedUnaryOperator(name, a) => format!("`{name}` does not work on {}", a.type_of()),
        E::NotSupportedAsMethod { method, target } => format!("`{method}` does not work on {}", target.type_of()),
        E::UnsupportedTargetType { target } => format!("a function does not work on {}", target.type_of()),
        E::UnsupportedIndex(a, b) => format!("{} cannot be an index of {}", a.type_of(), b.type_of()),
        E::UnsupportedKeyType(a) | E::UnsupportedMapIndex(a) | E::UnsupportedListIndex(a) => {
            format!("{} cannot be a key or an index", a.type_of())
        }
        ExecutionError::NoSuchOverload(o) => {
            format!("`{}` does not work on {}", o.function().trim_matches(['_', '@']), o.argument_types().join(" and "))
        }
        ExecutionError::ValuesNotComparable(a, b) => format!("{} and {} cannot be compared", a.type_of(), b.type_of()),
        other => other.to_string(),
    };
    text.chars().take(300).collect()
}

fn is_absence(e: &ExecutionError) -> bool {
    matches!(
        e,
        ExecutionError::NoSuchKey(_) | ExecutionError::UndeclaredReference(_) | ExecutionError::IndexOutOfBounds(_)
    )
}

/// The dotted name of the absent field that made `expr` unknown, found by looking at its parts again.
fn blame(expr: &IdedExpr, ctx: &Context<'_, '_>) -> Option<String> {
    match Value::resolve(expr, ctx) {
        Err(e) if is_absence(&e) => {}
        _ => return None,
    }
    let parts: Vec<&IdedExpr> = match &expr.expr {
        Expr::Ident(name) => return Some(name.clone()),
        Expr::Select(s) => match blame(&s.operand, ctx) {
            Some(deeper) => return Some(deeper),
            None => return path_of(expr, &[]),
        },
        Expr::Call(c) if c.func_name == operators::CONDITIONAL => {
            let cond = c.args.first()?;
            let branch = match Value::resolve(cond, ctx) {
                Ok(Value::Bool(true)) => 1,
                Ok(_) => 2,
                Err(_) => 0,
            };
            vec![c.args.get(branch)?]
        }
        Expr::Call(c) => c.target.as_deref().into_iter().chain(&c.args).collect(),
        Expr::List(l) => l.elements.iter().collect(),
        Expr::Comprehension(c) => {
            // inside a loop the item is not known here: the first field of the items that is not in all of them
            return blame(&c.iter_range, ctx).or_else(|| inner_field(&c.loop_step, &c.iter_var, &c.iter_range));
        }
        _ => Vec::new(),
    };
    parts.into_iter().find_map(|p| blame(p, ctx)).or_else(|| path_of(expr, &[]))
}

/// `audio.tracks[].name` for the first `t.name` in a loop over `audio.tracks`.
fn inner_field(step: &IdedExpr, var: &str, range: &IdedExpr) -> Option<String> {
    let base = format!("{}[]", path_of(range, &[])?);
    let mut found = None;
    walk(step, &mut |e| {
        if let Some(p) = path_of(e, &[(var.to_owned(), base.clone())])
            && found.is_none()
            && p.starts_with(&base)
            && p != base
        {
            found = Some(p);
        }
    });
    Some(found.unwrap_or(base))
}

/// Parses and checks. Runs on a thread with a large stack, where a deep tree is also dropped again.
fn parse(text: &Widened<'_>) -> Result<IdedExpr, Vec<Flaw>> {
    let (mut expr, info) = match Parser::new().max_recursion_depth(64).parse_with_source_info(&text.text) {
        Ok(x) => x,
        Err(e) => return Err(syntax::errors(&e, text)),
    };
    if let Err(why) = cost::bounded(&expr) {
        return Err(vec![Flaw::new(0, text.original(text.text.len()), why)]);
    }
    let errors = Check::new(&info, text).run(&expr);
    if !errors.is_empty() {
        return Err(errors);
    }
    soften_has(&mut expr);
    Ok(expr)
}

/// `has(a.b.c)` becomes `has(a.b) && has(a.b.c)`, so that it is false, not unknown, when `a.b` is absent.
fn soften_has(expr: &mut IdedExpr) {
    if let Expr::Select(s) = &expr.expr
        && s.test
        && let Expr::Select(outer) = &s.operand.expr
        && path_of(&s.operand, &[]).is_some()
    {
        let test = SelectExpr { operand: outer.operand.clone(), field: outer.field.clone(), test: true };
        let mut first = IdedExpr { id: expr.id, expr: Expr::Select(test) };
        soften_has(&mut first);
        let second = std::mem::take(expr);
        let id = second.id;
        let call = CallExpr { func_name: operators::LOGICAL_AND.to_owned(), target: None, args: vec![first, second] };
        *expr = IdedExpr { id, expr: Expr::Call(call) };
        return;
    }
    cost::children_mut(expr).into_iter().for_each(soften_has);
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
