//! What a person decides, and what the phone tells of itself.

use fieldpost::{Conditions, Network, Power, RemoteId};

/// What a person saw at the system, where it cannot tell by itself.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Settlement {
    /// It is there.
    Delivered {
        /// What the system calls it, where the person knows.
        #[uniffi(default)]
        remote_id: Option<RemoteId>,
    },
    /// It is not there: it is sent again.
    Absent,
}

impl From<Settlement> for fieldpost::Settlement {
    fn from(seen: Settlement) -> Self {
        match seen {
            Settlement::Delivered { remote_id } => fieldpost::Settlement::Delivered(remote_id),
            Settlement::Absent => fieldpost::Settlement::Absent,
        }
    }
}

/// What the phone can do now.
#[uniffi::remote(Record)]
pub struct Conditions {
    /// The network.
    pub network: Network,
    /// The power.
    pub power: Power,
}

/// The network, as the app tells it.
#[uniffi::remote(Enum)]
pub enum Network {
    /// None at all.
    None,
    /// One that costs: mobile data.
    Metered,
    /// One that does not.
    Unmetered,
}

/// The power, as the app tells it.
#[uniffi::remote(Enum)]
pub enum Power {
    /// The battery is low.
    Low,
    /// On battery.
    Battery,
    /// On the charger.
    Charging,
}
