//! The editor of EXIF blocks: which metadata goes along, with the orientation set to 1 and the thumbnail dropped.
//!
//! Owns the little of TIFF's structure that this takes. Two ways, by policy: "keep" edits a copy in place, so that the
//! offsets inside maker notes stay true; the others build a new block out of the wanted entries alone, so that what is
//! unwanted cannot survive in a gap. Never trusts an offset: a block whose directory cannot be read is dropped, never
//! a panic, never an endless loop, never an output larger than its input.
//!
//! A block here is what follows `Exif\0\0` in a JPEG and fills `eXIf` in a PNG. Source: Exif 2.32, TIFF 6.0.

use std::ops::Range;

use crate::ExifPolicy;

const ORIENTATION: u16 = 0x0112;
const DATE_TIME: u16 = 0x0132;
const XMP: u16 = 0x02BC;
const SUB_IFDS: u16 = 0x014A;
const THUMBNAIL_AT: u16 = 0x0201;
const THUMBNAIL_LENGTH: u16 = 0x0202;
const IPTC: u16 = 0x83BB;
const PHOTOSHOP: u16 = 0x8649;
const EXIF_IFD: u16 = 0x8769;
const GPS_IFD: u16 = 0x8825;
const EXIF_VERSION: u16 = 0x9000;
const DATE_TIME_ORIGINAL: u16 = 0x9003;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const SUB_SEC_ORIGINAL: u16 = 0x9291;
const MAKER_NOTE: u16 = 0x927C;
const INTEROP_IFD: u16 = 0xA005;
const PADDING: u16 = 0xEA1C;

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// The orientation that a block asks for, 1 to 8; 1 where it says nothing valid.
pub(crate) fn orientation(block: &[u8]) -> u8 {
    let read = || {
        let tiff = Tiff::open(block)?;
        let ifd = tiff.directory(tiff.first()?)?;
        let entry = ifd.entries.iter().find(|entry| entry.tag == ORIENTATION)?;
        u8::try_from(tiff.number(entry)?).ok()
    };
    read().filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

/// The block as the policy wants it, upright; `None` where nothing of it is left or nothing of it can be read.
pub(crate) fn edit(block: &[u8], policy: ExifPolicy) -> Option<Vec<u8>> {
    match policy {
        ExifPolicy::Keep => keep(block),
        ExifPolicy::NoLocation => rebuild(block, without_location),
        ExifPolicy::Minimal => rebuild(block, capture_time),
        ExifPolicy::None => None,
    }
}

#[derive(Clone, Copy)]
struct Tiff<'a> {
    data: &'a [u8],
    big_endian: bool,
}

struct Directory {
    entries: Vec<Entry>,
    /// Where the pointer to the next directory stands.
    next_at: usize,
}

#[derive(Clone)]
struct Entry {
    at: usize,
    tag: u16,
    kind: u16,
    count: u32,
    /// The value's bytes, inside the entry or elsewhere; `None` where they would lie outside the block.
    value: Option<Range<usize>>,
}

impl<'a> Tiff<'a> {
    fn open(data: &'a [u8]) -> Option<Self> {
        let big_endian = match data.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Tiff { data, big_endian })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn first(&self) -> Option<usize> {
        usize::try_from(self.u32(4)?).ok()
    }

    fn directory(&self, at: usize) -> Option<Directory> {
        let count = usize::from(self.u16(at)?);
        let next_at = at.checked_add(2 + count * 12)?;
        self.data.get(at..next_at)?;
        let entries = (0..count).map(|index| self.entry(at + 2 + index * 12)).collect::<Option<_>>()?;
        Some(Directory { entries, next_at })
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let (tag, kind, count) = (self.u16(at)?, self.u16(at + 2)?, self.u32(at + 4)?);
        Some(Entry { at, tag, kind, count, value: self.value(at, kind, count) })
    }

