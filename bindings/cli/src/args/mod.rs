//! What can be typed. Owns names, help texts and what a value must look like; does nothing.
//!
//! The global options may stand before and behind every command: each level takes them, the innermost wins.
//! (`sandbox` has a `--dir` of its own, so they cannot be clap's global arguments.)

mod capture;
mod compress;
mod remote;
mod values;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, Parser, Subcommand};
use fieldpost::{Cap, ProviderKind, Reason, State};

pub(crate) use capture::{CaptureCommand, Common as CaptureOptions, DocumentArgs, PhotoArgs, SignatureArgs, TextArgs};
pub(crate) use compress::CompressArgs;
pub(crate) use remote::{DeleteArgs, GetArgs, JobArgs, MeantArgs, MkdirArgs, RemoteCommand, RmdirArgs, UpdateArgs};
pub(crate) use values::{NetworkArg, PowerArg, RequiresArg, Setting};

use crate::demo::DemoArgs;

const GLOBAL: &str = "Global options";

/// Photos, signatures and documents of field technicians: kept with no signal, delivered once it returns
#[derive(Debug, Parser)]
#[command(name = "fieldpost", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 items wait, 4 items are blocked.
Tokens are never stored: deliver takes them from FIELDPOST_TOKEN_<ID>, else FIELDPOST_TOKEN, else --token-command.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

/// The global options.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Globals {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub common: Common,
}

/// Where the outbox is.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Place {
    /// The outbox's folder [default: $FIELDPOST_DIR, then the platform's data folder]
    #[arg(long, value_name = "DIR", help_heading = GLOBAL)]
    pub dir: Option<PathBuf>,
}

/// The global options beside the outbox's folder.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Common {
    /// One JSON object a line on stdout, errors as JSON on stderr
    #[arg(long, help_heading = GLOBAL)]
    pub json: bool,
    /// The network there is, in place of a phone's sensor; remembered for 'why' [default for a delivery: unmetered]
    #[arg(long, value_name = "NETWORK", help_heading = GLOBAL)]
    pub network: Option<NetworkArg>,
    /// The power there is; remembered for 'why' [default for a delivery: charging]
    #[arg(long, value_name = "POWER", help_heading = GLOBAL)]
    pub power: Option<PowerArg>,
    /// Run with an account's id behind it; the first line it prints is the account's token
    #[arg(long, value_name = "CMD", help_heading = GLOBAL)]
    pub token_command: Option<String>,
}

impl Globals {
    /// These, and what only `outer` has.
    pub(crate) fn or(self, outer: Globals) -> Self {
        let dir = self.place.dir.or(outer.place.dir);
        Globals { place: Place { dir }, common: self.common.or(outer.common) }
    }
}

impl Common {
    /// These, and what only `outer` has.
    pub(crate) fn or(self, outer: Common) -> Self {
        Common {
            json: self.json || outer.json,
            network: self.network.or(outer.network),
            power: self.power.or(outer.power),
            token_command: self.token_command.or(outer.token_command),
        }
    }
}

