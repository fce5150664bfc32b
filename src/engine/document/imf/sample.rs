//! A small package, for fixtures: composition playlist, asset map and packing list of one picture and one sound track.

use std::fmt::Write;

/// UUIDs of the sample, without prefix.
pub mod id {
    /// The composition.
    pub const COMPOSITION: &str = "11111111-1111-4111-8111-111111111111";
    /// The picture track file.
    pub const PICTURE: &str = "22222222-2222-4222-8222-222222222222";
    /// The sound track file.
    pub const SOUND: &str = "33333333-3333-4333-8333-333333333333";
    /// The descriptor of the picture.
    pub const PICTURE_DESCRIPTOR: &str = "44444444-4444-4444-8444-444444444444";
    /// The descriptor of the sound.
    pub const SOUND_DESCRIPTOR: &str = "55555555-5555-4555-8555-555555555555";
    /// The packing list.
    pub const PACKING_LIST: &str = "66666666-6666-4666-8666-666666666666";
    /// The virtual tracks.
    pub const TRACKS: [&str; 2] = ["77777777-7777-4777-8777-777777777777", "88888888-8888-4888-8888-888888888888"];
}

/// A resource as it is written; numbers are texts so that a test can write what is none.
#[derive(Debug, Clone)]
pub struct Play {
    /// `24000 1001`; absent: that of the composition.
    pub rate: Option<String>,
    /// Edit units of the track file.
    pub intrinsic: String,
    /// `EntryPoint`.
    pub entry: Option<String>,
    /// `SourceDuration`.
    pub duration: Option<String>,
    /// `RepeatCount`.
    pub repeat: Option<String>,
    /// UUID of the track file.
    pub file: String,
}

impl Play {
    /// All of a picture track file of this many edit units.
    #[must_use]
    pub fn picture(units: u64) -> Self {
        let file = id::PICTURE.to_owned();
        Self { rate: None, intrinsic: units.to_string(), entry: None, duration: None, repeat: None, file }
    }

    fn xml(&self, n: usize, encoding: &str) -> String {
        let part = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |v| format!("<{name}>{v}</{name}>"))
        };
        format!(
            "<Resource xsi:type=\"TrackFileResourceType\"><Id>urn:uuid:99999999-9999-4999-8999-{n:012}</Id>{}\
             <IntrinsicDuration>{}</IntrinsicDuration>{}{}{}<SourceEncoding>urn:uuid:{encoding}</SourceEncoding>\
             <TrackFileId>urn:uuid:{}</TrackFileId></Resource>\n",
            part("EditRate", &self.rate),
            self.intrinsic,
            part("EntryPoint", &self.entry),
            part("SourceDuration", &self.duration),
            part("RepeatCount", &self.repeat),
            self.file
        )
    }
}

/// What the package says. Change what a test is about.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Edition of ST 2067-3: 2013, 2016 or 2020.
    pub edition: u32,
    /// Edit rate as written.
    pub rate: String,
    /// Start, frames in a second and drop-frame of the timecode.
    pub timecode: Option<(String, u32, bool)>,
    /// The picture of each segment.
    pub pictures: Vec<Vec<Play>>,
    /// Samples of the sound, in the first segment.
    pub samples: Option<u64>,
    /// Local name of the picture's descriptor.
    pub kind: String,
    /// Properties of the picture's descriptor as RegXML, all in one name space.
    pub picture: String,
    /// UUID and path of further assets of the asset map.
    pub assets: Vec<(String, String)>,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            edition: 2016,
            rate: "24 1".into(),
            timecode: Some(("01:00:00:00".into(), 24, false)),
            pictures: vec![vec![Play::picture(48)]],
            samples: Some(96_000),
            kind: "RGBADescriptor".into(),
            picture: PICTURE.into(),
            assets: Vec::new(),
        }
    }
}

