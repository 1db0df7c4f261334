//! JPEGs made coefficient by coefficient, of every kind there is, and what they must look like.
//!
//! The expectation is T.81's formula, in double precision and as slow as it stands there.

use super::super::idct::ZIGZAG;
use super::super::tables::Tables;
use super::super::{MAX_PAYLOAD, marker};

/// A picture as its coefficients, in zigzag order.
pub(super) struct Made {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) parts: Vec<Part>,
}

pub(super) struct Part {
    pub(super) id: u8,
    pub(super) h: usize,
    pub(super) v: usize,
    pub(super) across: usize,
    pub(super) blocks: Vec<[i16; 64]>,
}

/// The step of a coefficient, the same in all pictures made here.
fn step(index: usize) -> u16 {
    4 + index as u16 / 4
}

/// Numbers without an end, the same each time.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn within(&mut self, most: i16) -> i16 {
        self.below(2 * most as u64 + 1) as i16 - most
    }
}

impl Made {
    /// A picture whose coefficients are made up: some blocks of one colour, some smooth, some with every frequency.
    pub(super) fn new(width: usize, height: usize, factors: &[(usize, usize)]) -> Made {
        let (h, v) = (factors.iter().map(|f| f.0).max().unwrap(), factors.iter().map(|f| f.1).max().unwrap());
        let (mcus, rows) = (width.div_ceil(8 * h), height.div_ceil(8 * v));
        let mut chance = Chance(width as u64 * 31 + height as u64);
        let mut part = |(at, &(h, v)): (usize, &(usize, usize))| {
            let (across, down) = (mcus * h, rows * v);
            let blocks = (0..across * down).map(|_| block(&mut chance)).collect();
            Part { id: at as u8 + 1, h, v, across, blocks }
        };
        let parts = factors.iter().enumerate().map(&mut part).collect();
        Made { width, height, parts }
    }

    pub(super) fn factors(&self) -> (usize, usize) {
        (self.parts.iter().map(|p| p.h).max().unwrap(), self.parts.iter().map(|p| p.v).max().unwrap())
    }

    /// What a component must look like with `size` samples to a block; of the coefficients, those of which `kept` says
    /// so, by row and column.
    pub(super) fn plane(&self, part: usize, size: usize, kept: impl Fn(usize, usize) -> bool) -> Vec<u8> {
        let (h, v) = self.factors();
        let part = &self.parts[part];
        let width = (self.width * part.h * size).div_ceil(8 * h);
        let height = (self.height * part.v * size).div_ceil(8 * v);
        let blocks: Vec<_> = part.blocks.iter().map(|block| samples(block, size, &kept)).collect();
        let at = |x: usize, y: usize| blocks[y / size * part.across + x / size][y % size * size + x % size];
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect()
    }

    /// Start marker, quantisation table, frame; one factor pair can be told that is not the picture's.
    pub(super) fn head(&self, code: u8) -> Vec<u8> {
        let mut file = vec![0xFF, marker::SOI];
        let steps: Vec<u8> = (0..64).map(|index| step(index) as u8).collect();
        file.extend(segment(marker::DQT, &[&[0][..], &steps].concat()));
        let mut frame = vec![8];
        frame.extend((self.height as u16).to_be_bytes());
        frame.extend((self.width as u16).to_be_bytes());
        frame.push(self.parts.len() as u8);
        for part in &self.parts {
            frame.extend([part.id, (part.h << 4 | part.v) as u8, 0]);
        }
        file.extend(segment(code, &frame));
        file
    }

