//! Which result goes where, and what is refused before anything is done.
//!
//! Owns the results' names. Reads no more of a photo than its first bytes; writes nothing but the folder.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use fieldpost_imaging::{ContentType, Format, SNIFF_LEN, sniff};

use super::work::cannot_write;
use crate::failure::Failure;

/// What is to be done.
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// Where results go under their photos' names; none where OUT is a file.
    pub(super) folder: Option<PathBuf>,
    /// The photos, by the names that the disk has for them.
    pub(super) sources: HashSet<PathBuf>,
}

/// A photo, and where its result goes.
pub(super) struct Job {
    pub(super) from: PathBuf,
    to: To,
}

enum To {
    File(PathBuf),
    Folder(PathBuf),
}

impl Plan {
    /// Of what was typed.
    pub(super) fn of(from: &[PathBuf], to: &Path) -> Result<Self, Failure> {
        let folder = is_folder(to).then(|| to.to_owned());
        if folder.is_none() && from.len() > 1 {
            let message = format!("several photos go into a folder, and {} is none", to.display());
            return Err(Failure::usage(
                message,
                "name a folder as the last: one that exists, or one to make, with a '/' behind it",
            ));
        }
        let job = |from: &PathBuf| Job {
            from: from.clone(),
            to: folder.clone().map_or_else(|| To::File(to.to_owned()), To::Folder),
        };
        let sources = from.iter().filter_map(|from| fs::canonicalize(from).ok()).collect();
        let plan = Plan { jobs: from.iter().map(job).collect(), folder, sources };
        plan.refuse_overwriting()?;
        Ok(plan)
    }

    /// No result may take the place of a photo, or of another result.
    fn refuse_overwriting(&self) -> Result<(), Failure> {
        let mut taken: HashMap<PathBuf, &Path> = HashMap::new();
        for job in &self.jobs {
            for out in job.names() {
                if fs::canonicalize(&out).is_ok_and(|there| self.sources.contains(&there)) {
                    return Err(overwriting(&out, self.folder.is_some()));
                }
                if let Some(other) = taken.insert(out.clone(), &job.from) {
                    let message =
                        format!("{} and {} could both go to {}", other.display(), job.from.display(), out.display());
                    return Err(Failure::usage(message, "give them to different folders, or rename one"));
                }
            }
        }
        Ok(())
    }

    /// Whether a result could go to `path`.
    pub(super) fn gives(&self, path: &Path) -> bool {
        let same = |out: &Path| out == path || matches!((at(out), at(path)), (Some(out), Some(path)) if out == path);
        self.jobs.iter().flat_map(Job::names).any(|out| same(&out))
    }

    /// Makes the folder that is still missing.
    pub(super) fn make_folder(&self) -> Result<(), Failure> {
        match &self.folder {
            Some(folder) => fs::create_dir_all(folder).map_err(|e| cannot_write(folder, &e)),
            None => Ok(()),
        }
    }
}

impl Job {
    /// Where a result of that format goes.
    pub(super) fn out(&self, format: Format) -> PathBuf {
        match &self.to {
            To::File(out) => out.clone(),
            To::Folder(folder) => folder.join(name(self.from.file_name().unwrap_or_default(), format)),
        }
    }

    /// The folder that the result lands in.
    pub(super) fn folder(&self) -> &Path {
        match &self.to {
            To::File(out) => {
                out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
            }
            To::Folder(folder) => folder,
        }
    }

    /// Every place where the result could go. What a picture becomes only making it shows, but for a JPEG, which stays
    /// one; what is none goes nowhere.
    pub(super) fn names(&self) -> Vec<PathBuf> {
        let formats: &[Format] = match (&self.to, kind(&self.from)) {
            (To::File(_), _) | (_, Some(ContentType::Jpeg)) => &[Format::Jpeg],
            (_, Some(kind)) if kind.is_picture() => &[Format::Jpeg, Format::Png],
            _ => &[],
        };
        formats.iter().map(|format| self.out(*format)).collect()
    }
}

/// Where a file is, or would be, by the name that the disk has for its folder.
fn at(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
}

fn overwriting(out: &Path, folder: bool) -> Failure {
    if folder {
        let message = format!("{} is one of the photos, which stay as they are", out.display());
        Failure::usage(message, "give another folder")
    } else {
        Failure::usage("OUT is IN, which stays as it is", "give another file as OUT")
    }
}

/// A folder that is there, or one to be made: what ends in a separator is meant as one.
fn is_folder(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    path.is_dir() || last.is_some_and(|last| std::path::is_separator(char::from(*last)))
}

/// What a file is, by its first bytes; a pipe is not waited for.
fn kind(path: &Path) -> Option<ContentType> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut head = Vec::new();
    File::open(path).ok()?.take(SNIFF_LEN as u64).read_to_end(&mut head).ok()?;
    sniff(&head)
}

/// Extensions of these make way for the right one. Any other is part of a name, such as `cellar.2`.
const PICTURES: [ContentType; 6] =
    [ContentType::Jpeg, ContentType::Png, ContentType::WebP, ContentType::Gif, ContentType::Bmp, ContentType::Tiff];

/// A photo's name with the extension of what it became; one that is right stays as it is written.
fn name(of: &OsStr, format: Format) -> PathBuf {
    let (path, right) = (Path::new(of), format.content_type());
    let fits = |kind: ContentType| {
        path.extension().and_then(OsStr::to_str).is_some_and(|extension| kind.fits_extension(extension))
    };
    if fits(right) {
        return path.to_owned();
    }
    let stem = if PICTURES.into_iter().any(fits) { path.file_stem().unwrap_or(of) } else { of };
    let mut name = stem.to_owned();
    name.push(".");
    name.push(right.extension());
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_has_its_photos_name_and_its_own_extension() {
        for (of, format, expected) in [
            ("IMG_1.JPG", Format::Jpeg, "IMG_1.JPG"),
            ("a.jpeg", Format::Jpeg, "a.jpeg"),
            ("a.webp", Format::Jpeg, "a.jpg"),
            ("a.b.tiff", Format::Jpeg, "a.b.jpg"),
            ("a.png", Format::Png, "a.png"),
            ("a.jpg", Format::Png, "a.png"),
            ("cellar.2", Format::Jpeg, "cellar.2.jpg"),
            ("photo", Format::Jpeg, "photo.jpg"),
            (".jpg", Format::Jpeg, ".jpg.jpg"),
        ] {
            assert_eq!(name(OsStr::new(of), format), Path::new(expected), "{of}");
        }
    }

    #[test]
    fn what_ends_in_a_separator_is_meant_as_a_folder() {
        assert!(is_folder(Path::new("not/there/")) && is_folder(Path::new(".")));
        assert!(!is_folder(Path::new("not/there")));
    }
}
