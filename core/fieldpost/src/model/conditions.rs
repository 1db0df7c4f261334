//! What the phone can do now, and what an item asks of it.

use serde::{Deserialize, Serialize};

/// The network, as the host tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// None at all.
    None,
    /// One that costs: mobile data.
    Metered,
    /// One that does not.
    #[default]
    Unmetered,
}

/// The power, as the host tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// The battery is low.
    Low,
    /// On battery.
    Battery,
    /// On the charger.
    #[default]
    Charging,
}

/// What the phone can do now. The library reads no sensor: the host tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conditions {
    /// The network.
    pub network: Network,
    /// The power.
    pub power: Power,
}

/// What an item asks of the phone before it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Requires {
    /// Only over a network that costs nothing.
    pub unmetered: bool,
    /// Only on the charger.
    pub charging: bool,
}

impl Requires {
    /// As two bits, unmetered the lower: the `needs` column of lanes.
    pub(crate) fn bits(self) -> u8 {
        u8::from(self.unmetered) | u8::from(self.charging) << 1
    }

    /// Every set of wishes that these conditions satisfy.
    pub(crate) fn satisfied_by(conditions: Conditions) -> impl Iterator<Item = u8> {
        let missing =
            u8::from(conditions.network != Network::Unmetered) | u8::from(conditions.power != Power::Charging) << 1;
        (0..4).filter(move |bits| bits & missing == 0)
    }
}