    /// The blocks of a scan in its order: of which part, and the block; with a gap between MCUs told by `restart`.
    pub(super) fn order(&self, parts: &[usize], restart: usize) -> Vec<Vec<(usize, &[i16; 64])>> {
        let (h, v) = self.factors();
        let mcus: Vec<Vec<(usize, &[i16; 64])>> = match parts {
            [alone] => {
                let part = &self.parts[*alone];
                let (across, down) = (self.width * part.h, self.height * part.v);
                let (across, down) = (across.div_ceil(h).div_ceil(8), down.div_ceil(v).div_ceil(8));
                let cells = (0..down).flat_map(|y| (0..across).map(move |x| (x, y)));
                cells.map(|(x, y)| vec![(*alone, &part.blocks[y * part.across + x])]).collect()
            }
            _ => {
                let (across, down) = (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v));
                let mcus = (0..down).flat_map(|y| (0..across).map(move |x| (x, y)));
                let mcu = |(x, y): (usize, usize)| {
                    let blocks = parts.iter().flat_map(|at| {
                        let part = &self.parts[*at];
                        let cells = (0..part.v).flat_map(|row| (0..part.h).map(move |column| (column, row)));
                        cells.map(move |(column, row)| {
                            (*at, &part.blocks[(y * part.v + row) * part.across + x * part.h + column])
                        })
                    });
                    blocks.collect()
                };
                mcus.map(mcu).collect()
            }
        };
        let restart = if restart == 0 { mcus.len() } else { restart };
        mcus.chunks(restart).map(|interval| interval.concat()).collect()
    }
}

fn block(chance: &mut Chance) -> [i16; 64] {
    let mut block = [0; 64];
    block[0] = chance.within(90);
    let (end, most) = [(1, 0), (1, 0), (3, 12), (10, 9), (25, 6), (64, 3)][chance.below(6) as usize];
    for (index, value) in block.iter_mut().enumerate().take(end).skip(1) {
        if chance.below(3) > 0 {
            *value = chance.within(most) * i16::from(index < 20 || chance.below(4) == 0);
        }
    }
    block
}

/// A block's samples: the formula of T.81, A.3.3, averaged.
fn samples(block: &[i16; 64], size: usize, kept: &impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let c = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
    let cos = |x: usize, k: usize| ((2 * x + 1) as f64 * k as f64 * std::f64::consts::PI / 16.0).cos();
    let mut full = [[0.0f64; 8]; 8];
    for (index, value) in block.iter().enumerate().filter(|(_, value)| **value != 0) {
        let (v, u) = (usize::from(ZIGZAG[index] / 8), usize::from(ZIGZAG[index] % 8));
        if kept(v, u) {
            let value = f64::from(*value) * f64::from(step(index)) * c(u) * c(v) / 4.0;
            for (y, row) in full.iter_mut().enumerate() {
                row.iter_mut().enumerate().for_each(|(x, sample)| *sample += value * cos(x, u) * cos(y, v));
            }
        }
    }
    let each = 8 / size;
    let mut out = Vec::new();
    for (y, x) in (0..size).flat_map(|y| (0..size).map(move |x| (y, x))) {
        let all = full[y * each..(y + 1) * each].iter().flat_map(|row| &row[x * each..(x + 1) * each]);
        let mean = all.sum::<f64>() / (each * each) as f64 + 128.0;
        // Halves go up, in spite of what the cosines lack in their last digit.
        out.push((mean + 0.5 + 1e-9).floor().clamp(0.0, 255.0) as u8);
    }
    out
}

pub(super) fn segment(code: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= MAX_PAYLOAD);
    [&[0xFF, code][..], &(payload.len() as u16 + 2).to_be_bytes(), payload].concat()
}

/// A scan's header; tables: those of slot 0 for the first component, of slot 1 for the others.
pub(super) fn scan_head(made: &Made, parts: &[usize], band: (u8, u8), high: u8, low: u8) -> Vec<u8> {
    let mut payload = vec![parts.len() as u8];
    for at in parts {
        payload.extend([made.parts[*at].id, if *at == 0 { 0 } else { 0x11 }]);
    }
    payload.extend([band.0, band.1, high << 4 | low]);
    segment(marker::SOS, &payload)
}

pub(super) fn restarts(interval: usize) -> Vec<u8> {
    if interval == 0 { Vec::new() } else { segment(marker::DRI, &(interval as u16).to_be_bytes()) }
}

/// For each symbol its code and the code's length.
pub(super) type Book = Vec<Option<(u32, u32)>>;

/// The codes of a table of T.81, K.3.
pub(super) fn standard(ac: bool, slot: usize) -> Book {
    let codes = Tables::default().codes(ac, slot).unwrap();
    book(&codes.counts, &codes.symbols)
}

