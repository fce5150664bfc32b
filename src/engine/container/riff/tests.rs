//! Chunks as they should be, and as they should not.

use super::*;

fn scan(bytes: &[u8]) -> Result<Riff, Error> {
    let l = Limits::default();
    Riff::scan(&mut Bytes::slice(bytes, &l), &l)
}

fn codes(r: &Riff) -> Vec<&str> {
    r.warnings.iter().map(|w| w.code.as_str()).collect()
}

#[test]
fn chunks_are_found_with_padding() {
    let file = write_wave(&[(*b"fmt ", &[0; 16]), (*b"odd ", &[1, 2, 3]), (*b"data", &[9; 10]), (*b"iXML", b"<a/>")]);
    let r = scan(&file).unwrap();
    assert_eq!((r.kind, &r.form), (RiffKind::Riff, b"WAVE"));
    let found: Vec<_> = r.chunks.iter().map(|c| (c.id, c.size)).collect();
    assert_eq!(found, [(*b"fmt ", 16), (*b"odd ", 3), (*b"data", 10), (*b"iXML", 4)]);
    assert!(r.warnings.is_empty());
}

#[test]
fn a_forgotten_padding_byte_is_forgiven() {
    let mut file = write_wave(&[(*b"odd ", &[1, 2, 3]), (*b"data", &[9; 10])]);
    file.remove(12 + 8 + 3);
    file[4] -= 1;
    let r = scan(&file).unwrap();
    assert_eq!(r.chunk(b"data").unwrap().size, 10);
    assert_eq!(codes(&r), ["WAV-PADDING"]);
}

#[test]
fn junk_after_the_end_is_a_warning() {
    let mut file = write_wave(&[(*b"data", &[9; 10])]);
    file.extend_from_slice(&[b'j'; 16]);
    assert_eq!(codes(&scan(&file).unwrap()), ["WAV-TRAILING"]);
    file[4] += 16;
    file.truncate(file.len() - 16);
    assert_eq!(codes(&scan(&file).unwrap()), ["WAV-SIZE"]);
}

#[test]
fn a_recording_that_was_never_closed() {
    for (riff, data) in [(0u32, 0u32), (36, 0), (u32::MAX, u32::MAX), (2000, u32::MAX)] {
        let mut file = write_wave(&[(*b"fmt ", &[0; 16]), (*b"data", &[0; 1000])]);
        file[4..8].copy_from_slice(&riff.to_le_bytes());
        file[40..44].copy_from_slice(&data.to_le_bytes());
        let e = scan(&file).unwrap_err();
        assert_eq!(e.code, "FILE-TRUNCATED", "{riff} {data}");
        assert!(e.what.contains("never closed") && e.fix.is_some(), "{e}");
    }
}

#[test]
fn rf64_takes_sizes_from_ds64() {
    let mut ds64 = Vec::new();
    for n in [0u64, 6, 2] {
        ds64.extend_from_slice(&n.to_le_bytes());
    }
    ds64.extend_from_slice(&1u32.to_le_bytes());
    ds64.extend_from_slice(b"big ");
    ds64.extend_from_slice(&4u64.to_le_bytes());
    let mut file = write_wave(&[(*b"ds64", &ds64), (*b"big ", &[7; 4]), (*b"data", &[9; 6])]);
    let size = u64::try_from(file.len()).unwrap() - 8;
    file[..8].copy_from_slice(b"RF64\xff\xff\xff\xff");
    file[20..28].copy_from_slice(&size.to_le_bytes());
    let big = file.windows(4).rposition(|w| w == b"big ").unwrap();
    file[big + 4..big + 8].fill(0xff);
    let data = file.windows(4).rposition(|w| w == b"data").unwrap();
    file[data + 4..data + 8].fill(0xff);
    let r = scan(&file).unwrap();
    assert_eq!(r.kind, RiffKind::Rf64);
    assert_eq!(r.chunks.iter().map(|c| c.size).collect::<Vec<_>>(), [4, 6]);
    let mut lies = file.clone();
    lies[28..36].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(scan(&lies).unwrap_err().code, "FILE-TRUNCATED");
    let mut lies = file;
    lies[44..48].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(scan(&lies).unwrap_err().code, "FILE-MALFORMED");
}

#[test]
fn every_cut_inside_a_chunk_is_an_error() {
    let file = write_wave(&[(*b"fmt ", &[0; 16]), (*b"odd ", &[1, 2, 3]), (*b"data", &[9; 10])]);
    // Ends of whole chunks (with and without the padding byte): nothing in them is cut.
    let whole = [12, 36, 47, 48, file.len()];
    for n in 0..=file.len() {
        match scan(&file[..n]) {
            Err(e) => {
                assert!(!whole.contains(&n) && matches!(&*e.code, "FILE-TRUNCATED" | "FILE-MALFORMED"), "{n} {e}")
            }
            Ok(r) => assert!(whole.contains(&n), "{n} {r:?}"),
        }
    }
}

#[test]
fn too_many_chunks() {
    let l = Limits { items: 3, ..Limits::default() };
    let file = write_wave(&[(*b"aaaa", &[]), (*b"bbbb", &[]), (*b"cccc", &[]), (*b"dddd", &[])]);
    assert_eq!(Riff::scan(&mut Bytes::slice(&file, &l), &l).unwrap_err().code, "LIMIT-SIZE");
}

#[test]
fn a_hundred_thousand_chunks_take_no_time() {
    let mut file = write_wave(&[]);
    for _ in 0..99_999 {
        file.extend_from_slice(b"junk\0\0\0\0");
    }
    let begun = std::time::Instant::now();
    let r = scan(&file).unwrap();
    assert_eq!((r.chunks.len(), codes(&r)), (99_999, vec!["WAV-SIZE"]));
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
}
