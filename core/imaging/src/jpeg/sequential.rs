//! Scans whose blocks are whole: decoded and handed on row by row.
//!
//! Owns the decoding of blocks and what stands in for those that are missing. Never holds more than a row of MCUs.
//! Source: ITU-T T.81, F.2.

use super::bits::Bits;
use super::frame::Frame;
use super::huffman::{Table, extended};
use super::idct::{Block, LEVEL, Weights, transform};
use super::rows::{Strip, Strips};
use super::scan::Scan;
use crate::FitError;

/// What a component is decoded with.
pub(super) struct Lane<'t> {
    pub(super) component: usize,
    /// How many blocks an MCU has of it, across and down.
    pub(super) blocks: (usize, usize),
    pub(super) dc: &'t Table,
    pub(super) ac: &'t Table,
    pub(super) weights: Weights,
    /// What is shown of it where nothing was found.
    pub(super) blank: u8,
    predicted: i32,
}

impl<'t> Lane<'t> {
    pub(super) fn new(component: usize, dc: &'t Table, ac: &'t Table, weights: Weights, blank: u8) -> Self {
        Lane { component, blocks: (1, 1), dc, ac, weights, blank, predicted: 0 }
    }
}

/// Where the restart markers stand, and which comes next.
pub(super) struct Restarts {
    interval: usize,
    left: usize,
    next: u8,
}

impl Restarts {
    pub(super) fn every(interval: usize) -> Self {
        Restarts { interval, left: interval, next: 0 }
    }

    /// How many MCUs follow before the next marker.
    pub(super) fn left(&self) -> usize {
        if self.interval == 0 { usize::MAX } else { self.left }
    }

    /// Passes MCUs, no more than are [left](Self::left).
    pub(super) fn skip(&mut self, count: usize) {
        if self.interval > 0 {
            self.left -= count;
        }
    }

    /// Before each MCU: whether one was due there, and was passed.
    #[inline(always)]
    pub(super) fn pass(&mut self, bits: &mut Bits<'_, '_>) -> bool {
        if self.interval == 0 {
            return false;
        }
        let due = self.left == 0;
        if due {
            bits.restart(self.next);
            self.next = (self.next + 1) & 7;
            self.left = self.interval;
        }
        self.left -= 1;
        due
    }
}

