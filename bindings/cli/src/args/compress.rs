//! What `compress` takes.

use std::path::PathBuf;

use clap::Args;
use fieldpost::Bytes;
use fieldpost_imaging::{DEFAULT_MEMORY, QualityRange};

use super::values::{self, ExifArg, ProfileArg};

#[derive(Debug, Args)]
#[group(skip)]
#[command(override_usage = "fieldpost compress [OPTIONS] --cap <SIZE> <IN> <OUT>
       fieldpost compress [OPTIONS] --cap <SIZE> <IN>... <DIR>")]
#[command(
    after_help = "A folder as the last is one that exists, or that ends in '/': it is made where it is missing. Each photo lands in it
under its own name, with the extension of what it became; one that fails does not stop the others."
)]
pub(crate) struct CompressArgs {
    /// The photos; they stay as they are
    #[arg(value_name = "IN", required = true)]
    pub from: Vec<PathBuf>,
    /// Where the result goes, or the results: a file for one photo, a folder for any number
    #[arg(value_name = "OUT")]
    pub to: PathBuf,
    /// The most bytes of each, such as 1MB or 500kB
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    pub cap: Bytes,
    /// The longest edge in pixels [default: as it is]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_edge: Option<u32>,
    /// How short the long edge may get in pixels, where quality alone does not meet the cap
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(1..))]
    pub min_edge: Option<u32>,
    /// The floor and the ceiling of JPEG quality, such as 45..92 [default: 30..95]
    #[arg(long, value_name = "RANGE", value_parser = values::qualities)]
    pub quality: Option<QualityRange>,
    /// Which metadata goes along
    #[arg(long, value_enum, default_value_t = ExifArg::Keep)]
    pub exif: ExifArg,
    /// What becomes of colours that are not in sRGB
    #[arg(long, value_enum, default_value_t = ProfileArg::Carry)]
    pub profile: ProfileArg,
    /// The most memory for each photo under way; one that needs more is refused
    #[arg(long, value_name = "SIZE", value_parser = values::size, default_value_t = Bytes(DEFAULT_MEMORY))]
    pub memory: Bytes,
    /// How many threads at most: so many photos are under way at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// A page to write, with originals and results side by side; it links to them where they are
    #[arg(long, value_name = "PAGE.html")]
    pub compare: Option<PathBuf>,
}
