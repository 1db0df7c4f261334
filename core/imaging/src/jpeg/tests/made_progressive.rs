//! Progressive files, made scan by scan.

use super::super::marker;
use super::made::{Book, Made, Writer, any_symbol, restarts, scan_head};

/// A scan: of which components, from which coefficient to which, the missing low bits before and after.
pub(super) struct Script(pub(super) &'static [usize], pub(super) (u8, u8), pub(super) u8, pub(super) u8);

/// As encoders do it by default: bands, a bit less at first, and refinement.
pub(super) const USUAL: &[Script] = &[
    Script(&[0, 1, 2], (0, 0), 0, 1),
    Script(&[0], (1, 5), 0, 2),
    Script(&[2], (1, 63), 0, 1),
    Script(&[1], (1, 63), 0, 1),
    Script(&[0], (6, 63), 0, 2),
    Script(&[0], (1, 63), 2, 1),
    Script(&[0, 1, 2], (0, 0), 1, 0),
    Script(&[2], (1, 63), 1, 0),
    Script(&[1], (1, 63), 1, 0),
    Script(&[0], (1, 63), 1, 0),
];

/// The same for one component, with its first coefficients in a scan of their own as they must be.
pub(super) const GRAY: &[Script] = &[
    Script(&[0], (0, 0), 0, 2),
    Script(&[0], (1, 2), 0, 3),
    Script(&[0], (3, 63), 0, 1),
    Script(&[0], (0, 0), 2, 1),
    Script(&[0], (1, 2), 3, 2),
    Script(&[0], (0, 0), 1, 0),
    Script(&[0], (1, 2), 2, 1),
    Script(&[0], (1, 63), 1, 0),
];

impl Made {
    pub(super) fn progressive(&self, scripts: &[Script], restart: usize) -> Vec<u8> {
        let (book, tables) = any_symbol();
        let mut file = self.head(marker::SOF2);
        file.extend(tables);
        file.extend(restarts(restart));
        for Script(parts, band, high, low) in scripts {
            file.extend(scan_head(self, parts, *band, *high, *low));
            let mut writer = Writer::default();
            for (number, interval) in self.order(parts, restart).iter().enumerate() {
                if number > 0 {
                    writer.restart(number - 1);
                }
                match (band.0, high) {
                    (0, 0) => first(&mut writer, &book, interval, *low),
                    (0, _) => interval.iter().for_each(|(_, b)| writer.put(b[0] as u32 >> low & 1, 1)),
                    _ => Bands { writer: &mut writer, book: &book, band: *band, low: *low, idle: 0, pending: vec![] }
                        .write(interval, *high > 0),
                }
            }
            writer.pad();
            file.extend(writer.out);
        }
        file.extend([0xFF, marker::EOI]);
        file
    }
}

fn first(writer: &mut Writer, book: &Book, interval: &[(usize, &[i16; 64])], low: u8) {
    let mut predicted = [0; 4];
    for (part, block) in interval {
        let value = block[0] >> low;
        writer.value(book, 0, value - predicted[*part]);
        predicted[*part] = value;
    }
}

struct Bands<'a> {
    writer: &'a mut Writer,
    book: &'a Book,
    band: (u8, u8),
    low: u8,
    /// Blocks at whose end nothing new comes, not written yet; and the bits of those known that belong to them.
    idle: u32,
    pending: Vec<u32>,
}

impl Bands<'_> {
    fn write(&mut self, interval: &[(usize, &[i16; 64])], refine: bool) {
        for (_, block) in interval {
            let band = usize::from(self.band.0)..=usize::from(self.band.1);
            // Towards zero: it is magnitudes whose bits come one by one.
            let values: Vec<i16> = block[band].iter().map(|value| value / (1 << self.low)).collect();
            if refine {
                self.refine(&values)
            } else {
                self.begin(&values)
            }
            if self.idle == 0x7FFF {
                self.flush();
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        if self.idle > 0 {
            let size = self.idle.ilog2();
            self.writer.symbol(self.book, (size << 4) as usize);
            self.writer.put(self.idle & ((1 << size) - 1), size);
            self.idle = 0;
        }
        self.pending.drain(..).for_each(|bit| self.writer.put(bit, 1));
    }

    fn begin(&mut self, values: &[i16]) {
        let mut run = 0;
        for value in values {
            if *value == 0 {
                run += 1;
                continue;
            }
            self.flush();
            while run > 15 {
                self.writer.symbol(self.book, 0xF0);
                run -= 16;
            }
            self.writer.value(self.book, run, *value);
            run = 0;
        }
        self.idle += u32::from(run > 0);
    }

    fn refine(&mut self, values: &[i16]) {
        let end = values.iter().rposition(|value| value.abs() == 1).map_or(0, |at| at + 1);
        let (mut run, mut bits) = (0, Vec::new());
        for (at, value) in values.iter().enumerate() {
            if *value == 0 {
                run += 1;
                continue;
            }
            while run > 15 && at < end {
                self.flush();
                self.writer.symbol(self.book, 0xF0);
                bits.drain(..).for_each(|bit| self.writer.put(bit, 1));
                run -= 16;
            }
            if value.abs() > 1 {
                bits.push(u32::from(value.unsigned_abs() & 1));
                continue;
            }
            self.flush();
            self.writer.symbol(self.book, run << 4 | 1);
            self.writer.put(u32::from(*value > 0), 1);
            bits.drain(..).for_each(|bit| self.writer.put(bit, 1));
            run = 0;
        }
        if run > 0 || !bits.is_empty() {
            self.idle += 1;
            self.pending.extend(bits);
        }
    }
}
