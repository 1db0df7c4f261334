//! Decisiv's shapes: XML. What an upload answers no document says: an id in `Location`, in the body, or nowhere.

use std::fmt::Write as _;

use super::*;

const NAMESPACE: &str = "http://www.decisiv.net/platform_api/0.0.7/Case/AttachmentResponse";

/// What an upload says: its work order and its name.
pub(super) fn upload(request: &Request) -> Option<(String, String)> {
    let Body::Multipart(parts) = &request.body else { return None };
    let segments: Vec<_> = request.url.path_segments()?.collect();
    let ["cases", case, "attachments"] = segments.as_slice() else { return None };
    let named = parts.iter().find_map(|part| match &part.content {
        Content::File { filename, .. } | Content::Base64File { filename, .. } => Some(filename.clone()),
        Content::Text(_) | Content::Document { .. } => None,
    })?;
    text(parts, "body")?.contains("AttachmentRequest").then(|| ((*case).to_owned(), named))
}

/// The answer to the upload of `entry`, in one of three ways.
pub(super) fn added(entry: &Entry, manner: Manner) -> Answer {
    match entry.remote_id.len() + entry.content.len() % 3 {
        n if n % 3 == 0 => xml(201, ""),
        n if n % 3 == 1 => {
            let mut created = xml(201, "");
            created.headers.push(("location".to_owned(), place(entry)));
            created
        }
        _ => one(entry, manner),
    }
}

pub(super) fn one(entry: &Entry, manner: Manner) -> Answer {
    xml(200, &format!("<z:attachment xmlns:z=\"{NAMESPACE}\">{}</z:attachment>", fields(entry, manner)))
}

pub(super) fn list(entries: &[&Entry], manner: Manner) -> Answer {
    let all = entries.iter().fold(String::new(), |mut all, entry| {
        _ = write!(all, "<z:attachment>{}</z:attachment>", fields(entry, manner));
        all
    });
    xml(200, &format!("<z:attachments xmlns:z=\"{NAMESPACE}\">{all}</z:attachments>"))
}

fn fields(entry: &Entry, manner: Manner) -> String {
    let (name, size) = (manner.naming.listed(entry), entry.content.len());
    let size = if manner.sizes { format!("<z:size>{size}</z:size>") } else { String::new() };
    let link = format!("https://files.invalid/files/{}", entry.remote_id);
    let link = format!("<z:downloadURL>{link}</z:downloadURL>");
    format!("<z:URL>{}</z:URL>{link}<z:filename>{name}</z:filename>{size}", place(entry))
}

fn place(entry: &Entry) -> String {
    format!("https://{}/cases/{}/attachments/{}", entry.host, entry.work_order, entry.remote_id)
}

fn xml(status: u16, body: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
    Answer { status, headers, body: AnswerBody::Kept(body.as_bytes().to_vec()) }
}
