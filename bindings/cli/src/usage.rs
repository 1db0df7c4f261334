//! Reads the command line; what is wrong with it is told in one line, as every other error.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;

/// What was typed; or, where that was help, the version or a mistake, told already, how the command ends.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    Cli::try_parse_from(&typed).map_err(|error| told(&error, wants_json(&typed)).into())
}

fn told(error: &clap::Error, json: bool) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Help that nobody reads to its end (`| head`) is no failure.
            let _ = error.print();
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
            let _ = error.print();
            Exit::Usage
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            Failure::usage("a command is missing", "see 'fieldpost --help'").tell(json)
        }
        _ => in_a_line(&error.render().to_string()).tell(json),
    }
}

/// Whether errors are to be JSON, where the command line as a whole could not be read.
fn wants_json(typed: &[OsString]) -> bool {
    typed.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

/// The message (all up to the first empty line) and what helps: a tip, or the usage.
fn in_a_line(rendered: &str) -> Failure {
    let mut lines = rendered.lines().map(str::trim);
    let message: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let message = message.join(" ");
    let rest: Vec<&str> = lines.collect();
    let starting = |word: &str| rest.iter().find_map(|line| line.strip_prefix(word)).map(str::trim);
    let help = match (starting("tip:"), starting("Usage:")) {
        (Some(tip), _) => tip.to_owned(),
        (None, Some(usage)) => format!("usage: {usage}"),
        (None, None) => "see 'fieldpost --help'".to_owned(),
    };
    Failure::usage(message.strip_prefix("error:").unwrap_or(&message).trim(), help)
}
