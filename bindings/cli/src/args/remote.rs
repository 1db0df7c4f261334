//! What `remote` takes.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::With;
use super::values::Setting;

#[derive(Debug, Subcommand)]
pub(crate) enum RemoteCommand {
    /// List what the system holds of a work order, now
    List(With<JobArgs>),
    /// Print what the system holds of one attachment, or download its file, now
    Get(With<GetArgs>),
    /// Change what the system holds of an attachment
    Update(With<UpdateArgs>),
    /// Delete an attachment at its system
    Delete(With<DeleteArgs>),
    /// Make a folder where there is none of that name, now; print its id
    Mkdir(With<MkdirArgs>),
    /// Delete a folder at its system, with all that it lets go
    Rmdir(With<RmdirArgs>),
}

/// The work order that is meant.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct JobArgs {
    /// The account
    #[arg(long, value_name = "A", value_parser = NonEmptyStringValueParser::new())]
    pub account: String,
    /// The work order's id at its system
    #[arg(long, value_name = "W", value_parser = NonEmptyStringValueParser::new())]
    pub work_order: String,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub meant: MeantArgs,
    /// Download the file to FILE, where nothing may be yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct MkdirArgs {
    /// The folder's name
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub name: String,
    #[command(flatten)]
    pub job: JobArgs,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct RmdirArgs {
    /// The folder's id, as mkdir prints it and as the ids of its files begin
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub folder: String,
    #[command(flatten)]
    pub job: JobArgs,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    pub meant: MeantArgs,
    /// What changes to what, such as name=boiler.jpg; may be repeated
    #[arg(long, value_name = "KEY=VALUE", required = true)]
    pub set: Vec<Setting>,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub meant: MeantArgs,
}

/// The attachment that is meant.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct MeantArgs {
    /// The id of the item that uploads it, or what the system calls it; then with --account and --work-order
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub id: String,
    /// The account of an attachment by its id at the system
    #[arg(long, value_name = "A", requires = "work_order")]
    pub account: Option<String>,
    /// Its work order there
    #[arg(long, value_name = "W", requires = "account")]
    pub work_order: Option<String>,
}
