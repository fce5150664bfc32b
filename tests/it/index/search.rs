//! Figures of search, for people: `RUSHES_MEASURE=1 cargo test --release --test it index::search -- --nocapture`.
//! `RUSHES_MEASURE_CLIPS` is the number of clips (1,000,000); `TMPDIR` a disk with 8 GB for each million.

use rushes::index::{Batch, ClipRecord, Index, Location, open};
use rushes::model::{AudioTrack, ClipDoc, ClipFile, ClipId, ClipUnit, Origin, Rational, Timecode, TimecodeInfo};
use rushes::query::Order;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A number made of another: the same on every machine, in no order.
fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A clip with about as many fields as a camera fills.
fn clip(n: u64) -> ClipRecord {
    let m = mixed(n);
    let pick = |list: &[&str], shift: u32| Some(list[(m >> shift) as usize % list.len()].to_owned());
    let roll = format!("{}{:03}R{:02X}{:02X}", ["A", "B", "C"][m as usize % 3], n / 400 % 1000, n / 400_000, m % 97);
    let name = format!("{}C{:03}_{:06}_{}", &roll[..4], n % 400 + 1, 260_000 + n / 3000, &roll[4..]);
    let mut d = ClipDoc::new(name.clone(), ClipUnit::File);
    d.format.id = "mov".into();
    d.format.container = Some("QuickTime".into());
    d.format.codec = pick(&["ProRes 4444 XQ", "ProRes 422 HQ", "ARRIRAW", "X-OCN XT"], 3);
    d.format.bit_depth = Some(12);
    d.format.decodable = true;
    d.camera.make = pick(&["ARRI", "Sony", "RED"], 7);
    d.camera.model = pick(&["ALEXA 35", "ALEXA Mini LF", "VENICE 2", "V-RAPTOR", "FX9"], 11);
    d.camera.serial = Some(format!("{}", 10_000 + m % 300));
    d.camera.firmware = pick(&["1.2.0", "1.3.1", "2.0"], 15);
    d.camera.index = Some(roll[..1].to_owned());
    d.reel = Some(roll.clone());
    d.slate.scene = Some(format!("{}{}", n / 40 % 180, ["", "A", "B"][m as usize % 3]));
    d.slate.take = Some(format!("{}", m % 9 + 1));
    d.slate.circled = Some(m.is_multiple_of(4));
    d.slate.note = m.is_multiple_of(10).then(|| format!("good for sound, focus soft at the end, {}", m % 5000));
    let rate = Rational::new(24_000, 1001).unwrap();
    let start = Timecode::from_frames((m % 2_000_000) as i64, rate, false).unwrap();
    let frames = 100 + m % 9000;
    let end = Some(start.plus(frames as i64).to_string());
    d.timecode = Some(TimecodeInfo { start: start.to_string(), end, rate, drop: false });
    d.clip.frames = Some(frames);
    d.clip.duration_s = Some(frames as f64 * 1001.0 / 24_000.0);
    d.fps.project = Some(rate);
    d.fps.sensor = Rational::new([24, 48, 120][m as usize % 3], 1);
    d.exposure.iso = Some([400, 800, 1280, 1600][(m >> 20) as usize % 4]);
    d.exposure.shutter_angle = Some([172.8, 180.0, 90.0][(m >> 22) as usize % 3]);
    d.exposure.white_balance_k = Some(3200 + (m % 25) as u32 * 100);
    d.lens.model = pick(&["Supreme Prime 35mm", "Signature Prime 47mm", "Master Anamorphic 60mm"], 30);
    d.lens.focal_length_mm = Some([35.0, 47.0, 60.0][(m >> 30) as usize % 3]);
    d.lens.t_stop = Some(2.0 + (m % 14) as f64 / 10.0);
    d.lens.focus_m = Some((m % 3000) as f64 / 100.0);
    (d.image.width, d.image.height) = (Some(4608), Some(3164));
    d.color.space = pick(&["ARRI LogC4", "S-Log3 S-Gamut3.Cine", "Log3G10 REDWideGamutRGB"], 7);
    d.audio.channels = Some(2);
    d.audio.tracks = Some(vec![
        AudioTrack { channel: 1, name: "Boom".into() },
        AudioTrack { channel: 2, name: format!("Lav {}", m % 12) },
    ]);
    d.recorded.date = Some(format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}+01:00",
        n / 90_000 % 12 + 1,
        n / 3000 % 28 + 1,
        m % 24,
        m / 24 % 60,
        m / 1440 % 60
    ));
    for field in ["camera.make", "camera.model", "reel", "exposure.iso", "lens.model", "timecode.start", "image.width"]
    {
        d.origin.insert(
            field.into(),
            Origin { reader: "mov".into(), tag: "com.arri.camera".into(), place: "moov/meta".into() },
        );
    }
    let dir = format!("day{:03}/{roll}/Clip", n / 3000);
    let file = format!("{name}.mov");
    let xxh128 = format!("{:032x}", u128::from(m) << 64 | u128::from(n));
    d.clip.files.push(ClipFile {
        path: Path::new(&dir).join(&file).into(),
        size: 12_000_000_000,
        xxh128,
        hashes: Default::default(),
    });
    let id = ClipId(format!("{m:016x}{n:016x}"));
    d.clip.id = id.to_string();
    let locations =
        vec![Location { root: "ocf".into(), dir: PathBuf::from(dir).into(), stem: PathBuf::from(file).into() }];
    ClipRecord { id, show: "senna".into(), doc: d, locations, accepted_ms: 1, jobs: Vec::new(), superseded_by: None }
}

