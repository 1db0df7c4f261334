//! Field Nation's shapes: folders of files, in pages of two folders; the answer to an upload is the whole work order.

use super::*;

/// How many folders a page holds.
const PER_PAGE: usize = 2;

/// A folder of a work order. `Misc` is in every one.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(super) host: String,
    pub(super) work_order: String,
    pub(super) id: u64,
    pub(super) name: String,
}

/// The creation of a folder, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Creation {
    pub(super) host: String,
    pub(crate) work_order: String,
    pub(super) name: String,
}

/// What an upload says: its work order, its name, its folder.
pub(super) fn upload(request: &Request) -> Option<(String, String, u64)> {
    let Body::Multipart(parts) = &request.body else { return None };
    let segments: Vec<_> = request.url.path_segments()?.collect();
    let ["workorders", work_order, "attachments", folder] = segments.as_slice() else { return None };
    let named = parts.iter().find_map(|part| match &part.content {
        Content::File { filename, .. } if part.name == "file" => Some(filename.clone()),
        _ => None,
    })?;
    Some(((*work_order).to_owned(), named, folder.parse().ok()?))
}

/// Reads the creation of a folder.
pub(super) fn creation(request: &Request) -> Option<Creation> {
    let Body::Bytes { bytes, .. } = &request.body else { return None };
    let segments: Vec<_> = request.url.path_segments()?.collect();
    let ["workorders", work_order, "attachments"] = segments.as_slice() else { return None };
    let said: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let (host, work_order, name) = (host(request), (*work_order).to_owned(), said["name"].as_str()?.to_owned());
    (request.method == Method::Post).then_some(Creation { host, work_order, name })
}

/// One page of the folders with their files. Without a number it is the first.
pub(super) fn page(folders: &[Folder], entries: &[&Entry], manner: Manner, asked: Option<usize>) -> Answer {
    answer(200, &list(folders, entries, manner, asked))
}

/// The work order, with the first page of them.
pub(super) fn whole(work_order: &str, folders: &[Folder], entries: &[&Entry], manner: Manner) -> Answer {
    answer(200, &json!({"id": work_order, "attachments": list(folders, entries, manner, None)}))
}

fn list(folders: &[Folder], entries: &[&Entry], manner: Manner, asked: Option<usize>) -> serde_json::Value {
    let first = usize::from(manner.lag.is_multiple_of(2)); // pages count from 0 at some, from 1 at others
    let page = asked.unwrap_or(first).max(first);
    let shown = folders.chunks(PER_PAGE).nth(page - first).unwrap_or_default();
    let results: Vec<_> = shown.iter().map(|folder| with_files(folder, entries, manner)).collect();
    let pages = folders.len().div_ceil(PER_PAGE);
    json!({"metadata": {"total": folders.len(), "per_page": PER_PAGE, "pages": pages, "page": page}, "results": results})
}

fn with_files(folder: &Folder, entries: &[&Entry], manner: Manner) -> serde_json::Value {
    let own = |entry: &&&Entry| entry.remote_id.split('/').next() == Some(folder.id.to_string().as_str());
    let files: Vec<_> = entries
        .iter()
        .filter(own)
        .map(|entry| {
            let file: u64 = entry.remote_id.rsplit('/').next().unwrap_or_default().parse().unwrap_or_default();
            let size = if manner.sizes { json!(entry.content.len()) } else { json!(null) };
            json!({"id": file, "file": {"name": manner.naming.listed(entry), "size_bytes": size}})
        })
        .collect();
    json!({"id": folder.id, "name": folder.name, "metadata": {"total": files.len()}, "results": files})
}

impl Server {
    /// Reads the creation of a folder; `None` for what is none.
    pub(crate) fn creation(&self, request: &Request) -> Option<Creation> {
        if self.speech == Speech::FieldNation { creation(request) } else { None }
    }

    /// Creates it, beside one of that name where there is one.
    pub(crate) fn create(&mut self, creation: Creation) -> Answer {
        self.next += 1;
        let Creation { host, work_order, name } = creation;
        let at = (host.clone(), work_order.clone());
        self.created.push(Folder { host, work_order, id: 100 + self.next, name });
        whole(&at.1, &self.folders(&at.0, &at.1), &[], self.manner)
    }

    /// The folders of a work order, in no particular order.
    pub(super) fn folders(&self, at: &str, of: &str) -> Vec<Folder> {
        let usual = [(1, "Documents"), (2, "Misc")].map(|(id, name)| {
            let (host, work_order, name) = (at.to_owned(), of.to_owned(), name.to_owned());
            Folder { host, work_order, id, name }
        });
        let created = self.created.iter().filter(|folder| folder.host == at && folder.work_order == of);
        usual.into_iter().chain(created.rev().cloned()).collect()
    }
}
