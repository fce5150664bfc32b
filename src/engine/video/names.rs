//! ffmpeg's names of colour tags, and the words of clip documents for them (ITU-T H.273, tables 2 and 3).

use super::probe::VideoFacts;

/// Primaries.
const PRIMARIES: &[(&str, &str)] = &[
    ("bt709", "BT.709"),
    ("bt470m", "BT.470 M"),
    ("bt470bg", "BT.601 625"),
    ("smpte170m", "BT.601 525"),
    ("smpte240m", "SMPTE 240M"),
    ("film", "Generic film"),
    ("bt2020", "BT.2020"),
    ("smpte428", "CIE XYZ"),
    ("smpte431", "DCI-P3"),
    ("smpte432", "P3-D65"),
    ("ebu3213", "EBU 3213"),
];
/// Transfer characteristics.
const TRANSFERS: &[(&str, &str)] = &[
    ("bt709", "BT.709"),
    ("gamma22", "Gamma 2.2"),
    ("bt470m", "Gamma 2.2"),
    ("gamma28", "Gamma 2.8"),
    ("bt470bg", "Gamma 2.8"),
    ("smpte170m", "BT.601"),
    ("smpte240m", "SMPTE 240M"),
    ("linear", "Linear"),
    ("log100", "Logarithmic 100:1"),
    ("log316", "Logarithmic 316:1"),
    ("iec61966-2-4", "xvYCC"),
    ("bt1361e", "BT.1361"),
    ("iec61966-2-1", "sRGB"),
    ("bt2020-10", "BT.2020"),
    ("bt2020-12", "BT.2020"),
    ("smpte2084", "PQ"),
    ("smpte428", "SMPTE 428"),
    ("arib-std-b67", "HLG"),
];

fn word(list: &[(&str, &'static str)], name: Option<&str>) -> Option<&'static str> {
    list.iter().find(|(theirs, _)| Some(*theirs) == name).map(|(_, ours)| *ours)
}

impl VideoFacts {
    /// The primaries that the pictures are tagged with, as `color.primaries` of clip documents names them; `None` for none
    /// and for unknown ones.
    #[must_use]
    pub fn primaries_in_words(&self) -> Option<&'static str> {
        word(PRIMARIES, self.color_primaries.as_deref())
    }

    /// The transfer characteristics likewise, as `color.transfer`.
    #[must_use]
    pub fn transfer_in_words(&self) -> Option<&'static str> {
        word(TRANSFERS, self.color_transfer.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_tags() {
        let tagged = |p: &str, t: &str| VideoFacts {
            color_primaries: Some(p.into()),
            color_transfer: Some(t.into()),
            ..VideoFacts::default()
        };
        let hlg = tagged("bt2020", "arib-std-b67");
        assert_eq!((hlg.primaries_in_words(), hlg.transfer_in_words()), (Some("BT.2020"), Some("HLG")));
        let odd = tagged("none such", "");
        assert_eq!((odd.primaries_in_words(), odd.transfer_in_words()), (None, None));
        assert_eq!(VideoFacts::default().transfer_in_words(), None);
    }
}
