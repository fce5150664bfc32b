//! Fixtures of each kind, cut and changed.

use super::*;

fn sheet(bytes: impl AsRef<[u8]>) -> Sheet {
    read(bytes.as_ref(), &Limits::default()).unwrap().unwrap()
}

fn shown(s: &Sheet, field: &str) -> String {
    s.get(field).map_or_else(|| "-".into(), |v| serde_json::to_string(v).unwrap().trim_matches('"').to_owned())
}

fn check(s: &Sheet, want: &[(&str, &str)]) {
    for (field, value) in want {
        assert_eq!(shown(s, field), *value, "{field} of {:?}", s.kind);
    }
}

/// Every cut and every changed byte is an answer, and only whole lines are taken for a table.
fn battered(bytes: &[u8]) {
    let limits = Limits::default();
    for n in 0..bytes.len() {
        let _ = read(&bytes[..n], &limits);
        let mut b = bytes.to_vec();
        for change in [1, 0x80, b[n] ^ b'"', b[n] ^ b'\n'] {
            b[n] ^= change;
            let _ = read(&b, &limits);
        }
    }
}

const SONY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.10" lastUpdate="2021-07-16T11:46:47-08:00">
<TargetMaterial umidRef="060A2B34"/><Duration value="588"/>
<LtcChangeTable tcFps="30" halfStep="false"><LtcChange frameCount="0" value="44410200" status="increment"/>
<LtcChange frameCount="587" value="06294716" status="end"/></LtcChangeTable>
<CreationDate value="2021-07-16T11:46:22-08:00"/>
<VideoFormat><VideoFrame videoCodec="X-OCN &amp; co" captureFps="59.94p" formatFps="29.97p"/>
<VideoLayout pixel="5674" numOfVerticalLine="3192" pixelAspect="1:1"/></VideoFormat>
<AudioFormat numOfChannel="4"><AudioRecPort audioCodec="LPCM24" samplingRate="48000"/></AudioFormat>
<Device manufacturer="Sony" modelName="AXS-R7" serialNo="00010604"><Element software="6.00"/></Device>
<Camera manufacturer="Sony" modelName="MPC-3610" serialNo="0010201"><Element software="6.10"/></Camera>
<Lens manufacturer="" modelName="S7i-32   "/>
<AcquisitionRecord><Group name="LensUnitMetadataSet"><Item name="AnamorphicLensSqueezeRatio" value="180"/></Group>
<Group name="CameraUnitMetadataSet"><Item name="ExposureIndexOfPhotoMeter" value="250"/>
<Item name="ShutterSpeedAngle" value="10380"/><Item name="ISOSensitivity" value="500"/><Item name="New" value="x"/></Group>
</AcquisitionRecord>
<UserDescriptiveMetadata><Meta name="CameraIndex" content="D"/><Meta name="Scene" content=""/></UserDescriptiveMetadata>
</NonRealTimeMeta>"#;

#[test]
fn sony_camera_and_recorder_are_told_apart() {
    let s = sheet(SONY);
    check(
        &s,
        &[
            ("camera.model", "MPC-3610"),
            ("camera.serial", "0010201"),
            ("camera.firmware", "6.10"),
            ("camera.index", "D"),
            ("timecode.start", "00:02:41;04"),
            ("timecode.rate", "30000/1001"),
            ("timecode.drop", "true"),
            ("fps.project", "30000/1001"),
            ("fps.sensor", "60000/1001"),
            ("clip.frames", "588"),
            ("image.width", "5674"),
            ("format.codec", "X-OCN & co"),
            ("audio.bit_depth", "24"),
            ("lens.model", "S7i-32"),
            ("lens.make", "-"),
            ("lens.squeeze", "1.8"),
            ("exposure.iso", "250"),
            ("exposure.shutter_angle", "173.0"),
            ("slate.scene", "-"),
            ("recorded.date", "2021-07-16T11:46:22-08:00"),
        ],
    );
    assert_eq!(s.raw("Device@modelName"), Some("AXS-R7"));
    assert_eq!(s.unknown, ["CameraUnitMetadataSet/New"]);
    let alone =
        sheet(SONY.replace("<Camera ", "<Other ").replace("</Camera>", "</Other>").replace("00010604", "4294967295"));
    check(&alone, &[("camera.model", "AXS-R7"), ("camera.serial", "-")]);
    let half = sheet(SONY.replace("halfStep=\"false\"", "halfStep=\"true\""));
    check(&half, &[("timecode.start", "-"), ("timecode.rate", "-")]);
    let cut = read(&SONY.as_bytes()[..700], &Limits::default()).unwrap_err();
    assert_eq!(cut.code, "FILE-TRUNCATED", "{cut}");
    battered(SONY.as_bytes());
}

