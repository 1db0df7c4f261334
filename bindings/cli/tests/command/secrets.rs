//! The command tells no token, no temporary link and no query credential, whatever goes wrong.

use std::process::Command;

use fieldpost_sandbox::{Dialect, DownloadHost, Fault, Moment, Operation, Options, Provider, Rule, Sandbox};

use super::support::{Place, Ran, any_file_holds};

/// What every temporary link of the sandbox has, and what stands before every token in a query.
const MARKS: [&str; 2] = ["/links/", "access_token"];

/// Short enough not to be left out for its length alone.
fn token(system: Provider) -> String {
    format!("tok-{system}-5b1e")
}

/// An answer that repeats the token that it was sent.
fn echo(system: Provider) -> Fault {
    let token = token(system);
    let body =
        format!(r#"{{"Code":3000,"Message":"no {token} here","status":400,"code":"X","message":"{token} is bad"}}"#);
    let headers = vec![("content-type".into(), "application/json".into())];
    Fault::Status { status: 400, when: Moment::Before, headers, body }
}

/// With each system's own token.
fn tokens(command: &mut Command) -> &mut Command {
    command
        .envs(Provider::ALL.map(|system| (format!("FIELDPOST_TOKEN_{}", system.name().to_uppercase()), token(system))))
}

/// Runs it as a person and as a script do; what it said.
fn say(place: &Place, args: &[&str]) -> Vec<String> {
    let told = |json: &[&str]| {
        let mut command = place.command(args.iter().chain(json));
        let Ran { out, err, .. } = Ran::of(&tokens(&mut command).output().unwrap());
        [out, err]
    };
    [told(&[]), told(&["--json"])].concat()
}

#[test]
fn whatever_the_command_says_and_writes_has_no_secret_in_it() {
    let (sandbox, place) = (Sandbox::start(Options::default()).unwrap(), Place::empty());
    let mut dialect = Dialect::default();
    dialect.decisiv.download = DownloadHost::Other;
    sandbox.set_dialect(dialect);
    let mut said = Vec::new();
    for account in sandbox.listening().accounts {
        let (system, url) = (account.provider, account.url.clone());
        sandbox.set_tokens(system, &[&token(system)]);
        let set: Vec<String> = account.settings.iter().map(|(key, value)| format!("--set={key}={value}")).collect();
        let add = ["account", "add", system.name(), "--provider", system.name(), "--url", &url];
        said.extend(say(&place, &add.into_iter().chain(set.iter().map(String::as_str)).collect::<Vec<_>>()));
        let file = place.file("report.pdf", format!("%PDF-1.7 for {system:?}"));
        let job = ["--account", system.name(), "--work-order", &account.work_orders[0]];
        for fault in [None, Some(Fault::LoseAnswer), Some(Fault::HalfAnswer), Some(echo(system))] {
            for operation in [Operation::Upload, Operation::List, Operation::Download] {
                if let Some(fault) = fault.clone() {
                    sandbox.fault(Rule::new(fault).on(system).operation(operation));
                }
            }
            let capture = ["capture", "document", file.to_str().unwrap()];
            said.extend(say(&place, &capture.into_iter().chain(job).collect::<Vec<_>>()));
            said.extend(say(&place, &["deliver", "--patience", "0s"]));
            for args in [&["remote", "list"][..], &["remote", "mkdir", "Site"]] {
                said.extend(say(&place, &[args, &job].concat()));
            }
            let items = place.json(["list", "--account", system.name()]).ends(0).lines();
            if let Some(id) = items.last().and_then(|item| item["id"].as_str()) {
                for args in
                    [&["show", id][..], &["why", id], &["remote", "get", id], &["remote", "get", id, "--out", id]]
                {
                    said.extend(say(&place, args));
                }
            }
        }
        for args in
            [&["list"][..], &["account", "list"], &["check"], &["retry", "--all"], &["deliver", "--patience", "0s"]]
        {
            said.extend(say(&place, args));
        }
    }
    assert!(sandbox.requests().iter().filter(|r| r.operation == Some(Operation::Download)).count() >= 8);
    assert_eq!(sandbox.leaks(), vec![]);
    for secret in Provider::ALL.map(token).iter().map(String::as_str).chain(MARKS) {
        let told: Vec<&String> = said.iter().filter(|said| said.contains(secret)).collect();
        assert!(told.is_empty(), "{secret}: {told:?}");
        assert!(!any_file_holds(place.folder.path(), secret.as_bytes()), "{secret}");
    }
    assert!(said.iter().any(|said| said.contains("what was sent from here")), "something was downloaded");
}
