//! Who is told of what happens. Owns a queue and a thread for each listener; decides nothing, and waits for no listener.
//!
//! Whoever changes something puts the event into every queue, while it still holds the outbox's lock, and goes on: the queues
//! have the order in which things happened. A listener hears them one at a time, on its own thread.
//!
//! What a slow listener has not heard yet is thinned out. Of events that say the same of the same thing only the newest is
//! told, in its own place:
//!
//! | event | newest of |
//! |---|---|
//! | `Changed` | each item and state |
//! | `Progress`, `Forgotten` | each item |
//! | `Reasons` | each account |
//!
//! So what is told is in order, each state of an item is told once at least, the last that is told of it is how it stands, and
//! a queue is never longer than some events for each item, however long its listener takes. A listener that panics hears the
//! next event all the same.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::lock;
use crate::engine::news::Event;
use crate::model::{ItemId, State};

type Listener = Box<dyn FnMut(&Event) + Send>;

/// Ends a listener when it is dropped: what it has not heard by then it does not hear. What it is hearing at that moment it
/// hears to its end; dropping does not wait for that, so that a listener may drop its own.
pub struct Listening(Option<Arc<Ear>>);

impl Listening {
    /// Waits until the listener has heard all that happened before, then ends it. Called by the listener itself it does not
    /// wait: the listener hears the rest once it has returned.
    pub fn finish(mut self) {
        if let Some(ear) = self.0.take() {
            ear.finish();
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(ear) = self.0.take() {
            ear.end(Stage::Deaf);
        }
    }
}

/// All who listen to an outbox.
#[derive(Default)]
pub(super) struct Listeners(Mutex<Vec<Arc<Ear>>>);

impl Listeners {
    pub(super) fn add(&self, listener: Listener) -> Listening {
        let ear = Ear::new(listener);
        ear.start(&mut lock(&ear.queue));
        let mut all = lock(&self.0);
        all.retain(|ear| lock(&ear.queue).stage == Stage::Hears);
        all.push(ear.clone());
        Listening(Some(ear))
    }

    /// Puts an event into every queue, and returns at once.
    pub(super) fn tell(&self, event: &Event) {
        lock(&self.0).retain(|ear| ear.put(event));
    }
}

impl Drop for Listeners {
    /// Nothing happens any more once the outbox is gone: who still listens hears what is left.
    fn drop(&mut self) {
        lock(&self.0).drain(..).for_each(|ear| ear.end(Stage::Finishes));
    }
}

/// One listener: its queue, and the thread that empties it.
struct Ear {
    queue: Mutex<Queue>,
    /// Something was put into the queue, or its stage is another.
    moved: Condvar,
    /// Until its thread takes it.
    listener: Mutex<Option<Listener>>,
}

struct Queue {
    untold: Untold,
    stage: Stage,
    /// The thread that empties it; none where the system had none to give yet.
    thread: Option<ThreadId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It hears whatever comes.
    Hears,
    /// It hears what is left.
    Finishes,
    /// It hears nothing more.
    Deaf,
    /// Its thread is over.
    Over,
}

impl Ear {
    fn new(listener: Listener) -> Arc<Self> {
        let queue = Queue { untold: Untold::default(), stage: Stage::Hears, thread: None };
        Arc::new(Ear { queue: Mutex::new(queue), moved: Condvar::new(), listener: Mutex::new(Some(listener)) })
    }

    /// Gives it a thread. A system that has none to give now may have one at the next event.
    fn start(self: &Arc<Self>, queue: &mut Queue) {
        if queue.thread.is_none() {
            let ear = self.clone();
            let thread = thread::Builder::new().name("fieldpost-ear".to_owned()).spawn(move || ear.run());
            queue.thread = thread.ok().map(|thread| thread.thread().id());
        }
    }

