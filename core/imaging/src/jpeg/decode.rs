//! A JPEG's samples, as planes, to a sink.
//!
//! Owns the order of things: tables and scans in the file's order, then what is still missing. Never holds the file.

use super::bits::Bits;
use super::colour::{Convert, Gather};
use super::header::{Colour, Header};
use super::huffman::Table;
use super::idct::Weights;
use super::input::Input;
use super::plan::{Plan, Way, held_blocks};
use super::progressive::{self, Budget, Means};
use super::rows::{Direct, Sink, Strip, Strips};
use super::scan::{Part, Scan};
use super::sequential::{self, Lane};
use super::store::Held;
use super::tables::Tables;
use super::walk::Walk;
use super::{frame, marker};
use crate::{FitError, Source};

/// The most scans that are looked at. Encoders make up to some dozen; a script that sends each bit of each coefficient
/// on its own would need more, but nobody writes such files, and a scan without data costs time as well.
const SCANS: usize = 1000;

/// How a decode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Whether some of the picture, or the end marker, was not there. What is missing is gray.
    pub(crate) truncated: bool,
}

/// Decodes a picture. `step` is told how far it has come, 0 to 1, once for each row of MCUs at least; an error of it
/// ends the decode.
///
/// Damage is no error as long as anything of the picture can be shown.
pub(crate) fn decode(
    source: &mut dyn Source,
    header: &Header,
    plan: &Plan,
    sink: &mut dyn Sink,
    step: &mut dyn FnMut(f32) -> Result<(), FitError>,
) -> Result<Ending, FitError> {
    let mut reading = Reading::new(source, header, plan)?;
    let (frame, colour) = (&header.frame, header.colour);
    match plan.way {
        Way::Stream if colour.is_foreign() => reading.sequential(&mut Convert::new(sink, frame, colour, plan), step),
        Way::Stream => reading.sequential(&mut Direct::new(sink, &plan.planes), step),
        Way::Gather => {
            let mut gathered = Gather::new(frame, plan, |component| blank(header, component));
            let ending = reading.sequential(&mut gathered, step)?;
            gathered.finish(&mut Convert::new(sink, frame, colour, plan), step)?;
            Ok(ending)
        }
        Way::Store if colour.is_foreign() => reading.progressive(&mut Convert::new(sink, frame, colour, plan), step),
        Way::Store => reading.progressive(&mut Direct::new(sink, &plan.planes), step),
    }
}

/// What a file's scans are read with.
struct Reading<'a> {
    input: Input<'a>,
    walk: Walk,
    header: &'a Header,
    plan: &'a Plan,
    tables: Tables,
    codes: Codes,
    /// How many scans may still come.
    scans: usize,
}

/// Tables made ready, each until it is defined anew.
#[derive(Default)]
struct Codes {
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
}

impl Codes {
    /// Sees to it that a slot's table is ready.
    fn prepare(&mut self, tables: &Tables, ac: bool, slot: usize) -> Result<(), FitError> {
        let class = if ac { &mut self.ac } else { &mut self.dc };
        match class.get_mut(slot) {
            Some(Some(_)) => Ok(()),
            Some(place) => {
                *place = tables.codes(ac, slot).map(|codes| Table::new(&codes));
                place.as_ref().map(|_| ()).ok_or_else(|| FitError::not_decodable("a Huffman table is missing"))
            }
            None => Err(FitError::not_decodable("a Huffman table is missing")),
        }
    }
}

