//! Killed with -9 at every named point, then started again: the same output tree, nothing twice.

use super::facility::Facility;
use rushes::engine::killpoint::{POINTS, VARIABLE};
use std::os::unix::process::ExitStatusExt;

const RULES: &str = "[[folder.rule]]\nname = \"all\"\nemit = [\"both\"]\n[recipe.both]\nkind = \"sidecar\"\nformats = [\"json\", \"ale\"]\n";

fn facility() -> Facility {
    let mut f = Facility::new();
    f.rules = RULES.into();
    f.drop_roll("A001R2EC");
    std::fs::remove_file(f.path("hot/A001R2EC/notes.xyz")).unwrap();
    f
}

#[test]
fn killed_at_every_point_the_tree_is_the_same() {
    let reference = facility();
    let o = reference.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    let want = reference.outputs();
    assert_eq!(want.len(), 4, "{:?}", want.keys());
    for point in POINTS {
        for n in [1, 2] {
            let f = facility();
            let at = format!("{point}:{n}");
            let o = f.command(&["run", "--once"]).env(VARIABLE, &at).output().unwrap();
            assert_eq!(o.status.signal(), Some(9), "{at} was not reached: {}", String::from_utf8_lossy(&o.stderr));
            for (name, bytes) in f.outputs() {
                assert_eq!(want.get(&name), Some(&bytes), "{at}: {name} was visible and not whole");
            }
            let o = f.once();
            assert_eq!(o.status.code(), Some(0), "{at}: {}", String::from_utf8_lossy(&o.stderr));
            assert_eq!(f.outputs(), want, "{at}");
            let staging = f.path("out/.rushes/staging");
            let left = std::fs::read_dir(staging).map_or(0, Iterator::count);
            assert_eq!(left, 0, "{at}: staging is not empty");
        }
    }
}

#[test]
fn killed_five_times_in_a_row_it_still_comes_to_an_end() {
    let f = facility();
    for point in ["after-ready", "after-rename", "between-outputs", "in-journal-append", "in-index-flush"] {
        f.command(&["run", "--once"]).env(VARIABLE, point).output().unwrap();
    }
    let o = f.once();
    assert_eq!(o.status.code(), Some(0), "{}", String::from_utf8_lossy(&o.stderr));
    assert_eq!(f.outputs().len(), 4);
}
