//! `docs/fields.md` lists exactly the fields that conditions and name templates know.

use super::repo;
use rushes::rules::fields::FIELDS;

#[test]
fn the_page_of_fields_is_the_list_of_fields() {
    let page = std::fs::read_to_string(repo("docs/fields.md")).unwrap();
    let mut listed: Vec<(String, String)> = Vec::new();
    for row in page.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, example, meaning] = cells[..] else { panic!("not four cells: {row}") };
        assert!(!meaning.is_empty(), "{row}");
        assert!(!example.is_empty() || kind == "group" || kind == "list", "{row}");
        listed.push((name.trim_matches('`').to_owned(), kind.to_owned()));
    }
    let want: Vec<(String, String)> = FIELDS.iter().map(|(n, t)| ((*n).to_owned(), t.as_str().to_owned())).collect();
    let missing: Vec<_> = want.iter().filter(|w| !listed.contains(w)).collect();
    let more: Vec<_> = listed.iter().filter(|l| !want.contains(l)).collect();
    assert!(missing.is_empty() && more.is_empty(), "docs/fields.md lacks {missing:?}, and has besides {more:?}");
    assert_eq!(listed, want, "each once, in the order of the list");
}
