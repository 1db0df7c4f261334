//! The one seam: a picture in, a picture that fits out.
//!
//! Owns the order of things: look, pass through if it is good enough, else decode, shrink, turn upright, encode. Never
//! leaves a half-written file behind, never touches the source, never syncs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::decode::{Decoded, decode};
use crate::encode::{Encoded, jpeg_under, png};
use crate::jpeg::Jpeg;
use crate::metadata::rewrite_jpeg;
use crate::pixels::{Layout, within_edge};
use crate::png::Png;
use crate::{ContentType, Control, ExifPolicy, FitError, Policy, sniff};

/// What was written: always upright, never longer than the cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The length of the output in bytes.
    pub bytes: u64,
    /// The width of the output in pixels.
    pub width: u32,
    /// The height of the output in pixels.
    pub height: u32,
    /// The JPEG quality that was used, on libjpeg's scale; `None` where nothing was compressed anew with loss.
    pub quality: Option<u8>,
    /// How often the whole picture was encoded.
    pub passes: u32,
    /// What the output is. It need not be what the source was: a WebP becomes a JPEG.
    pub format: Format,
    /// The source was good enough, and the output is the same bit for bit.
    pub passthrough: bool,
    /// The end of the source is missing: the output shows what could be seen.
    pub truncated: bool,
}

/// What an output can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG: a screenshot or a signature that fits and is smaller so.
    Png,
}

impl Format {
    /// The same as a content type, for its MIME type and extension.
    #[must_use]
    pub fn content_type(self) -> ContentType {
        match self {
            Format::Jpeg => ContentType::Jpeg,
            Format::Png => ContentType::Png,
        }
    }
}

/// A source that can be read more than once: an engine may decode again rather than keep pixels in memory.
pub trait Source: Read + Seek {}

impl<T: Read + Seek + ?Sized> Source for T {}