/// 2048 x 1080, progressive, JPEG 2000 of 12 bits, full-range P3.
const PICTURE: &str = "<r:SampleRate>24/1</r:SampleRate><r:FrameLayout>FullFrame</r:FrameLayout>\
<r:StoredWidth>2048</r:StoredWidth><r:StoredHeight>1080</r:StoredHeight>\
<r:ImageAspectRatio>256/135</r:ImageAspectRatio>\
<r:PictureCompression>urn:smpte:ul:060e2b34.0401010d.04010202.03010219</r:PictureCompression>\
<r:TransferCharacteristic>urn:smpte:ul:060e2b34.0401010d.04010101.010c0000</r:TransferCharacteristic>\
<r:ColorPrimaries>urn:smpte:ul:060e2b34.0401010d.04010101.03060000</r:ColorPrimaries>\
<r:ComponentMinRef>0</r:ComponentMinRef><r:ComponentMaxRef>4095</r:ComponentMaxRef>\
<r:PixelLayout><r:RGBAComponent><r:Code>CompRed</r:Code><r:ComponentSize>12</r:ComponentSize></r:RGBAComponent>\
<r:RGBAComponent><r:Code>CompGreen</r:Code><r:ComponentSize>12</r:ComponentSize></r:RGBAComponent>\
<r:RGBAComponent><r:Code>CompBlue</r:Code><r:ComponentSize>12</r:ComponentSize></r:RGBAComponent>\
<r:RGBAComponent><r:Code>CompNull</r:Code><r:ComponentSize>0</r:ComponentSize></r:RGBAComponent></r:PixelLayout>";

const SOUND: &str = "<r:WAVEPCMDescriptor xmlns:r=\"http://www.smpte-ra.org/reg/335/2012\"><r:SubDescriptors>\
<r:AudioChannelLabelSubDescriptor><r:MCATagName>Left</r:MCATagName><r:MCAChannelID>1</r:MCAChannelID>\
</r:AudioChannelLabelSubDescriptor><r:AudioChannelLabelSubDescriptor><r:MCATagSymbol>chR</r:MCATagSymbol>\
<r:MCAChannelID>2</r:MCAChannelID></r:AudioChannelLabelSubDescriptor></r:SubDescriptors>\
<r:AudioSampleRate>48000/1</r:AudioSampleRate><r:ChannelCount>2</r:ChannelCount>\
<r:QuantizationBits>24</r:QuantizationBits></r:WAVEPCMDescriptor>";

