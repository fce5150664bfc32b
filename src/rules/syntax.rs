//! What is said when a condition cannot be parsed: habits from other languages first, then the parser's
//! own complaints in short words.

use super::condition::Flaw;
use super::scan::after_quote;
use super::scope::WHOLE;
use cel::parser::ParseErrors;

/// The text in which `has(reel)` is written `has(clip__.reel)`: the language allows `has()` on
/// selections only. Keeps the way back to places in the original.
pub(super) struct Widened<'s> {
    /// As it was written.
    pub source: &'s str,
    /// What the parser reads.
    pub text: String,
    asked: Vec<usize>,
}

const WIDER: usize = WHOLE.len() + 1;

impl<'s> Widened<'s> {
    pub fn new(source: &'s str, asked: &[usize]) -> Self {
        let mut text = String::with_capacity(source.len() + asked.len() * WIDER);
        let mut last = 0;
        for &at in asked {
            text.push_str(source.get(last..at).unwrap_or_default());
            text.push_str(WHOLE);
            text.push('.');
            last = at;
        }
        text.push_str(source.get(last..).unwrap_or_default());
        Self { source, text, asked: asked.to_vec() }
    }

    /// The byte offset in the original of a byte offset in the text.
    pub fn original(&self, offset: usize) -> usize {
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

/// What other languages call an operator, and what conditions call it.
const OPERATORS: &[(&str, &str)] = &[
    ("=", "=="),
    ("===", "=="),
    ("!==", "!="),
    ("=!", "!="),
    ("<>", "!="),
    ("=>", ">="),
    ("=<", "<="),
    ("&", "&&"),
    ("|", "||"),
];
const WORDS: &[(&str, &str)] = &[("or", "||"), ("and", "&&"), ("not", "!")];

/// The operator that a word of another language stands for.
pub(super) fn operator_of(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map(|(_, o)| *o)
}

/// Why a text that the parser refused is not a condition, in order of place, never empty.
pub(super) fn errors(e: &ParseErrors, text: &Widened<'_>) -> Vec<Flaw> {
    let habits = habits(text.source);
    if !habits.is_empty() {
        return habits;
    }
    let end = text.source.len();
    let mut out: Vec<Flaw> = Vec::new();
    for p in e.errors.iter().take(8) {
        let at = text.original(text.byte_of(p.pos.0, p.pos.1)).min(end);
        let said = p.msg.trim().replace("Syntax error: ", "").replace(&format!("{WHOLE}."), "");
        let rest = text.source.get(at..).unwrap_or_default();
        let (message, fix) = in_short(&said, rest);
        let token = quoted(&said).filter(|t| rest.starts_with(*t)).map_or(1, |t| t.trim_end().len().max(1));
        let mut flaw = Flaw::new(at, token.min(end - at), format!("the condition is not valid CEL: {message}"));
        flaw.suggestion = fix;
        out.push(flaw);
    }
    out.sort_by_key(|e| e.offset);
    out.dedup_by_key(|e| e.offset);
    // that something is missing at the end mostly follows from what is wrong before it
    if out.iter().any(|f| f.offset < end) {
        out.retain(|f| f.offset < end);
    }
    if out.is_empty() {
        out.push(Flaw::new(0, end.min(1), "the condition is not valid CEL"));
    }
    out
}

/// `=`, `or`, curly quotation marks and the like, outside of quoted text.
fn habits(source: &str) -> Vec<Flaw> {
    let b = source.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = b.get(at) {
        let rest = source.get(at..).unwrap_or_default();
        let run = |of: fn(u8) -> bool| rest.bytes().take_while(|x| of(*x)).count();
        let word = run(|x| x.is_ascii_alphanumeric() || x == b'_');
        let signs = run(|x| b"=<>!&|".contains(&x));
        let part = rest.get(..word.max(signs)).unwrap_or_default();
        let next = at + part.len();
        if word > 0 {
            let is_field = at.checked_sub(1).and_then(|i| b.get(i)) == Some(&b'.') || b.get(next) == Some(&b'.');
            if let Some(op) = operator_of(part).filter(|_| !is_field) {
                out.push(habit(at, part, op, source.get(next..).unwrap_or_default()));
            }
            let raw = matches!(part, "r" | "R" | "br" | "rb" | "bR" | "Rb");
            let quoted = raw && matches!(b.get(next), Some(b'"' | b'\''));
            at = if quoted { after_quote(b, next, true) } else { next };
        } else if signs > 0 {
            if let Some((_, op)) = OPERATORS.iter().find(|(w, _)| *w == part) {
                out.push(habit(at, part, op, ""));
            }
            at = next;
        } else if matches!(c, b'"' | b'\'') {
            at = after_quote(b, at, false);
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            let c = rest.chars().next().unwrap_or_default();
            if matches!(c, '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}') {
                let flaw = Flaw::new(at, c.len_utf8(), format!("`{c}` does not quote text"));
                out.push(flaw.suggest("write straight quotation marks, \"text\" or 'text'"));
            }
            at += c.len_utf8();
        }
    }
    out.truncate(8);
    out
}

fn habit(at: usize, written: &str, op: &str, rest: &str) -> Flaw {
    let fix = if op == "!" && rest.trim_start().starts_with("in ") {
        "write `!(field in [...])`".to_owned()
    } else {
        format!("write `{op}`")
    };
    Flaw::new(at, written.len(), format!("`{written}` is no operator of conditions")).suggest(fix)
}

/// What stands between the first pair of apostrophes of a parser's message.
fn quoted(said: &str) -> Option<&str> {
    let (_, from) = said.split_once('\'')?;
    let end = from.find("' expecting").or_else(|| from.rfind('\''))?;
    from.get(..end)
}

/// A parser's message in words that help, and what to do. `rest` is the condition from the place of the message on.
fn in_short(said: &str, rest: &str) -> (String, Option<String>) {
    let token = quoted(said).unwrap_or_default();
    let shown: String = token.trim().chars().take(40).collect();
    let wanted = said.rsplit_once(" expecting ").map(|(_, w)| w).unwrap_or_default();
    if let Some(missing) = said.strip_prefix("missing ") {
        let what = missing.split(" at ").next().unwrap_or_default().trim_matches('\'');
        return (format!("`{what}` is missing"), None);
    }
    if rest.is_empty() {
        let few = wanted.trim_matches(['{', '}']).replace(", ", " or ").replace('\'', "`");
        let fix = (!few.is_empty() && few.len() <= 20).then(|| format!("expected {few}"));
        return ("it ends too early".to_owned(), fix);
    }
    if said.starts_with("token recognition error") {
        if token.starts_with(['"', '\'']) {
            let fix = "close it with the same mark; a backslash in it is written `\\\\`";
            return ("the quoted text that begins here does not end".to_owned(), Some(fix.to_owned()));
        }
        return (format!("`{shown}` means nothing here"), None);
    }
    if let Some(word) = said.strip_prefix("reserved identifier: ") {
        return (format!("`{word}` is a reserved word"), None);
    }
    if !wanted.is_empty() || said.starts_with("no viable alternative") {
        let begins = token.starts_with(|c: char| c.is_alphabetic() || c == '(');
        let fix = begins.then(|| "join conditions with `&&` or `||`".to_owned());
        return (format!("`{shown}` is not expected here"), fix);
    }
    (said.chars().take(100).collect(), None)
}

#[cfg(test)]
mod tests {
    use crate::rules::Condition;

    fn first(text: &str) -> (usize, String, Option<String>) {
        let all = Condition::compile(text).expect_err(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        let f = &all[0];
        assert!(f.offset + f.length <= text.len(), "{text}: {f:?}");
        (f.offset, f.message.clone(), f.suggestion.clone())
    }

    #[test]
    fn habits_of_other_languages_are_answered_once_with_the_operator() {
        for (text, at, fix) in [
            ("camera.make = \"ARRI\"", 12, "write `==`"),
            ("camera.make === 'x'", 12, "write `==`"),
            ("has(reel) or has(lens)", 10, "write `||`"),
            ("has(reel) AND has(lens)", 10, "write `&&`"),
            ("not has(reel)", 0, "write `!`"),
            ("reel not in ['a']", 5, "write `!(field in [...])`"),
            ("has(reel) & has(lens)", 10, "write `&&`"),
            ("image.width => 3", 12, "write `>=`"),
            ("reel <> 'x'", 5, "write `!=`"),
            ("r'\\' == reel or 'and = or' == reel", 13, "write `||`"),
        ] {
            let got = first(text);
            assert_eq!((got.0, got.2.as_deref()), (at, Some(fix)), "{text}: {got:?}");
        }
        let (_, _, fix) =
            Condition::compile("reel == \u{201c}x\u{201d}").map_err(|e| (0, 0, e[0].suggestion.clone())).unwrap_err();
        assert!(fix.unwrap().contains("straight"));
        // what is an operator in quotes or a field's name is left alone
        assert!(Condition::compile("reel == 'this or that = x' // and so on").is_ok());
    }

    #[test]
    fn the_parsers_lists_are_not_passed_on() {
        for (text, part) in [
            ("a b", "`b` is not expected here"),
            ("camera.make == ", "it ends too early"),
            ("(has(reel)", "`)` is missing"),
            ("has(reel))", "`)` is not expected here"),
            ("[1, 2", "it ends too early"),
            ("'abc", "does not end"),
            ("@", "`@` means nothing here"),
            ("if", "reserved word"),
            ("camera.", "it ends too early"),
        ] {
            let (_, message, _) = first(text);
            assert!(message.contains(part) && message.len() < 120, "{text}: {message}");
        }
        assert_eq!(first("[1, 2").2.as_deref(), Some("expected `]` or `,`"));
    }
}
