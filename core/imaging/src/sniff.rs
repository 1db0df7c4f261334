//! What a file is, told by its first bytes.
//!
//! Owns the table of magic numbers. Never looks at a file's name: a name is a claim, the bytes are the fact.

/// How many of a file's first bytes [`sniff`] wants to see. Fewer are fine for pictures; office documents are told
/// apart by entries that may stand some thousand bytes in.
pub const SNIFF_LEN: usize = 8192;

/// A kind of file that can be told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentType {
    /// JPEG, whatever its metadata format.
    Jpeg,
    /// PNG, animated ones too.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF. Many cameras' raw files are TIFF as well.
    Tiff,
    /// HEIF with HEVC inside, as iPhones take it.
    Heic,
    /// HEIF with AV1 inside.
    Avif,
    /// PDF.
    Pdf,
    /// Word document (Office Open XML).
    Docx,
    /// Excel workbook (Office Open XML).
    Xlsx,
    /// PowerPoint presentation (Office Open XML).
    Pptx,
    /// OpenDocument text.
    Odt,
    /// OpenDocument spreadsheet.
    Ods,
    /// OpenDocument presentation.
    Odp,
    /// The binary container of older Office: doc, xls, ppt, msg.
    OfficeBinary,
    /// Rich text.
    Rtf,
    /// A zip archive that is none of the documents above, as far as its first bytes tell.
    Zip,
    /// MPEG-4 video.
    Mp4,
    /// QuickTime video.
    Mov,
    /// Text in UTF-8: plain, CSV, JSON, XML, ...
    Text,
}

