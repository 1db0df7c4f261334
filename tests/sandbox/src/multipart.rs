//! `multipart/form-data`, read as it comes (RFC 7578, RFC 2046).
//!
//! Owns: the pieces between two boundaries. Holds one piece and one boundary's length in memory, never a file. Strict: what
//! a strict server would refuse is an error, since clients are tested against it.
//!
//! ```text
//! preamble --boundary--> head of a part --blank line--> its bytes --boundary--> ... --boundary "--"--> end
//! ```

use axum::body::Bytes;
use futures_util::stream::{Stream, StreamExt as _};

use crate::request::percent_decoded;

/// Bytes of a part's head.
const HEAD_LIMIT: usize = 16 * 1024;

/// Characters of a boundary (RFC 2046, 5.1.1).
const BOUNDARY_LIMIT: usize = 70;

/// A form that arrives.
pub(crate) struct Multipart<S> {
    source: S,
    buffer: Vec<u8>,
    /// Line break, two hyphens, boundary.
    delimiter: Vec<u8>,
}

/// What stands before a part's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PartHead {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    /// `Content-Transfer-Encoding`, in lower case. RFC 7578 has it no more; a system's own page may.
    pub(crate) transfer_encoding: Option<String>,
}

impl<S> Multipart<S>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
{
    /// `content_type` is the request's.
    pub(crate) fn new(source: S, content_type: &str) -> Result<Self, String> {
        let parameters = parameters(content_type)?;
        let boundary = only(&parameters, "boundary")?.ok_or("the content type has no boundary")?;
        if boundary.is_empty() || boundary.len() > BOUNDARY_LIMIT {
            return Err("the boundary is empty or too long".to_owned());
        }
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first boundary may stand at the very beginning, with no line break before it.
        Ok(Self { source, buffer: b"\r\n".to_vec(), delimiter })
    }

    /// Skips the preamble, up to the first boundary.
    pub(crate) async fn begin(&mut self) -> Result<(), String> {
        while self.piece().await?.is_some() {}
        Ok(())
    }

    /// The head of the next part, behind a boundary; `None` at the end of the form.
    pub(crate) async fn head(&mut self) -> Result<Option<PartHead>, String> {
        self.at_least(2).await?;
        if self.buffer.starts_with(b"--") {
            return Ok(None);
        }
        let line = self.through(b"\r\n").await?;
        if line.iter().any(|b| !matches!(b, b' ' | b'\t')) {
            return Err("something stands behind a boundary".to_owned());
        }
        let head = self.through(b"\r\n\r\n").await?;
        let head = String::from_utf8(head).map_err(|_| "the head of a part is not UTF-8")?;
        part_head(&head).map(Some)
    }

    /// More of the part's bytes; `None` when its boundary was reached.
    pub(crate) async fn piece(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(at) = find(&self.buffer, &self.delimiter) {
                if at > 0 {
                    return Ok(Some(self.buffer.drain(..at).collect()));
                }
                self.buffer.drain(..self.delimiter.len());
                return Ok(None);
            }
            // All but what may be the beginning of a boundary.
            let sure = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
            if sure > 0 {
                return Ok(Some(self.buffer.drain(..sure).collect()));
            }
            self.more().await?;
        }
    }

    /// The bytes up to `end`, which is taken away too.
    async fn through(&mut self, end: &[u8]) -> Result<Vec<u8>, String> {
        loop {
            if let Some(at) = find(&self.buffer, end) {
                let before = self.buffer.drain(..at).collect();
                self.buffer.drain(..end.len());
                return Ok(before);
            }
            if self.buffer.len() > HEAD_LIMIT {
                return Err("the head of a part is too long".to_owned());
            }
            self.more().await?;
        }
    }

    async fn at_least(&mut self, bytes: usize) -> Result<(), String> {
        while self.buffer.len() < bytes {
            self.more().await?;
        }
        Ok(())
    }

    async fn more(&mut self) -> Result<(), String> {
        match self.source.next().await {
            Some(Ok(chunk)) => {
                self.buffer.extend_from_slice(&chunk);
                Ok(())
            }
            Some(Err(e)) => Err(e.to_string()),
            None => Err("the form ends before its last boundary".to_owned()),
        }
    }
}

