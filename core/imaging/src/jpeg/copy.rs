//! The file as it is: whether it is whole, and the same picture with other metadata.
//!
//! Owns what of a file is picture and what is not. Never decodes. What trails the end marker (motion clips, more
//! pictures, gain maps) is no part of it.

use std::io::Write;

use super::header::Header;
use super::input::Input;
use super::walk::{Found, Walk};
use super::{frame, marker};
use crate::{FitError, Source};

/// How much of the file's end is looked at for the end marker. Behind it, some devices fill up a block of storage.
const TAIL: u64 = 4096;

impl Header {
    /// Whether the end marker is there. Quick where it ends the file; else all scans are walked through.
    pub(crate) fn is_whole(&self, source: &mut dyn Source) -> Result<bool, FitError> {
        let length = source.seek(std::io::SeekFrom::End(0)).map_err(FitError::Read)?;
        let from = length.saturating_sub(TAIL).max(self.scan_at + 2);
        let mut input = Input::new(source, from)?;
        let tail = input.read(length.saturating_sub(from) as usize)?;
        let padding = tail.iter().rev().take_while(|byte| matches!(byte, 0 | 0xFF)).count();
        if tail[..tail.len() - padding].ends_with(&[0xFF, marker::EOI]) {
            return Ok(true);
        }
        let mut walk = Walk::from(self.scan_at);
        while let Some(found) = walk.next(&mut input)? {
            match found.code {
                marker::EOI => return Ok(true),
                marker::SOS => {
                    input.go_to(found.end())?;
                    input.scan(|_| Ok(()))?;
                    walk.resume(input.position());
                }
                code if frame::is_frame(code) && frame::is_sound(&input.read(found.length)?) => {
                    return Err(FitError::not_decodable("the JPEG has more than one frame"));
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// Writes the file with its picture untouched and `metadata`, whole segments, in place of its own and of its
    /// JFIF header. `step` is told
    /// how far it has come. Gives how many bytes were written.
    pub(crate) fn copy_picture(
        &self,
        source: &mut dyn Source,
        out: &mut dyn Write,
        metadata: &[u8],
        step: &mut dyn FnMut(f32) -> Result<(), FitError>,
    ) -> Result<u64, FitError> {
        let length = source.seek(std::io::SeekFrom::End(0)).map_err(FitError::Read)?;
        let mut input = Input::new(source, 0)?;
        let mut walk = Walk::from(2);
        let mut out = Counted { out, count: 0 };
        out.write(&[0xFF, marker::SOI])?;
        out.write(metadata)?;
        while let Some(found) = walk.next(&mut input)? {
            match found.code {
                marker::EOI => {
                    out.write(&[0xFF, marker::EOI])?;
                    break;
                }
                marker::APP0..=marker::APP13 | marker::APP15 | marker::COM => {}
                code => {
                    let payload = input.read(found.length)?;
                    // Adobe's tells what the colours are; any other is metadata.
                    if code != marker::APP14 || payload.starts_with(b"Adobe") {
                        out.segment(code, &payload)?;
                    }
                }
            }
            if found.code == marker::SOS {
                let mut position = input.position();
                input.scan(|run| {
                    position += run.len() as u64;
                    out.write(run)?;
                    step((position as f32 / length.max(1) as f32).min(1.0))
                })?;
                walk.resume(input.position());
            }
        }
        Ok(out.count)
    }
}

impl Found {
    /// Where the payload ends.
    fn end(&self) -> u64 {
        self.at + 4 + self.length as u64
    }
}

struct Counted<'a> {
    out: &'a mut dyn Write,
    count: u64,
}

impl Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), FitError> {
        self.out.write_all(bytes).map_err(FitError::from_write)?;
        self.count += bytes.len() as u64;
        Ok(())
    }

    fn segment(&mut self, code: u8, payload: &[u8]) -> Result<(), FitError> {
        // A payload that was read has a length that a file told in two bytes, those two included.
        let [.., high, low] = (payload.len() + 2).to_be_bytes();
        self.write(&[0xFF, code, high, low])?;
        self.write(payload)
    }
}
