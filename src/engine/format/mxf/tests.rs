use super::*;
use crate::engine::container::mxf::sample::Sample;
use crate::model::MediaPath;
use std::io::Write;

fn read(bytes: &[u8]) -> Result<ClipDoc, Error> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let path = MediaPath::from(Path::new("A001.mxf"));
    let input = Input { path: &path, file: &file, size: bytes.len() as u64 };
    super::super::inspect("A001", crate::model::ClipUnit::File, &[input], &Limits::default())
}

fn sample(s: &Sample) -> ClipDoc {
    read(&s.bytes()).unwrap()
}

#[test]
fn a_movie() {
    let d = sample(&Sample::default());
    assert_eq!(d.format.container.as_deref(), Some("MXF OP1a"));
    assert_eq!(d.format.codec.as_deref(), Some("MPEG-2"));
    assert_eq!((d.image.width, d.image.height), (Some(1920), Some(1080)));
    assert_eq!(d.warnings, []);
}
