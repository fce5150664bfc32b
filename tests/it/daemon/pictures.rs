//! Plates, stills and contact sheets by the rules of a folder.

use super::facility::{Facility, wait_for};
use super::recompute;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const LOG: &str = "color = { source = \"logc3\" }\n";
const ALL: &str = "[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\n\
                   emit = [\"plate\", \"still\", \"contact-sheet\", \"manifest\"]\n";

fn facility(rules: &str) -> Facility {
    let mut f = Facility::new();
    f.extra = LOG.into();
    f.rules = rules.into();
    f
}

fn explain(path: &Path) -> Value {
    let o = Command::new(env!("CARGO_BIN_EXE_rushes")).args(["explain", "--json"]).arg(path).output().unwrap();
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    serde_json::from_slice(&o.stdout).unwrap()
}

#[test]
fn one_rule_makes_a_sealed_plate_a_still_and_a_sheet_once() {
    let f = facility(ALL);
    f.drop_roll("A001");
    f.once();
    let made = f.outputs();
    let plate = "A001/A001_C001_PL01_v001";
    for n in 1001..=1006 {
        let frame = &made[&format!("{plate}/A001_C001_PL01_v001.{n}.exr")];
        assert_eq!(frame[..4], [0x76, 0x2f, 0x31, 0x01]);
    }
    assert!(made.contains_key(&format!("{plate}/ascmhl/ascmhl_chain.xml")), "{:?}", made.keys());
    let jpegs: Vec<&String> = made.keys().filter(|k| k.ends_with(".jpg")).collect();
    let stem = "A001/A001_C001.[1001-1006].dpx";
    assert_eq!(jpegs, [&format!("{stem}.contact-sheet.jpg"), &format!("{stem}.still.jpg")]);
    assert!(made[jpegs[0]].starts_with(&[0xff, 0xd8]) && made[jpegs[1]].starts_with(&[0xff, 0xd8]));
    f.once();
    assert_eq!(f.outputs().keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>(), "nothing is made twice");
    // without index and journal the receipts still know
    std::fs::remove_dir_all(f.path("state")).unwrap();
    std::fs::create_dir(f.path("state")).unwrap();
    f.once();
    assert!(f.outputs() == made, "nothing is made twice after the state is lost");
}

#[test]
fn another_recipe_is_the_next_version_and_the_first_stays() {
    let mut f = facility(
        "[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"mine\"]\n\
         [recipe.mine]\nkind = \"plate\"\nname = \"{clip}_v{version:03}/{clip}_v{version:03}.{frame:04}.{ext}\"\n",
    );
    f.drop_roll("A001");
    f.once();
    let first = f.outputs();
    f.rules += "compression = \"piz\"\nfit = { width = 32, height = 32 }\n";
    let running = f.serve();
    wait_for("the deliverable to count as outdated", 20, || f.ask(&["status"]).1.to_string().contains("outdated"));
    wait_for("the next version", 30, || {
        f.ask(&["retry", "outdated"]);
        f.outputs().contains_key("A001_C001_v002/A001_C001_v002.1006.exr")
    });
    assert_eq!(running.stop(), 143);
    let second = f.outputs();
    for (name, bytes) in first.iter().filter(|(n, _)| n.ends_with(".exr")) {
        assert!(second[name] == *bytes, "{name} was touched");
    }
    let about = explain(&f.path("out/A001_C001_v002"));
    assert_eq!(about["account"]["placement"]["width"], 32);
    assert_eq!(about["account"]["placement"]["height"], 18);
    assert_eq!(about["account"]["counts"]["frames"], 6);
}

/// A 10-bit pixel of a big-endian DPX frame whose pixels begin at byte 2048.
fn dpx_pixel(file: &[u8], width: usize, x: usize, y: usize) -> [f64; 3] {
    let at = 2048 + 4 * (y * width + x);
    let word = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    [22, 12, 2].map(|shift| f64::from((word >> shift) & 1023) / 1023.0)
}

