//! The tables that the segments between scans define: quantisation, Huffman codes, the restart interval.
//!
//! Owns what is in force at a scan. Never refuses: a segment with something wrong gives what of it can be read.
//! Source: ITU-T T.81, B.2.4 and, for what a file without Huffman tables means, K.3.

use super::marker;

/// A quantisation table in zigzag order.
pub(super) type Quant = [u16; 64];

/// A Huffman table as a file tells it: how many codes there are of each length, and their symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codes {
    pub(super) counts: [u8; 16],
    pub(super) symbols: Vec<u8>,
}

/// What is in force.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) quant: [Option<Quant>; 4],
    pub(super) dc: [Option<Codes>; 4],
    pub(super) ac: [Option<Codes>; 4],
    /// How many MCUs there are between two restart markers; 0: there are none.
    pub(super) restart: usize,
}

impl Tables {
    /// Takes over what a segment defines. `true` where it was one that defines Huffman codes.
    pub(super) fn take(&mut self, code: u8, payload: &[u8]) -> bool {
        match code {
            marker::DQT => {
                for (slot, table) in quant_tables(payload).0 {
                    self.quant[slot] = Some(table);
                }
            }
            marker::DHT => {
                for (ac, slot, codes) in code_tables(payload).0 {
                    let class = if ac { &mut self.ac } else { &mut self.dc };
                    // A table that cannot be is as good as none.
                    class[slot] = Some(codes).filter(Codes::is_sound);
                }
            }
            marker::DRI => {
                if let [high, low, ..] = *payload {
                    self.restart = usize::from(u16::from_be_bytes([high, low]));
                }
            }
            _ => {}
        }
        code == marker::DHT
    }

    /// The codes in a slot; those of T.81, K.3 where the file defines none, as in the frames of a motion JPEG.
    pub(super) fn codes(&self, ac: bool, slot: usize) -> Option<Codes> {
        let class = if ac { &self.ac } else { &self.dc };
        class.get(slot)?.clone().or_else(|| standard(ac, slot))
    }
}

/// Whether a segment's payload is what its marker says, to the byte.
pub(super) fn is_sound(code: u8, payload: &[u8]) -> bool {
    match code {
        marker::DQT => matches!(quant_tables(payload), (tables, true) if !tables.is_empty()),
        marker::DHT => {
            matches!(code_tables(payload), (tables, true) if !tables.is_empty() && tables.iter().all(|t| t.2.is_sound()))
        }
        marker::DRI => payload.len() == 2,
        _ => false,
    }
}

/// The tables in a segment, and whether nothing is left over.
fn quant_tables(payload: &[u8]) -> (Vec<(usize, Quant)>, bool) {
    let mut tables = Vec::new();
    let mut rest = payload;
    while let Some((&head, behind)) = rest.split_first() {
        let (wide, slot) = (usize::from(head >> 4), usize::from(head & 15));
        let length = if wide == 0 { 64 } else { 128 };
        let Some((values, behind)) = behind.split_at_checked(length).filter(|_| wide < 2 && slot < 4) else { break };
        let mut table = [0; 64];
        for (value, bytes) in table.iter_mut().zip(values.chunks(1 + wide)) {
            *value = bytes.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
        }
        tables.push((slot, table));
        rest = behind;
    }
    (tables, rest.is_empty())
}

/// The tables in a segment (whether for AC, slot, codes), and whether nothing is left over.
fn code_tables(payload: &[u8]) -> (Vec<(bool, usize, Codes)>, bool) {
    let mut tables = Vec::new();
    let mut rest = payload;
    while let Some((&[head, ref counts @ ..], behind)) = rest.split_first_chunk::<17>() {
        let (class, slot) = (head >> 4, usize::from(head & 15));
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let Some((symbols, behind)) = behind.split_at_checked(total).filter(|_| class < 2 && slot < 4) else { break };
        tables.push((class == 1, slot, Codes { counts: *counts, symbols: symbols.to_vec() }));
        rest = behind;
    }
    (tables, rest.is_empty())
}

impl Codes {
    /// Whether there are no more codes of a length than it has room for, and some at all.
    fn is_sound(&self) -> bool {
        let mut room = 1i32;
        let fits = self.counts.iter().all(|count| {
            room = room * 2 - i32::from(*count);
            room >= 0
        });
        fits && !self.symbols.is_empty() && self.symbols.len() <= 256
    }
}

/// The example tables of T.81, K.3 to K.6: luminance in slot 0, chrominance in slot 1.
fn standard(ac: bool, slot: usize) -> Option<Codes> {
    let (counts, symbols): ([u8; 16], &[u8]) = match (ac, slot) {
        (false, 0) => ([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &DC_SYMBOLS),
        (false, 1) => ([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &DC_SYMBOLS),
        (true, 0) => ([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D], &AC_LUMINANCE),
        (true, 1) => ([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77], &AC_CHROMINANCE),
        _ => return None,
    };
    Some(Codes { counts, symbols: symbols.to_vec() })
}

const DC_SYMBOLS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

#[rustfmt::skip]
const AC_LUMINANCE: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3,
    0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
    0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
    0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];

#[rustfmt::skip]
const AC_CHROMINANCE: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0, 0x15, 0x62, 0x72, 0xD1,
    0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A,
    0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA,
    0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
    0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];
