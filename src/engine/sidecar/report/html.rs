//! Text and bytes as HTML: nothing that a name holds is taken for a tag, and nothing is fetched.

use crate::model::escape_for_people;

/// Text between tags or in an attribute, shown as it is; control and direction characters become visible.
pub(super) fn text(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in escape_for_people(s).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // neither XML nor HTML has them
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// [`text`] of at most `most` characters; a longer one ends in `…`.
pub(super) fn short(s: &str, most: usize) -> String {
    match s.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text(s.get(..at).unwrap_or_default())),
        None => text(s),
    }
}

/// Base 64 (RFC 4648, clause 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let at = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4usize {
            let digit = DIGITS.get((bits >> (18 - 6 * n) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if n > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_standard() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, coded) in vectors {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfb]), "//77");
    }

    #[test]
    fn no_text_is_a_tag() {
        assert_eq!(text("<a href='x'>\"&\u{202e}\n"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\\u{202e}\\u{a}");
        assert_eq!(short("äöü<", 3), "äöü…");
        assert_eq!(short("<<<<", 2), "&lt;&lt;…");
    }
}
