//! All the policies that leave something out: a new block, made of the wanted entries alone.
//!
//! Owns the allow-lists. What is not on a list does not go along: maker notes, previews, private tags of phone makers
//! (some hold the place as text), tags of the location that stand in the wrong directory.

use std::ops::Range;

use super::tiff::{Directory, Entry, Tiff, one_long, one_short, tag};

/// What of each directory goes along.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    first: fn(u16) -> bool,
    exif: fn(u16) -> bool,
    interop: fn(u16) -> bool,
    /// Whether the time of the last edit goes along only for lack of the time of capture.
    one_time: bool,
}

/// All that the standards define, but the location, maker notes, embedded packets, padding, and the user comment:
/// phones put data of their own there, the place among it.
pub(super) const WITHOUT_LOCATION: Wanted = Wanted {
    first: |tag| {
        matches!(tag,
            0x0100 | 0x0101 | 0x010E..=0x0110 | 0x0112 | 0x011A | 0x011B | 0x0128 | 0x0131 | 0x0132 | 0x013B | 0x013C
            | 0x013E | 0x013F | 0x0211 | 0x0213 | 0x0214 | 0x4746 | 0x4749 | 0x8298 | 0x9C9B..=0x9C9F)
    },
    exif: |tag| {
        matches!(tag,
            0x829A | 0x829D | 0x8822 | 0x8824 | 0x8827 | 0x8830..=0x8835 | 0x9000 | 0x9003 | 0x9004 | 0x9010..=0x9012
            | 0x9101 | 0x9102 | 0x9201..=0x920A | 0x9214 | 0x9290..=0x9292 | 0x9400..=0x9405 | 0xA000..=0xA004 | 0xA20B
            | 0xA20C | 0xA20E..=0xA210 | 0xA214 | 0xA215 | 0xA217 | 0xA300..=0xA302 | 0xA401..=0xA40A | 0xA40C | 0xA420
            | 0xA430..=0xA43C | 0xA460..=0xA462 | 0xA500)
    },
    interop: |tag| matches!(tag, 0x0001 | 0x0002 | 0x1000..=0x1002),
    one_time: false,
};

/// When it was taken.
pub(super) const CAPTURE_TIME: Wanted = Wanted {
    first: |tag| matches!(tag, tag::ORIENTATION | tag::DATE_TIME),
    exif: |tag| {
        matches!(tag, tag::EXIF_VERSION | tag::DATE_TIME_ORIGINAL | tag::OFFSET_TIME_ORIGINAL | tag::SUB_SEC_ORIGINAL)
    },
    interop: |_| false,
    one_time: true,
};

/// How much longer than its source a block may get: an entry or two in another place.
const SLACK: usize = 64;

pub(super) fn rebuild(block: &[u8], wanted: Wanted) -> Option<Vec<u8>> {
    let tiff = Tiff::open(block)?;
    let first = tiff.directory(tiff.first()?)?;
    let exif = tiff.linked(&first, tag::EXIF_IFD);
    let interop = exif.as_ref().and_then(|exif| tiff.linked(exif, tag::INTEROP_IFD));
    let interop = select(interop.as_ref(), wanted.interop);
    let exif = select(exif.as_ref(), wanted.exif);
    let mut first = select(Some(&first), wanted.first);
    if wanted.one_time && exif.iter().any(|entry| entry.tag == tag::DATE_TIME_ORIGINAL) {
        first.retain(|entry| entry.tag != tag::DATE_TIME);
    }
    if first.is_empty() && exif.is_empty() && interop.is_empty() {
        return None;
    }
    let mut out = Builder { tiff, out: block[..4].to_vec() };
    out.u32(8);
    let interop_link = (!interop.is_empty()).then_some(tag::INTEROP_IFD);
    let exif_link = (!exif.is_empty() || interop_link.is_some()).then_some(tag::EXIF_IFD);
    out.directory(&first, exif_link)?;
    if exif_link.is_some() {
        out.directory(&exif, interop_link)?;
    }
    if interop_link.is_some() {
        out.directory(&interop, None)?;
    }
    (out.out.len() <= block.len() + SLACK).then_some(out.out)
}

/// The wanted entries, in the order of their tags, the first of each.
fn select(directory: Option<&Directory>, wanted: fn(u16) -> bool) -> Vec<Entry> {
    let entries = directory.into_iter().flat_map(|directory| &directory.entries);
    let mut entries: Vec<Entry> = entries.filter(|entry| entry.value.is_some() && wanted(entry.tag)).cloned().collect();
    entries.sort_by_key(|entry| entry.tag);
    entries.dedup_by_key(|entry| entry.tag);
    for entry in entries.iter_mut().filter(|entry| entry.tag == tag::ORIENTATION) {
        entry.value = Some(0..0); // written as 1, whatever stands there
    }
    entries
}

struct Builder<'a> {
    tiff: Tiff<'a>,
    out: Vec<u8>,
}

impl Builder<'_> {
    fn u16(&mut self, value: u16) {
        self.out.extend(if self.tiff.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn u32(&mut self, value: u32) {
        self.out.extend(if self.tiff.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    /// Writes a directory and its values at the end; with `link`, an entry that points right behind them.
    fn directory(&mut self, entries: &[Entry], link: Option<u16>) -> Option<()> {
        let count = entries.len() + usize::from(link.is_some());
        let mut values_at = self.out.len() + 2 + count * 12 + 4;
        let far = |entry: &&Entry| entry.value.as_ref().is_some_and(|value| value.len() > 4);
        let lengths = entries.iter().filter(far).map(|entry| even(entry.value.as_ref().map_or(0, Range::len)));
        let end = lengths.fold(values_at, usize::saturating_add);
        // Entries that share their bytes would multiply them: no honest block grows.
        if end > self.tiff.data.len() + SLACK {
            return None;
        }
        self.u16(u16::try_from(count).ok()?);
        let behind = entries.partition_point(|entry| link.is_none_or(|link| entry.tag < link));
        let (before, after) = entries.split_at(behind);
        for entry in before {
            self.entry(entry, &mut values_at)?;
        }
        if let Some(link) = link {
            self.out.extend(one_long(link, u32::try_from(end).ok()?).bytes(self.tiff.big_endian));
        }
        for entry in after {
            self.entry(entry, &mut values_at)?;
        }
        self.u32(0);
        for entry in entries.iter().filter(far) {
            self.out.extend_from_slice(&self.tiff.data[entry.value.clone()?]);
            self.out.resize(even(self.out.len()), 0);
        }
        Some(())
    }

    fn entry(&mut self, entry: &Entry, values_at: &mut usize) -> Option<()> {
        if entry.tag == tag::ORIENTATION {
            self.out.extend(one_short(tag::ORIENTATION, 1).bytes(self.tiff.big_endian));
            return Some(());
        }
        self.u16(entry.tag);
        self.u16(entry.kind);
        self.u32(entry.count);
        let value = entry.value.clone()?;
        if value.len() > 4 {
            self.u32(u32::try_from(*values_at).ok()?);
            *values_at += even(value.len());
        } else {
            let mut inline = [0; 4];
            inline[..value.len()].copy_from_slice(&self.tiff.data[value]);
            self.out.extend(inline);
        }
        Some(())
    }
}

fn even(length: usize) -> usize {
    length.saturating_add(length % 2)
}
