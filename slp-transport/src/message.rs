//! One definition per operation: what is asked, how it becomes HTTP, and how both sides read it.
//!
//! No socket, no clock, no randomness: times and nonces are arguments. Spec: transport, "Sans-IO shape" (choice).

mod answer;
mod base;
mod printable;
mod template;

use http::{Request, Response};

pub use base::BaseUrl;
pub use printable::printable;

pub(crate) use answer::{body_of, failed, not_served, respond, success, take};
pub(crate) use printable::Masked;
pub(crate) use template::{Template, decode_segment, encode_segment};

use crate::{Error, Limits};

/// An operation and how its answer is read.
pub trait Exchange: Sized {
    /// What the peer says when all went well.
    type Answer;

    /// Method and path template: how errors and logs name the operation.
    const OPERATION: &'static str;

    /// Reads the answer.
    ///
    /// # Errors
    /// By kind, see [`ErrorKind`](crate::ErrorKind): a status that is no success, a body that cannot be read, a refusal
    /// inside a success. [`Error::retry`] says whether the same bytes may be sent again.
    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<Self::Answer, Error>;
}

/// An operation that a session of type `S` can ask for.
pub trait Call<S>: Exchange {
    /// The whole HTTP message. Keep it: a repeat carries the same bytes.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) when a value cannot be written into an address or a header.
    fn into_http(self, session: &S) -> Result<Request<Vec<u8>>, Error>;
}

/// The other side: reads the request, writes the answer. For servers and test doubles.
pub trait Serve: Exchange {
    /// Reads the request.
    ///
    /// # Errors
    /// [`Request`](crate::ErrorKind::Request) for another method or path, and those of reading a body.
    fn from_http(request: &Request<Vec<u8>>, limits: &Limits) -> Result<Self, Error>;

    /// Writes the answer of a success.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) when a value cannot be written into a header.
    fn respond(answer: &Self::Answer) -> Result<Response<Vec<u8>>, Error>;
}
