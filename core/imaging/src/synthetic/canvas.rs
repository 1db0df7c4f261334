//! A little painter: shapes by signed distance, with soft edges, onto float RGB.
//!
//! Owns pixels and edges. Never knows what the shapes mean.

pub(super) type Colour = [f32; 3];

/// A picture being painted; values from 0 to 255, y downwards.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<Colour>,
}

/// A rectangle by its corners.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Area {
    pub(super) fn new(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Area { left, top, right, bottom }
    }

    pub(super) fn around(x: f32, y: f32, radius: f32) -> Self {
        Area::new(x - radius, y - radius, x + radius, y + radius)
    }

    pub(super) fn grown(self, by: f32) -> Self {
        Area::new(self.left - by, self.top - by, self.right + by, self.bottom + by)
    }

    pub(super) fn moved(self, x: f32, y: f32) -> Self {
        Area::new(self.left + x, self.top + y, self.right + x, self.bottom + y)
    }

    pub(super) fn width(self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f32 {
        self.bottom - self.top
    }

    /// The signed distance to the area with rounded corners: negative inside.
    pub(super) fn rounded(self, radius: f32) -> impl Fn(f32, f32) -> f32 {
        let (middle_x, middle_y) = ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0);
        let (half_x, half_y) = (self.width() / 2.0 - radius, self.height() / 2.0 - radius);
        move |x, y| {
            let (dx, dy) = ((x - middle_x).abs() - half_x, (y - middle_y).abs() - half_y);
            let outside = (dx.max(0.0).powi(2) + dy.max(0.0).powi(2)).sqrt();
            outside + dx.max(dy).min(0.0) - radius
        }
    }
}

/// The signed distance to a circle's disc.
pub(super) fn disc(x: f32, y: f32, radius: f32) -> impl Fn(f32, f32) -> f32 {
    move |px, py| ((px - x).powi(2) + (py - y).powi(2)).sqrt() - radius
}

/// The signed distance to a circle's line.
pub(super) fn ring(x: f32, y: f32, radius: f32, half_width: f32) -> impl Fn(f32, f32) -> f32 {
    move |px, py| (((px - x).powi(2) + (py - y).powi(2)).sqrt() - radius).abs() - half_width
}

/// The signed distance to a line with round ends.
pub(super) fn line(from: (f32, f32), to: (f32, f32), half_width: f32) -> impl Fn(f32, f32) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).max(1e-6);
    move |x, y| {
        let along = (((x - from.0) * dx + (y - from.1) * dy) / length).clamp(0.0, 1.0);
        ((x - from.0 - along * dx).powi(2) + (y - from.1 - along * dy).powi(2)).sqrt() - half_width
    }
}

impl Canvas {
    /// A canvas with each pixel's colour asked for.
    pub(super) fn new(width: usize, height: usize, colour: impl Fn(f32, f32) -> Colour + Sync) -> Self {
        let mut pixels = vec![[0.0; 3]; width * height];
        in_bands(&mut pixels, width, |pixel, x, y| *pixel = colour(x, y));
        Canvas { width, height, pixels }
    }

    /// Paints where `shape` is negative, its edge `soft` pixels wide; `colour` sees the position, the result's opacity is
    /// `opacity`.
    pub(super) fn paint(
        &mut self,
        within: Area,
        shape: impl Fn(f32, f32) -> f32,
        soft: f32,
        opacity: f32,
        colour: impl Fn(f32, f32) -> Colour,
    ) {
        let within = within.grown(soft + 1.0);
        let columns = within.left.max(0.0) as usize..(within.right.max(0.0) as usize + 1).min(self.width);
        let rows = within.top.max(0.0) as usize..(within.bottom.max(0.0) as usize + 1).min(self.height);
        for y in rows {
            for x in columns.clone() {
                let (fx, fy) = (x as f32, y as f32);
                let cover = (0.5 - shape(fx, fy) / soft).clamp(0.0, 1.0) * opacity;
                if cover > 0.0 {
                    let painted = colour(fx, fy);
                    let pixel = &mut self.pixels[y * self.width + x];
                    for (channel, new) in pixel.iter_mut().zip(painted) {
                        *channel += (new - *channel) * cover;
                    }
                }
            }
        }
    }

    /// A soft dark shadow of a shape.
    pub(super) fn shade(&mut self, within: Area, shape: impl Fn(f32, f32) -> f32, soft: f32, opacity: f32) {
        self.paint(within.grown(soft), shape, soft * 2.0, opacity, |_, _| [18.0, 17.0, 20.0]);
    }

    /// Bytes of RGB, each pixel lit by `light`.
    pub(super) fn into_rgb(mut self, light: impl Fn(f32, f32) -> f32 + Sync) -> Vec<u8> {
        in_bands(&mut self.pixels, self.width, |pixel, x, y| *pixel = scaled(*pixel, light(x, y)));
        self.pixels.iter().flatten().map(|channel| channel.clamp(0.0, 255.0) as u8).collect()
    }
}

/// Calls `paint` for every pixel with its position, on as many threads as the machine has.
fn in_bands(pixels: &mut [Colour], width: usize, paint: impl Fn(&mut Colour, f32, f32) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let rows = (pixels.len() / width.max(1)).div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (band, pixels) in pixels.chunks_mut(rows * width).enumerate() {
            let paint = &paint;
            scope.spawn(move || {
                for (at, pixel) in pixels.iter_mut().enumerate() {
                    paint(pixel, (at % width) as f32, (band * rows + at / width) as f32);
                }
            });
        }
    });
}

pub(super) fn mix(a: Colour, b: Colour, part: f32) -> Colour {
    let part = part.clamp(0.0, 1.0);
    [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part]
}

pub(super) fn scaled(colour: Colour, by: f32) -> Colour {
    colour.map(|channel| channel * by)
}

/// Smooth noise from 0 to 1 with features about `size` pixels wide.
pub(super) fn cloud(x: f32, y: f32, size: f32, seed: u32) -> f32 {
    let (x, y) = (x / size, y / size);
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (ease(x - cell_x), ease(y - cell_y));
    let at = |dx: i32, dy: i32| hash(cell_x as i32 + dx, cell_y as i32 + dy, seed);
    let (top, bottom) = (at(0, 0) + (at(1, 0) - at(0, 0)) * tx, at(0, 1) + (at(1, 1) - at(0, 1)) * tx);
    top + (bottom - top) * ty
}

/// A value from 0 to 1 for a lattice point.
pub(super) fn hash(x: i32, y: i32, seed: u32) -> f32 {
    let mut h =
        (x as u32).wrapping_mul(0x85EB_CA6B) ^ (y as u32).wrapping_mul(0xC2B2_AE35) ^ seed.wrapping_mul(0x27D4_EB2F);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    (h ^ (h >> 15)) as f32 / u32::MAX as f32
}