    /// Returns whether it hears.
    fn put(self: &Arc<Self>, event: &Event) -> bool {
        let mut queue = lock(&self.queue);
        if queue.stage != Stage::Hears {
            return false;
        }
        queue.untold.put(event);
        self.start(&mut queue);
        self.moved.notify_all();
        true
    }

    fn end(&self, how: Stage) {
        let mut queue = lock(&self.queue);
        queue.stage = queue.stage.max(how);
        if how == Stage::Deaf {
            queue.untold = Untold::default();
        }
        self.moved.notify_all();
    }

    fn finish(&self) {
        self.end(Stage::Finishes);
        let thread = lock(&self.queue).thread;
        if thread.is_none() {
            self.run(); // on this one, then
        }
        if thread != Some(thread::current().id()) {
            drop(self.wait(|queue| queue.stage != Stage::Over));
        }
    }

    /// Tells the listener all that comes, until it ends.
    fn run(&self) {
        let Some(mut listener) = lock(&self.listener).take() else { return };
        let over = Over(self);
        while let Some(event) = self.next() {
            // Its hook has told of a panic; what the listener holds is its own business.
            _ = catch_unwind(AssertUnwindSafe(|| listener(&event)));
        }
        drop(listener);
        drop(over);
    }

    /// What is to be told next, waited for; none at the end.
    fn next(&self) -> Option<Event> {
        self.wait(|queue| queue.stage == Stage::Hears && queue.untold.is_empty()).untold.take()
    }

    fn wait(&self, still: impl Fn(&Queue) -> bool) -> MutexGuard<'_, Queue> {
        self.moved.wait_while(lock(&self.queue), |queue| still(queue)).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a thread is over, however it ended.
struct Over<'a>(&'a Ear);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end(Stage::Over);
    }
}

/// What was not told yet, in order.
#[derive(Default)]
struct Untold {
    events: BTreeMap<u64, Event>,
    newest: HashMap<About, u64>,
    last: u64,
}

/// What an event says, and of what: of the same only the newest is told.
#[derive(PartialEq, Eq, Hash)]
enum About {
    Changed(ItemId, State),
    Forgotten(ItemId),
    Reasons(Option<String>),
    Progress(ItemId),
}

impl About {
    fn of(event: &Event) -> Self {
        match event {
            Event::Changed(item) => About::Changed(item.id, item.state),
            Event::Forgotten { id, .. } => About::Forgotten(*id),
            Event::Reasons { account } => About::Reasons(account.clone()),
            Event::Progress { id, .. } => About::Progress(*id),
        }
    }
}

impl Untold {
    fn put(&mut self, event: &Event) {
        self.last += 1;
        if let Some(older) = self.newest.insert(About::of(event), self.last) {
            self.events.remove(&older);
        }
        self.events.insert(self.last, event.clone());
    }