fn commit(index: &Index, from: u64, to: u64) -> f64 {
    let mut spent = Duration::ZERO;
    for group in (from..to).step_by(200) {
        let mut b = Batch::new();
        (group..to.min(group + 200)).for_each(|n| b.put_clip(clip(n)));
        let one = Instant::now();
        index.commit(&b).unwrap();
        spent += one.elapsed();
    }
    (to - from) as f64 / spent.as_secs_f64()
}

/// Commits to an index that has a table and to one that has none, in turn.
fn beside(with: &Index, without: &Index, part: u64) {
    with.refresh_search(&|| true).unwrap();
    let (mut rates, mut refreshed) = ([Vec::new(), Vec::new()], Vec::new());
    for round in 0..5 {
        let (from, to) = (round * part, (round + 1) * part);
        rates[0].push(commit(without, from, to));
        rates[1].push(commit(with, from, to));
        let begun = Instant::now();
        with.refresh_search(&|| true).unwrap();
        refreshed.push(begun.elapsed().as_secs_f64() * 1e6 / part as f64);
    }
    rates.iter_mut().for_each(|r| r.sort_by(f64::total_cmp));
    refreshed.sort_by(f64::total_cmp);
    println!(
        "commits, medians of five in turn: {:.0} clips/s without a table, {:.0} with one; then {:.1} us a clip to bring it up to date",
        rates[0][2], rates[1][2], refreshed[2]
    );
}

fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

fn ask(index: &Index, text: &str, order: &str, most: usize) {
    let (query, order): (rushes::query::Query, Order) = (text.parse().unwrap(), order.parse().unwrap());
    let query = query.of_present();
    let mut times: Vec<Duration> = Vec::new();
    let mut total = 0;
    for _ in 0..7 {
        let begun = Instant::now();
        let found = index.search(&query, &order, most).unwrap();
        let page: Vec<_> = found.clips.iter().take(500).filter_map(|id| index.found_clip(id)).collect();
        times.push(begun.elapsed());
        assert_eq!(page.len(), found.clips.len().min(500));
        total = found.total;
    }
    times.sort();
    println!(
        "| `{text}` | {total} | {:.1} ms | {:.1} ms |",
        times[3].as_secs_f64() * 1e3,
        times[6].as_secs_f64() * 1e3
    );
}

#[test]
fn a_million_clips() {
    if std::env::var_os("RUSHES_MEASURE").is_none() {
        println!("skipped: RUSHES_MEASURE is not set");
        return;
    }
    let clips: u64 = std::env::var("RUSHES_MEASURE_CLIPS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let t = tempfile::tempdir().unwrap();
    let index = open(t.path(), 1).unwrap().index;
    let other = tempfile::tempdir().unwrap();
    beside(&index, &open(other.path(), 1).unwrap().index, (clips / 100).max(200));
    drop(other);
    println!("{:.0} clips/s", commit(&index, 0, clips));
    let bytes: u64 =
        std::fs::read_dir(t.path().join("index")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    println!("{} MB on disk", bytes >> 20);
    drop(index);
    let begun = Instant::now();
    let index = open(t.path(), 2).unwrap().index;
    println!("opened in {:.1?}, {} MB resident", begun.elapsed(), memory("VmRSS:"));
    let begun = Instant::now();
    index.refresh_search(&|| true).unwrap();
    let found = index.search(&"*".parse().unwrap(), &Order::default(), 1).unwrap();
    let (took, resident) = (begun.elapsed(), memory("VmRSS:"));
    println!(
        "table of {} clips made in {took:.1?}: {} MB; {resident} MB resident",
        found.known,
        found.table_bytes >> 20
    );
    println!("| query | found | median | slowest of 7 |\n|---|---|---|---|");
    for q in [
        "reel=A123R0040",
        "reel=A12*",
        "make=ARRI iso>=800",
        "camera.make=ARRI tc=10:02:11:00 iso>=800",
        "tc=10:02:11:00",
        "name=*C017_2601*",
        "path=day100/*",
        "date=2026-03-07",
        "t_stop<2.5 not lens.model=*47mm",
        "iso>=400",
        "alexa",
        "soft 4999",
        "\"good for sound\"",
        "A123C017",
        "mov",
        "nosuchword",
        "*",
    ] {
        ask(&index, q, "", 50);
    }
    for (q, order) in [("*", "-iso,name"), ("*", "date"), ("circled=yes", "-duration,tc")] {
        println!("by {order}:");
        ask(&index, q, order, 50);
    }
    println!("all of them in order:");
    ask(&index, "*", "", usize::MAX);
}
