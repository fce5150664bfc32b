//! The movies in RUSHES_DATA: all their frames, as many as ffprobe counts.

use super::{decode, programs, tools};
use rushes::engine::video::{Span, probe};
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Above this many pixels in all, only head and tail are taken; the decoder still goes through everything.
const MOST_PIXELS: u64 = 40_000_000;

fn counted(ffprobe: &Path, file: &Path) -> Option<u64> {
    let args = "-v error -f mov -count_frames -select_streams V:0 -show_entries stream=nb_read_frames -of csv=p=0";
    let out = Command::new(ffprobe).args(args.split(' ')).arg(file).output().unwrap();
    String::from_utf8_lossy(&out.stdout).lines().next()?.trim_matches([',', ' ']).parse().ok()
}

#[test]
fn conformance_video() {
    let Some(data) = std::env::var_os("RUSHES_DATA") else {
        println!("conformance video: skipped, RUSHES_DATA is not set");
        return;
    };
    let Some(programs) = programs("conformance video") else { return };
    let tools = tools(&programs);
    let (mut whole, mut refused) = (0, Vec::new());
    for path in crate::conformance::formats_oracle::files(&Path::new(&data).join("media")) {
        let ext = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
        if !["mov", "mp4", "m4v", "qt"].contains(&ext.as_str()) {
            continue;
        }
        let name = path.strip_prefix(&data).unwrap().display().to_string();
        let file = File::open(&path).unwrap();
        let facts = match probe(&file, "mov", &tools) {
            Ok(f) => f,
            Err(e) => {
                refused.push(format!("{name}: {e}"));
                continue;
            }
        };
        let Some(n) = counted(&programs.1, &path).filter(|n| *n > 0) else {
            refused.push(format!("{name}: ffprobe counts no frame"));
            continue;
        };
        let pixels = u64::from(facts.width) * u64::from(facts.height) * n;
        let spans = if pixels > MOST_PIXELS { vec![(0, 2.min(n)), (n - 1, 1)] } else { vec![(0, n)] };
        let mut error = None;
        for (first, count) in spans {
            let (frames, e) = decode(&file, &facts, Span { first, count, rate: None }, &tools);
            assert!(e.is_some() || frames.len() as u64 == count, "{name}");
            error = error.or(e);
        }
        // What follows the last frame that ffprobe counts is no frame.
        let (frames, e) = decode(&file, &facts, Span { first: n, count: 1, rate: None }, &tools);
        assert!(frames.is_empty() && e.is_some(), "{name} has more than {n} frames");
        match error {
            None => whole += 1,
            Some(e) => refused.push(format!("{name}: {e}")),
        }
    }
    println!("conformance video: {whole} movies whole, {} refused", refused.len());
    refused.iter().for_each(|r| println!("conformance video: {r}"));
    assert!(whole >= 10, "too few movies are decoded");
}
