//! What is compared with what: mistakes that can be seen from the types of fields and literals alone.
//!
//! Only what is certain is reported: results of functions and of arithmetic have no type here.

use super::chain::path_of;
use super::check::Check;
use super::fields::{self, FieldType};
use crate::model::Rational;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

const EQUALITY: [&str; 2] = [operators::EQUALS, operators::NOT_EQUALS];
const ORDER: [&str; 4] = [operators::LESS, operators::LESS_EQUALS, operators::GREATER, operators::GREATER_EQUALS];

/// A value written in the condition.
#[derive(Clone, Copy)]
enum Literal<'e> {
    Text(&'e str),
    Number(f64),
    Bool,
    Null,
    Bytes,
    List,
    Map,
}

impl Literal<'_> {
    fn in_words(self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Number(_) => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
            Self::Bytes => "bytes",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

fn literal(e: &IdedExpr) -> Option<Literal<'_>> {
    Some(match &e.expr {
        Expr::Literal(LiteralValue::String(s)) => Literal::Text(s.inner()),
        Expr::Literal(LiteralValue::Int(i)) => Literal::Number(*i.inner() as f64),
        Expr::Literal(LiteralValue::UInt(i)) => Literal::Number(*i.inner() as f64),
        Expr::Literal(LiteralValue::Double(d)) => Literal::Number(*d.inner()),
        Expr::Literal(LiteralValue::Boolean(_)) => Literal::Bool,
        Expr::Literal(LiteralValue::Null) => Literal::Null,
        Expr::Literal(LiteralValue::Bytes(_)) => Literal::Bytes,
        Expr::List(_) => Literal::List,
        Expr::Map(_) => Literal::Map,
        Expr::Call(c) if c.func_name == operators::NEGATE => match literal(c.args.first()?)? {
            Literal::Number(n) => Literal::Number(-n),
            _ => return None,
        },
        _ => return None,
    })
}

fn in_words(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Number => "a number",
        FieldType::Rate => "a rate",
        FieldType::Bool => "true or false",
        FieldType::List => "a list",
        FieldType::Group => "a group of fields",
    }
}

