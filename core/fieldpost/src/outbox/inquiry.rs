//! What a person asks of a system, as a pull protocol: [`Outbox::inquire`] begins, whoever drives moves the bytes. Owns in which order
//! a system is asked, and what a download must be; changes no item. The speech is `providers`'.
//!
//! ```text
//! next --Token--> put_token --> next --Send--> report --> next ... --> Done
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Outbox;
use crate::engine::tokens;
use crate::error::Error;
use crate::model::{
    Answer, Bytes, Download, Exchange, Integrity, Reason, RemoteEntry, RemoteFolder, RemoteId, RemoteList, Request,
    Snapshot, Why, WorkOrder,
};
use crate::providers::outcome::Unread;
use crate::providers::reading::{Question, Reply};
use crate::providers::{Cursor, Entry, Listing, Looked, Provider, Step, provider};
use crate::transport::{Secret, Transfer, TransferId};

/// What is wanted of a work order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All that is there.
    List,
    /// One attachment.
    One(RemoteId),
    /// The file of one, in a new file at this path.
    File(RemoteId, PathBuf),
    /// The folder of this name, made where there is none.
    Folder(String),
}

/// What to do next for an [`Inquiry`].
#[derive(Debug, Clone, PartialEq)]
pub enum Inquired {
    /// Make this exchange, then [`report`](Inquiry::report) it.
    Send(Transfer),
    /// Get a token for this account, then [`put_token`](Inquiry::put_token). Without one there is no answer.
    Token {
        /// The account.
        account: String,
    },
    /// The answer.
    Done(Found),
}

/// The answer to an inquiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// To [`Wanted::List`].
    List(RemoteList),
    /// To [`Wanted::One`].
    One(RemoteEntry),
    /// To [`Wanted::File`].
    File(Download),
    /// To [`Wanted::Folder`].
    Folder(RemoteFolder),
}

/// A question to a system, under way. It is asked at once, of the system itself, and nothing of it is queued.
pub struct Inquiry {
    outbox: Outbox,
    account: String,
    wanted: Wanted,
    place: Snapshot,
    token: Option<Secret>,
    /// How often one was asked for.
    asked: u32,
    state: State,
    /// The last answer, where it refused something.
    refused: Option<Answer>,
}

/// Where it stands.
enum State {
    Begin,
    Asks { of: Of, request: Request, at: Cursor },
    Done(Result<Found, Why>),
}

/// What is being asked.
#[derive(Clone)]
enum Of {
    List,
    Other(Question),
}

impl Outbox {
    /// Begins to ask a system for something, for a host that moves the bytes itself; with our own driver: `remote`.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`]; [`Error::Invalid`] for what the account's system cannot be asked, or a path where something is already;
    /// [`Error::Unanswered`] without a network, or for an id that no work order of the system can have.
    pub fn inquire(&self, job: &WorkOrder, wanted: Wanted) -> Result<Inquiry, Error> {
        let (place, conditions) = {
            let mut core = self.core()?;
            (core.place(job)?, core.conditions()?)
        };
        let system = place.provider;
        let needs = match &wanted {
            Wanted::List | Wanted::One(_) => "list",
            Wanted::File(..) => "download",
            Wanted::Folder(_) => "folders",
        };
        let invalid = |what: String| Err(Error::Invalid { what });
        if !provider(system).capabilities().operations.contains(&needs) {
            return invalid(match needs {
                "folders" => format!("{system} has no folders"),
                "download" => format!("{system} documents no download"),
                _ => format!("{system} documents no list of attachments"),
            });
        }
        match &wanted {
            Wanted::File(_, to) if self.inner.disk.len(to).is_ok() => {
                return invalid(format!("{} is there already", to.display()));
            }
            Wanted::Folder(name) if name.trim().is_empty() => return invalid("a folder needs a name".to_owned()),
            _ => {}
        }
        if conditions.network == crate::Network::None {
            return Err(Error::Unanswered { why: Why::new(Reason::NoNetwork, None) });
        }
        let (outbox, account) = (self.clone(), job.account.clone());
        Ok(Inquiry { outbox, account, wanted, place, token: None, asked: 0, state: State::Begin, refused: None })
    }
}

