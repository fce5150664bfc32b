//! Names as departments write them, and as they should not.

use super::*;
use proptest::prelude::*;

fn frames(ext: &str) -> bool {
    ["dpx", "exr", "ari"].iter().any(|x| x.eq_ignore_ascii_case(ext))
}

/// `stem | name | gaps` of each clip.
fn show(names: &[&str]) -> Vec<String> {
    let names: Vec<&OsStr> = names.iter().map(OsStr::new).collect();
    group(&names, &frames)
        .iter()
        .map(|g| {
            let gaps = g.run.iter().flat_map(|r| &r.gaps).map(|x| format!(" {}-{}", x.first, x.last));
            format!("{} | {} |{}", output_stem(g, &names).to_string_lossy(), g.name, gaps.collect::<String>())
        })
        .collect()
}

#[test]
fn separators_and_gaps() {
    assert_eq!(show(&["s.1003.dpx", "s.1001.dpx", "s.1007.dpx"]), ["s.[1001-1007].dpx | s | 1002-1002 1004-1006"]);
    assert_eq!(show(&["a_0001.dpx", "a_0002.dpx"]), ["a_[0001-0002].dpx | a |"]);
    assert_eq!(show(&["a-01.exr", "a-02.exr"]), ["a-[01-02].exr | a |"]);
    assert_eq!(show(&["a1.exr", "a2.exr"]), ["a[1-2].exr | a |"]);
    assert_eq!(show(&["0001.dpx", "0002.dpx"]), ["[0001-0002].dpx | 0001 |"]);
    assert_eq!(show(&["..01.dpx", "..02.dpx"]), ["..[01-02].dpx | 01 |"]);
}

#[test]
fn segments_of_a_recording() {
    assert_eq!(
        show(&[
            "A001_C001_0101XX_002.R3D",
            "A001_C001_0101XX_001.R3D",
            "A001_C002_0101XX_001.R3D",
            "A001_C001_0101XX.RMD"
        ]),
        [
            "A001_C001_0101XX.RMD | A001_C001_0101XX |",
            "A001_C001_0101XX_001.R3D | A001_C001_0101XX |",
            "A001_C002_0101XX_001.R3D | A001_C002_0101XX |"
        ]
    );
    let names = ["a_001.R3D", "a_002.R3D", "b_001.R3D"].map(OsStr::new);
    let units: Vec<ClipUnit> = group(&names, &frames).iter().map(|g| g.unit).collect();
    assert_eq!(units, [ClipUnit::Spanned, ClipUnit::File]);
}

#[test]
fn packages_are_one_clip() {
    let names = ["CPL_a.xml", "ASSETMAP.xml", "x_0001.mxf", "p.0001.dpx", "p.0002.dpx", "notes.xml", "a_001.R3D"];
    assert_eq!(
        show(&names),
        ["CPL_a.xml | CPL_a |", "a_001.R3D | a |", "notes.xml | notes |", "p.[0001-0002].dpx | p |"]
    );
    assert_eq!(show(&names[1..]).len(), 5, "without a composition each file is for itself");
}

#[test]
fn padding() {
    assert_eq!(show(&["a.9.dpx", "a.10.dpx"]), ["a.[9-10].dpx | a |"]);
    assert_eq!(show(&["a.0009.dpx", "a.0010.dpx"]), ["a.[0009-0010].dpx | a |"]);
    assert_eq!(
        show(&["a.9.dpx", "a.10.dpx", "a.0009.dpx", "a.0010.dpx"]),
        ["a.[0009-0010].dpx | a |", "a.[9-10].dpx | a |"]
    );
    assert_eq!(show(&["a.99.dpx", "a.100.dpx", "a.98.dpx"]), ["a.[98-100].dpx | a |"]);
    assert_eq!(show(&["a.099.dpx", "a.999.dpx", "a.1000.dpx"]), ["a.[099-1000].dpx | a | 100-998"]);
    assert_eq!(
        show(&["a.01.dpx", "a.02.dpx", "a.001.dpx", "a.002.dpx"]),
        ["a.[001-002].dpx | a |", "a.[01-02].dpx | a |"]
    );
    assert_eq!(show(&["a.0.dpx", "a.1.dpx"]), ["a.[0-1].dpx | a |"]);
    assert_eq!(show(&["a.1.dpx", "a.01.dpx"]), ["a.01.dpx | a.01 |", "a.1.dpx | a.1 |"]);
}

#[test]
fn what_is_no_sequence() {
    assert_eq!(show(&["a.0001.mov", "a.0002.mov"]), ["a.0001.mov | a.0001 |", "a.0002.mov | a.0002 |"]);
    assert_eq!(show(&["a.1001.dpx"]), ["a.1001.dpx | a.1001 |"]);
    assert_eq!(show(&["s_v001.dpx", "s_v002.dpx", "t.V1.exr", "t.V2.exr"]).len(), 4);
    assert_eq!(
        show(&["s_v001.1001.dpx", "s_v001.1002.dpx", "s_v002.1001.dpx", "s_v002.1002.dpx"]),
        ["s_v001.[1001-1002].dpx | s_v001 |", "s_v002.[1001-1002].dpx | s_v002 |"]
    );
    assert_eq!(show(&["a.1.dpx", "a.2.DPX"]).len(), 2);
    assert_eq!(show(&["R2EC.dpx", "R3EC.dpx", ".dpx", "dpx", "", "a."]).len(), 6);
    assert_eq!(show(&["a.1234567890123456789.dpx", "a.1234567890123456788.dpx"]).len(), 2);
    assert_eq!(show(&["a.-1.dpx", "a.-2.dpx"]), ["a.-[1-2].dpx | a |"]);
}