impl Sample {
    /// The composition playlist.
    #[must_use]
    pub fn composition(&self) -> String {
        let (space, core) = match self.edition {
            2020 => {
                ("http://www.smpte-ra.org/ns/2067-3/2020".to_owned(), "http://www.smpte-ra.org/ns/2067-2/2020".into())
            }
            year => {
                let of = |part| format!("http://www.smpte-ra.org/schemas/2067-{part}/{year}");
                (of(3), of(2))
            }
        };
        let timecode = self.timecode.as_ref().map_or_else(String::new, |(start, rate, drop)| {
            format!(
                "<CompositionTimecode><TimecodeDropFrame>{drop}</TimecodeDropFrame><TimecodeRate>{rate}</TimecodeRate>\
                 <TimecodeStartAddress>{start}</TimecodeStartAddress></CompositionTimecode>\n"
            )
        });
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made for tests -->\n<CompositionPlaylist xmlns=\"{space}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Id>urn:uuid:{}</Id>\n\
             <IssueDate>2026-01-12T10:00:00Z</IssueDate><Issuer>A &amp; B</Issuer>\
             <ContentTitle>Senna</ContentTitle><ContentKind>feature</ContentKind>\n<EssenceDescriptorList>\
             <EssenceDescriptor><Id>urn:uuid:{}</Id><r:{kind} xmlns:r=\"http://www.smpte-ra.org/reg/335/2012\">{}</r:{kind}>\
             </EssenceDescriptor>\n<EssenceDescriptor><Id>urn:uuid:{}</Id>{SOUND}</EssenceDescriptor>\
             </EssenceDescriptorList>\n{timecode}<EditRate>{}</EditRate>\n<SegmentList>{}</SegmentList>\
             </CompositionPlaylist>\n",
            id::COMPOSITION,
            id::PICTURE_DESCRIPTOR,
            self.picture,
            id::SOUND_DESCRIPTOR,
            self.rate,
            self.segments(core),
            kind = self.kind,
        )
    }

    fn segments(&self, core: String) -> String {
        let [image, audio] = id::TRACKS;
        let mut out = String::new();
        for (n, plays) in self.pictures.iter().enumerate() {
            let list: String = plays.iter().enumerate().map(|(i, p)| p.xml(i, id::PICTURE_DESCRIPTOR)).collect();
            let sound = self.samples.filter(|_| n == 0).map_or_else(String::new, |samples| {
                let play = Play { rate: Some("48000 1".into()), file: id::SOUND.into(), ..Play::picture(samples) };
                let play = play.xml(999, id::SOUND_DESCRIPTOR);
                format!(
                    "<cc:MainAudioSequence><TrackId>urn:uuid:{audio}</TrackId><ResourceList>{play}</ResourceList>\
                     </cc:MainAudioSequence>"
                )
            });
            let _ = write!(
                out,
                "<Segment><SequenceList xmlns:cc=\"{core}\"><cc:MainImageSequence><TrackId>urn:uuid:{image}</TrackId>\
                 <ResourceList>{list}</ResourceList></cc:MainImageSequence>{sound}</SequenceList></Segment>"
            );
        }
        out
    }

    /// The asset map.
    #[must_use]
    pub fn asset_map(&self) -> String {
        let own = [
            (id::COMPOSITION, "CPL_1.xml", ""),
            (id::PACKING_LIST, "PKL_1.xml", "<PackingList>true</PackingList>"),
            (id::PICTURE, "picture.mxf", ""),
            (id::SOUND, "sound.mxf", ""),
        ];
        let more = self.assets.iter().map(|(id, path)| (id.as_str(), path.as_str(), ""));
        let asset = |(id, path, list): (&str, &str, &str)| {
            format!(
                "<Asset><Id>urn:uuid:{id}</Id>{list}<ChunkList><Chunk><Path>{path}</Path></Chunk></ChunkList></Asset>\n"
            )
        };
        let assets: String = own.into_iter().chain(more).map(asset).collect();
        format!(
            "<?xml version=\"1.0\"?>\n<AssetMap xmlns=\"http://www.smpte-ra.org/schemas/429-9/2007/AM\">\
             <VolumeCount>1</VolumeCount><AssetList>\n{assets}</AssetList></AssetMap>\n"
        )
    }

    /// The packing list of track files with these sizes.
    #[must_use]
    pub fn packing_list(&self, picture: usize, sound: usize) -> String {
        let asset = |id, size| format!("<Asset><Id>urn:uuid:{id}</Id><Hash>AA==</Hash><Size>{size}</Size></Asset>");
        format!(
            "<PackingList xmlns=\"http://www.smpte-ra.org/schemas/2067-2/2016/PKL\"><Id>urn:uuid:{}</Id><AssetList>{}{}\
             </AssetList></PackingList>\n",
            id::PACKING_LIST,
            asset(id::PICTURE, picture),
            asset(id::SOUND, sound)
        )
    }

    /// Every file by name; the track files are a few bytes that are no MXF.
    #[must_use]
    pub fn package(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (picture, sound) = (b"no essence".to_vec(), b"none".to_vec());
        vec![
            ("CPL_1.xml", self.composition().into_bytes()),
            ("ASSETMAP.xml", self.asset_map().into_bytes()),
            ("VOLINDEX.xml", b"<VolumeIndex><Index>1</Index></VolumeIndex>".to_vec()),
            ("PKL_1.xml", self.packing_list(picture.len(), sound.len()).into_bytes()),
            ("picture.mxf", picture),
            ("sound.mxf", sound),
        ]
    }
}
