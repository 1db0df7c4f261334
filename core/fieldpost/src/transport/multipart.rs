//! A body as a plan, `multipart/form-data` (RFC 7578), a document of its own or the file alone: which bytes, where the file goes,
//! how long it all is. Opens no file.
//!
//! ```text
//! parts + file's length and hash --Form--> [ bytes | file | bytes | ... ], content type, length
//! ```
//!
//! The same parts and file always make the same bytes, so that a second try sends what the first one sent.

use std::fmt::Write as _;

use sha2::{Digest, Sha256 as Hasher};

use super::BodyFile;
use crate::model::{Content, Part, base64_length, base64_text_length};

/// A form, or a document in its place, laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    content_type: String,
    segments: Vec<Segment>,
    length: u64,
}

/// A stretch of a form's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The file's content.
    File,
    /// The file's content in base64, in lines.
    Base64File,
    /// The file's content in base64, without line breaks.
    Base64Text,
    /// The file's content from this byte on.
    Rest(u64),
}

impl Form {
    /// Lays out `parts`. `None` if one of them stands for a file and there is none.
    pub(crate) fn new(parts: &[Part], file: Option<&BodyFile>) -> Option<Form> {
        let boundary = boundary(parts, file);
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let mut form = Form { content_type, segments: Vec::new(), length: 0 };
        for part in parts {
            form.push_bytes(head(&boundary, part).as_bytes());
            match &part.content {
                Content::Text(text) | Content::Document { text, .. } => form.push_bytes(text.as_bytes()),
                Content::File { .. } => form.push(Segment::File, file?.bytes.0),
                Content::Base64File { .. } => form.push(Segment::Base64File, base64_length(file?.bytes.0)),
            }
            form.push_bytes(b"\r\n");
        }
        form.push_bytes(format!("--{boundary}--\r\n").as_bytes());
        Some(form)
    }

    /// A document of the type `mime`, and nothing around it.
    pub(crate) fn document(mime: &str, bytes: &[u8]) -> Form {
        let mut form = Form { content_type: mime.to_owned(), segments: Vec::new(), length: 0 };
        form.push_bytes(bytes);
        form
    }

    /// A document of the type `mime` that holds the file between two texts. `None` if there is none.
    pub(crate) fn around(mime: &str, [before, behind]: [&str; 2], file: Option<&BodyFile>) -> Option<Form> {
        let mut form = Form::document(mime, before.as_bytes());
        form.push(Segment::Base64Text, base64_text_length(file?.bytes.0));
        form.push_bytes(behind.as_bytes());
        Some(form)
    }

    /// The file from the byte `from` on, called `mime`. `None` if there is no file, or none that long.
    pub(crate) fn rest(mime: &str, from: u64, file: Option<&BodyFile>) -> Option<Form> {
        let length = file?.bytes.0.checked_sub(from)?;
        Some(Form { content_type: mime.to_owned(), segments: vec![Segment::Rest(from)], length })
    }

    /// The `Content-Type` of the request.
    pub(crate) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// How many bytes the whole of it has, the file's included as it is encoded.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes in their order. Two stretches of bytes never follow each other.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        match self.segments.last_mut() {
            Some(Segment::Bytes(last)) => last.extend_from_slice(bytes),
            _ => self.segments.push(Segment::Bytes(bytes.to_vec())),
        }
    }

    /// A stretch that is not in memory, of `length` bytes.
    fn push(&mut self, segment: Segment, length: u64) {
        self.length = self.length.saturating_add(length);
        self.segments.push(segment);
    }
}

/// The lines before a part's content. Plain text gets no `Content-Type`: browsers send none, and strict servers expect none.
fn head(boundary: &str, part: &Part) -> String {
    let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escaped(part.name));
    match &part.content {
        Content::Text(_) => {}
        Content::Document { mime, .. } => head += &format!("\r\nContent-Type: {mime}"),
        Content::File { filename, mime } | Content::Base64File { filename, mime } => {
            head += &format!("; filename=\"{}\"\r\nContent-Type: {}", escaped(filename), safe_mime(mime));
        }
    }
    if matches!(part.content, Content::Base64File { .. }) {
        head += "\r\nContent-Transfer-Encoding: base64";
    }
    head + "\r\n\r\n"
}

