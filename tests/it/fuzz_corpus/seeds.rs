//! How the seeds are made: by the project's own builders and by hand, without clock or chance.

use super::{camera, timed};
use rushes::control::Request;
use rushes::engine::container::bytes::Endian;
use rushes::engine::container::dpx::DpxHeader;
use rushes::engine::container::riff::{Bext, WaveFmt, write_wave};
use rushes::engine::deliver::{
    JobFile, JobInput, MadeOutput, PlannedOutput, RESULT_SCHEMA, Recipe, StepKind, StepOutcome, StepResult,
};
use rushes::engine::encode::exr;
use rushes::engine::format::demo;
use rushes::engine::image::Frame;
use rushes::index::JournalEntry;
use rushes::model::{ClipDoc, ClipId, ClipUnit, Error, ErrorKind, JobId, Rational, Timecode};
use serde_json::json;
use std::path::Path;

/// The version that demo files name is that of the program; seeds stay the same when it changes.
const VERSION: &str = concat!("rushes ", env!("CARGO_PKG_VERSION"));

type Seeds = Vec<(String, Vec<u8>)>;

/// Targets whose seeds lie in [`camera`].
const CAMERA: [&str; 7] = ["arriraw", "avi", "cineon", "ifd", "jp2", "mpeg", "r3d"];

const CORRECTION: &str = "<ColorCorrection id=\"a&amp;b\"><SOPNode><Description>x</Description><Slope>1.1 1 .9</Slope>\
                          <Offset>-.03 0 0</Offset><Power>1.25 1 1</Power></SOPNode><SatNode><Saturation>0.7</Saturation></SatNode>\
                          </ColorCorrection>";