    fn value(&self, at: usize, kind: u16, count: u32) -> Option<Range<usize>> {
        let size = match kind {
            1 | 2 | 6 | 7 | 129 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let length = usize::try_from(count).ok()?.checked_mul(size)?;
        let start = if length <= 4 { at + 8 } else { usize::try_from(self.u32(at + 8)?).ok()? };
        let range = start..start.checked_add(length)?;
        self.data.get(range.clone()).map(|_| range)
    }

    /// The first number of an entry of shorts or longs.
    fn number(&self, entry: &Entry) -> Option<u32> {
        let range = entry.value.clone().filter(|range| !range.is_empty())?;
        match entry.kind {
            SHORT => self.u16(range.start).map(u32::from),
            LONG => self.u32(range.start),
            _ => None,
        }
    }

    /// The directory that an entry of `within` points to.
    fn linked(&self, within: &Directory, tag: u16) -> Option<Directory> {
        let entry = within.entries.iter().find(|entry| entry.tag == tag)?;
        self.directory(usize::try_from(self.number(entry)?).ok()?)
    }
}

// Keeping all: a copy, edited in place.

fn keep(block: &[u8]) -> Option<Vec<u8>> {
    let tiff = Tiff::open(block)?;
    let first_at = tiff.first()?;
    let first = tiff.directory(first_at)?;
    let exif = tiff.linked(&first, EXIF_IFD);
    let gps = tiff.linked(&first, GPS_IFD);
    let interop = exif.as_ref().and_then(|exif| tiff.linked(exif, INTEROP_IFD));
    let used = [Some(&first), exif.as_ref(), gps.as_ref(), interop.as_ref()];
    let used: Vec<Range<usize>> = used.into_iter().flatten().flat_map(|d| extent(d, block.len())).collect();

    let mut copy = block.to_vec();
    for range in thumbnail(&tiff, &first) {
        if used.iter().all(|kept| range.end <= kept.start || kept.end <= range.start) {
            copy[range].fill(0);
        }
    }
    for entry in first.entries.iter().filter(|entry| entry.tag == ORIENTATION) {
        set_upright(&mut copy, entry, tiff.big_endian);
    }
    if let Some(next) = copy.get_mut(first.next_at..first.next_at + 4) {
        next.fill(0);
    }
    let end = used.iter().map(|range| range.end).max().unwrap_or(0).max(8);
    copy.truncate(end);
    // A block cut off right after its directory had no next pointer: it gets one.
    copy.resize(copy.len().max(first.next_at + 4), 0);
    Some(copy)
}

/// All the ranges that a directory stands on: itself with its next pointer, and its values.
fn extent(directory: &Directory, length: usize) -> impl Iterator<Item = Range<usize>> {
    let start = directory.next_at - directory.entries.len() * 12 - 2;
    let own = start..(directory.next_at + 4).min(length);
    directory.entries.iter().filter_map(|entry| entry.value.clone()).chain([own])
}

/// What only the thumbnail's directory uses.
fn thumbnail(tiff: &Tiff<'_>, first: &Directory) -> Vec<Range<usize>> {
    let find = || {
        let next = usize::try_from(tiff.u32(first.next_at)?).ok().filter(|at| *at != 0)?;
        let second = tiff.directory(next)?;
        let number = |tag| tiff.number(second.entries.iter().find(|entry| entry.tag == tag)?);
        let picture = || {
            let start = usize::try_from(number(THUMBNAIL_AT)?).ok()?;
            let end = start.saturating_add(usize::try_from(number(THUMBNAIL_LENGTH)?).ok()?);
            Some(start..end.min(tiff.data.len())).filter(|range| range.start < range.end)
        };
        Some(extent(&second, tiff.data.len()).chain(picture()).collect())
    };
    find().unwrap_or_default()
}

fn set_upright(copy: &mut [u8], entry: &Entry, big_endian: bool) {
    let fixed = upright_entry(big_endian);
    copy[entry.at..entry.at + 12].copy_from_slice(&fixed);
}

/// Orientation, one short, 1.
fn upright_entry(big_endian: bool) -> [u8; 12] {
    if big_endian { [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 1, 0, 0] } else { [0x12, 0x01, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0] }
}

// All the other policies: a new block out of the wanted entries.

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Exif,
}

