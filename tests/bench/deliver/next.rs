//! What `next` costs with a full queue: where it decides that nothing can go, which writes nothing, and where it lets an
//! attempt out, which is durable before it returns.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fieldpost::{Answer, AnswerBody, Delivery, Exchange, Left, Options, Outbox, Secret, Task, Transfer, TransferId};
use fieldpost_tests::bench::{Bound, Figures, account, fill, median};

use crate::TOKEN;

/// The most that a decision may take, in microseconds, and beside one over few rows.
const DECISION_BOUND: f64 = 100.0;
const FLAT_BOUND: f64 = 1.5;
const FEW: usize = 1_000;
const WORK_ORDERS: usize = 200;
/// What the account may have under way.
const AT_ONCE: usize = 2;

pub(crate) fn bench(dir: &Path, rows: usize, rounds: usize, figures: &mut Figures) -> io::Result<()> {
    let (mut few, mut all) = (Queue::new(&dir.join("few"), FEW)?, Queue::new(&dir.join("all"), rows)?);
    let (mut of_few, mut of_all) = (Vec::new(), Vec::new());
    for _ in 0..rounds * 10 {
        of_few.push(few.decide());
        of_all.push(all.decide());
    }
    println!(
        "`next`, {AT_ONCE} of {AT_ONCE} transfers in the air: it looks and sleeps; median of {} alternating rounds",
        rounds * 10
    );
    let (few_decides, decides) = (median(&of_few), median(&of_all));
    println!("  {FEW} rows             {:8.1} us", few_decides * 1e6);
    println!("  {rows} rows           {:8.1} us", decides * 1e6);
    let (mut of_few, mut of_all, mut of_bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut bare = Bare::new(&dir.join("bare"))?;
    for _ in 0..rounds {
        of_few.push(few.let_out());
        of_all.push(all.let_out());
        of_bare.push(bare.steps()?);
    }
    println!("`next` that lets an attempt out, durably; median of {rounds} alternating rounds; reported, no bound");
    println!("  {FEW} rows             {:8.1} us", median(&of_few) * 1e6);
    println!("  {rows} rows           {:8.1} us", median(&of_all) * 1e6);
    println!("  two bare syncs         {:8.1} us   (the same bytes to a journal and to a log)", median(&of_bare) * 1e6);
    figures.add(format!("next over {rows} rows, in us"), decides * 1e6, Bound::Below(DECISION_BOUND));
    figures.add(format!("next over {rows} rows / over {FEW}"), decides / few_decides, Bound::Most(FLAT_BOUND));
    Ok(())
}

/// A full outbox being delivered: its account's transfers are in the air and stay there.
struct Queue {
    delivery: Delivery,
    in_the_air: Vec<TransferId>,
    answered: u64,
    _outbox: Outbox,
}

impl Queue {
    fn new(dir: &Path, rows: usize) -> io::Result<Self> {
        let account = account("http://127.0.0.1:9").set("max_concurrent", AT_ONCE.to_string());
        fill(dir, account, rows, rows.div_ceil(WORK_ORDERS))?;
        let outbox = Outbox::open(dir, Options::default()).map_err(io::Error::other)?;
        let delivery = outbox.begin_delivery().map_err(io::Error::other)?;
        let mut queue = Queue { delivery, in_the_air: Vec::new(), answered: 0, _outbox: outbox };
        while queue.in_the_air.len() < AT_ONCE {
            match queue.next() {
                Task::Send(Transfer { id, .. }) => queue.in_the_air.push(id),
                Task::Token { account } => {
                    queue.delivery.put_token(&account, Secret::new(TOKEN)).map_err(io::Error::other)?;
                }
                Task::Sleep { .. } | Task::Prepare(_) => panic!("there are items to send"),
            }
        }
        Ok(queue)
    }

    fn next(&self) -> Task {
        self.delivery.next().expect("the disk takes an attempt")
    }

    /// A `next` that finds all lanes full.
    fn decide(&self) -> Duration {
        let begun = Instant::now();
        let task = self.next();
        let took = begun.elapsed();
        assert!(matches!(task, Task::Sleep { .. }), "nothing can go");
        took
    }

    /// A `next` that sends, after a transfer has ended.
    fn let_out(&mut self) -> Duration {
        self.answered += 1;
        let proof = format!(r#"{{"AttachmentId": "{}", "MessageId": "1"}}"#, self.answered);
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = Answer { status: 200, headers, body: AnswerBody::Kept(proof.into_bytes()) };
        let ended = self.in_the_air.remove(0);
        self.delivery.report(ended, &Exchange { left: Left::Whole, result: Ok(answer) }).expect("the result is kept");
        let begun = Instant::now();
        let task = self.next();
        let took = begun.elapsed();
        let Task::Send(transfer) = task else { panic!("there are items to send") };
        self.in_the_air.push(transfer.id);
        took
    }
}

/// What letting out an attempt does to the disk, without the database: a line into a journal and pages into a log, both synced.
struct Bare {
    dir: PathBuf,
    log: File,
    journals: usize,
}

impl Bare {
    fn new(dir: &Path) -> io::Result<Self> {
        fs::create_dir(dir)?;
        let log = OpenOptions::new().create(true).append(true).open(dir.join("log"))?;
        Ok(Bare { dir: dir.to_owned(), log, journals: 0 })
    }

    fn steps(&mut self) -> io::Result<Duration> {
        self.journals += 1;
        let path = self.dir.join(format!("journal-{}", self.journals));
        File::create(&path)?.sync_all()?; // it is there before the attempt
        let begun = Instant::now();
        let mut journal = OpenOptions::new().append(true).open(path)?;
        journal.write_all(&[b'.'; 900])?;
        journal.sync_all()?;
        self.log.write_all(&[b'.'; 12 * 4096])?;
        self.log.sync_data()?;
        Ok(begun.elapsed())
    }
}