/// The seeds of a target by name, sorted.
pub fn of(target: &str) -> Seeds {
    let mut all = match target {
        "inspect" => {
            let all = CAMERA.iter().flat_map(|kind| camera::of(kind));
            let first = ("mxf".to_owned(), mxf_samples()[0].1.clone());
            let files = files(&["dpx-big", "dpx-little", "wav", "wav-bare", "rf64", "mov"]);
            let sheet = super::sheets::CAMERA.iter().find(|(name, _)| *name == "sony");
            let sheet = sheet.map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
            let canon = ("cr3".to_owned(), camera::cr3());
            [
                files,
                pictures(),
                all.collect(),
                vec![first, canon],
                sheet.into_iter().collect(),
                imf().into_iter().take(1).collect(),
            ]
            .concat()
        }
        "decode" => [files(&["dpx-big", "dpx-little"]), pictures(), camera::of("cineon"), camera::of("jp2")].concat(),
        kind if CAMERA.contains(&kind) => camera::of(kind),
        "camm" | "gpmf" | "rtmd" => timed::of(target),
        "frames" => {
            let mxf = mxf_samples().into_iter().filter(|(name, _)| name == "acquisition" || name == "open");
            let sheets = texts(&super::sheets::CAMERA).into_iter().filter(|(name, _)| name.ends_with("frames"));
            [timed::of(target), mxf.collect(), sheets.collect()].concat()
        }
        "mxf" => mxf_samples(),
        "imf" => imf(),
        "riff" => files(&["wav", "wav-bare", "rf64"]),
        "dpx" => files(&["dpx-big", "dpx-little", "dpx-empty"]),
        "ixml" => texts(&[
            ("recorder", &ixml()),
            ("entities", "<BWFXML><SCENE>a&amp;b&#x41;&lt;</SCENE><NOTE><![CDATA[x]]></NOTE></BWFXML>"),
            ("doctype", "<!DOCTYPE x [<!ENTITY a \"b\">]><BWFXML><TAKE>&a;</TAKE></BWFXML>"),
            ("open", "<BWFXML><SPEED><TIMECODE_RATE>30000/1001</TIMECODE_RATE><TIMECODE_FLAG>DF"),
        ]),
        "cube" => texts(&[
            ("one", "TITLE \"a\"\r\nLUT_1D_SIZE 2\r\nDOMAIN_MIN 0 0 0\r\nDOMAIN_MAX 1 2 3\r\n0 0 0\r\n1 1 1\r\n"),
            (
                "both",
                &format!("# a\nLUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE -1 3\nLUT_3D_SIZE 2\n{}", "0 .5 1e0\n".repeat(10)),
            ),
            ("large", "LUT_3D_SIZE 129\n0 0 nan\n"),
        ]),
        "cdl" => texts(&[
            (
                "list",
                &format!(
                    "<ColorDecisionList xmlns=\"urn:ASC:CDL:v1.01\"><ColorDecision>{CORRECTION}</ColorDecision></ColorDecisionList>"
                ),
            ),
            ("asc", &CORRECTION.replace("SOPNode", "ASC_SOP").replace("SatNode", "cdl:ASC_SAT")),
            ("entity", "<!DOCTYPE x [<!ENTITY a \"1\">]><ColorCorrection id=\"&a;\"/>"),
            (
                "reference",
                "<ColorDecisionList><ColorDecision><ColorCorrectionRef ref=\"a\"/></ColorDecision></ColorDecisionList>",
            ),
        ]),
        "camera" => texts(&super::sheets::CAMERA),
        "query" => texts(&[
            ("usual", "reel=A001* camera.make=ARRI tc=10:02:11:00 iso>=800\n-iso,name"),
            ("brackets", "not (codec=\"*\" or has:lens) and \"good for sound\" date<=2026-11-25\npath"),
            ("every", "circled!=no fps>23.976 timecode.start=10:* t_stop=2.8 audio.tracks[].name=boom present=no ä-b"),
            ("deep", "((((not not (a or b))))) and"),
            ("wrong", "rel=\"a\\\" or )"),
        ]),
        "timecode" => texts(&[
            ("film", "24/1,10:00:00:00"),
            ("ntsc", "30000/1001,01:00:00;02"),
            ("high", "60000/1001,23:59:59;59"),
            ("odd", "1/2,00:00:00:00"),
            ("decimal", "23.976,00:01:00:00"),
            ("count", "120/1,-10368001"),
        ]),
        "config" => configs(),
        "condition" => conditions(),
        "template" => texts(&[
            ("plain", "{show}/{reel}/{clip}\nA001C001\nA001R2EC\n12A\n3\nA\n40\nsenna\n1001"),
            ("digits", "{show}_{scene}_PL{take:02}.{frame:04}\nA\nB\n12\n3\nA\n35.5\ns\n7"),
            ("hostile", "{clip}/{reel}\n../../etc\nCON\n\n.\n~\n1e300\n/\n\\"),
            ("long", &format!("{{reel}}{{clip}}\n{}\n{}\n", "é".repeat(150), "n".repeat(200))),
            ("device", &format!("{{reel}}\n\nCON.{}\n", "a".repeat(300))),
            ("braces", "{{x}}{show:09}{\n"),
        ]),
        "paths" => vec![
            ("plain".into(), b"A001/A001C001.mov".to_vec()),
            ("odd".into(), b"a\\b\xff\n\xe2\x80\xae.mov".to_vec()),
            ("escaped".into(), b"a\\\\b\\xff\\x0a".to_vec()),
        ],
        "sequence" => sequences(),
        "journal" => journal(),
        "journal_file" => journal_files(),
        "receipts" => vec![
            ("two".into(), [receipt(), receipt()].concat().into_bytes()),
            ("cut".into(), receipt().trim_end_matches("}\n").into()),
            ("foreign".into(), format!("no receipt\n\n{}{{}}\n", receipt()).into()),
        ],
        "records" => records(),
        "job_file" => jobs(),
        "control" => control(),
        _ => Vec::new(),
    };
    all.sort();
    all
}

fn texts(list: &[(&str, &str)]) -> Seeds {
    list.iter().map(|(n, t)| ((*n).to_owned(), t.as_bytes().to_vec())).collect()
}

fn json_of(name: &str, value: &impl serde::Serialize) -> (String, Vec<u8>) {
    (name.to_owned(), serde_json::to_vec(value).unwrap())
}

fn start() -> Timecode {
    Timecode::parse("10:00:00:00", Rational::new(24_000, 1001).unwrap(), false).unwrap()
}

fn files(names: &[&str]) -> Seeds {
    let dpx = |endian| demo::dpx_frame_as(endian, 7, (4, 2), start().rate(), start(), "A001R2EC");
    let one = |name: &str| match name {
        "dpx-big" => unversioned(dpx(Endian::Big)),
        "dpx-little" => unversioned(dpx(Endian::Little)),
        "dpx-empty" => DpxHeader::new(Endian::Big).bytes().to_vec(),
        "wav" => wav(),
        "wav-bare" => write_wave(&[(*b"fmt ", &WaveFmt::pcm(2, 48_000, 16).to_bytes()), (*b"data", &[0; 8])]),
        "rf64" => rf64(),
        _ => mov(),
    };
    names.iter().map(|n| ((*n).to_owned(), one(n))).collect()
}

