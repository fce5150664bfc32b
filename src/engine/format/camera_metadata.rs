//! Metadata files of cameras and their makers' tools, as files of their own: what they are, and every value as written. The
//! fields belong to the clip beside which such a file lies.

use super::rows::Each;
use super::{Format, Input, Score};
use crate::engine::container::bytes::Bytes;
use crate::engine::document::camera;
use crate::model::{ClipDoc, Error, Limits};
use std::path::Path;

/// What cameras say of their clips in files beside them.
pub struct CameraMetadata;

const ID: &str = "camera-metadata";

impl Format for CameraMetadata {
    fn id(&self) -> &'static str {
        ID
    }

    fn title(&self) -> &'static str {
        "metadata beside a clip"
    }

    fn extensions(&self) -> &'static [&'static str] {
        // the contents decide: other files have these names too
        &[]
    }

    fn is_frame(&self) -> bool {
        false
    }

    fn probe(&self, head: &[u8], _path: &Path) -> Score {
        if camera::kind(head).is_some() { 60 } else { 0 }
    }

    fn read(&self, input: &Input<'_>, limits: &Limits, doc: &mut ClipDoc) -> Result<(), Error> {
        let bytes = whole(input, limits)?;
        doc.format.id = ID.into();
        doc.format.container = camera::kind(&bytes).map(|k| k.title().into());
        if camera::list::is_list(&bytes) {
            doc.keep(ID, "names", camera::list::names(&bytes, limits));
        }
        let Some(sheet) = camera::read(&bytes, limits)? else { return Ok(()) };
        for (name, value) in &sheet.raw {
            doc.keep(ID, name, value.as_str());
        }
        Ok(())
    }

    fn frames(&self, input: &Input<'_>, limits: &Limits, each: Each<'_>) -> Result<(), Error> {
        let bytes = whole(input, limits)?;
        // what is said of the whole clip says nothing of its frames
        camera::frames(&bytes, limits, each).map(|_| ())
    }
}

/// All of the file: tables are read as a whole.
fn whole(input: &Input<'_>, limits: &Limits) -> Result<Vec<u8>, Error> {
    let most = u64::try_from(camera::MOST_BYTES).unwrap_or(u64::MAX);
    if input.size > most {
        return Err(Error::limit(format!("a metadata file of {} bytes", input.size)));
    }
    let allowance = Limits { header_bytes: input.size, ..*limits };
    Bytes::file(input.file, input.size, &allowance).take(input.size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::format::fixtures::{flips_and_cuts, read_bytes};

    #[test]
    fn what_it_is_and_every_value() {
        let table = b"Clip Name,ReelID,Abs TC,FPS\nB002_C001_0101XX,B002,01:00:00:00,24\n";
        assert_eq!(CameraMetadata.probe(table, Path::new("x")), 60);
        let doc = read_bytes(&CameraMetadata, table).unwrap();
        assert_eq!(doc.format.container.as_deref(), Some("REDline table of clips"));
        assert_eq!(doc.raw[ID]["ReelID"], "B002");
        assert!(doc.reel.is_none(), "it belongs to the clip");
        assert_eq!(CameraMetadata.probe(b"a,b\n1,2\n", Path::new("x.csv")), 0);
        flips_and_cuts(&CameraMetadata, table, false);
    }
}
