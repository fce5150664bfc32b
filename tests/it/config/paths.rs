//! How watched folders, outputs and the daemon's own places may lie to each other.

use super::all;
use rushes::config::load;
use std::fs;
use std::path::Path;

/// Loads a configuration with two folders; `%` stands for a fresh folder.
fn judge(service: &str, one: (&str, &str), two: (&str, &str), prepare: impl Fn(&Path)) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    for made in ["in1", "in2", "out1", "out2"] {
        fs::create_dir(base.join(made)).unwrap();
    }
    prepare(&base);
    let folder = |n: &str, (path, output): (&str, &str)| {
        format!("[[folder]]\nname = \"{n}\"\nshow = \"s\"\npath = \"{path}\"\noutput = \"{output}\"\n")
    };
    let text = format!("[service]\n{service}\n[show.s]\n{}{}", folder("one", one), folder("two", two));
    let file = base.join("rushes.toml");
    fs::write(&file, text.replace('%', base.to_str().unwrap())).unwrap();
    match load(&file) {
        Ok(l) => Ok(all(&l.warnings)),
        Err(e) => Err(all(&e)),
    }
}

const ONE: (&str, &str) = ("%/in1", "%/out1");
const TWO: (&str, &str) = ("%/in2", "%/out2");

#[test]
fn two_folders_beside_each_other_are_fine() {
    assert_eq!(judge("state_dir = \"%/state\"\ncontrol = \"%/c\"", ONE, TWO, |_| ()), Ok(String::new()));
    // names that begin alike are not inside each other
    assert_eq!(judge("", ("%/in1", "%/in1-out"), ("%/in2", "%/in2.out"), |_| ()), Ok(String::new()));
}

#[test]
fn one_folder_mounted_at_two_places_is_one_folder() {
    let mount = std::cell::RefCell::new(Vec::new());
    let bind = |from: &'static str, to: &'static str| {
        let mount = &mount;
        move |base: &Path| match rustix::mount::mount_bind(base.join(from), base.join(to)) {
            Ok(()) => mount.borrow_mut().push(base.join(to)),
            Err(e) => println!("skipped: cannot mount here: {e}"),
        }
    };
    for (from, to, part) in [("in1", "out1", "is also the watched path"), ("in1", "out2", "is also the watched path")] {
        let two = if to == "out2" { ("%/in2", "%/out2") } else { TWO };
        let said = judge("", ONE, two, bind(from, to));
        for m in mount.borrow_mut().drain(..) {
            let _ = rustix::mount::unmount(&m, rustix::mount::UnmountFlags::DETACH);
            assert!(said.as_ref().is_err_and(|e| e.contains(part)), "{said:?}");
        }
    }
    let said = judge("", ONE, ("%/in2", "%/out2/deep/er"), bind("in1", "out2"));
    for m in mount.borrow_mut().drain(..) {
        let _ = rustix::mount::unmount(&m, rustix::mount::UnmountFlags::DETACH);
        assert!(said.as_ref().is_err_and(|e| e.contains("lies inside the watched path of folder \"one\"")), "{said:?}");
    }
}

#[test]
fn loops_are_refused() {
    for (service, one, two, part) in [
        (
            "",
            ("%/in1", "%/in1/out"),
            TWO,
            "the output of folder \"one\" lies inside the watched path of folder \"one\"",
        ),
        ("", ("%/in1", "%/in2/x"), TWO, "the output of folder \"one\" lies inside the watched path of folder \"two\""),
        ("", ("%/in1", "%/in1"), TWO, "is also the watched path"),
        (
            "",
            ("%/out1/in", "%/out1"),
            TWO,
            "the watched path of folder \"one\" lies inside the output of folder \"one\"",
        ),
        (
            "",
            ONE,
            ("%/in1", "%/out2"),
            "the watched path of folder \"two\" is already the watched path of folder \"one\"",
        ),
        ("", ONE, ("%/in1/", "%/out2"), "is already the watched path"),
        (
            "",
            ONE,
            ("%/in1/sub", "%/out2"),
            "the watched path of folder \"two\" lies inside the watched path of folder \"one\"",
        ),
        ("state_dir = \"%/in1/state\"", ONE, TWO, "state_dir lies inside the watched path"),
        ("state_dir = \"%/state\"", ("%/in1", "%/state/out"), TWO, "lies inside state_dir"),
        ("control = \"%/in2/c.sock\"", ONE, TWO, "the control socket lies inside the watched path"),
        ("", ("in1", "%/out1"), TWO, "must be an absolute path"),
        ("", ("%/x/../in1", "%/out1"), TWO, "must not contain `..`"),
        ("", ("/", "%/out1"), TWO, "is the whole file system"),
        ("", ("%/file", "%/out1"), TWO, "the watched path of folder \"one\" is a file"),
        ("", ("%/in1", "%/file"), TWO, "is not a folder"),
        ("", ("%/link", "%/out1"), TWO, "is already the watched path"),
        ("", ("%/in1", "%/link/out"), TWO, "lies inside the watched path of folder \"two\""),
    ] {
        let prepare = |base: &Path| {
            fs::write(base.join("file"), "").unwrap();
            std::os::unix::fs::symlink(base.join("in2"), base.join("link")).unwrap();
        };
        let got = judge(service, one, two, prepare).expect_err(part);
        assert!(got.contains(part) && got.contains(": error: "), "{part}\n{got}");
        assert!(got.contains("rushes.toml:"), "{got}");
    }
    let long = format!("control = \"/{}\"", "x".repeat(107));
    assert!(judge(&long, ONE, TWO, |_| ()).unwrap_err().contains("more than 107 bytes"));
}

#[test]
fn what_is_missing_or_shared_is_a_warning() {
    let missing = judge("", ("%/none", "%/out1"), TWO, |_| ()).unwrap();
    assert!(missing.contains("warning: the watched path of folder \"one\" cannot be reached now"), "{missing}");
    let shared = judge("", ONE, ("%/in2", "%/out1"), |_| ()).unwrap();
    assert!(shared.contains("warning: the output of folder \"two\" is also the output of folder \"one\""), "{shared}");
}
