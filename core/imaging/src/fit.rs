//! The one seam: a picture in, a picture that fits out.
//!
//! Owns what every kind of picture has in common: the promise about the cap, and that nothing is left behind half written. How a
//! JPEG is made to fit is `photo`'s, how all the others are `other`'s. Never touches the source, never syncs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crate::sniff::{SNIFF_LEN, sniff};
use crate::{ContentType, Control, FitError, Policy, other, photo};

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
    /// How often the whole picture was gone over, to count what it takes or to write it.
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
    let mut out = Counted { out, bytes: 0 };
    let fitted = match kind_of(source)? {
        ContentType::Jpeg => photo::fit(source, &mut out, policy, control)?,
        kind => other::fit(kind, source, &mut out, policy, control)?,
    };
    // The promise that everything else hangs on, held against what was written.
    assert_eq!(out.bytes, fitted.bytes, "what is told is what was written");
    assert!(policy.cap.is_none_or(|cap| out.bytes <= cap), "{} bytes are over the cap of {:?}", out.bytes, policy.cap);
    out.flush().map_err(FitError::from_write)?;
    control.step(1.0)?;
    Ok(fitted)
}

/// Counts what goes through.
struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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

/// What the source is, by its first bytes; an error where it is nothing that is decoded here.
fn kind_of(source: &mut dyn Source) -> Result<ContentType, FitError> {
    source.rewind().map_err(FitError::Read)?;
    let mut head = Vec::with_capacity(SNIFF_LEN);
    source.take(SNIFF_LEN as u64).read_to_end(&mut head).map_err(FitError::Read)?;
    match sniff(&head) {
        Some(found @ (ContentType::Heic | ContentType::Avif)) => Err(FitError::UnsupportedFormat { found }),
        Some(kind) if kind.is_picture() => Ok(kind),
        Some(other) => Err(FitError::not_decodable(format!("a {} file, not a picture", other.name()))),
        None if head.is_empty() => Err(FitError::not_decodable("the file is empty")),
        None => Err(FitError::not_decodable("no picture format is recognised in it")),
    }
}
