//! Scans that hold parts of the coefficients: a band of them, or a further bit.
//!
//! Owns decoding them into the store. Never makes a sample. Source: ITU-T T.81, G.1.2 and G.2.

use super::bits::{Bits, Cursor};
use super::frame::Frame;
use super::huffman::{Table, extended};
use super::scan::Scan;
use super::sequential::Restarts;
use super::store::{Cells, Held};
use crate::FitError;

/// How many visits of blocks a file's scans may take. Encoders make about ten scans, of which three to six concern a
/// component: six visits a block. Forty are free. Beyond, a visit has to be paid for with a bit in the file, as it is in
/// any scan that tells something of each block. Without a bound, a megabyte of scans that say "nothing new" in ten bytes
/// each would keep a phone busy for an hour.
const VISITS: u64 = 40;

/// The visits that are left.
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn new(blocks: u64, bytes: u64) -> Budget {
        Budget(blocks.saturating_mul(VISITS).saturating_add(bytes.saturating_mul(8)))
    }

    fn spend(&mut self, visits: usize) -> Result<(), FitError> {
        let left = self.0.checked_sub(visits as u64);
        self.0 = left.ok_or_else(|| FitError::not_decodable("the JPEG has far more scans than its picture needs"))?;
        Ok(())
    }
}

/// What a scan is decoded with.
pub(super) struct Means<'m, 'i, 's> {
    pub(super) bits: &'m mut Bits<'i, 's>,
    pub(super) restart: usize,
    pub(super) budget: &'m mut Budget,
    /// Told after each row.
    pub(super) step: &'m mut dyn FnMut() -> Result<(), FitError>,
}

/// Decodes a scan of first coefficients; `tables` are for the scan's parts, and not looked at where it refines. Gives
/// whether all of its data was there.
pub(super) fn first_coefficients(
    scan: &Scan,
    frame: &Frame,
    held: &mut [Held],
    tables: &[Option<&Table>],
    means: &mut Means<'_, '_, '_>,
) -> Result<bool, FitError> {
    let (across, down, blocks) = scan.layout(frame);
    let mut restarts = Restarts::every(means.restart);
    let mut predicted = [0i32; 4];
    let mut whole = true;
    let each: usize = blocks.iter().map(|(h, v)| h * v).sum();
    for row in 0..down {
        means.budget.spend(across * each)?;
        for column in 0..across {
            if restarts.pass(means.bits) {
                predicted = [0; 4];
            }
            if means.bits.is_spent() {
                whole = false;
                continue;
            }
            for (at, (part, (h, v))) in scan.parts.iter().zip(&blocks).enumerate() {
                let held = &mut held[part.component];
                for block in 0..h * v {
                    let (y, x) = (row * v + block / h, column * h + block % h);
                    let place = y * held.across + x;
                    let mut cursor = means.bits.cursor();
                    means.bits.fill(&mut cursor);
                    if scan.high > 0 {
                        *held.first(place) |= i16::from(take_bit(&mut cursor)) << scan.low;
                    } else if let Some(table) = tables[at] {
                        predicted[at] = predicted[at].wrapping_add(value(table, &mut cursor));
                        *held.first(place) = (predicted[at] << scan.low) as i16;
                    }
                    means.bits.put_back(cursor);
                }
            }
        }
        means.bits.check()?;
        (means.step)()?;
        if means.bits.is_over() {
            return Ok(whole && row + 1 == down);
        }
    }
    Ok(whole)
}

#[inline(always)]
fn take_bit(cursor: &mut Cursor) -> bool {
    let bit = cursor.bits >> 63;
    cursor.drop(1);
    bit == 1
}

/// Up to 16 bits.
#[inline(always)]
fn take_bits(cursor: &mut Cursor, count: u32) -> u32 {
    let bits = ((cursor.bits >> 1) >> (63 - count)) as u32;
    cursor.drop(count);
    bits
}

/// A code and the value that it announces, without its run.
#[inline(always)]
fn value(table: &Table, cursor: &mut Cursor) -> i32 {
    let entry = table.look(cursor.bits);
    cursor.drop(entry.length());
    match entry.size() {
        0 => entry.value(),
        size => extended(take_bits(cursor, size), size),
    }
}

