//! The sockets: accepting, TLS, counting, cutting, and the network that is gone.
//!
//! Owns: every connection to the systems' port, from accept to close. Never: reads HTTP.
//!
//! ```text
//! Pump: listener (or the bare port, while shut) --accept--> [TLS handshake] --Line--> hyper --> axum
//! ```

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Small, so that a body cut in the middle is not in the kernel's hands already.
const RECEIVE_BUFFER: u32 = 64 * 1024;

/// The network between the clients and the systems. The control has a port of its own, which is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// As it should be.
    #[default]
    Up,
    /// Open connections are cut; new ones are accepted and closed at once, unread.
    Gone,
    /// Open connections are cut; new ones are refused: nothing listens.
    Refused,
    /// Open connections are cut; new ones are accepted, never read and never answered.
    Silent,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) number: u64,
    /// It brought a control request: not the clients'.
    control: AtomicBool,
    cut: AtomicBool,
    mute: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
    flushes: watch::Sender<u64>,
}

impl Conn {
    /// Ends the connection: nothing more is read or written.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    /// Swallows all that is written from now on; the connection stays until the client or a cut ends it.
    pub(crate) fn mute(&self) {
        self.mute.store(true, Ordering::SeqCst);
    }

    fn is_mute(&self) -> bool {
        self.mute.load(Ordering::SeqCst)
    }

    /// Says that it is the control's own.
    pub(crate) fn mark_control(&self) {
        self.control.store(true, Ordering::SeqCst);
    }

    fn is_control(&self) -> bool {
        self.control.load(Ordering::SeqCst)
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// Waits until what is being written has gone to the kernel.
    pub(crate) async fn flushed(&self) {
        let mut flushes = self.flushes.subscribe();
        flushes.borrow_and_update();
        // The sender lives in `self`: it cannot be gone.
        let _ = flushes.changed().await;
    }
}

/// All open connections.
#[derive(Debug, Default)]
pub(crate) struct Conns {
    open: Mutex<BTreeMap<u64, Arc<Conn>>>,
    last: AtomicU64,
}

impl Conns {
    /// Numbers begin after `last`.
    pub(crate) fn after(last: u64) -> Self {
        Self { open: Mutex::default(), last: AtomicU64::new(last) }
    }

    /// How many connections of clients are open.
    pub(crate) fn count(&self) -> usize {
        self.open().values().filter(|c| !c.is_control()).count()
    }

    fn cut_all(&self) {
        self.open().values().filter(|c| !c.is_control()).for_each(|c| c.cut());
    }

