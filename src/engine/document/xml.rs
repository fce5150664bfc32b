//! What the readers of XML have in common: the references that they resolve, and what a document that ends early is called.

use crate::model::Error;
use quick_xml::events::BytesRef;

/// The character that a reference stands for: one by its number, or one of the five that XML itself knows (XML 1.0, 4.6).
///
/// # Errors
/// `FILE-MALFORMED` for any other: declared entities can grow without bound, and no document of this trade needs them.
pub fn resolved(r: &BytesRef<'_>) -> Result<char, Error> {
    let name: &str = r;
    let known = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];
    let c = r.resolve_char_ref().ok().flatten();
    let c = c.or_else(|| known.iter().find(|(n, _)| *n == name).map(|(_, c)| *c));
    c.ok_or_else(|| {
        let name: String = name.chars().take(40).collect();
        Error::malformed(format!("entity `&{name};` is not allowed"))
    })
}

/// What cannot be read as XML; what is not closed before the end was cut off.
#[must_use]
pub fn broken(e: &quick_xml::Error) -> Error {
    use quick_xml::errors::SyntaxError::InvalidBangMarkup;
    match e {
        quick_xml::Error::Syntax(InvalidBangMarkup) => Error::malformed(format!("this is no XML: {e}")),
        quick_xml::Error::Syntax(e) => {
            Error::truncated(format!("the document ends early: {e}")).fix("copy the file again")
        }
        e => Error::malformed(format!("this is no XML: {e}")),
    }
}
