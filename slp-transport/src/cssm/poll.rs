//! `POST {base}/v2/accounts/poll`: is the result there? Spec: transport, "Poll".

use http::Response;
use slp_model::UnixMillis;

use crate::cssm::CloudAnswer;
use crate::cssm::call::licensing_call;
use crate::message::Template;
use crate::wire::record;
use crate::{Action, Error, Exchange, Limits, Nonce, PollId};

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

licensing_call!(Poll at PATH => CloudAnswer, OK);
