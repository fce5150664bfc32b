//! The house rules of `docs/architecture.md`, checked on the sources.

mod paths;
mod rules;
mod rules_tests;
mod source;

use rules::RANKS;
use source::{Source, files, repository, walk};
use std::collections::BTreeSet;

/// Lines of a file: never more.
const FILE_LINES: usize = 800;
/// Lines of the middle file of `src/`: never more.
const MEDIAN_LINES: usize = 250;
/// Lines of a function that ships: never more.
const FUNCTION_LINES: usize = 70;

fn nothing(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} break this rule:\n{}", wrong.len(), wrong.join("\n"));
}

fn rust(dirs: &[&str]) -> Vec<Source> {
    dirs.iter().flat_map(|d| files(d, &[".rs"])).collect()
}

fn over(sources: &[Source], rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    assert!(!sources.is_empty(), "no sources found");
    sources.iter().flat_map(rule).collect()
}

#[test]
fn modules_import_only_lower_ranks() {
    nothing(over(&rust(&["src"]), rules::ranks));
}

#[test]
fn confined_names_stay_where_they_belong() {
    nothing(over(&rust(&["src"]), rules::confined));
}

#[test]
fn every_file_says_what_it_is() {
    nothing(over(&rust(&["src", "tests", "benches", "fuzz"]), rules::first_line));
}

#[test]
fn files_and_functions_keep_to_their_size() {
    let shipped = rust(&["src"]);
    let mut wrong = over(&rust(&["src", "tests"]), |s| rules::file_size(s, FILE_LINES));
    wrong.extend(over(&shipped, |s| rules::function_size(s, FUNCTION_LINES)));
    let mut sizes: Vec<usize> = shipped.iter().map(|s| s.text.lines().count()).collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    println!("{} files, median {median} lines, largest {}", sizes.len(), sizes[sizes.len() - 1]);
    if median > MEDIAN_LINES {
        wrong.push(format!("the median of src/ is {median} lines, at most {MEDIAN_LINES}"));
    }
    nothing(wrong);
}

#[test]
fn nothing_is_unfinished_or_skipped() {
    nothing(over(&rust(&["src", "tests", "benches", "fuzz"]), rules::unfinished));
}

#[test]
fn nothing_names_the_place_where_it_was_written() {
    let ends = [".rs", ".md", ".sh", ".toml", ".txt", ".service", ".env", "Makefile", "run", ".example", ".conf"];
    nothing(over(&files("", &ends), rules::workplace));
}

#[test]
fn the_map_names_what_exists() {
    let map = std::fs::read_to_string(repository().join("docs/architecture.md")).expect("docs/architecture.md");
    let mut wrong: Vec<String> = rules::named_paths(&map)
        .into_iter()
        .filter(|p| !repository().join(p).exists())
        .map(|p| format!("docs/architecture.md names {p}, which does not exist"))
        .collect();
    wrong.extend(
        RANKS
            .iter()
            .filter(|(m, r)| !rules::map_names(&map, m, *r))
            .map(|(m, r)| format!("docs/architecture.md has no line for {m} with its rank [{r}]")),
    );
    nothing(wrong);
}

#[test]
fn documents_name_files_that_exist() {
    let mut documents = files("docs", &[".md"]);
    documents.extend(["README.md", "SECURITY.md", "systemd/README.md"].iter().flat_map(|p| files_named(p)));
    nothing(over(&documents, |d| {
        let named = rules::named_paths(&d.text).into_iter();
        named.filter(|p| !repository().join(p).exists()).map(|p| format!("{} names {p}", d.path)).collect()
    }));
}

fn files_named(path: &str) -> Option<Source> {
    let text = std::fs::read_to_string(repository().join(path)).ok()?;
    Some(Source { path: path.to_owned(), text })
}

#[test]
fn ranks_are_given_to_the_modules_that_exist_and_to_no_others() {
    let mut exist = BTreeSet::new();
    walk(&repository().join("src"), &mut |p| {
        let relative = p.strip_prefix(repository()).expect("below the repository").to_string_lossy().into_owned();
        let m = paths::module_of(&relative);
        match m.first().map(String::as_str) {
            Some("engine") => exist.extend(m.get(1).map(|second| format!("engine::{second}"))),
            Some(first) => exist.extend([first.to_owned()]),
            None => {}
        }
    });
    let ranked: BTreeSet<String> = RANKS.iter().map(|(m, _)| (*m).to_owned()).collect();
    assert_eq!(exist, ranked);
}
