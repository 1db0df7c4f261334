//! The one server that both sides talk to: HTTP/1.1, bare, on a thread of its own. Reads a request as fast as it can, forgets
//! it, waits as long as it is told and answers with CorrigoPro Direct's proof, each time another. A list, for which our side asks
//! once to find out whether it can be trusted, is empty.

use std::io;
use std::net::{SocketAddr, TcpListener as Bound};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What one read may take.
const BUFFER: usize = 256 * 1024;

pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    delay_ms: AtomicU64,
    connections: AtomicU64,
    uploads: AtomicU64,
    ids: AtomicU64,
    present: AtomicU64,
    most: AtomicU64,
}

/// What the server saw since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) uploads: u64,
    pub(crate) connections: u64,
    /// Requests at once, from their first byte to their answer.
    pub(crate) most: u64,
}

impl Server {
    /// Serves until the process ends.
    pub(crate) fn start() -> io::Result<Self> {
        let bound = Bound::bind(("127.0.0.1", 0))?;
        bound.set_nonblocking(true)?;
        let (address, shared) = (bound.local_addr()?, Arc::new(Shared::default()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let of_thread = shared.clone();
        std::thread::spawn(move || {
            runtime.block_on(async move {
                let listener = TcpListener::from_std(bound).expect("a listening socket is one to tokio too");
                while let Ok((socket, _)) = listener.accept().await {
                    of_thread.connections.fetch_add(1, Relaxed);
                    tokio::spawn(serve(socket, of_thread.clone()));
                }
            });
        });
        Ok(Server { address, shared })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on answers come so long after their requests.
    pub(crate) fn answer_after(&self, delay: Duration) {
        self.shared.delay_ms.store(delay.as_millis().try_into().unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn seen(&self) -> Seen {
        let take = |count: &AtomicU64| count.swap(0, Relaxed);
        let Shared { connections, uploads, most, .. } = &*self.shared;
        Seen { uploads: take(uploads), connections: take(connections), most: take(most) }
    }
}

/// A connection, until its other side has enough.
async fn serve(mut socket: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let (mut buffer, mut filled) = (vec![0; BUFFER], 0);
    loop {
        let head = loop {
            if let Some(head) = Head::read(&buffer[..filled]) {
                break head;
            }
            match socket.read(&mut buffer[filled..]).await? {
                0 => return Ok(()),
                n => filled += n,
            }
        };
        let present = shared.present.fetch_add(1, Relaxed) + 1;
        shared.most.fetch_max(present, Relaxed);
        let talked = answer(&mut socket, &head, filled, &mut buffer, &shared).await;
        shared.present.fetch_sub(1, Relaxed);
        talked?;
        filled = 0;
    }
}

/// Reads the rest of a request and answers it.
async fn answer(
    socket: &mut TcpStream,
    head: &Head,
    filled: usize,
    buffer: &mut [u8],
    shared: &Shared,
) -> io::Result<()> {
    if head.waits_for_leave {
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let mut rest = head.body.saturating_sub(filled - head.length);
    while rest > 0 {
        let space = rest.min(buffer.len());
        match socket.read(&mut buffer[..space]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => rest -= n,
        }
    }
    if head.reads {
        return socket.write_all(ok("[]").as_bytes()).await;
    }
    let delay = Duration::from_millis(shared.delay_ms.load(Relaxed));
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    shared.uploads.fetch_add(1, Relaxed);
    let id = shared.ids.fetch_add(1, Relaxed);
    socket.write_all(proof(id).as_bytes()).await
}

fn proof(id: u64) -> String {
    ok(&format!(r#"{{"AttachmentId": "{id}", "MessageId": "{id}"}}"#))
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// What a request says before its body.
struct Head {
    length: usize,
    body: usize,
    waits_for_leave: bool,
    reads: bool,
}

impl Head {
    /// `None`: not all of it is there.
    fn read(bytes: &[u8]) -> Option<Head> {
        let length = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&bytes[..length]).to_ascii_lowercase();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let body = field("content-length:").and_then(|n| n.parse().ok()).unwrap_or(0);
        let waits_for_leave = field("expect:") == Some("100-continue");
        Some(Head { length, body, waits_for_leave, reads: text.starts_with("get ") })
    }
}
