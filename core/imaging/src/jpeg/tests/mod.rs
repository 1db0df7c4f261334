//! The whole reader, file to planes.
#![allow(clippy::unwrap_used, reason = "tests stop at what must not be")]

mod corpus;
mod damage;
mod kinds;
mod made;
mod made_progressive;
mod peers;
mod whole;

use std::io::Cursor;

use super::decode::Ending;
use super::{Header, Plan, Scale, Sink, decode};
use crate::FitError;

/// Planes as they came, with nothing but what counts in each row.
#[derive(Debug, Clone, PartialEq)]
struct Planes {
    plan: Plan,
    samples: Vec<Vec<u8>>,
    ending: Ending,
}

struct Collected(Vec<(usize, usize, Vec<u8>)>);

impl Sink for Collected {
    fn rows(&mut self, plane: usize, rows: &[u8], stride: usize, count: usize) -> Result<(), FitError> {
        let (width, left, samples) = &mut self.0[plane];
        *left = left.checked_sub(count).expect("more rows than the plane has");
        assert!(count > 0 && rows.len() >= stride * (count - 1) + *width);
        rows.chunks(stride).take(count).for_each(|row| samples.extend_from_slice(&row[..*width]));
        Ok(())
    }
}

fn planes_at(file: &[u8], luma: Scale, chroma: Scale) -> Result<Planes, FitError> {
    let mut source = Cursor::new(file);
    let header = Header::read(&mut source)?;
    let plan = header.plan(luma, chroma, u64::MAX)?;
    let mut sink = Collected(plan.planes.iter().map(|shape| (shape.width, shape.height, Vec::new())).collect());
    let mut told = 0.0;
    let mut step = |part: f32| {
        assert!((told..=1.0).contains(&part), "{part} after {told}");
        told = part;
        Ok(())
    };
    let ending = decode(&mut source, &header, &plan, &mut sink, &mut step)?;
    assert!(sink.0.iter().all(|(_, left, _)| *left == 0), "rows are missing");
    Ok(Planes { plan, samples: sink.0.into_iter().map(|(_, _, samples)| samples).collect(), ending })
}

fn planes(file: &[u8]) -> Planes {
    planes_at(file, Scale::Whole, Scale::Whole).unwrap()
}

/// How far apart two planes are, in decibels; infinite where they are the same.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let error: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.len() as f64 / error).log10()
}
