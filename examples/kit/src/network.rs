//! Takes a message to where it goes, and brings the answer.

use http::{Request, Response};
use slp_transport::client::Client;

/// Takes a message to where it goes, and brings the answer.
pub trait Network: Send + Sync {
    /// The answer; `None` when nothing came back.
    fn send(&self, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>>;
}

impl Network for Client {
    fn send(&self, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        Self::send(self, request).ok()
    }
}

impl<F: Fn(&Request<Vec<u8>>) -> Option<Response<Vec<u8>>> + Send + Sync> Network for F {
    fn send(&self, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self(request)
    }
}