/// Decodes a scan. `step` is told, after each row of MCUs, how much of the scan is done. Gives whether all of its data
/// was there; `None` where there was none at all, and nothing was handed on.
pub(super) fn decode(
    scan: &Scan,
    frame: &Frame,
    lanes: &mut [Lane<'_>],
    restart: usize,
    bits: &mut Bits<'_, '_>,
    out: &mut dyn Strips,
    step: &mut dyn FnMut(f32) -> Result<(), FitError>,
) -> Result<Option<bool>, FitError> {
    let (across, down, blocks) = scan.layout(frame);
    for (lane, blocks) in lanes.iter_mut().zip(blocks) {
        lane.blocks = blocks;
    }
    let mut restarts = Restarts::every(restart);
    let (mut whole, mut blank) = (true, false);
    if !bits.begin()? {
        return Ok(None);
    }
    let mut strips: Vec<Strip> = lanes.iter().map(|lane| blank_strip(lane, across)).collect();
    for row in 0..down {
        if bits.is_over() {
            // Nothing more will come: the same strips over and over.
            if !std::mem::replace(&mut blank, true) {
                lanes.iter().zip(&mut strips).for_each(|(lane, strip)| strip.samples.fill(lane.blank));
            }
            whole = false;
        } else {
            whole &= mcu_row(across, lanes, &mut restarts, bits, &mut strips);
            bits.check()?;
        }
        out.take(&strips)?;
        step((row + 1) as f32 / down as f32)?;
    }
    Ok(Some(whole))
}

/// A strip of a lane's blank colour, for a row of MCUs.
pub(super) fn blank_strip(lane: &Lane<'_>, mcus: usize) -> Strip {
    let size = lane.weights.size;
    let stride = mcus * lane.blocks.0 * size;
    Strip { component: lane.component, samples: vec![lane.blank; stride * lane.blocks.1 * size], stride }
}

/// Decodes a row of MCUs; whether all of it was there.
fn mcu_row(
    across: usize,
    lanes: &mut [Lane<'_>],
    restarts: &mut Restarts,
    bits: &mut Bits<'_, '_>,
    strips: &mut [Strip],
) -> bool {
    let mut whole = true;
    for mcu in 0..across {
        if restarts.pass(bits) {
            lanes.iter_mut().for_each(|lane| lane.predicted = 0);
        }
        let spent = bits.is_spent();
        whole &= !spent;
        for (lane, strip) in lanes.iter_mut().zip(&mut *strips) {
            let (h, v) = lane.blocks;
            let size = lane.weights.size;
            let stride = strip.stride;
            for (y, rows) in strip.samples.chunks_exact_mut(stride * size).enumerate() {
                debug_assert!(y < v);
                for x in 0..h {
                    let out = &mut rows[(mcu * h + x) * size..];
                    if spent {
                        out.chunks_mut(stride).for_each(|row| row[..size].fill(lane.blank));
                        continue;
                    }
                    let mut block: Block = [0.0; 64];
                    let last =
                        if size == 1 { shortened(bits, lane, &mut block) } else { whole_block(bits, lane, &mut block) };
                    transform(size, &block, last, out, stride);
                }
            }
        }
    }
    whole
}

/// The first coefficient, level shift included.
#[inline(always)]
fn first(bits: &mut Bits<'_, '_>, cursor: &mut super::bits::Cursor, lane: &mut Lane<'_>) -> f32 {
    bits.fill(cursor);
    let entry = lane.dc.look(cursor.bits);
    cursor.drop(entry.length());
    let mut difference = entry.value();
    let size = entry.size();
    if size > 0 {
        difference = extended((cursor.bits >> (64 - size)) as u32, size);
        cursor.drop(size);
    }
    // Sixteen bits is what T.81 lets a coefficient have, and more than damage may pile up.
    lane.predicted = i32::from(lane.predicted.wrapping_add(difference) as i16);
    lane.predicted as f32 * lane.weights.weight[0] + LEVEL
}

/// Decodes a block; gives the index of its last coefficient.
#[inline(always)]
fn whole_block(bits: &mut Bits<'_, '_>, lane: &mut Lane<'_>, block: &mut Block) -> usize {
    let mut cursor = bits.cursor();
    block[0] = first(bits, &mut cursor, lane);
    let weights = &lane.weights;
    let ac = lane.ac;
    let (mut k, mut last) = (1, 0);
    while k < 64 {
        bits.fill(&mut cursor);
        let entry = ac.look(cursor.bits);
        cursor.drop(entry.length());
        k += entry.run();
        let value = if entry.has_value() {
            entry.value()
        } else {
            let size = entry.size();
            if size == 0 {
                if entry.run() != 15 {
                    break;
                }
                k += 1;
                continue;
            }
            let value = extended((cursor.bits >> (64 - size)) as u32, size);
            cursor.drop(size);
            value
        };
        block[usize::from(weights.place[k] & 63)] += value as f32 * weights.weight[k];
        last = k;
        k += 1;
    }
    bits.put_back(cursor);
    last
}

/// Decodes a block's first coefficient and passes over the others.
#[inline(always)]
fn shortened(bits: &mut Bits<'_, '_>, lane: &mut Lane<'_>, block: &mut Block) -> usize {
    let mut cursor = bits.cursor();
    block[0] = first(bits, &mut cursor, lane);
    let ac = lane.ac;
    let mut k = 1;
    while k < 64 {
        bits.fill(&mut cursor);
        let entry = ac.look(cursor.bits);
        cursor.drop(entry.length());
        if !entry.has_value() {
            let size = entry.size();
            if size == 0 && entry.run() != 15 {
                break;
            }
            cursor.drop(size);
        }
        k += entry.run() + 1;
    }
    bits.put_back(cursor);
    0
}
