//! What other processes change, heard of without asking again and again: they touch the `wake` file.
//!
//! | system | what tells | of what |
//! |---|---|---|
//! | Linux, Android | inotify | the file was written to and closed, or closed without |
//! | Apple | kqueue | its times or its content changed |
//! | others | nothing | |
//!
//! So a touch has to be both: opened for writing, and its time set ([`Disk::touch`](crate::Disk::touch)). Where nothing tells,
//! what another process captured goes with the next change, wait or delivery of this one; on phones the host tells anyway.
//!
//! What stands here for Apple's systems is type-checked for iOS by `cargo xtask test phones`, and was never run on one.

use std::path::Path;

/// Hears of other processes.
pub(super) struct Others {
    ear: Option<system::Ear>,
}

impl Others {
    /// Hears all from here on. Where the system has no watch to give (there is a limit to them), nothing.
    pub(super) fn watch(wake: &Path) -> Self {
        Others { ear: system::Ear::at(wake).ok() }
    }

    /// Ends when another process has changed something since this last ended.
    pub(super) async fn changed(&self) {
        match &self.ear {
            Some(ear) => ear.heard().await,
            None => std::future::pending().await,
        }
    }
}

/// Made here, for a file that is not there cannot be watched.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn made(wake: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().append(true).create(true).open(wake)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::io;
    use std::path::Path;

    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    use tokio::net::unix::pipe::Receiver;

    pub(super) struct Ear(Option<Receiver>);

    impl Drop for Ear {
        /// Closing a watch takes the kernel tens of milliseconds at times: it waits for all that may just be telling it something.
        /// Nobody's delivery waits with it.
        fn drop(&mut self) {
            if let Some(Ok(watch)) = self.0.take().map(Receiver::into_nonblocking_fd) {
                // Where there is no thread to be had, it is closed here.
                _ = std::thread::Builder::new().name("fieldpost-unwatch".to_owned()).spawn(move || drop(watch));
            }
        }
    }

    impl Ear {
        pub(super) fn at(wake: &Path) -> io::Result<Self> {
            super::made(wake)?;
            let ear = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            add_watch(&ear, wake, WatchFlags::CLOSE_WRITE)?;
            // Not checked to be a pipe, which it is not: it is read like one.
            Ok(Ear(Some(Receiver::from_owned_fd_unchecked(ear)?)))
        }

        pub(super) async fn heard(&self) {
            let Some(watch) = &self.0 else { return std::future::pending().await };
            if watch.readable().await.is_err() {
                return std::future::pending().await;
            }
            // All of it at once: what it says does not matter, only that it said something.
            let mut events = [0; 4096];
            while matches!(watch.try_read(&mut events), Ok(1..)) {}
        }
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, RawFd};
    use std::path::Path;

    // rustix has kqueue too, but only for unsafe code.
    use nix::libc::timespec;
    use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// Asks, and does not wait.
    const AT_ONCE: timespec = timespec { tv_sec: 0, tv_nsec: 0 };

    pub(super) struct Ear(AsyncFd<Watch>);

    /// A queue of events, which can be waited for like a pipe.
    struct Watch {
        queue: Kqueue,
        /// Watched for as long as it is open.
        _wake: File,
    }

    impl AsRawFd for Watch {
        fn as_raw_fd(&self) -> RawFd {
            self.queue.as_fd().as_raw_fd()
        }
    }

    impl Ear {
        pub(super) fn at(wake: &Path) -> io::Result<Self> {
            let (wake, queue) = (super::made(wake)?, Kqueue::new()?);
            let file = usize::try_from(wake.as_raw_fd()).map_err(io::Error::other)?;
            let touched = FilterFlag::NOTE_ATTRIB | FilterFlag::NOTE_WRITE | FilterFlag::NOTE_EXTEND;
            let again = EvFlags::EV_ADD | EvFlags::EV_CLEAR;
            let watch = KEvent::new(file, EventFilter::EVFILT_VNODE, again, touched, 0, 0);
            queue.kevent(&[watch], &mut [], Some(AT_ONCE))?;
            // The successor is unsafe, and asks for what a watch keeps: one descriptor, open for as long as it lives.
            #[expect(deprecated, reason = "no unsafe code here")]
            let ear = AsyncFd::with_interest(Watch { queue, _wake: wake }, Interest::READABLE)?;
            Ok(Ear(ear))
        }

        pub(super) async fn heard(&self) {
            let Ok(mut ready) = self.0.readable().await else { return std::future::pending().await };
            // One file is watched, so one event is all there can be: what it says does not matter, only that it said something.
            let nothing = KEvent::new(0, EventFilter::EVFILT_VNODE, EvFlags::empty(), FilterFlag::empty(), 0, 0);
            while matches!(self.0.get_ref().queue.kevent(&[], &mut [nothing], Some(AT_ONCE)), Ok(1..)) {}
            ready.clear_ready();
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod system {
    use std::io;
    use std::path::Path;

    pub(super) enum Ear {}

    impl Ear {
        pub(super) fn at(_: &Path) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) async fn heard(&self) {
            match *self {}
        }
    }
}
