//! The little of TIFF's structure that EXIF takes: byte order, directories, entries, where they lie.
//!
//! Owns bounds: every offset is checked here, once. Never writes into a block.

use std::ops::Range;

pub(super) mod tag {
    pub(in super::super) const INTEROP_INDEX: u16 = 0x0001;
    pub(in super::super) const IMAGE_WIDTH: u16 = 0x0100;
    pub(in super::super) const IMAGE_LENGTH: u16 = 0x0101;
    pub(in super::super) const STRIP_AT: u16 = 0x0111;
    pub(in super::super) const ORIENTATION: u16 = 0x0112;
    pub(in super::super) const STRIP_LENGTH: u16 = 0x0117;
    pub(in super::super) const DATE_TIME: u16 = 0x0132;
    pub(in super::super) const THUMBNAIL_AT: u16 = 0x0201;
    pub(in super::super) const THUMBNAIL_LENGTH: u16 = 0x0202;
    pub(in super::super) const RELATED_WIDTH: u16 = 0x1001;
    pub(in super::super) const RELATED_LENGTH: u16 = 0x1002;
    pub(in super::super) const EXIF_IFD: u16 = 0x8769;
    pub(in super::super) const GPS_IFD: u16 = 0x8825;
    pub(in super::super) const EXIF_VERSION: u16 = 0x9000;
    pub(in super::super) const DATE_TIME_ORIGINAL: u16 = 0x9003;
    pub(in super::super) const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
    pub(in super::super) const SUB_SEC_ORIGINAL: u16 = 0x9291;
    pub(in super::super) const COLOR_SPACE: u16 = 0xA001;
    pub(in super::super) const PIXEL_X: u16 = 0xA002;
    pub(in super::super) const PIXEL_Y: u16 = 0xA003;
    pub(in super::super) const INTEROP_IFD: u16 = 0xA005;
}

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// Byte order, 42, and where the first directory is.
const HEADER: Range<usize> = 0..8;

/// A block whose byte order is known.
#[derive(Clone, Copy)]
pub(super) struct Tiff<'a> {
    pub(super) data: &'a [u8],
    pub(super) big_endian: bool,
}

/// A directory all of whose entries lie inside the block.
pub(super) struct Directory {
    pub(super) at: usize,
    pub(super) entries: Vec<Entry>,
    /// Where the pointer to the next directory stands, right behind the entries; it may lie outside the block.
    pub(super) next_at: usize,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) at: usize,
    pub(super) tag: u16,
    pub(super) kind: u16,
    pub(super) count: u32,
    /// The value's bytes, inside the entry or elsewhere; `None` where they would lie outside the block.
    pub(super) value: Option<Range<usize>>,
}

impl<'a> Tiff<'a> {
    pub(super) fn open(data: &'a [u8]) -> Option<Self> {
        let big_endian = match data.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Tiff { data, big_endian })
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Where the first directory is said to be.
    pub(super) fn first(&self) -> Option<usize> {
        usize::try_from(self.u32(4)?).ok()
    }

    pub(super) fn directory(&self, at: usize) -> Option<Directory> {
        let count = usize::from(self.u16(at)?);
        let next_at = at.checked_add(2 + count * 12)?;
        self.data.get(at..next_at)?;
        Some(Directory { at, entries: self.entries(at).collect(), next_at })
    }

