//! `when`: a condition in the Common Expression Language (CEL, cel-spec of the CEL authors) over a clip.
//!
//! The evaluator has no step limit of its own, so every condition is bounded before it is accepted: its
//! text, the nesting of its brackets, the depth of its tree, the functions it calls, and an upper bound
//! of its work (the `cost` module). An absent field makes the answer *unknown*, never an error.

use super::scope::WHOLE;
use super::{Scope, closest, cost, fields, scan};
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::{ParseErrors, Parser};
use cel::{Context, Env, ExecutionError, Value};
use std::sync::{Arc, LazyLock};

/// Longest condition, bytes.
pub const MAX_CONDITION: usize = 4096;
/// Deepest nesting of brackets.
const MAX_BRACKETS: usize = 32;
/// Stack of the thread that parses: the deepest tree that 4096 bytes can make fits many times over.
const PARSER_STACK: usize = 64 << 20;

/// Functions that a condition may call besides the operators.
const FUNCTIONS: &[&str] = &["size", "contains", "startsWith", "endsWith", "int", "double", "string"];

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

/// The dotted name that a chain of selections spells; loop variables stand for `list[]`.
fn path_of(expr: &IdedExpr, vars: &[(String, String)]) -> Option<String> {
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
fn innermost(expr: &IdedExpr) -> &IdedExpr {
    match &expr.expr {
        Expr::Select(s) => innermost(&s.operand),
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::INDEX => {
            args.first().map_or(expr, innermost)
        }
        _ => expr,
    }
}

/// Calls `f` on `expr` and everything below it.
fn walk<'e>(expr: &'e IdedExpr, f: &mut dyn FnMut(&'e IdedExpr)) {
    f(expr);
    cost::children(expr).into_iter().for_each(|c| walk(c, f));
}

/// The text in which `has(reel)` is written `has(clip__.reel)`: the language allows `has()` on
/// selections only. Keeps the way back to places in the original.
struct Widened {
    text: String,
    asked: Vec<usize>,
}

const WIDER: usize = WHOLE.len() + 1;

impl Widened {
    fn new(source: &str, asked: &[usize]) -> Self {
        let mut text = String::with_capacity(source.len() + asked.len() * WIDER);
        let mut last = 0;
        for &at in asked {
            text.push_str(source.get(last..at).unwrap_or_default());
            text.push_str(WHOLE);
            text.push('.');
            last = at;
        }
        text.push_str(source.get(last..).unwrap_or_default());
        Self { text, asked: asked.to_vec() }
    }

    /// The byte offset in the original of a byte offset in the text.
    fn original(&self, offset: usize) -> usize {
        let mut shift = 0;
        for &at in &self.asked {
            if offset < at + shift + WIDER {
                return offset.min(at + shift).saturating_sub(shift);
            }
            shift += WIDER;
        }
        offset.saturating_sub(shift)
    }

    /// The byte offset in the text of a line and column, both counted from 1.
    fn byte_of(&self, line: isize, column: isize) -> usize {
        let line = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let column = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
        let start: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i)
    }
}

/// Parses and checks. Runs on a thread with a large stack, where a deep tree is also dropped again.
fn parse(text: &Widened) -> Result<IdedExpr, Vec<Flaw>> {
    let (mut expr, info) = match Parser::new().max_recursion_depth(64).parse_with_source_info(&text.text) {
        Ok(x) => x,
        Err(e) => return Err(syntax_errors(&e, text)),
    };
    let mut check = Check { errors: Vec::new(), info: &info, text, vars: Vec::new(), loops: 0 };
    if let Err(why) = cost::bounded(&expr) {
        check.errors.push(Flaw::new(0, text.original(text.text.len()), why));
        return Err(check.errors);
    }
    check.expr(&expr);
    if !check.errors.is_empty() {
        check.errors.sort_by_key(|e| e.offset);
        check.errors.dedup();
        return Err(check.errors);
    }
    soften_has(&mut expr);
    Ok(expr)
}

fn syntax_errors(e: &ParseErrors, text: &Widened) -> Vec<Flaw> {
    let mut out: Vec<Flaw> = Vec::new();
    let end = text.original(text.text.len());
    for p in e.errors.iter().take(8) {
        let at = text.original(text.byte_of(p.pos.0, p.pos.1));
        let message: String = p.msg.trim().replace("Syntax error: ", "").chars().take(200).collect();
        let message = message.replace(&format!("{WHOLE}."), "");
        out.push(Flaw::new(at, usize::from(at < end), format!("the condition is not valid CEL: {message}")));
    }
    if out.is_empty() {
        out.push(Flaw::new(0, 1, "the condition is not valid CEL"));
    }
    out.sort_by_key(|e| e.offset);
    out.dedup_by_key(|e| e.offset);
    out
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

/// The static check: fields and functions.
struct Check<'a> {
    errors: Vec<Flaw>,
    info: &'a SourceInfo,
    text: &'a Widened,
    vars: Vec<(String, String)>,
    loops: u32,
}

