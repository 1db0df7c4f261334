//! What a system holds of a work order, as it is asked at once: by calls that block their thread, with tokens asked for as
//! delivery does. Owns the shape of the answers; nothing of it is queued or kept.

use std::path::PathBuf as FilePath;
use std::sync::Arc;

use fieldpost::{Bytes, Error, Integrity, ItemId, Remote, RemoteFolder, RemoteId, Sha256, Timestamp, WorkOrder};

use crate::deliver::{Http, StopSignal, runtime};
use crate::error::NativeError;
use crate::outbox::NativeOutbox;
use crate::tokens::{Asking, TokenListener};

/// An attachment as its system tells of it. What it does not tell is none.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RemoteEntry {
    /// What the system calls it.
    pub remote_id: RemoteId,
    /// Its name.
    pub name: Option<String>,
    /// Its length.
    pub bytes: Option<Bytes>,
    /// Its MIME type.
    pub mime: Option<String>,
    /// The hash that the system tells, where it can be a SHA-256.
    pub sha256: Option<Sha256>,
    /// The folder's name, where the system has some.
    pub folder: Option<String>,
    /// Its caption, by whatever name the system has for it; of a text the text.
    pub caption: Option<String>,
    /// When it was added, where that is told with its zone.
    pub created_at: Option<Timestamp>,
    /// The item whose receipt it is.
    pub ours: Option<ItemId>,
}

/// What a system lists for one work order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RemoteList {
    /// Its attachments in its own order, without those that it lists as deleted.
    pub entries: Vec<RemoteEntry>,
    /// Whether the system says that this is all.
    pub complete: bool,
}

/// A folder at a system.
#[uniffi::remote(Record)]
pub struct RemoteFolder {
    /// What the system calls it.
    pub remote_id: RemoteId,
    /// Its name, in the system's spelling.
    pub name: String,
    /// Whether it was made just now; else it was there.
    pub created: bool,
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Download {
    /// The attachment.
    pub entry: RemoteEntry,
    /// How long the file is.
    pub bytes: Bytes,
    /// Its SHA-256, computed while it came.
    pub sha256: Sha256,
    /// What it was compared with.
    pub integrity: Integrity,
}

/// What a download was compared with.
#[uniffi::remote(Enum)]
pub enum Integrity {
    /// It is what was sent from here, to the bit.
    Sent,
    /// Its SHA-256 is the hash that the system lists.
    Hash,
    /// It is as long as the system lists; no hash that compares is told.
    Size,
    /// The system lists neither.
    Unknown,
    /// The hash that the system lists is another. Of a file that was not sent from here that proves nothing: the system does
    /// not say how its hashes are made.
    OtherHash,
}

/// Each asks the system of `job` at once, and blocks its thread until it has answered or the signal is given: make it on a thread
/// of its own. All fail with `UnknownAccount`; `Unanswered` where the system does not answer what was asked, with `Paused` where
/// the signal ended it; `Invalid` for what the system cannot be asked, and for a certificate that does not read.
#[uniffi::export]
impl NativeOutbox {
    /// All attachments, in the system's order; what it lists as deleted is left out.
    pub fn remote_list(
        &self,
        job: WorkOrder,
        http: Http,
        tokens: Box<dyn TokenListener>,
        stop: Arc<StopSignal>,
    ) -> Result<RemoteList, NativeError> {
        let list = self.ask(&job, http, tokens, &stop, async |remote, tokens| remote.list(tokens).await);
        Ok(list?.into())
    }

    /// One attachment. `Unanswered` with `AttachmentMissing` where the system does not know it.
    pub fn remote_get(
        &self,
        job: WorkOrder,
        id: RemoteId,
        http: Http,
        tokens: Box<dyn TokenListener>,
        stop: Arc<StopSignal>,
    ) -> Result<RemoteEntry, NativeError> {
        let entry = self.ask(&job, http, tokens, &stop, async |remote, tokens| remote.get(&id, tokens).await);
        Ok(entry?.into())
    }