impl Inquiry {
    /// What to do next; the same until that was done.
    ///
    /// # Errors
    /// [`Error::Unanswered`] with the reason; [`Error::Disk`], [`Error::DiskFull`] where a download cannot be kept.
    #[expect(
        clippy::should_implement_trait,
        reason = "as of a delivery: it never ends by itself, so it is no iterator"
    )]
    pub fn next(&mut self) -> Result<Inquired, Error> {
        if matches!(self.state, State::Begin) {
            self.begin();
        }
        match &self.state {
            State::Asks { request, .. } => {
                let authorised = tokens::goes_along(&self.place.base_url, request);
                if authorised && self.token.is_none() {
                    return Ok(Inquired::Token { account: self.account.clone() });
                }
                let token = self.token.clone().filter(|_| authorised);
                let (id, account, request) = (TransferId(0), self.account.clone(), request.clone());
                let keep = self.keeps().then(|| self.part()).flatten();
                Ok(Inquired::Send(Transfer { id, account, item: None, request, token, file: None, keep }))
            }
            State::Done(Ok(found)) => Ok(Inquired::Done(found.clone())),
            State::Done(Err(why)) => Err(Error::Unanswered { why: why.clone() }),
            State::Begin => Err(Error::Unanswered { why: Why::new(Reason::Refused, None) }),
        }
    }

    /// Hands a token in.
    pub fn put_token(&mut self, token: Secret) {
        self.token = Some(token);
        self.asked += 1;
    }

    /// Says that there is no token to be had.
    pub fn no_token(&mut self) {
        self.state = State::Done(Err(Why::new(Reason::TokenWanted, None)));
    }

    /// Takes an exchange's result.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::DiskFull`], [`Error::Damaged`].
    pub fn report(&mut self, got: &Exchange) -> Result<(), Error> {
        let State::Asks { of, at, .. } = std::mem::replace(&mut self.state, State::Begin) else { return Ok(()) };
        // Also where it did not go along: a link's host may know it from the system.
        let got = &*tokens::blotted(got, self.token.clone().as_ref());
        let system = self.system();
        self.refused = got.result.as_ref().ok().filter(|answer| (400..500).contains(&answer.status)).cloned();
        match of {
            Of::List => {
                let step = system.resume_look(std::slice::from_ref(&self.place), &at, got);
                self.listed(step)
            }
            Of::Other(question) => {
                let step = system.resume_ask(&self.place, &question, &at, got);
                self.answered(question, step)
            }
        }
    }

    fn system(&self) -> &'static dyn Provider {
        provider(self.place.provider)
    }

    fn begin(&mut self) {
        let has_get = self.system().capabilities().operations.contains(&"get");
        let question = match &self.wanted {
            Wanted::Folder(name) => Some(Question::Folder(name.trim().to_owned())),
            Wanted::One(id) | Wanted::File(id, _) if has_get => Some(Question::One(id.clone())),
            Wanted::List | Wanted::One(_) | Wanted::File(..) => None,
        };
        let begun = match question {
            Some(question) => self.ask(question),
            None => {
                let step = self.system().look(std::slice::from_ref(&self.place));
                self.listed(step)
            }
        };
        // Nothing was downloaded yet, so nothing can have failed here but the outbox itself.
        if let Err(error) = begun {
            self.state = State::Done(Err(Why::new(Reason::Refused, error.to_string())));
        }
    }

    fn ask(&mut self, question: Question) -> Result<(), Error> {
        let step = self.system().ask(&self.place, &question);
        self.answered(question, step)
    }

    /// The list goes on, or is there.
    fn listed(&mut self, step: Step<Looked>) -> Result<(), Error> {
        let looked = match step {
            Step::Ask { request, at, .. } => {
                self.state = State::Asks { of: Of::List, request, at };
                return Ok(());
            }
            Step::Done(looked) => looked,
        };
        let Listing { mut entries, complete } = match looked.into_read() {
            Ok(listing) => listing,
            Err(unread) => {
                self.failed(unread, Reason::WorkOrderMissing);
                return Ok(());
            }
        };
        let id = match &self.wanted {
            Wanted::One(id) | Wanted::File(id, _) => id.clone(),
            Wanted::List | Wanted::Folder(_) => {
                let mut known = BTreeSet::new(); // some systems' pages overlap
                entries.retain(|entry| !entry.told.is_deleted && known.insert(entry.remote_id.0.clone()));
                let entries = self.outbox.core()?.shown(&self.account, entries)?;
                self.state = State::Done(Ok(Found::List(RemoteList { entries, complete })));
                return Ok(());
            }
        };
        match entries.into_iter().find(|entry| entry.remote_id == id) {
            Some(entry) => self.found(entry),
            None => {
                let detail = if complete { "not in the list" } else { "not in the list, which is not all" };
                self.state = State::Done(Err(Why::new(Reason::AttachmentMissing, detail.to_owned())));
                Ok(())
            }
        }
    }

    /// The attachment that was meant is known.
    fn found(&mut self, entry: Entry) -> Result<(), Error> {
        if let Wanted::File(..) = self.wanted {
            return self.ask(Question::File(entry));
        }
        let shown = self.outbox.core()?.shown(&self.account, vec![entry])?.pop();
        self.state = State::Done(shown.map(Found::One).ok_or_else(|| Why::new(Reason::AttachmentMissing, None)));
        Ok(())
    }

    /// A question goes on, or is answered.
    fn answered(&mut self, question: Question, step: Step<Result<Reply, Unread>>) -> Result<(), Error> {
        let missing = question.missing();
        match step {
            Step::Ask { request, at, .. } => {
                self.state = State::Asks { of: Of::Other(question), request, at };
                Ok(())
            }
            Step::Done(Err(unread)) => {
                self.failed(unread, missing);
                Ok(())
            }
            Step::Done(Ok(Reply::Entry(entry))) => self.found(entry),
            Step::Done(Ok(Reply::Folder { id, name, is_new })) => {
                let folder = RemoteFolder { remote_id: id, name, created: is_new };
                self.state = State::Done(Ok(Found::Folder(folder)));
                Ok(())
            }
            Step::Done(Ok(Reply::File(facts))) => {
                let Question::File(entry) = question else { return Ok(()) };
                self.downloaded(entry, Bytes(facts.bytes), facts.sha256)
            }
        }
    }

    /// A refused token is asked for once more; all else ends it.
    fn failed(&mut self, unread: Unread, missing: Reason) {
        self.state = match unread {
            Unread::TokenWanted if self.asked < 2 => {
                self.token = None;
                State::Begin
            }
            unread @ Unread::CannotTell { .. } => {
                let said = self.refused.as_ref().and_then(|answer| self.system().refusal(answer, missing));
                State::Done(Err(said.unwrap_or_else(|| unread.because(missing))))
            }
            unread => State::Done(Err(unread.because(missing))),
        };
    }

    /// Whether the exchange that is asked for now is the file's own.
    fn keeps(&self) -> bool {
        matches!(&self.state, State::Asks { request, .. } if request.sink == crate::model::Sink::Hash)
    }

    /// Where a download lies until it is known to be whole.
    fn part(&self) -> Option<PathBuf> {
        let Wanted::File(_, to) = &self.wanted else { return None };
        let mut name = to.file_name()?.to_owned();
        name.push(format!(".{}.part", self.place.marker));
        Some(to.with_file_name(name))
    }

    /// The file has come: it gets its name if it is what it should be.
    fn downloaded(&mut self, entry: Entry, bytes: Bytes, sha256: crate::Sha256) -> Result<(), Error> {
        let (Wanted::File(_, to), Some(part)) = (&self.wanted, self.part()) else { return Ok(()) };
        let sent = self.outbox.core()?.sent_as(&self.account, &entry.remote_id)?;
        let (size, hash) = (entry.bytes, entry.sha256);
        let integrity = match sent {
            Some(sent) if sent == (bytes, sha256) => Ok(Integrity::Sent),
            Some((sent, _)) => Err(format!("{} bytes came, {} were sent, or others than these", bytes.0, sent.0)),
            None if size.is_some_and(|size| size != bytes.0) => {
                Err(format!("{} bytes came, {} are listed", bytes.0, size.unwrap_or_default()))
            }
            None => Ok(match hash {
                Some(hash) if hash == sha256 => Integrity::Hash,
                Some(_) => Integrity::OtherHash,
                None if size.is_some() => Integrity::Size,
                None => Integrity::Unknown,
            }),
        };
        self.state = State::Done(match integrity {
            Ok(integrity) => {
                self.name(&part, to)?;
                let entry = self.outbox.core()?.shown(&self.account, vec![entry])?.pop();
                let found = entry.map(|entry| Found::File(Download { entry, bytes, sha256, integrity }));
                found.ok_or_else(|| Why::new(Reason::AttachmentMissing, None))
            }
            Err(detail) => Err(Why::new(Reason::HashMismatch, detail)),
        });
        Ok(())
    }

    fn name(&self, part: &Path, to: &Path) -> Result<(), Error> {
        let disk = &self.outbox.inner.disk;
        let kept = disk.append(part).and_then(|mut file| file.sync()).and_then(|()| disk.rename(part, to));
        kept.map_err(Error::disk(format!("keep {}", to.display())))
    }
}

impl Drop for Inquiry {
    /// What is not whole does not stay.
    fn drop(&mut self) {
        if let Some(part) = self.part() {
            _ = self.outbox.inner.disk.remove_file(&part);
        }
    }
}
