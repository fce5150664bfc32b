//! XML as ASC MHL tools write it: UTF-8, two spaces for each level, LF.

use quick_xml::escape::escape;

/// A document that grows element by element. Names are our own; text and attributes are escaped.
pub(super) struct Xml {
    text: String,
    level: usize,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), level: 0 }
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.extend(std::iter::repeat_n("  ", self.level));
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push_str(&format!(" {name}=\"{}\"", escape(*value)));
        }
        self.text.push('>');
    }

    /// An element with others in it.
    pub(super) fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.text.push('\n');
        self.level = self.level.saturating_add(1);
    }

    /// The end of it.
    pub(super) fn close(&mut self, name: &str) {
        self.level = self.level.saturating_sub(1);
        self.text.extend(std::iter::repeat_n("  ", self.level));
        self.text.push_str(&format!("</{name}>\n"));
    }

    /// An element with text in it.
    pub(super) fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.text.push_str(&format!("{}</{name}>\n", escape(text)));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}
