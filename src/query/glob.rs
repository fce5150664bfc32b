//! `*` and `?`: any characters, one character.

/// Whether `text` as a whole fits `pattern`; never slower than the length of one times that of the other.
pub(super) fn fits(pattern: &[char], text: &str) -> bool {
    let mut rest = text.chars();
    let mut at = 0_usize;
    // where to go on when the last `*` has to take one character more
    let mut star: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let ahead = rest.clone();
        match (pattern.get(at), rest.next()) {
            (Some('*'), _) => {
                rest = ahead;
                at = at.saturating_add(1);
                star = Some((at, rest.clone()));
            }
            (None, None) => return true,
            (Some(p), Some(c)) if *p == '?' || *p == c => at = at.saturating_add(1),
            _ => {
                let Some((after, from)) = star.as_mut() else { return false };
                if from.next().is_none() {
                    return false;
                }
                at = *after;
                rest = from.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn glob(p: &str, t: &str) -> bool {
        fits(&p.chars().collect::<Vec<_>>(), t)
    }

    /// The definition, character by character.
    fn plain(p: &[char], t: &[char]) -> bool {
        match p.split_first() {
            None => t.is_empty(),
            Some(('*', rest)) => (0..=t.len()).any(|n| plain(rest, &t[n..])),
            Some((c, rest)) => t.first().is_some_and(|x| *c == '?' || c == x) && plain(rest, &t[1..]),
        }
    }

    #[test]
    fn stars_and_question_marks() {
        for (p, t, want) in [
            ("a001*", "a001c003", true),
            ("*c003", "a001c003", true),
            ("a*c*3", "a001c003", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("?", "", false),
            ("ä?", "äö", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(p, t), want, "{p} {t}");
        }
        let hostile = "a*".repeat(120) + "b";
        assert!(!glob(&hostile, &"a".repeat(4096)));
    }

    proptest! {
        #[test]
        fn as_defined(p in "[ab*?]{0,8}", t in "[ab]{0,10}") {
            let (pc, tc): (Vec<char>, Vec<char>) = (p.chars().collect(), t.chars().collect());
            prop_assert_eq!(glob(&p, &t), plain(&pc, &tc));
        }
    }
}
