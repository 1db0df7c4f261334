//! One cell: a world of its own whose listings are trusted, one operation that meets one fault, and what becomes of it.
//!
//! Owns: how the fault gets to the operation, and what is counted. Never: what is right.

use std::fmt;
use std::time::Duration;

use fieldpost::{
    Changes, Deliver, Document, HttpOptions, Item, ItemId, Proof, RemoteId, Signature, State, Text, WorkOrder,
};
use fieldpost_sandbox::{By, Fault, LedgerEntry, Operation as Asked, Provider, Rule, RuleId, WorkOrderState};
use fieldpost_tests::{World, run, systems};

use crate::asked;
use crate::expected::Expected;
use crate::rows::{Operation, Row};
use crate::troubles::{Trouble, What};

/// Larger than what two sockets buffer while nobody reads, smaller than what any system refuses.
const LARGE: usize = 10_000_000;

/// Where such a body is cut: early, so that what is left of it is still too much for the sockets.
const CUT: u64 = 50_000;

/// An hour: all waits are over then.
const LONG: u64 = 3_600;

/// Deliveries that end all that ends by itself: three looks that tell nothing, and a try.
const ROUNDS: usize = 4;

/// The folder that Field Nation has not.
const FOLDER: &str = "Photos";

/// A PNG's head, and a dot.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";

/// What was seen of a cell.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The state and reason after the first delivery.
    pub(crate) first: String,
    /// How it ended.
    pub(crate) last: String,
    /// How often the system accepted it from us.
    pub(crate) copies: usize,
}

impl Seen {
    pub(crate) fn is(&self, expected: &Expected) -> bool {
        (self.first.as_str(), self.last.as_str(), self.copies) == (expected.first, expected.last, expected.copies)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}, accepted {} times", self.first, self.last, self.copies)
    }
}

/// Lives through it.
///
/// # Panics
/// Where the fault is not met, something is lost, or a credential goes where it must not.
pub(crate) fn live(row: &Row, trouble: &Trouble) -> Seen {
    if row.operation.is_asked() {
        return asked::live(row, trouble);
    }
    let stage = Stage::new(row, trouble);
    let folder = (row.operation == Operation::Rmdir).then(|| stage.folder());
    let rules = stage.make_trouble(trouble);
    let id = stage.begin(folder.as_ref());
    stage.deliver();
    let first = stage.stands(id);
    stage.office_meddles(trouble);
    let is_over = || matches!(stage.world.item(id).state, State::Delivered | State::Blocked);
    let rounds = (0..ROUNDS).take_while(|_| !is_over()).map(|_| stage.deliver_later()).count();
    assert!(is_over(), "it came to no end in {rounds} hours: {}", stage.stands(id));
    // What is over stays as it is.
    stage.deliver_later();
    for rule in rules {
        assert!(stage.world.sandbox.hits(rule) > 0, "the fault was not met");
    }
    stage.assert_nothing_is_lost(id);
    Seen { first, last: stage.ends(id), copies: stage.copies(id) }
}

