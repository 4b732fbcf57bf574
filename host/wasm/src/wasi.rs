//! WASI for components that were granted it: nothing behind it but clocks, random bytes and the log.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, WasiCtx, WasiCtxBuilder};

use crate::host::Level;
use crate::log::GuestLog;
use crate::now::steady_since_1970;

/// Bytes that a guest may write to standard output before it has to look again whether there is room.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// Most bytes that a guest may draw from the host's random generator at once.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// Makes what WASI functions work on: no files, no network, no arguments, no environment.
pub(crate) fn context(log: &Arc<GuestLog>) -> WasiCtx {
    WasiCtxBuilder::new()
        .stdout(LogStream::new(log, Level::Info))
        .stderr(LogStream::new(log, Level::Warn))
        .monotonic_clock(Steady)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(RANDOM_BYTES_MAX)
        .build()
}

/// The clock by which guests measure how long something took. It counts from 1970, so that it does not go back for a
/// guest that is restored, days later and in another process; within one process it is the steady clock of the machine.
/// It goes back over a suspension only if the time of the machine was set back meanwhile.
struct Steady;

impl HostMonotonicClock for Steady {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(steady_since_1970().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The kinds of the host resources that are alive, as far as they can be told apart.
pub(crate) fn live_resources(table: &mut ResourceTable) -> Vec<String> {
    use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Network, TcpSocket, UdpSocket};
    let name = |entry: &(dyn std::any::Any + Send)| match entry {
        e if e.is::<DynOutputStream>() => "wasi:io/streams.output-stream",
        e if e.is::<DynInputStream>() => "wasi:io/streams.input-stream",
        e if e.is::<DynPollable>() => "wasi:io/poll.pollable",
        e if e.is::<wasmtime_wasi::filesystem::Descriptor>() => "wasi:filesystem/types.descriptor",
        e if e.is::<Network>() => "wasi:sockets/network.network",
        e if e.is::<TcpSocket>() => "wasi:sockets/tcp.tcp-socket",
        e if e.is::<UdpSocket>() => "wasi:sockets/udp.udp-socket",
        _ => "another resource of WASI",
    };
    table.iter_mut().map(|entry| name(entry).to_owned()).collect()
}

/// A standard stream that ends in the log, a line at a time.
#[derive(Clone)]
struct LogStream {
    log: Arc<GuestLog>,
    level: Level,
    /// What was written since the last line break. Held for the time of one write.
    pending: Arc<Mutex<Vec<u8>>>,
}

impl LogStream {
    fn new(log: &Arc<GuestLog>, level: Level) -> Self {
        Self { log: Arc::clone(log), level, pending: Arc::default() }
    }

    fn put(&self, bytes: &[u8]) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            pending.extend_from_slice(text);
            // A line without end is handed on in pieces rather than collected.
            if text.len() < part.len() || pending.len() > self.log.line_bytes() {
                self.hand_on(&mut pending);
            }
        }
    }

    fn hand_on(&self, pending: &mut Vec<u8>) {
        let line = std::mem::take(pending);
        self.log.line(self.level, String::from_utf8_lossy(&line).into_owned(), None);
    }

    fn finish(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if !pending.is_empty() {
            self.hand_on(&mut pending);
        }
    }
}

impl Drop for LogStream {
    /// The last handle hands on what has no line break, such as the prompt of a guest that trapped.
    fn drop(&mut self) {
        if Arc::strong_count(&self.pending) == 1 {
            self.finish();
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.put(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.put(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