/// Makes a picture fit: `source` is read, `out` is created, and must not be there yet.
///
/// `out` is written whole and flushed, *not* synced: that, and giving it its place, is the caller's. The source is only
/// read. On an error nothing is left at `out`.
///
/// # Errors
///
/// Each [`FitError`] says what happened; [`FitError::Write`] with `AlreadyExists` where `out` is there already.
///
/// ```
/// use fieldpost_imaging::{Control, Policy, fit};
/// # let dir = tempfile::tempdir().unwrap();
/// # let (photo, out) = (dir.path().join("photo.bmp"), dir.path().join("out.jpg"));
/// # image::RgbImage::from_fn(900, 600, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8])).save(&photo).unwrap();
///
/// let policy = Policy { cap: Some(100_000), max_edge: Some(640), ..Policy::default() };
/// let fitted = fit(&photo, &out, &policy, &Control::default())?;
/// assert!(fitted.bytes <= 100_000);
/// assert_eq!(fitted.width, 640);
/// assert_eq!(std::fs::metadata(&out).unwrap().len(), fitted.bytes);
/// # Ok::<(), fieldpost_imaging::FitError>(())
/// ```
pub fn fit(source: &Path, out: &Path, policy: &Policy, control: &Control<'_>) -> Result<Fitted, FitError> {
    let found = fs::metadata(source).map_err(FitError::Read)?;
    if found.is_dir() {
        return Err(FitError::Read(io::ErrorKind::IsADirectory.into()));
    }
    if !found.is_file() {
        // Opening a pipe would wait for somebody to write.
        return Err(FitError::Read(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let mut source = File::open(source).map_err(FitError::Read)?;
    let mut unfinished = Unfinished::create(out)?;
    let fitted = fit_stream(&mut source, &mut unfinished.file, policy, control)?;
    unfinished.keep();
    Ok(fitted)
}

/// [`fit`] without paths: for callers whose file work goes through something of their own.
///
/// `source` is read from its start. What is written to `out` on an error is of no use and to be thrown away.
///
/// # Errors
///
/// As [`fit`].
///
/// ```
/// use std::io::Cursor;
/// use fieldpost_imaging::{Control, FitError, Policy, fit_stream};
///
/// let mut out = Vec::new();
/// let error = fit_stream(&mut Cursor::new(b"%PDF-1.7"), &mut out, &Policy::default(), &Control::default());
/// assert!(matches!(error, Err(FitError::NotDecodable { .. })));
/// ```
pub fn fit_stream(
    source: &mut dyn Source,
    out: &mut dyn Write,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<Fitted, FitError> {
    control.step(0.0)?;
    let file = read_whole(source, control)?;
    let kind = picture_kind(&file)?;
    control.step(0.05)?;
    let (bytes, fitted) = match as_it_is(kind, &file, policy)? {
        Some((bytes, fitted)) => (bytes.unwrap_or(file), fitted),
        None => made_to_fit(kind, file, policy, control)?,
    };
    // The promise that everything else hangs on, held against what is about to be written.
    let length = bytes.len() as u64;
    assert!(policy.cap.is_none_or(|cap| length <= cap), "{length} bytes are over the cap of {:?}", policy.cap);
    for part in bytes.chunks(256 * 1024) {
        control.step(0.97)?;
        out.write_all(part).map_err(FitError::from_write)?;
    }
    out.flush().map_err(FitError::from_write)?;
    control.step(1.0)?;
    Ok(Fitted { bytes: length, ..fitted })
}

/// A file that removes itself unless it is kept.
struct Unfinished<'a> {
    file: File,
    path: Option<&'a Path>,
}

impl<'a> Unfinished<'a> {
    fn create(path: &'a Path) -> Result<Self, FitError> {
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(FitError::from_write)?;
        Ok(Unfinished { file, path: Some(path) })
    }

    fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.path {
            // Nothing better can be done where even this fails; the error that led here is the one to report.
            let _ = fs::remove_file(path);
        }
    }
}

fn read_whole(source: &mut dyn Source, control: &Control<'_>) -> Result<Vec<u8>, FitError> {
    let length = source.seek(SeekFrom::End(0)).map_err(FitError::Read)?;
    control.afford(length)?;
    source.rewind().map_err(FitError::Read)?;
    let mut file = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // A file that grows meanwhile does not get past the budget either.
    source.take(control.memory_limit()).read_to_end(&mut file).map_err(FitError::Read)?;
    Ok(file)
}

fn picture_kind(file: &[u8]) -> Result<ContentType, FitError> {
    match sniff(file) {
        Some(found @ (ContentType::Heic | ContentType::Avif)) => Err(FitError::UnsupportedFormat { found }),
        Some(kind) if kind.is_picture() => Ok(kind),
        Some(other) => Err(FitError::not_decodable(format!("a {} file, not a picture", other.name()))),
        None if file.is_empty() => Err(FitError::not_decodable("the file is empty")),
        None => Err(FitError::not_decodable("no picture format is recognised in it")),
    }
}

/// The source itself, where it is good enough: under the cap, within the dimensions, upright, whole, and its metadata
/// allowed. Where only metadata is in the way, the bytes without it, the picture data untouched.
#[allow(clippy::type_complexity, reason = "the bytes are there only where they differ from the source's")]
fn as_it_is(kind: ContentType, file: &[u8], policy: &Policy) -> Result<Option<(Option<Vec<u8>>, Fitted)>, FitError> {
    let under_cap = |length: usize| policy.cap.is_none_or(|cap| length as u64 <= cap);
    let good = |width: u32, height: u32, orientation: u8, truncated: bool| {
        !truncated && orientation == 1 && policy.max_edge.is_none_or(|edge| width.max(height) <= edge)
    };
    let (format, width, height, without) = match kind {
        ContentType::Jpeg => {
            let jpeg = Jpeg::parse(file)?;
            let (width, height) = (jpeg.frame.width, jpeg.frame.height);
            let orientation = crate::metadata::Metadata::of_segments(&jpeg.segments).orientation();
            if !good(width, height, orientation, jpeg.truncated) {
                return Ok(None);
            }
            (Format::Jpeg, width, height, (policy.exif != ExifPolicy::Keep).then(|| rewrite_jpeg(&jpeg, policy.exif)))
        }
        ContentType::Png => {
            let png = Png::parse(file)?;
            if !good(png.width, png.height, png.orientation, png.truncated) {
                return Ok(None);
            }
            (Format::Png, png.width, png.height, (policy.exif != ExifPolicy::Keep).then(|| png.rewrite(policy.exif)))
        }
        _ => return Ok(None),
    };
    let rewritten = without.filter(|bytes| bytes != file);
    let passthrough = rewritten.is_none();
    let fitted = Fitted { bytes: 0, width, height, quality: None, passes: 0, format, passthrough, truncated: false };
    Ok(under_cap(rewritten.as_ref().map_or(file.len(), Vec::len)).then_some((rewritten, fitted)))
}

/// The widest and highest a JPEG can be.
const JPEG_EDGE: u32 = 65_535;

fn made_to_fit(
    kind: ContentType,
    file: Vec<u8>,
    policy: &Policy,
    control: &Control<'_>,
) -> Result<(Vec<u8>, Fitted), FitError> {
    let edge = policy.max_edge.unwrap_or(JPEG_EDGE).clamp(1, JPEG_EDGE);
    let cap = policy.cap.unwrap_or(u64::MAX);
    let Decoded { mut pixels, orientation, metadata, truncated, quality } = decode(kind, &file, edge, control)?;
    drop(file);
    control.step(0.5)?;

    let (width, height) = within_edge(pixels.width(), pixels.height(), edge);
    let shrunk = f64::from(pixels.width()) / f64::from(width);
    if (width, height) != (pixels.width(), pixels.height()) {
        pixels = pixels.resized(width, height)?;
    }
    pixels = pixels.upright(orientation);
    control.step(0.6)?;

    let mut metadata = metadata.allowed(policy.exif);
    metadata.keep_profile_for(pixels.layout() == Layout::Gray);
    metadata.set_dimensions(pixels.width(), pixels.height());
    let lossless = matches!(kind, ContentType::Png | ContentType::Gif | ContentType::Bmp);
    let as_png = if lossless {
        let encoded = png(&pixels, metadata.icc.as_deref(), metadata.exif.as_deref(), control)?;
        Some(encoded).filter(|encoded| encoded.file.len() as u64 <= cap)
    } else {
        None
    };

    // A source that was compressed hard gets no better by being stored better, unless it is shrunk a good deal.
    let range = quality.filter(|_| shrunk < 1.5).map_or(policy.quality, |quality| policy.quality.at_most(quality));
    // Metadata may take a quarter of the cap, no more: the picture is what was asked for.
    let segments = metadata.jpeg_segments(usize::try_from(cap / 4).unwrap_or(usize::MAX));
    let as_jpeg = jpeg_under(&pixels.on_white(), &segments, cap, range, policy.min_edge, control);
    let fitted = |encoded: Encoded, format: Format| {
        let Encoded { file, width, height, quality, passes } = encoded;
        let fitted = Fitted { bytes: 0, width, height, quality, passes, format, passthrough: false, truncated };
        Ok((file, fitted))
    };
    match (as_jpeg, as_png) {
        (Ok(jpeg), Some(png)) if jpeg.file.len() < png.file.len() => fitted(jpeg, Format::Jpeg),
        (Ok(_) | Err(FitError::CapNotMet { .. }), Some(png)) => fitted(png, Format::Png),
        (Ok(jpeg), None) => fitted(jpeg, Format::Jpeg),
        (Err(error), _) => Err(error),
    }
}
