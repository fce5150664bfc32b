//! `rushes report` on what the demo's writers make.

use super::{status, stderr, stdout};
use crate::daemon::facility::Facility;
use std::process::Output;

fn report(f: &Facility, args: &[&str]) -> Output {
    f.command(&[&["report"], args].concat()).current_dir(f.dir.path()).output().unwrap()
}

fn roll() -> Facility {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    f
}

#[test]
fn a_roll_is_a_page_with_pictures() {
    let f = roll();
    let o = report(&f, &["hot/A001R2EC", "--source", "rec709", "-o", "a.html"]);
    assert_eq!((status(&o), stdout(&o).as_str()), (0, "a.html\n"), "{}", stderr(&o));
    let page = std::fs::read_to_string(f.path("a.html")).unwrap();
    assert_eq!(page.matches("<img ").count(), 1, "{page}");
    for told in [
        "<title>Camera report A001R2EC</title>",
        "<b>A001R2EC_C001</b><br/>A001R2EC<br/><small>6 files</small>",
        "10:00:00:00<br/>10:00:00:06",
        "64 × 36",
        "<td>notes.xyz</td>",
        "no picture",
        "12A / 3",
    ] {
        assert!(page.contains(told), "{told} is not in {page}");
    }
    assert!(!page.contains("hot/") && !page.contains("<script") && !page.contains("http://localhost"));
    let again = report(&f, &["hot/A001R2EC", "--source", "rec709"]);
    assert_eq!(stdout(&again), page, "the same twice");
    let o = report(&f, &["hot/A001R2EC", "-o", "a.html"]);
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("[OUTPUT-EXISTS]"), "{}", stderr(&o));
    let left: Vec<_> = std::fs::read_dir(f.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|n| !n.to_string_lossy().starts_with(".rushes")), "{left:?}");
}

#[test]
fn what_is_shown_as_stored_dated_and_left_out() {
    let f = roll();
    let o = report(&f, &["hot/A001R2EC", "--date", "<1 May>", "--roll", "A&B", "-o", "a.html", "--json"]);
    assert_eq!(status(&o), 0, "{}", stderr(&o));
    let told: serde_json::Value = serde_json::from_str(&stdout(&o)).unwrap();
    assert_eq!((&told["clips"], &told["pictures"], &told["roll"]), (&2.into(), &1.into(), &"A&B".into()));
    let page = std::fs::read_to_string(f.path("a.html")).unwrap();
    assert!(page.contains("roll A&amp;B, &lt;1 May&gt;</th>"), "{page}");
    let page = stdout(&report(&f, &["hot/A001R2EC", "--no-pictures"]));
    assert!(!page.contains("<img ") && page.contains("left out"));
}

#[test]
fn what_cannot_be_read_is_told_on_the_page() {
    let f = roll();
    let frame = std::fs::read(f.path("hot/A001R2EC/A001R2EC_C001.1001.dpx")).unwrap();
    std::fs::write(f.path("hot/A001R2EC/<b>cut.dpx"), &frame[..3000]).unwrap();
    let o = report(&f, &["hot/A001R2EC", "--no-pictures"]);
    assert_eq!(status(&o), 3);
    assert!(stderr(&o).contains("[FILE-TRUNCATED]"));
    let page = stdout(&o);
    assert!(page.contains("<b class=\"bad\">FILE-TRUNCATED</b> &lt;b&gt;cut.dpx: "), "{page}");
    let o = report(&f, &["nowhere"]);
    assert_eq!((status(&o), stdout(&o).as_str()), (3, ""));
    let o = report(&f, &["hot/A001R2EC", "-o", "hot/A001R2EC/r.html"]);
    assert_eq!(status(&o), 2, "a watched folder");
    assert_eq!(status(&report(&f, &["hot/A001R2EC", "--source", "nonsense"])), 2);
}
