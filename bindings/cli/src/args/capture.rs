//! What `capture` takes.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use fieldpost::Cap;

use super::With;
use super::values::{self, ExifArg, ProfileArg, RequiresArg, Setting};

#[derive(Debug, Subcommand)]
pub(crate) enum CaptureCommand {
    /// A photo: made smaller until it is under a cap, upright, before it is sent
    Photo(With<PhotoArgs>),
    /// A document: sent as it is
    Document(With<DocumentArgs>),
    /// A text: sent as a text file
    Text(With<TextArgs>),
    /// A signature, a PNG file: sent as it is, before photos
    Signature(With<SignatureArgs>),
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct PhotoArgs {
    /// The photo; it stays as it is
    pub file: PathBuf,
    /// The most bytes to send, such as 1MB; 'original' sends the file as it is [default: 1MB and a long edge of 2560]
    #[arg(long, value_name = "SIZE", value_parser = values::cap)]
    pub cap: Option<Cap>,
    /// The longest edge to send, in pixels
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_edge: Option<u32>,
    /// Which metadata goes along; the original here keeps all
    #[arg(long, value_enum, default_value_t = ExifArg::Keep)]
    pub exif: ExifArg,
    /// What becomes of colours that are not in sRGB
    #[arg(long, value_enum, default_value_t = ProfileArg::Carry)]
    pub profile: ProfileArg,
    #[command(flatten)]
    pub options: Common,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct DocumentArgs {
    /// The document; it stays as it is
    pub file: PathBuf,
    #[command(flatten)]
    pub options: Common,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct TextArgs {
    /// The text
    pub text: String,
    #[command(flatten)]
    pub options: Common,
}

#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct SignatureArgs {
    /// The picture of the signature, a PNG file; it stays as it is
    pub file: PathBuf,
    #[command(flatten)]
    pub options: Common,
    #[arg(long, hide = true)]
    pub signer: Option<String>,
    #[arg(long, hide = true)]
    pub role: Option<String>,
    #[arg(long, hide = true)]
    pub statement: Option<String>,
    #[arg(long, hide = true)]
    pub covers: Option<String>,
}

/// What every capture takes.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Common {
    /// The account to deliver to
    #[arg(long, value_name = "A")]
    pub account: String,
    /// The work order there
    #[arg(long, value_name = "W")]
    pub work_order: String,
    /// The name to send; it is cleaned, and gets a marker [default: the file's]
    #[arg(long, value_name = "N")]
    pub name: Option<String>,
    /// The caption
    #[arg(long, value_name = "T")]
    pub caption: Option<String>,
    /// A word of your own, never sent; may be repeated
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// The folder of the work order, where the system has some
    #[arg(long, value_name = "F")]
    pub folder: Option<String>,
    /// Its rank: the higher, the sooner [default: 10 for a signature, else 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub priority: Option<i32>,
    /// Send it only once this item is delivered
    #[arg(long, value_name = "ITEM")]
    pub after: Option<String>,
    /// Your own key: the same key twice is the same item
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    pub key: Option<String>,
    /// Who captures it, by your own name for them: it leaves under no other person's token
    #[arg(long, value_name = "P", value_parser = NonEmptyStringValueParser::new())]
    pub person: Option<String>,
    /// What it asks of the phone before it leaves
    #[arg(long, value_name = "WISHES", value_delimiter = ',', value_enum)]
    pub requires: Vec<RequiresArg>,
    /// A setting of the system for this item, over the account's
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<Setting>,
}
