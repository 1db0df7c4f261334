//! The folder that an export fills. Owns that nothing there is overwritten and nothing is left half: a file is written beside
//! its name, hashed on the way, synced, and only then given it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::error::Error;
use crate::model::Original;
use crate::store::{CopyError, copy_hashed};

/// What is being written.
const PART: &str = ".part";

/// A file's name; where it is taken by another, a number follows the stem.
pub(super) struct Name {
    pub(super) stem: String,
    pub(super) extension: String,
}

impl Name {
    pub(super) fn whole(&self) -> String {
        self.nth(1)
    }

    fn nth(&self, n: u32) -> String {
        let number = if n > 1 { format!(" ({n})") } else { String::new() };
        let dot = if self.extension.is_empty() { "" } else { "." };
        format!("{}{number}{dot}{}", self.stem, self.extension)
    }
}

/// A file that is there now.
pub(super) struct Put {
    pub(super) name: String,
    /// Its length and hash.
    pub(super) facts: Original,
}

/// Why a file is not there.
pub(super) enum Failed {
    /// What was to be copied cannot be read.
    Source(io::Error),
    /// The folder cannot be written.
    Target(Error),
}

impl Failed {
    pub(super) fn of_target(self) -> Error {
        match self {
            Failed::Source(error) => Error::disk("read what is exported")(error),
            Failed::Target(error) => error,
        }
    }
}

pub(super) struct Shelf<'a> {
    disk: &'a dyn Disk,
    root: &'a Path,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(disk: &'a dyn Disk, root: &'a Path) -> Self {
        Shelf { disk, root }
    }

    /// A folder within it, made where it is missing. Its names are cleaned.
    pub(super) fn folder(&self, names: &[String]) -> Result<PathBuf, Error> {
        let mut folder = self.root.to_owned();
        self.make(&folder)?;
        for name in names {
            folder.push(name);
            self.make(&folder)?;
        }
        Ok(folder)
    }

    fn make(&self, folder: &Path) -> Result<(), Error> {
        let made = self.disk.create_dir(folder);
        match (made, folder.parent()) {
            (Err(e), _) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            (Err(e), Some(above)) if e.kind() == io::ErrorKind::NotFound && !above.as_os_str().is_empty() => {
                self.make(above)?;
                self.disk.create_dir(folder).map_err(at("make", folder))
            }
            (made, above) => {
                made.map_err(at("make", folder))?;
                // What is above may not be ours to sync.
                _ = above.map(|above| self.disk.sync_dir(above));
                Ok(())
            }
        }
    }

    /// Copies `source` into `folder`. A file that is the same already is left as it is; `known`: what the source is said to be, so
    /// that it need not be copied to find out.
    pub(super) fn put(
        &self,
        folder: &Path,
        name: &Name,
        source: &mut dyn Read,
        known: Option<Original>,
    ) -> Result<Put, Failed> {
        if let Some(facts) = known
            && let Place::Same(name) = self.place(folder, name, facts).map_err(Failed::Target)?
        {
            return Ok(Put { name, facts });
        }
        let part = folder.join(format!("{}{PART}", name.whole()));
        let facts = self.write(&part, source).inspect_err(|_| {
            _ = self.disk.remove_file(&part);
        })?;
        let placed = self.place(folder, name, facts).and_then(|place| match place {
            Place::Same(name) => self.disk.remove_file(&part).map_err(at("remove", &part)).map(|()| name),
            Place::Free(name) => {
                let path = folder.join(&name);
                self.disk.rename(&part, &path).map_err(at("make", &path)).map(|()| name)
            }
        });
        let name = placed.map_err(Failed::Target)?;
        self.disk.sync_dir(folder).map_err(at("sync", folder)).map_err(Failed::Target)?;
        Ok(Put { name, facts })
    }

    fn write(&self, part: &Path, source: &mut dyn Read) -> Result<Original, Failed> {
        match self.disk.remove_file(part) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Failed::Target(at("replace", part)(e))),
            _ => {}
        }
        let write = |e| Failed::Target(at("write", part)(e));
        let mut file = self.disk.create(part).map_err(write)?;
        let facts = copy_hashed(source, &mut file, &mut Vec::new()).map_err(|e| match e {
            CopyError::Read(e) => Failed::Source(e),
            CopyError::Write(e) => write(e),
        })?;
        file.sync().map_err(write)?;
        Ok(facts)
    }

    /// The first name that is free, or has this content already.
    fn place(&self, folder: &Path, name: &Name, facts: Original) -> Result<Place, Error> {
        for n in 1.. {
            let (candidate, path) = (name.nth(n), folder.join(name.nth(n)));
            match self.disk.len(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Place::Free(candidate)),
                Ok(len) if len == facts.bytes.0 && self.hash(&path)? == facts => return Ok(Place::Same(candidate)),
                Ok(_) => {}
                // A folder, a device: taken.
                Err(e) if matches!(e.kind(), io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput) => {}
                Err(e) => return Err(at("look at", &path)(e)),
            }
        }
        unreachable!("a folder does not hold four thousand million files of one name")
    }

    fn hash(&self, path: &Path) -> Result<Original, Error> {
        let mut file = self.disk.open(path).map_err(at("read", path))?;
        copy_hashed(&mut file, &mut io::sink(), &mut Vec::new()).map_err(|e| match e {
            CopyError::Read(e) | CopyError::Write(e) => at("read", path)(e),
        })
    }
}

enum Place {
    Free(String),
    Same(String),
}

fn at(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    Error::disk(format!("{doing} {}", path.display()))
}
