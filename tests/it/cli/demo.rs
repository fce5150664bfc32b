//! `rushes demo`: the whole thing on a roll of its own making.

use super::rushes;

#[test]
fn the_demo_makes_a_roll_and_shows_what_came_out() {
    let t = tempfile::tempdir().unwrap();
    let dir = t.path().join("a demo");
    let o = rushes().args(["demo", "--dir"]).arg(&dir).output().unwrap();
    let text = String::from_utf8(o.stdout).unwrap();
    let said = String::from_utf8_lossy(&o.stderr);
    assert!(matches!(o.status.code(), Some(0)), "{text}{said}");
    let dir = dir.canonicalize().unwrap();
    for part in [
        "48 DPX frames, 10-bit LogC, timecode 10:00:00:00, reel A001R2EC",
        "out/camera/A001R2EC/A001R2EC_C001.[1001-1048].dpx.rushes.json  dpx, 480x270, 48 frames, from 10:00:00:00, reel A001R2EC\n",
        "out/camera/A001R2EC/A001R2EC_C001.[1001-1048].dpx.ale  Avid Log Exchange\n",
        "out/sound/S001T003.wav.rushes.json  wav, from 10:00:00:00, reel S001, scene 12A\n",
        "look next:",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let movie = "out/camera/A001R2EC/A001C002_261124_R2EC.mov.rushes.json";
    assert_eq!(text.contains(movie), !text.contains("no ffmpeg here"), "{text}");
    let proxy = "A001C002_261124_R2EC.mov.proxy.mov  H.264 movie, 480x270, 48 frames, from 10:00:00:00, reel A001R2EC, 1 channel of sound\n";
    assert_eq!(text.contains(proxy), !text.contains("no ffmpeg here"), "{text}");
    // every command of "look next" works as printed
    let config = dir.join("rushes.toml");
    for args in [vec!["check", "--config", config.to_str().unwrap()], vec!["inspect", dir.join("in").to_str().unwrap()]]
    {
        let o = rushes().args(&args).output().unwrap();
        assert_eq!(o.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&o.stderr));
    }
    // a folder with something in it is somebody's
    let o = rushes().args(["demo", "--dir"]).arg(&dir).output().unwrap();
    assert_eq!(o.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&o.stderr).contains("is not empty"));
}