/// The same bytes in every version of the program.
fn unversioned(mut file: Vec<u8>) -> Vec<u8> {
    if let Some(at) = file.windows(VERSION.len()).position(|w| w == VERSION.as_bytes()) {
        file[at..at + VERSION.len()].fill(b'x');
    }
    file
}

fn ixml() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><BWFXML><IXML_VERSION>1.61</IXML_VERSION><SCENE>12A</SCENE><TAKE>3</TAKE>\
     <TAPE>S001</TAPE><CIRCLED>TRUE</CIRCLED><NOTE>2-pop</NOTE><SPEED><MASTER_SPEED>24000/1001</MASTER_SPEED>\
     <TIMECODE_RATE>24000/1001</TIMECODE_RATE><TIMECODE_FLAG>NDF</TIMECODE_FLAG>\
     <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>0</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>\
     <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>1729728000</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED>\
     <TRACK_LIST><TRACK_COUNT>2</TRACK_COUNT><TRACK><CHANNEL_INDEX>1</CHANNEL_INDEX><NAME>Boom</NAME></TRACK>\
     <TRACK><CHANNEL_INDEX>2</CHANNEL_INDEX><INTERLEAVE_INDEX>2</INTERLEAVE_INDEX><NAME>Lav</NAME></TRACK>\
     </TRACK_LIST></BWFXML>"
        .to_owned()
}

fn bext() -> Vec<u8> {
    Bext {
        description: Some("sSCENE=12A\r\nsTAKE=3\r\nsTAPE=S001\r\nsSPEED=023.976-ND\r\n".into()),
        originator: Some("rushes".into()),
        date: Some("2026-01-01".into()),
        time: Some("10:00:36".into()),
        time_reference: 1_729_728_000,
        version: 2,
        umid: Some(vec![6; 32]),
        loudness: Some([-2300, 500, -100, 0x7fff, 0x7fff]),
        coding_history: Some("A=PCM,F=48000,W=24\r\n".into()),
        ..Bext::default()
    }
    .to_bytes()
}

fn wav() -> Vec<u8> {
    let fmt = WaveFmt::pcm(2, 48_000, 24).to_bytes();
    write_wave(&[(*b"bext", &bext()), (*b"iXML", ixml().as_bytes()), (*b"fmt ", &fmt), (*b"data", &[0; 12])])
}

/// EBU Tech 3306: sizes of 32 bits are unknown, those of 64 bits lie in `ds64`.
fn rf64() -> Vec<u8> {
    let fmt = WaveFmt::pcm(1, 96_000, 24).to_bytes();
    let mut out = b"RF64\xff\xff\xff\xffWAVEds64".to_vec();
    out.extend_from_slice(&28u32.to_le_bytes());
    for n in [4 + 36 + 24 + 8 + 6u64, 6, 2] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(b"fmt \x10\0\0\0");
    out.extend_from_slice(&fmt);
    out.extend_from_slice(b"data\xff\xff\xff\xff\0\0\0\0\0\0");
    out
}

/// OpenEXR plates in every compression whose bytes do not depend on the processor, and TIFF in both byte orders.
fn pictures() -> Seeds {
    use exr::ExrCompression as Packed;
    let frame = Frame::from_samples(9, 35, (0..9 * 35 * 3).map(|n| (n % 100) as f32 / 90.0).collect()).unwrap();
    let mut doc = ClipDoc::new("A001", ClipUnit::File);
    doc.reel = Some("A001R2EC".into());
    doc.recorded.date = Some("2026-01-12T10:31:07+01:00".into());
    let stamp = rushes::engine::encode::FrameStamp {
        timecode: Some(start()),
        rate: Some(start().rate()),
        frame: 1001,
        source_frame: 0,
    };
    let space = exr::ColourSpace { chromaticities: exr::AP0, interop_id: Some("lin_ap0_scene".into()) };
    let attributes = exr::plate_attributes(&doc, &stamp, Some(&space));
    let plate = |(name, compression): (&str, Packed)| {
        let options = exr::ExrOptions { compression, attributes: attributes.clone(), aces_container: false };
        (name.to_owned(), exr::exr(&frame, &options).unwrap().bytes)
    };
    let plates = [
        ("exr-none", Packed::None),
        ("exr-zips", Packed::Zips { level: 4 }),
        ("exr-zip", Packed::Zip { level: 4 }),
        ("exr-piz", Packed::Piz),
    ];
    let mut out: Seeds = plates.into_iter().map(plate).collect();
    out.extend([("tiff-little".to_owned(), tiff(false)), ("tiff-big".to_owned(), tiff(true))]);
    out
}

