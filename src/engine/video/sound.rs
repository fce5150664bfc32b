//! The sound of a camera original beside new pictures.

use super::Tools;
use super::probe::{Edits, ask, known_demuxer};
use crate::model::{Error, Rational};
use serde_json::Value;
use std::fs::File;

/// Where a movie's sound comes from: all sound tracks of one file, in their order, by their own time.
#[derive(Debug, Clone, Copy)]
pub struct Sound<'a> {
    /// The camera original, open for reading.
    pub file: &'a File,
    /// As for [`super::probe`].
    pub demuxer: &'a str,
    /// The first frame and the number of frames whose sound is wanted, counted at the movie's rate from the original's
    /// first picture. PCM stays the PCM it is, sample for sample; other sound is decoded to 24-bit PCM. Where the original
    /// has no sound there is silence, so that each track is as long as the pictures. Absent: everything, its bytes
    /// untouched; only coded sound that begins after the picture is decoded, because its priming would be heard.
    pub trim: Option<(u64, u64)>,
}

const ENTRIES: &str = "stream=codec_type,codec_name,sample_rate,start_pts,time_base\
:stream_tags=language:stream_disposition=attached_pic";
/// PCM that QuickTime holds, by ffmpeg's names.
const PCM: &[&str] = &[
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_s32be",
    "pcm_f32le",
    "pcm_f32be",
    "pcm_f64le",
    "pcm_f64be",
    "pcm_s8",
    "pcm_u8",
];
/// Other sound that is taken.
const CODED: &[&str] = &[
    "aac",
    "ac3",
    "adpcm_ima_qt",
    "adpcm_ima_wav",
    "adpcm_ms",
    "alac",
    "dts",
    "eac3",
    "flac",
    "mp2",
    "mp3",
    "opus",
    "pcm_alaw",
    "pcm_mulaw",
    "vorbis",
];
/// Of these, what ffmpeg's QuickTime writer refuses, writes under another name (MP2), or players do not know; it is decoded.
const NOT_KEPT: &[&str] = &["adpcm_ima_wav", "adpcm_ms", "flac", "mp2", "opus", "vorbis"];
/// Most sound tracks of a file.
const MOST_TRACKS: usize = 64;
/// Rates that can be, samples in a second.
const RATES: std::ops::RangeInclusive<u32> = 1000..=768_000;

/// One track.
#[derive(Debug, Clone, PartialEq)]
struct Track {
    codec: &'static str,
    rate: u32,
    /// When it begins, after the first picture, microseconds.
    begins: i64,
    language: Option<String>,
}

/// What ffmpeg is to do with the sound of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Plan {
    /// The decoders that may be used, comma separated; empty when there is no sound.
    pub codecs: String,
    pub demuxer: &'static str,
    /// Added to all times of the file, microseconds.
    pub offset: i64,
    /// The arguments of the output.
    pub output: Vec<String>,
    /// Samples in a second of each track.
    pub rates: Vec<u32>,
}

/// Asks for the tracks and says what to do. `rate` is that of the movie.
pub(super) fn plan(sound: &Sound<'_>, rate: Rational, tools: &Tools<'_>) -> Result<Plan, Error> {
    let answer = ask(sound.file, sound.demuxer, Edits::Kept, &["-show_entries", ENTRIES], tools)?;
    let demuxer = known_demuxer(sound.demuxer)?;
    let (tracks, offset) = tracks(&answer)?;
    plan_for(&tracks, sound.trim, rate).map(|plan| Plan { demuxer, offset, ..plan })
}

fn plan_for(tracks: &[Track], trim: Option<(u64, u64)>, rate: Rational) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut codecs: Vec<&str> = tracks.iter().map(|t| t.codec).collect();
    codecs.sort_unstable();
    codecs.dedup();
    plan.codecs = codecs.join(",");
    let output = &mut plan.output;
    for (n, t) in tracks.iter().enumerate() {
        plan.rates.push(t.rate);
        output.extend(["-map".into(), format!("1:a:{n}")]);
        match trim {
            None if NOT_KEPT.contains(&t.codec) => output.extend(decode(n, t, format!("asetpts=N+{}", begins(t)?))),
            // ffmpeg cannot write an edit list that both waits and leaves out a coder's priming.
            None if t.begins > 0 && !PCM.contains(&t.codec) => {
                output.extend(decode(n, t, format!("asetpts=N+{}", begins(t)?)));
            }
            None => output.extend([format!("-c:a:{n}"), "copy".into()]),
            Some(range) => output.extend(decode(n, t, cut(range, rate, t)?)),
        }
        if let Some(language) = &t.language {
            output.extend([format!("-metadata:s:a:{n}"), format!("language={language}")]);
        }
    }
    Ok(plan)
}

