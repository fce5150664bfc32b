//! Free text: words that begin so, and phrases.

use super::BETWEEN;
use super::facts::fold;

/// Words that follow each other in one text. The last may go on, unless it was in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Lower-cased, at least one, each of letters and digits only.
    words: Vec<String>,
    /// Whether the last one must end where it ends.
    whole: bool,
}

impl Words {
    /// The words of `text`; `None` when there is no letter or digit in it. `whole`: as a phrase, nothing goes on.
    #[must_use]
    pub fn new(text: &str, whole: bool) -> Option<Self> {
        let folded = fold(text);
        let words: Vec<String> =
            folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self { words, whole })
    }

    /// The words, lower-cased.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether it is a phrase in quotes.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.whole
    }

    /// Whether they follow each other in a text that [`fold`] made.
    #[must_use]
    pub fn found_in(&self, folded: &str) -> bool {
        let Some((first, others)) = self.words.split_first() else { return false };
        let mut from = 0_usize;
        while let Some(at) = folded.get(from..).and_then(|t| t.find(first.as_str())) {
            let at = from.saturating_add(at);
            let end = at.saturating_add(first.len());
            let begins = folded.get(..at).and_then(|t| t.chars().next_back()).is_none_or(|c| !c.is_alphanumeric());
            if begins && self.follow(folded.get(end..).unwrap_or(""), others) {
                return true;
            }
            from = at.saturating_add(first.chars().next().map_or(1, char::len_utf8));
        }
        false
    }

    /// Whether what stands after the first word goes on with the `others`.
    fn follow(&self, mut rest: &str, others: &[String]) -> bool {
        for w in others {
            let next = rest.trim_start_matches(|c: char| !c.is_alphanumeric() && c != BETWEEN);
            if next.len() == rest.len() {
                return false;
            }
            let Some(after) = next.strip_prefix(w.as_str()) else { return false };
            rest = after;
        }
        !self.whole || rest.chars().next().is_none_or(|c| !c.is_alphanumeric())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_and_phrases_are_whole() {
        for (query, whole, text, want) in [
            ("A001", false, "a001c003_260112.mov", true),
            ("c003", false, "a001c003_260112.mov", false),
            ("260112", false, "a001c003_260112.mov", true),
            ("A001C003-2601", false, "a001c003_260112.mov", true),
            ("for sound", true, "good for sound", true),
            ("for sou", true, "good for sound", false),
            ("good sound", true, "good for sound", false),
            ("for", true, "before for", true),
            ("äß", false, "x äßq", true),
            ("mix left", true, "mix\u{1f}left", false),
            ("aa", false, "xaaa aab", true),
        ] {
            assert_eq!(Words::new(query, whole).unwrap().found_in(text), want, "{query} in {text}");
        }
        assert_eq!(Words::new(" _-./", false), None);
    }
}
