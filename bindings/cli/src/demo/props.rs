//! What the demo captures: photographs and a signature.
//!
//! Owns making them and looking at the dimensions of those that were given. Never alters a given file.

use std::fs;
use std::path::{Path, PathBuf};

use fieldpost_imaging::synthetic::Shot;
use image::ImageReader;

use super::{ink, unmade, unwritten};
use crate::failure::Failure;

/// A photograph to capture.
#[derive(Debug, Clone)]
pub(super) struct Photograph {
    pub(super) path: PathBuf,
    /// What it is called when it is captured; none for a file of the user's, which has a name already.
    pub(super) name: Option<&'static str>,
    pub(super) caption: Option<&'static str>,
    /// As the file stores it, where its header tells.
    pub(super) dimensions: Option<(u32, u32)>,
}

/// All that is captured.
#[derive(Debug)]
pub(super) struct Props {
    pub(super) photographs: Vec<Photograph>,
    pub(super) signature: PathBuf,
    pub(super) note: &'static str,
}

/// Two photographs of twelve megapixels, the phone held upright for one and upside down for the other: what a camera does
/// then is to store the picture as the sensor saw it, and to say in EXIF how to turn it.
const SHOTS: [(&str, &str, u64, u8); 2] =
    [("boiler.jpg", "Boiler, before", 1, 6), ("burner.jpg", "Burner, after the repair", 2, 3)];

impl Props {
    /// The photographs given, or two of our own, and the signature; what is made is made in `folder`. Takes a second or two.
    pub(super) fn make(given: &[PathBuf], folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(unwritten(folder))?;
        let photographs = if given.is_empty() {
            made(folder)?
        } else {
            given
                .iter()
                .map(|path| Photograph { path: path.clone(), name: None, caption: None, dimensions: look(path) })
                .collect()
        };
        let signature = folder.join("signature.png");
        let ink = ink::signature().map_err(unmade)?;
        fs::write(&signature, ink).map_err(unwritten(&signature))?;
        let note = "Valve 3 replaced, pressure back at 1.4 bar. Next service in May.";
        Ok(Props { photographs, signature, note })
    }
}

/// Both at the same time: a photograph is a second of one processor's work.
fn made(folder: &Path) -> Result<Vec<Photograph>, Failure> {
    let shots: Vec<_> = std::thread::scope(|scope| {
        let running = SHOTS
            .map(|(_, _, seed, orientation)| scope.spawn(move || Shot { seed, orientation, ..Shot::default() }.jpeg()));
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut photographs = Vec::new();
    for ((name, caption, ..), shot) in SHOTS.into_iter().zip(shots) {
        let shot = shot.map_err(|_| "the camera panicked".to_owned()).and_then(|jpeg| jpeg.map_err(|e| e.to_string()));
        let path = folder.join(name);
        let jpeg = shot.map_err(unmade)?;
        fs::write(&path, jpeg).map_err(unwritten(&path))?;
        photographs.push(Photograph { dimensions: look(&path), path, name: Some(name), caption: Some(caption) });
    }
    Ok(photographs)
}

/// The dimensions that a picture's header tells; whatever else is the matter with it is for the capture to say.
fn look(path: &Path) -> Option<(u32, u32)> {
    // A pipe would be read until somebody writes: only ordinary files are looked at.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    ImageReader::open(path).ok()?.with_guessed_format().ok()?.into_dimensions().ok()
}
