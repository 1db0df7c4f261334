//! Asking a system at once, over the driver of our own: what [`Inquiry`] wants is sent, and what comes is reported. Holds no rule.

use std::path::Path;

use super::Tokens;
use crate::error::Error;
use crate::model::{Download, Reason, RemoteEntry, RemoteFolder, RemoteId, RemoteList, Why, WorkOrder};
use crate::outbox::{Found, Inquired, Outbox, Wanted};
use crate::transport::{Http, HttpOptions, StopSignal};

/// The system's side of one work order, read at once and over the network: nothing here is queued, and nothing of it is kept. Made by
/// [`Outbox::remote`].
///
/// Every call needs a tokio runtime with time and I/O, asks `tokens` for a token when one is wanted (and once more where that is
/// refused), and fails with [`Error::Unanswered`] where the system does not answer what was asked. To drop a call is to
/// stop it.
pub struct Remote {
    outbox: Outbox,
    job: WorkOrder,
    http: HttpOptions,
    stop: StopSignal,
}

impl Outbox {
    /// What the system of `job` holds of it.
    #[must_use]
    pub fn remote(&self, job: &WorkOrder) -> Remote {
        let (outbox, job) = (self.clone(), job.clone());
        Remote { outbox, job, http: HttpOptions::default(), stop: StopSignal::new() }
    }
}

impl Remote {
    /// With these time limits and certificates.
    #[must_use]
    pub fn http(self, http: HttpOptions) -> Self {
        Remote { http, ..self }
    }

    /// Ended by `stop`.
    #[must_use]
    pub fn stopped_by(self, stop: StopSignal) -> Self {
        Remote { stop, ..self }
    }

    /// All attachments, in the system's order; what it lists as deleted is left out.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::Unanswered`]; [`Error::Network`].
    pub async fn list(&self, tokens: &dyn Tokens) -> Result<RemoteList, Error> {
        match self.asked(Wanted::List, tokens).await? {
            Found::List(list) => Ok(list),
            _ => Err(unanswered()),
        }
    }

    /// One attachment.
    ///
    /// # Errors
    /// As [`list`](Self::list): `attachment_missing` where the system does not know it.
    pub async fn get(&self, id: &RemoteId, tokens: &dyn Tokens) -> Result<RemoteEntry, Error> {
        match self.asked(Wanted::One(id.clone()), tokens).await? {
            Found::One(entry) => Ok(entry),
            _ => Err(unanswered()),
        }
    }

    /// Downloads the file of an attachment to `to`, where nothing may be yet. It stands there only once all of it has come, is on the
    /// disk, and is what it should be: what was sent, where it is ours; else as long as listed, where that is told. A temporary link is
    /// fetched without the token, and kept nowhere.
    ///
    /// # Errors
    /// As [`list`](Self::list): `hash_mismatch` where it is something else, `disk_full`; [`Error::Invalid`] where something is at `to`,
    /// or the system documents no download; [`Error::Disk`].
    pub async fn download(&self, id: &RemoteId, to: impl AsRef<Path>, tokens: &dyn Tokens) -> Result<Download, Error> {
        let wanted = Wanted::File(id.clone(), to.as_ref().to_owned());
        match self.asked(wanted, tokens).await? {
            Found::File(download) => Ok(download),
            _ => Err(unanswered()),
        }
    }

    /// The folder called `name`: the one that is there (of several the lowest id, as uploads take it), else a new one. At once, so that
    /// it can be seen; an upload needs no such call, for it makes its folder itself.
    ///
    /// # Errors
    /// As [`list`](Self::list); [`Error::Invalid`] where the system has no folders.
    pub async fn make_folder(&self, name: &str, tokens: &dyn Tokens) -> Result<RemoteFolder, Error> {
        match self.asked(Wanted::Folder(name.to_owned()), tokens).await? {
            Found::Folder(folder) => Ok(folder),
            _ => Err(unanswered()),
        }
    }

    async fn asked(&self, wanted: Wanted, tokens: &dyn Tokens) -> Result<Found, Error> {
        let mut inquiry = self.outbox.inquire(&self.job, wanted)?;
        let http = Http::new(self.http.clone(), self.outbox.disk());
        let http = http.map_err(|e| Error::Network { what: e.to_string() })?;
        loop {
            match inquiry.next()? {
                Inquired::Send(transfer) => inquiry.report(&http.send(&transfer, &|_, _| {}, &self.stop).await)?,
                Inquired::Token { account } => {
                    let token = tokio::select! {
                        token = tokens.token(&account) => token,
                        () = self.stop.stopped() => return Err(stopped()),
                    };
                    match token.filter(|token| token.is_sendable()) {
                        Some(token) => inquiry.put_token(token.secret),
                        None => inquiry.no_token(),
                    }
                }
                Inquired::Done(found) => return Ok(found),
            }
        }
    }
}

fn stopped() -> Error {
    Error::Unanswered { why: Why::new(Reason::Paused, None) }
}

/// An inquiry answers what it was asked: this is never seen.
fn unanswered() -> Error {
    Error::Unanswered { why: Why::new(Reason::Refused, None) }
}
