//! Every WAV file is read as one, and four recorders as wavinfo reads them. The fields of a clip are compared with other
//! programs in `agreement`.

use super::formats_oracle::{data, files, inspect_file};

/// Files that are cut on purpose, and the code that says so.
const REFUSED: &[(&str, &str)] = &[];

#[test]
fn all_wav_files() {
    let Some(data) = data("conformance wav") else { return };
    let media = data.join("media");
    let mut ran = 0;
    let mut refused = Vec::new();
    for path in files(&media.join("wav")).into_iter().chain(files(&media.join("dpx"))) {
        if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("wav")) {
            continue;
        }
        let relative = path.strip_prefix(&media).unwrap();
        match inspect_file(&path) {
            Ok(doc) => {
                assert_eq!(doc.format.id, "wav", "{}", relative.display());
                ran += 1;
            }
            Err(e) => refused.push((relative.display().to_string(), e.code.to_string())),
        }
    }
    let refused: Vec<_> = refused.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(refused, REFUSED);
    println!("conformance wav: {ran} files read");
    assert!(ran > 40);
}

/// The label of SND-3, on the whole file: 1,094,376 frames at 24000/1001, not 12:40:44 of the wall clock.
#[test]
fn the_sound_devices_file_counts_frames_not_seconds() {
    let Some(data) = data("conformance wav timecode") else { return };
    let d = inspect_file(&data.join("media/wav/sounddevices/A101_1.WAV")).unwrap();
    assert_eq!(d.audio.samples_since_midnight, Some(2_190_940_753));
    let t = d.timecode.unwrap();
    assert_eq!(
        (t.start.as_str(), t.end.as_deref(), t.rate.to_string().as_str()),
        ("12:39:59:00", Some("12:40:04:00"), "24000/1001")
    );
    assert_eq!(
        (d.slate.scene.as_deref(), d.slate.take.as_deref(), d.reel.as_deref()),
        (Some("A101"), Some("1"), Some("18Y12M31"))
    );
    let tracks: Vec<_> = d.audio.tracks.unwrap().into_iter().map(|t| (t.channel, t.name)).collect();
    assert_eq!(tracks, [(1, "MKH516 A".into()), (2, "Boom".into())]);
}

/// Four recorders, as wavinfo 4.0.1 reads them.
#[test]
fn four_recorders() {
    let Some(data) = data("conformance wav recorders") else { return };
    for (file, samples, scene, take, tape, track) in [
        ("A101_1.WAV", 2_190_940_753, "A101", "1", "18Y12M31", "MKH516 A"),
        ("A101_3.WAV", 2_191_661_476, "A101", "3", "18Y12M31", "MKH516 A"),
        ("Scene_1_2AG-T001_Tr1.WAV", 3_917_280_000, "Scene_1_2AG", "001", "WINFO", "BOOM"),
        ("Sr001-2C-01_02.WAV", 2_354_414_956, "2C", "01", "Sr001", "Lav Georgie"),
    ] {
        let d = inspect_file(&data.join("standards/sound").join(file)).unwrap();
        assert_eq!(d.audio.samples_since_midnight, Some(samples), "{file}");
        let said = (d.slate.scene.as_deref(), d.slate.take.as_deref(), d.reel.as_deref());
        assert_eq!(said, (Some(scene), Some(take), Some(tape)), "{file}");
        assert_eq!(d.audio.tracks.unwrap()[0].name, track, "{file}");
        assert_eq!((d.audio.rate, d.audio.bit_depth), (Some(48_000), Some(24)), "{file}");
        let t = d.timecode.map(|t| format!("{} at {} from {:?}", t.start, t.rate, d.warnings));
        println!("conformance wav recorders: {file} {}", t.as_deref().unwrap_or("without timecode"));
    }
}