    fn enter(self: &Arc<Self>) -> Guard {
        let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        let conn = Arc::new(Conn {
            number,
            control: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            mute: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            flushes: watch::Sender::new(0),
        });
        self.open().insert(number, Arc::clone(&conn));
        Guard { conns: Arc::clone(self), conn }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Conn>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a connection counted.
#[derive(Debug)]
struct Guard {
    conns: Arc<Conns>,
    conn: Arc<Conn>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.conns.open().remove(&self.conn.number);
    }
}

/// A connection's bytes. The socket is closed before the connection stops being counted (fields drop in order).
pub(crate) struct Line {
    socket: Socket,
    guard: Guard,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Line {
    fn socket(&mut self) -> Pin<&mut dyn Duplex> {
        match &mut self.socket {
            Socket::Plain(tcp) => Pin::new(tcp),
            Socket::Tls(tls) => Pin::new(tls.as_mut()),
        }
    }

    /// Fails if the line is cut, else sees to it that a cut wakes the reader.
    fn reading(&self, cx: &Context<'_>) -> io::Result<()> {
        self.guard.conn.reader.register(cx.waker());
        self.sound()
    }

    fn writing(&self, cx: &Context<'_>) -> io::Result<()> {
        self.guard.conn.writer.register(cx.waker());
        self.sound()
    }

    /// Waits for the client to end the connection.
    fn hung_up(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut ignored = [0; 1024];
        loop {
            self.reading(cx)?;
            let mut ignored = ReadBuf::new(&mut ignored);
            std::task::ready!(self.socket().poll_read(cx, &mut ignored))?;
            if ignored.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn sound(&self) -> io::Result<()> {
        match self.guard.conn.is_cut() {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.reading(cx)?;
        self.socket().poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.writing(cx)?;
        if self.guard.conn.is_mute() {
            return Poll::Ready(Ok(buf.len()));
        }
        self.socket().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writing(cx)?;
        std::task::ready!(self.socket().poll_flush(cx))?;
        self.guard.conn.flushes.send_modify(|n| *n += 1);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.guard.conn.is_cut() {
            return Poll::Ready(Ok(()));
        }
        if self.guard.conn.is_mute() {
            return self.hung_up(cx);
        }
        self.socket().poll_shutdown(cx)
    }
}

/// The connection that brought a request, for its handler.
#[derive(Clone, Debug)]
pub(crate) struct Via(pub(crate) Arc<Conn>);

/// Serves the connections that the pump hands over, each for itself.
pub(crate) async fn serve(mut lines: mpsc::UnboundedReceiver<Line>, app: axum::Router) {
    while let Some(line) = lines.recv().await {
        let via = Via(Arc::clone(&line.guard.conn));
        let service = TowerToHyperService::new(app.clone().layer(axum::Extension(via)));
        // Half closed is whole enough: who sends a whole request and dies has sent a whole request.
        let connection = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(line), service);
        // A connection's end is never news here: clients die, and faults cut.
        tokio::spawn(async move { drop(connection.await) });
    }
}

/// What the pump is asked, and who waits for it.
pub(crate) type Asked = (Errand, std::sync::mpsc::SyncSender<io::Result<()>>);

/// What the pump can be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Errand {
    /// Change the network.
    Become(Network),
    /// Take in every connection that has come, so that it is counted.
    Gather,
}

/// Accepts connections, as far as the network allows.
pub(crate) struct Pump {
    door: Door,
    address: SocketAddr,
    network: Network,
    /// Connections of a silent network.
    held: Vec<(TcpStream, Guard)>,
    conns: Arc<Conns>,
    errands: mpsc::UnboundedReceiver<Asked>,
    lines: mpsc::UnboundedSender<Line>,
    tls: Option<TlsAcceptor>,
    /// Whether a fault closes the connection that has just come.
    unreachable: Box<dyn FnMut() -> bool + Send>,
}

enum Door {
    /// The listener, and a twin of the same socket that can be asked at once what has come.
    Open(TcpListener, std::net::TcpListener),
    /// Bound, so that nobody else gets the port, and not listening, so that connections are refused.
    Shut(TcpSocket),
    /// Neither, after a failed change; the next change tries again.
    Lost,
}

impl Pump {
    /// Binds the port.
    pub(crate) fn open(
        port: u16,
        conns: Arc<Conns>,
        errands: mpsc::UnboundedReceiver<Asked>,
        tls: Option<TlsAcceptor>,
        unreachable: Box<dyn FnMut() -> bool + Send>,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Line>)> {
        let door = opened(bound(SocketAddr::from(([127, 0, 0, 1], port)))?)?;
        let address = match &door {
            Door::Open(listener, _) => listener.local_addr()?,
            Door::Shut(_) | Door::Lost => return Err(io::ErrorKind::NotConnected.into()),
        };
        let (lines, receiver) = mpsc::unbounded_channel();
        let pump =
            Self { door, address, network: Network::Up, held: Vec::new(), conns, errands, lines, tls, unreachable };
        Ok((pump, receiver))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Works until nobody can change the network any more.
    pub(crate) async fn run(mut self) {
        loop {
            tokio::select! {
                asked = self.errands.recv() => match asked {
                    Some((errand, waiting)) => {
                        let _ = waiting.send(self.run_errand(errand));
                    }
                    None => return,
                },
                stream = accept(&self.door) => self.take(stream),
            }
        }
    }

    fn run_errand(&mut self, errand: Errand) -> io::Result<()> {
        match errand {
            Errand::Become(network) => self.change(network),
            Errand::Gather => self.gather(),
        }
    }

    /// A connection that the kernel has accepted may have brought a whole request that nobody has read yet.
    fn gather(&mut self) -> io::Result<()> {
        loop {
            let Door::Open(_, twin) = &self.door else { return Ok(()) };
            match twin.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    self.take(TcpStream::from_std(stream)?);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn change(&mut self, network: Network) -> io::Result<()> {
        if network != Network::Up {
            self.conns.cut_all();
        }
        self.held.clear();
        self.network = network;
        let door = std::mem::replace(&mut self.door, Door::Lost);
        self.door = match (door, network == Network::Refused) {
            (Door::Open(listener, twin), true) => {
                drop((listener, twin));
                Door::Shut(bound(self.address)?)
            }
            (Door::Shut(socket), false) => opened(socket)?,
            (Door::Lost, true) => Door::Shut(bound(self.address)?),
            (Door::Lost, false) => opened(bound(self.address)?)?,
            (door, _) => door,
        };
        Ok(())
    }

    fn take(&mut self, stream: TcpStream) {
        match self.network {
            Network::Gone | Network::Refused => {}
            Network::Silent => self.held.push((stream, self.conns.enter())),
            Network::Up if (self.unreachable)() => {}
            Network::Up => self.hand_over(stream),
        }
    }

    fn hand_over(&self, stream: TcpStream) {
        // Only a matter of speed.
        let _ = stream.set_nodelay(true);
        let guard = self.conns.enter();
        let lines = self.lines.clone();
        let Some(tls) = self.tls.clone() else {
            let _ = lines.send(Line { socket: Socket::Plain(stream), guard });
            return;
        };
        tokio::spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                let _ = lines.send(Line { socket: Socket::Tls(Box::new(stream)), guard });
            }
        });
    }
}

async fn accept(door: &Door) -> TcpStream {
    let Door::Open(listener, _) = door else {
        return std::future::pending().await;
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // A connection that was gone before it was accepted, or no file handles left: others may still come.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

fn opened(socket: TcpSocket) -> io::Result<Door> {
    let twin = socket.listen(BACKLOG)?.into_std()?;
    Ok(Door::Open(TcpListener::from_std(twin.try_clone()?)?, twin))
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(address)?;
    Ok(socket)
}