    fn take(&mut self) -> Option<Event> {
        let (_, event) = self.events.pop_first()?;
        self.newest.remove(&About::of(&event));
        Some(event)
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    fn progress(item: u128, sent: u64) -> Event {
        Event::Progress { id: id(item), sent, total: 100 }
    }

    fn id(item: u128) -> ItemId {
        uuid::Uuid::from_u128(item).to_string().parse().unwrap()
    }

    fn reasons(account: &str) -> Event {
        Event::Reasons { account: Some(account.to_owned()) }
    }

    /// A listener that says that it began, then hears on when it is allowed to.
    struct Slow {
        listening: Listening,
        began: Receiver<Event>,
        go_on: Sender<()>,
    }

    fn slow(listeners: &Listeners) -> Slow {
        let ((say, began), (go_on, allowed)) = (channel(), channel());
        let listening = listeners.add(Box::new(move |event| {
            // Who tests it may be gone.
            _ = say.send(event.clone());
            _ = allowed.recv();
        }));
        Slow { listening, began, go_on }
    }

    #[test]
    fn whoever_tells_does_not_wait_and_all_is_told_in_order() {
        let listeners = Listeners::default();
        let slow = slow(&listeners);
        let told: Vec<Event> = (1..=50).map(|item| progress(item, 1)).collect();
        told.iter().for_each(|event| listeners.tell(event));
        drop(slow.go_on);
        slow.listening.finish();
        assert_eq!(slow.began.iter().collect::<Vec<_>>(), told);
    }

    #[test]
    fn of_what_a_slow_listener_has_not_heard_the_newest_is_told_in_its_own_place() {
        let listeners = Listeners::default();
        let slow = slow(&listeners);
        listeners.tell(&progress(1, 0));
        assert_eq!(slow.began.recv().unwrap(), progress(1, 0)); // it is busy with this one
        for sent in 1..=10_000 {
            listeners.tell(&progress(1, sent));
            listeners.tell(&reasons("acme"));
        }
        listeners.tell(&progress(2, 7));
        listeners.tell(&progress(1, 10_001));
        drop(slow.go_on);
        slow.listening.finish();
        let heard: Vec<Event> = slow.began.iter().collect();
        assert_eq!(heard, [reasons("acme"), progress(2, 7), progress(1, 10_001)]);
    }

    #[test]
    fn a_listener_that_panics_hears_the_next_event_and_holds_up_no_other() {
        let listeners = Listeners::default();
        let (say, heard) = channel();
        let panicking = listeners.add(Box::new(move |event| {
            say.send(event.clone()).unwrap();
            std::panic::resume_unwind(Box::new("the screen is gone")); // as a panic, without its hook's text
        }));
        let other = slow(&listeners);
        drop(other.go_on);
        listeners.tell(&progress(1, 1));
        listeners.tell(&progress(2, 1));
        panicking.finish();
        other.listening.finish();
        let both = [progress(1, 1), progress(2, 1)];
        assert_eq!((heard.iter().collect::<Vec<_>>(), other.began.iter().collect()), (both.to_vec(), both.to_vec()));
    }

    #[test]
    fn dropping_does_not_wait_and_nothing_more_is_told() {
        let listeners = Listeners::default();
        let slow = slow(&listeners);
        listeners.tell(&progress(1, 1));
        listeners.tell(&progress(2, 1));
        assert_eq!(slow.began.recv().unwrap(), progress(1, 1));
        drop(slow.listening); // while it is in the middle of the first
        listeners.tell(&progress(3, 1));
        drop(slow.go_on);
        assert_eq!(slow.began.iter().count(), 0, "its thread ends, and lets go of what it held");
        assert!(lock(&listeners.0).is_empty());
    }

    #[test]
    fn a_listener_may_end_itself_either_way() {
        for finishes in [false, true] {
            let listeners = Listeners::default();
            let ((hand_over, own), (say, heard)) = (channel::<Listening>(), channel());
            let listening = listeners.add(Box::new(move |event| {
                if let Ok(own) = own.try_recv() {
                    if finishes { own.finish() } else { drop(own) }
                }
                _ = say.send(event.clone());
            }));
            hand_over.send(listening).unwrap();
            listeners.tell(&progress(1, 1));
            assert_eq!(heard.iter().collect::<Vec<_>>(), [progress(1, 1)], "then its thread ends");
        }
    }

    #[test]
    fn once_the_outbox_is_gone_the_rest_is_told_and_the_thread_ends() {
        let listeners = Listeners::default();
        let slow = slow(&listeners);
        listeners.tell(&progress(1, 1));
        listeners.tell(&progress(2, 1));
        drop(listeners);
        drop(slow.go_on);
        assert_eq!(slow.began.iter().count(), 2);
    }

    #[test]
    fn without_a_thread_to_be_had_the_end_tells_what_is_left() {
        let (say, heard) = channel();
        let ear = Ear::new(Box::new(move |event| say.send(event.clone()).unwrap()));
        lock(&ear.queue).untold.put(&progress(1, 1));
        Listening(Some(ear)).finish();
        assert_eq!(heard.iter().collect::<Vec<_>>(), [progress(1, 1)]);
    }
}
