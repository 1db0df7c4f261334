//! How long files stay.

use crate::error::NativeError;
use crate::values::negative;

/// How long the files of delivered items stay on the phone. Their receipts stay until they are forgotten, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Keep {
    /// Until the item is delivered: its files are cleared at once.
    UntilDelivered,
    /// So many days after that, by the wall clock.
    ForDays {
        /// How many.
        days: i32,
    },
    /// For ever, or until the room is needed for a capture.
    Forever,
}

impl TryFrom<Keep> for fieldpost::Keep {
    type Error = NativeError;

    fn try_from(keep: Keep) -> Result<Self, NativeError> {
        Ok(match keep {
            Keep::UntilDelivered => fieldpost::Keep::UntilDelivered,
            Keep::ForDays { days } => {
                fieldpost::Keep::Days(u32::try_from(days).map_err(|_| negative("a number of days"))?)
            }
            Keep::Forever => fieldpost::Keep::Forever,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_below_zero_are_refused() {
        let thirty = fieldpost::Keep::try_from(Keep::ForDays { days: 30 });
        assert_eq!(thirty.ok(), Some(fieldpost::Keep::default()));
        assert!(matches!(fieldpost::Keep::try_from(Keep::ForDays { days: -1 }), Err(NativeError::Invalid(_))));
    }
}
