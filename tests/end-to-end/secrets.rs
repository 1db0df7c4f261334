//! Secrets stay in memory: a run over all five systems, with tokens, temporary links and tokens in queries, in which much goes
//! wrong; then everything that was written or told is searched for each of them, the outbox's folder byte by byte.

use std::path::Path;
use std::sync::{Arc, Mutex};

use fieldpost::{Changes, Error, Filter, Item, Reason, State};
use fieldpost_sandbox::{Dialect, DownloadHost, Fault, FileValue, Moment, Operation, Provider};
use fieldpost_tests::systems::{account_id, work_order};
use fieldpost_tests::{World, job, run};

/// What every temporary link of the sandbox has, and what stands before every token in a query.
const MARKS: [&str; 2] = ["/links/", "access_token"];

/// The token of a system: short enough not to be left out for its length alone.
fn token(system: Provider) -> String {
    format!("tok-{system}-5b1e")
}

/// All that was told, and all that lies in a folder.
#[derive(Default)]
struct Told(Vec<(String, Vec<u8>)>);

impl Told {
    fn say(&mut self, by: &str, what: impl std::fmt::Debug) {
        self.0.push((by.to_owned(), format!("{what:?} {what:#?}").into_bytes()));
    }

    fn files(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            self.0.push((format!("the name of {}", path.display()), path.to_string_lossy().into_owned().into_bytes()));
            match path.is_dir() {
                true => self.files(&path),
                false => self.0.push((path.display().to_string(), std::fs::read(&path).unwrap())),
            }
        }
    }

    fn item(&mut self, item: &Item) {
        self.say("an item", item);
        self.0.push(("an item as JSON".to_owned(), serde_json::to_vec(item).unwrap()));
    }

    /// Who told `secret`.
    fn tellers(&self, secret: &str) -> Vec<&str> {
        let has =
            |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
        self.0.iter().filter(|(_, bytes)| has(bytes)).map(|(by, _)| by.as_str()).collect()
    }
}

/// An answer that repeats the credentials that it was sent, as careless systems do.
fn echo(system: Provider, status: u16) -> Fault {
    let token = token(system);
    let body = format!(
        r#"{{"Code":3000,"Message":"no {token} here","ValidationErrors":[],"status":400,"code":"X","message":"{token} is bad"}}"#
    );
    let headers = vec![("content-type".into(), "application/json".into()), ("x-token".into(), token)];
    Fault::Status { status, when: Moment::Before, headers, body }
}

/// A world with all five systems and tokens of our own, whose links carry rights.
fn world() -> World {
    let world = World::new();
    let mut dialect = Dialect::default();
    dialect.serial.value = FileValue::Link;
    dialect.decisiv.download = DownloadHost::Other;
    world.sandbox.set_dialect(dialect);
    for system in Provider::ALL {
        world.sandbox.set_tokens(system, &[&token(system)]);
    }
    world
}

/// Everything that goes wrong in one life of an outbox; the ids of what was captured.
fn live(world: &World, told: &mut Told) {
    let faults = [
        None,
        Some(Fault::LoseAnswer),
        Some(Fault::HalfAnswer),
        Some(Fault::WrongSize),
        Some(Fault::WrongHash),
        Some(Fault::DropAfterBody),
        Some(Fault::CaptivePortal { redirect: true }),
        Some(Fault::status_before(503)),
        Some(Fault::Unauthorized { until_token_changes: false }),
        Some(Fault::status_before(409)),
    ];
    for fault in faults {
        for system in Provider::ALL {
            if let Some(fault) = fault.clone() {
                world.fault(system, Operation::Upload, 1, fault);
            }
            world.pdf(&format!("{fault:?}"), &job(system));
        }
        told.say("a summary", world.deliver());
        told.say("a summary", world.deliver_after(3_600));
        world.outbox.items(&Filter::default()).unwrap().iter().for_each(|item| told.item(item));
    }
}

/// What a person asks the systems, in good times and in bad ones.
fn ask_the_systems(world: &World, told: &mut Told) {
    for system in Provider::ALL {
        for fault in
            [None, Some(echo(system, 400)), Some(Fault::HalfAnswer), Some(Fault::CaptivePortal { redirect: true })]
        {
            let remote = world.outbox.remote(&job(system));
            let tokens = |_: &str| Some(token(system));
            let list = run(remote.list(&tokens));
            told.say("a list", &list);
            let first = list.unwrap().entries.into_iter().find(|entry| entry.ours.is_some()).unwrap();
            let meet = |operation| fault.clone().into_iter().for_each(|fault| world.fault(system, operation, 1, fault));
            meet(Operation::List);
            told.say("a list", run(remote.list(&tokens)).map_err(|e| (e.to_string(), e.help(), e)));
            meet(Operation::Download);
            let to = world.path().with_file_name(format!("got-{system}-{}", told.0.len()));
            told.say(
                "a download",
                run(remote.download(&first.remote_id, &to, &tokens)).map_err(|e| (e.to_string(), e)),
            );
            meet(Operation::CreateFolder);
            told.say("a folder", run(remote.make_folder("Site", &tokens)).map_err(|e| (e.to_string(), e)));
        }
    }
}

