//! Lists and groups everything below a folder once, as a sweep and `rushes plan` do, and prints how many clips there are.
//! `benches/run.sh` times it beside `find`: `cargo bench --bench scan -- FOLDER`.

use rushes::watch::{Ready, RootSettings, WatchMode, list_once};
use std::time::Duration;

fn main() {
    let Some(folder) = std::env::args_os().skip(1).find(|a| !a.as_encoded_bytes().starts_with(b"--")) else {
        println!("usage: cargo bench --bench scan -- FOLDER");
        return;
    };
    let settings = RootSettings {
        name: "bench".into(),
        path: folder.into(),
        ready: Ready::Quiet,
        quiet: None,
        scan_every: Duration::from_secs(300),
        watch: WatchMode::Poll,
        ignore: Vec::new(),
        hashes: Vec::new(),
        hash_threads: 2,
        name_room: 0,
        output_prefix_len: 0,
    };
    match list_once(&settings) {
        Ok(units) => println!("{} clips", units.len()),
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(1);
        }
    }
}