/// Decodes a scan of a band of one component's other coefficients. Gives whether all of its data was there.
pub(super) fn band(
    scan: &Scan,
    frame: &Frame,
    held: &mut Held,
    table: &Table,
    means: &mut Means<'_, '_, '_>,
) -> Result<bool, FitError> {
    let (across, down, _) = scan.layout(frame);
    let mut restarts = Restarts::every(means.restart);
    let mut band = Band { table, first: scan.first, last: scan.last, low: scan.low, idle: 0 };
    let mut whole = true;
    for row in 0..down {
        let mut column = 0;
        while column < across {
            if restarts.pass(means.bits) {
                band.idle = 0;
            }
            if band.idle > 0 && scan.high == 0 {
                // Blocks with nothing in them need not even be looked at.
                let skipped = 1 + (band.idle - 1).min(across - column - 1).min(restarts.left());
                restarts.skip(skipped - 1);
                band.idle -= skipped;
                column += skipped;
                continue;
            }
            means.budget.spend(1)?;
            let block = held.block(row * held.across + column);
            column += 1;
            if band.idle == 0 && means.bits.is_spent() {
                whole = false;
                continue;
            }
            if scan.high == 0 { band.begin(means.bits, block) } else { band.refine(means.bits, block) }
        }
        means.bits.check()?;
        (means.step)()?;
        if means.bits.is_over() && band.idle == 0 {
            return Ok(whole && row + 1 == down);
        }
    }
    Ok(whole)
}

struct Band<'t> {
    table: &'t Table,
    first: usize,
    last: usize,
    low: u8,
    /// How many blocks follow that have nothing new.
    idle: usize,
}

impl Band<'_> {
    /// A block of a first scan of the band.
    fn begin(&mut self, bits: &mut Bits<'_, '_>, mut cells: Cells<'_>) {
        let mut cursor = bits.cursor();
        let mut k = self.first;
        while k <= self.last {
            bits.fill(&mut cursor);
            let entry = self.table.look(cursor.bits);
            cursor.drop(entry.length());
            let value = match entry.size() {
                0 if entry.has_value() => entry.value(),
                0 if entry.run() == 15 => {
                    k += 16;
                    continue;
                }
                0 => {
                    let run = entry.run() as u32;
                    self.idle = (1usize << run) - 1 + take_bits(&mut cursor, run) as usize;
                    break;
                }
                size => extended(take_bits(&mut cursor, size), size),
            };
            k += entry.run();
            cells.set(k, (value << self.low) as i16);
            k += 1;
        }
        bits.put_back(cursor);
    }

    /// A block of a further scan: new coefficients, and a bit for each that is known.
    fn refine(&mut self, bits: &mut Bits<'_, '_>, mut cells: Cells<'_>) {
        let mut cursor = bits.cursor();
        let bit = 1i16 << self.low;
        let mut k = self.first;
        while self.idle == 0 && k <= self.last {
            bits.fill(&mut cursor);
            let entry = self.table.look(cursor.bits);
            cursor.drop(entry.length());
            let mut run = entry.run();
            let new = match entry.size() {
                0 if entry.has_value() => entry.value().signum() as i16 * bit,
                0 if run == 15 => 0,
                0 => {
                    self.idle = (1usize << run) + take_bits(&mut cursor, run as u32) as usize;
                    break;
                }
                _ => {
                    if take_bit(&mut cursor) {
                        bit
                    } else {
                        bit.wrapping_neg()
                    }
                }
            };
            while k <= self.last {
                if *cells.known >> k & 1 == 1 {
                    bits.fill(&mut cursor);
                    if take_bit(&mut cursor) {
                        cells.refine(k, bit);
                    }
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                k += 1;
            }
            if new != 0 && k <= self.last {
                cells.set(k, new);
            }
            k += 1;
        }
        if self.idle > 0 {
            self.idle -= 1;
            let mut known = if k <= self.last { *cells.known >> k << k & (u64::MAX >> (63 - self.last)) } else { 0 };
            while known != 0 {
                let index = known.trailing_zeros() as usize;
                known &= known - 1;
                bits.fill(&mut cursor);
                if take_bit(&mut cursor) {
                    cells.refine(index, bit);
                }
            }
        }
        bits.put_back(cursor);
    }
}
