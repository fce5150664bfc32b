//! Boxes and tables on made-up bytes.

use super::*;

fn whole(bytes: &[u8]) -> Atom {
    let end = u64::try_from(bytes.len()).unwrap();
    Atom { id: *b"root", at: 0, body: 0, end, depth: 0 }
}

fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// The one box in these bytes.
fn only(bytes: &[u8]) -> Atom {
    let l = Limits::default();
    let mut b = Bytes::slice(bytes, &l);
    Walk::new(&l).children(&mut b, &whole(bytes)).unwrap()[0]
}

#[test]
fn headers_of_every_kind() {
    let l = Limits::default();
    let wide = [&be(&[1])[..], b"wide", &24u64.to_be_bytes(), &[0; 8]].concat();
    let bytes = [atom(b"ftyp", &[b"qt  "]), wide, atom(b"moov", &[]), b"\0\0\0\0mdat1234".to_vec()].concat();
    let mut b = Bytes::slice(&bytes, &l);
    let top = scan(&mut b, &mut Walk::new(&l)).unwrap();
    let show: Vec<_> = top.atoms.iter().map(|a| (a.name(), a.at, a.len())).collect();
    let want = [("ftyp", 0, 4), ("wide", 12, 8), ("moov", 36, 0), ("mdat", 44, 4)];
    assert_eq!(show, want.map(|(n, a, l)| (n.to_owned(), a, l)));
    assert_eq!((name(*b"\xa9nam"), name([0, 0, 0, 1])), ("©nam".into(), "\\x00\\x00\\x00\\x01".into()));
}

#[test]
fn what_the_file_itself_may_not_lack() {
    let l = Limits::default();
    let scan = |bytes: &[u8]| scan(&mut Bytes::slice(bytes, &l), &mut Walk::new(&l)).map(|t| t.atoms.len());
    let cut = |id| [&be(&[100])[..], id, b"1234"].concat();
    let moov = atom(b"moov", &[]);
    for id in [b"moov", b"mdat", b"moof", b"uuid"] {
        let e = scan(&[moov.clone(), cut(id)].concat()).unwrap_err();
        assert_eq!((e.code.as_ref(), e.place.offset), ("FILE-TRUNCATED", Some(8)));
    }
    for id in [b"free", b"skip", b"what"] {
        assert_eq!(scan(&[moov.clone(), cut(id)].concat()), Ok(1));
    }
    assert!(scan(&cut(b"free")).unwrap_err().what.contains("neither media nor a movie header"));
    let huge = [&be(&[1])[..], b"mdat", &u64::MAX.to_be_bytes()].concat();
    assert_eq!(scan(&huge).unwrap_err().code, "FILE-TRUNCATED");
    let small = [&be(&[1])[..], b"mdat", &15u64.to_be_bytes()].concat();
    assert!(scan(&small).unwrap_err().what.contains("is missing"));
}

#[test]
fn children_are_bounded() {
    let l = Limits { depth: 2, items: 3, ..Limits::default() };
    let over = atom(b"moov", &[&be(&[100]), b"trak"]);
    let parent = only(&over);
    let mut b = Bytes::slice(&over, &l);
    assert_eq!(Walk::new(&l).children(&mut b, &parent).unwrap_err().code, "FILE-MALFORMED");
    let mut w = Walk::new(&l);
    assert_eq!(w.loose_children(&mut b, &parent).unwrap(), []);
    assert_eq!(w.warnings.len(), 1);
    let deep = Atom { depth: 2, ..parent };
    assert_eq!(w.children(&mut b, &deep).unwrap_err().code, "LIMIT-SIZE");
    let many = atom(b"moov", &[&atom(b"free", &[]).repeat(4)]);
    let e = Walk::new(&l).children(&mut Bytes::slice(&many, &l), &only(&many)).unwrap_err();
    assert_eq!(e.code, "LIMIT-SIZE");
}

