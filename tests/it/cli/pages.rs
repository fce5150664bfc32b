//! Completions and man pages cover every command.

use super::{commands, run, status, stderr, stdout};

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let o = run(["completions", shell]);
        assert_eq!((status(&o), stderr(&o).as_str()), (0, ""), "{shell}");
        for c in commands() {
            assert!(stdout(&o).contains(&c), "{shell} does not know {c}");
        }
    }
    let bash = run(["completions", "bash"]);
    let d = tempfile::tempdir().unwrap();
    let script = super::file(d.path(), "c", &bash.stdout);
    if let Ok(o) = std::process::Command::new("bash").arg("-n").arg(script).output() {
        assert!(o.status.success(), "bash cannot read it: {}", String::from_utf8_lossy(&o.stderr));
    }
}

#[test]
fn one_man_page_for_each_command() {
    let d = tempfile::tempdir().unwrap();
    let o = run(["man".as_ref(), d.path().as_os_str()]);
    assert_eq!((status(&o), stderr(&o).as_str()), (0, ""));
    let mut want: Vec<String> = commands().iter().map(|c| format!("rushes-{c}.1")).collect();
    want.push("rushes.1".into());
    want.sort();
    let mut got: Vec<String> =
        std::fs::read_dir(d.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    got.sort();
    assert_eq!(got, want);
    for page in &got {
        let text = std::fs::read_to_string(d.path().join(page)).unwrap();
        assert!(text.len() > 400 && text.contains(".TH") && text.contains("SYNOPSIS"), "{page}: {text}");
        let command = page.trim_end_matches(".1").replacen('-', " ", 1);
        assert!(text.contains(&format!("\\fB{command}\\fR")) || page == "rushes.1", "{page}: {text}");
        assert!(page == "rushes.1" || text.contains("Example"), "{page} has no example");
    }
    assert_eq!(status(&run(["man", "/nonexistent/folder"])), 1);
}
