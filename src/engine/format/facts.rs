//! Values of one frame with the names that the file has for them, on their way to a row or to the clip document.

use crate::model::{ClipDoc, FrameFacts, Origin};
use std::collections::BTreeMap;

type Pick<T> = fn(&mut FrameFacts) -> &mut Option<T>;

/// Values of a frame; the first that is put stays.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The values.
    pub values: FrameFacts,
    /// The file's name of each value, by the value's own.
    tags: BTreeMap<&'static str, String>,
}

impl Facts {
    /// Puts a value where there is none yet.
    pub fn put<T>(&mut self, field: &'static str, pick: Pick<T>, value: Option<T>, tag: &str) {
        let slot = pick(&mut self.values);
        if slot.is_none() && value.is_some() {
            *slot = value;
            self.tags.insert(field, tag.to_owned());
        }
    }
}

macro_rules! shared {
    ($($group:ident.$field:ident as $own:ident;)*) => {
        impl Facts {
            /// Sets the clip document's fields of the same values; `origin` is asked with the file's name of each.
            pub fn fill(&self, doc: &mut ClipDoc, origin: &dyn Fn(&str) -> Origin) {
                $(if let Some(v) = self.values.$own.clone() {
                    let tag = self.tags.get(stringify!($own)).map_or("", String::as_str);
                    let field = concat!(stringify!($group), ".", stringify!($field));
                    doc.set(field, |d| &mut d.$group.$field, v, origin(tag));
                })*
            }
        }

        /// The values of a document that is about one frame.
        pub(super) fn of(doc: &ClipDoc) -> FrameFacts {
            FrameFacts { $($own: doc.$group.$field.clone(),)* ..FrameFacts::default() }
        }
    };
}

shared! {
    lens.model as lens_model;
    lens.focal_length_mm as focal_length_mm;
    lens.focus_m as focus_m;
    lens.t_stop as t_stop;
    exposure.iso as iso;
    exposure.shutter_angle as shutter_angle;
    exposure.shutter_s as shutter_s;
    exposure.white_balance_k as white_balance_k;
    exposure.tint as tint;
    exposure.nd as nd;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClipUnit;

    #[test]
    fn the_first_value_stays_and_names_its_tag() {
        let mut f = Facts::default();
        f.put("iso", |v| &mut v.iso, None, "nothing");
        f.put("iso", |v| &mut v.iso, Some(800), "first");
        f.put("iso", |v| &mut v.iso, Some(400), "second");
        let mut doc = ClipDoc::new("x", ClipUnit::File);
        f.fill(&mut doc, &|tag| Origin::new("mov", tag, "here"));
        assert_eq!((doc.exposure.iso, doc.origin["exposure.iso"].tag.as_str()), (Some(800), "first"));
        assert_eq!(of(&doc), f.values);
    }
}
