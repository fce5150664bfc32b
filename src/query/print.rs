//! A query as text again: what is printed is read as the same query.

use super::lex;
use super::tree::{Compare, Query};
use std::fmt;

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::And(all) => joined(f, all, " ", |q| matches!(q, Self::Or(_) | Self::And(_))),
            Self::Or(any) => joined(f, any, " or ", |q| matches!(q, Self::Or(_))),
            Self::Not(q) => {
                f.write_str("not ")?;
                bracketed(f, q, matches!(**q, Self::And(_) | Self::Or(_)))
            }
            Self::Compare(c) => write!(f, "{c}"),
            Self::Has(field) => write!(f, "has:{}", field.name()),
            Self::At(label) => write!(f, "tc={label}"),
            Self::Words(w) if w.whole() => write!(f, "\"{}\"", w.words().join(" ")),
            Self::Words(w) => {
                // what is joined so is read as words that follow each other
                let text = w.words().join("-");
                if lex::is_keyword(&text) { write!(f, "+{text}") } else { f.write_str(&text) }
            }
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    of: &[Query],
    between: &str,
    in_brackets: impl Fn(&Query) -> bool,
) -> fmt::Result {
    for (i, q) in of.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        bracketed(f, q, in_brackets(q))?;
    }
    Ok(())
}

fn bracketed(f: &mut fmt::Formatter<'_>, q: &Query, yes: bool) -> fmt::Result {
    if yes { write!(f, "({q})") } else { write!(f, "{q}") }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.field.name(), self.op)?;
        let plain = !self.quoted && lex::is_plain_value(&self.value);
        if plain {
            f.write_str(&self.value)
        } else {
            write!(f, "\"{}\"", self.value.replace('\\', "\\\\").replace('"', "\\\""))
        }
    }
}
