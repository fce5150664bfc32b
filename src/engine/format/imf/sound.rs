//! Sound of a composition: channels of all main audio tracks together, rate and depth where they agree.

use super::descriptor::label;
use super::{AUDIO, ID};
use crate::engine::document::imf::length::length;
use crate::engine::document::imf::{Composition, Descriptor, Track};
use crate::engine::format::agree::agree;
use crate::engine::format::mxf::codecs;
use crate::model::{AudioTrack, ClipDoc, Origin, Rational};

/// Most channels of one track that are believed.
const MOST_CHANNELS: u32 = 1024;

fn number(d: &Descriptor, symbol: &str) -> Option<u32> {
    d.get(symbol)?.parse().ok()
}

/// Samples in a second, when that is a whole number.
fn rate(d: &Descriptor) -> Option<u32> {
    let text = d.get("AudioSampleRate").or_else(|| d.get("AudioSamplingRate"))?;
    let (n, m) = text.split_once('/').unwrap_or((text, "1"));
    let (n, m) = (n.trim().parse::<u32>().ok()?, m.trim().parse::<u32>().ok()?);
    (n.checked_rem(m)? == 0).then(|| n.checked_div(m)).flatten()
}

/// Reads every main audio track by the descriptor of its first resource.
pub(super) fn read(c: &Composition, doc: &mut ClipDoc) {
    let described = |t: &Track| c.descriptor(t.resources.first()?);
    let tracks: Vec<(&Track, Option<&Descriptor>)> = c.of_kind(AUDIO).map(|t| (t, described(t))).collect();
    let own: Vec<&Descriptor> = tracks.iter().filter_map(|(_, d)| *d).collect();
    if own.len() < tracks.len() {
        let lacking = tracks.len().saturating_sub(own.len());
        doc.warn("IMF-DESCRIPTOR", format!("{lacking} of {} main audio tracks have no descriptor", tracks.len()));
    }
    let Some(first) = own.first() else { return };
    let at = |tag: &str| Origin::new(ID, tag, format!("{} at offset {:#x}", first.kind, first.at));
    let counts: Vec<u32> = own.iter().filter_map(|d| number(d, "ChannelCount")).collect();
    if counts.len() == tracks.len() && counts.iter().all(|n| (1..=MOST_CHANNELS).contains(n)) {
        let sum = counts.iter().fold(0u32, |a, n| a.saturating_add(*n));
        doc.set("audio.channels", |x| &mut x.audio.channels, sum, at("ChannelCount"));
        labels(&own, &counts, doc);
    }
    agree("IMF-SOUND", "rates", own.iter().map(|d| rate(d)), doc, |doc, n| {
        doc.set("audio.rate", |x| &mut x.audio.rate, n, at("AudioSampleRate"));
    });
    let bits = |d: &Descriptor| number(d, "QuantizationBits").filter(|n| (1..=64).contains(n));
    agree("IMF-SOUND", "bit depths", own.iter().map(|d| bits(d)), doc, |doc, n| {
        doc.set("audio.bit_depth", |x| &mut x.audio.bit_depth, n, at("QuantizationBits"));
    });
    let ul = |symbols: [&str; 2]| symbols.into_iter().find_map(|s| first.get(s)).and_then(label);
    let (coding, container) =
        (ul(["SoundCompression", "SoundEssenceCoding"]), ul(["ContainerFormat", "EssenceContainer"]));
    let (name, linear) = codecs::sound(coding.as_ref(), container.as_ref(), false);
    doc.keep(ID, "sound.codec", name);
    samples(c, &tracks, linear, doc);
}

/// Samples of the first track, where its sequences are all there.
fn samples(c: &Composition, tracks: &[(&Track, Option<&Descriptor>)], linear: bool, doc: &mut ClipDoc) {
    let Some((track, _)) = tracks.first().filter(|(t, _)| linear && t.segments == c.segments) else { return };
    let Some(rate) = doc.audio.rate.and_then(|n| Rational::new(n, 1)) else { return };
    match length(track, rate) {
        Ok(n) => {
            let place = format!("{AUDIO} at offset {:#x}", track.at);
            doc.set("audio.samples", |x| &mut x.audio.samples, n, Origin::new(ID, "SourceDuration", place));
        }
        Err(why) => doc.warn("IMF-LENGTH", format!("how long the main audio is is not known: {why}")),
    }
}

/// The names of labelled channels; those of a later track are counted on.
fn labels(own: &[&Descriptor], counts: &[u32], doc: &mut ClipDoc) {
    let mut names = Vec::new();
    let mut before = 0u32;
    for (d, count) in own.iter().zip(counts) {
        let inside = d.channels.iter().filter(|(n, _)| (1..=*count).contains(n));
        names.extend(
            inside.map(|(n, name)| AudioTrack { channel: before.saturating_add(*n), name: super::short(name) }),
        );
        before = before.saturating_add(*count);
    }
    names.sort_by_key(|t| t.channel);
    names.truncate(usize::try_from(MOST_CHANNELS).unwrap_or(usize::MAX));
    if let Some(d) = own.first().filter(|_| !names.is_empty()) {
        let origin = Origin::new(ID, "MCATagName", format!("{} at offset {:#x}", d.kind, d.at));
        doc.set("audio.tracks", |x| &mut x.audio.tracks, names, origin);
    }
}
