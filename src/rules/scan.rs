//! A first look at a condition's text, before any parser: how deep its brackets go, and where `has()`
//! asks for a top-level field.

/// What the first look found.
pub(super) struct FirstLook {
    /// Byte offset of the bracket that goes too deep.
    pub too_deep: Option<usize>,
    /// Byte offsets of identifiers that stand alone in `has( )`.
    pub asked: Vec<usize>,
}

/// Looks at `text`; brackets may be nested `most` deep. Quoted text is skipped.
pub(super) fn first_look(text: &str, most: usize) -> FirstLook {
    let b = text.as_bytes();
    let mut look = FirstLook { too_deep: None, asked: Vec::new() };
    let (mut at, mut depth) = (0usize, 0usize);
    let mut word = String::new();
    while let Some(&c) = b.get(at) {
        if c.is_ascii_alphanumeric() || c == b'_' {
            word.push(char::from(c));
            at += 1;
            continue;
        }
        match c {
            b'"' | b'\'' => at = after_quote(b, at, matches!(word.as_str(), "r" | "R" | "br" | "rb" | "bR" | "Rb")),
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > most {
                    look.too_deep.get_or_insert(at);
                }
                if c == b'(' && word == "has" {
                    look.asked.extend(lone_identifier(b, at + 1));
                }
                at += 1;
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => at += 1,
        }
        if !(c == b' ' || c == b'\t') {
            word.clear();
        }
    }
    look
}

/// Offset after the quoted text that begins at `at`.
pub(super) fn after_quote(b: &[u8], at: usize, raw: bool) -> usize {
    let Some(&q) = b.get(at) else { return at };
    let triple = b.get(at..at + 3).is_some_and(|t| t.iter().all(|x| *x == q));
    let mut i = at + if triple { 3 } else { 1 };
    while let Some(&c) = b.get(i) {
        if c == b'\\' && !raw {
            i += 2;
        } else if triple && b.get(i..i + 3).is_some_and(|t| t.iter().all(|x| *x == q)) {
            return i + 3;
        } else if c == q && !triple {
            return i + 1;
        } else {
            i += 1;
        }
    }
    b.len()
}

/// `IDENT )` from `at` on: the offset of IDENT.
fn lone_identifier(b: &[u8], at: usize) -> Option<usize> {
    let blank = |mut i: usize| {
        while b.get(i).is_some_and(|c| c.is_ascii_whitespace()) {
            i += 1;
        }
        i
    };
    let start = blank(at);
    let mut end = start;
    while b.get(end).is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_') {
        end += 1;
    }
    (end > start && b.get(blank(end)) == Some(&b')')).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_quotes_do_not_count() {
        assert_eq!(first_look("((()))", 3).too_deep, None);
        assert_eq!(first_look("((()))", 2).too_deep, Some(2));
        for quoted in ["'((('", "\"(((\"", "'''((('''", "r'\\' + '((('", "'\\'((('"] {
            assert_eq!(first_look(quoted, 1).too_deep, None, "{quoted}");
        }
        assert_eq!(first_look(&"[".repeat(100_000), 32).too_deep, Some(32));
    }

    #[test]
    fn lone_fields_in_has_are_found() {
        assert_eq!(first_look("has(reel) && has( reel ) && has(camera.make)", 9).asked, [4, 18]);
        assert_eq!(first_look("'has(reel)' == xhas(reel)", 9).asked, [] as [usize; 0]);
    }
}