/// A boundary that no text of `parts` contains. Made of a hash over all that is sent: a file cannot contain it either, since
/// it would have to contain a hash of its own hash.
fn boundary(parts: &[Part], file: Option<&BodyFile>) -> String {
    let mut seed = Hasher::new();
    let mut feed = |field: &[u8]| {
        seed.update((field.len() as u64).to_le_bytes());
        seed.update(field);
    };
    for part in parts {
        feed(part.name.as_bytes());
        match &part.content {
            Content::Text(text) | Content::Document { text, .. } => feed(text.as_bytes()),
            Content::File { filename, mime } | Content::Base64File { filename, mime } => {
                feed(filename.as_bytes());
                feed(mime.as_bytes());
            }
        }
    }
    if let Some(file) = file {
        feed(&file.sha256.0);
    }
    clear_of(parts, "fieldpost-", &seed.finalize())
}

/// `prefix` and as many of `digits` (in hexadecimal) as it takes to occur in no text. Sixteen bytes, at first; a text that contains
/// those was made on purpose, and the next byte, unknown to who made it, settles it. At most 70 characters, as RFC 2046 wants:
/// 10 and twice 30; a text that goes along with all of that has not been found by anyone.
fn clear_of(parts: &[Part], prefix: &str, digits: &[u8]) -> String {
    let mut boundary = prefix.to_owned();
    for (n, byte) in digits.iter().take(30).enumerate() {
        if n >= 16 && !occurs(parts, &boundary) {
            break;
        }
        let _ = write!(boundary, "{byte:02x}"); // a String takes all that is written to it
    }
    boundary
}

fn occurs(parts: &[Part], boundary: &str) -> bool {
    parts.iter().any(|part| match &part.content {
        Content::Text(text) | Content::Document { text, .. } => text.contains(boundary),
        Content::File { filename, mime } | Content::Base64File { filename, mime } => {
            filename.contains(boundary) || mime.contains(boundary)
        }
    })
}

/// A name inside the quotes of a header, escaped as browsers do (WHATWG HTML, "multipart form data"): `"`, CR and LF as `%22`, `%0D`
/// and `%0A`, all else raw UTF-8. Other control characters go the same way: no server has a use for them, and some cut at NUL.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' | '\0'..='\x1f' | '\x7f' => {
                let _ = write!(out, "%{:02X}", u32::from(c)); // a String takes all that is written to it
            }
            _ => out.push(c),
        }
    }
    out
}

