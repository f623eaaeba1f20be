//! `POST {base}/v2/accounts/poll`: is the result there? Spec: transport, "Poll".

use http::{Method, Request, Response, StatusCode};
use slp_model::UnixMillis;

use crate::cssm::{CloudAnswer, Session};
use crate::message::{self, Serve, Template};
use crate::wire::{self, record};
use crate::{Action, Call, Error, Exchange, Limits, Nonce, PollId};

const PATH: Template = Template("/v2/accounts/poll");

record! {
    /// Asks for the result of a submit: its nonce, a fresh timestamp (choice).
    pub struct Poll within "data" {
        /// When the message was made; a string of digits is read too (code).
        timestamp: req UnixMillis = "timestamp",
        /// That of the submit.
        nonce: req Nonce = "nonce",
        /// The id from the answer to the submit.
        poll_id: req PollId = "poll_id",
        /// What is asked for.
        action: req Action = "action",
        /// One client sends it (code); we do not.
        kind: opt String = "type",
    }
}

impl Exchange for Poll {
    type Answer = CloudAnswer;
    const OPERATION: &'static str = "POST /v2/accounts/poll";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<CloudAnswer, Error> {
        CloudAnswer::read(response, limits, Self::OPERATION)
    }
}

impl Call<Session> for Poll {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        session.licensing_request(&PATH.fill(&[]), self.to_json())
    }
}

impl Serve for Poll {
    fn from_http(request: &Request<Vec<u8>>, limits: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::POST, Self::OPERATION)?;
        message::take(PATH, request, Self::OPERATION)?;
        wire::from_body(request.body(), limits, Self::OPERATION)
    }

    fn respond(answer: &CloudAnswer) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, answer.to_json()))
    }
}