/// Location has a directory of its own; maker notes and embedded packets may hold a second copy of it.
fn without_location(place: Place, tag: u16) -> bool {
    match place {
        Place::First => !matches!(tag, GPS_IFD | XMP | IPTC | PHOTOSHOP | SUB_IFDS | PADDING),
        Place::Exif => !matches!(tag, MAKER_NOTE | INTEROP_IFD | GPS_IFD | PADDING),
    }
}

fn capture_time(place: Place, tag: u16) -> bool {
    match place {
        Place::First => matches!(tag, ORIENTATION | DATE_TIME),
        Place::Exif => matches!(tag, EXIF_VERSION | DATE_TIME_ORIGINAL | OFFSET_TIME_ORIGINAL | SUB_SEC_ORIGINAL),
    }
}

fn rebuild(block: &[u8], wanted: fn(Place, u16) -> bool) -> Option<Vec<u8>> {
    let tiff = Tiff::open(block)?;
    let first = tiff.directory(tiff.first()?)?;
    let exif = tiff.linked(&first, EXIF_IFD);
    let select = |directory: &Directory, place| {
        let entries = directory.entries.iter().filter(|entry| entry.value.is_some() && entry.tag != EXIF_IFD);
        let mut entries: Vec<Entry> = entries.filter(|entry| wanted(place, entry.tag)).cloned().collect();
        entries.sort_by_key(|entry| entry.tag);
        entries.dedup_by_key(|entry| entry.tag);
        entries
    };
    let mut out = Builder { tiff, out: block[..4].to_vec() };
    let in_exif = exif.map(|exif| select(&exif, Place::Exif)).unwrap_or_default();
    let mut in_first = select(&first, Place::First);
    if in_exif.iter().any(|entry| entry.tag == DATE_TIME_ORIGINAL) && !wanted(Place::First, EXIF_VERSION) {
        in_first.retain(|entry| entry.tag != DATE_TIME); // the time of the last edit, wanted only for lack of better
    }
    if in_first.is_empty() && in_exif.is_empty() {
        return None;
    }
    out.u32(8);
    out.directory(&in_first, !in_exif.is_empty())?;
    if !in_exif.is_empty() {
        out.directory(&in_exif, false)?;
    }
    (out.out.len() <= block.len() + 64).then_some(out.out)
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

    /// Writes a directory and its values at the end; with `exif`, an entry that points right behind them.
    fn directory(&mut self, entries: &[Entry], exif: bool) -> Option<()> {
        let count = entries.len() + usize::from(exif);
        let mut values_at = self.out.len() + 2 + count * 12 + 4;
        let far = |entry: &&Entry| entry.value.as_ref().is_some_and(|value| value.len() > 4);
        let far_length: usize = entries.iter().filter(far).map(|e| even(e.value.as_ref().map_or(0, Range::len))).sum();
        let end = values_at + far_length;
        // Entries that share their bytes would multiply them: no honest block grows.
        if end > self.tiff.data.len() + 64 {
            return None;
        }
        self.u16(u16::try_from(count).ok()?);
        let behind = entries.iter().position(|entry| entry.tag > EXIF_IFD).unwrap_or(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            if exif && index == behind {
                self.link(end)?;
            }
            self.entry(entry, &mut values_at)?;
        }
        if exif && behind == entries.len() {
            self.link(end)?;
        }
        self.u32(0);
        for entry in entries.iter().filter(far) {
            self.out.extend_from_slice(&self.tiff.data[entry.value.clone()?]);
            self.out.resize(even(self.out.len()), 0);
        }
        Some(())
    }

    fn entry(&mut self, entry: &Entry, values_at: &mut usize) -> Option<()> {
        if entry.tag == ORIENTATION {
            self.out.extend(upright_entry(self.tiff.big_endian));
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

    fn link(&mut self, to: usize) -> Option<()> {
        self.u16(EXIF_IFD);
        self.u16(LONG);
        self.u32(1);
        self.u32(u32::try_from(to).ok()?);
        Some(())
    }
}

fn even(length: usize) -> usize {
    length + length % 2
}
