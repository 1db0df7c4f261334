//! How a delivery ends while an operation is between two of its steps: the next one is not let out, and the system says what that
//! means. An upload whose folder was only looked for has not begun to leave; nobody has to look for it.

use super::Core;
use super::air::Air;
use crate::error::Error;
use crate::model::{Exchange, Failure, Left};

impl Core {
    /// What was to be let out next is stopped before it leaves.
    pub(crate) fn break_off(&mut self, air: &mut Air) -> Result<(), Error> {
        while let Some(next) = air.follow_ups.pop_front() {
            let stopped = Exchange { left: Left::None, result: Err(Failure::Stopped) };
            self.report(air, next.transfer.id, &stopped)?;
        }
        Ok(())
    }
}

impl Air {
    /// Whether something was to be let out next.
    pub(crate) fn goes_on(&self) -> bool {
        !self.follow_ups.is_empty()
    }
}
