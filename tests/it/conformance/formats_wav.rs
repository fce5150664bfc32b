//! Every WAV file against exiftool, MediaInfo, ffprobe and wavinfo.

use super::formats_oracle::{Reports, Tally, data, files, inspect_file, number};
use rushes::model::ClipDoc;
use std::path::Path;

/// Files that are cut on purpose, and the code that says so.
const REFUSED: &[(&str, &str)] = &[];

#[test]
fn all_wav_files() {
    let Some(data) = data("conformance wav") else { return };
    let media = data.join("media");
    let mut tally = Tally::default();
    let mut refused = Vec::new();
    for path in files(&media.join("wav")).into_iter().chain(files(&media.join("dpx"))) {
        if path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("wav")) {
            continue;
        }
        let relative = path.strip_prefix(&media).unwrap();
        match inspect_file(&path) {
            Ok(doc) => {
                assert_eq!(doc.format.id, "wav", "{}", relative.display());
                tally.ran += 1;
                compare(&mut tally, &data, relative, &doc);
            }
            Err(e) => refused.push((relative.display().to_string(), e.code.to_string())),
        }
    }
    let refused: Vec<_> = refused.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(refused, REFUSED);
    tally.finish("conformance wav");
}

fn compare(tally: &mut Tally, data: &Path, relative: &Path, doc: &ClipDoc) {
    let r = Reports::of(data, relative);
    let name = relative.display().to_string();
    let (exif, probe) = (&r.exiftool, &r.ffprobe);
    for (field, ours, e, m, f) in [
        ("channels", doc.audio.channels, "RIFF:NumChannels", "Channels", "channels"),
        ("rate", doc.audio.rate, "RIFF:SampleRate", "SamplingRate", "sample_rate"),
        ("bit depth", doc.audio.bit_depth, "RIFF:BitsPerSample", "BitDepth", "bits_per_sample"),
    ] {
        let ours = ours.map(u64::from);
        tally.compare(&format!("{name} {field} exiftool"), ours, number(&exif[e]), None);
        tally.compare(&format!("{name} {field} MediaInfo"), ours, r.mediainfo("Audio", m), None);
        tally.compare(&format!("{name} {field} ffprobe"), ours, number(&probe[f]), None);
    }
    let samples = doc.audio.samples;
    tally.compare(&format!("{name} samples MediaInfo"), samples, r.mediainfo("Audio", "SamplingCount"), None);
    tally.compare(&format!("{name} samples ffprobe"), samples, number(&probe["duration_ts"]), None);
    let theirs = number(&exif["RIFF:TimeReference"]);
    tally.compare(&format!("{name} time reference exiftool"), doc.audio.samples_since_midnight, theirs, None);
    let ixml = &exif["XML:Bwfxml"];
    for (tag, ours) in [("Scene", &doc.slate.scene), ("Tape", &doc.reel), ("Take", &doc.slate.take)] {
        let theirs = ixml[tag].as_str().map(str::to_owned).or_else(|| ixml[tag].as_u64().map(|n| n.to_string()));
        let theirs = theirs.filter(|t| !t.is_empty());
        let ours = ours.clone().map(|t| t.parse::<u64>().map_or(t.clone(), |n| n.to_string()));
        let theirs = theirs.map(|t| t.parse::<u64>().map_or(t.clone(), |n| n.to_string()));
        tally.compare(&format!("{name} {tag} exiftool"), ours, theirs, None);
    }
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
