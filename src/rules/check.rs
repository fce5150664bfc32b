//! The static check of a condition: its fields, its functions, and (in the `types` module) what is compared with what.

use super::chain::{innermost, path_of, walk};
use super::condition::Flaw;
use super::scope::WHOLE;
use super::syntax::{Widened, operator_of};
use super::{closest, cost, fields};
use cel::common::ast::{Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use std::collections::BTreeSet;

/// Functions that a condition may call besides the operators.
const FUNCTIONS: &[&str] = &["size", "contains", "startsWith", "endsWith", "int", "double", "string"];

/// The check of one condition.
pub(super) struct Check<'a> {
    errors: Vec<Flaw>,
    info: &'a SourceInfo,
    text: &'a Widened<'a>,
    /// Names of loop variables and the fields that they stand for; nothing for what is not known.
    pub(super) vars: Vec<(String, String)>,
    loops: u32,
    /// Expressions that stand where a text is wanted.
    pub(super) texts: BTreeSet<u64>,
}

impl<'a> Check<'a> {
    pub(super) fn new(info: &'a SourceInfo, text: &'a Widened<'a>) -> Self {
        Self { errors: Vec::new(), info, text, vars: Vec::new(), loops: 0, texts: BTreeSet::new() }
    }

    /// Every mistake, in order of place.
    pub(super) fn run(mut self, expr: &IdedExpr) -> Vec<Flaw> {
        self.truth(expr);
        self.expr(expr);
        self.errors.sort_by_key(|e| e.offset);
        self.errors.dedup();
        self.errors
    }

    pub(super) fn complain(&mut self, expr: &IdedExpr, message: String, suggestion: Option<String>) {
        let (at, end) = self.place(expr);
        self.errors.push(Flaw { offset: at, length: (end - at).max(1), message, suggestion });
    }

    /// Moves the last complaint to where the function `what` is written first.
    fn point_at(&mut self, what: &str, length: usize) {
        let text = &self.text.text;
        let found = text.find(&format!("{what}(")).or_else(|| text.find(what));
        if let (Some(at), Some(last)) = (found, self.errors.last_mut()) {
            (last.offset, last.length) = (self.text.original(at), length);
        }
    }

    /// An expression as it was written.
    pub(super) fn written(&self, expr: &IdedExpr) -> &'a str {
        let (at, end) = self.place(expr);
        self.text.source.get(at..end).unwrap_or_default()
    }

    /// First and last byte (exclusive) of an expression in the original text.
    fn place(&self, expr: &IdedExpr) -> (usize, usize) {
        let (mut from, mut to) = (usize::MAX, 0);
        // `has( )` counts its bracket as the place of the field in it
        let first = if path_of(expr, &[]).is_some() { innermost(expr) } else { expr };
        let offsets = |e: &IdedExpr| {
            let (a, b) = self.info.offset_for(e.id)?;
            let end = usize::try_from(b).ok()? + 1;
            Some((usize::try_from(a).ok()?, self.behind(e, end)))
        };
        walk(first, &mut |e| from = from.min(offsets(e).map_or(from, |o| o.0)));
        walk(expr, &mut |e| to = to.max(offsets(e).map_or(to, |o| o.1)));
        let from = if from == usize::MAX { 0 } else { from };
        // the sign of a negative number is part of the literal, not of its place
        let before = self.text.text.get(..from).unwrap_or_default().trim_end();
        let signed = is_negative(expr) && before.ends_with('-');
        let from = if signed { before.len() - 1 } else { from };
        if matches!(expr.expr, Expr::List(_)) {
            let rest = self.text.text.get(to..).unwrap_or_default();
            let last = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            to += if last.starts_with(']') { rest.len() - last.len() + 1 } else { 0 };
        }
        let at = self.text.original(from);
        (at, self.text.original(to).max(at))
    }

    /// Where an expression really ends: the parser counts `a.b` up to its dot, `a[0]` up to its bracket.
    fn behind(&self, e: &IdedExpr, end: usize) -> usize {
        let rest = self.text.text.get(end..).unwrap_or_default();
        let word = rest.trim_start();
        let blank = rest.len() - word.len();
        match &e.expr {
            Expr::Select(s) if !s.test && word.starts_with(&s.field) => end + blank + s.field.len(),
            Expr::Call(c) if c.func_name == operators::INDEX => {
                let inside = c.args.get(1).and_then(|i| self.info.offset_for(i.id));
                let from = inside.and_then(|(_, b)| usize::try_from(b).ok()).map_or(end, |b| end.max(b + 1));
                let rest = self.text.text.get(from..).unwrap_or_default();
                if rest.trim_start().starts_with(']') { from + rest.find(']').unwrap_or(0) + 1 } else { end }
            }
            _ => end,
        }
    }

    fn expr(&mut self, e: &IdedExpr) {
        match &e.expr {
            Expr::Ident(_) | Expr::Select(_) => self.field(e),
            Expr::Call(c) if c.func_name == operators::INDEX && path_of(e, &self.vars).is_some() => {
                self.field(e);
                c.args.iter().skip(1).for_each(|a| self.expr(a));
            }
            Expr::Call(c) => {
                self.function(e, &c.func_name);
                self.types(c);
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

    /// Whether there is a function of this name.
    fn function(&mut self, e: &IdedExpr, name: &str) {
        if name.starts_with(['_', '@', '!', '-']) || FUNCTIONS.contains(&name) {
            return;
        }
        // the parser knows these by the number and kind of what stands in their brackets
        let loops = ["exists", "exists_one", "all", "map", "filter"];
        let (message, fix) = if name == "has" {
            ("`has` asks for one field".to_owned(), "write `has(camera.make)`".to_owned())
        } else if loops.contains(&name) {
            let fix = format!("write `audio.tracks.{name}(t, t.name == \"Boom\")`");
            (format!("`{name}` needs a list before it, and a name and a condition in its brackets"), fix)
        } else {
            let near = closest(name, FUNCTIONS.iter().copied().chain(["has", "exists", "all"]));
            let fix = match (operator_of(name), near) {
                (Some(op), _) => format!("write `{op}`"),
                (_, Some(n)) => format!("did you mean `{n}`?"),
                _ => format!("there are {}()", FUNCTIONS.join("(), ")),
            };
            (format!("there is no function `{name}`"), fix)
        };
        self.complain(e, message, Some(fix));
        self.point_at(name, name.len());
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
            Some("raw" | "origin") => "conditions see the normalised fields only".to_owned(),
            _ if path.starts_with("clip.files") => "conditions see the normalised fields only".to_owned(),
            _ if self.texts.contains(&e.id) => {
                // a word of another language more often than a slip in a field's name
                let near = fields::suggest(&path).map_or_else(String::new, |n| format!("; or did you mean `{n}`?"));
                format!("text is written in quotes: \"{path}\"{near}")
            }
            _ => fields::suggest(&path)
                .map_or_else(|| "see docs/fields.md".to_owned(), |n| format!("did you mean `{n}`?")),
        };
        let length = path.len();
        self.complain(e, format!("the schema rushes.clip/1 has no field `{path}`"), Some(fix));
        if let Some(last) = self.errors.last_mut() {
            let rest = self.text.original(self.text.text.len()).saturating_sub(last.offset);
            last.length = length.min(rest).max(1);
        }
    }
}

fn is_negative(e: &IdedExpr) -> bool {
    match &e.expr {
        Expr::Literal(LiteralValue::Int(i)) => *i.inner() < 0,
        Expr::Literal(LiteralValue::Double(d)) => d.inner().is_sign_negative(),
        _ => false,
    }
}
