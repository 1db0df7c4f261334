//! Tokens: asked for once until answered, kept in memory alone, asked for again when refused.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Core;
use super::air::Air;
use crate::dispatch::next::TokenState;
use crate::error::Error;
use crate::model::{AnswerBody, Auth, Exchange, Request};
use crate::transport::{Secret, Token};

/// So many refused tokens in a row wait for a sign-in: a third would be refused as well.
const REFUSALS: u32 = 2;

/// What is shorter is no token that anybody gives out, but may be part of any word.
const SHORTEST: usize = 8;

/// What stands in a token's place.
const BLOT: &[u8] = "…".as_bytes();

/// Whether the account's token goes along: where the request wants it, and goes to the account's own host and port.
pub(crate) fn goes_along(base_url: &str, request: &Request) -> bool {
    let own = || url::Url::parse(base_url).is_ok_and(|base| base.origin() == request.url.origin());
    request.auth != Auth::None && own()
}

/// What came of an exchange, without the token `used` in its answer's body: a system may repeat in its refusal what it was sent, and
/// its words are kept and shown.
pub(crate) fn blotted<'a>(got: &'a Exchange, used: Option<&Secret>) -> Cow<'a, Exchange> {
    let token = used.map(|secret| secret.reveal().as_bytes()).filter(|token| token.len() >= SHORTEST);
    let (Some(token), Ok(answer)) = (token, &got.result) else { return Cow::Borrowed(got) };
    let AnswerBody::Kept(body) = &answer.body else { return Cow::Borrowed(got) };
    let next = |from: usize| body[from..].windows(token.len()).position(|window| window == token).map(|at| from + at);
    let (mut clean, mut from) = (Vec::new(), 0);
    while let Some(at) = next(from) {
        clean.extend_from_slice(&body[from..at]);
        clean.extend_from_slice(BLOT);
        from = at + token.len();
    }
    if from == 0 {
        return Cow::Borrowed(got);
    }
    clean.extend_from_slice(&body[from..]);
    let mut answer = answer.clone();
    answer.body = AnswerBody::Kept(clean);
    Cow::Owned(Exchange { left: got.left, result: Ok(answer) })
}

/// What is held of each account's token.
#[derive(Default)]
pub(super) struct Tokens(HashMap<String, Held>);

#[derive(Default)]
struct Held {
    keeping: Option<Keeping>,
    /// Whom it belongs to, where that was told.
    person: Option<String>,
    /// Tokens in a row that were refused.
    refused: u32,
}

enum Keeping {
    Asked,
    Held(Secret),
    Declined,
}

impl Tokens {
    pub(super) fn state(&self, account: &str) -> TokenState {
        match self.0.get(account).and_then(|token| token.keeping.as_ref()) {
            None => TokenState::Missing,
            Some(Keeping::Asked) => TokenState::Asked,
            Some(Keeping::Held(_)) => TokenState::Held,
            Some(Keeping::Declined) => TokenState::Declined,
        }
    }

    pub(super) fn secret(&self, account: &str) -> Option<Secret> {
        match &self.0.get(account)?.keeping {
            Some(Keeping::Held(secret)) => Some(secret.clone()),
            _ => None,
        }
    }

    /// Whose token is held: only what they captured may leave under it.
    pub(super) fn person(&self, account: &str) -> Option<&str> {
        self.0.get(account)?.person.as_deref()
    }

    /// The accounts whose token was asked for and not answered yet.
    pub(super) fn asked(&self) -> Vec<String> {
        let asked = self.0.iter().filter(|(_, token)| matches!(token.keeping, Some(Keeping::Asked)));
        asked.map(|(account, _)| account.clone()).collect()
    }

    /// None but these were asked for after all.
    pub(super) fn unask(&mut self, but: &[String]) {
        for (_, token) in self.0.iter_mut().filter(|(account, _)| !but.contains(account)) {
            token.keeping.take_if(|keeping| matches!(keeping, Keeping::Asked));
        }
    }

    pub(super) fn ask(&mut self, account: &str) {
        self.keep(account, Keeping::Asked);
    }

    fn keep(&mut self, account: &str, keeping: Keeping) {
        self.0.entry(account.to_owned()).or_default().keeping = Some(keeping);
    }

    /// The system took what went along.
    fn accepted(&mut self, account: &str) {
        if let Some(token) = self.0.get_mut(account) {
            token.refused = 0;
        }
    }

    /// The system refused the token `used`. Returns whether it is no use to ask for another.
    fn refused(&mut self, account: &str, used: Option<&Secret>) -> bool {
        let token = self.0.entry(account.to_owned()).or_default();
        // A newer one may have been handed in since.
        if !matches!(&token.keeping, Some(Keeping::Held(held)) if Some(held) == used) {
            return false;
        }
        token.refused += 1;
        let enough = token.refused >= REFUSALS;
        token.keeping = enough.then_some(Keeping::Declined);
        enough
    }
}

impl Core {
    /// What an exchange says of the token that went along.
    pub(super) fn note_token(
        &mut self,
        air: &mut Air,
        account: &str,
        used: Option<&Secret>,
        refused: bool,
        got: &Exchange,
    ) -> Result<(), Error> {
        if refused {
            return if air.tokens.refused(account, used) { self.want_token(account, true) } else { Ok(()) };
        }
        if got.result.is_ok() {
            air.tokens.accepted(account);
        }
        Ok(())
    }

    fn want_token(&mut self, account: &str, wanted: bool) -> Result<(), Error> {
        let mut account = self.account(account)?;
        account.standing.token_wanted = wanted;
        self.commit(&[], &[&account], |_| Ok(()))
    }

    pub(crate) fn put_token(&mut self, air: &mut Air, account: &str, token: Token) -> Result<(), Error> {
        let Token { secret, person } = token;
        let mut row = self.account(account)?;
        row.standing.token_wanted = false;
        row.standing.person.clone_from(&person);
        self.commit(&[], &[&row], |_| Ok(()))?;
        air.tokens.keep(account, Keeping::Held(secret));
        air.tokens.0.entry(account.to_owned()).or_default().person = person;
        Ok(())
    }

    pub(crate) fn no_token(&mut self, air: &mut Air, account: &str) -> Result<(), Error> {
        self.want_token(account, true)?;
        air.tokens.keep(account, Keeping::Declined);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Answer, Failure, Left};

    fn body(got: &Exchange, token: &str) -> String {
        let got = blotted(got, Some(&Secret::new(token)));
        String::from_utf8(got.result.as_ref().unwrap().bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_token_that_an_answer_repeats_is_blotted_out_wherever_it_stands_and_nothing_else() {
        let answered = |text: &str| Exchange {
            left: Left::Whole,
            result: Ok(Answer { status: 403, headers: vec![], body: AnswerBody::Kept(text.as_bytes().to_vec()) }),
        };
        assert_eq!(body(&answered("abcdefgh"), "abcdefgh"), "…");
        assert_eq!(body(&answered("no abcdefgh, abcdefghabcdefgh!"), "abcdefgh"), "no …, ……!");
        assert_eq!(body(&answered("abcdefg abcdefgx"), "abcdefgh"), "abcdefg abcdefgx");
        assert_eq!(body(&answered("a short one is a word"), "a"), "a short one is a word");
        assert_eq!(body(&answered(""), "abcdefgh"), "");
        let lost = Exchange { left: Left::None, result: Err(Failure::Refused) };
        assert_eq!(*blotted(&lost, Some(&Secret::new("abcdefgh"))), lost);
        assert_eq!(*blotted(&answered("abcdefgh"), None), answered("abcdefgh"));
    }
}
