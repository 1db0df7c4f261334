//! Photos that are prepared at the same time: as many as the app allows, each once, in their order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::engine::preparing::PrepareJob;
use crate::model::{Bytes, Cap, Repair};
use crate::prepare::tests::bitmap;
use crate::{Outbox, Photo};

/// A desk at which so many are prepared at a time.
fn desk(threads: usize) -> Desk {
    let mut desk = Desk::new();
    let threads = NonZeroUsize::new(threads).unwrap();
    let options = Options { threads, ..Desk::options(&desk.dir, &desk.clock) };
    desk.outbox = Outbox::open(desk.dir.path().join("outbox"), options).unwrap();
    desk
}

impl Desk {
    fn photo(&self, priority: i32) -> ItemId {
        self.photo_of(&bitmap(48, 32), priority)
    }

    fn photo_of(&self, content: &[u8], priority: i32) -> ItemId {
        let path = self.dir.path().join("photo.bmp");
        std::fs::write(&path, content).unwrap();
        let photo = Photo::new(path).max_edge(24).priority(priority);
        self.outbox.capture(photo, &WorkOrder::new("acme", "10234")).unwrap().id
    }

    fn files(&self, id: ItemId) -> Vec<String> {
        let folder = self.dir.path().join("outbox/items").join(id.to_string());
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The next task, if it is a body to be made.
fn job(delivery: &Delivery) -> Option<PrepareJob> {
    match delivery.next().unwrap() {
        Task::Prepare(job) => Some(job),
        _ => None,
    }
}

/// All that may be made now.
fn jobs(delivery: &Delivery) -> Vec<PrepareJob> {
    std::iter::from_fn(|| job(delivery)).take(20).collect() // more than any test has
}

fn items(jobs: &[PrepareJob]) -> Vec<ItemId> {
    jobs.iter().map(PrepareJob::item).collect()
}

#[test]
fn one_photo_is_prepared_at_a_time_unless_the_app_allows_more() {
    let desk = Desk::new();
    let (one, two) = (desk.photo(0), desk.photo(0));
    let delivery = desk.outbox.begin_delivery().unwrap();
    let mut first = jobs(&delivery);
    assert_eq!(items(&first), [one]);
    delivery.prepared(first.remove(0).run()).unwrap();
    assert_eq!(items(&jobs(&delivery)), [two]);
}

#[test]
fn as_many_are_prepared_at_once_as_are_allowed_the_most_urgent_first() {
    let desk = desk(2);
    let [usual, later, urgent, last] = [0, 0, 1, -1].map(|priority| desk.photo(priority));
    let delivery = desk.outbox.begin_delivery().unwrap();
    let mut making = jobs(&delivery);
    assert_eq!(items(&making), [urgent, usual], "and no third one");
    delivery.prepared(making.pop().unwrap().run()).unwrap();
    assert_eq!(desk.item(usual).state, State::Queued, "whichever is done first");
    assert_eq!(desk.item(urgent).state, State::Captured);
    let more_urgent = desk.photo(2);
    assert_eq!(items(&jobs(&delivery)), [more_urgent], "one place is free, and is the most urgent one's");
    delivery.prepared(making.pop().unwrap().run()).unwrap();
    assert_eq!(items(&jobs(&delivery)), [later]);
    assert_eq!(desk.item(last).state, State::Captured);
}

#[test]
fn no_item_is_made_twice_and_a_delivery_is_idle_once_all_are_made() {
    let desk = desk(8);
    let photos = [desk.photo(0), desk.photo(0), desk.photo(0)];
    let delivery = desk.outbox.begin_delivery().unwrap();
    let mut making = jobs(&delivery);
    assert_eq!(items(&making), photos, "there is room for more, but nothing else to make");
    while let Some(made) = making.pop() {
        assert!(!delivery.is_idle());
        assert!(job(&delivery).is_none());
        delivery.prepared(made.run()).unwrap();
    }
    assert!(delivery.is_idle());
    assert!(job(&delivery).is_none());
    assert!(photos.iter().all(|id| desk.files(*id).contains(&"body-1.png".to_owned())));
    drop(delivery);
    assert_eq!(desk.outbox.check().unwrap().1, []);
}

#[test]
fn one_of_several_that_is_cancelled_or_forgotten_meanwhile_takes_no_other_with_it() {
    let desk = desk(3);
    let [cancelled, forgotten, kept, next] = [(); 4].map(|()| desk.photo(0));
    let delivery = desk.outbox.begin_delivery().unwrap();
    let making = jobs(&delivery);
    assert_eq!(items(&making), [cancelled, forgotten, kept]);
    desk.outbox.cancel(cancelled).unwrap();
    desk.outbox.forget(forgotten).unwrap();
    assert!(job(&delivery).is_none(), "they are still being made");
    for job in making {
        delivery.prepared(job.run()).unwrap();
    }
    assert_eq!(desk.state(cancelled), (State::Cancelled, None));
    assert_eq!(desk.files(cancelled), ["journal.jsonl", "manifest.json", "original"], "nothing that was made stays");
    assert_eq!(desk.files(forgotten), [""; 0]);
    assert_eq!(desk.item(kept).state, State::Queued);
    assert_eq!(items(&jobs(&delivery)), [next]);
}

#[test]
fn one_of_several_that_cannot_be_made_is_blocked_alone() {
    let desk = desk(2);
    let (damaged, whole, next) = (desk.photo_of(b"BM, and no picture", 0), desk.photo(0), desk.photo(0));
    let delivery = desk.outbox.begin_delivery().unwrap();
    for job in jobs(&delivery) {
        delivery.prepared(job.run()).unwrap();
    }
    assert_eq!(desk.state(damaged), (State::Blocked, Some(Reason::NotDecodable)));
    assert_eq!(desk.item(whole).state, State::Queued);
    assert_eq!(items(&jobs(&delivery)), [next]);
}

#[test]
fn another_cap_while_a_photo_is_made_makes_it_anew_under_that_one() {
    let desk = desk(2);
    let id = desk.photo(0);
    let delivery = desk.outbox.begin_delivery().unwrap();
    let before = job(&delivery).unwrap();
    let least = Bytes(700);
    desk.outbox.repair(id, &Repair::new().cap(Cap::To(least))).unwrap();
    assert!(job(&delivery).is_none(), "it is not made twice at a time");
    delivery.prepared(before.run()).unwrap();
    assert_eq!(desk.item(id).state, State::Captured);
    assert_eq!(desk.files(id), ["journal.jsonl", "manifest.json", "original"], "what nobody wants does not stay");
    delivery.prepared(job(&delivery).unwrap().run()).unwrap();
    assert!(desk.item(id).sent.unwrap().bytes <= least);
    drop(delivery);
    assert_eq!(desk.outbox.check().unwrap().1, []);
}

#[test]
fn what_a_delivery_that_ended_had_in_the_making_is_made_by_the_next() {
    let desk = desk(2);
    let photos = [desk.photo(0), desk.photo(0)];
    let delivery = desk.outbox.begin_delivery().unwrap();
    assert_eq!(items(&jobs(&delivery)), photos);
    drop(delivery);
    let delivery = desk.outbox.begin_delivery().unwrap();
    assert_eq!(items(&jobs(&delivery)), photos);
}

#[test]
fn threads_that_ask_all_at_once_are_given_each_photo_once_and_no_more_than_allowed() {
    let desk = desk(2);
    let photos: Vec<ItemId> = (0..12).map(|_| desk.photo(0)).collect();
    let delivery = desk.outbox.begin_delivery().unwrap();
    let (given, out, most) = (Mutex::new(BTreeMap::new()), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(job) = job(&delivery) {
                    most.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    *given.lock().unwrap().entry(job.item()).or_insert(0) += 1;
                    let made = job.run();
                    out.fetch_sub(1, Ordering::SeqCst);
                    delivery.prepared(made).unwrap();
                }
            });
        }
    });
    assert_eq!(given.into_inner().unwrap(), photos.into_iter().map(|id| (id, 1)).collect());
    assert!(most.into_inner() <= 2);
    assert!(delivery.is_idle());
}
