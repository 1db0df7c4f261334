//! From a strip to symbols, for one scan or for many at once.
//!
//! Counting and writing are the same walk: what differs is what takes the symbols. A block is transformed once, however many scans
//! it goes into.

use super::frame::{Frame, Strip};
use super::scans::{Band, BandCoder, Scan};
use super::symbols::{Differences, Symbols, whole_block};
use super::tables::Tables;

/// A scan under way, and where its symbols go.
#[derive(Debug, Clone)]
pub(super) struct Coder<S> {
    kind: Kind,
    pub(super) to: S,
}

#[derive(Debug, Clone)]
enum Kind {
    Whole(Differences),
    Dc(Differences),
    Band(BandCoder),
}

impl<S: Symbols> Coder<S> {
    pub(super) fn new(scan: Scan, to: S) -> Coder<S> {
        let kind = match scan {
            Scan::Whole => Kind::Whole(Differences::default()),
            Scan::Dc => Kind::Dc(Differences::default()),
            Scan::Band(band) => Kind::Band(BandCoder::new(band)),
        };
        Coder { kind, to }
    }

    /// Tells what is held back: to be called behind the last strip.
    pub(super) fn end(&mut self) {
        if let Kind::Band(coder) = &mut self.kind {
            coder.end(&mut self.to);
        }
    }

    fn band(&self) -> Option<Band> {
        if let Kind::Band(coder) = &self.kind { Some(coder.band()) } else { None }
    }
}

/// Codes one strip in all of `scans`. `above` is how many strips were before it.
pub(super) fn strip<S: Symbols>(
    frame: &Frame,
    tables: &Tables,
    strip: &Strip<'_>,
    above: usize,
    scans: &mut [Coder<S>],
) {
    for Coder { kind, to } in scans.iter_mut() {
        match kind {
            Kind::Whole(differences) => frame.interleaved(strip, |plane, samples| {
                let block = tables.of_plane(plane).block(samples);
                differences.symbol(plane, block.at(0), to);
                whole_block(plane, &block, to);
            }),
            Kind::Dc(differences) => frame.interleaved(strip, |plane, samples| {
                differences.symbol(plane, tables.of_plane(plane).dc(samples), to);
            }),
            Kind::Band(_) => {}
        }
    }
    for plane in 0..frame.planes() {
        let bands = || scans.iter().filter_map(Coder::band).filter(|band| band.plane == plane);
        let Some(low) = bands().map(|band| band.low).min() else { continue };
        let high = bands().map(|band| band.low.max(band.high)).max().unwrap_or(low);
        let quantiser = tables.of_plane(plane);
        frame.plane_by_plane(strip, plane, above, |samples| {
            let block = quantiser.block(samples);
            let levels = block.levels(low, high);
            for Coder { kind, to } in scans.iter_mut() {
                if let Kind::Band(coder) = kind
                    && coder.band().plane == plane
                {
                    coder.block(&block, &levels, to);
                }
            }
        });
    }
}
