//! Help that teaches, exit statuses, wrong usage.

use super::{commands, golden, run, rushes, status, stderr, stdout};

#[test]
fn help_is_as_agreed() {
    let long = run(["--help"]);
    assert_eq!((status(&long), stderr(&long).as_str()), (0, ""));
    golden("help.txt", &stdout(&long));
    for word in ["rushes demo", "Exit status", "RUSHES_CONFIG", "NO_COLOR"] {
        assert!(stdout(&long).contains(word), "{word}");
    }
    for c in commands() {
        let h = run([&c, "--help"]);
        assert_eq!(status(&h), 0);
        let text = stdout(&h);
        assert!(text.contains("Example") && text.contains(&format!("rushes {c}")), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 120), "a line of `{c} --help` is too long");
        assert_eq!(stdout(&run(["help", &c])), text);
    }
}

#[test]
fn wrong_usage_is_status_2_on_stderr() {
    for args in [
        &["--zz"][..],
        &["hash"],
        &["hash", "--kind", "crc", "x"],
        &["waive", "A"],
        &["zz"],
        &["jobs", "--state", "odd"],
    ] {
        let o = run(args);
        assert_eq!((status(&o), stdout(&o).as_str()), (2, ""), "{args:?}");
        assert!(stderr(&o).contains("--help") || stderr(&o).contains("possible values"), "{args:?}: {}", stderr(&o));
    }
    let o = run(["retry", "x", "--timeout", "soon"]);
    assert!(stderr(&o).contains("write for example 250ms, 10s, 5m or 2h"), "{}", stderr(&o));
    assert_eq!(status(&run(["--version"])), 0);
    assert_eq!(status(&run::<&str>([])), 2);
    let o = run(["waive", "CLIP-GAP", "A001", "--why", " "]);
    assert_eq!(status(&o), 2);
    assert!(stderr(&o).contains("a waiver needs a reason"));
}

#[test]
fn an_argument_that_is_not_text_is_no_panic() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[31m");
    for c in ["hash", "retry", "zz"] {
        let o = run([std::ffi::OsStr::new(c), odd]);
        assert!([2, 3].contains(&status(&o)), "{c}");
        assert!(!stderr(&o).contains("panicked"));
    }
}

#[test]
fn colours_are_for_terminals_only() {
    let o = rushes().args(["hash", "/nonexistent"]).env("TERM", "xterm-256color").output().unwrap();
    assert_eq!(status(&o), 3);
    assert!(!stderr(&o).contains('\u{1b}'), "{:?}", stderr(&o));
}

#[test]
fn check_ends_with_a_count_for_people() {
    let d = tempfile::tempdir().unwrap();
    let base =
        "[show.s]\n[[folder]]\nname = \"a\"\nshow = \"s\"\npath = \"/nonexistent/in\"\noutput = \"/nonexistent/out\"\n";
    for (text, code, last) in [
        (format!("{base}mode = \"999\"\nquiet = \"x\"\nzz = 1\n"), 2, "3 errors, 1 warning"),
        (base.to_owned(), 0, "1 warning"),
        ("[show.s]\nzz = 1\n".to_owned(), 2, "1 error"),
    ] {
        let config = super::file(d.path(), "rushes.toml", text.as_bytes());
        let o = run(["--config".as_ref(), config.as_os_str(), "check".as_ref()]);
        assert_eq!((status(&o), stderr(&o).lines().last()), (code, Some(last)), "{}", stderr(&o));
        let o = run(["--config".as_ref(), config.as_os_str(), "check".as_ref(), "--json".as_ref()]);
        assert_eq!((status(&o), stderr(&o).as_str()), (code, ""));
    }
}
