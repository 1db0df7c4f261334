//! What an outbox tells its listeners, and that none of them holds it up.

use std::sync::mpsc::channel;

use super::*;

/// What a listener hears of `work`.
fn heard(bench: &Bench, work: impl FnOnce()) -> Vec<Event> {
    let (say, heard) = channel();
    let listening = bench.outbox.listen(move |event| say.send(event.clone()).unwrap());
    work();
    listening.finish();
    heard.iter().collect()
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
struct HandClock(Arc<Mutex<Now>>);

impl HandClock {
    fn new() -> Self {
        HandClock(Arc::new(Mutex::new(Stopped.now())))
    }

    fn pass(&self, by: Duration) {
        lock(&self.0).mono += by;
    }

    /// The same outbox by this clock.
    fn outbox(&self, bench: &Bench) -> Outbox {
        let options = Options { clock: Arc::new(self.clone()), ..Options::default() };
        Outbox::open(bench.dir.path().join("outbox"), options).unwrap()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Now {
        lock(&self.0).clone()
    }
}

fn states(events: &[Event]) -> Vec<State> {
    let state = |event: &Event| match event {
        Event::Changed(item) => item.state,
        other => panic!("{other:?}"),
    };
    events.iter().map(state).collect()
}

#[test]
fn listeners_hear_every_change_until_they_end() {
    let bench = Bench::new();
    let of_two = heard(&bench, || {
        let id = bench.capture().unwrap().id;
        bench.outbox.cancel(id).unwrap();
    });
    assert_eq!(states(&of_two), [State::Queued, State::Cancelled]);
    let (say, heard) = channel();
    let listening = bench.outbox.listen(move |event| say.send(event.clone()).unwrap());
    drop(listening);
    bench.capture().unwrap();
    assert_eq!(heard.iter().count(), 0);
}

#[test]
fn listeners_hear_when_what_holds_items_up_changes_and_when_one_is_erased() {
    let bench = Bench::new();
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let offline = Conditions { network: crate::model::Network::None, ..Conditions::default() };
    let told = |work: &dyn Fn()| heard(&bench, work);

    assert_eq!(told(&|| bench.outbox.set_conditions(offline).unwrap()), [Event::Reasons { account: None }]);
    assert_eq!(told(&|| bench.outbox.set_conditions(offline).unwrap()), []);
    let wanted = Event::Reasons { account: Some("acme".into()) };
    assert_eq!(told(&|| delivery.no_token("acme").unwrap()), [wanted]);
    assert_eq!(told(&|| delivery.no_token("acme").unwrap()), []);
    let forgotten = Event::Forgotten { id, account: "acme".into(), work_order: "10234".into() };
    assert_eq!(told(&|| bench.outbox.forget(id).unwrap()), [forgotten]);
}

#[test]
fn a_listener_that_hangs_holds_up_neither_captures_nor_delivery_and_then_sees_how_all_stands() {
    let bench = Bench::new();
    let ((say, heard), (go_on, allowed)) = (channel(), channel::<()>());
    let outbox = bench.outbox.clone();
    let listening = bench.outbox.listen(move |event| {
        _ = allowed.recv();
        if let Event::Changed(item) = event {
            // It may call the outbox, whatever goes on there.
            say.send((item.id, item.state, outbox.item(item.id).unwrap().state)).unwrap();
        }
    });
    let id = bench.capture().unwrap().id;
    let delivery = bench.outbox.begin_delivery().unwrap();
    let sent = transfer(&delivery);
    for bytes in 0..1_000 {
        delivery.progress(id, bytes, 1_000);
    }
    delivery.report(sent.id, &accepted()).unwrap();
    assert_eq!(bench.states(), [State::Delivered]);
    drop(go_on);
    listening.finish();
    let told: Vec<_> = heard.iter().collect();
    let now = State::Delivered;
    assert_eq!(told, [(id, State::Queued, now), (id, State::Sending, now), (id, State::Delivered, now)]);
}

#[test]
fn progress_is_told_ten_times_a_second_at_most_and_when_all_has_left() {
    let bench = Bench::new();
    let item = bench.capture().unwrap().id;
    let clock = HandClock::new();
    let outbox = clock.outbox(&bench);
    let delivery = outbox.begin_delivery().unwrap();
    let (say, heard) = channel();
    let listening = outbox.listen(move |event| say.send(event.clone()).unwrap());
    let told = || match heard.recv().unwrap() {
        Event::Progress { id, sent, total: 100_000 } if id == item => sent,
        other => panic!("{other:?}"),
    };
    // A second of a transfer that moves every millisecond: each event is heard before the next may come.
    let mut all = Vec::new();
    for millisecond in 0..1_000 {
        delivery.progress(item, millisecond, 100_000);
        if millisecond % 100 == 0 {
            all.push(told());
        }
        clock.pass(Duration::from_millis(1));
    }
    delivery.progress(item, 1_000, 100_000);
    all.push(told());
    delivery.progress(item, 99_999, 100_000);
    delivery.progress(item, 100_000, 100_000);
    delivery.progress(item, 100_000, 100_000);
    listening.finish();
    assert_eq!(all, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
    let last = Event::Progress { id: item, sent: 100_000, total: 100_000 };
    assert_eq!(heard.iter().collect::<Vec<_>>(), [last]);
}

#[test]
fn a_clock_that_began_anew_does_not_silence_progress() {
    let bench = Bench::new();
    let item = bench.capture().unwrap().id;
    let clock = HandClock::new();
    let outbox = clock.outbox(&bench);
    let delivery = outbox.begin_delivery().unwrap();
    let (say, heard) = channel();
    let listening = outbox.listen(move |event| say.send(event.clone()).unwrap());
    delivery.progress(item, 1, 9);
    heard.recv().unwrap();
    *lock(&clock.0) = Now { boot: "another boot".into(), ..Stopped.now() };
    delivery.progress(item, 2, 9);
    listening.finish();
    assert_eq!(heard.iter().collect::<Vec<_>>(), [Event::Progress { id: item, sent: 2, total: 9 }]);
}
