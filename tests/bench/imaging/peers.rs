//! The tools: how each is told to bring a photo under a cap, and to write it at a given quality.
//!
//! Each is used as its manual says, with the best that it offers at no cost to it: where a tool has no way to a cap, the quality
//! is searched, one run of the tool for each step and none wasted. No tool takes metadata along.
//!
//! | tool | to a cap (timed) | at a quality (not timed, for equal bytes) |
//! |---|---|---|
//! | ImageMagick | `-auto-orient -resize -strip -define jpeg:extent` | `-quality`, the same otherwise |
//! | vipsthumbnail | searched `[Q=,strip]` | `[Q=,strip,optimize_coding]`: smaller at the same quality, a little slower |
//! | libjpeg-turbo | `djpeg -scale M/8` once, `cjpeg` searched; its edge is what M/8 gives | `cjpeg -optimize` of the reference itself: its encoder at its best |
//! | image | Lanczos3 of its own, `JpegEncoder` searched in memory | the same |

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::EDGE;
use crate::children::{IMAGE, ours};
use crate::measure::{Cost, Runner, find, heard};
use crate::photos::Photo;

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Fieldpost,
    ImageMagick,
    Vips,
    Turbo,
    Image,
}

pub(crate) const ALL: [Peer; 5] = [Peer::Fieldpost, Peer::ImageMagick, Peer::Vips, Peer::Turbo, Peer::Image];

/// Where qualities are searched, on libjpeg's scale, and where the search begins.
const QUALITIES: RangeInclusive<u8> = 5..=95;
const FIRST: u8 = 80;

/// The first of ImageMagick's names that is installed: version 7's, Debian's of version 6, and the oldest.
fn convert() -> Option<PathBuf> {
    ["magick", "convert-im6", "convert"].iter().find_map(|name| find(name))
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Fieldpost => "fieldpost",
            Peer::ImageMagick => "ImageMagick",
            Peer::Vips => "vipsthumbnail",
            Peer::Turbo => "libjpeg-turbo",
            Peer::Image => "image crate",
        }
    }

    /// What is installed of it, `None` where nothing is.
    pub(crate) fn version(self) -> Option<String> {
        let first = |program: PathBuf, argument: &str| {
            let said = heard(Command::new(program).arg(argument)).ok()?;
            said.lines().next().map(|line| line.trim_start_matches("Version: ").trim().to_owned())
        };
        match self {
            Peer::Fieldpost => Some(format!("{}, this checkout", env!("CARGO_PKG_VERSION"))),
            Peer::ImageMagick => first(convert()?, "-version"),
            Peer::Vips => first(find("vipsthumbnail")?, "--vips-version"),
            Peer::Turbo => find("cjpeg").and_then(|_| first(find("djpeg")?, "-version")),
            Peer::Image => Some("as the lock file has it, with zune-jpeg to decode".to_owned()),
        }
    }

    /// Brings a photo under a cap; `None` where this tool has no fair way to.
    pub(crate) fn fit(self, photo: &Photo, out: &Path, cap: u64, runner: &Runner) -> io::Result<Option<Fit>> {
        let _ = fs::remove_file(out);
        let fit = match self {
            Peer::Fieldpost => Fit { cost: runner.run(&ours(photo, out, cap)?)?, steps: 1 },
            Peer::Image => Fit { cost: runner.run(&own(IMAGE, photo, out, cap)?)?, steps: 1 },
            Peer::ImageMagick => {
                let mut command = magick(photo)?;
                command.arg("-define").arg(format!("jpeg:extent={cap}B")).arg(out);
                Fit { cost: runner.run(&command)?, steps: 1 }
            }
            Peer::Vips => searched(out, cap, |quality, out| runner.run(&thumbnail(photo, out, quality, "")))?,
            Peer::Turbo => match djpeg(photo, out) {
                Some((command, raw)) => {
                    let decoded = runner.run(&command)?;
                    let mut fit = searched(out, cap, |quality, out| runner.run(&cjpeg(&raw, out, quality, false)))?;
                    fit.cost += decoded;
                    fs::remove_file(raw)?;
                    fit
                }
                None => return Ok(None),
            },
        };
        Ok(Some(fit))
    }

    /// Writes a photo at a quality, for comparing at equal bytes. `reference` is what a perfect resampling would have given.
    /// Written progressively where ours is: like is compared with like.
    pub(crate) fn at_quality(self, job: &Job<'_>, out: &Path, quality: u8) -> io::Result<()> {
        let mut command = match self {
            Peer::ImageMagick => {
                let mut command = magick(job.photo)?;
                command.args(["-interlace", if job.progressive { "JPEG" } else { "None" }]);
                command.arg("-quality").arg(quality.to_string()).arg(out);
                command
            }
            Peer::Vips => {
                let more = if job.progressive { ",optimize_coding,interlace" } else { ",optimize_coding" };
                thumbnail(job.photo, out, quality, more)
            }
            Peer::Turbo => cjpeg(job.reference, out, quality, job.progressive),
            Peer::Fieldpost | Peer::Image => return Err(io::Error::other("these search for themselves")),
        };
        heard(&mut command).map(drop)
    }
}

/// What a comparison at equal bytes is made of.
pub(crate) struct Job<'a> {
    pub(crate) photo: &'a Photo,
    /// The float downscale, rounded to eight bits, as PPM.
    pub(crate) reference: &'a Path,
    pub(crate) progressive: bool,
}