fn book(counts: &[u8; 16], symbols: &[u8]) -> Book {
    let mut book = vec![None; 256];
    let (mut code, mut symbols) = (0, symbols.iter());
    for (count, length) in counts.iter().zip(1..) {
        for symbol in symbols.by_ref().take(usize::from(*count)) {
            book[usize::from(*symbol)] = Some((code, length));
            code += 1;
        }
        code <<= 1;
    }
    book
}

/// Codes for every symbol that may come in a progressive scan, some short and some longer than what is looked up at
/// once; and the segment that defines them in all slots.
pub(super) fn any_symbol() -> (Book, Vec<u8>) {
    let mut counts = [0; 16];
    (counts[2], counts[6], counts[11]) = (5, 30, 200);
    let symbols: Vec<u8> = (0..235u32).map(|n| (n * 167 % 256) as u8).collect();
    // What the 235 do not hold gets the longest codes.
    let missing: Vec<u8> = (0..=254).filter(|symbol| !symbols.contains(symbol)).collect();
    counts[15] = missing.len() as u8;
    let symbols = [symbols, missing].concat();
    let table = [&counts[..], &symbols].concat();
    let slots = [0x00, 0x01, 0x10, 0x11].map(|slot| [&[slot][..], &table].concat()).concat();
    (book(&counts, &symbols), segment(marker::DHT, &slots))
}

/// The bits of a scan.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Writer {
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.bits = self.bits << count | u64::from(bits);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.bits >> self.count) as u8;
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
    }

    pub(super) fn symbol(&mut self, book: &Book, symbol: usize) {
        let (code, length) = book[symbol].expect("a symbol without a code");
        self.put(code, length);
    }

    /// A run and a value; a value of 0 is a symbol without bits.
    pub(super) fn value(&mut self, book: &Book, run: usize, value: i16) {
        let size = 16 - value.unsigned_abs().leading_zeros();
        self.symbol(book, run << 4 | size as usize);
        let bits = if value < 0 { i32::from(value) - 1 } else { i32::from(value) };
        self.put(bits as u32 & ((1 << size) - 1), size);
    }

    /// Ones up to a whole byte.
    pub(super) fn pad(&mut self) {
        if self.count > 0 {
            let count = 8 - self.count;
            self.put((1 << count) - 1, count);
        }
    }

    pub(super) fn restart(&mut self, number: usize) {
        self.pad();
        self.out.extend([0xFF, marker::RST0 + (number & 7) as u8]);
    }
}

impl Made {
    /// A file of whole blocks: one scan for each group of components.
    pub(super) fn sequential(&self, scans: &[&[usize]], restart: usize) -> Vec<u8> {
        let mut file = self.head(marker::SOF0);
        file.extend(restarts(restart));
        for parts in scans {
            file.extend(scan_head(self, parts, (0, 63), 0, 0));
            file.extend(self.sequential_data(parts, restart));
        }
        file.extend([0xFF, marker::EOI]);
        file
    }

    /// All components in one scan.
    pub(super) fn plain(&self) -> Vec<u8> {
        let all: Vec<usize> = (0..self.parts.len()).collect();
        self.sequential(&[&all], 0)
    }

    fn sequential_data(&self, parts: &[usize], restart: usize) -> Vec<u8> {
        let books = [(standard(false, 0), standard(true, 0)), (standard(false, 1), standard(true, 1))];
        let mut writer = Writer::default();
        for (number, interval) in self.order(parts, restart).iter().enumerate() {
            if number > 0 {
                writer.restart(number - 1);
            }
            let mut predicted = [0; 4];
            for (part, block) in interval {
                let (dc, ac) = &books[usize::from(*part > 0)];
                writer.value(dc, 0, block[0] - predicted[*part]);
                predicted[*part] = block[0];
                let mut run = 0;
                let end = block.iter().rposition(|value| *value != 0).unwrap_or(0);
                for value in block.iter().take(end + 1).skip(1) {
                    if *value == 0 {
                        run += 1;
                        continue;
                    }
                    while run > 15 {
                        writer.symbol(ac, 0xF0);
                        run -= 16;
                    }
                    writer.value(ac, run, *value);
                    run = 0;
                }
                if end < 63 {
                    writer.symbol(ac, 0);
                }
            }
        }
        writer.pad();
        writer.out
    }
}