#[test]
fn xml_that_means_harm() {
    let doctype = SONY.replace("<NonRealTimeMeta ", "<!DOCTYPE x [<!ENTITY a 'b'>]><NonRealTimeMeta ");
    assert_eq!(read(doctype.as_bytes(), &Limits::default()).unwrap_err().code, "FILE-MALFORMED");
    let deep = format!("<NonRealTimeMeta>{}", "<a>".repeat(1000));
    assert_eq!(read(deep.as_bytes(), &Limits::default()).unwrap_err().code, "LIMIT-SIZE");
    let many = format!("<NonRealTimeMeta>{}", "<a/>".repeat(200_000));
    assert_eq!(read(many.as_bytes(), &Limits::default()).unwrap_err().code, "LIMIT-SIZE");
}

/// A hundred thousand names are read in the time of their length, not of its square.
#[test]
fn many_names_are_no_burden() {
    let begun = std::time::Instant::now();
    let items: String = (0..99_000).map(|n| format!("<Meta name=\"n{n}\" content=\"\"/>")).collect();
    assert_eq!(sheet(format!("<NonRealTimeMeta>{items}</NonRealTimeMeta>")).raw.len(), 99_000);
    let lines: String = (0..99_000).map(|n| format!("k{n}: v\n")).collect();
    assert_eq!(sheet(format!("Clip Metadata\n{lines}")).unknown.len(), 99_000);
    let names: String = (0..99_000).map(|n| format!(",c{n}")).collect();
    let cells = ",1".repeat(99_000);
    assert_eq!(sheet(format!("FrameNo,Timecode{names}\n0,1:2:3:4{cells}\n")).raw.len(), 99_002);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// The line of names and one line of values.
fn table(cells: &[(&str, &str)], delimiter: &str) -> String {
    let join = |f: fn(&(&str, &str)) -> String| cells.iter().map(f).collect::<Vec<_>>().join(delimiter);
    format!("{}\r\n{}\r\n", join(|c| c.0.to_owned()), join(|c| c.1.to_owned()))
}

#[test]
fn red_names_that_come_twice() {
    let text = table(
        &[
            ("Clip Name", "A001_C066_0303LZ"),
            ("ReelID", "001"),
            ("AltReelID", "A001_C066"),
            ("Date", "20220303"),
            ("Timestamp", "132146"),
            ("FPS", "23.976"),
            ("Abs TC", "23:17:21:08"),
            ("Shutter (deg)", "180"),
            ("Aperture", "T5.6"),
            ("Focal Length", "40mm"),
            ("Focus Distance", "410mm"),
            ("Lens", ""),
            ("Lens Name", "\"40mm, T1.5\"\" FF\""),
            ("Lens", "written on the slate"),
            ("Aperture", "F8"),
            ("Focal Length", ""),
            ("CDL Enabled:", "true"),
            ("CDL Slope: Red", "1.1"),
            ("CDL Slope: Green", "1"),
            ("CDL Slope: Blue", "0.9"),
            ("New", "1"),
        ],
        ",",
    );
    let s = sheet(&text);
    check(
        &s,
        &[
            ("clip.name", "A001_C066_0303LZ"),
            ("camera.make", "RED"),
            ("reel", "A001_C066"),
            ("recorded.date", "2022-03-03T13:21:46"),
            ("timecode.start", "23:17:21:08"),
            ("timecode.rate", "24000/1001"),
            ("lens.t_stop", "5.6"),
            ("lens.focal_length_mm", "40.0"),
            ("lens.focus_m", "0.41"),
            ("color.cdl.slope", "[1.1,1.0,0.9]"),
        ],
    );
    assert_eq!(s.get("lens.model"), Some(&CameraValue::Text("40mm, T1.5\" FF".into())));
    assert_eq!((s.raw("Lens"), s.raw("Lens#2")), (Some(""), Some("written on the slate")));
    assert_eq!(s.unknown, ["New"]);
    check(
        &sheet(text.replace("T5.6", "F5.6").replace("true", "false")),
        &[("lens.t_stop", "-"), ("color.cdl.slope", "-")],
    );
    battered(text.as_bytes());
    let e = read("Clip Name,ReelID,Abs TC,FPS\na,b\n".as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(e.code, "FILE-TRUNCATED");
    let frames = "FrameNo,Timecode,Timestamp,Aperture,Focus Distance,Focal Length\n0,23:17:21:08,,5.6,410,40\n1,23:17:21:09,,5.6,420,40\n";
    check(&sheet(frames), &[("clip.frames", "2"), ("lens.focus_m", "0.41"), ("timecode.start", "23:17:21:08")]);
}

#[test]
fn arri_frames() {
    let text = table(
        &[
            ("Index", "0"),
            ("Master TC", "13:36:49:07"),
            ("Reel", "B001R1ZA"),
            ("Scene", "no scene name"),
            ("Take", "n.a."),
            ("Camera Family", "ALEXALF"),
            ("Camera Serial Number", "2566"),
            ("System Image Creation Date", "2018/03/27"),
            ("System Image Creation Time", "12:36:51"),
            ("System Image Timezone Offset", "UTC+01:00"),
            ("System Image Timezone DST", "00:00"),
            ("Exposure Time", "20.000 ms"),
            ("Master TC", "13:36:49:07"),
            ("Master TC Drop Frame", "no"),
            ("Master TC Time Base", "24.000"),
            ("White Balance CC", "  -2 "),
            ("Look Burned In", "No"),
            ("CDL Slope R", "1.0"),
            ("CDL Mode", "--"),
            ("Lens Distance Unit", "Feet"),
            ("Lens Focus Distance", "10"),
            ("Lens Iris", "1.4 + 7/10"),
            ("Lens Linear Iris", "2667"),
        ],
        "\t",
    );
    let s = sheet(&text);
    check(
        &s,
        &[
            ("reel", "B001R1ZA"),
            ("slate.scene", "-"),
            ("slate.take", "-"),
            ("camera.make", "ARRI"),
            ("camera.serial", "2566"),
            ("recorded.date", "2018-03-27T12:36:51+01:00"),
            ("timecode.start", "13:36:49:07"),
            ("timecode.rate", "24/1"),
            ("timecode.drop", "false"),
            ("exposure.shutter_s", "0.02"),
            ("exposure.tint", "-2.0"),
            ("color.look_baked", "false"),
            ("color.cdl.slope", "-"),
            ("lens.focus_m", "3.048"),
            ("lens.t_stop", "1.78"),
            ("clip.frames", "1"),
        ],
    );
    assert!(s.unknown.is_empty(), "{:?}", s.unknown);
    check(&sheet(text.replace("2667", "--")), &[("lens.t_stop", "1.8")]);
    check(&sheet(text.replace("\t00:00\t", "\t01:00\t")), &[("recorded.date", "2018-03-27T12:36:51")]);
    battered(text.as_bytes());
}

#[test]
fn canon_units() {
    let clip = table(
        &[
            ("SceneNumber", ""),
            ("ShotNumber", "A001C001"),
            ("ReelNumber", "1"),
            ("CreationTime", "2021/12/31 23:01"),
            ("Timescale", "30000"),
            ("Duration", "135135"),
            ("Width", "65535"),
            ("AudioSampleSize", "24"),
        ],
        ",",
    );
    check(
        &sheet(&clip),
        &[
            ("clip.name", "A001C001"),
            ("clip.duration_s", "4.5045"),
            ("recorded.date", "2021-12-31T23:01"),
            ("image.width", "-"),
            ("audio.bit_depth", "24"),
        ],
    );
    let frames = table(
        &[
            ("Timecode", "0:00:00:00"),
            ("Record_Date_Year", "2022"),
            ("Record_Date_Month", "1"),
            ("Record_Date_Day", "1"),
            ("Record_Time_Hour", "0"),
            ("Record_Time_Minute", "1"),
            ("Record_Time_Second", "46"),
            ("FocalLength", "180/10"),
            ("ElectricZoom", "65535/65535"),
            ("ApertureNumber", "45/10"),
            ("PhotographicSensitivity", "2147485248/1"),
            ("ApertureMode", "2"),
            ("ColorTemperature", "5600"),
        ],
        ",",
    );
    check(
        &sheet(&frames),
        &[
            ("exposure.iso", "1600"),
            ("lens.t_stop", "4.5"),
            ("lens.focal_length_mm", "18.0"),
            ("exposure.white_balance_k", "5600"),
            ("recorded.date", "2022-01-01T00:01:46"),
            ("timecode.start", "00:00:00:00"),
        ],
    );
    check(&sheet(frames.replace(",2,5600", ",1,5600")), &[("lens.t_stop", "-")]);
    battered(clip.as_bytes());
    battered(frames.as_bytes());
}

#[test]
fn blackmagic_rates_and_squeeze() {
    let text = "\r\nClip Metadata\r\nmanufacturer: Blackmagic Design\r\ncamera_id: 7ef3\r\nanalog_gain: 1\r\ncrop_size: 5120,4272,\r\n\
        format_frame_rate: 1572864\r\nshutter_type: Angle\r\nanamorphic: 2x\r\nanamorphic_enable: 1\r\ngood_take: false\r\n\
        date_recorded: 2021:04:19\r\n\r\nFrame 0 Metadata\r\nsensor_rate: 48,1,\r\nshutter_value: 180\u{b0}\r\nanalog_gain: 1\r\n\
        aperture: T2.3\r\ndistance: 991mm\r\niso: 800\r\nFrame 1 Metadata\r\niso: 1600\r\n";
    let s = sheet(text);
    check(
        &s,
        &[
            ("camera.make", "Blackmagic Design"),
            ("camera.serial", "7ef3"),
            ("fps.project", "24/1"),
            ("fps.sensor", "48/1"),
            ("image.height", "4272"),
            ("exposure.shutter_angle", "180.0"),
            ("lens.squeeze", "2.0"),
            ("lens.t_stop", "2.3"),
            ("lens.focus_m", "0.991"),
            ("exposure.iso", "800"),
            ("slate.circled", "false"),
            ("recorded.date", "2021-04-19"),
        ],
    );
    assert!(s.unknown.is_empty(), "{:?}", s.unknown);
    check(&sheet(text.replace("enable: 1", "enable: 0")), &[("lens.squeeze", "1.0")]);
    check(&sheet(text.replace("iso: 800", "iso: x")), &[("exposure.iso", "-")]);
    battered(text.as_bytes());
    // the degree sign of Latin-1
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    check(&sheet(latin), &[("exposure.shutter_angle", "180.0")]);
}

#[test]
fn sony_viewer_in_feet_and_tenths() {
    let text = "\"Timecode\",\"Clip Name\",\"Lens Model\",\"Lens Serial\",\"Focal Length (mm)\",\"Aperture\",\"Focus Distance (ft)\",\"Camera Model\"\n\
        \"16:47:04:19\",\"D001C005\",\"7032.0100\",\"\",\"32\",\"T 2 3/10\",\"10\",\"MPC-3610\"\n\n";
    let s = sheet(text);
    check(
        &s,
        &[("lens.t_stop", "2.22"), ("lens.focus_m", "3.048"), ("clip.frames", "1"), ("camera.model", "MPC-3610")],
    );
    battered(text.as_bytes());
}

#[test]
fn stops() {
    for (t, want) in [
        ("1.4 + 7/10", Some(1.8)),
        ("2 3/10", Some(2.22)),
        ("2.8", Some(2.83)),
        ("5.6", Some(5.66)),
        ("3.2", Some(3.2)),
        ("3.2 1/10", None),
        ("2 11/10", None),
        ("2 3/10 x", None),
        ("", None),
        ("0", None),
    ] {
        assert_eq!(values::stop_and_tenths(t), want, "{t}");
    }
}

#[test]
fn other_files_are_none() {
    for other in ["", "a,b\n1,2\n", "<x/>", "Clip Name,FPS\n", "\u{feff}"] {
        assert!(read(other.as_bytes(), &Limits::default()).unwrap().is_none(), "{other}");
    }
    let bom = format!("\u{feff}{SONY}");
    assert!(read(bom.as_bytes(), &Limits::default()).unwrap().is_some());
}

const ARRI_JSON: &str = r#"{"arriJsonHeader":{"software":"ART CMD"},
"clipBasedMetadataSets":[
 {"metadataSetName":"Clip Info","metadataSetPayload":{"clipDuration":2,"clipCreationTime":"2022-10-19T17:22:36.000Z"}},
 {"metadataSetName":"Project Rate","metadataSetPayload":{"dropframe":false,"timebase":"24"}},
 {"metadataSetName":"Image Size","metadataSetPayload":{"displayRect":{"left":0,"top":21,"width":4448,"height":3096},
  "storedSize":{"width":4608,"height":3164}}},
 {"metadataSetName":"Color","metadataSetPayload":{"lookApplied":false,"cdl":{"cdlSaturation":0.9,
  "cdlSlope":{"r":1.1,"g":1.0,"b":1.0},"cdlOffset":{"r":0.0,"g":0.0,"b":0.0},"cdlPower":{"r":1.0,"g":1.0,"b":1.0}}}}],
"descriptiveMetadataSets":[
 {"metadataSetName":"Camera Device","metadataSetPayload":{"cameraModel":"ARRI ALEXA 35","cameraSerialNumber":"50280"}},
 {"metadataSetName":"Slate Info","metadataSetPayload":{"clipName":"A_0005C002","reelName":"A_0005","cameraIndex":"A_",
  "scene":"n.a.","circleTake":true}},
 {"metadataSetName":"Lens Device","metadataSetPayload":{"lensModel":"SP40","lensSerialNumber":"0","lensSqueezeFactor":"1000/1000"}},
 {"metadataSetName":"Newest Set","metadataSetPayload":{"thing":[1,2]}}],
"frameBasedMetadata":{"schemaUris":[],"frames":[
 {"frameNo":0,"timecode":"17:22:55:20","frameBasedMetadataSets":{
  "Sensor State":{"exposureTime":"1/48","exposureIndex":800,"sensorSampleRate":"24000/1000"},
  "Filter":{"ndFilterDensity":1.7999999523162842},"Checksum Dynamic":null,
  "Lens State":{"lensFocalLength":40000,"lensFocusDistanceMetric":-1,"lensIris":2667}}},
 {"frameNo":1,"timecode":"17:22:55:21"}]}}"#;

#[test]
fn the_json_of_arri() {
    let s = sheet(ARRI_JSON);
    check(
        &s,
        &[
            ("camera.make", "ARRI"),
            ("camera.model", "ALEXA 35"),
            ("camera.index", "A"),
            ("clip.name", "A_0005C002"),
            ("clip.frames", "2"),
            ("recorded.date", "2022-10-19T17:22:36Z"),
            ("timecode.start", "17:22:55:20"),
            ("timecode.rate", "24/1"),
            ("fps.sensor", "24/1"),
            ("exposure.iso", "800"),
            ("exposure.shutter_angle", "180.0"),
            ("exposure.nd", "1.8"),
            ("lens.focal_length_mm", "40.0"),
            ("lens.focus_m", "-"),
            ("lens.t_stop", "1.78"),
            ("lens.serial", "-"),
            ("slate.scene", "-"),
            ("slate.circled", "true"),
            ("image.active.y", "21"),
            ("color.cdl.slope", "[1.1,1.0,1.0]"),
            ("color.cdl.saturation", "0.9"),
        ],
    );
    assert_eq!(s.unknown, ["Newest Set.thing[0]", "Newest Set.thing[1]"]);
    battered(ARRI_JSON.as_bytes());
    let deep = format!("{}{}", r#"{"arriJsonHeader":"#, "[".repeat(100_000));
    assert_eq!(read(deep.as_bytes(), &Limits::default()).unwrap_err().code, "FILE-MALFORMED");
}

const ALE: &str = "Heading\r\nFIELD_DELIM\tTABS\tVIDEO_FORMAT\t1080\tFPS\t23.98\r\n\r\nColumn\r\n\
    Name\tTape\tStart\tScene\tTake\tASC_SOP\tASC_SAT\tSource File Path\tOdd\r\n\r\nData\r\n\
    19A-1\tA001\t04:00:00:00\t19A\t1\t\t0.5\tY:\\\\x\\\\A001C001_210101.mov\tx\r\n\
    19A-2\tA001\t04:00:46:16\t19A\t2\t(1.1 1 1)(0,0,0) (1 1 1)\t0.9\tA001C002_210101.mov\r\n";

#[test]
fn a_line_of_a_list() {
    let of = |clip: &str| list::of_clip(ALE.as_bytes(), clip, &Limits::default()).unwrap();
    let s = of("a001c001_210101").unwrap();
    check(
        &s,
        &[("reel", "A001"), ("slate.take", "1"), ("timecode.start", "04:00:00:00"), ("timecode.rate", "24000/1001")],
    );
    assert_eq!((s.raw("Odd"), s.get("color.cdl.saturation"), s.unknown.len()), (Some("x"), None, 0));
    let s = of("A001C002_210101").unwrap();
    check(&s, &[("color.cdl.slope", "[1.1,1.0,1.0]"), ("color.cdl.saturation", "0.9"), ("slate.take", "2")]);
    assert!(of("19A-2").is_some() && of("A001").is_none() && of("").is_none());
    assert!(list::of_clip(b"Heading\n", "x", &Limits::default()).is_err());
    for n in 0..ALE.len() {
        let _ = list::of_clip(&ALE.as_bytes()[..n], "19A-2", &Limits::default());
        let mut b = ALE.as_bytes().to_vec();
        for change in [1, 0x80, b'\t' ^ b[n]] {
            b[n] ^= change;
            let _ = list::of_clip(&b, "19A-2", &Limits::default());
        }
    }
}
