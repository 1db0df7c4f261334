//! A tus server: an upload is created, gets an address, and is filled at its own offset. It is an entry once it is whole; what is
//! not may be dropped at any time, and what is may be taken away by whoever wanted it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// An upload that was created.
#[derive(Debug)]
pub(super) struct Resumable {
    id: String,
    begun: Begun,
    content: Vec<u8>,
    /// It is not told of any more.
    gone: bool,
}

/// A creation, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    host: String,
    pub(crate) work_order: String,
    name: String,
    length: usize,
}

/// A piece of a file, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    host: String,
    id: String,
    pub(crate) name: String,
    pub(crate) work_order: String,
    offset: usize,
    pub(crate) content: Vec<u8>,
}

impl Resumable {
    fn is_whole(&self) -> bool {
        self.content.len() == self.begun.length
    }
}

fn header<'a>(request: &'a Request, wanted: &str) -> Option<&'a str> {
    request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
}

/// What goes along with a creation under this name.
fn told(request: &Request, wanted: &str) -> Option<String> {
    let pairs = header(request, "upload-metadata")?.split(',').filter_map(|pair| pair.split_once(' '));
    let value = pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value).next()?;
    String::from_utf8(STANDARD.decode(value).ok()?).ok()
}

fn said(status: u16, headers: &[(&str, String)]) -> Answer {
    let own = [("tus-resumable".to_owned(), "1.0.0".to_owned())];
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Answer { status, headers: own.into_iter().chain(headers).collect(), body: AnswerBody::Kept(Vec::new()) }
}

fn id_of(request: &Request) -> String {
    request.url.path().strip_prefix("/files/").unwrap_or_default().to_owned()
}

impl Server {
    /// Reads a creation; `None` for what is none.
    pub(crate) fn begun(&self, request: &Request) -> Option<Begun> {
        if self.speech != Speech::Tus || request.method != Method::Post {
            return None;
        }
        let length = header(request, "upload-length")?.parse().ok()?;
        let (name, work_order) = (told(request, "filename")?, told(request, "work_order")?);
        Some(Begun { host: host(request), work_order, name, length })
    }

    /// Creates an upload, beside any that was created before.
    pub(crate) fn begin(&mut self, begun: Begun) -> Answer {
        self.next += 1;
        let id = format!("u{}", self.next);
        let location = ("location", format!("/files/{id}"));
        self.resumables.push(Resumable { id, begun, content: Vec::new(), gone: false });
        said(201, &[location])
    }

    /// Reads a piece of `file`; `None` for what is none.
    pub(crate) fn piece(&self, request: &Request, file: &[u8]) -> Option<Piece> {
        let Body::File { from, .. } = request.body else { return None };
        let offset = usize::try_from(from).ok()?;
        assert_eq!(header(request, "upload-offset"), Some(from.to_string().as_str()), "the body begins elsewhere");
        let (host, id) = (host(request), id_of(request));
        let begun = self.resumables.iter().find(|upload| (&upload.begun.host, &upload.id) == (&host, &id));
        let (name, work_order) = begun.map(|u| (u.begun.name.clone(), u.begun.work_order.clone())).unwrap_or_default();
        Some(Piece { host, id, name, work_order, offset, content: file.get(offset..)?.to_vec() })
    }

    /// Takes a piece, if it goes on where the upload ends.
    pub(crate) fn fill(&mut self, piece: &Piece) -> Answer {
        let Piece { host, id, offset, content, .. } = piece;
        let found = self.resumables.iter_mut().find(|u| (&u.begun.host, &u.id) == (host, id) && !u.gone);
        let Some(upload) = found else { return said(404, &[]) };
        if upload.content.len() != *offset {
            return said(409, &[]);
        }
        let was_whole = upload.is_whole();
        upload.content.extend_from_slice(content);
        let answer = said(204, &[("upload-offset", upload.content.len().to_string())]);
        if upload.is_whole() && !was_whole {
            let Begun { host, work_order, name, .. } = upload.begun.clone();
            let (remote_id, content) = (upload.id.clone(), upload.content.clone());
            let (visibility, by) = ("All".to_owned(), USER.to_owned());
            let entry = Entry {
                remote_id,
                host,
                work_order,
                name,
                visibility,
                content,
                by,
                listed_from: 0,
                deleted: false,
                is_text: false,
            };
            self.entries.push(entry);
        }
        answer
    }

    /// What is not whole has expired; what is, somebody takes away, or does not.
    pub(crate) fn expire(&mut self, also_whole: bool) {
        self.resumables.iter_mut().for_each(|upload| upload.gone |= also_whole || !upload.is_whole());
    }

    /// Answers what only reads.
    pub(super) fn tells(&self, request: &Request) -> Answer {
        if request.method == Method::Options {
            let extensions = ("tus-extension", "creation,expiration".to_owned());
            return said(204, &[("tus-version", "1.0.0".to_owned()), extensions]);
        }
        let (host, id) = (host(request), id_of(request));
        let found = self.resumables.iter().find(|u| (&u.begun.host, &u.id) == (&host, &id) && !u.gone);
        match found.filter(|_| request.method == Method::Head) {
            Some(upload) => {
                let offset = ("upload-offset", upload.content.len().to_string());
                said(200, &[offset, ("upload-length", upload.begun.length.to_string())])
            }
            None => said(410, &[]),
        }
    }
}
