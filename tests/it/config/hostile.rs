//! Files that no person wrote, or nobody should have.

use super::{BASE, all, try_text, within};
use std::time::Duration;

#[test]
fn hostile_files_are_refused_soon_and_in_words() {
    let many = |line: &str, bytes: usize| line.repeat(bytes / line.len());
    let mib = 1 << 20;
    let mut texts: Vec<(&str, Vec<u8>, Option<bool>)> = vec![
        ("good", BASE.into(), Some(true)),
        ("empty", vec![], Some(true)),
        ("binary", b"\0\x01\x02".to_vec(), Some(false)),
        ("not utf-8", [b"\xff\xfe", BASE.as_bytes()].concat(), Some(false)),
        ("utf-8 breaks off", [BASE.as_bytes(), b"# \xc3"].concat(), Some(false)),
        ("byte-order mark", format!("\u{feff}{BASE}").into(), Some(true)),
        ("crlf", BASE.replace('\n', "\r\n").into(), Some(true)),
        ("unknown key", format!("{BASE}zz_unknown_key = 1\n").into(), Some(false)),
        ("twice", format!("{BASE}\n{BASE}").into(), Some(false)),
        ("cut", format!("{}[[", &BASE[..BASE.len() / 2]).into(), Some(false)),
        ("deep list", format!("{BASE}\nx={}", "[".repeat(100_000)).into(), Some(false)),
        ("deep inline tables", format!("x={}", "{a=".repeat(100_000)).into(), Some(false)),
        ("deep keys", format!("{}=1\n{BASE}", vec!["a"; 50_000].join(".")).into(), Some(false)),
        ("deep headers", format!("[{}]\n", vec!["a"; 50_000].join(".")).into(), Some(false)),
        ("too large", format!("{BASE}{}", many("# pad\n", 12 * mib)).into(), Some(false)),
        ("large", format!("{BASE}{}", many("# pad\n", 3 * mib)).into(), Some(true)),
        ("big integer", "[engine]\nworkers = 99999999999999999999\n".into(), Some(false)),
        ("nan", "[engine]\nseconds = nan\n".into(), Some(false)),
        ("negative", "[engine]\nseconds = -1\n".into(), Some(false)),
        ("many empty folders", many("[[folder]]\n", 3 * mib).into(), Some(false)),
        ("many syntax errors", many("=\n", 3 * mib).into(), Some(false)),
        ("many unknown keys", (0..200_000).map(|i| format!("k{i}=1\n")).collect::<String>().into(), Some(false)),
        ("one long line", format!("[show.s]\nx = \"{}\"\n", "y".repeat(3 * mib)).into(), Some(false)),
        ("escape codes", "[service]\n\"\\u001b[31m\" = 1\n".into(), Some(false)),
    ];
    let rules: String = (0..300)
        .map(|i| format!("[[folder.rule]]\nname = \"r{i}\"\nemit = [\"ale\"]\nwhen = '{}'\n", "(".repeat(4000)))
        .collect();
    texts.push(("many hostile conditions", format!("{BASE}{rules}").into(), Some(false)));
    for (name, text, good) in texts {
        within(Duration::from_secs(20), name, || {
            let (_dir, got) = try_text(&text);
            if let Some(good) = good {
                assert_eq!(got.is_ok(), good, "{name}");
            }
            if let Err(list) = got {
                assert!(list.len() <= 201 && !list.is_empty(), "{name}: {}", list.len());
                for d in list.iter().take(3) {
                    let shown = d.render(false);
                    assert!(shown.len() < 4000, "{name}: {}", shown.len());
                    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{name}: {shown:?}");
                    assert!(!d.to_string().chars().any(char::is_control), "{name}: {d}");
                }
            }
        });
    }
}

#[test]
fn what_is_no_file_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let text = |p: &std::path::Path| all(&rushes::config::load(p).unwrap_err());
    assert!(text(dir.path()).contains("not a regular file"));
    assert!(text(&dir.path().join("none")).contains("cannot read the configuration"));
    assert!(text(std::path::Path::new("/dev/zero")).contains("not a regular file"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn a_changed_byte_never_panics(at in 0usize..200, byte in 0u8..=255) {
        let mut text = BASE.as_bytes().to_vec();
        let at = at % text.len();
        text[at] = byte;
        let _ = try_text(&text);
    }
}
