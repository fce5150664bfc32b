//! The fields of `rushes.clip/1` that conditions and name templates may speak of.
//!
//! A test fills a whole [`crate::model::ClipDoc`] and compares: a field added to the model without a
//! line here fails it.

/// Whether a field holds one value, a list, or a named group of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Text.
    Text,
    /// A whole number or a decimal.
    Number,
    /// True or false.
    Bool,
    /// A list; its items' fields are listed as `name[].field`.
    List,
    /// A group of fields.
    Group,
}
use FieldType::{Bool, Group, List, Number, Text};

/// Every field by its dotted name; items of a list have `[]` after the list's name.
pub const FIELDS: &[(&str, FieldType)] = &[
    ("schema", Text),
    ("show", Text),
    ("folder", Text),
    ("clip", Group),
    ("clip.id", Text),
    ("clip.name", Text),
    ("clip.unit", Text),
    ("clip.frames", Number),
    ("clip.duration_s", Number),
    ("clip.first_frame", Number),
    ("clip.gaps", List),
    ("clip.gaps[].first", Number),
    ("clip.gaps[].last", Number),
    ("clip.uuid", Text),
    ("clip.umid", Text),
    ("format", Group),
    ("format.id", Text),
    ("format.container", Text),
    ("format.codec", Text),
    ("format.bit_depth", Number),
    ("format.compression", Text),
    ("format.decodable", Bool),
    ("camera", Group),
    ("camera.make", Text),
    ("camera.model", Text),
    ("camera.serial", Text),
    ("camera.firmware", Text),
    ("camera.index", Text),
    ("reel", Text),
    ("slate", Group),
    ("slate.scene", Text),
    ("slate.shot", Text),
    ("slate.take", Text),
    ("slate.circled", Bool),
    ("slate.note", Text),
    ("timecode", Group),
    ("timecode.start", Text),
    ("timecode.end", Text),
    ("timecode.rate", Text),
    ("timecode.drop", Bool),
    ("fps", Group),
    ("fps.project", Text),
    ("fps.sensor", Text),
    ("exposure", Group),
    ("exposure.iso", Number),
    ("exposure.shutter_angle", Number),
    ("exposure.shutter_s", Number),
    ("exposure.nd", Text),
    ("exposure.white_balance_k", Number),
    ("exposure.tint", Number),
    ("lens", Group),
    ("lens.make", Text),
    ("lens.model", Text),
    ("lens.serial", Text),
    ("lens.focal_length_mm", Number),
    ("lens.t_stop", Number),
    ("lens.focus_m", Number),
    ("lens.squeeze", Number),
    ("image", Group),
    ("image.width", Number),
    ("image.height", Number),
    ("image.active", Group),
    ("image.active.x", Number),
    ("image.active.y", Number),
    ("image.active.width", Number),
    ("image.active.height", Number),
    ("image.pixel_aspect", Number),
    ("image.orientation", Number),
    ("image.scan", Text),
    ("image.frame_guides", List),
    ("image.frame_guides[].name", Text),
    ("image.frame_guides[].x", Number),
    ("image.frame_guides[].y", Number),
    ("image.frame_guides[].width", Number),
    ("image.frame_guides[].height", Number),
    ("color", Group),
    ("color.space", Text),
    ("color.primaries", Text),
    ("color.transfer", Text),
    ("color.matrix", Text),
    ("color.range", Text),
    ("color.look", Text),
    ("color.cdl", Group),
    ("color.cdl.slope", List),
    ("color.cdl.offset", List),
    ("color.cdl.power", List),
    ("color.cdl.saturation", Number),
    ("color.look_baked", Bool),
    ("audio", Group),
    ("audio.channels", Number),
    ("audio.rate", Number),
    ("audio.bit_depth", Number),
    ("audio.timecode", Text),
    ("audio.samples", Number),
    ("audio.samples_since_midnight", Number),
    ("audio.tracks", List),
    ("audio.tracks[].channel", Number),
    ("audio.tracks[].name", Text),
    ("recorded", Group),
    ("recorded.date", Text),
    ("media", Group),
    ("media.serial", Text),
    ("warnings", List),
    ("warnings[].code", Text),
    ("warnings[].message", Text),
    ("problem", Group),
    ("problem.kind", Text),
    ("problem.code", Text),
    ("problem.what", Text),
];

/// The type of a field, or `None` if the schema has no such field.
#[must_use]
pub fn type_of(path: &str) -> Option<FieldType> {
    FIELDS.iter().find(|(n, _)| *n == path).map(|(_, t)| *t)
}

/// Whether `name` is a top-level field.
#[must_use]
pub fn is_root(name: &str) -> bool {
    !name.contains('.') && type_of(name).is_some()
}

/// Names of the top-level groups. An absent group is seen as one without fields.
pub fn groups() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(|(n, t)| *t == Group && !n.contains('.')).map(|(n, _)| *n)
}

/// The field meant by a mistyped one: the nearest dotted name, or one whose last part is the same.
#[must_use]
pub fn suggest(path: &str) -> Option<&'static str> {
    super::closest(path, FIELDS.iter().map(|(n, _)| *n)).or_else(|| {
        let last = path.rsplit('.').next()?;
        FIELDS.iter().map(|(n, _)| *n).find(|n| n.rsplit('.').next() == Some(last))
    })
}
