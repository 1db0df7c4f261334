//! The commands: which there are, and how each ends. One file for each group.

mod account;
mod answers;
mod capture;
mod check;
mod completions;
mod compress;
mod deliver;
mod export;
mod pause;
mod queue;
mod remote;
mod sandbox;

use std::process::ExitCode;

use fieldpost::{Error, ItemId};

use crate::args::{Cli, Command, Globals, NotYet, With};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Output;
use crate::{demo, place};

/// What a command is run with.
struct Session {
    globals: Globals,
    out: Output,
}

impl Session {
    /// Of the options behind a command, and of those before it.
    fn new(inner: Globals, outer: Globals) -> Self {
        let globals = inner.or(outer);
        let out = Output::new(globals.common.json);
        Session { globals, out }
    }

    fn outbox(&self) -> Result<fieldpost::Outbox, Failure> {
        place::open(&self.globals)
    }
}

type Ended = Result<Exit, Failure>;

/// Runs the command that was typed; tells on stderr where it fails.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let Cli { globals: outer, command } = cli;
    let with = |inner: Globals| Session::new(inner, outer.clone());
    let (json, ended) = match command {
        Command::Demo(With { args, globals }) => asked(with(globals), |session| demo::run(args, session.out)),
        Command::Account { globals, command } => account::run(globals.or(outer), command),
        Command::Capture { globals, command } => capture::run(globals.or(outer), *command),
        Command::Deliver(With { args, globals }) => asked(with(globals), |session| deliver::run(session, &args)),
        Command::List(With { args, globals }) => asked(with(globals), |session| queue::list(session, args)),
        Command::Show(With { args, globals }) => asked(with(globals), |session| queue::show(session, &args.item)),
        Command::Why(With { args, globals }) => asked(with(globals), |session| queue::why(session, &args.item)),
        Command::Retry(With { args, globals }) => asked(with(globals), |session| answers::retry(session, &args)),
        Command::Cancel(With { args, globals }) => asked(with(globals), |session| answers::cancel(session, &args.item)),
        Command::Repair(With { args, globals }) => asked(with(globals), |session| answers::repair(session, args)),
        Command::Settle(With { args, globals }) => asked(with(globals), |session| answers::settle(session, args)),
        Command::Forget(With { args, globals }) => asked(with(globals), |session| answers::forget(session, &args)),
        Command::Remote { globals, command } => remote::run(globals.or(outer), command),
        Command::Pause(With { globals, .. }) => asked(with(globals), pause::pause),
        Command::Resume(With { globals, .. }) => asked(with(globals), pause::resume),
        Command::Export(With { args, globals }) => asked(with(globals), |session| export::run(session, &args)),
        Command::Check(With { globals, .. }) => asked(with(globals), check::run),
        Command::Compress(With { args, globals }) => asked(with(globals), |session| compress::run(session, &args)),
        Command::Sandbox(args) => {
            let inner = Globals { common: args.common.clone(), ..Globals::default() };
            asked(with(inner), |session| sandbox::run(session, args))
        }
        Command::Completions(With { args, globals }) => asked(with(globals), |_| completions::run(args.shell)),
        Command::Require(rest) => not_yet("require", &rest, &outer),
        Command::Checkout(rest) => not_yet("checkout", &rest, &outer),
        Command::Close(rest) => not_yet("close", &rest, &outer),
        Command::Receipt(rest) => not_yet("receipt", &rest, &outer),
        Command::Verify(rest) => not_yet("verify", &rest, &outer),
    };
    ended.unwrap_or_else(|failure| failure.tell(json)).into()
}

fn asked(session: Session, command: impl FnOnce(&Session) -> Ended) -> (bool, Ended) {
    (session.out.is_json(), command(&session))
}

fn not_yet(name: &str, rest: &NotYet, outer: &Globals) -> (bool, Ended) {
    (outer.common.json || rest.json(), Err(Failure::not_yet(format_args!("'{name}'"))))
}

/// The item that is meant by `text`.
fn item_id(text: &str) -> Result<ItemId, Failure> {
    text.parse().map_err(|_| Error::UnknownItem { id: text.to_owned() }.into())
}
