//! The collector utility (CSLU) as its operator sees it: is it well, what does it do. Spec: transport, "f" (code).
//!
//! Both calls carry HTTP Basic, through [`device::Session`](crate::device::Session) with the address of the utility
//! (`http://{host}:8182`). A server of ours answers nobody without it: routes that did were a hole in the product.

use http::{Method, Request, Response, StatusCode};

use crate::device::Session;
use crate::message::{self, Serve, Template};
use crate::wire::{self, Fail, In, Out, Wire, record};
use crate::{Call, Error, Exchange, Limits};

const HEALTH: Template = Template("/cslu/v1/health");
const JOBS: Template = Template("/cslu/v1/scheduler/jobs");

/// `GET /cslu/v1/health`: does it run?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health;

impl Health {
    /// The call.
    pub fn new() -> Self {
        Self
    }
}

impl Exchange for Health {
    /// A success is the answer; its body is not published, and not read.
    type Answer = ();
    const OPERATION: &'static str = "GET /cslu/v1/health";

    fn answer(response: &Response<Vec<u8>>, _: &Limits) -> Result<(), Error> {
        message::success(response, Self::OPERATION)
    }
}

impl Call<Session> for Health {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        session.request(Method::GET, HEALTH.0, None)
    }
}

impl Serve for Health {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::GET, Self::OPERATION)?;
        message::take(HEALTH, request, Self::OPERATION).map(|_| Self)
    }

    fn respond((): &()) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, "{\"status\":\"UP\"}".to_owned()))
    }
}

/// `GET /cslu/v1/scheduler/jobs`: what it does, and how that stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Jobs;

impl Jobs {
    /// The call.
    pub fn new() -> Self {
        Self
    }
}

record! {
    /// One job.
    pub struct Job {
        /// What it is called.
        job_name: req String = "job_name",
        /// How it stands.
        current_status: opt String = "current_status",
    }
}

/// All jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobList {
    /// In the order of the answer.
    pub jobs: Vec<Job>,
}

impl JobList {
    /// These jobs.
    pub fn new(jobs: Vec<Job>) -> Self {
        Self { jobs }
    }
}

impl Wire for JobList {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        Vec::read(input).map(Self::new)
    }

    fn write(&self, out: &mut Out) {
        self.jobs.write(out);
    }
}

impl Exchange for Jobs {
    type Answer = JobList;
    const OPERATION: &'static str = "GET /cslu/v1/scheduler/jobs";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<JobList, Error> {
        message::body_of(response, limits, Self::OPERATION)
    }
}

impl Call<Session> for Jobs {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        session.request(Method::GET, JOBS.0, None)
    }
}

impl Serve for Jobs {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::GET, Self::OPERATION)?;
        message::take(JOBS, request, Self::OPERATION).map(|_| Self)
    }

    fn respond(answer: &JobList) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, wire::to_text(answer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BaseUrl, Secret};

    fn session() -> Session {
        let base: BaseUrl = "http://192.0.2.7:8182".parse().unwrap();
        Session::new(base, "operator", Secret::new("x"))
    }

    #[test]
    fn both_calls_are_asked_with_a_password_and_read_on_the_other_side() {
        let limits = Limits::default();
        let health = Health::new().into_http(&session()).unwrap();
        assert_eq!(health.uri(), "http://192.0.2.7:8182/cslu/v1/health");
        assert!(health.headers().contains_key("authorization"));
        assert!(Health::from_http(&health, &limits).is_ok() && Jobs::from_http(&health, &limits).is_err());
        assert!(Health::answer(&Health::respond(&()).unwrap(), &limits).is_ok());
    }

    #[test]
    fn jobs_keep_what_is_not_known_of_them() {
        let text = r#"[{"job_name":"rum","current_status":"IDLE","next":7},{"job_name":"sync"}]"#;
        let response = Response::new(text.as_bytes().to_vec());
        let jobs = Jobs::answer(&response, &Limits::default()).unwrap();
        assert_eq!((jobs.jobs.len(), jobs.jobs[0].unknown.get("next")), (2, Some("7")));
        assert_eq!(Jobs::respond(&jobs).unwrap().body(), text.as_bytes());
    }
}
