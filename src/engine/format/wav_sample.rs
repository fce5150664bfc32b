//! Writes the iXML document of a test recording.

use crate::model::Rational;

/// An iXML 1.61 document for one mono track: scene, take and tape; timecode rate and whether it counts
/// drop-frame; samples since midnight.
#[must_use]
pub(super) fn ixml(
    (scene, take, tape): (&str, &str, &str),
    (rate, drop): (Rational, bool),
    samples: u64,
    sample_rate: u32,
) -> String {
    let flag = if drop { "DF" } else { "NDF" };
    let (high, low) = (samples >> 32, samples & 0xffff_ffff);
    let (scene, take, tape) = (escape(scene), escape(take), escape(tape));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BWFXML><IXML_VERSION>1.61</IXML_VERSION>\
         <PROJECT>rushes demo</PROJECT><SCENE>{scene}</SCENE><TAKE>{take}</TAKE><TAPE>{tape}</TAPE>\
         <CIRCLED>TRUE</CIRCLED><NOTE>2-pop on the first frame</NOTE>\
         <SPEED><MASTER_SPEED>{rate}</MASTER_SPEED><CURRENT_SPEED>{rate}</CURRENT_SPEED>\
         <TIMECODE_RATE>{rate}</TIMECODE_RATE><TIMECODE_FLAG>{flag}</TIMECODE_FLAG>\
         <FILE_SAMPLE_RATE>{sample_rate}</FILE_SAMPLE_RATE><AUDIO_BIT_DEPTH>24</AUDIO_BIT_DEPTH>\
         <DIGITIZER_SAMPLE_RATE>{sample_rate}</DIGITIZER_SAMPLE_RATE>\
         <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>{high}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>\
         <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>{low}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>\
         <TIMESTAMP_SAMPLE_RATE>{sample_rate}</TIMESTAMP_SAMPLE_RATE></SPEED>\
         <TRACK_LIST><TRACK_COUNT>1</TRACK_COUNT><TRACK><CHANNEL_INDEX>1</CHANNEL_INDEX>\
         <INTERLEAVE_INDEX>1</INTERLEAVE_INDEX><NAME>Boom</NAME></TRACK></TRACK_LIST></BWFXML>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