#[test]
fn times_are_summed_as_a_stream() {
    let l = Limits::default();
    let read = |parts: &[u32]| {
        let bytes = full_atom(b"stts", 0, 0, &[&be(parts)]);
        times(&mut Bytes::slice(&bytes, &l), &only(&bytes))
    };
    let t = read(&[2, 10, 20, 1, 7]).unwrap();
    assert_eq!((t.count, t.total, t.first, t.last, t.range()), (11, 207, 20, 7, Some((20, 20))));
    assert_eq!(read(&[2, 1, 7, 10, 20]).unwrap().range(), Some((7, 20)));
    assert_eq!(read(&[3, 10, 0, 0, 5, 1, 9]).unwrap().range(), Some((0, 0)));
    assert_eq!(read(&[1, 1, 9]).unwrap().range(), Some((9, 9)));
    assert_eq!(read(&[0]).unwrap().range(), None);
    assert_eq!(read(&[u32::MAX, 1, 1]).unwrap_err().code, "FILE-MALFORMED");
    let t = read(&[2, u32::MAX, u32::MAX, u32::MAX, u32::MAX]).unwrap();
    assert_eq!((t.count, t.total), (2 * u64::from(u32::MAX), u64::MAX), "saturates");
}

#[test]
fn sizes_of_every_width() {
    let l = Limits::default();
    for (id, field, table, want) in [
        (b"stsz", 0, be(&[5, 6, 7]), [5, 6, 7]),
        (b"stsz", 9, vec![], [9, 9, 9]),
        (b"stz2", 4, vec![0x56, 0x70], [5, 6, 7]),
        (b"stz2", 8, vec![5, 6, 7], [5, 6, 7]),
        (b"stz2", 16, vec![0, 5, 0, 6, 0, 7], [5, 6, 7]),
    ] {
        let bytes = full_atom(id, 0, 0, &[&be(&[field, 3]), &table]);
        let mut b = Bytes::slice(&bytes, &l);
        let s = sample_sizes(&mut b, &only(&bytes)).unwrap();
        let all: Vec<_> = (0..3).map(|n| s.size(&mut b, n).unwrap()).collect();
        assert_eq!(all, want, "{field}");
    }
    for bad in [full_atom(b"stz2", 0, 0, &[&be(&[5, 1, 0])]), full_atom(b"stsz", 0, 0, &[&be(&[0, u32::MAX])])] {
        assert_eq!(sample_sizes(&mut Bytes::slice(&bad, &l), &only(&bad)).unwrap_err().code, "FILE-MALFORMED");
    }
}

#[test]
fn samples_are_found_through_chunks() {
    let l = Limits::default();
    let stsc = full_atom(b"stsc", 0, 0, &[&be(&[2, 1, 2, 1, 3, 1, 1])]);
    let stsz = full_atom(b"stsz", 0, 0, &[&be(&[0, 5, 4, 5, 6, 7, 8])]);
    let co64 = full_atom(b"co64", 0, 0, &[&be(&[3]), &[100u64, 50, 1 << 33].map(u64::to_be_bytes).concat()]);
    let c = chunks(&mut Bytes::slice(&co64, &l), &only(&co64)).unwrap();
    assert_eq!((c.count, c.highest), (3, Some((1 << 33, 3))));
    // The three tables behind each other, as in a file.
    let all = [stsc.clone(), stsz.clone(), co64].concat();
    let mut b = Bytes::slice(&all, &l);
    let a = Walk::new(&l).children(&mut b, &whole(&all)).unwrap();
    let (s, c) = (sample_sizes(&mut b, &a[1]).unwrap(), chunks(&mut b, &a[2]).unwrap());
    let found = sample_offsets(&mut b, &a[0], &c, &s, 64, &mut Walk::new(&l)).unwrap();
    assert_eq!(found, [(100, 4), (104, 5), (50, 6), (56, 7), (1 << 33, 8)]);
    assert_eq!(last_chunk_bytes(&mut b, &a[0], &s).unwrap(), Some(8));
    let endless = full_atom(b"stsc", 0, 0, &[&be(&[1, 1, u32::MAX, 1])]);
    let few = sample_offsets(&mut Bytes::slice(&endless, &l), &only(&endless), &c, &s, 0, &mut Walk::new(&l));
    assert_eq!(few.unwrap(), []);
}
