//! Where tokens come from: the environment, else a command. They are handed on and never shown, stored or logged.

use std::collections::HashSet;
use std::env;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use fieldpost::{BoxFuture, Secret, StopSignal, Token, Tokens};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::failure::Failure;

/// The most that is read of a token command's output, in bytes: tokens are some kilobytes at most.
const OUTPUT_LIMIT: u64 = 1_000_000;

/// `FIELDPOST_TOKEN_<ID>`, else `FIELDPOST_TOKEN`, else the first line that the token command prints.
pub(crate) struct TokenSource {
    command: Option<String>,
    /// Whose tokens they are.
    person: Option<String>,
    json: bool,
    stop: StopSignal,
    /// Accounts whose token of the environment was handed out: asked again, it was refused.
    handed: Mutex<HashSet<String>>,
}

impl TokenSource {
    /// Of the environment and of `command`, all of them `person`'s; `stop` ends a command that hangs.
    pub(crate) fn new(command: Option<String>, person: Option<String>, json: bool, stop: StopSignal) -> Self {
        TokenSource { command, person, json, stop, handed: Mutex::default() }
    }

    async fn ask(&self, account: &str) -> Option<Secret> {
        let first = self.handed.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned());
        if let Some(token) = of_environment(account).filter(|_| first) {
            return Some(token);
        }
        let command = self.command.as_deref()?;
        let asked = tokio::select! {
            asked = first_line(command, account) => asked,
            () = self.stop.stopped() => return None,
        };
        asked.inspect_err(|what| self.complain(account, what)).ok()
    }

    /// The account waits for a token; the delivery of the others goes on.
    fn complain(&self, account: &str, what: &str) {
        let message = format!("the token command gave no token for '{account}': {what}");
        Failure::new("token_command", message, "run it by hand with the account's id behind it").tell(self.json);
    }
}

impl Tokens for TokenSource {
    fn token<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Option<Token>> {
        Box::pin(async {
            let token = Token::new(self.ask(account).await?);
            Some(match &self.person {
                Some(person) => token.of(person),
                None => token,
            })
        })
    }
}

/// The name of the variable with an account's token: upper case, other characters `_`.
pub(crate) fn variable(account: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("FIELDPOST_TOKEN_{}", account.chars().map(upper).collect::<String>())
}

fn of_environment(account: &str) -> Option<Secret> {
    let read = |name: &str| env::var(name).ok().filter(|token| !token.trim().is_empty());
    read(&variable(account)).or_else(|| read("FIELDPOST_TOKEN")).map(Secret::new)
}

/// Runs `command` with the account's id (letters, digits, `.`, `_`, `-`) as its last argument.
async fn first_line(command: &str, account: &str) -> Result<Secret, String> {
    let mut child = shell(command, account)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("it cannot be run: {e}"))?;
    let mut printed = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_LIMIT).read_to_end(&mut printed).await.map_err(|e| format!("it cannot be read: {e}"))?;
    }
    let status = child.wait().await.map_err(|e| format!("it cannot be waited for: {e}"))?;
    if !status.success() {
        return Err(format!("it failed ({status})"));
    }
    let line = printed.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let token = Secret::new(String::from_utf8_lossy(line));
    if token.is_sendable() { Ok(token) } else { Err("its first line is no token".to_owned()) }
}

#[cfg(unix)]
fn shell(command: &str, account: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} \"$@\""), "sh", account]);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str, account: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", &format!("{command} {account}")]);
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accounts_variable_is_upper_case_with_underscores() {
        assert_eq!(variable("acme-1.eu"), "FIELDPOST_TOKEN_ACME_1_EU");
    }
}
