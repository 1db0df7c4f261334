//! The geometry of what is written: planes, MCUs, strips.
//!
//! Owns how a picture is cut into blocks, and in which order they stand in a file. Never touches a coefficient.

/// How colour is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// One plane.
    Gray,
    /// 4:2:0: colour at half the width and half the height. What photographs are stored in.
    Half,
    /// 4:4:4: colour at full size. For text, signatures and screenshots.
    Full,
}

/// The rows and columns of a block.
pub(crate) const EDGE: usize = 8;

/// The samples of one block, row by row.
pub(crate) type Samples = [[u8; EDGE]; EDGE];

/// The dimensions of a picture, 1 to 65,535 each way, and how its colour is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) sampling: Sampling,
}

/// One MCU row of every plane, padded to whole MCUs by whoever made it: 16 luma rows and 8 of each colour in 4:2:0,
/// else 8 of each. Gray leaves the last two empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strip<'a> {
    pub(crate) planes: [&'a [u8]; 3],
    /// How many samples lie between the starts of two rows, by plane.
    pub(crate) strides: [usize; 3],
}

impl Frame {
    /// How many planes there are.
    pub(crate) fn planes(&self) -> usize {
        if self.sampling == Sampling::Gray { 1 } else { 3 }
    }

    /// How many blocks an MCU has of a plane, along each edge.
    pub(crate) fn factor(&self, plane: usize) -> usize {
        if plane == 0 && self.sampling == Sampling::Half { 2 } else { 1 }
    }

    /// The edge of an MCU, in pixels of the picture.
    pub(crate) fn mcu_edge(&self) -> usize {
        EDGE * self.factor(0)
    }

    /// How many MCUs stand side by side.
    pub(crate) fn mcu_columns(&self) -> usize {
        self.width.div_ceil(self.mcu_edge())
    }

    /// How many MCU rows, and so strips, there are.
    pub(crate) fn mcu_rows(&self) -> usize {
        self.height.div_ceil(self.mcu_edge())
    }

    /// The samples in a row of a plane, padded to whole MCUs.
    pub(crate) fn plane_width(&self, plane: usize) -> usize {
        self.mcu_columns() * EDGE * self.factor(plane)
    }

    /// The rows of a plane in one strip.
    pub(crate) fn strip_rows(&self, plane: usize) -> usize {
        EDGE * self.factor(plane)
    }

    /// How many blocks of a plane show something of the picture: side by side, and from top to bottom. What only
    /// fills an MCU is not among them.
    fn blocks(&self, plane: usize) -> (usize, usize) {
        let shrunk = self.factor(0) / self.factor(plane) * EDGE;
        (self.width.div_ceil(shrunk), self.height.div_ceil(shrunk))
    }

    /// Calls `each` with the samples of every block of one plane of a strip, row by row, as a scan of that plane alone
    /// has them. `above` is how many strips were before this one.
    ///
    /// # Panics
    ///
    /// As [`Frame::interleaved`].
    #[inline(always)]
    pub(super) fn plane_by_plane(&self, strip: &Strip<'_>, plane: usize, above: usize, mut each: impl FnMut(&Samples)) {
        let (columns, rows) = self.blocks(plane);
        let factor = self.factor(plane);
        for row in 0..factor.min(rows.saturating_sub(above * factor)) {
            for column in 0..columns {
                each(&strip.block(plane, column, row));
            }
        }
    }

    /// Calls `each` with the plane and the samples of every block of a strip, in the order of an interleaved scan.
    ///
    /// # Panics
    ///
    /// Where the strip is smaller than [`Frame::plane_width`] by [`Frame::strip_rows`].
    #[inline(always)]
    pub(crate) fn interleaved(&self, strip: &Strip<'_>, mut each: impl FnMut(usize, &Samples)) {
        let planes = self.planes();
        for column in 0..self.mcu_columns() {
            for plane in 0..planes {
                let factor = self.factor(plane);
                for y in 0..factor {
                    for x in 0..factor {
                        each(plane, &strip.block(plane, column * factor + x, y));
                    }
                }
            }
        }
    }
}

impl Strip<'_> {
    /// The samples of one block, by its place among the plane's blocks.
    #[inline(always)]
    pub(crate) fn block(&self, plane: usize, column: usize, row: usize) -> Samples {
        let (samples, stride) = (self.planes[plane], self.strides[plane]);
        let mut block = [[0; EDGE]; EDGE];
        for (y, line) in block.iter_mut().enumerate() {
            let start = (row * EDGE + y) * stride + column * EDGE;
            line.copy_from_slice(&samples[start..start + EDGE]);
        }
        block
    }
}