/// What can be asked of an outbox.
fn ask(world: &World, told: &mut Told) {
    let items = world.outbox.items(&Filter::default()).unwrap();
    items.iter().for_each(|item| told.item(item));
    told.say("accounts", world.outbox.accounts().unwrap());
    told.say("a check", world.outbox.check().unwrap());
    let nowhere = world.outbox.update(items[0].id, Changes::from([("colour".to_owned(), "red".to_owned())]));
    told.say("an error", nowhere.map_err(|e: Error| (e.to_string(), e.help())));
    let export = world.path().with_file_name("export");
    let mut rescued = Vec::new();
    let done = fieldpost::export(world.path(), &export, |item| rescued.push(format!("{item:?}")));
    told.say("an export", (done, rescued));
    told.files(&export);
    told.files(&world.path());
    told.files(&world.sandbox.dir());
    told.say("requests", world.sandbox.requests());
}

#[test]
fn nothing_that_is_written_or_told_has_a_token_a_temporary_link_or_a_query_credential() {
    let world = world();
    let (mut told, events) = (Told::default(), Arc::new(Mutex::new(Told::default())));
    let heard = events.clone();
    let listening = world.outbox.listen(move |event| heard.lock().unwrap().say("an event", event));
    live(&world, &mut told);
    ask_the_systems(&world, &mut told);
    ask(&world, &mut told);
    listening.finish();
    told.0.append(&mut events.lock().unwrap().0);

    let downloads = world.sandbox.requests().into_iter().filter(|r| r.operation == Some(Operation::Download));
    assert!(downloads.count() >= 2, "links were followed");
    let count = |system: Provider| world.sandbox.uploads(system, work_order(system)).len();
    assert!(Provider::ALL.into_iter().all(|system| count(system) >= 8), "much was delivered");
    assert!(told.0.len() > 500 && told.0.iter().any(|(by, _)| by == "an event"), "{} things were told", told.0.len());
    assert_eq!(world.sandbox.leaks(), vec![]);
    for secret in Provider::ALL.map(token) {
        assert_eq!(told.tellers(&secret), Vec::<&str>::new(), "{secret}");
    }
    for mark in MARKS {
        let tellers = told.tellers(mark);
        assert!(tellers.iter().all(|by| *by == "requests"), "{mark}: {tellers:?}");
    }
    // The sandbox's own log names both, with a blot in the place of what is secret.
    for path in world.sandbox.requests().into_iter().map(|request| request.path) {
        assert!(!MARKS.iter().any(|mark| path.contains(mark)) || path.contains("[redacted]"), "{path}");
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let world = world();
    let mut told = Told::default();
    world.text(Provider::CorrigoPro, &format!("a caption that has {} in it", token(Provider::CorrigoPro)));
    ask(&world, &mut told);
    assert!(!told.tellers(&token(Provider::CorrigoPro)).is_empty());
    assert!(told.tellers(&token(Provider::Serial)).is_empty());
}

#[test]
fn a_system_that_repeats_our_credentials_in_its_refusal_does_not_get_them_shown() {
    for status in [400, 403, 409, 413, 500, 503] {
        let world = world();
        let mut told = Told::default();
        for system in Provider::ALL {
            for operation in [Operation::Upload, Operation::List] {
                world.fault(system, operation, 1, echo(system, status));
            }
            world.pdf("one", &job(system));
        }
        for _ in 0..3 {
            world.deliver_after(3_600);
            ask_again(&world, &mut told);
        }
        for system in Provider::ALL {
            assert_eq!(told.tellers(&token(system)), Vec::<&str>::new(), "{status} at {}", account_id(system));
        }
        let items = world.outbox.items(&Filter::default()).unwrap();
        assert!(items.iter().all(|item| matches!(item.state, State::Blocked | State::Delivered)), "{status}");
        let refused = |item: &&Item| item.why.as_ref().is_some_and(|why| why.reason != Reason::OutcomeUnknown);
        assert!(status >= 500 || items.iter().any(|item| refused(&item)), "{status}: somebody refused");
    }
}

fn ask_again(world: &World, told: &mut Told) {
    world.outbox.items(&Filter::default()).unwrap().iter().for_each(|item| told.item(item));
    told.files(&world.path());
}
