//! The camera report of a roll: one page of HTML to read, to print (A4, landscape) and to keep.
//!
//! It holds all it needs: styles, pictures as `data:` URLs, no script, nothing to fetch; a policy in its head forbids the
//! rest. The same roll gives the same bytes: no clock, host or version is in it. It is well-formed XML too.

mod cells;
mod html;
mod summary;

use crate::model::{ClipDoc, Error, MediaPath};
use html::{base64, short, text};

/// Most other files that are named.
const MOST_OTHERS: usize = 100;
/// Longest text, characters.
const LONGEST: usize = 300;

/// A clip and its picture.
#[derive(Debug)]
pub struct Row<'a> {
    /// What is known of it.
    pub doc: &'a ClipDoc,
    /// A small JPEG, or why there is none.
    pub picture: Result<Vec<u8>, String>,
}

/// A roll and what lies in it.
#[derive(Debug)]
pub struct Roll<'a> {
    /// Its name.
    pub name: &'a str,
    /// The date that is printed, as it was given.
    pub date: Option<&'a str>,
    /// Its clips in order.
    pub rows: Vec<Row<'a>>,
    /// Files that are no clips, with their sizes.
    pub others: &'a [(MediaPath, u64)],
    /// What could not be read.
    pub refused: &'a [Error],
}

const STYLE: &str = "\
@page{size:A4 landscape;margin:10mm}\
body{font:9pt/1.3 'Liberation Sans',Arial,sans-serif;color:#111;background:#fff;margin:8mm}\
h1{font-size:15pt;margin:0 0 3mm}h2{font-size:11pt;margin:5mm 0 1mm}\
small{font-size:7.5pt;color:#333}\
table{border-collapse:collapse;width:100%}\
th,td{border:0.3pt solid #888;padding:1mm 1.2mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
thead{display:table-header-group}\
thead tr.roll th{border:none;font-size:8pt;padding:0 0 1mm}\
thead th{background:#eee;font-size:8pt}thead tr.roll th{background:none}\
tr{break-inside:avoid;page-break-inside:avoid}\
td.picture{text-align:center}td.picture img{max-width:100%;max-height:27mm}\
td.tc{font-family:'Liberation Mono',monospace;font-size:8pt;white-space:nowrap}\
.clips{table-layout:fixed}\
.summary{width:auto;margin:0 0 4mm}.summary th{background:#eee;white-space:nowrap}\
.circled{border:0.8pt solid #111;border-radius:3mm;padding:0 1mm}\
.bad{color:#b00}\
@media print{body{margin:0}thead th,.summary th{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

/// Widths of the picture and of the columns of [`cells::HEADINGS`], percent.
const WIDTHS: [&str; 10] = ["13.5", "14", "9", "9", "9.5", "7", "10", "7", "7.5", "13.5"];

/// The report.
#[must_use]
pub fn report(roll: &Roll<'_>) -> Vec<u8> {
    let name = short(roll.name, LONGEST);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n<title>Camera report {name}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>Camera report</h1>\n<table class=\"summary\">\n"
    );
    for (heading, entry) in summary::entries(roll) {
        page.push_str(&format!("<tr><th scope=\"row\">{heading}</th><td>{entry}</td></tr>\n"));
    }
    page.push_str("</table>\n");
    if !roll.rows.is_empty() {
        table(&mut page, roll, &name);
    }
    others(&mut page, roll.others);
    page.push_str("</body>\n</html>\n");
    page.into_bytes()
}

fn table(page: &mut String, roll: &Roll<'_>, name: &str) {
    let date = roll.date.map(|d| format!(", {}", short(d, LONGEST))).unwrap_or_default();
    page.push_str(&format!(
        "<table class=\"clips\">\n<colgroup>{widths}</colgroup>\n<thead>\n<tr class=\"roll\"><th colspan=\"{columns}\">Camera report, roll {name}{date}</th></tr>\n\
         <tr><th>Picture</th>",
        columns = WIDTHS.len(),
        widths = WIDTHS.map(|w| format!("<col style=\"width:{w}%\"/>")).concat(),
    ));
    for heading in cells::HEADINGS {
        page.push_str(&format!("<th>{heading}</th>"));
    }
    page.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in &roll.rows {
        let picture = match &row.picture {
            Ok(jpeg) => {
                let alt = short(&row.doc.clip.name, LONGEST);
                format!("<img alt=\"{alt}\" src=\"data:image/jpeg;base64,{}\"/>", base64(jpeg))
            }
            Err(why) => format!("–<br/><small>{}</small>", short(why, LONGEST)),
        };
        page.push_str(&format!("<tr><td class=\"picture\">{picture}</td>"));
        for (n, cell) in cells::cells(row.doc).iter().enumerate() {
            let class = match n {
                1 | 2 => " class=\"tc\"",
                _ => "",
            };
            page.push_str(&format!("<td{class}>{cell}</td>"));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

fn others(page: &mut String, files: &[(MediaPath, u64)]) {
    if files.is_empty() {
        return;
    }
    page.push_str("<h2>Other files</h2>\n<table class=\"others\">\n<tbody>\n");
    for (path, size) in files.iter().take(MOST_OTHERS) {
        let path = text(&path.to_text());
        page.push_str(&format!("<tr><td>{path}</td><td>{}</td></tr>\n", summary::amount(*size)));
    }
    let more = files.len().saturating_sub(MOST_OTHERS);
    if more > 0 {
        page.push_str(&format!("<tr><td>and {more} more</td><td></td></tr>\n"));
    }
    page.push_str("</tbody>\n</table>\n");
}

#[cfg(test)]
mod tests;