/// A command's own arguments, and the global options behind it.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct With<A: Args> {
    #[command(flatten)]
    pub args: A,
    #[command(flatten)]
    pub globals: Globals,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The main job end to end: capture with no network, network back, delivery, receipts
    Demo(With<DemoArgs>),
    /// The configured connections to work-order systems
    #[command(arg_required_else_help = true, disable_help_subcommand = true)]
    Account {
        #[command(flatten)]
        globals: Globals,
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Take a photo, document, text or signature over; durable once it returns
    #[command(arg_required_else_help = true, disable_help_subcommand = true)]
    Capture {
        #[command(flatten)]
        globals: Globals,
        #[command(subcommand)]
        command: Box<CaptureCommand>,
    },
    /// Deliver all that can be delivered
    Deliver(With<DeliverArgs>),
    /// The items of the outbox
    List(With<ListArgs>),
    /// One item
    Show(With<ItemArg>),
    /// Why an item is not delivered, until when, what would help
    Why(With<ItemArg>),
    /// Try once more, now
    Retry(With<RetryArgs>),
    /// Give an item up
    Cancel(With<ItemArg>),
    /// Let an undelivered item go otherwise: another name, cap, work order, folder or rank
    Repair(With<RepairArgs>),
    /// Say what you saw at the system, where it cannot tell
    Settle(With<SettleArgs>),
    /// Erase an item for good: its row, its files, its receipt
    Forget(With<ForgetArgs>),
    /// What the system holds: read it now; change or delete it, by an operation that is queued
    #[command(arg_required_else_help = true, disable_help_subcommand = true)]
    Remote {
        #[command(flatten)]
        globals: Globals,
        #[command(subcommand)]
        command: RemoteCommand,
    },
    /// Hold every delivery, of every process, until 'resume'
    Pause(With<Nothing>),
    /// End a pause, whoever paused
    Resume(With<Nothing>),
    /// Rescue every undelivered original with its details, also from a damaged outbox
    Export(With<ExportArgs>),
    /// Look at every hash, every row, every file
    Check(With<Nothing>),
    /// Make photos fit under a cap: the imaging alone
    Compress(With<CompressArgs>),
    /// The work-order systems, simulated, with a page to look at
    Sandbox(SandboxArgs),
    /// Print shell completions
    Completions(With<CompletionsArgs>),

    #[command(hide = true, disable_help_flag = true)]
    Require(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Checkout(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Close(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Receipt(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Verify(NotYet),
}

/// A command that this version does not have: refused whatever stands behind it.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct NotYet {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<std::ffi::OsString>,
}

impl NotYet {
    /// Whether `--json` stood behind it.
    pub(crate) fn json(&self) -> bool {
        self.rest.iter().any(|arg| arg == "--json")
    }
}

/// No arguments of its own.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Nothing {}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Add an account, or configure it anew
    Add(With<AddArgs>),
    /// The accounts, with what their systems can do
    List(With<Nothing>),
    /// Remove an account; refused while it has undelivered items
    Remove(With<AccountArg>),
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct AddArgs {
    /// Its name here: 1 to 64 letters, digits, dots, dashes or underscores
    pub id: String,
    /// The system
    #[arg(long, value_name = "P", value_parser = values::one_of::<ProviderKind>(ProviderKind::ALL, ProviderKind::as_str))]
    pub provider: ProviderKind,
    /// The system's base address
    #[arg(long)]
    pub url: String,
    /// A setting of the account
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<Setting>,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct AccountArg {
    /// The account's id
    pub id: String,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ItemArg {
    /// The item's id
    pub item: String,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ListArgs {
    /// Only this account's
    #[arg(long, value_name = "A")]
    pub account: Option<String>,
    /// Only this work order's
    #[arg(long, value_name = "W")]
    pub work_order: Option<String>,
    /// Only those in this state
    #[arg(long, value_name = "S", value_parser = values::one_of::<State>(State::ALL, State::as_str))]
    pub state: Option<State>,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("which").required(true))]
pub(crate) struct RetryArgs {
    /// The item's id
    #[arg(group = "which")]
    pub item: Option<String>,
    /// All that are blocked or wait
    #[arg(long, group = "which")]
    pub all: bool,
    /// Only where this is the reason
    #[arg(long, value_name = "R", value_parser = values::one_of::<Reason>(Reason::ALL, Reason::as_str), hide_possible_values = true)]
    pub reason: Option<Reason>,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("otherwise").required(true).multiple(true))]
pub(crate) struct RepairArgs {
    /// The item's id
    pub item: String,
    /// Another name; it is cleaned, its marker stays
    #[arg(long, value_name = "N", group = "otherwise")]
    pub name: Option<String>,
    /// Another cap for a photo, such as 500kB; 'original' sends the file as it is
    #[arg(long, value_name = "SIZE", group = "otherwise", value_parser = values::cap)]
    pub cap: Option<Cap>,
    /// Another work order of its account
    #[arg(long, value_name = "W", group = "otherwise")]
    pub work_order: Option<String>,
    /// Another folder of the work order, where the system has some
    #[arg(long, value_name = "F", group = "otherwise")]
    pub folder: Option<String>,
    /// Another rank: the higher, the sooner
    #[arg(long, value_name = "N", group = "otherwise", allow_negative_numbers = true)]
    pub priority: Option<i32>,
    /// What was made of a blocked photo elsewhere, such as a JPEG of a HEIC: it goes in its place
    #[arg(long, value_name = "FILE", group = "otherwise", conflicts_with = "cap")]
    pub converted: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("seen").required(true))]
pub(crate) struct SettleArgs {
    /// The item's id
    pub item: String,
    /// It is there, perhaps under this id
    #[arg(long, value_name = "REMOTE_ID", num_args = 0..=1, group = "seen")]
    pub delivered: Option<Option<String>>,
    /// It is not there: send it again
    #[arg(long, group = "seen")]
    pub absent: bool,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ForgetArgs {
    /// The item's id
    pub item: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ExportArgs {
    /// Where it goes; made where it is missing, and nothing there is overwritten
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct DeliverArgs {
    /// Stay until stopped
    #[arg(long)]
    pub watch: bool,
    /// Sit out waits that end within this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::duration)]
    pub patience: std::time::Duration,
    /// Whose tokens they are: nothing that another person captured leaves under them [default: everybody's]
    #[arg(long, value_name = "P", value_parser = NonEmptyStringValueParser::new())]
    pub person: Option<String>,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct SandboxArgs {
    /// The systems' port; 0: a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Where what it accepts is kept [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// A fault to begin with, as POST /faults of the control takes it; as often as wanted
    #[arg(long, value_name = "JSON", value_parser = values::json)]
    pub fault: Vec<serde_json::Value>,
    /// What the systems' documents leave open, as POST /dialect takes it
    #[arg(long, value_name = "JSON", value_parser = values::json)]
    pub dialect: Option<serde_json::Value>,
    /// Anything else that the control API can be told by POST, before it listens; as often as wanted, in this order
    #[arg(long, value_name = "PATH=JSON", value_parser = values::post)]
    pub post: Vec<fieldpost_sandbox::Post>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_behind_the_command_and_the_inner_one_wins() {
        let cli = Cli::try_parse_from(["fieldpost", "--dir", "a", "--json", "list", "--dir", "b"]).unwrap();
        let Command::List(list) = cli.command else { panic!("not a list") };
        let globals = list.globals.or(cli.globals);
        assert_eq!(globals.place.dir, Some(PathBuf::from("b")));
        assert!(globals.common.json);
    }
}
