//! Which channels are the picture, and whether it can be decoded.

use crate::engine::container::exr::{Blocks, Channel, Compression};
use crate::model::Error;

/// The channels that are seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Positions of red, green and blue among the channels; three times the same for brightness alone.
    pub rgb: [usize; 3],
    /// Their names, for people.
    pub names: String,
}

/// The channels that are seen: R, G and B without a layer, else Y without a layer, else those of the first layer that
/// has R, G and B, else of the first that has Y.
///
/// # Errors
/// `FORMAT-UNSUPPORTED` for a picture that cannot be decoded, with the reason.
pub(super) fn choose(blocks: &Blocks) -> Result<Seen, Error> {
    if blocks.deep {
        return Err(Error::unsupported("deep OpenEXR pictures (lists of samples for each pixel) are not decoded"));
    }
    if matches!(blocks.compression, Compression::Htj2k256 | Compression::Htj2k32) {
        return Err(Error::unsupported(format!("{} compression is not decoded", blocks.compression.name())));
    }
    if let Some(c) = blocks.channels.iter().find(|c| c.sampling != [1, 1]) {
        let [x, y] = c.sampling;
        let what = format!("the channel {} is sub-sampled {x}x{y}, which is not decoded", c.name);
        return Err(Error::unsupported(what));
    }
    find(&blocks.channels).ok_or_else(|| {
        let names: Vec<&str> = blocks.channels.iter().take(8).map(|c| c.name.as_str()).collect();
        let more = if blocks.channels.len() > names.len() { ", …" } else { "" };
        Error::unsupported(format!("no RGB or Y among the channels {}{more}", names.join(", ")))
    })
}

fn find(channels: &[Channel]) -> Option<Seen> {
    let layers = layers(channels);
    let at = |layer: &str, name: &str| {
        let full = format!("{layer}{name}");
        channels.iter().position(|c| c.name == full)
    };
    let rgb = |layer: &&str| {
        let of = |[r, g, b]: [&str; 3]| Some([at(layer, r)?, at(layer, g)?, at(layer, b)?]);
        let rgb = [["R", "G", "B"], ["r", "g", "b"], ["red", "green", "blue"]].into_iter().find_map(of)?;
        Some(Seen { rgb, names: format!("RGB of {}", called(layer)) })
    };
    let brightness = |layer: &&str| {
        let y = at(layer, "Y").or_else(|| at(layer, "y"))?;
        Some(Seen { rgb: [y; 3], names: format!("Y of {}", called(layer)) })
    };
    let (unnamed, others) = layers.split_first()?;
    let first = rgb(unnamed).or_else(|| brightness(unnamed));
    first.or_else(|| others.iter().find_map(rgb)).or_else(|| others.iter().find_map(brightness))
}

fn called(layer: &str) -> String {
    match layer.strip_suffix('.') {
        Some(name) => format!("the layer {name}"),
        None => "the unnamed layer".into(),
    }
}

/// Layer names with the dot at their end, the unnamed one first, then as their channels come.
fn layers(channels: &[Channel]) -> Vec<&str> {
    let mut out = vec![""];
    for c in channels {
        let layer = c.name.rsplit_once('.').and_then(|(layer, _)| c.name.get(..=layer.len()));
        // the channels of a layer lie together: they are sorted by name
        if let Some(layer) = layer.filter(|l| out.last() != Some(l)) {
            out.push(layer);
        }
    }
    out
}

/// The channels in short: `RGB`, `RGBA`, `Y`, `YA`, `Luminance-chroma`; deep ones say so.
pub(super) fn codec(blocks: &Blocks) -> Option<String> {
    let has = |name: &str| blocks.channels.iter().any(|c| c.name == name);
    let alpha = if has("A") { "A" } else { "" };
    let name = if has("R") && has("G") && has("B") {
        format!("RGB{alpha}")
    } else if has("Y") && has("RY") && has("BY") {
        "Luminance-chroma".into()
    } else if has("Y") {
        format!("Y{alpha}")
    } else {
        return blocks.deep.then(|| "Deep".into());
    };
    Some(if blocks.deep { format!("Deep {name}") } else { name })
}

/// Bits of the seen channels, else of the first one.
pub(super) fn bit_depth(blocks: &Blocks) -> Option<u32> {
    let seen = find(&blocks.channels).map_or([0; 3], |s| s.rgb);
    let bytes = seen.iter().filter_map(|n| blocks.channels.get(*n)).map(|c| c.kind.bytes()).max()?;
    u32::try_from(bytes.saturating_mul(8)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::container::exr::SampleKind;

    fn names(list: &[&str]) -> Option<String> {
        let channel = |n: &&str| Channel { name: (*n).into(), kind: SampleKind::Half, linear: false, sampling: [1, 1] };
        let channels: Vec<Channel> = list.iter().map(channel).collect();
        find(&channels).map(|s| {
            let picked: Vec<&str> = s.rgb.iter().map(|n| channels[*n].name.as_str()).collect();
            format!("{}: {}", s.names, picked.join(" "))
        })
    }

    #[test]
    fn which_layer_is_seen() {
        for (list, want) in [
            (&["A", "B", "G", "R"][..], "RGB of the unnamed layer: R G B"),
            (&["B", "G", "R", "diffuse.B", "diffuse.G", "diffuse.R"], "RGB of the unnamed layer: R G B"),
            (&["Z", "a.b.B", "a.b.G", "a.b.R", "c.R"], "RGB of the layer a.b: a.b.R a.b.G a.b.B"),
            (&["Y"], "Y of the unnamed layer: Y Y Y"),
            (&["b", "g", "r"], "RGB of the unnamed layer: r g b"),
            (&["n.X", "n.Y", "x.B", "x.G", "x.R"], "RGB of the layer x: x.R x.G x.B"),
            (&["d.Z", "n.Y"], "Y of the layer n: n.Y n.Y n.Y"),
        ] {
            assert_eq!(names(list).as_deref(), Some(want));
        }
        assert_eq!(names(&["G", "R"]), None);
        assert_eq!(names(&["Z"]), None);
    }
}