/// A photo that was brought under a cap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) cost: Cost,
    /// How many runs of an encoder it took.
    pub(crate) steps: u32,
}

fn own(child: &str, photo: &Photo, out: &Path, cap: u64) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(child).arg(&photo.path).arg(out).arg(cap.to_string());
    Ok(command)
}

fn magick(photo: &Photo) -> io::Result<Command> {
    let mut command = Command::new(convert().ok_or(io::ErrorKind::NotFound)?);
    command.arg(&photo.path).args(["-auto-orient", "-resize", &format!("{EDGE}x{EDGE}>"), "-strip"]);
    Ok(command)
}

fn thumbnail(photo: &Photo, out: &Path, quality: u8, more: &str) -> Command {
    let mut command = Command::new("vipsthumbnail");
    command.arg(&photo.path).arg("--size").arg(format!("{EDGE}x{EDGE}>"));
    command.arg("-o").arg(format!("{}[Q={quality},strip{more}]", out.display()));
    command
}

/// The decoding half of libjpeg-turbo's way, and the file that it writes: the largest M/8 that is within the edge. It cannot turn
/// a picture, and has no way for one that is not upright.
fn djpeg(photo: &Photo, out: &Path) -> Option<(Command, PathBuf)> {
    let long = photo.width.max(photo.height);
    let eighths = (1..=8u32).rev().find(|eighths| (long * eighths).div_ceil(8) <= EDGE)?;
    let raw = out.with_extension("ppm");
    let mut command = Command::new("djpeg");
    command.args(["-dct", "int", "-scale", &format!("{eighths}/8"), "-ppm", "-outfile"]).arg(&raw).arg(&photo.path);
    photo.upright.then_some((command, raw))
}

fn cjpeg(raw: &Path, out: &Path, quality: u8, progressive: bool) -> Command {
    let mut command = Command::new("cjpeg");
    command.args(["-quality", &quality.to_string(), "-dct", "int", "-optimize"]);
    if progressive {
        command.arg("-progressive");
    }
    command.arg("-outfile").arg(out).arg(raw);
    command
}

/// The highest quality whose file is under the cap, each step a run of a program. The file that is best so far is kept beside, as
/// a script would do it: nothing is run twice.
fn searched(out: &Path, cap: u64, mut run: impl FnMut(u8, &Path) -> io::Result<Cost>) -> io::Result<Fit> {
    let mut fit = Fit { cost: Cost::default(), steps: 0 };
    // vipsthumbnail reads the format off the name's end.
    let attempt = out.with_file_name("attempt.jpg");
    let length = |quality: u8| {
        fit.cost += run(quality, &attempt)?;
        fit.steps += 1;
        let length = fs::metadata(&attempt)?.len();
        if length <= cap {
            fs::rename(&attempt, out)?;
        }
        Ok(length)
    };
    highest(cap, length, |length| *length)?;
    if out.exists() { Ok(fit) } else { Err(io::Error::other(format!("no quality fits {cap} bytes"))) }
}

/// The highest quality whose file has at most `cap` bytes, with what was made at it. Each step goes where the sizes so far point,
/// and ends at neighbours: three or four steps where halving the range would take six.
pub(crate) fn highest<T>(
    cap: u64,
    mut make: impl FnMut(u8) -> io::Result<T>,
    size: impl Fn(&T) -> u64,
) -> io::Result<Option<(u8, T)>> {
    // The logarithm of a file's size over that of the cap grows by about so much with each quality.
    const USUAL_SLOPE: f64 = 0.035;
    let over = |made: &T| (size(made) as f64 / cap.max(1) as f64).ln();
    let (mut low, mut high) = (*QUALITIES.start() - 1, *QUALITIES.end() + 1);
    let mut best = None;
    let (mut last, mut slope): (Option<(f64, f64)>, f64) = (None, USUAL_SLOPE);
    let mut quality = FIRST;
    while high - low > 1 {
        let made = make(quality)?;
        let here = (f64::from(quality), over(&made));
        if let Some((at, off)) = last {
            slope = ((here.1 - off) / (here.0 - at)).max(USUAL_SLOPE / 4.0);
        }
        last = Some(here);
        if size(&made) <= cap {
            low = quality;
            best = Some((quality, made));
        } else {
            high = quality;
        }
        // Rounded down: what is aimed at is under the cap.
        let aim = (here.0 - here.1 / slope).clamp(f64::from(low) + 1.0, f64::from(high.max(low + 2)) - 1.0);
        quality = aim as u8;
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_ends_at_the_highest_quality_that_fits_and_takes_few_steps() {
        // As JPEGs grow: slowly, then ever faster.
        let size =
            |quality: u8| (1_000.0 * (f64::from(quality) * 0.03).exp() / (1.05 - f64::from(quality) / 100.0)) as u64;
        for cap in (1_000..200_000).step_by(777) {
            let mut steps = 0;
            let make = |quality| {
                steps += 1;
                Ok((quality, size(quality)))
            };
            let found = highest(cap, make, |(_, size)| *size).unwrap().map(|(quality, _)| quality);
            assert_eq!(found, QUALITIES.rev().find(|quality| size(*quality) <= cap), "{cap}");
            assert!(steps <= 9, "{cap}: {steps} steps");
        }
    }
}
