//! `rushes inspect` on what the demo's writers make.

use super::rushes;
use crate::daemon::facility::Facility;

fn lines(args: &[&str], f: &Facility) -> Vec<serde_json::Value> {
    let o = rushes().arg("inspect").args(args).arg(f.path("hot/A001R2EC")).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn frames_are_one_clip_or_each_by_itself() {
    let f = Facility::new();
    f.drop_roll("A001R2EC");
    let clips = lines(&["--json"], &f);
    let dpx: Vec<_> = clips.iter().filter(|c| c["format"]["id"] == "dpx").collect();
    assert_eq!((clips.len(), dpx.len()), (3, 1));
    assert_eq!((&dpx[0]["clip"]["frames"], &dpx[0]["clip"]["duration_s"]), (&6.into(), &0.25.into()));
    let each = lines(&["--json", "--frames"], &f);
    let starts: Vec<_> =
        each.iter().filter(|c| c["format"]["id"] == "dpx").map(|c| c["timecode"]["start"].as_str().unwrap()).collect();
    let want = ["10:00:00:00", "10:00:00:01", "10:00:00:02", "10:00:00:03", "10:00:00:04", "10:00:00:05"];
    assert_eq!(starts, want);
    assert!(each.iter().all(|c| c["raw"].as_object().unwrap().is_empty()));
    assert!(lines(&["--json", "--raw"], &f).iter().any(|c| !c["raw"].as_object().unwrap().is_empty()));
}