impl Check<'_> {
    fn complain(&mut self, expr: &IdedExpr, message: String, suggestion: Option<String>) {
        let (at, end) = self.place(expr);
        self.errors.push(Flaw { offset: at, length: (end - at).max(1), message, suggestion });
    }

    /// Moves the last complaint to where `what` is written first.
    fn point_at(&mut self, what: &str, length: usize) {
        if let (Some(at), Some(last)) = (self.text.text.find(what), self.errors.last_mut()) {
            (last.offset, last.length) = (self.text.original(at), length);
        }
    }

    /// First and last byte (exclusive) of an expression in the original text.
    fn place(&self, expr: &IdedExpr) -> (usize, usize) {
        let (mut from, mut to) = (usize::MAX, 0);
        // `has( )` counts its bracket as the place of the field in it
        let first = if path_of(expr, &[]).is_some() { innermost(expr) } else { expr };
        let offsets = |e: &IdedExpr| {
            let (a, b) = self.info.offset_for(e.id)?;
            Some((usize::try_from(a).ok()?, usize::try_from(b).ok()? + 1))
        };
        walk(first, &mut |e| from = from.min(offsets(e).map_or(from, |o| o.0)));
        walk(expr, &mut |e| to = to.max(offsets(e).map_or(to, |o| o.1)));
        let from = if from == usize::MAX { 0 } else { from };
        let at = self.text.original(from);
        (at, self.text.original(to).max(at))
    }

    fn expr(&mut self, e: &IdedExpr) {
        match &e.expr {
            Expr::Ident(_) | Expr::Select(_) => self.field(e),
            Expr::Call(c) if c.func_name == operators::INDEX && path_of(e, &self.vars).is_some() => {
                self.field(e);
                c.args.iter().skip(1).for_each(|a| self.expr(a));
            }
            Expr::Call(c) => {
                let is_operator = c.func_name.starts_with(['_', '@', '!', '-']);
                if !is_operator && !FUNCTIONS.contains(&c.func_name.as_str()) {
                    let near = closest(&c.func_name, FUNCTIONS.iter().copied().chain(["has", "exists", "all"]));
                    let list = FUNCTIONS.join("(), ");
                    let fix = near.map_or_else(|| format!("there are {list}()"), |n| format!("did you mean `{n}`?"));
                    self.complain(e, format!("there is no function `{}`", c.func_name), Some(fix));
                    self.point_at(&format!("{}(", c.func_name), c.func_name.len());
                }
                c.target.as_deref().into_iter().chain(&c.args).for_each(|a| self.expr(a));
            }
            Expr::Comprehension(c) => {
                self.expr(&c.iter_range);
                self.loops += 1;
                if self.loops > 2 {
                    self.complain(e, "loops (exists, all, map, filter) are nested more than 2 deep".into(), None);
                }
                let base = path_of(&c.iter_range, &self.vars).map_or_else(String::new, |p| format!("{p}[]"));
                self.vars.push((c.accu_var.clone(), String::new()));
                self.vars.push((c.iter_var.clone(), base));
                [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result].into_iter().for_each(|x| self.expr(x));
                self.vars.truncate(self.vars.len().saturating_sub(2));
                self.loops -= 1;
            }
            Expr::Struct(_) => self.complain(e, "a condition cannot build messages".into(), None),
            _ => cost::children(e).into_iter().for_each(|x| self.expr(x)),
        }
    }

    /// Whether the schema has the field that a chain spells.
    fn field(&mut self, e: &IdedExpr) {
        let Some(path) = path_of(e, &self.vars) else {
            cost::children(e).into_iter().for_each(|x| self.expr(x));
            return;
        };
        // a loop over something that is no field of the schema: its items are not known
        if path.is_empty() || path.starts_with('.') || path.starts_with("[]") || path == WHOLE {
            return;
        }
        let known = fields::type_of(&path).is_some()
            || path.strip_suffix("[]").is_some_and(|l| fields::type_of(l) == Some(fields::FieldType::List));
        if known {
            return;
        }
        let fix = match path.split('.').next() {
            Some("raw" | "origin") => Some("conditions see the normalised fields only".to_owned()),
            _ if path.starts_with("clip.files") => Some("conditions see the normalised fields only".to_owned()),
            _ => fields::suggest(&path).map(|n| format!("did you mean `{n}`?")),
        };
        let length = path.len();
        self.complain(e, format!("the schema rushes.clip/1 has no field `{path}`"), fix);
        if let Some(last) = self.errors.last_mut() {
            let rest = self.text.original(self.text.text.len()).saturating_sub(last.offset);
            last.length = length.min(rest).max(1);
        }
    }
}

/// Whether an entry is one of a map literal.
pub(super) fn entry_parts(e: &EntryExpr) -> Vec<&IdedExpr> {
    match e {
        EntryExpr::MapEntry(m) => vec![&m.key, &m.value],
        EntryExpr::StructField(f) => vec![&f.value],
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
