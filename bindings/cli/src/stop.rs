//! How a person, or the system, ends a command that goes on: Ctrl-C or a request to terminate.

/// Ends when the command is asked to stop.
#[cfg(unix)]
pub(crate) async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Ends when the command is asked to stop.
#[cfg(not(unix))]
pub(crate) async fn asked() {
    drop(tokio::signal::ctrl_c().await);
}