impl Check<'_> {
    /// The field that an expression names, and its type.
    fn typed(&self, e: &IdedExpr) -> Option<(String, FieldType)> {
        if matches!(&e.expr, Expr::Select(s) if s.test) {
            return None;
        }
        let path = path_of(e, &self.vars)?;
        let kind = fields::type_of_place(&path)?;
        Some((path, kind))
    }

    /// Looks at the operands of one operator.
    pub(super) fn types(&mut self, c: &CallExpr) {
        let op = c.func_name.as_str();
        match &c.args[..] {
            [a, b] if EQUALITY.contains(&op) || ORDER.contains(&op) => {
                self.compare(op, a, b);
                self.compare(op, b, a);
            }
            [a, b] if op == operators::IN => self.member(a, b),
            [a, b] if op == operators::LOGICAL_AND || op == operators::LOGICAL_OR => {
                self.truth(a);
                self.truth(b);
            }
            [a] if op == operators::LOGICAL_NOT => self.truth(a),
            [a, _, _] if op == operators::CONDITIONAL => self.truth(a),
            _ => {}
        }
    }

    /// `e` stands where only true or false makes sense.
    pub(super) fn truth(&mut self, e: &IdedExpr) {
        if let Expr::Call(c) = &e.expr
            && c.func_name == operators::CONDITIONAL
        {
            c.args.iter().skip(1).for_each(|branch| self.truth(branch));
            return;
        }
        if let Some((_, kind)) = self.typed(e) {
            let written = self.shown(e);
            let fix = match kind {
                FieldType::Bool => return,
                FieldType::Text => format!("compare it, `{written} == \"...\"`, or ask `has({written})`"),
                FieldType::Rate => format!("compare it, `{written} == \"24/1\"`, or ask `has({written})`"),
                FieldType::Number => format!("compare it, `{written} > 0`, or ask `has({written})`"),
                FieldType::List => format!("ask `size({written}) > 0`"),
                FieldType::Group => format!("ask `has({written})`, or compare a field of it"),
            };
            self.complain(e, format!("`{written}` is {}, not true or false", in_words(kind)), Some(fix));
            return;
        }
        match literal(e) {
            None | Some(Literal::Bool) => {}
            Some(l) => {
                let written = self.shown(e);
                let fix = "write each comparison in full, or `field in [\"a\", \"b\"]`".to_owned();
                self.complain(e, format!("`{written}` is {}, not true or false", l.in_words()), Some(fix));
            }
        }
    }

    /// `a in b`.
    fn member(&mut self, a: &IdedExpr, b: &IdedExpr) {
        if let Expr::List(list) = &b.expr {
            for item in &list.elements {
                self.compare(operators::IN, a, item);
                self.compare(operators::IN, item, a);
            }
            return;
        }
        let Some((name, kind)) = self.typed(b) else { return };
        let (left, right) = (self.shown(a), self.shown(b));
        let items = format!("{name}[]");
        match kind {
            FieldType::Group => {}
            FieldType::List => {
                if literal(a).is_some()
                    && let Some(field) = fields::members(&items).find(|f| f.ends_with(".name") || f.ends_with(".code"))
                {
                    let last = field.rsplit('.').next().unwrap_or(field);
                    let fix = format!("write `{right}.exists(x, x.{last} == {left})`");
                    self.complain(a, format!("each item of `{right}` is a group of fields"), Some(fix));
                }
            }
            kind => {
                let fix = match kind {
                    FieldType::Text => format!("write `{right}.contains({left})`, or `{right} == {left}`"),
                    _ => format!("write `{right} == {left}`"),
                };
                self.complain(b, format!("`{right}` is {}, and `in` asks a list", in_words(kind)), Some(fix));
            }
        }
    }

    /// A field beside something that may be a literal.
    fn compare(&mut self, op: &str, field: &IdedExpr, other: &IdedExpr) {
        let Some((_, kind)) = self.typed(field) else { return };
        if matches!(other.expr, Expr::Ident(_)) && matches!(kind, FieldType::Text | FieldType::Rate) {
            self.texts.insert(other.id);
        }
        let Some(value) = literal(other) else { return };
        let name = self.shown(field);
        match (kind, value) {
            (FieldType::Rate, Literal::Text(_)) if ORDER.contains(&op) => {
                let text = format!("`{name}` is a rate, written as text: larger and smaller mean nothing for it");
                let fix = format!("list the rates that are meant: `{name} in [\"24/1\", \"25/1\"]`");
                self.complain(field, text, Some(fix));
            }
            (FieldType::Rate, Literal::Text(text)) => self.rate(&name, text, other),
            (FieldType::Text, Literal::Text(_))
            | (FieldType::Number, Literal::Number(_))
            | (FieldType::Bool, Literal::Bool)
            | (FieldType::List, Literal::List)
            | (FieldType::Group, Literal::Map) => {}
            (kind, value) => {
                let fix = self.other_type(op, (field, kind), (other, value));
                let text = format!("`{name}` is {}, `{}` is {}", in_words(kind), self.shown(other), value.in_words());
                self.complain(other, text, Some(fix));
            }
        }
    }

    /// A rate is only ever equal to its own way of writing.
    fn rate(&mut self, name: &str, text: &str, place: &IdedExpr) {
        let rate = text.parse::<Rational>().ok().map(|r| r.to_string());
        if rate.as_deref() == Some(text) {
            return;
        }
        let fix = rate.map_or_else(
            || "rates are written like \"24/1\" or \"24000/1001\"".to_owned(),
            |r| format!("write \"{r}\""),
        );
        let text = format!("`{name}` is never {}: it is an exact rate in the form n/d", self.shown(place));
        self.complain(place, text, Some(fix));
    }

    /// What to write instead of a literal of another type.
    fn other_type(&self, op: &str, field: (&IdedExpr, FieldType), other: (&IdedExpr, Literal<'_>)) -> String {
        let (name, value) = (self.shown(field.0), self.shown(other.0));
        match (field.1, other.1) {
            (_, Literal::Null) if op == operators::NOT_EQUALS => format!("ask `has({name})`"),
            (_, Literal::Null) => format!("ask `!has({name})`"),
            (FieldType::Group, _) => {
                let path = self.typed(field.0).map(|f| f.0).unwrap_or_default();
                let member = fields::members(&path).next().and_then(|m| m.rsplit('.').next());
                member.map_or_else(
                    || "see docs/fields.md".into(),
                    |m| format!("compare a field of it, such as `{name}.{m}`"),
                )
            }
            (FieldType::Number, Literal::Text(t)) if t.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
                format!("write {} without quotes", t.trim())
            }
            (FieldType::Rate, Literal::Number(n)) => match Rational::from_decimal_rate(n) {
                Some(r) => format!("write \"{r}\""),
                None => "rates are written like \"24/1\" or \"24000/1001\"".into(),
            },
            (FieldType::Text, Literal::Number(_) | Literal::Bool) => format!("write \"{value}\" in quotes"),
            (FieldType::Bool, _) => format!("write `{name}` or `!{name}`"),
            (FieldType::List, _) if EQUALITY.contains(&op) => {
                format!("ask for one item, `{name}.exists(x, ...)`, or its `size()`")
            }
            (_, Literal::List) if op == operators::EQUALS => format!("write `{name} in {value}`"),
            (_, Literal::List) if op == operators::NOT_EQUALS => format!("write `!({name} in {value})`"),
            _ => "see docs/fields.md".into(),
        }
    }

    /// An expression as it was written, cut for messages.
    fn shown(&self, e: &IdedExpr) -> String {
        let text = self.written(e).trim();
        if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(57).chain("...".chars()).collect() }
    }
}

#[cfg(test)]
#[path = "types_tests.rs"]
mod tests;
