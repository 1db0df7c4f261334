//! The line between the outbox and the server: carries what is said, counts it, and breaks where it is told.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How the line breaks, once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// After so many bytes of the body of a request of this method.
    Cut { method: &'static str, after: u64 },
    /// Before the answer to a request of this method, all of which arrived.
    LoseAnswer(&'static str),
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) offset: Option<u64>,
    /// How much of its body was carried.
    carried: u64,
}

/// The line. It lies open as long as the process lives.
pub(crate) struct Line {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Where it leads.
    to: u16,
    faults: VecDeque<Fault>,
    heads: Vec<Head>,
}

impl Line {
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Mutex::new(Shared { to: port, ..Shared::default() }));
        let line = Line { port: listener.local_addr().unwrap().port(), shared: shared.clone() };
        thread::spawn(move || {
            for client in listener.incoming() {
                let to = shared.lock().unwrap().to;
                // Nobody there: the client finds its connection closed.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", to))) {
                    carry(client, server, shared.clone());
                }
            }
        });
        line
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn lead_to(&self, port: u16) {
        self.shared.lock().unwrap().to = port;
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.shared.lock().unwrap().faults.push_back(fault);
    }

    pub(crate) fn heads(&self) -> Vec<Head> {
        self.shared.lock().unwrap().heads.clone()
    }

    /// How many bytes of bodies of this method arrived.
    pub(crate) fn carried(&self, method: &str) -> u64 {
        self.heads().iter().filter(|head| head.method == method).map(|head| head.carried).sum()
    }
}

/// A connection: one request after another, each answered before the next.
struct Talk {
    shared: Arc<Mutex<Shared>>,
    /// The head that is being read, until it is whole.
    head: Vec<u8>,
    /// The request that is under way, once its head was whole.
    current: Option<usize>,
}

fn carry(client: TcpStream, server: TcpStream, shared: Arc<Mutex<Shared>>) {
    let talk = Arc::new(Mutex::new(Talk { shared, head: Vec::new(), current: None }));
    let (up, down) = (talk.clone(), talk);
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || pump(from, to, |bytes| up.lock().unwrap().asks(bytes)));
    thread::spawn(move || pump(server, client, |bytes| down.lock().unwrap().answers(bytes)));
}

/// Carries all that comes, as far as `passes` lets it; then both ends are closed.
fn pump(mut from: TcpStream, mut to: TcpStream, mut passes: impl FnMut(&[u8]) -> usize) {
    let mut some = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut some) {
        let passed = passes(&some[..n]);
        if to.write_all(&some[..passed]).is_err() || passed < n {
            break;
        }
    }
    _ = from.shutdown(Shutdown::Both);
    _ = to.shutdown(Shutdown::Both);
}

impl Talk {
    /// How many of these bytes reach the server.
    fn asks(&mut self, bytes: &[u8]) -> usize {
        let mut shared = self.shared.lock().unwrap();
        let (head, body) = match self.current {
            Some(_) => (0, bytes.len()),
            None => {
                let before = self.head.len();
                self.head.extend_from_slice(bytes);
                let Some(end) = self.head.windows(4).position(|w| w == b"\r\n\r\n") else { return bytes.len() };
                let head = end + 4 - before;
                self.current = Some(shared.heads.len());
                shared.heads.push(read_head(&self.head[..end]));
                self.head.clear();
                (head, bytes.len() - head)
            }
        };
        let Shared { heads, faults, .. } = &mut *shared;
        let current = &mut heads[self.current.unwrap()];
        let most = match faults.front() {
            Some(Fault::Cut { method, after }) if current.method == *method => after.saturating_sub(current.carried),
            _ => u64::MAX,
        };
        let passed = body.min(usize::try_from(most).unwrap_or(usize::MAX));
        current.carried += passed as u64;
        if passed < body {
            faults.pop_front();
        }
        head + passed
    }

    /// How many of these bytes reach the client.
    fn answers(&mut self, bytes: &[u8]) -> usize {
        let mut shared = self.shared.lock().unwrap();
        let Some(current) = self.current.take() else { return bytes.len() }; // the rest of an answer
        let method = shared.heads[current].method.clone();
        match shared.faults.front() {
            Some(Fault::LoseAnswer(lost)) if *lost == method => {
                shared.faults.pop_front();
                0
            }
            _ => bytes.len(),
        }
    }
}

fn read_head(head: &[u8]) -> Head {
    let head = String::from_utf8_lossy(head);
    let method = head.split(' ').next().unwrap_or_default().to_owned();
    let offset = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("upload-offset").then(|| value.trim().parse().ok())?
    });
    Head { method, offset, carried: 0 }
}
