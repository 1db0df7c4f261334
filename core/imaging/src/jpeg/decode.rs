//! A JPEG's samples, as planes, to a sink.
//!
//! Owns the order of things: tables and scans in the file's order, then what is still missing. Never holds the file.

use super::bits::Bits;
use super::header::{Colour, Header};
use super::huffman::Table;
use super::idct::Weights;
use super::input::Input;
use super::plan::{Plan, Way};
use super::rows::{Direct, Sink, Strip, Strips};
use super::scan::Scan;
use super::sequential::{self, Lane};
use super::tables::Tables;
use super::walk::Walk;
use super::{frame, marker};
use crate::{FitError, Source};

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
    match plan.way {
        Way::Stream => reading.sequential(&mut Direct::new(sink, &plan.planes), step),
        Way::Gather | Way::Store => Err(FitError::not_decodable("not yet")),
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
        Ok(Reading { input, walk, header, plan, tables: header.tables.clone(), codes: Codes::default() })
    }

    /// Takes tables up to the next scan; `None` at the end, and whether the end marker was there.
    fn next_scan(&mut self) -> Result<Result<Scan, bool>, FitError> {
        while let Some(found) = self.walk.next(&mut self.input)? {
            match found.code {
                marker::EOI => return Ok(Err(true)),
                marker::SOS => {
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
            if scan.parts.iter().any(|part| seen[part.component]) {
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
