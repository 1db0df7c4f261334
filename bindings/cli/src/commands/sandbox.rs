//! `sandbox`: the systems, simulated, until it is stopped.

use std::path::Path;

use fieldpost_sandbox::{Listening, ListeningAccount, Options, Post, StartError};

use super::{Ended, Session};
use crate::args::SandboxArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::{Output, plain};
use crate::{stop, tokens};

pub(super) fn run(session: &Session, args: SandboxArgs) -> Ended {
    let posts = posts(&args);
    let SandboxArgs { port, dir, .. } = args;
    // A folder of ours, rather than of the sandbox's: it goes with us, however we are stopped.
    let temporary = match dir {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("fieldpost-sandbox-")
                .tempdir()
                .map_err(|e| failed(format!("no temporary folder: {e}")))?,
        ),
    };
    let kept = dir.or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| failed(format!("no threads to serve with: {e}")))?;
    let (out, options) = (session.out, Options { port, dir: kept.clone(), posts, ..Options::default() });
    let ended = runtime.block_on(async {
        let serving = tokio::task::spawn_blocking(move || {
            let mut said = Ok(());
            let ran = fieldpost_sandbox::run(options, |listening| said = introduce(out, listening, kept.as_deref()));
            ran.map_err(|e| not_started(&e)).and(said)
        });
        tokio::select! {
            served = serving => served.unwrap_or_else(|e| Err(failed(e.to_string()))),
            () = stop::asked() => Ok(()),
        }
    });
    runtime.shutdown_background();
    ended.map(|()| Exit::Done)
}

fn failed(what: String) -> Failure {
    Failure::new("sandbox", what, "give another --port or --dir")
}

fn not_started(why: &StartError) -> Failure {
    match why {
        StartError::Post { .. } => {
            Failure::new("sandbox", why.to_string(), "the sandbox's README has what --fault, --dialect and --post take")
        }
        _ => failed(why.to_string()),
    }
}

/// What the control is told before it listens: what the documents leave open, then the faults, then all else.
fn posts(args: &SandboxArgs) -> Vec<Post> {
    let post = |path: &str, body: &serde_json::Value| Post { path: path.to_owned(), body: body.clone() };
    let dialect = args.dialect.iter().map(|body| post("/dialect", body));
    let faults = args.fault.iter().map(|body| post("/faults", body));
    dialect.chain(faults).chain(args.post.iter().cloned()).collect()
}

fn introduce(out: Output, listening: &Listening, kept: Option<&Path>) -> Result<(), Failure> {
    if out.is_json() { out.object(listening) } else { out.text(in_words(listening, kept)) }
}

fn in_words(listening: &Listening, kept: Option<&Path>) -> String {
    let kept = kept.map(|folder| folder.display().to_string()).unwrap_or_default();
    let mut text = format!(
        "The work-order systems, simulated, until Ctrl-C.\n\n  page     {}\n  control  {}\n  files    {}\n",
        listening.url,
        listening.control,
        plain(&kept)
    );
    for account in &listening.accounts {
        text.push_str(&how_to_use(account));
    }
    text
}

/// Lines to paste into a shell.
fn how_to_use(account: &ListeningAccount) -> String {
    let ListeningAccount { provider, url, token, work_orders, settings } = account;
    let id = provider.to_string();
    let set: String =
        settings.iter().map(|(key, value)| format!(" --set {}", quoted(&format!("{key}={value}")))).collect();
    let first = work_orders.first().map_or("", String::as_str);
    format!(
        "\n{id}, work orders {}\n  fieldpost account add {id} --provider {id} --url {}{set}\n  export {}={}\n  \
         fieldpost capture photo FILE --account {id} --work-order {}\n",
        work_orders.join(", "),
        quoted(url),
        tokens::variable(&id),
        quoted(token),
        quoted(first),
    )
}

/// As one word of a shell.
fn quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_a_shell_is_quoted_where_it_must_be() {
        assert_eq!(quoted("http://127.0.0.1:1/x"), "http://127.0.0.1:1/x");
        assert_eq!(quoted("performed_by=Jo Field"), "'performed_by=Jo Field'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
