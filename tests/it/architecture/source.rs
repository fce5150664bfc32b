//! Rust sources as the house rules see them: without comments and literals, with or without tests.

use std::path::{Path, PathBuf};

/// One file of the repository.
pub struct Source {
    /// Relative to the repository, with `/`.
    pub path: String,
    /// As it is on disk.
    pub text: String,
}

impl Source {
    /// A made-up file, for tests of the rules themselves.
    pub fn fake(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The code that ships: no comments, no literals, no `#[cfg(test)]` items; lines keep their numbers.
    pub fn code(&self) -> String {
        if self.is_test_file() { String::new() } else { without_tests(&blank(&self.text)) }
    }

    /// True for files that hold nothing but unit tests.
    pub fn is_test_file(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name == "tests.rs" || name.ends_with("_tests.rs") || self.path.contains("/tests/")
    }
}

/// The repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `dir` (relative to the repository) whose name ends in one of `ends`, sorted.
pub fn files(dir: &str, ends: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&repository().join(dir), &mut |path| {
        let relative = path.strip_prefix(repository()).expect("below the repository");
        let name = relative.to_string_lossy().into_owned();
        if ends.iter().any(|e| name.ends_with(e))
            && let Ok(text) = std::fs::read_to_string(path)
        {
            found.push(Source { path: name, text });
        }
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Calls `f` for every regular file below `dir`, except in `.git`, `target` and `out`.
pub fn walk(dir: &Path, f: &mut dyn FnMut(&Path)) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match entry.file_type() {
            Ok(t) if t.is_dir() && !["target", ".git", "out"].iter().any(|n| name == **n) => walk(&path, f),
            Ok(t) if t.is_file() => f(&path),
            _ => {}
        }
    }
}

/// The text with comments and the insides of literals turned into spaces; line breaks stay.
pub fn blank(text: &str) -> String {
    let c: Vec<char> = text.chars().collect();
    let at = |i: usize| c.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    let mut before = ' ';
    while i < c.len() {
        let end = if at(i) == '/' && at(i + 1) == '/' {
            (i..c.len()).find(|&k| c[k] == '\n').unwrap_or(c.len())
        } else if at(i) == '/' && at(i + 1) == '*' {
            block_comment_end(&c, i)
        } else if let Some(hashes) = raw_string(&c, i).filter(|_| !is_word(before)) {
            raw_string_end(&c, i, hashes)
        } else if at(i) == '"' {
            quoted_end(&c, i, '"')
        } else if at(i) == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            quoted_end(&c, i, '\'')
        } else {
            i
        };
        if end == i {
            out.push(c[i]);
            before = c[i];
            i += 1;
        } else {
            out.extend(c[i..end].iter().map(|&x| if x == '\n' { '\n' } else { ' ' }));
            before = ' ';
            i = end;
        }
    }
    out
}

/// True for characters of an identifier.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment_end(c: &[char], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i < c.len() {
        match (c[i], c.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => {
                (depth, i) = (depth - 1, i + 2);
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    c.len()
}

/// The number of `#` when a raw string begins at `i`.
fn raw_string(c: &[char], i: usize) -> Option<usize> {
    let r = if c[i] == 'b' || c[i] == 'c' { i + 1 } else { i };
    if c.get(r) != Some(&'r') {
        return None;
    }
    let hashes = c[r + 1..].iter().take_while(|&&x| x == '#').count();
    (c.get(r + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn raw_string_end(c: &[char], start: usize, hashes: usize) -> usize {
    let open = (start..c.len()).find(|&k| c[k] == '"').unwrap_or(c.len());
    let closes = |k: usize| c[k] == '"' && c[k + 1..].iter().take(hashes).filter(|&&x| x == '#').count() == hashes;
    (open + 1..c.len()).find(|&k| closes(k)).map_or(c.len(), |k| k + 1 + hashes)
}

fn quoted_end(c: &[char], start: usize, quote: char) -> usize {
    let mut i = start + 1;
    while i < c.len() && c[i] != quote {
        i += if c[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(c.len())
}

/// `blanked` with every item under `#[cfg(test)]` (or a `cfg` that names `test`) turned into spaces.
pub fn without_tests(blanked: &str) -> String {
    let mut out = blanked.to_owned();
    let mut from = 0;
    while let Some(start) = out[from..].find("#[cfg(").map(|i| i + from) {
        let head_end = out[start..].find(")]").map_or(out.len(), |i| start + i + 2);
        from = head_end;
        let condition = &out[start..head_end];
        let names_test = condition.split(|x: char| !is_word(x)).any(|w| w == "test") && !condition.contains("not(test");
        if names_test {
            let end = item_end(&out, head_end);
            let spaces: String = out[start..end].chars().map(|x| if x == '\n' { '\n' } else { ' ' }).collect();
            let kept_len = spaces.len();
            out.replace_range(start..end, &spaces);
            from = start + kept_len;
        }
    }
    out
}

/// Where the item that begins at `from` ends: after its `;` or its closing brace.
pub fn item_end(text: &str, from: usize) -> usize {
    let mut depth = 0_i32;
    for (i, ch) in text[from..].char_indices() {
        match ch {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth <= 0 {
                    return from + i + 1;
                }
            }
            ';' if depth == 0 => return from + i + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_literals_are_blanked_and_lines_stay() {
    let text = "a // sled::x\nlet s = \"sled::\\\"y\"; /* sled:: /* in */ */ b\nr#\"sled::\"# 'x' '\\'' &'a str br\"sled\" for r in x";
    let out = blank(text);
    assert!(!out.contains("sled"), "{out}");
    assert!(out.contains("&'a str") && out.contains(" b\n") && out.contains("for r in x"), "{out}");
    assert_eq!(out.lines().count(), text.lines().count());
}

#[test]
fn test_items_are_cut_out_and_others_stay() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn x() { {} } }\nfn b() {}\n#[cfg(test)]\nmod more;\n#[cfg(not(test))]\nfn c() {}\n";
    let out = without_tests(text);
    assert!(!out.contains("tests") && !out.contains("more"), "{out}");
    assert!(out.contains("fn a") && out.contains("fn b") && out.contains("fn c"));
}
