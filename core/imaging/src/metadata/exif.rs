//! The editor of EXIF blocks: which metadata goes along, with the orientation set to 1 and the thumbnail dropped.
//!
//! Owns what each policy lets through. Two ways: "keep" edits a copy in place, so that the offsets inside maker notes
//! stay true; the others build a new block out of an allow-list of entries, so that what is unwanted cannot survive in
//! a gap, under an unknown tag or in a directory where nobody looks for it. Never trusts an offset: a block whose
//! directories cannot be read, or that lie across each other, is dropped; never a panic, never an endless loop, never
//! an output of more than a few bytes over its input.
//!
//! A block here is what follows `Exif\0\0` in a JPEG and fills `eXIf` in a PNG. Source: Exif 3.0, TIFF 6.0.
//!
//! ```text
//! block --edit(policy)--> block upright --set_dimensions--> the same length, true for the new pixels
//! ```

mod keep;
mod rebuild;
mod tiff;

use crate::ExifPolicy;
use tiff::{Layout, Tiff, tag};

/// Whether a block can be read at all, as far as its first directory.
pub(crate) fn readable(block: &[u8]) -> bool {
    Tiff::open(block).is_some_and(|tiff| tiff.first().is_some_and(|at| tiff.directory(at).is_some()))
}

/// The orientation that a block asks for, 1 to 8; 1 where it says nothing valid. Read even from a directory that is
/// cut off: the programs that show pictures do so too.
pub(crate) fn orientation(block: &[u8]) -> u8 {
    let read = || {
        let tiff = Tiff::open(block)?;
        let entry = tiff.entries(tiff.first()?).find(|entry| entry.tag == tag::ORIENTATION)?;
        u8::try_from(tiff.number(&entry)?).ok()
    };
    read().filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

/// The block as the policy wants it, upright; `None` where nothing of it is left or nothing of it can be read.
pub(crate) fn edit(block: &[u8], policy: ExifPolicy) -> Option<Vec<u8>> {
    match policy {
        ExifPolicy::Keep => keep::keep(block),
        ExifPolicy::NoLocation => rebuild::rebuild(block, rebuild::WITHOUT_LOCATION),
        ExifPolicy::Minimal => rebuild::rebuild(block, rebuild::CAPTURE_TIME),
        ExifPolicy::None => None,
    }
}

/// Makes the dimensions that an edited block tells those of the pixels. Entries that are not there are not added, so
/// the length of the block does not depend on the dimensions.
pub(crate) fn set_dimensions(block: &mut [u8], width: u32, height: u32) {
    replace(block, |code| match code {
        tag::IMAGE_WIDTH | tag::PIXEL_X | tag::RELATED_WIDTH => Some(tiff::one_long(code, width)),
        tag::IMAGE_LENGTH | tag::PIXEL_Y | tag::RELATED_LENGTH => Some(tiff::one_long(code, height)),
        _ => None,
    });
}

/// Makes the colour space that an edited block tells sRGB, in Exif's own entry and in that of DCF.
pub(crate) fn set_srgb(block: &mut [u8]) {
    replace(block, |code| match code {
        tag::COLOR_SPACE => Some(tiff::one_short(code, 1)),
        tag::INTEROP_INDEX => Some(tiff::text_of_four(code, *b"R98\0")),
        _ => None,
    });
}

/// Whether a block says that its picture is in the optional colour space of DCF, which is Adobe RGB (1998).
pub(crate) fn is_adobe_rgb(block: &[u8]) -> bool {
    let Some(interop) = Tiff::open(block).and_then(|tiff| Layout::of(&tiff)).and_then(|layout| layout.interop) else {
        return false;
    };
    let index = interop.entry(tag::INTEROP_INDEX).and_then(|entry| block.get(entry.value.clone()?));
    index.is_some_and(|index| index.starts_with(b"R03"))
}

/// Puts other entries in the place of some, in all directories but that of the location, whose tags mean other things.
fn replace(block: &mut [u8], with: impl Fn(u16) -> Option<tiff::NewEntry>) {
    let Some(layout) = Tiff::open(block).and_then(|tiff| Layout::of(&tiff)) else { return };
    let Some(big_endian) = Tiff::open(block).map(|tiff| tiff.big_endian) else { return };
    for directory in [Some(&layout.first), layout.exif.as_ref(), layout.interop.as_ref()].into_iter().flatten() {
        for entry in &directory.entries {
            // Tag 1 is the interoperability index in that directory only.
            let elsewhere = entry.tag == tag::INTEROP_INDEX && !layout.is_interop(directory);
            if let Some(new) = with(entry.tag).filter(|_| !elsewhere) {
                block[entry.at..entry.at + 12].copy_from_slice(&new.bytes(big_endian));
            }
        }
    }
}

/// Whether a reader could find a place in the block: a location's directory, or its tags in another.
#[cfg(feature = "fuzzing")]
pub(crate) fn tells_place(block: &[u8]) -> bool {
    let Some(layout) = Tiff::open(block).and_then(|tiff| Layout::of(&tiff)) else { return false };
    let elsewhere = [Some(&layout.first), layout.exif.as_ref()];
    let mut entries = elsewhere.into_iter().flatten().flat_map(|directory| &directory.entries);
    layout.gps.is_some() || entries.any(|entry| entry.tag == tag::GPS_IFD || entry.tag < 0x0020)
}
