//! What a captured file is: its content decides, the wished name only where the content says nothing.

use fieldpost_imaging::{ContentType, sniff};

use crate::model::Kind;

/// The MIME type and the extension (without its dot, possibly empty) of a file that begins with `head` and whose name
/// claims the extension `claimed`, which is harmless already (see [`names`](super::names)).
pub(crate) fn content_type(head: &[u8], claimed: Option<&str>, kind: Kind) -> (&'static str, String) {
    let found = match kind {
        Kind::Text => Some(ContentType::Text), // it came as text: even when empty, even when it begins like a PDF
        Kind::Photo | Kind::Document | Kind::Signature => sniff(head),
    };
    match (found, claimed) {
        (Some(found), Some(claimed)) if found.fits_extension(claimed) => (found.mime(), claimed.to_owned()),
        (Some(found), _) => (found.mime(), found.extension().to_owned()),
        (None, claimed) => ("application/octet-stream", claimed.unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_the_type_and_a_right_extension_stays() {
        let jpeg: &[u8] = b"\xFF\xD8\xFF\xE0";
        type Row<'a> = (&'a [u8], Option<&'a str>, Kind, &'a str, &'a str);
        let table: &[Row<'_>] = &[
            (jpeg, Some("jpg"), Kind::Photo, "image/jpeg", "jpg"),
            (jpeg, Some("jpeg"), Kind::Photo, "image/jpeg", "jpeg"),
            (jpeg, Some("png"), Kind::Photo, "image/jpeg", "jpg"),
            (jpeg, Some("exe"), Kind::Document, "image/jpeg", "jpg"),
            (jpeg, None, Kind::Photo, "image/jpeg", "jpg"),
            (b"%PDF-1.7", Some("jpg"), Kind::Photo, "application/pdf", "pdf"),
            (b"pressure;1.5\n", Some("csv"), Kind::Document, "text/plain", "csv"),
            (b"\x80\x81", Some("dwg"), Kind::Document, "application/octet-stream", "dwg"),
            (b"\x80\x81", None, Kind::Document, "application/octet-stream", ""),
            (b"", Some("jpg"), Kind::Photo, "application/octet-stream", "jpg"),
            (b"", None, Kind::Text, "text/plain", "txt"),
            (b"%PDF- is how a PDF begins", None, Kind::Text, "text/plain", "txt"),
            (b"a,b", Some("csv"), Kind::Text, "text/plain", "csv"),
        ];
        for (head, claimed, kind, mime, extension) in table {
            let found = content_type(head, *claimed, *kind);
            assert_eq!(found, (*mime, (*extension).to_owned()), "{} {claimed:?}", head.escape_ascii());
        }
    }
}