impl<'a> Reading<'a> {
    fn new(source: &'a mut (dyn Source + 'a), header: &'a Header, plan: &'a Plan) -> Result<Self, FitError> {
        let input = Input::new(source, header.scan_at)?;
        let walk = Walk::from(header.scan_at);
        Ok(Reading { input, walk, header, plan, tables: header.tables.clone(), codes: Codes::default(), scans: SCANS })
    }

    /// Takes tables up to the next scan; `None` at the end, and whether the end marker was there.
    fn next_scan(&mut self) -> Result<Result<Scan, bool>, FitError> {
        while let Some(found) = self.walk.next(&mut self.input)? {
            match found.code {
                marker::EOI => return Ok(Err(true)),
                marker::SOS => {
                    let Some(left) = self.scans.checked_sub(1) else { return Ok(Err(false)) };
                    self.scans = left;
                    let payload = self.input.read(found.length)?;
                    if let Some(scan) = Scan::read(&payload, &self.header.frame) {
                        return Ok(Ok(scan));
                    }
                }
                marker::DQT | marker::DHT | marker::DRI => {
                    let payload = self.input.read(found.length)?;
                    if self.tables.take(found.code, &payload) {
                        self.codes = Codes::default();
                    }
                }
                code if frame::is_frame(code) && frame::is_sound(&self.input.read(found.length)?) => {
                    return Err(FitError::not_decodable("the JPEG has more than one frame"));
                }
                _ => {}
            }
        }
        Ok(Err(false))
    }

    /// Scans whose blocks are whole: each component comes in one of them.
    fn sequential(
        &mut self,
        out: &mut dyn Strips,
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<Ending, FitError> {
        let count = self.header.frame.components.len();
        let mut seen = vec![false; count];
        let (mut truncated, mut problem) = (false, None);
        let ended = loop {
            let scan = match self.next_scan()? {
                Ok(scan) => scan,
                Err(ended) => break ended,
            };
            // Colours that are converted as they come need all components at once.
            let usable = self.plan.way == Way::Gather || !self.header.colour.is_foreign() || scan.parts.len() == count;
            if !usable || scan.parts.iter().any(|part| seen[part.component]) {
                continue;
            }
            let before = seen.iter().filter(|seen| **seen).count() as f32;
            let share = scan.parts.len() as f32;
            let mut part_step = |part: f32| step((before + part * share) / count as f32);
            match self.sequential_scan(&scan, out, &mut part_step) {
                Ok(Some(whole)) => {
                    truncated |= !whole;
                    scan.parts.iter().for_each(|part| seen[part.component] = true);
                }
                Ok(None) => {}
                Err(error @ FitError::NotDecodable { .. }) => problem = Some(error),
                Err(error) => return Err(error),
            }
        };
        if !seen.contains(&true) {
            return Err(problem.unwrap_or_else(|| FitError::not_decodable("the JPEG has no picture data")));
        }
        for component in (0..count).filter(|component| !seen[*component]) {
            truncated = true;
            self.blank(component, out, step)?;
        }
        Ok(Ending { truncated: truncated || !ended })
    }

    fn sequential_scan(
        &mut self,
        scan: &Scan,
        out: &mut dyn Strips,
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<Option<bool>, FitError> {
        for part in &scan.parts {
            self.codes.prepare(&self.tables, false, part.dc)?;
            self.codes.prepare(&self.tables, true, part.ac)?;
        }
        let mut lanes = Vec::with_capacity(scan.parts.len());
        for part in &scan.parts {
            let (Some(dc), Some(ac)) = (&self.codes.dc[part.dc], &self.codes.ac[part.ac]) else { continue };
            let weights = weights(&self.tables, self.header, self.plan, part.component)?;
            lanes.push(Lane::new(part.component, dc, ac, weights, blank(self.header, part.component)));
        }
        let restart = self.tables.restart;
        let mut bits = Bits::new(&mut self.input, restart > 0);
        let whole = sequential::decode(scan, &self.header.frame, &mut lanes, restart, &mut bits, out, step)?;
        let end = bits.end()?;
        self.walk.resume(end);
        Ok(whole)
    }

    /// Scans that hold parts of blocks: all are read into a store, and made into samples at the end.
    fn progressive(
        &mut self,
        out: &mut dyn Strips,
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<Ending, FitError> {
        let frame = &self.header.frame;
        let length = self.input.length()?.max(1);
        let sizes = self.plan.sizes.iter().enumerate();
        let mut held: Vec<Held> = sizes.map(|(component, size)| Held::new(frame, component, *size)).collect();
        let blocks = frame.components.iter().map(|component| held_blocks(frame, component));
        let mut budget = Budget::new(blocks.map(|(across, down)| (across * down) as u64).sum(), length);
        let mut truncated = false;
        let ended = loop {
            let scan = match self.next_scan()? {
                Ok(scan) => scan,
                Err(ended) => break ended,
            };
            // Reading is most of the work: nine tenths of it, say.
            let done = (self.input.position() as f32 / length as f32).min(1.0) * 0.9;
            truncated |= !self.progressive_scan(&scan, &mut held, &mut budget, &mut || step(done))?;
        };
        if held.iter().all(|held| !held.seen) {
            return Err(FitError::not_decodable("the JPEG has no picture data"));
        }
        truncated |= !ended || held.iter().any(|held| !held.seen);
        self.render(&held, out, step)?;
        Ok(Ending { truncated })
    }

    /// Reads a scan; whether all of its data was there. One that cannot be read is passed over.
    fn progressive_scan(
        &mut self,
        scan: &Scan,
        held: &mut [Held],
        budget: &mut Budget,
        step: &mut dyn FnMut() -> Result<(), FitError>,
    ) -> Result<bool, FitError> {
        let ac = scan.first > 0;
        for part in &scan.parts {
            let held = &mut held[part.component];
            if ac && held.is_shortened() {
                return Ok(true);
            }
            let slot = self.header.frame.components[part.component].quant;
            held.quant = held.quant.or(self.tables.quant.get(slot).copied().flatten());
            // First coefficients that are refined come without codes.
            let uncoded = !ac && scan.high > 0;
            if !uncoded && self.codes.prepare(&self.tables, ac, if ac { part.ac } else { part.dc }).is_err() {
                return Ok(false);
            }
        }
        let restart = self.tables.restart;
        let mut bits = Bits::new(&mut self.input, restart > 0);
        if !bits.begin()? {
            self.walk.resume(bits.end()?);
            return Ok(false);
        }
        let mut means = Means { bits: &mut bits, restart, budget, step };
        let frame = &self.header.frame;
        let whole = match scan.parts[..] {
            [part] if ac => match self.codes.ac.get(part.ac) {
                Some(Some(table)) => progressive::band(scan, frame, &mut held[part.component], table, &mut means)?,
                _ => false,
            },
            _ => {
                let table = |part: &Part| self.codes.dc.get(part.dc).and_then(Option::as_ref);
                let tables: Vec<Option<&Table>> = scan.parts.iter().map(table).collect();
                scan.parts.iter().for_each(|part| held[part.component].seen = true);
                progressive::first_coefficients(scan, frame, held, &tables, &mut means)?
            }
        };
        self.walk.resume(bits.end()?);
        Ok(whole)
    }

    /// Makes samples of what is held.
    fn render(
        &self,
        held: &[Held],
        out: &mut dyn Strips,
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let frame = &self.header.frame;
        let mut factors = Vec::with_capacity(held.len());
        for held in held {
            let quant = held.quant.or(self.tables.quant.get(frame.components[held.component].quant).copied().flatten());
            let missing = || FitError::not_decodable("a quantisation table is missing");
            factors.push(held.factors(&quant.ok_or_else(missing)?));
        }
        let mut strips: Vec<Strip> = held.iter().map(|held| held.strip(frame)).collect();
        let down = frame.mcus().1;
        for row in 0..down {
            for ((held, factors), strip) in held.iter().zip(&factors).zip(&mut strips) {
                held.render(row, &frame.components[held.component], factors, strip);
            }
            out.take(&strips)?;
            step(0.9 + 0.1 * (row + 1) as f32 / down as f32)?;
        }
        Ok(())
    }

    /// A component that never came.
    fn blank(
        &self,
        component: usize,
        out: &mut dyn Strips,
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<(), FitError> {
        let frame = &self.header.frame;
        let (stride, rows) = super::plan::strip(frame, &frame.components[component], self.plan.sizes[component]);
        let strip = Strip { component, samples: vec![blank(self.header, component); stride * rows], stride };
        for _ in 0..frame.mcus().1 {
            out.take(std::slice::from_ref(&strip))?;
            step(1.0)?;
        }
        Ok(())
    }
}

/// What a component is dequantised with.
fn weights(tables: &Tables, header: &Header, plan: &Plan, component: usize) -> Result<Weights, FitError> {
    let slot = header.frame.components[component].quant;
    let quant = tables.quant.get(slot).and_then(Option::as_ref);
    let quant = quant.ok_or_else(|| FitError::not_decodable("a quantisation table is missing"))?;
    Ok(Weights::new(quant, plan.sizes[component]))
}

/// What a component is where nothing of it was found: in the middle, and of black ink none, so that it looks gray.
fn blank(header: &Header, component: usize) -> u8 {
    let ink = matches!(header.colour, Colour::Cmyk | Colour::Ycck);
    if ink && component == 3 { 255 } else { 128 }
}
