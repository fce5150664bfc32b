//! Module paths in a source: `crate::`, `super::`, `self::` and those of other crates, through `use` trees.

use super::source::is_word;

/// Every path that begins with `root::`, as its segments; `use` trees are spread out, `*` and `self` left off.
pub fn paths_from(code: &str, root: &str) -> Vec<Vec<String>> {
    let needle = format!("{root}::");
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = code[from..].find(&needle).map(|i| i + from) {
        from = start + needle.len();
        let before = code[..start].chars().next_back().unwrap_or(' ');
        // `$crate::` is ours too; `x::root::` and `xroot::` are not.
        if is_word(before) || before == ':' {
            continue;
        }
        tree(&mut code[start..].chars().peekable(), &mut Vec::new(), &mut found, 0);
    }
    found
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn tree(c: &mut Chars<'_>, prefix: &mut [String], found: &mut Vec<Vec<String>>, depth: usize) {
    let mut path = prefix.to_vec();
    loop {
        blanks(c);
        if c.peek() == Some(&'{') && depth < 16 {
            c.next();
            loop {
                tree(c, &mut path, found, depth + 1);
                blanks(c);
                match c.next() {
                    Some(',') => {}
                    _ => return,
                }
            }
        }
        let word: String = std::iter::from_fn(|| c.next_if(|&x| is_word(x) || x == '*')).collect();
        if !word.is_empty() && word != "*" && word != "self" {
            path.push(word);
        }
        blanks(c);
        // Only `::` goes on; a single colon or anything else ends the path.
        let mut ahead = c.clone();
        if ahead.next() == Some(':') && ahead.next() == Some(':') {
            c.next();
            c.next();
            continue;
        }
        break;
    }
    if depth > 0 {
        // `as name` inside a tree
        while c.next_if(|&x| x != ',' && x != '}').is_some() {}
    }
    if path.len() > prefix.len() || depth == 0 {
        found.push(path);
    } else if !prefix.is_empty() {
        found.push(prefix.to_vec());
    }
}

fn blanks(c: &mut Chars<'_>) {
    while c.next_if(|x| x.is_whitespace()).is_some() {}
}

/// The module that a file of `src/` is: `src/engine/format/dpx.rs` → `engine format dpx`.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    inner.split('/').filter(|s| *s != "lib" && *s != "main" && *s != "mod").map(str::to_owned).collect()
}

/// Every module path of this crate that the code of the file `path` names, from the crate's root.
pub fn own_paths(path: &str, code: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = paths_from(code, "crate").into_iter().map(|p| p[1..].to_vec()).collect();
    for p in paths_from(code, "super") {
        let ups = p.iter().take_while(|s| *s == "super").count();
        let mut base = module_of(path);
        base.truncate(base.len().saturating_sub(ups));
        base.extend(p[ups..].iter().cloned());
        all.push(base);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{module_of, own_paths, paths_from};

    fn text(paths: &[Vec<String>]) -> Vec<String> {
        paths.iter().map(|p| p.join("::")).collect()
    }

    #[test]
    fn use_trees_are_spread_out() {
        let code = "use crate::engine::{container::{dpx, riff as r}, format::*, hash::{self, x}};\nlet a = crate::model::Error::new();";
        assert_eq!(
            text(&paths_from(code, "crate")),
            [
                "crate::engine::container::dpx",
                "crate::engine::container::riff",
                "crate::engine::format",
                "crate::engine::hash",
                "crate::engine::hash::x",
                "crate::model::Error::new"
            ]
        );
    }

    #[test]
    fn other_names_that_end_alike_are_not_taken() {
        assert!(paths_from("mycrate::x; a::crate::b", "crate").is_empty());
        assert_eq!(text(&paths_from("$crate::model::X", "crate")), ["crate::model::X"]);
        assert_eq!(text(&paths_from("fn f(x: std::process::Command) {}", "std")), ["std::process::Command"]);
    }

    #[test]
    fn super_is_resolved_from_the_file() {
        assert_eq!(module_of("src/engine/format/mod.rs"), ["engine", "format"]);
        assert!(module_of("src/lib.rs").is_empty());
        let p = own_paths("src/engine/format/dpx.rs", "use super::super::deliver::Plan; use super::Format;");
        assert_eq!(text(&p), ["engine::deliver::Plan", "engine::format::Format"]);
    }
}