/// Where `wanted`, which begins with a carriage return, stands.
fn find(hay: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = hay[from..].iter().position(|b| *b == b'\r') {
        from += at;
        if hay[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
    None
}

fn part_head(head: &str) -> Result<PartHead, String> {
    let (mut disposition, mut content_type, mut transfer_encoding) = (None, None, None);
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':').ok_or("a line in the head of a part is no header")?;
        let slot = match name.to_ascii_lowercase().as_str() {
            "content-disposition" => &mut disposition,
            "content-type" => &mut content_type,
            "content-transfer-encoding" => &mut transfer_encoding,
            _ => continue,
        };
        if slot.replace(value.trim().to_owned()).is_some() {
            return Err(format!("a part has {name} twice"));
        }
    }
    let disposition = disposition.ok_or("a part has no Content-Disposition")?;
    if !disposition.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("form-data")) {
        return Err("a part's Content-Disposition is not form-data".to_owned());
    }
    let parameters = parameters(&disposition)?;
    let name = only(&parameters, "name")?.ok_or("a part has no name")?.to_owned();
    let file_name = match only(&parameters, "filename*")? {
        Some(extended) => Some(extended_value(extended)?),
        None => only(&parameters, "filename")?.map(str::to_owned),
    };
    let transfer_encoding = transfer_encoding.map(|encoding: String| encoding.to_ascii_lowercase());
    Ok(PartHead { name, file_name, content_type, transfer_encoding })
}

/// `UTF-8''na%C3%AFve.jpg` (RFC 8187).
fn extended_value(text: &str) -> Result<String, String> {
    let mut pieces = text.splitn(3, '\'');
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(charset), Some(_), Some(value)) if charset.eq_ignore_ascii_case("utf-8") => {
            percent_decoded(value).ok_or_else(|| "filename* is not UTF-8".to_owned())
        }
        _ => Err("filename* is not of RFC 8187".to_owned()),
    }
}

/// The one parameter of that name.
fn only<'a>(parameters: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, String> {
    let mut found = parameters.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(format!("{name} stands there twice")),
        (value, None) => Ok(value),
    }
}

/// The parameters behind a header's first `;`, names in lower case.
fn parameters(header: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while !rest.trim().is_empty() {
        let (name, value) = rest.split_once('=').ok_or("a header's parameter has no value")?;
        let name = name.trim().to_ascii_lowercase();
        match value.strip_prefix('"') {
            Some(quoted) => {
                let (value, behind) = unquoted(quoted).ok_or("a quotation mark is never closed")?;
                found.push((name, value));
                rest = behind.trim_start();
                if !rest.is_empty() {
                    rest = rest.strip_prefix(';').ok_or("something stands behind a quoted value")?;
                }
            }
            None => {
                let (value, behind) = value.split_once(';').unwrap_or((value, ""));
                found.push((name, value.trim().to_owned()));
                rest = behind;
            }
        }
    }
    Ok(found)
}

