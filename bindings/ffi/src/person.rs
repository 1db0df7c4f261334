//! What a person decides, and what the phone tells of itself.

use fieldpost::{Attachment, Conditions, ItemId, Network, Power, RemoteId, WorkOrder};

use crate::capture::Cap;

/// How an undelivered item goes from now on. What is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Repair {
    /// Another name. It is cleaned as at the capture; its eight digits stay, and so does the extension where there is one.
    #[uniffi(default)]
    pub name: Option<String>,
    /// Another cap: a photo is prepared again under it.
    #[uniffi(default)]
    pub cap: Option<Cap>,
    /// Another work order of the same account, by the system's id of it.
    #[uniffi(default)]
    pub work_order: Option<String>,
    /// Another folder, where the system has some.
    #[uniffi(default)]
    pub folder: Option<String>,
    /// Another rank: the higher, the sooner. At once, also while it is in doubt.
    #[uniffi(default)]
    pub priority: Option<i32>,
}

impl From<Repair> for fieldpost::Repair {
    fn from(wanted: Repair) -> Self {
        let Repair { name, cap, work_order, folder, priority } = wanted;
        let mut repair = fieldpost::Repair::new();
        if let Some(name) = name {
            repair = repair.name(name);
        }
        if let Some(cap) = cap {
            repair = repair.cap(cap);
        }
        if let Some(work_order) = work_order {
            repair = repair.work_order(work_order);
        }
        if let Some(folder) = folder {
            repair = repair.folder(folder);
        }
        if let Some(priority) = priority {
            repair = repair.priority(priority);
        }
        repair
    }
}

/// An attachment that is updated or deleted: one of ours, also before it is delivered, or any that the system lists.
#[uniffi::remote(Enum)]
pub enum Attachment {
    /// What this item uploads, or uploaded.
    Item(ItemId),
    /// What the system calls so.
    Remote {
        /// Its work order.
        job: WorkOrder,
        /// Its id there.
        id: RemoteId,
    },
}

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

#[cfg(test)]
mod tests {
    use fieldpost::Bytes;

    use super::*;

    #[test]
    fn a_repair_names_all_that_is_given_and_nothing_else() {
        let all = Repair {
            name: Some("boiler".into()),
            cap: Some(Cap::AtMost { bytes: Bytes(500_000) }),
            work_order: Some("10235".into()),
            folder: Some("Plans".into()),
            priority: Some(-3),
        };
        let expected = fieldpost::Repair::new().name("boiler").cap(Bytes(500_000)).work_order("10235").folder("Plans");
        assert_eq!(fieldpost::Repair::from(all), expected.priority(-3));
        let original = Repair { cap: Some(Cap::Original), ..Repair::default() };
        assert_eq!(fieldpost::Repair::from(original), fieldpost::Repair::new().cap(fieldpost::Cap::Original));
        assert_eq!(fieldpost::Repair::from(Repair::default()), fieldpost::Repair::new());
    }
}