/// Two rows of three pixels, uncompressed, in a strip each.
fn tiff(big: bool) -> Vec<u8> {
    let two = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let four = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let fields: [(u16, u16, u32, u32); 9] = [
        (256, 4, 1, 3),
        (257, 4, 1, 2),
        (258, 4, 1, 8),
        (259, 4, 1, 1),
        (262, 4, 1, 1),
        (273, 4, 2, 122),
        (277, 4, 1, 1),
        (278, 4, 1, 1),
        (279, 4, 2, 130),
    ];
    let mut out = [if big { b"MM\0*" } else { b"II*\0" }, &four(8)[..], &two(9)].concat();
    for (tag, kind, count, value) in fields {
        out.extend([&two(tag)[..], &two(kind), &four(count), &four(value)].concat());
    }
    out.extend(four(0));
    out.extend([138, 141, 3, 3].map(four).concat());
    out.extend([0, 51, 102, 153, 204, 255]);
    out
}

/// MXF as a camera leaves it, as it is while recording, as OP-Atom with a tape, and with acquisition metadata.
fn mxf_samples() -> Seeds {
    use rushes::engine::container::mxf::sample::Sample;
    let plain = Sample { frames: 2, duration: 2, indexed: 2, ..Sample::default() };
    let open = Sample { open: true, run_in: vec![0x55; 40], duration: -1, ..plain.clone() };
    let lost = Sample { open: true, closed: false, duration: -1, channels: 0, ..plain.clone() };
    let atom =
        Sample { pattern: [0x10, 0], clip_wrapped: true, channels: 0, tape: Some("A001".into()), ..plain.clone() };
    let lens = vec![(0x8008, vec![0x80, 0]), (0x8005, vec![0xd0, 0x23])];
    let camera = vec![(0x8114, b"F55 0012".to_vec()), (0x8108, vec![0, 0, 0x28, 0x8c])];
    let sets = Sample { acquisition: vec![([1, 1], lens), ([2, 1], camera)], ..plain.clone() };
    let all = [("plain", plain), ("open", open), ("lost", lost), ("atom", atom), ("acquisition", sets)];
    all.map(|(name, s)| (name.to_owned(), s.bytes())).into()
}

/// Documents of a package: each alone, and composition, asset map and packing list together.
fn imf() -> Seeds {
    use rushes::engine::document::imf::sample::{Play, Sample, id};
    let s = Sample::default();
    let parts =
        Play { entry: Some("8".into()), duration: Some("10".into()), repeat: Some("3".into()), ..Play::picture(48) };
    let slow = Play { rate: Some("24000 1001".into()), ..Play::picture(1001) };
    let odd = Sample {
        edition: 2020,
        rate: "60000 1001".into(),
        timecode: Some(("00:01:00:04".into(), 60, true)),
        pictures: vec![vec![parts.clone(), slow], vec![parts]],
        kind: "CDCIDescriptor".into(),
        assets: vec![(id::PICTURE.into(), "a%20b/../c.mxf".into())],
        ..s.clone()
    };
    let package = |s: &Sample| [s.composition(), s.asset_map(), s.packing_list(10, 4)].join("\0");
    texts(&[
        ("composition", &odd.composition()),
        ("asset-map", &odd.asset_map()),
        ("package", &package(&s)),
        ("package-odd", &package(&odd)),
    ])
}

/// A box of ISO/IEC 14496-12.
fn atom(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&u32::try_from(contents.len() + 8).unwrap().to_be_bytes()[..], kind, contents].concat()
}

