//! Photos that the driver prepares at the same time, on a disk that holds them all up until it is told.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fieldpost::{Disk, Error, Held, Item, Lock, Options, Outbox, Photo, Reader, State, Summary, Writer};
use fieldpost_imaging::synthetic::Shot;
use fieldpost_sandbox::Provider;
use fieldpost_tests::{World, job, run, systems};

/// How long a test that fails waits for what does not come.
const IN_VAIN: Duration = Duration::from_secs(60);

/// What holds up whoever makes a body.
#[derive(Default)]
struct Gate {
    making: Mutex<Making>,
    changed: Condvar,
}

#[derive(Default)]
struct Making {
    /// How many bodies are being made.
    now: usize,
    /// The most that ever were at the same time.
    most: usize,
    is_open: bool,
}

impl Gate {
    fn enter(&self) {
        let mut making = self.making.lock().unwrap();
        making.now += 1;
        making.most = making.most.max(making.now);
        self.changed.notify_all();
        drop(self.changed.wait_while(making, |making| !making.is_open).unwrap());
    }

    fn leave(&self) {
        self.making.lock().unwrap().now -= 1;
    }

    /// Returns once so many are being made.
    fn holds(&self, number: usize) {
        let making = self.making.lock().unwrap();
        let waited = self.changed.wait_timeout_while(making, IN_VAIN, |making| making.now < number);
        drop(waited.unwrap());
    }

    fn open(&self) {
        self.making.lock().unwrap().is_open = true;
        self.changed.notify_all();
    }

    fn most(&self) -> usize {
        self.making.lock().unwrap().most
    }
}

/// The machine's disk with that gate.
struct GatedDisk(Arc<dyn Disk>, Arc<Gate>);

/// A body in the making.
struct Body(Box<dyn Writer>, Arc<Gate>);

impl Write for Body {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Writer for Body {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.1.leave();
    }
}

impl Disk for GatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        let file = self.0.create(path)?;
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("body-")) {
            return Ok(file);
        }
        self.1.enter();
        Ok(Box::new(Body(file, self.1.clone())))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn Writer>> {
        self.0.append(path)
    }
    fn touch(&self, path: &Path) -> io::Result<()> {
        self.0.touch(path)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        self.0.open(path)
    }
    fn len(&self, path: &Path) -> io::Result<u64> {
        self.0.len(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.0.list(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.sync_dir(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.remove_file(path)
    }
    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir_all(path)
    }
    fn lock(&self, path: &Path, how: Lock) -> io::Result<Option<Box<dyn Held>>> {
        self.0.lock(path, how)
    }
    fn free(&self, path: &Path) -> Option<u64> {
        self.0.free(path)
    }
}

/// A world, an outbox in it that prepares so many photos at a time, and its gate.
fn gated(threads: usize) -> (World, Outbox, Arc<Gate>) {
    let (world, gate) = (World::in_memory(&[]), Arc::new(Gate::default()));
    let usual = Options::default();
    let disk = Arc::new(GatedDisk(usual.disk.clone(), gate.clone()));
    let threads = NonZeroUsize::new(threads).unwrap();
    let outbox = Outbox::open(world.path().with_file_name("gated"), Options { disk, threads, ..usual }).unwrap();
    outbox.put_account(systems::account(&world.sandbox, Provider::CorrigoPro)).unwrap();
    (world, outbox, gate)
}

fn photos(world: &World, outbox: &Outbox, number: usize) -> Vec<Item> {
    let shot = Shot { width: 96, height: 64, ..Shot::default() };
    let path = world.file("plate.jpg", &shot.jpeg().unwrap());
    let photo = || Photo::new(&path).max_edge(48);
    (0..number).map(|_| outbox.capture(photo(), &job(Provider::CorrigoPro)).unwrap()).collect()
}

/// Delivers, and does that once so many photos are being prepared.
fn deliver(world: &World, outbox: &Outbox, gate: &Arc<Gate>, held: usize, then: impl FnOnce()) -> Summary {
    let tokens = |account: &str| systems::of_account(account).map(|system| world.sandbox.token(system));
    let waiting = gate.clone();
    let delivered: Result<Summary, Error> = run(async {
        let meanwhile = async {
            tokio::task::spawn_blocking(move || waiting.holds(held)).await.unwrap();
            then();
            gate.open();
        };
        tokio::join!(outbox.deliver_with(&tokens, fieldpost_tests::quick()), meanwhile).0
    });
    delivered.expect("delivery runs")
}

fn states(outbox: &Outbox, photos: &[Item]) -> Vec<State> {
    photos.iter().map(|photo| outbox.item(photo.id).unwrap().state).collect()
}

#[test]
fn a_delivery_prepares_as_many_photos_at_once_as_the_app_allows() {
    for threads in [1, 2] {
        let (world, outbox, gate) = gated(threads);
        let photos = photos(&world, &outbox, 4);
        let delivered = deliver(&world, &outbox, &gate, threads, || {}).delivered;
        assert_eq!((delivered, gate.most()), (4, threads));
        assert_eq!(states(&outbox, &photos), [State::Delivered; 4]);
        assert_eq!(outbox.check().unwrap().1, []);
    }
}

#[test]
fn a_delivery_that_is_stopped_waits_for_all_that_it_is_preparing_and_begins_no_more() {
    let (world, outbox, gate) = gated(2);
    let photos = photos(&world, &outbox, 3);
    let summary = deliver(&world, &outbox, &gate, 2, || outbox.stop());
    assert_eq!((summary.delivered, summary.waiting), (0, 3));
    assert_eq!(states(&outbox, &photos), [State::Queued, State::Queued, State::Captured]);
    assert_eq!(outbox.check().unwrap().1, []);
}