/// `mime` where it can stand in a header, else the type of anything.
fn safe_mime(mime: &str) -> &str {
    let fits = !mime.is_empty() && mime.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if fits { mime } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bytes, Sha256};

    fn text(name: &'static str, value: &str) -> Part {
        Part { name, content: Content::Text(value.to_owned()) }
    }

    fn photo(filename: &str, mime: &str) -> Part {
        Part { name: "file", content: Content::File { filename: filename.to_owned(), mime: mime.to_owned() } }
    }

    fn boundary_of(form: &Form) -> &str {
        form.content_type().strip_prefix("multipart/form-data; boundary=").unwrap()
    }

    fn file(bytes: u64) -> BodyFile {
        BodyFile { path: "photo.jpg".into(), bytes: Bytes(bytes), sha256: Sha256([7; 32]) }
    }

    fn written(form: &Form, content: &str) -> String {
        let part = |segment: &Segment| match segment {
            Segment::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            Segment::File | Segment::Base64File | Segment::Base64Text => content.to_owned(),
            Segment::Rest(from) => content[usize::try_from(*from).unwrap()..].to_owned(),
        };
        form.segments().iter().map(part).collect()
    }

    #[test]
    fn a_form_is_laid_out_as_browsers_do() {
        let form = Form::new(&[text("MessageId", "42"), photo("Kessel ä.jpg", "image/jpeg")], Some(&file(5))).unwrap();
        let b = boundary_of(&form);
        let expected = format!(
            "--{b}\r\nContent-Disposition: form-data; name=\"MessageId\"\r\n\r\n42\r\n\
             --{b}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Kessel ä.jpg\"\r\n\
             Content-Type: image/jpeg\r\n\r\nJPEG!\r\n--{b}--\r\n"
        );
        assert_eq!(written(&form, "JPEG!"), expected);
        assert_eq!(form.length(), expected.len() as u64);
        assert_eq!(form.content_type(), format!("multipart/form-data; boundary={b}"));
        assert_eq!(form.segments().len(), 3);
    }

    #[test]
    fn a_file_in_base64_says_so_and_is_as_long_as_its_encoding() {
        let content = Content::Base64File { filename: "a.jpg".to_owned(), mime: "image/jpeg".to_owned() };
        let form = Form::new(&[Part { name: "file", content }], Some(&file(5))).unwrap();
        let b = boundary_of(&form);
        let expected = format!(
            "--{b}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\
             Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\nSlBFRyE=\r\n--{b}--\r\n"
        );
        assert_eq!(written(&form, "SlBFRyE="), expected);
        assert_eq!(form.length(), expected.len() as u64);
    }

    #[test]
    fn a_document_tells_its_type_and_is_no_file() {
        let content = Content::Document { mime: "application/json", text: "{}".to_owned() };
        let form = Form::new(&[Part { name: "metadata", content }], None).unwrap();
        let b = boundary_of(&form);
        let expected = format!(
            "--{b}\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--{b}--\r\n"
        );
        assert_eq!(written(&form, ""), expected);
    }

    #[test]
    fn the_same_request_is_laid_out_the_same_way_again_and_another_one_differs() {
        let one = Form::new(&[text("a", "b")], None).unwrap();
        assert_eq!(one, Form::new(&[text("a", "b")], None).unwrap());
        assert_ne!(boundary_of(&one), boundary_of(&Form::new(&[text("ab", "")], None).unwrap()));
        let (two, mut other) = ([photo("x", "y")], file(1));
        other.sha256.0[31] ^= 1;
        assert_ne!(boundary(&two, Some(&file(1))), boundary(&two, Some(&other)));
    }

    #[test]
    fn a_name_can_neither_end_its_header_nor_begin_another() {
        let evil = "a\"; filename=\"b\r\nX-Evil: 1\r\n\r\n\0\u{7f}ü🔥";
        let form = Form::new(&[photo(evil, "text/plain\r\nX-Evil: 1")], Some(&file(0))).unwrap();
        let all = written(&form, "");
        assert!(all.contains("filename=\"a%22; filename=%22b%0D%0AX-Evil: 1%0D%0A%0D%0A%00%7Fü🔥\"\r\n"), "{all:?}");
        assert!(all.contains("\r\nContent-Type: application/octet-stream\r\n\r\n"), "{all:?}");
        assert!(!all.contains("\nX-Evil"), "{all:?}");
        assert!(!all.contains('\0'));
    }

    #[test]
    fn a_boundary_never_occurs_in_a_text() {
        let digits: Vec<u8> = (0..32).collect();
        let plain = clear_of(&[], "fieldpost-", &digits);
        assert_eq!(plain, "fieldpost-000102030405060708090a0b0c0d0e0f");
        let forged = [text("note", &format!("--{plain}\r\n"))];
        assert_eq!(clear_of(&forged, "fieldpost-", &digits), format!("{plain}10"));
        let worse = [text("note", &format!("--{plain}10111213")), photo(&plain, "image/png")];
        let longer = clear_of(&worse, "fieldpost-", &digits);
        assert_eq!(longer, format!("{plain}1011121314"));
        assert!(!occurs(&worse, &longer) && longer.len() <= 70);
    }

    #[test]
    fn a_part_that_stands_for_a_missing_file_makes_no_form() {
        assert_eq!(Form::new(&[photo("a", "b")], None), None);
    }

    #[test]
    fn the_rest_of_a_file_is_as_long_as_what_is_missing_and_no_longer_file_is_made_up() {
        let mime = "application/offset+octet-stream";
        let rest = Form::rest(mime, 3, Some(&file(5))).unwrap();
        assert_eq!((written(&rest, "JPEG!"), rest.length(), rest.content_type()), ("G!".to_owned(), 2, mime));
        assert_eq!(Form::rest(mime, 5, Some(&file(5))).unwrap().length(), 0);
        assert_eq!(Form::rest(mime, 6, Some(&file(5))), None);
        assert_eq!(Form::rest(mime, 0, None), None);
    }

    #[test]
    fn a_form_without_parts_is_only_its_end() {
        let form = Form::new(&[], None).unwrap();
        assert_eq!(written(&form, ""), format!("--{}--\r\n", boundary_of(&form)));
    }

    #[test]
    fn a_document_of_its_own_is_its_bytes_and_nothing_else() {
        let form = Form::document("application/json", b"{\"name\":\"Misc\"}");
        assert_eq!((form.content_type(), form.length()), ("application/json", 15));
        assert_eq!(written(&form, ""), "{\"name\":\"Misc\"}");
    }
}