#[test]
fn names_are_bytes() {
    let (a, b) = (OsStr::from_bytes(b"\xff\xfe.01.dpx"), OsStr::from_bytes(b"\xff\xfe.02.dpx"));
    let c = OsStr::from_bytes(b"x.01.\xff");
    let got = group(&[b, a, c], &frames);
    assert_eq!(got.len(), 2);
    assert_eq!(output_stem(got.last().unwrap(), &[b, a, c]).as_bytes(), b"\xff\xfe.[01-02].dpx");
    assert_eq!(got.last().unwrap().name, "\u{fffd}\u{fffd}");
}

#[test]
fn huge_gaps_cost_nothing() {
    let got = show(&["a.000000000000000001.dpx", "a.999999999999999999.dpx"]);
    assert_eq!(got, ["a.[000000000000000001-999999999999999999].dpx | a | 2-999999999999999998"]);
}

/// Not a test of speed: prints it for `cargo test --release -- --nocapture speed_of_grouping`.
#[test]
fn speed_of_grouping() {
    for count in [10_000u32, 200_000] {
        let text: Vec<String> =
            (0..count).map(|i| format!("A001C001_210101_R2EC.{:07}.dpx", (i * 7919) % count)).collect();
        let names: Vec<&OsStr> = text.iter().map(OsStr::new).collect();
        let begin = std::time::Instant::now();
        let got = group(&names, &frames);
        println!("{count} names of one clip: {:?}", begin.elapsed());
        assert_eq!((got.len(), got.first().unwrap().members.len()), (1, count as usize));
        let text: Vec<String> = (0..count).map(|i| format!("{:x}_{i}.mov", i.wrapping_mul(2_654_435_761))).collect();
        let names: Vec<&OsStr> = text.iter().map(OsStr::new).collect();
        let begin = std::time::Instant::now();
        assert_eq!(group(&names, &frames).len(), count as usize);
        println!("{count} single files: {:?}", begin.elapsed());
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[ab][._-]?", 0u32..40, 0usize..4, "(dpx|exr|mov|DPX)").prop_map(|(p, n, w, e)| format!("{p}{n:0w$}.{e}")),
        "[av0-9._-]{0,12}",
        "\\PC{0,8}\\.dpx",
        "(ASSETMAP|VOLINDEX)(\\.xml|\\.XML|)",
        "([ab]_)?(CPL|cpl|PKL|OPL)[_a]?[0-9]\\.xml",
        "[ab]_00[0-9]\\.(mxf|MXF|R3D)",
    ]
}

proptest! {
    #[test]
    fn every_name_once_and_no_frame_lost(set in proptest::collection::hash_set(name(), 0..80)) {
        let mut list: Vec<String> = set.into_iter().collect();
        let names: Vec<&OsStr> = list.iter().map(OsStr::new).collect();
        let groups = group(&names, &frames);
        let mut seen: Vec<usize> = groups.iter().flat_map(|g| g.members.clone()).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..names.len()).collect::<Vec<_>>());
        for g in &groups {
            if let Some(r) = &g.run {
                prop_assert_eq!(g.unit, ClipUnit::Sequence);
                let missing: i64 = r.gaps.iter().map(|x| x.last - x.first + 1).sum();
                prop_assert_eq!(g.members.len() as i64 + missing, r.last - r.first + 1);
                let mut number = r.first;
                for m in &g.members {
                    if let Some(gap) = r.gaps.iter().find(|x| x.first == number) {
                        number = gap.last + 1;
                    }
                    let name = r.name_of(number);
                    prop_assert_eq!(name.as_os_str(), names[*m]);
                    number += 1;
                }
            } else if g.unit == ClipUnit::Spanned {
                let parts: Vec<_> = g.members.iter().map(|i| packages::part(names[*i])).collect();
                let segments: Vec<_> = g.members.iter().filter_map(|i| segments::segment(names[*i])).collect();
                prop_assert!(g.members.len() > 1);
                if segments.is_empty() {
                    prop_assert_eq!(parts.first(), Some(&Some(packages::Part::Composition)));
                    prop_assert!(parts.contains(&Some(packages::Part::AssetMap)) && parts.is_sorted());
                } else {
                    prop_assert!(segments.len() == g.members.len() && segments.is_sorted());
                }
            } else {
                prop_assert_eq!((g.unit, g.members.len()), (ClipUnit::File, 1));
            }
        }
        let stems: std::collections::HashSet<_> = groups.iter().map(|g| output_stem(g, &names)).collect();
        prop_assert_eq!(stems.len(), groups.len(), "two clips with one output name");
        let shown = |groups: &[Group], names: &[&OsStr]| groups.iter().map(|g| output_stem(g, names)).collect::<Vec<_>>();
        let before = shown(&groups, &names);
        list.reverse();
        let names: Vec<&OsStr> = list.iter().map(OsStr::new).collect();
        prop_assert_eq!(shown(&group(&names, &frames), &names), before);
    }
}