/// One row for each type: name for people, MIME type, extensions with the preferred one first.
const TABLE: &[(ContentType, &str, &str, &[&str])] = {
    use ContentType::*;
    &[
        (Jpeg, "JPEG", "image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
        (Png, "PNG", "image/png", &["png", "apng"]),
        (WebP, "WebP", "image/webp", &["webp"]),
        (Gif, "GIF", "image/gif", &["gif"]),
        (Bmp, "BMP", "image/bmp", &["bmp", "dib"]),
        (Tiff, "TIFF", "image/tiff", &["tif", "tiff", "dng"]),
        (Heic, "HEIC", "image/heic", &["heic", "heif"]),
        (Avif, "AVIF", "image/avif", &["avif"]),
        (Pdf, "PDF", "application/pdf", &["pdf"]),
        (Docx, "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
        (Xlsx, "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
        (Pptx, "PowerPoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"]),
        (Odt, "OpenDocument text", "application/vnd.oasis.opendocument.text", &["odt"]),
        (Ods, "OpenDocument spreadsheet", "application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
        (Odp, "OpenDocument presentation", "application/vnd.oasis.opendocument.presentation", &["odp"]),
        (OfficeBinary, "Office 97", "application/x-ole-storage", &["doc", "xls", "ppt", "msg"]),
        (Rtf, "rich text", "application/rtf", &["rtf"]),
        (Zip, "zip", "application/zip", &["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "kmz"]),
        (Mp4, "MP4", "video/mp4", &["mp4", "m4v", "m4a", "3gp"]),
        (Mov, "QuickTime", "video/quicktime", &["mov", "qt"]),
        (Text, "text", "text/plain", &["txt", "csv", "log", "md", "json", "xml", "html", "htm", "yaml", "yml", "svg"]),
    ]
};

impl ContentType {
    fn row(self) -> &'static (ContentType, &'static str, &'static str, &'static [&'static str]) {
        TABLE.iter().find(|row| row.0 == self).expect("a test walks every type and finds its row")
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Its MIME type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        self.row().2
    }

    /// Its usual extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.row().3[0]
    }

    /// Whether a name with this extension (without the dot, any case) is right for such a file: `JPEG` for a JPEG,
    /// `csv` for text. A name that fits is best left alone.
    #[must_use]
    pub fn fits_extension(self, extension: &str) -> bool {
        self.row().3.iter().any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// Whether it is a still picture, decoded here or not.
    #[must_use]
    pub fn is_picture(self) -> bool {
        use ContentType::*;
        matches!(self, Jpeg | Png | WebP | Gif | Bmp | Tiff | Heic | Avif)
    }
}

/// Tells a file's type from its first [`SNIFF_LEN`] bytes (or all, if it has fewer). `None`: nothing known.
///
/// ```
/// use fieldpost_imaging::{ContentType, sniff};
///
/// assert_eq!(sniff(b"\xFF\xD8\xFF\xE1"), Some(ContentType::Jpeg));
/// assert_eq!(sniff(b"%PDF-1.7\n"), Some(ContentType::Pdf));
/// assert_eq!(sniff(b""), None);
/// ```
#[must_use]
pub fn sniff(head: &[u8]) -> Option<ContentType> {
    let head = &head[..head.len().min(SNIFF_LEN)];
    magic(head).or_else(|| pdf_within(head)).or_else(|| is_text(head).then_some(ContentType::Text))
}

fn magic(head: &[u8]) -> Option<ContentType> {
    use ContentType::*;
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\xFF\xD8\xFF") {
        Some(Jpeg)
    } else if starts(b"\x89PNG\r\n\x1A\n") {
        Some(Png)
    } else if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some(WebP)
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Some(Gif)
    } else if starts(b"BM") && is_bitmap_header(head) {
        Some(Bmp)
    } else if starts(b"II*\0") || starts(b"MM\0*") {
        Some(Tiff)
    } else if head.get(4..8) == Some(b"ftyp") {
        Some(by_brand(head))
    } else if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        Some(by_entries(head))
    } else if starts(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        Some(OfficeBinary)
    } else if starts(b"{\\rtf") {
        Some(Rtf)
    } else {
        None
    }
}

/// Two letters are a weak sign: the size of the header that follows has to be one that exists.
fn is_bitmap_header(head: &[u8]) -> bool {
    matches!(head.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// ISO base media files name their brands in the first box: the major one, a version, then compatible ones.
fn by_brand(head: &[u8]) -> ContentType {
    let length = head.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
    let end = length.clamp(8, head.len().max(8)).min(head.len());
    let brands = || head[8..end].chunks_exact(4).enumerate().filter(|(at, _)| *at != 1).map(|(_, brand)| brand);
    let any = |wanted: &[&[u8; 4]]| brands().any(|brand| wanted.iter().any(|known| known.as_slice() == brand));
    if any(&[b"avif", b"avis"]) {
        ContentType::Avif
    } else if any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        ContentType::Heic
    } else if brands().next() == Some(b"qt  ") {
        ContentType::Mov
    } else {
        ContentType::Mp4
    }
}

/// Office documents are zip archives: what is inside them tells which.
fn by_entries(head: &[u8]) -> ContentType {
    use ContentType::*;
    const OPEN_DOCUMENT: &[(&[u8], ContentType)] = &[
        (b"mimetypeapplication/vnd.oasis.opendocument.text", Odt),
        (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", Ods),
        (b"mimetypeapplication/vnd.oasis.opendocument.presentation", Odp),
    ];
    const FOLDERS: &[(&[u8], ContentType)] = &[(b"word/", Docx), (b"xl/", Xlsx), (b"ppt/", Pptx)];
    // An OpenDocument's first entry is "mimetype", stored: name and content stand side by side.
    if let Some(first) = head.get(30..)
        && let Some((_, found)) = OPEN_DOCUMENT.iter().find(|(magic, _)| first.starts_with(magic))
    {
        return *found;
    }
    for at in memfind(head, b"PK\x03\x04") {
        let Some(name) = head.get(at + 30..) else { break };
        if let Some((_, found)) = FOLDERS.iter().find(|(folder, _)| name.starts_with(folder)) {
            return *found;
        }
    }
    Zip
}

fn memfind<'a>(hay: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    hay.windows(needle.len()).enumerate().filter(move |(_, window)| *window == needle).map(|(at, _)| at)
}

/// Readers accept a PDF header anywhere in the first kilobyte, and some scanners write there.
fn pdf_within(head: &[u8]) -> Option<ContentType> {
    memfind(&head[..head.len().min(1024)], b"%PDF-").next().map(|_| ContentType::Pdf)
}

/// UTF-8 without control characters; a character cut in half at the very end is fine.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() == SNIFF_LEN => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && !valid.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0C'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContentType::*;

    fn zip_entry(name: &str, body: &[u8]) -> Vec<u8> {
        let mut entry = b"PK\x03\x04".to_vec();
        entry.extend([0; 26]);
        entry.extend(name.as_bytes());
        entry.extend(body);
        entry
    }

    #[test]
    fn every_type_has_a_row_and_its_own_extension_fits() {
        let all = [
            Jpeg,
            Png,
            WebP,
            Gif,
            Bmp,
            Tiff,
            Heic,
            Avif,
            Pdf,
            Docx,
            Xlsx,
            Pptx,
            Odt,
            Ods,
            Odp,
            OfficeBinary,
            Rtf,
            Zip,
            Mp4,
            Mov,
            Text,
        ];
        assert_eq!(all.len(), TABLE.len());
        for kind in all {
            assert!(kind.fits_extension(kind.extension()));
            assert!(kind.mime().contains('/') && !kind.name().is_empty());
            assert_eq!(kind.is_picture(), kind.mime().starts_with("image/"));
        }
    }

    #[test]
    fn the_first_bytes_tell_the_type() {
        let odt = zip_entry("mimetype", b"application/vnd.oasis.opendocument.text");
        let docx = [zip_entry("[Content_Types].xml", b"...."), zip_entry("word/document.xml", b"..")].concat();
        let xlsx = [zip_entry("_rels/.rels", b"...."), zip_entry("xl/workbook.xml", b"..")].concat();
        let bmp = [b"BM\0\0\0\0\0\0\0\0\x36\0\0\0".as_slice(), b"\x28\0\0\0"].concat();
        let table: &[(&[u8], Option<ContentType>)] = &[
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Some(Jpeg)),
            (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", Some(Png)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(WebP)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"GIF89a\x01\0", Some(Gif)),
            (&bmp, Some(Bmp)),
            (b"BMW is not a bitmap, it is text", Some(Text)),
            (b"II*\0\x08\0\0\0", Some(Tiff)),
            (b"MM\0*\0\0\0\x08", Some(Tiff)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some(Heic)),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Some(Heic)),
            (b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avifmiaf", Some(Avif)),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some(Mov)),
            (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", Some(Mp4)),
            (b"\xFF\xFF\xFF\xFFftyp", Some(Mp4)),
            (b"\0\0\0\0ftyp", Some(Mp4)),
            (b"%PDF-1.4", Some(Pdf)),
            (b"\r\n\0junk%PDF-1.4", Some(Pdf)),
            (&odt, Some(Odt)),
            (&docx, Some(Docx)),
            (&xlsx, Some(Xlsx)),
            (b"PK\x03\x04", Some(Zip)),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Some(OfficeBinary)),
            (b"{\\rtf1\\ansi", Some(Rtf)),
            ("Kessel geprüft, Druck 1,5 bar\n".as_bytes(), Some(Text)),
            (b"a\0b", None),
            (b"\x80\x81\x82", None),
            (b"", None),
        ];
        for (head, wanted) in table {
            assert_eq!(sniff(head), *wanted, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_character_cut_by_the_end_of_the_head_is_still_text() {
        let text = "ü".repeat(SNIFF_LEN);
        assert_eq!(sniff(&text.as_bytes()[..SNIFF_LEN]), Some(Text));
        let shifted = format!("x{text}");
        assert_eq!(sniff(&shifted.as_bytes()[..SNIFF_LEN]), Some(Text));
        assert_eq!(sniff(&shifted.as_bytes()[..SNIFF_LEN - 2]), None, "a file that ends in half a character is not");
    }
}