/// The arguments for track `n` through this filter.
fn decode(n: usize, t: &Track, filter: String) -> Vec<String> {
    let codec = if PCM.contains(&t.codec) { t.codec } else { "pcm_s24le" };
    let codec = [format!("-c:a:{n}"), codec.into(), format!("-flags:a:{n}"), "+bitexact".into()];
    [format!("-filter:a:{n}"), filter].into_iter().chain(codec).collect()
}

fn far() -> Error {
    Error::limit("frames or sound so far from the beginning are not joined")
}

/// When it begins, to the nearest sample: the microseconds come from times that are no whole samples in general.
fn begins(t: &Track) -> Result<i64, Error> {
    let at = i128::from(t.begins).saturating_mul(t.rate.into()).saturating_add(500_000).div_euclid(1_000_000);
    i64::try_from(at).map_err(|_| far())
}

/// The filter that gives exactly the samples of these frames.
fn cut((first, count): (u64, u64), rate: Rational, t: &Track) -> Result<String, Error> {
    let end = first.checked_add(count).ok_or_else(far)?;
    let (from, to) = (sample_at(first, rate, t.rate).ok_or_else(far)?, sample_at(end, rate, t.rate).ok_or_else(far)?);
    let begins = begins(t)?;
    let (from, to) = (from.checked_sub(begins).ok_or_else(far)?, to.checked_sub(begins).ok_or_else(far)?);
    let length = to.saturating_sub(from);
    if length <= 0 {
        return Err(Error::unsupported("no sound is as short as these frames"));
    }
    // Silence before the track begins.
    let silence = from.min(0).saturating_neg();
    let (delay, from) =
        if silence > 0 { (format!("adelay=delays={silence}S:all=1,"), 0) } else { (String::new(), from) };
    let end = from.saturating_add(length);
    Ok(format!("{delay}atrim=start_sample={from}:end_sample={end},apad=whole_len={length},asetpts=N"))
}

/// The first sample that is not before frame `n`'s time, or the one just before it: floor(n · den · samples / num).
fn sample_at(n: u64, rate: Rational, samples: u32) -> Option<i64> {
    let at = u128::from(n).checked_mul(rate.den().into())?.checked_mul(samples.into())?;
    i64::try_from(at.checked_div(rate.num().into())?).ok()
}

/// The sound tracks, and what must be added to the file's times so that its first picture is at 0.
fn tracks(answer: &[u8]) -> Result<(Vec<Track>, i64), Error> {
    let odd = |what: &str| Error::malformed(format!("ffprobe's answer about the sound has {what}"));
    let value: Value = serde_json::from_slice(answer).map_err(|e| odd(&format!("no JSON ({e})")))?;
    let streams = value.get("streams").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |s: &Value, key: &str| s.get(key).and_then(Value::as_str).map(str::to_owned);
    let is = |s: &&Value, kind: &str| text(s, "codec_type").as_deref() == Some(kind);
    let cover = |s: &&Value| s.pointer("/disposition/attached_pic").and_then(Value::as_u64) == Some(1);
    let picture = streams.iter().find(|s| is(s, "video") && !cover(s)).and_then(start);
    let offset = picture.unwrap_or(0).checked_neg().ok_or_else(|| odd("no possible time"))?;
    let mut tracks = Vec::new();
    for s in streams.iter().filter(|s| is(s, "audio")) {
        let codec = text(s, "codec_name").unwrap_or_else(|| "unknown".into());
        let codec = PCM.iter().chain(CODED).find(|c| **c == codec).ok_or_else(|| {
            Error::unsupported(format!("sound of the codec {codec} cannot be put into a QuickTime movie"))
        })?;
        let rate = text(s, "sample_rate").and_then(|r| r.parse().ok()).filter(|r| RATES.contains(r));
        let rate = rate.ok_or_else(|| odd("no possible sample rate"))?;
        let begins = start(s).unwrap_or(0).checked_add(offset).ok_or_else(|| odd("no possible time"))?;
        let language = s.pointer("/tags/language").and_then(Value::as_str);
        let plain = |l: &&str| l.len() == 3 && l.bytes().all(|b| b.is_ascii_lowercase()) && *l != "und";
        tracks.push(Track { codec, rate, begins, language: language.filter(plain).map(str::to_owned) });
    }
    if tracks.len() > MOST_TRACKS {
        return Err(Error::limit(format!("{} sound tracks", tracks.len())));
    }
    Ok((tracks, offset))
}

