//! A connection whose peer has to take what it is sent, within a time. Reading is bounded elsewhere.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Duration, Sleep, sleep};

/// Ends with an error when a write waits for longer than it may.
pub(super) struct Patient<S> {
    stream: S,
    most: Duration,
    /// Runs while a write waits.
    waits: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, most: Duration) -> Self {
        Self { stream, most, waits: None }
    }

    /// The outcome of a write, or the end of patience.
    fn bounded<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waits = None;
            return outcome;
        }
        let most = self.most;
        let waits = self.waits.get_or_insert_with(|| Box::pin(sleep(most)));
        waits.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.bounded(outcome, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.bounded(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_flush(context);
        this.bounded(outcome, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_shutdown(context);
        this.bounded(outcome, context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::time::Instant;

    use axum::Router;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    /// Serves one connection with an answer of this size; how long it lasted.
    fn serve(bytes: usize, client: impl FnOnce(std::net::TcpStream) + Send + 'static) -> Duration {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = std::thread::spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
                client(stream);
            });
            let (stream, _) = listener.accept().await.unwrap();
            let router = Router::new().fallback(move || async move { vec![b'x'; bytes] });
            let stream = TokioIo::new(Patient::new(stream, Duration::from_millis(200)));
            #[expect(clippy::disallowed_methods, reason = "how long it lasts is what this is about")]
            let started = Instant::now();
            let served =
                hyper::server::conn::http1::Builder::new().serve_connection(stream, TowerToHyperService::new(router));
            let _ = tokio::time::timeout(Duration::from_secs(5), served).await;
            let lasted = started.elapsed();
            client.join().unwrap();
            lasted
        })
    }

    #[test]
    fn a_peer_that_takes_nothing_is_hung_up_on_and_a_slow_one_is_served() {
        let stuck = serve(50_000_000, |stream| {
            std::thread::sleep(Duration::from_secs(3));
            drop(stream);
        });
        assert!(stuck < Duration::from_secs(2), "{stuck:?}");
        serve(3_000_000, |mut stream| {
            let (mut buffer, mut taken) = (vec![0; 300_000], 0);
            loop {
                match stream.read(&mut buffer).unwrap() {
                    0 => break,
                    more => taken += more,
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            assert!(taken > 3_000_000, "{taken}");
        });
    }
}
