//! Whether anybody reads standard output.

/// Returns when nobody can read standard output any more, as when `head` has ended; never where that cannot be told.
///
/// Writing would tell as well, but there may be nothing to write for days.
#[cfg(unix)]
pub(crate) async fn is_gone() {
    let (tell, told) = tokio::sync::oneshot::channel();
    // Not a thread of the runtime's, which would wait for its end.
    let watch = std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        if wait().is_ok() {
            // The command may have ended meanwhile.
            let _ = tell.send(());
        }
    });
    if watch.is_err() || told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits for the end of a pipe, socket or terminal. A file has none.
#[cfg(unix)]
fn wait() -> std::io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    let out = std::io::stdout();
    loop {
        // Errors and hang-ups are told whether they are asked for or not.
        let mut polled = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut polled, None) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
pub(crate) async fn is_gone() {
    std::future::pending::<()>().await;
}
