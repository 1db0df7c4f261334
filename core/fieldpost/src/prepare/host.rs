//! A body that the host made of a photo that nobody here decodes: a JPEG of a HEIC. What was captured stays as it is.

use std::path::Path;
use std::sync::Arc;

use fieldpost_imaging::FitError;

use super::{Draft, Made, Unprepared, revision, unprepared, unwritten};
use crate::model::{Flag, ItemId, PreparedBody, Sent};
use crate::store::folders::Folders;
use crate::store::records::Fit;

/// How the draft is called: of no number that a body has.
const DRAFT: &str = "body-0.new";

/// What the host handed in, made to fit, on its way to be an item's body. Dropped, nothing of it stays.
pub(crate) struct HostMade {
    item: ItemId,
    draft: Draft,
    sent: Sent,
    mime: &'static str,
    extension: &'static str,
    flags: Vec<Flag>,
}

impl HostMade {
    /// Makes the picture at `path` fit, in at most `memory` bytes. Takes a second or so: without the outbox's lock.
    pub(crate) fn new(
        folders: &Arc<Folders>,
        item: ItemId,
        path: &Path,
        fit: Option<Fit>,
        memory: u64,
    ) -> Result<Self, Unprepared> {
        let draft = Draft::new(folders, folders.file(item, DRAFT));
        _ = folders.disk().remove_file(&draft.path); // of one that was killed
        let source = folders.disk().open(path).map_err(FitError::Read);
        let made = source.and_then(|source| draft.fit(source, fit.unwrap_or(Fit::AS_IT_IS), memory));
        let (fitted, sent) = made.map_err(|e| unprepared(&e))?;
        let content = fitted.format.content_type();
        let flags = if fitted.truncated { vec![Flag::Truncated] } else { Vec::new() };
        Ok(HostMade { item, draft, sent, mime: content.mime(), extension: content.extension(), flags })
    }

    /// Gives it a body's name. Called with the outbox's lock, while nobody prepares the item.
    pub(crate) fn keep(self) -> Result<Made, Unprepared> {
        let HostMade { item, draft, sent, mime, extension, flags } = self;
        let file = format!("body-{}.{extension}", revision(&draft.folders, item)?);
        draft.keep_as(&file).map_err(|e| unwritten(&e))?;
        let (mime, extension) = (mime.to_owned(), extension.to_owned());
        Ok(Made { body: PreparedBody { file, sent }, mime, extension, flags })
    }
}