/// A world, and the row that is played there.
pub(crate) struct Stage<'a> {
    pub(crate) world: World,
    pub(crate) row: &'a Row,
    pub(crate) job: WorkOrder,
    /// The file that was delivered before: the one that is changed or read, or that earned the listings their trust.
    pub(crate) earlier: ItemId,
    /// Whether what is sent is more than sockets take in.
    is_large: bool,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(row: &'a Row, trouble: &Trouble) -> Self {
        let is_large = matches!(trouble.what, What::WhileLarge(_)) && row.operation == Operation::Upload;
        let world = if is_large { World::new() } else { World::in_memory(&[row.system]) };
        let job = systems::job(row.system);
        let earlier = world.pdf("the first one", &job).id;
        let stage = Stage { world, row, job, earlier, is_large };
        stage.deliver();
        stage.pass(20);
        stage.deliver();
        stage.world.assert_delivered_once(earlier);
        stage
    }

    /// Sees to it that the fault is met by this row's operation.
    pub(crate) fn make_trouble(&self, trouble: &Trouble) -> Vec<RuleId> {
        let sandbox = &self.world.sandbox;
        let (system, order) = (self.row.system, systems::work_order(self.row.system));
        let on = |operation, fault: Fault| sandbox.fault(Rule::new(fault).on(system).operation(operation));
        match &trouble.what {
            What::Fault(fault) | What::WhileLarge(fault) => self.plant(fault()),
            What::NoWorkOrder => {
                sandbox.set_work_order(system, order, None);
                vec![]
            }
            What::Closed => {
                let closed =
                    if system == Provider::CorrigoPro { WorkOrderState::Rejected } else { WorkOrderState::Closed };
                sandbox.set_work_order(system, order, closed);
                vec![]
            }
            // An upload whose answer and whose first look are lost: only then does the office's word decide anything.
            What::OfficeRenames | What::OfficeDeletes if self.sends() => {
                let look = Rule::new(Fault::status_before(503)).on(system).operation(Asked::List);
                vec![on(Asked::Upload, Fault::LoseAnswer), sandbox.fault(look.skip(self.reads_before()))]
            }
            What::OfficeRenames | What::OfficeDeletes => {
                self.office_acts(trouble, self.earlier);
                vec![]
            }
        }
    }

    fn plant(&self, fault: Fault) -> Vec<RuleId> {
        let sandbox = &self.world.sandbox;
        let fault = match fault {
            Fault::DropInBody { .. } if self.is_large => Fault::DropInBody { after_bytes: Some(CUT) },
            fault => fault,
        };
        let is_look = self.row.operation == Operation::Look;
        let mut rules = Vec::new();
        if is_look {
            let lost = Rule::new(Fault::LoseAnswer).on(self.row.system).operation(Asked::Upload);
            rules.push(sandbox.fault(lost));
        }
        let rule = if fault == Fault::Unreachable {
            // Decided before there is a request. A lost answer closes its connection: the look has the next one.
            Rule::new(fault).skip(u32::from(is_look))
        } else {
            let asked = match self.row.operation {
                Operation::Upload | Operation::Text | Operation::Signature => Asked::Upload,
                Operation::Before | Operation::Look => Asked::List,
                Operation::Folder => Asked::CreateFolder,
                Operation::Update => Asked::Update,
                Operation::Delete => Asked::Delete,
                Operation::Rmdir => Asked::DeleteFolder,
                Operation::List => Asked::List,
                Operation::Get => Asked::Get,
                Operation::Link => Asked::Link,
                Operation::Download => Asked::Download,
                Operation::Mkdir => Asked::CreateFolder,
            };
            let skip = if is_look { self.reads_before() } else { 0 };
            Rule::new(fault).on(self.row.system).operation(asked).skip(skip)
        };
        rules.push(sandbox.fault(rule));
        rules
    }

    /// Whether it is a file or a text that is sent.
    fn sends(&self) -> bool {
        matches!(self.row.operation, Operation::Upload | Operation::Text | Operation::Signature)
    }

    /// How many lists are read before an upload.
    fn reads_before(&self) -> u32 {
        let reads = matches!(self.row.system, Provider::Serial | Provider::FieldNation);
        u32::from(reads && self.row.operation != Operation::Signature)
    }

    /// Asks for the operation.
    fn begin(&self, folder: Option<&RemoteId>) -> ItemId {
        let outbox = &self.world.outbox;
        let length = if self.is_large { LARGE } else { 2_000 };
        let changes: Changes = match self.row.system {
            Provider::FieldNation => [("notes".to_owned(), "Seal replaced".to_owned())].into(),
            _ => [("visibility".to_owned(), "CruOnly".to_owned())].into(),
        };
        match self.row.operation {
            Operation::Update => outbox.update(self.earlier, changes).unwrap().id,
            Operation::Delete => outbox.delete(self.earlier).unwrap().id,
            Operation::Rmdir => outbox.delete_folder(&self.job, folder.unwrap()).unwrap().id,
            Operation::Signature => {
                let account = systems::account(&self.world.sandbox, self.row.system).signatures_to_endpoint();
                outbox.put_account(account).unwrap();
                let signature = Signature::png(self.world.file("customer.png", PNG));
                outbox.capture(signature, &self.job).unwrap().id
            }
            Operation::Text => outbox.capture(Text::new("Seal replaced"), &self.job).unwrap().id,
            operation => {
                let mut content = b"%PDF-1.4\n".to_vec();
                content.resize(length, b'7');
                let document = Document::new(self.world.file("plan.pdf", &content));
                let document = if operation == Operation::Folder { document.folder(FOLDER) } else { document };
                outbox.capture(document, &self.job).unwrap().id
            }
        }
    }

    fn deliver(&self) {
        let how = Deliver { http: Self::http(), ..Deliver::default() };
        run(self.world.outbox.deliver_with(&|account: &str| self.token(account), how)).unwrap();
    }

    /// A busy machine must not look like a silent system; a silence without a body is told after both together.
    pub(crate) fn http() -> HttpOptions {
        let (connect, idle) = (Duration::from_secs(3), Duration::from_secs(2));
        HttpOptions { connect, idle, ..HttpOptions::default() }
    }

    pub(crate) fn token(&self, account: &str) -> Option<String> {
        systems::of_account(account).map(|system| self.world.sandbox.token(system))
    }

    /// A folder of our own: those that every work order has cannot be deleted.
    fn folder(&self) -> RemoteId {
        let remote = self.world.outbox.remote(&self.job);
        run(remote.make_folder(FOLDER, &|account: &str| self.token(account))).unwrap().remote_id
    }

    fn deliver_later(&self) {
        self.pass(LONG);
        self.deliver();
    }

    pub(crate) fn pass(&self, seconds: u64) {
        let time = Duration::from_secs(seconds);
        self.world.clock.pass(time);
        self.world.sandbox.clock().advance(time);
    }

    /// The office acts while the upload is in doubt.
    fn office_meddles(&self, trouble: &Trouble) {
        if self.sends()
            && let Some(line) = self.ours(Asked::Upload).last()
        {
            self.office(trouble, &line.remote_id);
        }
    }

    fn office_acts(&self, trouble: &Trouble, on: ItemId) {
        let id = self.world.item(on).receipt.and_then(|receipt| receipt.remote_id).unwrap();
        self.office(trouble, &id.0);
    }

    fn office(&self, trouble: &Trouble, id: &str) {
        let (sandbox, system) = (&self.world.sandbox, self.row.system);
        let order = systems::work_order(system);
        match trouble.what {
            What::OfficeRenames => assert!(sandbox.office_rename(system, order, id, "theirs.pdf").unwrap()),
            What::OfficeDeletes => assert!(sandbox.office_delete(system, order, id).unwrap()),
            _ => {}
        }
    }

    /// The state and the reason that are shown.
    fn stands(&self, id: ItemId) -> String {
        let item = self.world.item(id);
        match &item.why {
            Some(why) => format!("{} {}", item.state, why.reason),
            None => item.state.to_string(),
        }
    }

    /// The same at the end, with the proof in place of the state.
    fn ends(&self, id: ItemId) -> String {
        let item = self.world.item(id);
        match item.receipt.as_ref().map(|receipt| (receipt.proof, item.attempts)) {
            Some((Proof::Answer, 1)) => "delivered".to_owned(),
            Some((Proof::Found, 1)) => "found".to_owned(),
            Some((Proof::Answer, _)) => "again".to_owned(),
            Some((proof, attempts)) => format!("{proof:?} after {attempts} attempts"),
            None => self.stands(id),
        }
    }

    /// The lines of the ledger that our operation wrote.
    pub(crate) fn ours(&self, operation: Asked) -> Vec<LedgerEntry> {
        let earlier = self.world.item(self.earlier);
        let lines = self.world.sandbox.ledger().into_iter();
        lines
            .filter(|line| line.by == By::Client && line.operation == operation)
            .filter(|line| operation != Asked::Upload || !earlier.id.marker().is_in(&line.name))
            .collect()
    }

    /// How often what was asked for was accepted from us.
    fn copies(&self, id: ItemId) -> usize {
        let operation = match self.world.item(id).operation {
            fieldpost::Operation::Upload => Asked::Upload,
            fieldpost::Operation::Update => Asked::Update,
            fieldpost::Operation::Delete => Asked::Delete,
            fieldpost::Operation::DeleteFolder => Asked::DeleteFolder,
        };
        self.ours(operation).len()
    }

    /// The item is at the system, or still here with a reason; no file is damaged, no credential went astray.
    fn assert_nothing_is_lost(&self, id: ItemId) {
        let item = self.world.item(id);
        match item.state {
            State::Delivered => self.assert_has_arrived(&item),
            _ => assert!(item.why.is_some(), "{item:?}"),
        }
        assert_eq!(self.world.outbox.check().unwrap().1, vec![]);
        assert_eq!(self.world.sandbox.leaks(), vec![]);
        let made = self.ours(Asked::CreateFolder);
        assert!(made.len() <= 1, "the folder was made more than once: {made:?}");
    }

    fn assert_has_arrived(&self, item: &Item) {
        let Some(sent) = item.sent.filter(|_| item.operation == fieldpost::Operation::Upload) else { return };
        let remote = item.receipt.as_ref().and_then(|receipt| receipt.remote_id.clone()).unwrap();
        let uploads = self.world.sandbox.ledger().into_iter().filter(|line| line.operation == Asked::Upload);
        let line = uploads.into_iter().find(|line| line.remote_id == systems::in_ledger(&remote));
        assert_eq!(line.map(|line| line.sha256), Some(sent.sha256.to_string()), "{item:?}");
    }
}