/// A small movie: header, and one timecode track whose only sample is frame 864,000.
fn mov() -> Vec<u8> {
    let words = |list: &[u32]| list.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let file_type = atom(b"ftyp", b"qt  \0\0\0\0qt  ");
    let media_data = atom(b"mdat", &864_000u32.to_be_bytes());
    let sample_at = u32::try_from(file_type.len() + 8).unwrap();
    let mut header =
        words(&[0, 0, 0, 24_000, 48_048, 0x1_0000, 0x0100_0000, 0, 0, 0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0]);
    header.extend(words(&[0x4000_0000, 0, 0, 0, 0, 0, 0, 2]));
    let mut track = words(&[3, 0, 0, 1, 0, 48_048, 0, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]);
    track.extend(words(&[0, 0]));
    let mut entry = words(&[0, 1, 0, 0, 24_000, 1001]);
    entry.extend_from_slice(&[24, 0]);
    let description = [words(&[0, 1]), atom(b"tmcd", &entry)].concat();
    let table = [
        atom(b"stsd", &description),
        atom(b"stts", &words(&[0, 1, 1, 48_048])),
        atom(b"stsc", &words(&[0, 1, 1, 1, 1])),
        atom(b"stsz", &words(&[0, 4, 1])),
        atom(b"stco", &words(&[0, 1, sample_at])),
    ]
    .concat();
    let handler = [&words(&[0])[..], b"mhlrtmcd", &[0; 12], b"\x08rushes x"].concat();
    let media = [
        atom(b"mdhd", &words(&[0, 0, 0, 24_000, 48_048, 0x55c4_0000])),
        atom(b"hdlr", &handler),
        atom(b"minf", &atom(b"stbl", &table)),
    ]
    .concat();
    let trak = [atom(b"tkhd", &track), atom(b"mdia", &media)].concat();
    let name = atom(b"udta", &atom(b"\xa9nam", b"\0\x04\0\0reel"));
    let movie = [atom(b"mvhd", &header), atom(b"trak", &trak), name].concat();
    [file_type, media_data, atom(b"moov", &movie)].concat()
}

fn configs() -> Seeds {
    let base = "[service]\nstate_dir = \"/nonexistent/s\"\n[show.senna]\nframe_rate = \"24000/1001\"\n\
                guardrails = [\"rushes:default\", \"rushes:camera\"]\n[[folder]]\nname = \"ocf\"\nshow = \"senna\"\n\
                kind = \"camera\"\npath = \"/nonexistent/a\"\noutput = \"/nonexistent/b\"\nready = \"marker\"\n\
                marker = \"done.txt\"\nquiet = \"10s\"\nhashes = [\"md5\", \"c4\"]\nignore = [\"*.tmp\"]\nmode = \"0664\"\n\
                [[folder.rule]]\nname = \"avid\"\nwhen = 'has(timecode.start) && format.id == \"dpx\"'\nemit = [\"ale\"]\n\
                priority = \"high\"\n[recipe.by-reel]\nkind = \"sidecar\"\nformats = [\"ale\"]\nname = \"{show}/{reel}/{clip}\"\n";
    let shipped = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rushes.toml")).unwrap();
    // every commented key, live
    let keys =
        shipped.lines().map(|l| l.strip_prefix("# ").filter(|k| k.contains('=') || k.starts_with('[')).unwrap_or(l));
    let live: String = keys.flat_map(|l| [l.split("   #").next().unwrap_or(l).trim_end(), "\n"]).collect();
    vec![
        ("base".into(), base.into()),
        ("live".into(), live.into()),
        ("wrong".into(), base.replace("10s", "ten").replace("ale", "mxf").replace("senna", "s\\u001b").into()),
        ("syntax".into(), "[service\nlog = \"\n= 1\n[[folder]]\n".into()),
        (
            "dotted".into(),
            "show.a.frame_rate = \"25/1\"\nfolder = [{ name = \"x\", show = \"a\" }]\nengine.memory = \"1 GiB\"\n"
                .into(),
        ),
    ]
}

