//! Documents that are good, odd and hostile.

use super::length::length;
use super::sample::{Play, Sample, id};
use super::*;
use crate::model::{ErrorKind, Limits};

fn read(sample: &Sample) -> Composition {
    Composition::parse(sample.composition().as_bytes(), &Limits::default()).unwrap()
}

fn frames(pictures: Vec<Vec<Play>>, rate: &str) -> Result<u64, String> {
    let c = read(&Sample { pictures, rate: rate.into(), ..Sample::default() });
    let track = c.of_kind("MainImageSequence").next().unwrap();
    length(track, c.rate.unwrap())
}

#[test]
fn every_edition() {
    for edition in [2013, 2016, 2020] {
        let c = read(&Sample { edition, ..Sample::default() });
        assert!(c.namespace.as_ref().unwrap().ends_with(&edition.to_string()));
        assert_eq!(c.id.as_deref(), Some(id::COMPOSITION));
        assert_eq!((c.text("ContentTitle"), c.text("Issuer"), c.text("Creator")), (Some("Senna"), Some("A & B"), None));
        assert_eq!((c.rate, c.segments, c.is_cinema), (Rational::new(24, 1), 1, false));
        let t = c.timecode.as_ref().unwrap();
        assert_eq!((t.start.as_deref(), t.rate, t.drop), (Some("01:00:00:00"), Some(24), Some(false)));
        let kinds: Vec<&str> = c.tracks.iter().map(|t| t.kind.as_str()).collect();
        assert_eq!(kinds, ["MainImageSequence", "MainAudioSequence"]);
        let picture = c.descriptor(&c.tracks[0].resources[0]).unwrap();
        assert_eq!((picture.kind.as_str(), picture.get("StoredWidth")), ("RGBADescriptor", Some("2048")));
        assert_eq!(picture.layout[0], ("CompRed".to_owned(), 12));
        let sound = c.descriptor(&c.tracks[1].resources[0]).unwrap();
        assert_eq!(sound.channels, [(1, "Left".to_owned()), (2, "chR".to_owned())]);
        assert_eq!(length(&c.tracks[1], Rational::new(48_000, 1).unwrap()), Ok(96_000));
    }
}

#[test]
fn lengths_are_exact() {
    let play = |intrinsic: &str, entry: &str, duration: &str, repeat: &str| {
        let some = |t: &str| Some(t.to_owned()).filter(|t| !t.is_empty());
        let base = Play::picture(0);
        Play { intrinsic: intrinsic.into(), entry: some(entry), duration: some(duration), repeat: some(repeat), ..base }
    };
    let one = |p: Play| frames(vec![vec![p]], "24 1");
    assert_eq!(one(play("48", "", "", "")), Ok(48));
    assert_eq!(one(play("48", "8", "", "")), Ok(40));
    assert_eq!(one(play("48", "8", "30", "3")), Ok(90));
    assert_eq!(one(play("18446744073709551615", "0", "", "1")), Ok(u64::MAX));
    for (p, why) in [
        (play("48", "8", "41", ""), "plays 41 units from 8"),
        (play("48", "49", "", ""), "does not say how long"),
        (play("48", "", "48", "0"), "repeat count"),
        (play("48", "", "48", "-1"), "repeat count"),
        (play("48", "x", "4", ""), "entry point"),
        (play("", "", "", ""), "does not say how long"),
        (play("18446744073709551615", "", "", "18446744073709551615"), "longer than can be counted"),
        (play("18446744073709551615", "", "", "2"), "longer than can be counted"),
        (play("99999999999999999999", "", "", ""), "does not say how long"),
    ] {
        let got = one(p).unwrap_err();
        assert!(got.contains(why), "{got}, not {why}");
    }
    // two segments, the second at half the rate
    let half = Play { rate: Some("12 1".into()), ..Play::picture(10) };
    assert_eq!(frames(vec![vec![Play::picture(48)], vec![half.clone(), half.clone()]], "24 1"), Ok(88));
    // 1/3 + 2/3
    let thirds = |n| Play { rate: Some("72 1".into()), ..Play::picture(n) };
    assert_eq!(frames(vec![vec![thirds(1), thirds(2)]], "24 1"), Ok(1));
    assert!(frames(vec![vec![thirds(1)]], "24 1").unwrap_err().contains("no whole number of edit units (1/3)"));
    let slow = Play { rate: Some("4294967295 4294967291".into()), ..Play::picture(u64::MAX) };
    assert!(frames(vec![vec![slow.clone(), thirds(1), slow]], "4294967279 4294967189").is_err());
    let none = Play { rate: Some("24".into()), ..Play::picture(4) };
    assert!(frames(vec![vec![none]], "24 1").unwrap_err().contains("no edit rate"));
    assert!(frames(vec![vec![]], "24 1").unwrap_err().contains("no resources"));
}

