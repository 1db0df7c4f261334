//! What `remote` takes.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::values::Setting;
use super::{NotYet, With};

#[derive(Debug, Subcommand)]
pub(crate) enum RemoteCommand {
    /// Change what the system holds of an attachment
    Update(With<UpdateArgs>),
    /// Delete an attachment at its system
    Delete(With<DeleteArgs>),

    #[command(hide = true, disable_help_flag = true)]
    List(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Get(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Mkdir(NotYet),
    #[command(hide = true, disable_help_flag = true)]
    Rmdir(NotYet),
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
