//! What changed, told to listeners once it is committed. Owns the events and their order; tells nobody itself.

use crate::error::Error;
use crate::model::{Item, ItemId};

use super::Core;

/// What a listener is told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An item changed; this is how it stands now.
    Changed(Box<Item>),
    /// An item was erased for good.
    Forgotten {
        /// The item that was.
        id: ItemId,
        /// Its account.
        account: String,
        /// Its work order.
        work_order: String,
    },
    /// What holds items up changed, though no item did; or an item left for another work order. List them again.
    Reasons {
        /// The account whose items they are; none where it is the phone's conditions.
        account: Option<String>,
    },
    /// Bytes of an item left the phone.
    Progress {
        /// The item.
        id: ItemId,
        /// How many so far.
        sent: u64,
        /// How many in all.
        total: u64,
    },
}

/// What changed since the listeners were last told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// To be told as the item stands then.
    Item(ItemId),
    Forgotten {
        id: ItemId,
        account: String,
        work_order: String,
    },
    Reasons(Option<String>),
}

impl Core {
    pub(super) fn note(&mut self, news: News) {
        if !self.news.contains(&news) {
            self.news.push(news);
        }
    }

    /// What changed since this was last asked, in its order.
    pub(crate) fn take_news(&mut self) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        for news in std::mem::take(&mut self.news) {
            match news {
                News::Item(id) => events.extend(self.item(id)?.map(|item| Event::Changed(Box::new(item)))),
                News::Forgotten { id, account, work_order } => {
                    events.push(Event::Forgotten { id, account, work_order });
                }
                News::Reasons(account) => events.push(Event::Reasons { account }),
            }
        }
        Ok(events)
    }

    /// What changed was undone: nobody is told.
    pub(crate) fn forget_news(&mut self) {
        self.news.clear();
    }
}