fn conditions() -> Seeds {
    texts(&[
        ("rule", "has(timecode.start) && format.id == \"dpx\""),
        ("numbers", "image.width >= 3840 || lens.focal_length_mm < 50.0 && clip.frames != 0"),
        ("text", "reel.startsWith(\"A\") && camera.make.contains('RR') && size(reel) == 8"),
        ("loops", "warnings.exists(w, w.code == \"FRAME-MISMATCH\") && audio.tracks.all(t, has(t.name))"),
        ("maps", "clip.gaps.map(g, g.last - g.first).filter(n, n > 2) == []"),
        ("ternary", "slate.circled ? 1 == 1 : int(slate.take) % 2 == 0"),
        ("in", "format.id in [\"dpx\", \"exr\"] && !(fps.project == \"24/1\")"),
        ("nested", "((((((((((((((((((((((((((((((((true))))))))))))))))))))))))))))))))"),
        ("wrong", "camera.mke == 'ARRI' && sizee(reel) > 1"),
        ("unicode", "reel == \"é\\u00e9\\n\" && show == r'\\d'"),
    ])
}

fn sequences() -> Seeds {
    texts(&[
        ("run", "A.1001.dpx\nA.1002.dpx\nA.1004.dpx\nA.mov\n"),
        ("widths", "a0099.exr\na0100.exr\na100.exr\na99.exr\na10000.exr\na1.exr\n"),
        ("versions", "shot_v001.dpx\nshot_v002.dpx\nshot_v2.0001.dpx\nshot_v2.0002.dpx\n"),
        ("odd", "-1.dpx\n-2.dpx\n.0001.dpx\n1.dpx\n2.dpx\nx.DPX\nx1.DPX\nx2.dpx\n"),
        ("long", "20260101123456789012.dpx\n000000000000000001.dpx\n000000000000000002.dpx\n"),
        ("stems", "A.[1-2].dpx\nA.1.dpx\nA.2.dpx\n"),
        (
            "package",
            "ASSETMAP.xml\nCPL_1.xml\nCPL_2.xml\nPKL_1.xml\nVOLINDEX\na.mxf\nx.0001.dpx\nA_001.R3D\nA_002.R3D\n",
        ),
    ])
}

fn journal_entries() -> Vec<JournalEntry> {
    let (job, clip) = (JobId("0123456789abcdef0123456789abcdef".into()), ClipId("c1".into()));
    let outputs = || vec![made()];
    let (show, name, content) = ("senna".to_owned(), "A001C001".to_owned(), "00ff".to_owned());
    vec![
        JournalEntry::Begun { schema: "rushes.journal/1".into(), version: "0".into() },
        JournalEntry::Commit { n: 1 },
        JournalEntry::Accepted { clip: clip.clone(), show, name, content: content.clone(), path: path(), ms: 1 },
        JournalEntry::Try { key: job.0.clone(), n: 1 },
        JournalEntry::Done {
            job: job.clone(),
            clip: clip.clone(),
            recipe_name: "json".into(),
            output: "/out".into(),
            outputs: outputs(),
            ms: 2,
        },
        JournalEntry::Quarantined { content, root: "ocf".into(), path: path(), error: error(), tries: 3, ms: -1 },
        JournalEntry::Released { root: "ocf".into(), path: path() },
        JournalEntry::Waived(serde_json::from_value(waiver()).unwrap()),
        JournalEntry::Cancelled { job, who: "op".into(), ms: 4 },
        JournalEntry::Retried { what: "quarantine".into(), who: "op".into(), ms: 5 },
    ]
}

fn journal() -> Seeds {
    let name = |e: &JournalEntry| format!("{e:?}").split([' ', '(']).next().unwrap_or_default().to_lowercase();
    journal_entries().iter().map(|e| json_of(&name(e), e)).collect()
}

fn journal_files() -> Seeds {
    let lines: Vec<String> = journal_entries().iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    let all = lines.concat();
    let cut = all[..all.len() - 7].to_owned();
    texts(&[("all", &all), ("cut", &cut), ("foreign", "no line\n\n{\"xxh64\":\"0\"}\n{\"commit\":{\"n\":9}}\n")])
}

fn path() -> rushes::model::MediaPath {
    rushes::model::MediaPath::from_text("A001/A001C001\\xff.mov").unwrap()
}

fn error() -> Error {
    Error::new(ErrorKind::Malformed, "FILE-TRUNCATED", "the file is cut off")
        .at(path().as_path())
        .offset(12)
        .fix("copy it")
}

fn made() -> MadeOutput {
    MadeOutput::new(Path::new("A001/A001C001.mov.rushes.json").into(), 12, "00")
}

fn waiver() -> serde_json::Value {
    json!({"code": "CLIP-GAP", "clip": "c1", "who": "op", "why": "approved", "when_ms": 3})
}