#[test]
fn asset_maps_and_packing_lists() {
    let sample = Sample { assets: vec![(id::PICTURE.into(), "x/../y.mxf".into())], ..Sample::default() };
    let map = AssetMap::parse(sample.asset_map().as_bytes(), &Limits::default()).unwrap();
    assert_eq!((map.volumes, map.assets.len()), (Some(1), 5));
    assert_eq!(map.assets.iter().filter(|a| a.packing_list).count(), 1);
    let list = PackingList::parse(sample.packing_list(10, 4).as_bytes(), &Limits::default()).unwrap();
    assert_eq!(list.assets, [(id::PICTURE.to_owned(), 10), (id::SOUND.to_owned(), 4)]);
}

#[test]
fn paths_stay_below_the_asset_map() {
    let files = |path: &str| {
        let c = Chunk { path: path.into(), volume: Some(1) };
        c.files().iter().map(|p| p.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(files("a.mxf"), ["a.mxf"]);
    assert_eq!(files("sub/a b.mxf"), ["sub/a b.mxf"]);
    assert_eq!(files("a%20b.mxf"), ["a%20b.mxf", "a b.mxf"]);
    assert_eq!(files("100%.mxf"), ["100%.mxf"]);
    for no in
        ["", "/a", "../a", "a/../b", "./a", "a//b", "a/", "file:///a", "C:\\a", "a\\b", "%2e%2e/a", "%2Fa", "a%00"]
    {
        assert!(files(no).is_empty(), "{no}");
    }
}

#[test]
fn the_root_is_known_by_its_local_name() {
    let of = |t: &str| tree::root_name(t.as_bytes()).map(str::to_owned);
    for yes in ["<A>", "\u{feff}<?xml version='1.0'?>\n<!-- <B> -->\n <A/>", "<x:A xmlns:x='y'>"] {
        assert_eq!(of(yes).as_deref(), Some("A"), "{yes}");
    }
    for no in ["", "A", "<", "<A", "<!DOCTYPE A><A>", "<?xml", "<!-- <A>", "<!>", "< A>"] {
        assert_eq!(of(no), None, "{no}");
    }
}

#[test]
fn hostile_documents() {
    let limits = Limits::default();
    let good = Sample::default().composition();
    let refused = |text: &str| Composition::parse(text.as_bytes(), &limits).unwrap_err();
    let bomb = format!("<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}", good.split_once("?>").unwrap().1);
    assert!(refused(&bomb).what.contains("document type"));
    let e = refused(&good.replace("Senna", "&lol;"));
    assert!(e.what.contains("`&lol;`") && e.place.offset.is_some(), "{e}");
    assert_eq!(refused(&good.replace("Senna", &"<a>".repeat(40))).kind, ErrorKind::Limit);
    assert_eq!(refused(&good.replace("Senna", &"<a/>".repeat(100_001))).kind, ErrorKind::Limit);
    assert_eq!(refused(&" ".repeat((16 << 20) + 1)).kind, ErrorKind::Limit);
    assert!(refused("<AssetMap/>").what.contains("not `CompositionPlaylist`"));
    assert!(refused(&format!("{good}<a/>")).what.contains("second root"));
    assert_eq!(refused(&good.replace("</Segment>", "</Segmen>")).kind, ErrorKind::Malformed);
    let mut bytes = good.clone().into_bytes();
    bytes[200] = 0xff;
    assert_eq!(Composition::parse(&bytes, &limits).unwrap_err().place.offset, Some(200));
    let long = Composition::parse(good.replace("Senna", &"é".repeat(40_000)).as_bytes(), &limits).unwrap();
    assert_eq!(long.text("ContentTitle").unwrap().len(), 64 << 10);
}

#[test]
fn cuts_and_flips() {
    let s = Sample::default();
    let limits = Limits::default();
    let every = |text: String, read: &dyn Fn(&[u8]) -> Result<(), crate::model::Error>| {
        let good = text.trim_end().as_bytes();
        assert!(read(good).is_ok());
        for n in 0..good.len() {
            let e = read(&good[..n]).unwrap_err();
            assert_eq!(e.kind, ErrorKind::Malformed, "cut at {n}");
            assert!(e.place.offset.is_some_and(|at| at <= n as u64), "cut at {n}: {e}");
            for flip in [0xff, 0x01, 0x80, 0x20] {
                let mut bytes = good.to_vec();
                bytes[n] ^= flip;
                if let Err(e) = read(&bytes) {
                    assert_ne!(e.kind, ErrorKind::Io);
                }
            }
        }
    };
    every(s.composition(), &|b| Composition::parse(b, &limits).map(drop));
    every(s.asset_map(), &|b| AssetMap::parse(b, &limits).map(drop));
    every(s.packing_list(1, 2), &|b| PackingList::parse(b, &limits).map(drop));
}
