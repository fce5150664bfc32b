//! From text to a query: `or` binds least, then `and` or mere neighbourhood, then `not`.

use super::lex::{self, At, Token};
use super::names::{self, Field, Kind};
use super::tree::{Compare, Op, Query};
use super::value::{Label, Test};
use super::words::Words;
use super::{Flaw, MAX_CONDITIONS, MAX_DEPTH, MAX_QUERY};

impl std::str::FromStr for Query {
    type Err = Flaw;

    /// Reads a query. An empty one, or `*`, is every clip.
    fn from_str(source: &str) -> Result<Self, Flaw> {
        if source.len() > MAX_QUERY {
            let text = format!("the query has {} bytes, {MAX_QUERY} are allowed", source.len());
            return Err(Flaw::new((0, 0), text));
        }
        let tokens = lex::tokens(source)?;
        let conditions = tokens.iter().filter(|(t, _)| matches!(t, Token::Has(_) | Token::Field(..) | Token::Text(..)));
        if let Some((_, at)) = conditions.clone().nth(MAX_CONDITIONS) {
            return Err(Flaw::new(*at, format!("more than {MAX_CONDITIONS} conditions")));
        }
        let mut parser = Parser { tokens, next: 0, end: source.len() };
        if parser.tokens.is_empty() {
            return Ok(Query::All);
        }
        let query = parser.either(0)?;
        match parser.tokens.get(parser.next) {
            None => Ok(query),
            Some((_, at)) => Err(Flaw::new(*at, "no bracket is open here").fix("leave it out, or write one before")),
        }
    }
}

struct Parser {
    tokens: Vec<(Token, At)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(t, _)| t)
    }

    fn advance(&mut self) -> Option<(Token, At)> {
        let t = self.tokens.get(self.next).cloned();
        self.next = self.next.saturating_add(1);
        t
    }

    fn either(&mut self, depth: usize) -> Result<Query, Flaw> {
        let mut any = vec![self.every(depth)?];
        while matches!(self.peek(), Some(Token::Or)) {
            self.advance();
            any.push(self.every(depth)?);
        }
        Ok(one_or(any, Query::Or))
    }

    fn every(&mut self, depth: usize) -> Result<Query, Flaw> {
        let mut all = vec![self.condition(depth)?];
        loop {
            match self.peek() {
                None | Some(Token::Or | Token::Close) => return Ok(one_or(all, Query::And)),
                Some(Token::And) => {
                    self.advance();
                }
                Some(_) => {}
            }
            all.push(self.condition(depth)?);
        }
    }

    fn condition(&mut self, depth: usize) -> Result<Query, Flaw> {
        let Some((token, at)) = self.advance() else {
            return Err(Flaw::new((self.end, self.end), "a condition is missing at the end"));
        };
        let deeper = depth.saturating_add(1);
        if matches!(token, Token::Not | Token::Open) && deeper > MAX_DEPTH {
            return Err(Flaw::new(at, format!("brackets and `not` are nested more than {MAX_DEPTH} deep")));
        }
        match token {
            Token::Not => Ok(Query::Not(Box::new(self.condition(deeper)?))),
            Token::Open => {
                let inner = self.either(deeper)?;
                match self.advance() {
                    Some((Token::Close, _)) => Ok(inner),
                    _ => Err(Flaw::new(at, "this bracket is not closed").fix("write `)` where it ends")),
                }
            }
            Token::Has(name) => has(&name, at),
            Token::Field(name, op) => match self.advance() {
                Some((Token::Value(value, quoted), place)) => compare(&name, at, op, (value, quoted), place),
                _ => Err(Flaw::new(at, format!("`{op}` needs a value after it"))),
            },
            Token::Text(text, quoted) => free(&text, quoted, at),
            Token::Close => Err(Flaw::new(at, "a condition is missing before this bracket")),
            Token::And | Token::Or => {
                let word = if token == Token::And { "and" } else { "or" };
                let flaw = Flaw::new(at, format!("a condition is missing before `{word}`"));
                Err(flaw.fix(format!("the word itself is searched as \"{word}\"")))
            }
            Token::Value(..) => Err(Flaw::new(at, "a value without a field")),
        }
    }
}

/// A list of one is that one.
fn one_or(mut list: Vec<Query>, many: fn(Vec<Query>) -> Query) -> Query {
    if list.len() == 1
        && let Some(one) = list.pop()
    {
        return one;
    }
    many(list)
}

fn has(name: &str, at: At) -> Result<Query, Flaw> {
    if name.is_empty() {
        return Err(Flaw::new(at, "`has:` needs a field after it").fix("write for example has:lens.model"));
    }
    let from = at.0.saturating_add("has:".len());
    names::find(name, true).map(Query::Has).map_err(|f| moved(f, (from, at.1)))
}

/// A flaw of a name, at the place of the name.
fn moved(mut flaw: Flaw, at: At) -> Flaw {
    flaw.offset = at.0;
    flaw.length = at.1.saturating_sub(at.0);
    flaw
}

fn compare(name: &str, at: At, op: Op, (value, quoted): (String, bool), place: At) -> Result<Query, Flaw> {
    let field = names::find(name, false).map_err(|f| moved(f, at))?;
    if field.kind() == Kind::Span {
        return contains(name, op, &value, (at, place));
    }
    if field.kind() == Kind::List {
        let parts: Vec<&str> = parts_of(field).collect();
        let fix = parts.first().map_or_else(
            || format!("ask has:{}", field.name()),
            |p| format!("ask for a field of its items, such as {p}, or has:{}", field.name()),
        );
        return Err(Flaw::new(at, format!("`{name}` is a list")).fix(fix));
    }
    match Test::new(field.kind(), name, op, &value, quoted) {
        Ok(test) => Ok(Query::Compare(Compare { field, op, value, quoted, test })),
        Err((what, fix)) => Err(Flaw::new(place, what).fix(fix)),
    }
}

fn parts_of(list: Field) -> impl Iterator<Item = &'static str> {
    let before = format!("{}.", list.name());
    names::all().map(Field::name).filter(move |n| n.starts_with(&before))
}

fn contains(name: &str, op: Op, value: &str, (at, place): (At, At)) -> Result<Query, Flaw> {
    let fix = "its first label is asked by timecode.start, the one after its last by timecode.end";
    match (op, Label::parse(value)) {
        (Op::Eq, Some(_)) => Ok(Query::At(value.to_owned())),
        (Op::Ne, Some(_)) => {
            // as everywhere: a clip without timecode passes no comparison
            let span = names::exact("tc").map(Query::Has).into_iter();
            Ok(Query::And(span.chain([Query::Not(Box::new(Query::At(value.to_owned())))]).collect()))
        }
        (_, Some(_)) => Err(Flaw::new(at, format!("`{name}` asks whether a clip contains a label: `=` only")).fix(fix)),
        (_, None) => Err(Flaw::new(place, format!("`{value}` is not a timecode")).fix("write it like 10:02:11:00")),
    }
}

fn free(text: &str, quoted: bool, at: At) -> Result<Query, Flaw> {
    if !quoted && text == "*" {
        return Ok(Query::All);
    }
    // a word is found by its beginning anyway
    let bare = if quoted { text } else { text.strip_suffix('*').unwrap_or(text) };
    if !quoted && bare.contains(['*', '?']) {
        let flaw = Flaw::new(at, "patterns need a field");
        return Err(flaw.fix(format!("write for example name={text} or path=*{text}*")));
    }
    Words::new(bare, quoted).map(Query::Words).ok_or_else(|| {
        Flaw::new(at, "there is no letter or digit in it").fix("free text finds words of letters and digits")
    })
}
