//! Tokens as an app is asked for them: by an event that returns at once, and that the app answers with a call. Owns the questions
//! that are not answered yet. A token passes through, and is kept by whoever asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fieldpost::{BoxFuture, Secret, Token, Tokens};
use tokio::sync::oneshot;

use crate::error::NativeError;
use crate::events::ListenerError;
use crate::outbox::NativeOutbox;

/// The app's sign-in.
#[uniffi::export(callback_interface)]
pub trait TokenListener: Send + Sync {
    /// A token is wanted for that account. Return at once, and answer the question with `answerToken` when there is one, or there
    /// is none to be had: until then this account waits, and no other. To throw is to have none.
    fn token_wanted(&self, account: String, question: i64) -> Result<(), ListenerError>;
}

#[uniffi::export]
impl NativeOutbox {
    /// Answers one question, and no other: what a screen has for its own call is not what a delivery would be given. Without a
    /// token there is none to be had. An answer that nobody waits for any more is dropped.
    ///
    /// With the `person` whose own it is, by the app's name for them, nothing leaves under it that another person captured.
    /// Without, everything may.
    ///
    /// `Invalid` for what cannot be a token: nothing, or a character that no header can carry. It is taken as none.
    #[uniffi::method(default(person = None))]
    pub fn answer_token(
        &self,
        question: i64,
        token: Option<String>,
        person: Option<String>,
    ) -> Result<(), NativeError> {
        let Some(Question { account, answer }) = self.questions.answered(question) else { return Ok(()) };
        let secret = token.map(Secret::new);
        let is_one = secret.as_ref().is_none_or(Secret::is_sendable);
        let token = secret.map(|secret| token_of(secret, person));
        // Where nobody waits for it any more, what asked has ended: the next one asks anew.
        _ = answer.send(token.clone().filter(|_| is_one));
        match token {
            Some(none) if !is_one => Ok(self.inner.put_token(&account, none).map(drop)?), // which says what is wrong with it
            _ => Ok(()),
        }
    }

    /// Hands a token in later, after a sign-in: the account's items go on, and whatever asks for that account's token at this
    /// moment has it. It stays in memory, until the delivery ends. Where nothing runs nothing is kept: the next one asks.
    ///
    /// With the `person` whose own it is, by the app's name for them, nothing leaves under it that another person captured.
    /// Without, everything may.
    ///
    /// `Invalid` for what cannot be a token: nothing, or a character that no header can carry. `UnknownAccount`.
    #[uniffi::method(default(person = None))]
    pub fn put_token(&self, account: String, token: String, person: Option<String>) -> Result<(), NativeError> {
        let token = token_of(Secret::new(token), person);
        // First, for it refuses what cannot be one. A delivery that asks has it twice, which is the same as once.
        self.inner.put_token(&account, token.clone())?;
        for question in self.questions.answered_all(&account) {
            _ = question.answer.send(Some(token.clone())); // as above
        }
        Ok(())
    }
}

fn token_of(secret: Secret, person: Option<String>) -> Token {
    let token = Token::new(secret);
    match person {
        Some(person) => token.of(person),
        None => token,
    }
}

/// Who waits for a token. Several may, for one account too: a delivery, and every call that asks a system at once.
#[derive(Default)]
pub(crate) struct Questions(Mutex<Asked>);

#[derive(Default)]
struct Asked {
    last: i64,
    open: BTreeMap<i64, Question>,
}

struct Question {
    account: String,
    /// Where the answer goes; none is that there is no token.
    answer: oneshot::Sender<Option<Token>>,
}

impl Questions {
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, account: &str) -> Waiting<'_> {
        let (answer, coming) = oneshot::channel();
        let mut asked = self.lock();
        asked.last += 1;
        let number = asked.last;
        asked.open.insert(number, Question { account: account.to_owned(), answer });
        Waiting { questions: self, number, coming }
    }

    fn answered(&self, number: i64) -> Option<Question> {
        self.lock().open.remove(&number)
    }

    fn answered_all(&self, account: &str) -> Vec<Question> {
        self.lock()
            .open
            .extract_if(.., |_, question| question.account == account)
            .map(|(_, question)| question)
            .collect()
    }
}

/// A question that is open until it is answered, or not waited for any more.
struct Waiting<'a> {
    questions: &'a Questions,
    number: i64,
    coming: oneshot::Receiver<Option<Token>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.questions.answered(self.number);
    }
}

/// Asks by the listener, and waits for the call that answers.
pub(crate) struct Asking<'a> {
    pub(crate) listener: Box<dyn TokenListener>,
    pub(crate) questions: &'a Questions,
}

impl Tokens for Asking<'_> {
    fn token<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Option<Token>> {
        let mut waiting = self.questions.ask(account); // before the listener, for it may answer at once
        Box::pin(async move {
            match self.listener.token_wanted(account.to_owned(), waiting.number) {
                Ok(()) => (&mut waiting.coming).await.unwrap_or(None),
                Err(_) => None,
            }
        })
    }
}
