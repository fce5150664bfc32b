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
    /// An exact rate as text in lowest terms, `24000/1001` or `24/1`.
    Rate,
    /// True or false.
    Bool,
    /// A list; its items' fields are listed as `name[].field`.
    List,
    /// A group of fields.
    Group,
}
use FieldType::{Bool, Group, List, Number, Rate, Text};

impl FieldType {
    /// In words, as in `docs/fields.md`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Text => "text",
            Number => "number",
            Rate => "rate",
            Bool => "true or false",
            List => "list",
            Group => "group",
        }
    }
}

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
    ("format.undecodable", Text),
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
    ("timecode.rate", Rate),
    ("timecode.drop", Bool),
    ("fps", Group),
    ("fps.project", Rate),
    ("fps.sensor", Rate),
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

/// The field of that name, or for the items of a list a group if they have fields.
#[must_use]
pub fn type_of_place(path: &str) -> Option<FieldType> {
    let has_fields =
        |list: &str| FIELDS.iter().any(|(n, _)| n.strip_prefix(list).is_some_and(|r| r.starts_with("[].")));
    type_of(path).or_else(|| path.strip_suffix("[]").filter(|l| has_fields(l)).map(|_| Group))
}

/// The fields directly in a group or in the items of a list, by their dotted names.
pub fn members(group: &str) -> impl Iterator<Item = &'static str> {
    let inside =
        move |n: &str| n.strip_prefix(group).and_then(|r| r.strip_prefix('.')).is_some_and(|r| !r.contains('.'));
    FIELDS.iter().map(|(n, _)| *n).filter(move |n| inside(n))
}

/// The field meant by a mistyped one: the nearest dotted name, or one whose last part is the same, begins
/// the same before its unit (`white_balance`), or is near.
#[must_use]
pub fn suggest(path: &str) -> Option<&'static str> {
    fn last_of(n: &str) -> &str {
        n.rsplit('.').next().unwrap_or(n)
    }
    let names = || FIELDS.iter().map(|(n, _)| *n);
    let last = last_of(path);
    let begins = |n: &&str| last.len() >= 4 && last_of(n).strip_prefix(last).is_some_and(|r| r.starts_with('_'));
    super::closest(path, names())
        .or_else(|| names().find(|n| last_of(n) == last))
        .or_else(|| names().find(begins))
        .or_else(|| {
            let near = super::closest(last, names().map(last_of)).filter(|_| last.len() >= 4)?;
            names().find(|n| last_of(n) == near)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_that_was_meant_is_found_by_its_last_part_too() {
        for (typed, want) in [
            ("camera.maker", Some("camera.make")),
            ("camera.iso", Some("exposure.iso")),
            ("white_balance", Some("exposure.white_balance_k")),
            ("exposure.white_balance", Some("exposure.white_balance_k")),
            ("focal_length", Some("lens.focal_length_mm")),
            ("widht", Some("image.width")),
            ("color.temperature", None),
            ("a", None),
        ] {
            assert_eq!(suggest(typed), want, "{typed}");
        }
    }

    #[test]
    fn places_have_types_and_groups_have_members() {
        assert_eq!(type_of_place("audio.tracks[]"), Some(Group));
        assert_eq!(type_of_place("color.cdl.slope[]"), None);
        assert_eq!(type_of_place("fps.project"), Some(Rate));
        assert_eq!(members("fps").collect::<Vec<_>>(), ["fps.project", "fps.sensor"]);
        assert_eq!(members("audio.tracks[]").count(), 2);
    }
}
