//! `capture photo|document|text|signature`: prints the item's id.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use fieldpost::{Cap, Capture, Document, Item, Outbox, Photo, Requires, Signature, State, Text, WorkOrder};

use super::{Ended, Session, asked, item_id};
use crate::args::{
    CaptureCommand, CaptureOptions, DocumentArgs, Globals, PhotoArgs, RequiresArg, SignatureArgs, TextArgs, With,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::progress::Sign;
use crate::render::{Output, now, why};

pub(super) fn run(outer: Globals, command: CaptureCommand) -> (bool, Ended) {
    let with = |inner| Session::new(inner, outer);
    match command {
        CaptureCommand::Photo(With { args, globals }) => asked(with(globals), |session| photo(session, args)),
        CaptureCommand::Document(With { args, globals }) => asked(with(globals), |session| document(session, args)),
        CaptureCommand::Text(With { args, globals }) => asked(with(globals), |session| text(session, args)),
        CaptureCommand::Signature(With { args, globals }) => asked(with(globals), |session| signature(session, args)),
    }
}

/// The options that all captures share, put onto one of them.
macro_rules! dressed {
    ($capture:expr, $options:expr) => {{
        let (mut capture, options): (_, &CaptureOptions) = ($capture, $options);
        if let Some(name) = &options.name {
            capture = capture.name(name);
        }
        if let Some(caption) = &options.caption {
            capture = capture.caption(caption);
        }
        if let Some(folder) = &options.folder {
            capture = capture.folder(folder);
        }
        if let Some(priority) = options.priority {
            capture = capture.priority(priority);
        }
        if let Some(after) = &options.after {
            capture = capture.after(item_id(after)?);
        }
        if let Some(key) = &options.key {
            capture = capture.key(key);
        }
        if let Some(person) = &options.person {
            capture = capture.person(person);
        }
        capture = options.tag.iter().fold(capture, |capture, tag| capture.tag(tag));
        capture = options.set.iter().fold(capture, |capture, set| capture.set(&set.key, &set.value));
        let asks = |wish| options.requires.contains(&wish);
        capture.requires(Requires { unmetered: asks(RequiresArg::Unmetered), charging: asks(RequiresArg::Charging) })
    }};
}

fn photo(session: &Session, args: PhotoArgs) -> Ended {
    let mut photo = Photo::new(args.file).exif(args.exif.into()).profile(args.profile.into());
    match (args.cap, args.max_edge) {
        (Some(Cap::Original), Some(_)) => {
            return Err(Failure::usage(
                "--cap original sends the file as it is, whatever its dimensions",
                "leave out --max-edge, or give a size as --cap",
            ));
        }
        (Some(Cap::Original), None) => photo = photo.cap_original(),
        (cap, edge) => {
            if let Some(Cap::To(bytes)) = cap {
                photo = photo.cap(bytes);
            }
            if let Some(pixels) = edge {
                photo = photo.max_edge(pixels);
            }
        }
    }
    taken(session, dressed!(photo, &args.options), &args.options)
}

fn document(session: &Session, args: DocumentArgs) -> Ended {
    taken(session, dressed!(Document::new(args.file), &args.options), &args.options)
}

fn text(session: &Session, args: TextArgs) -> Ended {
    taken(session, dressed!(Text::new(args.text), &args.options), &args.options)
}

fn signature(session: &Session, args: SignatureArgs) -> Ended {
    let later = [
        ("--signer", args.signer.is_some()),
        ("--role", args.role.is_some()),
        ("--statement", args.statement.is_some()),
        ("--covers", args.covers.is_some()),
    ];
    if let Some((option, _)) = later.iter().find(|(_, given)| *given) {
        return Err(Failure::not_yet(format_args!("'{option}' of a signature")));
    }
    if is_strokes(&args.file) {
        return Err(Failure::usage("signatures as strokes are not there yet in this version", "give a PNG file"));
    }
    taken(session, dressed!(Signature::png(args.file), &args.options), &args.options)
}

/// Whether a file is JSON rather than a picture: by its name, or by how it begins.
fn is_strokes(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let mut head = Vec::new();
    // A file that cannot be read is refused by the capture, with its reason. Only files: a pipe would not end.
    let read = path.is_file() && File::open(path).and_then(|file| file.take(64).read_to_end(&mut head)).is_ok();
    read && (named || head.trim_ascii_start().starts_with(b"{"))
}

fn taken(session: &Session, capture: impl Into<Capture>, options: &CaptureOptions) -> Ended {
    let outbox = session.outbox()?;
    if options.folder.is_some() {
        has_folders(&outbox, &options.account)?;
    }
    let job = WorkOrder::new(&options.account, &options.work_order);
    let item = {
        let _sign = Sign::of(session.out.is_json(), "taking it over");
        outbox.capture(capture, &job)?
    };
    show(session.out, &item)?;
    Ok(Exit::Done)
}

/// A folder that would be told to nobody is refused. An account that is unknown is for the capture to name.
pub(super) fn has_folders(outbox: &Outbox, account: &str) -> Result<(), Failure> {
    let accounts = outbox.accounts()?;
    match accounts.iter().find(|info| info.account.id == account) {
        Some(info) if !info.capabilities.operations.contains(&"folders") => {
            let system = info.account.provider;
            Err(Failure::usage(format!("{system} has no folders"), "leave out --folder"))
        }
        _ => Ok(()),
    }
}

/// The id, for scripts too; that it is blocked is no failure, but worth a word.
fn show(out: Output, item: &Item) -> Result<(), Failure> {
    if out.is_json() {
        return out.object(item);
    }
    out.text(item.id)?;
    if let Some(reason) = item.why.as_ref().filter(|_| item.state == State::Blocked) {
        anstream::eprintln!("kept, but blocked: {}", why(reason, now()));
    }
    Ok(())
}
