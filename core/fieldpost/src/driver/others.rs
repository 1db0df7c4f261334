//! What other processes change, heard of without asking again and again: they open the `wake` file for writing and close it.
//!
//! Linux and Android: inotify. Elsewhere nothing is heard, and what another process captured goes with the next change, wait
//! or delivery of this one; on phones the host tells anyway.

use std::path::Path;

/// Hears of other processes.
pub(super) struct Others {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    ear: Option<tokio::net::unix::pipe::Receiver>,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Others {
    /// Hears all from here on. Where the system has no watch to give (there is a limit to them), nothing.
    pub(super) fn watch(wake: &Path) -> Self {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let ear = || -> std::io::Result<_> {
            // Made here, for a file that is not there cannot be watched.
            std::fs::OpenOptions::new().append(true).create(true).open(wake)?;
            let ear = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            add_watch(&ear, wake, WatchFlags::CLOSE_WRITE)?;
            // Not checked to be a pipe, which it is not: it is read like one.
            tokio::net::unix::pipe::Receiver::from_owned_fd_unchecked(ear)
        };
        Others { ear: ear().ok() }
    }

    /// Ends when another process has changed something since this last ended.
    pub(super) async fn changed(&self) {
        let Some(ear) = &self.ear else { return std::future::pending().await };
        if ear.readable().await.is_err() {
            return std::future::pending().await;
        }
        // All of it at once: what it says does not matter, only that it said something.
        let mut events = [0; 4096];
        while matches!(ear.try_read(&mut events), Ok(1..)) {}
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Others {
    pub(super) fn watch(_: &Path) -> Self {
        Others {}
    }

    pub(super) async fn changed(&self) {
        std::future::pending().await
    }
}