    /// The entries of the directory at `at`, as far as they lie inside the block.
    pub(super) fn entries(&self, at: usize) -> impl Iterator<Item = Entry> {
        let count = usize::from(self.u16(at).unwrap_or(0));
        // No overflow: `u16` has read at `at`, so it is less than the block's length.
        (0..count).map_while(move |index| self.entry(at + 2 + index * 12))
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        self.data.get(at..at + 12)?;
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

    /// The first number of an entry of shorts or longs that stand in the entry itself.
    pub(super) fn number(&self, entry: &Entry) -> Option<u32> {
        let range = entry.value.clone().filter(|range| (1..=4).contains(&range.len()))?;
        match entry.kind {
            SHORT => self.u16(range.start).map(u32::from),
            LONG => self.u32(range.start),
            _ => None,
        }
    }

    /// The directory that an entry of `within` points to.
    pub(super) fn linked(&self, within: &Directory, tag: u16) -> Option<Directory> {
        self.directory(self.target(within, tag)?)
    }

    /// Where an entry of `within` says that a directory is.
    fn target(&self, within: &Directory, tag: u16) -> Option<usize> {
        usize::try_from(self.number(within.entry(tag)?)?).ok()
    }
}

impl Directory {
    pub(super) fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// All that it stands on in a block of `length` bytes: itself with its next pointer, and its values.
    pub(super) fn extent(&self, length: usize) -> impl Iterator<Item = Range<usize>> {
        let own = self.at..self.next_at.saturating_add(4).min(length);
        self.entries.iter().filter_map(|entry| entry.value.clone()).chain([own])
    }
}

/// The directories that a block is known by. None lies across another, so that an entry can be edited in its place.
pub(super) struct Layout {
    pub(super) first: Directory,
    pub(super) exif: Option<Directory>,
    pub(super) gps: Option<Directory>,
    pub(super) interop: Option<Directory>,
    /// The counts of directories that are pointed to and cannot be read: left alone, for with another count they could.
    unreadable: Vec<Range<usize>>,
}

impl Layout {
    pub(super) fn of(tiff: &Tiff<'_>) -> Option<Self> {
        let first = tiff.directory(tiff.first()?)?;
        let exif = tiff.linked(&first, tag::EXIF_IFD);
        let gps = tiff.linked(&first, tag::GPS_IFD);
        let interop = exif.as_ref().and_then(|exif| tiff.linked(exif, tag::INTEROP_IFD));
        let mut links = vec![(&first, tag::EXIF_IFD, exif.is_some()), (&first, tag::GPS_IFD, gps.is_some())];
        links.extend(exif.as_ref().map(|exif| (exif, tag::INTEROP_IFD, interop.is_some())));
        let unreadable = links.into_iter().filter(|(_, _, is_readable)| !is_readable);
        let unreadable = unreadable.filter_map(|(within, tag, _)| tiff.target(within, tag));
        let unreadable = unreadable.filter(|at| *at < tiff.data.len()).map(|at| at..at + 2).collect();
        let layout = Layout { first, exif, gps, interop, unreadable };
        layout.is_sound().then_some(layout)
    }

    /// Whether no directory lies across another, the header, or what is written to beside them.
    fn is_sound(&self) -> bool {
        let next = self.first.next_at..self.first.next_at.saturating_add(4);
        let mut places: Vec<Range<usize>> = self.directories().map(|d| d.at..d.next_at).collect();
        places.extend([HEADER, next.clone()]);
        places.sort_by_key(|place| place.start);
        let apart = |a: &Range<usize>, b: &Range<usize>| a.end <= b.start || b.end <= a.start;
        let orientations = self.directories().flat_map(|d| &d.entries).filter(|entry| entry.tag == tag::ORIENTATION);
        let mut written = orientations.map(|entry| entry.at..entry.at + 12).chain([next]);
        places.windows(2).all(|pair| pair[0].end <= pair[1].start)
            && written.all(|range| self.unreadable.iter().all(|count| apart(&range, count)))
    }

    pub(super) fn directories(&self) -> impl Iterator<Item = &Directory> {
        [Some(&self.first), self.exif.as_ref(), self.gps.as_ref(), self.interop.as_ref()].into_iter().flatten()
    }

    pub(super) fn is_interop(&self, directory: &Directory) -> bool {
        self.interop.as_ref().is_some_and(|interop| interop.at == directory.at)
    }

    /// All that the directories stand on, the block's header among it, in order, merged where it touches.
    pub(super) fn used(&self, length: usize) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = self.directories().flat_map(|d| d.extent(length)).collect();
        ranges.push(HEADER);
        ranges.extend(self.unreadable.iter().map(|count| count.start..count.end.min(length)));
        ranges.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }
}

/// An entry to be put in the place of another, its value inside of it.
pub(super) struct NewEntry {
    tag: u16,
    kind: u16,
    count: u32,
    value: Value,
}

enum Value {
    Short(u16),
    Long(u32),
    Text([u8; 4]),
}

pub(super) fn one_short(tag: u16, value: u16) -> NewEntry {
    NewEntry { tag, kind: SHORT, count: 1, value: Value::Short(value) }
}

pub(super) fn one_long(tag: u16, value: u32) -> NewEntry {
    NewEntry { tag, kind: LONG, count: 1, value: Value::Long(value) }
}

pub(super) fn text_of_four(tag: u16, value: [u8; 4]) -> NewEntry {
    NewEntry { tag, kind: ASCII, count: 4, value: Value::Text(value) }
}

impl NewEntry {
    pub(super) fn bytes(&self, big_endian: bool) -> [u8; 12] {
        let short = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let long = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut out = [0; 12];
        out[..2].copy_from_slice(&short(self.tag));
        out[2..4].copy_from_slice(&short(self.kind));
        out[4..8].copy_from_slice(&long(self.count));
        match self.value {
            Value::Short(value) => out[8..10].copy_from_slice(&short(value)),
            Value::Long(value) => out[8..].copy_from_slice(&long(value)),
            Value::Text(value) => out[8..].copy_from_slice(&value),
        }
        out
    }
}
