//! Where the outbox is, and how it is opened for a command.
//!
//! Never with a file of the installation: an outbox that was pulled from a phone to be looked at on a desk is that phone's
//! still, and goes back as it is; it did not come out of a backup.

use std::env;
use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use fieldpost::{Conditions, Options, Outbox};

use crate::args::Globals;
use crate::failure::Failure;

/// The outbox's folder: `--dir`, else `$FIELDPOST_DIR`, else `fieldpost` in the platform's data folder.
pub(crate) fn folder(globals: &Globals) -> Result<PathBuf, Failure> {
    let named = globals.place.dir.clone();
    let by_environment = || env::var_os("FIELDPOST_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let by_platform = || choose_native_strategy().ok().map(|platform| platform.data_dir().join("fieldpost"));
    named.or_else(by_environment).or_else(by_platform).ok_or_else(|| {
        Failure::new("no_folder", "this system names no data folder", "give the outbox's folder: --dir DIR")
    })
}

/// The same, where there is one.
pub(crate) fn existing(globals: &Globals) -> Result<PathBuf, Failure> {
    let dir = folder(globals)?;
    if dir.is_dir() {
        return Ok(dir);
    }
    let message = format!("there is no outbox in {}", dir.display());
    Err(Failure::new("no_outbox", message, "check the folder that --dir names"))
}

/// Opens it; what was told of network and power is remembered, what was not stays as it was.
pub(crate) fn open(globals: &Globals) -> Result<Outbox, Failure> {
    let outbox = Outbox::open(folder(globals)?, Options::default())?;
    let before = outbox.conditions()?;
    tell_conditions(outbox, globals, before)
}

/// Opens it for a delivery, which knows no more of network and power than it is told now: what is not told is the best there is.
pub(crate) fn open_to_deliver(globals: &Globals) -> Result<Outbox, Failure> {
    let outbox = Outbox::open(folder(globals)?, Options::default())?;
    tell_conditions(outbox, globals, Conditions::default())
}

fn tell_conditions(outbox: Outbox, globals: &Globals, otherwise: Conditions) -> Result<Outbox, Failure> {
    let network = globals.common.network.map_or(otherwise.network, Into::into);
    let power = globals.common.power.map_or(otherwise.power, Into::into);
    let now = Conditions { network, power };
    if now != outbox.conditions()? {
        outbox.set_conditions(now)?;
    }
    Ok(outbox)
}
