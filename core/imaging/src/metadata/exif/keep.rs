//! Keeping all: a copy, edited in place.
//!
//! Owns what goes even so: the thumbnail, for it no longer shows the picture, and the orientation, for it is applied.
//! Never moves a byte: maker notes hold offsets that count from the block's start.

use std::ops::Range;

use super::tiff::{Directory, Layout, Tiff, one_short, tag};

pub(super) fn keep(block: &[u8]) -> Option<Vec<u8>> {
    let mut copy = block.to_vec();
    let tiff = Tiff::open(block)?;
    // A block cut off right after its directory has no next pointer: it gets one.
    copy.resize(block.len().max(tiff.directory(tiff.first()?)?.next_at + 4), 0);
    let before = copy.clone();
    let tiff = Tiff::open(&before)?;
    let layout = Layout::of(&tiff)?;
    let used = layout.used(before.len());
    for range in thumbnail(&tiff, &layout.first, &used) {
        blank(&mut copy, range, &used);
    }
    for directory in [Some(&layout.first), layout.exif.as_ref()].into_iter().flatten() {
        for entry in directory.entries.iter().filter(|entry| entry.tag == tag::ORIENTATION) {
            let upright = one_short(tag::ORIENTATION, 1).bytes(tiff.big_endian);
            copy[entry.at..entry.at + 12].copy_from_slice(&upright);
        }
    }
    copy[layout.first.next_at..layout.first.next_at + 4].fill(0);
    trim(&mut copy);
    Some(copy)
}

/// Cuts off what nothing stands on and holds only zeros: where the thumbnail was, as a rule.
fn trim(copy: &mut Vec<u8>) {
    let used = Tiff::open(copy).and_then(|tiff| Layout::of(&tiff)).map(|layout| layout.used(copy.len()));
    let needed = used.and_then(|used| used.last().map(|range| range.end)).unwrap_or(copy.len());
    let told = copy.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    copy.truncate(needed.max(told));
}

/// Zeroes a range but for what is used by others.
fn blank(copy: &mut [u8], range: Range<usize>, used: &[Range<usize>]) {
    let mut at = range.start;
    let from = used.partition_point(|kept| kept.end <= range.start);
    for kept in used[from..].iter().take_while(|kept| kept.start < range.end) {
        if let Some(gap) = copy.get_mut(at..kept.start) {
            gap.fill(0);
        }
        at = at.max(kept.end);
    }
    if let Some(gap) = copy.get_mut(at..range.end) {
        gap.fill(0);
    }
}

/// What the thumbnail's directory stands on, the thumbnail among it.
fn thumbnail(tiff: &Tiff<'_>, first: &Directory, used: &[Range<usize>]) -> Vec<Range<usize>> {
    let find = || {
        let next = usize::try_from(tiff.u32(first.next_at)?).ok().filter(|at| *at != 0)?;
        let second = tiff.directory(next)?;
        let picture = |at, length| {
            let number = |tag| usize::try_from(tiff.number(second.entry(tag)?)?).ok();
            let start = number(at)?;
            let told = start.saturating_add(number(length)?).min(tiff.data.len());
            (start < told).then(|| start..whole_jpeg(tiff.data, start..told, used))
        };
        let pictures = [picture(tag::THUMBNAIL_AT, tag::THUMBNAIL_LENGTH), picture(tag::STRIP_AT, tag::STRIP_LENGTH)];
        Some(second.extent(tiff.data.len()).chain(pictures.into_iter().flatten()).collect())
    };
    find().unwrap_or_default()
}

/// Where a thumbnail really ends: some are longer than their entry tells.
fn whole_jpeg(data: &[u8], told: Range<usize>, used: &[Range<usize>]) -> usize {
    let bytes = &data[told.clone()];
    if !bytes.starts_with(&[0xFF, 0xD8]) || bytes.ends_with(&[0xFF, 0xD9]) {
        return told.end;
    }
    let bound = used.iter().map(|range| range.start).find(|start| *start >= told.end).unwrap_or(data.len());
    let rest = &data[told.end..bound];
    rest.windows(2).position(|pair| pair == [0xFF, 0xD9]).map_or(bound, |at| told.end + at + 2)
}