#[test]
fn single_pixels_follow_from_the_explanation_alone() {
    let f = facility("[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"plate\"]\n");
    f.drop_roll("A001");
    f.once();
    let mut compared = 0;
    for n in 1001..=1006 {
        let plate = f.path(&format!("out/A001/A001_C001_PL01_v001/A001_C001_PL01_v001.{n}.exr"));
        let told = explain(&plate);
        assert_eq!((told["from"].as_str(), told["account"]["source"]["frame"].as_i64()), (Some("receipt"), Some(n)));
        assert!(told["source_file"].as_str().unwrap().contains(&format!("A001_C001.{n}.dpx")), "{told}");
        assert_eq!(told["account"]["decode"]["scale"], "code / 1023");
        assert_eq!(told["account"]["color"]["because"], "stated by the rule or its show");
        assert_eq!(told["rule"], "vfx");
        assert!(told["config"].as_str().unwrap().len() == 32 && told["version"].is_string());
        let source = std::fs::read(f.path(&format!("hot/A001/A001_C001.{n}.dpx"))).unwrap();
        let image = exr::prelude::read_first_rgba_layer_from_file(
            &plate,
            |size, _| vec![vec![[0.0f32; 3]; size.width()]; size.height()],
            |rows, at, (r, g, b, _): (f32, f32, f32, f32)| rows[at.y()][at.x()] = [r, g, b],
        )
        .unwrap();
        let rows = &image.layer_data.channel_data.pixels;
        for (x, y) in [(0, 0), (63, 0), (0, 35), (63, 35), (31, 17), (5, 30)] {
            let want = recompute::run(&told["account"]["before"], dpx_pixel(&source, 64, x, y));
            for (got, want) in rows[y][x].iter().zip(want) {
                let near = half::f16::from_f64(want).to_bits();
                let ours = half::f16::from_f32(*got).to_bits();
                assert!(near.abs_diff(ours) <= 1, "frame {n} pixel {x},{y}: {got} where the ops give {want}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 6 * 6 * 3);
    // the header alone tells the same ops
    let plate = f.path("out/A001/A001_C001_PL01_v001/A001_C001_PL01_v001.1003.exr");
    let by_receipt = explain(&plate);
    let alone = f.path("alone.exr");
    std::fs::copy(&plate, &alone).unwrap();
    let by_header = explain(&alone);
    assert_eq!(by_header["from"], "header");
    assert_eq!(by_header["account"]["before"], by_receipt["account"]["before"]);
    assert_eq!(by_header["account"]["source"]["frame"], 1003);
    assert!(by_header["missing"].as_array().unwrap().len() >= 3);
}

#[test]
fn a_worker_that_dies_costs_its_range_alone() {
    let f = facility("[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"plate\"]\n");
    let d = f.path("hot/B001");
    std::fs::create_dir_all(&d).unwrap();
    let rate = rushes::model::Rational::new(24, 1).unwrap();
    let tc = rushes::model::Timecode::parse("01:00:00:00", rate, false).unwrap();
    for i in 0..400u32 {
        let bytes = rushes::engine::format::demo::dpx_frame(i, 96, 54, rate, tc, "B001");
        std::fs::write(d.join(format!("B001_C001.{:04}.dpx", 1001 + i)), bytes).unwrap();
    }
    let running = f.serve();
    f.kill_workers_at_work();
    let last = f.path("out/B001/B001_C001_PL01_v001/B001_C001_PL01_v001.1400.exr");
    wait_for("the plate", 120, || last.exists());
    let names: BTreeMap<String, Vec<u8>> = f.outputs();
    assert_eq!(names.keys().filter(|k| k.ends_with(".exr")).count(), 400);
    let (_, status) = f.ask(&["status"]);
    assert!(!status.to_string().contains("WORKER-CRASHED"), "the job itself did not fail: {status}");
    assert!(f.log_of("range-again") > 0, "and the log says what happened: {}", f.log());
    assert_eq!(running.stop(), 143);
}

#[test]
fn what_cannot_be_rendered_is_refused_by_name() {
    let mut f = facility("[[folder.rule]]\nname = \"vfx\"\nwhen = 'format.id == \"dpx\"'\nemit = [\"plate\"]\n");
    f.extra.clear();
    f.drop_roll("A001");
    let o = f.once();
    assert_eq!(o.status.code(), Some(3));
    assert!(
        !f.outputs().keys().any(|k| k.ends_with(".exr")),
        "logarithmic pictures are never taken for something else"
    );
    let log = String::from_utf8_lossy(&o.stderr).into_owned();
    assert!(log.contains("COLOR-UNKNOWN") && log.contains("nothing says whose"), "{log}");
    let plan = f.command(&["plan"]).output().unwrap();
    let text = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(text.contains("refused:") && text.contains("nothing says whose") && !text.contains("_PL01_"), "{text}");
    // what is missing is stated: a reload and a retry ask the rules again
    let running = f.serve();
    f.extra = "[show.test.color]\nsource = \"logc3\"\n".into();
    f.write_config();
    running.signal("HUP");
    wait_for("the reload", 10, || f.log_of("config-reloaded") == 1);
    assert_eq!(f.ask(&["retry", "quarantine"]).0, 0);
    let first = f.path("out/A001/A001_C001_PL01_v001/A001_C001_PL01_v001.1001.exr");
    wait_for("the plate", 60, || first.exists());
    assert_eq!(running.stop(), 143);
}
