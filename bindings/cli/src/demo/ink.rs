//! The demo's signature: a name in handwriting, drawn by code.
//!
//! Owns the strokes and the pen. Smooth curves through a few points, a round nib that is broader where the hand is slow,
//! edges softened, dark ink on white. Never a real person's signature, and never evidence of anything.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, ImageResult, Luma};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 260;
/// Of the strokes' own units, in pixels.
const SCALE: f32 = 1.3;
/// How dark the ink is: not black, as a pen on paper.
const INK: f32 = 24.0;
/// Points of a curve between two of a stroke's points.
const STEPS: u16 = 32;
/// The nib's radius where the hand rests, and where it flies.
const BROAD: f32 = 2.3;
const FINE: f32 = 1.1;
/// How much of the way to its new width the nib goes in a step.
const LAG: f32 = 0.08;
/// Pixels between two touches of the nib, at most.
const TOUCH: f32 = 0.5;

type Point = (f32, f32);

/// Each stroke from pen down to pen up, as the points that the hand passes.
const STROKES: &[&[Point]] = &[
    // J, and the o that hangs on it
    &[
        (52.0, 52.0),
        (78.0, 34.0),
        (108.0, 30.0),
        (104.0, 62.0),
        (94.0, 112.0),
        (76.0, 152.0),
        (54.0, 156.0),
        (52.0, 136.0),
        (80.0, 112.0),
        (116.0, 96.0),
        (134.0, 80.0),
        (120.0, 82.0),
        (113.0, 98.0),
        (124.0, 108.0),
        (138.0, 96.0),
        (135.0, 82.0),
        (150.0, 88.0),
        (168.0, 82.0),
    ],
    // F: the stem with its foot
    &[(236.0, 36.0), (228.0, 68.0), (216.0, 108.0), (200.0, 132.0), (184.0, 130.0), (182.0, 116.0)],
    // its roof
    &[(184.0, 52.0), (196.0, 36.0), (232.0, 32.0), (272.0, 36.0), (292.0, 28.0)],
    // its bar, then i e l d in one go
    &[
        (196.0, 88.0),
        (224.0, 78.0),
        (252.0, 80.0),
        (250.0, 98.0),
        (256.0, 107.0),
        (268.0, 98.0),
        (280.0, 92.0),
        (288.0, 82.0),
        (280.0, 79.0),
        (272.0, 92.0),
        (278.0, 107.0),
        (296.0, 100.0),
        (316.0, 66.0),
        (322.0, 38.0),
        (313.0, 34.0),
        (305.0, 66.0),
        (306.0, 100.0),
        (318.0, 106.0),
        (334.0, 92.0),
        (350.0, 80.0),
        (340.0, 79.0),
        (330.0, 94.0),
        (336.0, 107.0),
        (352.0, 94.0),
        (368.0, 54.0),
        (374.0, 28.0),
        (366.0, 62.0),
        (362.0, 98.0),
        (374.0, 107.0),
        (404.0, 94.0),
        (446.0, 84.0),
    ],
    // the dot of the i
    &[(257.0, 62.0), (259.0, 60.0)],
    // the line below
    &[(438.0, 122.0), (344.0, 128.0), (240.0, 144.0), (172.0, 158.0), (250.0, 146.0), (392.0, 134.0), (462.0, 138.0)],
];

/// The signature as a PNG file.
pub(super) fn signature() -> ImageResult<Vec<u8>> {
    let mut paper = GrayImage::from_pixel(WIDTH, HEIGHT, Luma([255]));
    for stroke in STROKES {
        draw(&mut paper, stroke);
    }
    let mut png = Cursor::new(Vec::new());
    paper.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

fn draw(paper: &mut GrayImage, stroke: &[Point]) {
    let (mut last, mut nib) = (stroke[0], BROAD);
    for at in curve(stroke) {
        // The faster the hand, the thinner the line, and neither changes at once: a step of the curve takes a fixed time.
        let step = (at.0 - last.0).hypot(at.1 - last.1);
        nib += ((BROAD - 0.9 * step).clamp(FINE, BROAD) - nib) * LAG;
        let touches = (step * SCALE / TOUCH).ceil().max(1.0) as u16;
        for touch in 1..=touches {
            let part = f32::from(touch) / f32::from(touches);
            dab(paper, (last.0 + (at.0 - last.0) * part, last.1 + (at.1 - last.1) * part), nib);
        }
        last = at;
    }
}

/// A smooth curve through all points of a stroke (Catmull-Rom; the ends stand in for the neighbours they lack).
fn curve(stroke: &[Point]) -> impl Iterator<Item = Point> + '_ {
    let at = |n: usize| stroke[n.clamp(1, stroke.len()) - 1];
    (1..stroke.len()).flat_map(move |n| {
        let (before, from, to, after) = (at(n - 1), at(n), at(n + 1), at(n + 2));
        (1..=STEPS).map(move |step| {
            let t = f32::from(step) / f32::from(STEPS);
            let axis = |a: f32, b: f32, c: f32, d: f32| {
                b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
            };
            (axis(before.0, from.0, to.0, after.0), axis(before.1, from.1, to.1, after.1))
        })
    })
}

/// One touch of the nib, its edge a pixel soft.
fn dab(paper: &mut GrayImage, at: Point, radius: f32) {
    let ((x, y), radius) = ((at.0 * SCALE, at.1 * SCALE), radius * SCALE);
    let reach = radius + 1.0;
    for row in span(y, reach, HEIGHT) {
        for column in span(x, reach, WIDTH) {
            let distance = (column as f32 - x).hypot(row as f32 - y);
            let covered = (radius + 0.5 - distance).clamp(0.0, 1.0);
            let Luma([paint]) = paper.get_pixel_mut(column, row);
            let shade = 255.0 + (INK - 255.0) * covered;
            *paint = (*paint).min(shade as u8);
        }
    }
}

/// The pixels within reach, on the paper.
fn span(middle: f32, reach: f32, end: u32) -> std::ops::Range<u32> {
    // Floats turn into integers by saturation: what is left of the paper is 0.
    (middle - reach) as u32..((middle + reach) as u32 + 1).min(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_a_small_picture_with_ink_inside_and_paper_around() {
        let png = signature().unwrap();
        assert!((1_000..40_000).contains(&png.len()), "{} bytes", png.len());
        let picture = image::load_from_memory(&png).unwrap().into_luma8();
        assert_eq!(picture.dimensions(), (WIDTH, HEIGHT));
        let edge = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == WIDTH || y + 1 == HEIGHT;
        assert!(picture.enumerate_pixels().filter(|(x, y, _)| edge(*x, *y)).all(|(_, _, shade)| shade[0] == 255));
        let ink = picture.pixels().filter(|shade| shade[0] < 64).count();
        let share = ink as f64 / f64::from(WIDTH * HEIGHT);
        assert!((0.01..0.15).contains(&share), "{share} of it is ink");
    }
}
