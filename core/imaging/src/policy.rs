//! What a fitted picture must look like: the caller's wishes, as plain data.
//!
//! Owns the defaults and the meaning of each wish. Never looks at a picture.

/// How the output has to be: byte cap, dimensions, quality, metadata. Each bound stands alone.
///
/// The default is what a work-order photo wants: at most 1,000,000 bytes and a long edge of 2560 pixels.
///
/// ```
/// use fieldpost_imaging::{ExifPolicy, Policy};
///
/// let policy = Policy { cap: Some(500_000), exif: ExifPolicy::NoLocation, ..Policy::default() };
/// assert_eq!(policy.max_edge, Some(2560));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The most bytes the output may have; the file that is written is never longer. `None`: any size.
    pub cap: Option<u64>,
    /// The longest edge the output may have, in pixels. Pictures are never enlarged. `None`: as the source is.
    pub max_edge: Option<u32>,
    /// How short the long edge may get, in pixels, when quality alone does not meet the cap. A source smaller than
    /// this is left at its own dimensions.
    pub min_edge: u32,
    /// The range in which JPEG quality is searched.
    pub quality: QualityRange,
    /// Which metadata goes along.
    pub exif: ExifPolicy,
    /// What becomes of the colours of a picture that is not in sRGB.
    pub profile: ProfilePolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            cap: Some(1_000_000),
            max_edge: Some(2560),
            min_edge: 640,
            quality: QualityRange::default(),
            exif: ExifPolicy::default(),
            profile: ProfilePolicy::default(),
        }
    }
}

/// A floor and a ceiling of JPEG quality on libjpeg's scale, 1 to 100; the floor is never above the ceiling.
///
/// The ceiling keeps small pictures from being inflated to fill the cap; below the floor it is better to have fewer
/// pixels.
///
/// ```
/// use fieldpost_imaging::QualityRange;
///
/// let range = QualityRange::between(45, 92);
/// assert_eq!((range.floor(), range.ceiling()), (45, 92));
/// assert_eq!(QualityRange::between(200, 30), QualityRange::between(30, 100));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QualityRange {
    floor: u8,
    ceiling: u8,
}

impl QualityRange {
    /// The range between two qualities, in either order, each brought into 1 to 100.
    #[must_use]
    pub fn between(a: u8, b: u8) -> Self {
        let (a, b) = (a.clamp(1, 100), b.clamp(1, 100));
        QualityRange { floor: a.min(b), ceiling: a.max(b) }
    }

    /// The lowest quality to go down to before the dimensions are shrunk.
    #[must_use]
    pub fn floor(self) -> u8 {
        self.floor
    }

    /// The highest quality to go up to, however much room the cap leaves.
    #[must_use]
    pub fn ceiling(self) -> u8 {
        self.ceiling
    }

    /// The same range with its ceiling brought down to `quality`, though never below the floor.
    pub(crate) fn at_most(self, quality: u8) -> Self {
        QualityRange { floor: self.floor, ceiling: self.ceiling.min(quality).max(self.floor) }
    }
}

impl Default for QualityRange {
    /// 30 to 95, judged by eye: at 20 thin lines break up and blocks show; above 95 the file grows and the eye sees no more.
    fn default() -> Self {
        QualityRange::between(30, 95)
    }
}

/// Which of the source's metadata goes along into the output.
///
/// Whatever the choice: pixels are stored upright and the orientation is 1; in a file that had to be changed the embedded
/// thumbnail, gain maps, motion clips and signatures over the file (C2PA) are dropped, for they would no longer match, and
/// the dimensions that the metadata tells are the new ones. All metadata together takes a quarter of the cap at most, the
/// colour profile first. A file that is good enough passes through with all that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ExifPolicy {
    /// All of EXIF, XMP, IPTC and comments, the location among it. Maker notes stay where they are, byte for byte.
    #[default]
    Keep,
    /// All but the location, by lists of what may stay: of EXIF the entries that its standard defines, without the
    /// location, maker notes, the user comment and private entries; of XMP and IPTC titles, captions, keywords, creator,
    /// rights, dates, job numbers. Comments and a PNG's texts go. Words that somebody wrote stay as they are, even where
    /// they name a place.
    NoLocation,
    /// The capture time only.
    Minimal,
    /// Nothing.
    None,
}

/// What becomes of the colours of a picture that is not in sRGB, such as the Display P3 of many phones.
///
/// A system that ignores profiles shows P3 photos a little pale; one that obeys them shows them right either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ProfilePolicy {
    /// The profile goes along, and its bytes count against the cap. Where it takes more than the quarter of the cap that is
    /// for metadata, the colours are converted instead.
    #[default]
    Carry,
    /// The pixels are converted to sRGB, and no profile goes along. Colours that sRGB does not have are brought to its edge.
    /// A picture in sRGB already passes through if it is good enough, its profile with it. A profile that cannot be
    /// converted from (tables of scanners and printers, high dynamic range, broken ones) goes along as it is.
    Srgb,
}