fn receipt() -> String {
    let r = json!({"schema": "rushes.receipt/1", "job": "j", "clip": "c", "show": "senna", "clip_name": "A001C001",
        "recipe_name": "json", "rule": "default", "outputs": [made()], "sources": [["A\\xff.mov", "00"]], "version": "0",
        "ms": 1});
    r.to_string() + "\n"
}

fn document() -> ClipDoc {
    let mut d = ClipDoc::new("A001C001", ClipUnit::File);
    d.reel = Some("A001R2EC".into());
    d.lens.focal_length_mm = Some(40.1);
    d.fps.project = Rational::new(24_000, 1001);
    d.keep("dpx", "generic.creator", "x");
    d.warn("WAV-SIZE", "made up");
    d
}

fn result() -> StepResult {
    StepResult {
        schema: RESULT_SCHEMA.to_owned(),
        id: "0123456789abcdef0123456789abcdef".into(),
        version: "0".into(),
        millis: 3,
        sandbox: String::new(),
        outcome: StepOutcome::Inspected(Box::new(document())),
        stats: None,
    }
}

fn records() -> Seeds {
    let put = |kind: char, name: &str, v: &serde_json::Value| (name.to_owned(), format!("{kind}{v}").into_bytes());
    let mut done = result();
    done.outcome = StepOutcome::Made(vec![made()]);
    let mut failed = result();
    failed.outcome = StepOutcome::Failed(error());
    vec![
        put('d', "waiver", &waiver()),
        put('f', "receipt", &serde_json::from_str(&receipt()).unwrap()),
        put('g', "document", &serde_json::to_value(document()).unwrap()),
        put('h', "fingerprint", &json!({"size": 3, "xxh128": "00", "other": {"md5": "11"}})),
        put('i', "inspected", &serde_json::to_value(result()).unwrap()),
        put('i', "made", &serde_json::to_value(done).unwrap()),
        put('i', "failed", &serde_json::to_value(failed).unwrap()),
    ]
}

fn jobs() -> Seeds {
    let id = "0123456789abcdef0123456789abcdef";
    let input =
        JobInput { root: Some(Path::new("/in").into()), path: path(), size: 3, mtime_ns: 1, xxh128: "00".into() };
    let mut inspect = JobFile::new(id, StepKind::Inspect, "A001C001", ClipUnit::File);
    inspect.inputs.push(input);
    let mut deliver = JobFile { step: StepKind::Deliver, ..inspect.clone() };
    deliver.recipe = Some(Recipe::record());
    deliver.clip = Some(Box::new(document()));
    deliver.output = Some("/out".into());
    deliver.outputs.push(PlannedOutput { path: path(), part: "json".into(), supersede: true, pattern: None });
    deliver.context.insert("show".into(), "senna".into());
    let mut small = result();
    small.outcome = StepOutcome::Failed(error());
    vec![json_of("inspect", &inspect), json_of("deliver", &deliver), json_of("result", &small)]
}

fn control() -> Seeds {
    vec![
        json_of("status", &Request::Status),
        json_of("jobs", &Request::Jobs { state: Some("done".into()), limit: Some(3) }),
        json_of("retry", &Request::Retry { what: "quarantine".into() }),
        json_of("waive", &Request::Waive { code: "CLIP-GAP".into(), clip: "A".into(), why: "é".into() }),
        json_of("rescan", &Request::Rescan { folder: None }),
        json_of("error", &rushes::control::Response::Error(error())),
        json_of("done", &rushes::control::Response::Done(rushes::control::Done::default())),
        json_of(
            "search",
            &Request::Search(rushes::control::SearchRequest {
                query: "reel=A001*".into(),
                sort: "-iso".into(),
                limit: Some(3),
                all: true,
                fields: vec!["reel".into()],
            }),
        ),
        json_of(
            "more",
            &Request::SearchMore { next: rushes::control::SearchNext { token: 1, from: 500 }, fields: Vec::new() },
        ),
        json_of(
            "hits",
            &rushes::control::Response::Hits(rushes::control::HitsPage {
                hits: vec![rushes::control::Hit::default()],
                ..Default::default()
            }),
        ),
        json_of("page", &rushes::control::Response::Jobs(rushes::control::JobsPage::default())),
    ]
}
