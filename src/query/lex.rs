//! Words of the language with their places.

use super::Flaw;
use super::tree::Op;

/// A word of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// `has:NAME`, the name.
    Has(String),
    /// A field name, with the comparison that follows it.
    Field(String, Op),
    /// A value after a comparison; `true` when it was in quotes.
    Value(String, bool),
    /// Free text; `true` when it was in quotes.
    Text(String, bool),
}

/// From and to, in bytes.
pub(super) type At = (usize, usize);

/// Whether a bare word would be read as something else.
pub(super) fn is_keyword(text: &str) -> bool {
    ["and", "or", "not"].contains(&text)
}

/// Whether a value needs no quotes.
pub(super) fn is_plain_value(v: &str) -> bool {
    !v.is_empty() && !v.starts_with(['=', '<', '>', '!']) && v.chars().all(in_value)
}

fn in_value(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '(' | ')' | '"')
}

fn in_word(c: char) -> bool {
    in_value(c) && !matches!(c, '=' | '<' | '>' | '!')
}

/// Splits a query.
pub(super) fn tokens(source: &str) -> Result<Vec<(Token, At)>, Flaw> {
    let mut lexer = Lexer { source, at: 0, out: Vec::new() };
    while lexer.next()? {}
    Ok(lexer.out)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    out: Vec<(Token, At)>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest().len().saturating_sub(self.rest().trim_start_matches(is_blank).len());
        self.at = self.at.saturating_add(blanks);
    }

    fn push(&mut self, token: Token, from: usize) {
        self.out.push((token, (from, self.at)));
    }

    /// Takes characters as long as they fit.
    fn take(&mut self, fits: fn(char) -> bool) -> String {
        let rest = self.rest();
        let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or("").to_owned();
        self.at = self.at.saturating_add(end);
        text
    }

    /// One token more; `false` at the end.
    fn next(&mut self) -> Result<bool, Flaw> {
        self.skip_blanks();
        let from = self.at;
        let Some(c) = self.rest().chars().next() else { return Ok(false) };
        match c {
            '(' | ')' => {
                self.at = from.saturating_add(1);
                self.push(if c == '(' { Token::Open } else { Token::Close }, from);
            }
            '"' => {
                let text = self.quoted()?;
                self.push(Token::Text(text, true), from);
            }
            '=' | '<' | '>' | '!' => {
                if self.operator().is_none() {
                    self.at = from.saturating_add(1);
                }
                let flaw = Flaw::new((from, self.at), "a comparison needs a field before it");
                let fix = if c == '!' { "write `not` before a condition" } else { "write for example iso>=800" };
                return Err(flaw.fix(fix));
            }
            c if c.is_control() => {
                return Err(Flaw::new((from, from.saturating_add(c.len_utf8())), "a control character"));
            }
            _ => self.word(from)?,
        }
        Ok(true)
    }

    fn word(&mut self, from: usize) -> Result<(), Flaw> {
        let word = self.take(in_word);
        let end = self.at;
        self.skip_blanks();
        if let Some(op) = self.operator() {
            self.out.push((Token::Field(word, op), (from, end)));
            return self.value(op);
        }
        self.at = end;
        let lower = word.to_ascii_lowercase();
        let token = match lower.as_str() {
            "and" => Token::And,
            "or" => Token::Or,
            "not" => Token::Not,
            _ => match lower.strip_prefix("has:") {
                Some(name) => Token::Has(name.to_owned()),
                None => Token::Text(word, false),
            },
        };
        self.push(token, from);
        Ok(())
    }

    /// A comparison at this place.
    fn operator(&mut self) -> Option<Op> {
        const ALL: [(&str, Op); 7] = [
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("==", Op::Eq),
            ("=", Op::Eq),
            ("<", Op::Lt),
            (">", Op::Gt),
        ];
        let (text, op) = ALL.into_iter().find(|(t, _)| self.rest().starts_with(t))?;
        self.at = self.at.saturating_add(text.len());
        Some(op)
    }

    fn value(&mut self, op: Op) -> Result<(), Flaw> {
        self.skip_blanks();
        let from = self.at;
        match self.rest().chars().next() {
            Some('"') => {
                let text = self.quoted()?;
                self.push(Token::Value(text, true), from);
            }
            Some(c) if in_word(c) => {
                let text = self.take(in_value);
                self.push(Token::Value(text, false), from);
            }
            _ => {
                let flaw = Flaw::new((from, from), format!("`{op}` needs a value after it"));
                return Err(flaw.fix("whether a field is there at all is asked by has:FIELD"));
            }
        }
        Ok(())
    }

    /// A text in quotes; `\"` and `\\` are a quote and a backslash.
    fn quoted(&mut self) -> Result<String, Flaw> {
        let from = self.at;
        let (mut text, mut escaped) = (String::new(), false);
        for (i, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => {
                    if !matches!(c, '"' | '\\') {
                        text.push('\\');
                    }
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.at = from.saturating_add(i).saturating_add(1);
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        let end = self.source.len();
        Err(Flaw::new((from, end), "the quotes are not closed").fix("write another \" at the end"))
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
}