/// When a stream begins, microseconds, to the nearest.
fn start(stream: &Value) -> Option<i64> {
    let pts = i128::from(stream.get("start_pts")?.as_i64()?);
    let (n, d) = stream.get("time_base")?.as_str()?.split_once('/')?;
    let base = Rational::new(n.parse().ok()?, d.parse().ok()?)?;
    let twice = pts.checked_mul(base.num().into())?.checked_mul(2_000_000)?;
    let den = i128::from(base.den());
    i64::try_from(twice.checked_add(den)?.div_euclid(den.checked_mul(2)?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(codec: &'static str, rate: u32, begins: i64) -> Track {
        Track { codec, rate, begins, language: None }
    }

    fn rate(n: u32, d: u32) -> Rational {
        Rational::new(n, d).unwrap()
    }

    #[test]
    fn frames_to_samples() {
        // 23.976: 2002 samples a frame at 48 kHz. 29.97: 1601.6, five frames are 8008.
        assert_eq!(sample_at(1, rate(24_000, 1001), 48_000), Some(2002));
        let at: Vec<_> = (0..=5).map(|n| sample_at(n, rate(30_000, 1001), 48_000).unwrap()).collect();
        assert_eq!(at, [0, 1601, 3203, 4804, 6406, 8008]);
        assert_eq!(sample_at(u64::MAX, rate(1, 1), 48_000), None);
        let of = |first, count, begins| cut((first, count), rate(24, 1), &track("aac", 48_000, begins)).unwrap();
        assert_eq!(of(2, 3, 0), "atrim=start_sample=4000:end_sample=10000,apad=whole_len=6000,asetpts=N");
        // Half a second late, 24,000 samples.
        let late = "adelay=delays=20000S:all=1,atrim=start_sample=0:end_sample=6000,apad=whole_len=6000,asetpts=N";
        assert_eq!(of(2, 3, 500_000), late);
        assert_eq!(of(2, 3, -500_000), "atrim=start_sample=28000:end_sample=34000,apad=whole_len=6000,asetpts=N");
        assert!(cut((u64::MAX, 2), rate(24, 1), &track("aac", 48_000, 0)).is_err());
        assert!(cut((0, 0), rate(24, 1), &track("aac", 48_000, 0)).is_err());
        assert!(cut((0, 1), rate(24, 1), &track("aac", 48_000, i64::MIN)).is_ok());
    }

    #[test]
    fn what_is_done_with_each_codec() {
        let of = |codec, trim| plan_for(&[track(codec, 48_000, 0)], trim, rate(24, 1)).map(|p| p.output.join(" "));
        assert_eq!(of("aac", None).unwrap(), "-map 1:a:0 -c:a:0 copy");
        let late = plan_for(&[track("aac", 48_000, 500_000)], None, rate(24, 1)).unwrap().output.join(" ");
        assert_eq!(late, "-map 1:a:0 -filter:a:0 asetpts=N+24000 -c:a:0 pcm_s24le -flags:a:0 +bitexact");
        assert!(of("aac", Some((0, 1))).unwrap().contains("-c:a:0 pcm_s24le"));
        assert!(of("pcm_s16be", Some((0, 1))).unwrap().contains("-c:a:0 pcm_s16be"));
        assert!(of("opus", None).unwrap().contains("-c:a:0 pcm_s24le"));
        assert!(of("opus", Some((0, 1))).is_ok());
        assert_eq!(plan_for(&[], None, rate(24, 1)).unwrap(), Plan::default());
    }

    #[test]
    fn answers() {
        let stream = |kind: &str, codec: &str, start: i64, more: &str| {
            format!(
                r#"{{"codec_type":"{kind}","codec_name":"{codec}","sample_rate":"48000","start_pts":{start},
                "time_base":"1/48000"{more}}}"#
            )
        };
        let whole = |list: &[String]| format!(r#"{{"streams":[{}]}}"#, list.join(",")).into_bytes();
        let cover = stream("video", "png", 9, r#","disposition":{"attached_pic":1}"#);
        let picture = stream("video", "h264", 4800, "");
        let sound = stream("audio", "aac", 24_000, r#","tags":{"language":"deu"}"#);
        let odd = stream("audio", "aac", 0, r#","tags":{"language":"a=b"}"#);
        let (t, offset) = tracks(&whole(&[cover, picture.clone(), sound, odd])).unwrap();
        assert_eq!((offset, t[0].begins, t[1].begins), (-100_000, 400_000, -100_000));
        assert_eq!((t[0].language.as_deref(), t[1].language.as_deref()), (Some("deu"), None));
        assert_eq!(tracks(&whole(&[picture])).unwrap().0, []);
        let e = tracks(&whole(&[stream("audio", "s302m", 0, "")])).unwrap_err();
        assert!(e.code == "FORMAT-UNSUPPORTED" && e.what.contains("s302m"), "{e}");
        let many = vec![stream("audio", "aac", 0, ""); 65];
        assert_eq!(tracks(&whole(&many)).unwrap_err().code, "LIMIT-SIZE");
        assert!(tracks(b"{").is_err());
    }
}
