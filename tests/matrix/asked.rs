//! A cell in which a person asks a system: it is asked while the fault is there, and once more when it is over.

use std::cell::Cell;

use fieldpost::{Error, Filter, RemoteId};
use fieldpost_sandbox::Operation as Asked;
use fieldpost_tests::run;

use crate::cell::{Seen, Stage};
use crate::rows::{Operation, Row};
use crate::troubles::Trouble;

/// Long enough for all that a fault holds back.
const LATER: u64 = 3_600;

/// Lives through it.
///
/// # Panics
/// Where the fault is not met, what was asked for is wrong, something of it stays or a credential goes where it must not.
pub(crate) fn live(row: &Row, trouble: &Trouble) -> Seen {
    let stage = Stage::new(row, trouble);
    let before = stage.world.outbox.items(&Filter::default()).unwrap();
    let rules = stage.make_trouble(trouble);
    let asking = Asking { stage: &stage, files: Cell::new(0) };
    let first = asking.ask();
    stage.pass(LATER);
    let last = asking.ask();
    for rule in rules {
        assert!(stage.world.sandbox.hits(rule) > 0, "the fault was not met");
    }
    assert_eq!(stage.world.outbox.items(&Filter::default()).unwrap(), before, "to ask changes nothing of the outbox");
    assert_eq!(stage.world.outbox.check().unwrap().1, vec![]);
    assert_eq!(stage.world.sandbox.leaks(), vec![]);
    Seen { first, last, copies: stage.ours(Asked::CreateFolder).len() }
}

struct Asking<'a> {
    stage: &'a Stage<'a>,
    files: Cell<u32>,
}

impl Asking<'_> {
    /// `delivered`, or the reason why there is no answer.
    fn ask(&self) -> String {
        match self.answer() {
            Ok(()) => "delivered".to_owned(),
            Err(Error::Unanswered { why }) => why.reason.to_string(),
            Err(other) => panic!("{other}"),
        }
    }

    fn answer(&self) -> Result<(), Error> {
        let Stage { world, row, job, earlier, .. } = self.stage;
        let remote = world.outbox.remote(job).http(Stage::http());
        let tokens = |account: &str| self.stage.token(account);
        let item = world.item(*earlier);
        let id: RemoteId = item.receipt.and_then(|receipt| receipt.remote_id).unwrap();
        match row.operation {
            Operation::List => {
                let list = run(remote.list(&tokens))?;
                assert!(list.entries.len() <= 1, "{list:?}");
            }
            Operation::Get => assert_eq!(run(remote.get(&id, &tokens))?.ours, Some(*earlier)),
            Operation::Mkdir => assert_eq!(run(remote.make_folder("Site", &tokens))?.name, "Site"),
            _ => {
                self.files.set(self.files.get() + 1);
                let to = world.file("before", b"").with_file_name(format!("got-{}", self.files.get()));
                let got = run(remote.download(&id, &to, &tokens));
                assert_eq!(got.is_ok(), to.exists(), "{got:?}");
                let names = std::fs::read_dir(to.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name());
                assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with(".part")));
                assert_eq!(Some(got?.sha256), item.sent.map(|sent| sent.sha256));
            }
        }
        Ok(())
    }
}
