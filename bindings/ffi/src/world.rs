//! An app, its outbox and the simulated systems, for the tests of what goes over the network.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fieldpost::{Account, Reason, Text, WorkOrder};
use fieldpost_sandbox::{Provider, Sandbox};

use crate::deliver::{Deliver, Http, StopSignal, Summary};
use crate::events::ListenerError;
use crate::item::{Item, Status};
use crate::outbox::NativeOutbox;
use crate::tokens::TokenListener;
use crate::values::Span;

/// An app whose sign-in answers as it is told, each time it is asked.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) outbox: Arc<NativeOutbox>,
    pub(crate) answers: Arc<Mutex<VecDeque<Answer>>>,
    pub(crate) refused: Arc<Mutex<Vec<String>>>,
}

pub(crate) enum Answer {
    Token(String),
    /// A person's own.
    TokenOf(&'static str, String),
    None,
    Throw,
    Stop(Arc<StopSignal>),
    /// Says which question it was asked, and has no answer yet.
    Later(Sender<i64>),
}

impl TokenListener for App {
    fn token_wanted(&self, _: String, question: i64) -> Result<(), ListenerError> {
        match self.answers.lock().unwrap().pop_front().expect("it is not asked more often than it answers") {
            Answer::Token(token) => {
                if let Err(error) = self.outbox.answer_token(question, Some(token), None) {
                    self.refused.lock().unwrap().push(error.to_string());
                }
            }
            Answer::TokenOf(person, token) => {
                self.outbox.answer_token(question, Some(token), Some(person.to_owned())).unwrap();
            }
            Answer::None => self.outbox.answer_token(question, None, None).unwrap(),
            Answer::Throw => return Err(uniffi::UnexpectedUniFFICallbackError::new("no sign-in").into()),
            Answer::Stop(stop) => stop.stop(),
            Answer::Later(asked) => asked.send(question).unwrap(),
        }
        Ok(())
    }
}

impl App {
    pub(crate) fn of(outbox: NativeOutbox) -> Self {
        App { outbox: Arc::new(outbox), answers: Arc::default(), refused: Arc::default() }
    }

    /// A sign-in for one call, with answers of its own.
    pub(crate) fn answering(&self, answers: impl IntoIterator<Item = Answer>) -> Box<dyn TokenListener> {
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        Box::new(App { answers, ..self.clone() })
    }

    pub(crate) fn deliver(&self, answers: impl IntoIterator<Item = Answer>, stop: Arc<StopSignal>) -> Summary {
        *self.answers.lock().unwrap() = answers.into_iter().collect();
        self.outbox.deliver(at_once(), Box::new(self.clone()), stop).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) app: App,
    pub(crate) dir: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(fieldpost_sandbox::Options::default()).unwrap();
        let outbox = NativeOutbox::open(dir.path().join("outbox"), None, None, None, None, None).unwrap();
        let world = World { sandbox, app: App::of(outbox), dir };
        world.app.outbox.put_account(world.account()).unwrap();
        world.app.outbox.inner.capture(Text::new("a note"), &WorkOrder::new("acme", "10234")).unwrap();
        world
    }

    pub(crate) fn deliver(&self, answers: impl IntoIterator<Item = Answer>, stop: Arc<StopSignal>) -> Summary {
        self.app.deliver(answers, stop)
    }

    /// An outbox in that folder of a phone with an installation of its own.
    pub(crate) fn app_on(&self, phone: &str, folder: &str) -> App {
        let (folder, install) = (self.dir.path().join(folder), self.dir.path().join(phone));
        let outbox = NativeOutbox::open(folder, None, None, None, None, Some(install)).unwrap();
        outbox.put_account(self.account()).unwrap();
        App::of(outbox)
    }

    pub(crate) fn account(&self) -> crate::Account {
        let url = self.sandbox.url(Provider::CorrigoPro);
        Account::corrigo_pro("acme", url).performed_by("Jo Field").into()
    }

    pub(crate) fn item(&self) -> Item {
        self.app.outbox.items(None, None, None).unwrap().remove(0)
    }

    pub(crate) fn waits_for_a_token(&self) -> bool {
        matches!(self.item().status, Status::Waiting { why } if why.reason == Reason::TokenWanted)
    }
}

pub(crate) fn at_once() -> Deliver {
    Deliver { patience: Span(Duration::ZERO), watch: false, http: Http::default() }
}
