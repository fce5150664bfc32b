//! Sound tracks: channels of all of them together, rate and depth where they agree.

use super::graph::{Chain, Graph, class};
use super::{ID, Place, codecs, length};
use crate::engine::container::mxf::set::utf16;
use crate::engine::container::mxf::{Set, Structure};
use crate::engine::format::agree::agree;
use crate::model::{AudioTrack, ClipDoc};

/// Of a channel (ST 377-4): MCATagName, MCATagSymbol and MCAChannelID.
const MCA_NAME: [u8; 8] = [0x01, 0x03, 0x07, 0x01, 0x03, 0, 0, 0];
const MCA_SYMBOL: [u8; 8] = [0x01, 0x03, 0x07, 0x01, 0x02, 0, 0, 0];
const MCA_CHANNEL: [u8; 8] = [0x01, 0x03, 0x04, 0x0a, 0, 0, 0, 0];
/// Most channels of one track that are believed.
const MOST_CHANNELS: u32 = 1024;

/// Reads every sound track whose essence lies in this file; of a file without picture the codec too.
pub(super) fn read(graph: &Graph<'_>, s: &Structure, picture: bool, doc: &mut ClipDoc) {
    let chains = graph.chains(super::graph::Essence::Sound);
    let mine = |c: &&Chain<'_, '_>| c.file.is_some_and(|(p, _)| graph.is_inside(p)) && length::is_sound(c);
    let mut own: Vec<(&Chain<'_, '_>, &Set)> = Vec::new();
    for c in chains.iter().filter(mine) {
        // several tracks of the material may play the same stored one
        let Some(d) = c.descriptor else { continue };
        let same = |o: &Chain<'_, '_>| o.file.zip(c.file).is_some_and(|(a, b)| std::ptr::eq(a.1.set, b.1.set));
        if !own.iter().any(|(o, _)| same(o)) {
            own.push((c, d));
        }
    }
    for (c, d) in &own {
        let parts = c.material.map_or(0, |(_, t)| t.parts.len());
        let begins = c.start.saturating_add(c.file.map_or(0, |(_, t)| t.origin));
        if picture && (parts > 1 || begins != 0) {
            let text =
                format!("a sound track plays {parts} parts and begins {begins} units behind the first stored one");
            doc.warn("MXF-EDIT", format!("{text} (descriptor at offset {:#x})", d.at));
        }
    }
    let elsewhere = chains.iter().filter(|c| c.file.is_none()).count();
    if elsewhere > 0 {
        doc.keep(ID, "sound.tracks_elsewhere", elsewhere);
    }
    let Some((first, d)) = own.first().copied() else { return };
    let place = Place::new(d, "SoundDescriptor");
    let counts: Vec<u32> = own.iter().map(|(_, d)| d.u32(0x3d07).unwrap_or(0)).collect();
    if counts.iter().all(|n| (1..=MOST_CHANNELS).contains(n)) {
        let sum = counts.iter().fold(0u32, |a, n| a.saturating_add(*n));
        doc.set("audio.channels", |x| &mut x.audio.channels, sum, place.origin("ChannelCount"));
    }
    let rate = |d: &Set| {
        let (n, m) = d.rational(0x3d03)?;
        // 48000/1, and rates with a fraction that have no whole number of samples
        (m > 0 && n > 0 && n % m == 0).then(|| u32::try_from(n / m).ok()).flatten()
    };
    agree("MXF-SOUND", "rates", own.iter().map(|(_, d)| rate(d)), doc, |doc, n| {
        doc.set("audio.rate", |x| &mut x.audio.rate, n, place.origin("AudioSamplingRate"));
    });
    let bits = |d: &Set| d.u32(0x3d01).filter(|n| (1..=64).contains(n));
    agree("MXF-SOUND", "bit depths", own.iter().map(|(_, d)| bits(d)), doc, |doc, n| {
        doc.set("audio.bit_depth", |x| &mut x.audio.bit_depth, n, place.origin("QuantizationBits"));
    });
    let iab = d.class() == Some(class::IAB);
    let (name, linear) = codecs::sound(d.ul(0x3d06).as_ref(), d.ul(0x3004).as_ref(), iab);
    if let Some((n, tag)) = length::samples(first, s).filter(|_| linear || iab) {
        doc.set("audio.samples", |x| &mut x.audio.samples, n, place.origin(tag));
    }
    labels(graph, &own, doc);
    doc.keep(ID, "sound.codec", name.clone());
    if !picture {
        doc.set("format.codec", |x| &mut x.format.codec, name, place.origin("SoundEssenceCompression"));
        if let Some(n) = doc.audio.bit_depth {
            doc.set("format.bit_depth", |x| &mut x.format.bit_depth, n, place.origin("QuantizationBits"));
        }
    }
}

/// The names of labelled channels.
fn labels(graph: &Graph<'_>, own: &[(&Chain<'_, '_>, &Set)], doc: &mut ClipDoc) {
    let mut names = Vec::new();
    let mut before = 0u32;
    let mut at = None;
    for (_, d) in own {
        for l in graph.below(d).into_iter().filter(|l| l.class() == Some(class::AUDIO_CHANNEL)) {
            let text = |label| l.by_label(graph.primer, label).and_then(utf16);
            let name = text(MCA_NAME).or_else(|| text(MCA_SYMBOL));
            let channel = l.by_label(graph.primer, MCA_CHANNEL).and_then(|v| v.first_chunk().copied());
            if let (Some(name), Some(channel)) = (name, channel.map(u32::from_be_bytes)) {
                let channel = before.saturating_add(channel);
                names.push(AudioTrack { channel, name });
                at = at.or(Some(l));
            }
        }
        before = before.saturating_add(d.u32(0x3d07).unwrap_or(0));
    }
    names.sort_by_key(|t| t.channel);
    names.truncate(usize::try_from(MOST_CHANNELS).unwrap_or(usize::MAX));
    if let Some(set) = at {
        let place = Place::new(set, "AudioChannelLabelSubDescriptor");
        doc.set("audio.tracks", |x| &mut x.audio.tracks, names, place.origin("MCATagName"));
    }
}
