//! What is in the picture: a wall, a floor, a boiler with its plate, a gauge, pipes, a valve.
//!
//! Owns the composition. All lengths are parts of the picture's shorter edge, so that a scene looks the same at any size.

use super::canvas::{Area, Canvas, Colour, cloud, disc, hash, line, mix, ring, scaled};

const COPPER: Colour = [196.0, 118.0, 72.0];
const LAGGING: Colour = [96.0, 98.0, 102.0];
const STEEL: Colour = [172.0, 176.0, 180.0];
const INK: Colour = [30.0, 30.0, 34.0];

/// Draws the scene of `seed`; RGB, three bytes a pixel.
pub(super) fn draw(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let seed = (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32; // neighbours differ in every choice
    let scene = Scene { unit: width.min(height) as f32, width: width as f32, height: height as f32, seed };
    let mut canvas = scene.room(width as usize, height as usize);
    scene.pipes(&mut canvas);
    scene.boiler(&mut canvas);
    scene.valve(&mut canvas);
    let (lamp_x, lamp_y) = (scene.width * (0.25 + 0.3 * scene.pick(1)), scene.height * 0.05);
    let reach = scene.width.hypot(scene.height);
    canvas.into_rgb(move |x, y| {
        let far = ((x - lamp_x).powi(2) + (y - lamp_y).powi(2)).sqrt() / reach;
        1.22 - 0.85 * far * far.sqrt()
    })
}

struct Scene {
    unit: f32,
    width: f32,
    height: f32,
    seed: u32,
}

impl Scene {
    /// A choice from 0 to 1, fixed by seed and number.
    fn pick(&self, number: i32) -> f32 {
        hash(number, 7_919, self.seed)
    }

    /// Bricks under old paint, and a concrete floor.
    fn room(&self, width: usize, height: usize) -> Canvas {
        let floor = self.height * 0.86;
        let brick = (self.unit * 0.11, self.unit * 0.045);
        let paint = mix([186.0, 182.0, 166.0], [158.0, 172.0, 176.0], self.pick(2));
        Canvas::new(width, height, |x, y| {
            let stain =
                cloud(x, y, self.unit * 0.23, self.seed) * 0.6 + cloud(x, y, self.unit * 0.05, self.seed + 1) * 0.4;
            let grain = cloud(x, y, self.unit * 0.0025, self.seed + 2) - 0.5;
            if y > floor {
                let wet = cloud(x, y * 2.5, self.unit * 0.2, self.seed + 3);
                let near = 0.75 + 0.25 * (y - floor) / (self.height - floor);
                return scaled([112.0, 108.0, 102.0], (0.72 + 0.35 * stain + 0.25 * grain - 0.18 * wet) * near);
            }
            let row = (y / brick.1).floor();
            let shift = if row as i32 % 2 == 0 { 0.0 } else { 0.5 };
            let column = (x / brick.0 + shift).floor();
            let (in_x, in_y) = (x / brick.0 + shift - column, y / brick.1 - row);
            let joint = (in_x.min(1.0 - in_x) * brick.0).min(in_y.min(1.0 - in_y) * brick.1) / (self.unit * 0.003);
            let own = 0.94 + 0.1 * hash(column as i32, row as i32, self.seed);
            let lit = 0.80 + 0.2 * joint.min(1.0) + if in_y < 0.12 { 0.03 } else { 0.0 };
            scaled(paint, own * lit * (0.86 + 0.2 * stain + 0.12 * grain))
        })
    }

    fn pipes(&self, canvas: &mut Canvas) {
        let floor = self.height * 0.86;
        let boiler = self.cabinet();
        let thick = self.unit * 0.024;
        for (index, part) in [0.2, 0.42, 0.64, 0.84].into_iter().enumerate() {
            let x = boiler.left + boiler.width() * part;
            let colour = if index == 2 { LAGGING } else { COPPER };
            let half = if index == 2 { thick * 1.35 } else { thick };
            self.upright_pipe(canvas, x, boiler.bottom - 4.0, floor + thick, half, colour);
            let far = if index % 2 == 0 { 0.0 } else { boiler.top * 0.35 };
            self.upright_pipe(canvas, x, far, boiler.top + 4.0, half, colour);
        }
        for (index, part) in [0.1, 0.17].into_iter().enumerate() {
            let y = self.height * (part + 0.03 * self.pick(3));
            let half = thick * (1.0 + index as f32 * 0.3);
            self.level_pipe(canvas, y, half, if index == 0 { COPPER } else { LAGGING });
        }
    }

    /// The light on a round thing, from -1 to 1 across it: a highlight left of the middle, dark edges.
    fn round_light(across: f32) -> f32 {
        let body = (1.0 - across * across).max(0.0).sqrt();
        let shine = (1.0 - ((across + 0.35) / 0.22).powi(2)).max(0.0);
        0.32 + 0.72 * body + 0.55 * shine
    }

    fn upright_pipe(&self, canvas: &mut Canvas, x: f32, top: f32, bottom: f32, half: f32, colour: Colour) {
        let area = Area::new(x - half, top, x + half, bottom);
        let shadow = area.moved(half * 1.1, half * 0.5);
        canvas.shade(shadow, shadow.rounded(0.0), half * 0.7, 0.55);
        let worn = |x: f32, y: f32| 0.82 + 0.3 * cloud(x * 3.0, y, half * 2.2, self.seed + 11);
        canvas.paint(area, area.rounded(0.0), 1.5, 1.0, |px, py| {
            scaled(colour, Self::round_light((px - x) / half) * worn(px, py))
        });
        for part in [0.12, 0.88] {
            let y = top + (bottom - top) * part;
            let collar = Area::new(x - half * 1.35, y - half * 0.8, x + half * 1.35, y + half * 0.8);
            canvas.paint(collar, collar.rounded(half * 0.25), 1.5, 1.0, |px, py| {
                let edge = if (py - collar.top).min(collar.bottom - py) < half * 0.2 { 0.8 } else { 1.0 };
                scaled(mix(colour, [206.0, 178.0, 96.0], 0.55), Self::round_light((px - x) / (half * 1.35)) * edge)
            });
        }
    }

    fn level_pipe(&self, canvas: &mut Canvas, y: f32, half: f32, colour: Colour) {
        let area = Area::new(-4.0, y - half, self.width + 4.0, y + half);
        let shadow = area.moved(0.0, half * 1.3);
        canvas.shade(shadow, shadow.rounded(0.0), half * 0.8, 0.5);
        canvas.paint(area, area.rounded(0.0), 1.5, 1.0, |px, py| {
            let worn = 0.84 + 0.26 * cloud(px, py * 3.0, half * 2.4, self.seed + 12);
            scaled(colour, Self::round_light((py - y) / half) * worn)
        });
        let mut x = self.width * 0.07;
        while x < self.width {
            let clip = Area::new(x - half * 0.35, y - half * 1.2, x + half * 0.35, y + half * 1.2);
            canvas.paint(clip, clip.rounded(half * 0.1), 1.5, 1.0, |_, py| {
                scaled(STEEL, Self::round_light((py - y) / (half * 1.2)) * 0.85)
            });
            x += self.unit * 0.37;
        }
    }

    fn cabinet(&self) -> Area {
        let half = (self.width * 0.36).min(self.unit * 0.42);
        let middle = self.width * (0.45 + 0.06 * self.pick(4));
        Area::new(middle - half, self.height * 0.27, middle + half, self.height * 0.74)
    }

    fn boiler(&self, canvas: &mut Canvas) {
        let area = self.cabinet();
        let round = self.unit * 0.018;
        let shadow = area.moved(self.unit * 0.022, self.unit * 0.028);
        canvas.shade(shadow, shadow.rounded(round), self.unit * 0.03, 0.75);
        let enamel = mix([224.0, 224.0, 218.0], [196.0, 204.0, 210.0], self.pick(5));
        canvas.paint(area, area.rounded(round), 1.5, 1.0, |x, y| {
            let (u, v) = ((x - area.left) / area.width(), (y - area.top) / area.height());
            let dirt = cloud(x, y, self.unit * 0.09, self.seed + 20) * 0.06 + (v * v) * 0.10;
            let edge = ((u.min(1.0 - u)) * 30.0).min(1.0) * 0.12;
            scaled(enamel, 0.90 + edge - dirt - 0.08 * u)
        });
        self.seams(canvas, area);
        self.gauge(canvas, area);
        self.plate(canvas, area);
        self.controls(canvas, area);
    }

    /// The joint between the panels, its screws, and louvres for air.
    fn seams(&self, canvas: &mut Canvas, area: Area) {
        let y = area.top + area.height() * 0.52;
        for (offset, colour) in [(0.0, scaled(INK, 1.4)), (self.unit * 0.003, [240.0, 240.0, 236.0])] {
            let seam = line((area.left, y + offset), (area.right, y + offset), self.unit * 0.0016);
            canvas.paint(Area::new(area.left, y, area.right, y + offset), seam, 1.5, 0.8, |_, _| colour);
        }
        let inset = self.unit * 0.025;
        for (x, y) in [
            (area.left + inset, area.top + inset),
            (area.right - inset, area.top + inset),
            (area.left + inset, area.bottom - inset),
            (area.right - inset, area.bottom - inset),
        ] {
            self.screw(canvas, x, y, self.unit * 0.008);
        }
        for row in 0..7 {
            let y = area.bottom - area.height() * 0.07 - row as f32 * self.unit * 0.014;
            let slot =
                Area::new(area.left + area.width() * 0.6, y, area.right - area.width() * 0.08, y + self.unit * 0.006);
            canvas.paint(slot, slot.rounded(self.unit * 0.003), 1.5, 0.95, |_, py| {
                scaled(INK, 1.0 + 1.5 * (py - slot.top) / slot.height())
            });
        }
    }

    fn screw(&self, canvas: &mut Canvas, x: f32, y: f32, radius: f32) {
        canvas.shade(
            Area::around(x, y, radius * 1.3),
            disc(x + radius * 0.2, y + radius * 0.3, radius),
            radius * 0.4,
            0.6,
        );
        canvas.paint(Area::around(x, y, radius), disc(x, y, radius), 1.2, 1.0, |px, py| {
            scaled(STEEL, 1.05 - 0.3 * ((px - x) + (py - y)) / radius)
        });
        let turn = self.pick((x * 3.0 + y) as i32) * 3.0;
        let (dx, dy) = (turn.cos() * radius * 0.7, turn.sin() * radius * 0.7);
        let slot = line((x - dx, y - dy), (x + dx, y + dy), radius * 0.14);
        canvas.paint(Area::around(x, y, radius), slot, 1.2, 0.9, |_, _| INK);
    }

    /// A pressure gauge with its red range; the reading is the seed's.
    fn gauge(&self, canvas: &mut Canvas, area: Area) {
        let radius = area.width().min(area.height()) * 0.17;
        let (x, y) = (area.left + area.width() * 0.26, area.top + area.height() * 0.27);
        let all = Area::around(x, y, radius * 1.2);
        canvas.shade(all, disc(x + radius * 0.08, y + radius * 0.12, radius * 1.14), radius * 0.15, 0.6);
        canvas.paint(all, disc(x, y, radius * 1.14), 1.5, 1.0, |px, py| {
            scaled(STEEL, 1.0 - 0.4 * ((px - x) + (py - y)) / (radius * 1.6))
        });
        canvas.paint(all, disc(x, y, radius), 1.5, 1.0, |px, py| {
            scaled([240.0, 238.0, 228.0], 0.97 - 0.08 * ((px - x) + (py - y)) / radius)
        });
        // Angles run from lower left over the top to lower right, as on every gauge.
        let angle = |part: f32| (135.0 + 270.0 * part).to_radians();
        let arc = |from: f32, to: f32| {
            let line = ring(x, y, radius * 0.86, radius * 0.035);
            move |px: f32, py: f32| {
                let at = (py - y).atan2(px - x).to_degrees();
                let part = ((at - 135.0).rem_euclid(360.0)) / 270.0;
                if (from..=to).contains(&part) { line(px, py) } else { f32::MAX }
            }
        };
        canvas.paint(all, arc(0.25, 0.6), 1.5, 0.9, |_, _| [52.0, 140.0, 70.0]);
        canvas.paint(all, arc(0.75, 1.0), 1.5, 0.95, |_, _| [196.0, 40.0, 34.0]);
        for tick in 0..=40 {
            let (sin, cos) = angle(tick as f32 / 40.0).sin_cos();
            let long = if tick % 10 == 0 {
                0.64
            } else if tick % 5 == 0 {
                0.7
            } else {
                0.75
            };
            let mark = line(
                (x + cos * radius * 0.82, y + sin * radius * 0.82),
                (x + cos * radius * long, y + sin * radius * long),
                radius * 0.01,
            );
            canvas.paint(all, mark, 1.2, 0.95, |_, _| INK);
            if tick % 10 == 0 {
                let at = (x + cos * radius * 0.5, y + sin * radius * 0.5);
                self.glyph(canvas, at, radius * 0.16, tick / 10 + 40);
            }
        }
        let (sin, cos) = angle(0.28 + 0.3 * self.pick(6)).sin_cos();
        let needle = line(
            (x - cos * radius * 0.18, y - sin * radius * 0.18),
            (x + cos * radius * 0.74, y + sin * radius * 0.74),
            radius * 0.022,
        );
        canvas.shade(all, |px, py| needle(px - radius * 0.03, py - radius * 0.05), radius * 0.03, 0.35);
        canvas.paint(all, &needle, 1.3, 1.0, |_, _| INK);
        canvas.paint(all, disc(x, y, radius * 0.07), 1.3, 1.0, |_, _| scaled(INK, 1.6));
        let glint = line((x - radius * 0.62, y - radius * 0.2), (x - radius * 0.2, y - radius * 0.64), radius * 0.11);
        canvas.paint(all, glint, radius * 0.14, 0.45, |_, _| [255.0, 255.0, 255.0]);
    }

    /// A maker's plate with rows of something like writing.
    fn plate(&self, canvas: &mut Canvas, area: Area) {
        let plate = Area::new(
            area.left + area.width() * 0.08,
            area.top + area.height() * 0.60,
            area.left + area.width() * 0.52,
            area.bottom - area.height() * 0.08,
        );
        let round = self.unit * 0.006;
        canvas.shade(plate.moved(2.0, 3.0), plate.rounded(round), self.unit * 0.005, 0.5);
        canvas.paint(plate, plate.rounded(round), 1.4, 1.0, |x, y| {
            let brushed = cloud(x * 0.12, y * 4.0, self.unit * 0.004, self.seed + 30);
            let sheen = 1.0 - ((x - plate.left) / plate.width() - 0.4).abs() * 0.35;
            scaled(STEEL, (0.82 + 0.16 * brushed) * sheen * 1.08)
        });
        let inset = self.unit * 0.012;
        for (x, y) in [(plate.left + inset, plate.top + inset), (plate.right - inset, plate.bottom - inset)] {
            self.screw(canvas, x, y, self.unit * 0.005);
        }
        let rows = 6;
        for row in 0..rows {
            let size = plate.height() * if row == 0 { 0.105 } else { 0.068 };
            let y = plate.top + plate.height() * (0.16 + 0.14 * row as f32);
            let length = 9 + (self.pick(100 + row) * 8.0) as i32;
            for column in 0..length {
                let x = plate.left + plate.width() * 0.1 + column as f32 * size * 0.78;
                if x + size > plate.right - inset || (column == 5 && row > 0) {
                    continue;
                }
                self.glyph(canvas, (x, y), size, row * 50 + column);
            }
        }
    }

    /// A made sign: strokes between the points of a small grid, so that it looks like a letter and says nothing.
    fn glyph(&self, canvas: &mut Canvas, at: (f32, f32), size: f32, number: i32) {
        const STROKES: [((f32, f32), (f32, f32)); 8] = [
            ((-0.28, -0.5), (-0.28, 0.5)),
            ((0.28, -0.5), (0.28, 0.5)),
            ((-0.28, -0.5), (0.28, -0.5)),
            ((-0.28, 0.0), (0.28, 0.0)),
            ((-0.28, 0.5), (0.28, 0.5)),
            ((-0.28, 0.5), (0.28, -0.5)),
            ((0.0, 0.0), (0.28, 0.5)),
            ((0.0, -0.5), (0.0, 0.5)),
        ];
        const SIGNS: [u8; 12] = [0x17, 0x15, 0x1D, 0x0F, 0x8C, 0x4D, 0x1E, 0x22, 0x84, 0x63, 0x34, 0x1F];
        let sign = SIGNS[(self.pick(1_000 + number) * 11.99) as usize];
        let area = Area::around(at.0, at.1, size * 0.6);
        for (bit, (from, to)) in STROKES.into_iter().enumerate() {
            if sign >> bit & 1 == 1 {
                let place = |p: (f32, f32)| (at.0 + p.0 * size, at.1 + p.1 * size);
                canvas.paint(area, line(place(from), place(to), size * 0.065), 1.2, 0.92, |_, _| INK);
            }
        }
    }

    /// Two knobs and a window that glows.
    fn controls(&self, canvas: &mut Canvas, area: Area) {
        let radius = area.width() * 0.055;
        for (index, part) in [0.58, 0.76].into_iter().enumerate() {
            let (x, y) = (area.left + area.width() * part, area.top + area.height() * 0.34);
            let all = Area::around(x, y, radius * 1.3);
            canvas.shade(all, disc(x + radius * 0.12, y + radius * 0.2, radius * 1.05), radius * 0.25, 0.6);
            canvas.paint(all, disc(x, y, radius), 1.4, 1.0, |px, py| {
                scaled([58.0, 60.0, 66.0], 1.2 - 0.5 * ((px - x) + (py - y)) / radius)
            });
            let turn = (-140.0 + 260.0 * self.pick(60 + index as i32)).to_radians();
            let pointer = line((x, y), (x + turn.sin() * radius * 0.8, y - turn.cos() * radius * 0.8), radius * 0.07);
            canvas.paint(all, pointer, 1.3, 1.0, |_, _| [236.0, 236.0, 230.0]);
            self.glyph(canvas, (x, y + radius * 1.5), radius * 0.5, 300 + index as i32);
        }
        let window = Area::new(
            area.left + area.width() * 0.54,
            area.top + area.height() * 0.1,
            area.left + area.width() * 0.82,
            area.top + area.height() * 0.2,
        );
        canvas.paint(window, window.rounded(self.unit * 0.006), 1.4, 1.0, |x, y| {
            let glow = 1.0 - ((x - window.left) / window.width() - 0.3).abs();
            mix([28.0, 34.0, 30.0], [112.0, 190.0, 96.0], 0.35 * glow + 0.2 * (y - window.top) / window.height())
        });
        for column in 0..5 {
            let step = window.width() / 6.0;
            let at = (window.left + step * (column + 1) as f32, (window.top + window.bottom) / 2.0);
            self.glyph(canvas, at, window.height() * 0.62, 400 + column);
        }
    }

    /// A red wheel on the lagged pipe.
    fn valve(&self, canvas: &mut Canvas) {
        let boiler = self.cabinet();
        let radius = self.unit * 0.062;
        let (x, y) = (boiler.left + boiler.width() * 0.64, (boiler.bottom + self.height * 0.86) / 2.0 + radius * 0.2);
        let all = Area::around(x, y, radius * 1.3);
        let red = mix([186.0, 34.0, 30.0], [40.0, 84.0, 160.0], (self.pick(8) * 2.0).floor());
        let wheel = ring(x, y, radius * 0.85, radius * 0.15);
        canvas.shade(all, |px, py| wheel(px - radius * 0.15, py - radius * 0.2), radius * 0.2, 0.55);
        for spoke in 0..5 {
            let (sin, cos) = (spoke as f32 * 1.2566 + self.pick(9)).sin_cos();
            let bar = line((x, y), (x + cos * radius * 0.8, y + sin * radius * 0.8), radius * 0.08);
            canvas.paint(all, bar, 1.4, 1.0, |px, py| scaled(red, 0.85 - 0.3 * ((px - x) + (py - y)) / radius));
        }
        canvas.paint(all, &wheel, 1.4, 1.0, |px, py| {
            let from_middle = ((px - x).powi(2) + (py - y).powi(2)).sqrt() / radius;
            let across = (from_middle - 0.85) / 0.15;
            scaled(red, 0.55 + 0.6 * (1.0 - across * across).max(0.0) - 0.2 * ((px - x) + (py - y)) / radius)
        });
        canvas.paint(all, disc(x, y, radius * 0.2), 1.4, 1.0, |px, py| {
            scaled(STEEL, 0.95 - 0.4 * ((px - x) + (py - y)) / (radius * 0.3))
        });
    }
}