    /// Downloads the file of an attachment to `to`, where nothing may be yet. It stands there only once all of it has come, is on
    /// the disk, and is what it should be: what was sent, where it is ours; else as long as listed, where that is told.
    ///
    /// `Unanswered` with `HashMismatch` where it is something else; `Invalid` where something is at `to`; `DiskFull`, `Failed`
    /// where it cannot be kept.
    pub fn remote_download(
        &self,
        job: WorkOrder,
        id: RemoteId,
        to: FilePath,
        http: Http,
        tokens: Box<dyn TokenListener>,
        stop: Arc<StopSignal>,
    ) -> Result<Download, NativeError> {
        let ask = async |remote: &Remote, tokens: &Asking<'_>| remote.download(&id, &to, tokens).await;
        Ok(self.ask(&job, http, tokens, &stop, ask)?.into())
    }

    /// The folder called `name`: the one that is there, of several the lowest id, as uploads take it; else a new one. An upload
    /// needs no such call, for it makes its folder itself.
    pub fn remote_make_folder(
        &self,
        job: WorkOrder,
        name: String,
        http: Http,
        tokens: Box<dyn TokenListener>,
        stop: Arc<StopSignal>,
    ) -> Result<RemoteFolder, NativeError> {
        self.ask(&job, http, tokens, &stop, async |remote, tokens| remote.make_folder(&name, tokens).await)
    }
}

impl NativeOutbox {
    fn ask<T>(
        &self,
        job: &WorkOrder,
        http: Http,
        tokens: Box<dyn TokenListener>,
        stop: &StopSignal,
        ask: impl AsyncFnOnce(&Remote, &Asking<'_>) -> Result<T, Error>,
    ) -> Result<T, NativeError> {
        let remote = self.inner.remote(job).http(http.into()).stopped_by(stop.inner.clone());
        let asking = Asking { listener: tokens, questions: &self.questions };
        Ok(runtime()?.block_on(ask(&remote, &asking))?)
    }
}

impl From<fieldpost::RemoteEntry> for RemoteEntry {
    fn from(entry: fieldpost::RemoteEntry) -> Self {
        let fieldpost::RemoteEntry { remote_id, name, bytes, mime, sha256, folder, caption, created_at, ours } = entry;
        RemoteEntry { remote_id, name, bytes: bytes.map(Bytes), mime, sha256, folder, caption, created_at, ours }
    }
}

impl From<fieldpost::RemoteList> for RemoteList {
    fn from(list: fieldpost::RemoteList) -> Self {
        let fieldpost::RemoteList { entries, complete } = list;
        RemoteList { entries: entries.into_iter().map(RemoteEntry::from).collect(), complete }
    }
}

impl From<fieldpost::Download> for Download {
    fn from(download: fieldpost::Download) -> Self {
        let fieldpost::Download { entry, bytes, sha256, integrity } = download;
        Download { entry: entry.into(), bytes, sha256, integrity }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread::scope;

    use fieldpost::{Account, Operation, Reason, Text};
    use fieldpost_sandbox::{Network, Provider};

    use super::*;
    use crate::item::Status;
    use crate::world::{Answer, World, at_once};

    fn job() -> WorkOrder {
        WorkOrder::new("acme", "10234")
    }

    fn token(world: &World) -> [Answer; 1] {
        [Answer::Token(world.sandbox.token(Provider::CorrigoPro))]
    }

    fn list(
        world: &World,
        answers: impl IntoIterator<Item = Answer>,
        stop: &Arc<StopSignal>,
    ) -> Result<RemoteList, NativeError> {
        world.app.outbox.remote_list(job(), Http::default(), world.app.answering(answers), stop.clone())
    }

    fn reason<T: std::fmt::Debug>(ended: Result<T, NativeError>) -> Reason {
        match ended {
            Err(NativeError::Unanswered { why, .. }) => why.reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_listed_names_the_item_whose_receipt_it_is() {
        let world = World::new();
        world.deliver(token(&world), Arc::default());
        let theirs = world.app_on("theirs", "their outbox");
        theirs.outbox.inner.capture(Text::new("theirs"), &job()).unwrap();
        theirs.deliver(token(&world), Arc::default());

        let RemoteList { entries, complete } = list(&world, token(&world), &Arc::default()).unwrap();
        let (item, text) = (world.item(), "a note".len() as u64);
        let shown: Vec<_> = entries.iter().map(|entry| entry.ours).collect();
        assert_eq!((shown, complete), (vec![Some(item.id), None], true));
        assert_eq!((&entries[0].name, entries[0].bytes), (&Some(item.name), Some(Bytes(text))));

        let http = Http::default();
        let one = entries[0].remote_id.clone();
        let got =
            world.app.outbox.remote_get(job(), one, http.clone(), world.app.answering(token(&world)), Arc::default());
        assert_eq!(got.unwrap(), entries[0]);
        let none = RemoteId("4711".into());
        let got = world.app.outbox.remote_get(job(), none, http, world.app.answering(token(&world)), Arc::default());
        assert_eq!(reason(got), Reason::AttachmentMissing);
    }

    #[test]
    fn a_download_is_what_was_sent_and_never_takes_the_place_of_a_file() {
        let world = World::new();
        world.deliver(token(&world), Arc::default());
        let Status::Delivered { receipt } = world.item().status else { panic!("{:?}", world.item()) };
        let id = receipt.remote_id.unwrap();
        let to = world.dir.path().join("note.txt");
        let download = |to: &FilePath, answers: Vec<Answer>| {
            let (outbox, tokens) = (&world.app.outbox, world.app.answering(answers));
            outbox.remote_download(job(), id.clone(), to.clone(), Http::default(), tokens, Arc::default())
        };
        let got = download(&to, token(&world).into()).unwrap();
        assert_eq!((got.integrity, got.bytes), (Integrity::Sent, Bytes(6)));
        assert_eq!(
            (Some(got.sha256), got.entry.ours),
            (world.item().sent.map(|sent| sent.sha256), Some(world.item().id))
        );
        assert_eq!(std::fs::read(&to).unwrap(), b"a note");

        std::fs::write(&to, "mine").unwrap();
        assert!(matches!(download(&to, vec![]), Err(NativeError::Invalid(said)) if said.contains("is there already")));
        assert_eq!(std::fs::read(&to).unwrap(), b"mine");
    }

    #[test]
    fn a_folder_is_made_once_and_its_deletion_is_delivered() {
        let world = World::new();
        let nation = Account::field_nation("nation", world.sandbox.url(Provider::FieldNation));
        world.app.outbox.put_account(nation.into()).unwrap();
        let job = WorkOrder::new("nation", "90001");
        let token = || [Answer::Token(world.sandbox.token(Provider::FieldNation))];
        let make = || {
            let (outbox, tokens) = (&world.app.outbox, world.app.answering(token()));
            outbox.remote_make_folder(job.clone(), "Plans".into(), Http::default(), tokens, Arc::default()).unwrap()
        };
        let made = make();
        assert_eq!((made.name.as_str(), made.created), ("Plans", true));
        assert_eq!(make(), RemoteFolder { created: false, ..made.clone() });

        let deletion = world.app.outbox.delete_folder(job.clone(), made.remote_id).unwrap();
        assert_eq!(deletion.operation, Operation::DeleteFolder);
        world.app.outbox.cancel(world.item().id).unwrap();
        assert_eq!(world.deliver(token(), Arc::default()).delivered, 1);
        let left = world.sandbox.folders(Provider::FieldNation, "90001");
        assert!(left.iter().all(|folder| folder.name != "Plans"), "{left:?}");
        assert!(matches!(
            world.app.outbox.delete_folder(self::job(), RemoteId("1".into())),
            Err(NativeError::Invalid(_))
        ));
    }

    #[test]
    fn without_a_token_nothing_is_answered_and_the_reason_crosses() {
        let world = World::new();
        for answer in [Answer::None, Answer::Throw, Answer::Token("two words".into())] {
            let Err(NativeError::Unanswered { said, why }) = list(&world, [answer], &Arc::default()) else { panic!() };
            assert_eq!((why.reason, why.action), (Reason::TokenWanted, fieldpost::Action::SignIn));
            assert_eq!(said, "the system wants a token: sign in, and try again");
        }
        assert!(world.sandbox.requests().is_empty());
    }

    #[test]
    fn a_signal_ends_a_call_that_waits_for_a_token_or_for_the_system() {
        let world = World::new();
        let stop = Arc::new(StopSignal::new());
        assert_eq!(reason(list(&world, [Answer::Stop(stop.clone())], &stop)), Reason::Paused);
        assert!(world.sandbox.requests().is_empty());

        world.sandbox.network(Network::Silent).unwrap();
        let (stop, sandbox) = (Arc::new(StopSignal::new()), &world.sandbox);
        let (asked, is_asked) = channel();
        scope(|scope| {
            let call = scope.spawn(|| list(&world, [Answer::Later(asked)], &stop));
            let question = is_asked.recv().unwrap();
            let token = sandbox.token(Provider::CorrigoPro);
            world.app.outbox.answer_token(question, Some(token), None).unwrap();
            stop.stop();
            assert_eq!(reason(call.join().unwrap()), Reason::Paused);
        });
    }

    /// A delivery and two calls that have asked for the token of one account.
    fn with_three_that_ask(
        told: impl FnOnce(&World, [i64; 3]),
    ) -> (World, crate::Summary, [Result<RemoteList, NativeError>; 2]) {
        let world = World::new();
        let (ended, listed) = scope(|scope| {
            let ask = || {
                let (asked, is_asked) = channel();
                (Answer::Later(asked), is_asked)
            };
            let ((first, first_asked), (second, second_asked), (third, third_asked)) = (ask(), ask(), ask());
            let delivery = scope.spawn(|| {
                let tokens = world.app.answering([first]);
                world.app.outbox.deliver(at_once(), tokens, Arc::default()).unwrap()
            });
            let questions = first_asked.recv().unwrap();
            let one = scope.spawn(|| list(&world, [second], &Arc::default()));
            let questions = [questions, second_asked.recv().unwrap()];
            let other = scope.spawn(|| list(&world, [third], &Arc::default()));
            told(&world, [questions[0], questions[1], third_asked.recv().unwrap()]);
            (delivery.join().unwrap(), [one.join().unwrap(), other.join().unwrap()])
        });
        (world, ended, listed)
    }

    #[test]
    fn who_asks_at_the_same_time_for_the_same_account_has_each_their_own_answer() {
        let (world, ended, [one, other]) = with_three_that_ask(|world, [delivery, one, other]| {
            let token = || Some(world.sandbox.token(Provider::CorrigoPro));
            world.app.outbox.answer_token(one, None, None).unwrap();
            world.app.outbox.answer_token(other, token(), None).unwrap();
            world.app.outbox.answer_token(delivery, token(), Some("jo".into())).unwrap();
        });
        assert_eq!((ended.delivered, ended.waiting), (1, 0), "{:?}", world.item());
        assert_eq!(reason(one), Reason::TokenWanted);
        assert!(other.is_ok(), "{other:?}");
    }

    #[test]
    fn a_token_that_is_handed_in_serves_all_that_ask_for_its_account() {
        let (world, ended, listed) = with_three_that_ask(|world, _| {
            world.app.outbox.put_token("acme".into(), world.sandbox.token(Provider::CorrigoPro), None).unwrap();
        });
        assert_eq!((ended.delivered, ended.waiting), (1, 0), "{:?}", world.item());
        assert!(listed.iter().all(Result::is_ok), "{listed:?}");
    }
}