/// The text up to the closing quotation mark, and what is behind it. Understands `\"` (RFC 9110) and `%22` (WHATWG).
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let text = text.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n");
                return Some((text, &quoted[at + 1..]));
            }
            '\\' if quoted[at + 1..].starts_with(['"', '\\']) => text.extend(characters.next().map(|(_, c)| c)),
            other => text.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_named_by_its_disposition() {
        let head = "Content-Disposition: form-data; name=\"File\"; filename=\"a \\\"b\\\"; c.jpg\"\r\ncontent-type: image/jpeg";
        let expected = PartHead {
            name: "File".to_owned(),
            file_name: Some("a \"b\"; c.jpg".to_owned()),
            content_type: Some("image/jpeg".to_owned()),
            transfer_encoding: None,
        };
        assert_eq!(part_head(head), Ok(expected));
        let names = [
            ("name=f; filename=plain.jpg", "plain.jpg"),
            ("name=f; filename=\"x\"; filename*=UTF-8''na%C3%AFve.jpg", "naïve.jpg"),
            ("name=f; filename=\"q%22.jpg\"", "q\".jpg"),
            ("name=\"f\";filename=\"\"", ""),
        ];
        for (parameters, file_name) in names {
            let head = part_head(&format!("Content-Disposition: form-data; {parameters}")).unwrap();
            assert_eq!((head.name.as_str(), head.file_name.as_deref()), ("f", Some(file_name)), "{parameters}");
        }
    }

    #[test]
    fn a_head_that_a_strict_server_refuses_is_refused() {
        let heads = [
            "",
            "Content-Type: text/plain",
            "Content-Disposition: attachment; name=\"a\"",
            "Content-Disposition: form-data",
            "Content-Disposition: form-data; name=\"a",
            "Content-Disposition: form-data; name=\"a\"; name=\"b\"",
            "Content-Disposition: form-data; name=\"a\" x",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
            "no header",
        ];
        for head in heads {
            assert!(part_head(head).is_err(), "{head:?}");
        }
    }

    /// Reads a form that arrives in such pieces.
    async fn read(content_type: &str, pieces: Vec<Vec<u8>>) -> Result<Vec<(PartHead, Vec<u8>)>, String> {
        let source = futures_util::stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece))));
        let mut form = Multipart::new(source, content_type)?;
        form.begin().await?;
        let mut parts = Vec::new();
        while let Some(head) = form.head().await? {
            let mut content = Vec::new();
            while let Some(piece) = form.piece().await? {
                content.extend(piece);
            }
            parts.push((head, content));
        }
        Ok(parts)
    }

    /// A small generator with a seed (SplitMix64).
    fn below(state: &mut u64, n: usize) -> usize {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((z ^ (z >> 27)) % n as u64).unwrap()
    }

    #[tokio::test]
    async fn a_form_reads_the_same_however_it_is_cut_and_no_damage_to_it_makes_the_reader_panic() {
        let boundary = "x-7f3a";
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let (mut whole, mut refused) = (0, 0);
        for seed in 0..4_000u64 {
            let rng = &mut seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
            let contents: Vec<Vec<u8>> = (0..below(rng, 4))
                .map(|_| (0..below(rng, 40)).map(|_| b"\r\n-x7f3a:\0\xff"[below(rng, 11)]).collect())
                .collect();
            let mut form = Vec::new();
            for (n, content) in contents.iter().enumerate() {
                form.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{n}\"\r\n\r\n").bytes());
                form.extend(content);
                form.extend(b"\r\n");
            }
            form.extend(format!("--{boundary}--\r\n").bytes());
            let is_damaged = below(rng, 2) == 0;
            if is_damaged {
                let at = below(rng, form.len());
                match below(rng, 3) {
                    0 => form.truncate(at),
                    1 => form[at] = u8::try_from(below(rng, 256)).unwrap(),
                    _ => form.insert(at, b"\r\n-:\"x"[below(rng, 6)]),
                }
            }
            let mut pieces = Vec::new();
            while !form.is_empty() {
                let n = 1 + below(rng, 30.min(form.len()));
                pieces.push(form.drain(..n).collect());
            }
            let read = read(&content_type, pieces).await;
            // A content may itself look like a boundary: then it is one.
            let delimiter = format!("--{boundary}");
            let is_clean = contents.iter().all(|content| find(content, delimiter.as_bytes()).is_none());
            if !is_damaged && is_clean {
                let read: Vec<Vec<u8>> = read.unwrap().into_iter().map(|(_, content)| content).collect();
                assert_eq!(read, contents, "seed {seed}");
                whole += 1;
            } else {
                refused += usize::from(read.is_err());
            }
        }
        assert!(whole > 1_000 && refused > 500, "too few to mean anything: {whole} whole, {refused} refused");
    }
}
