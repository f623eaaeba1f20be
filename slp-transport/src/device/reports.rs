//! Close reports, list them, fetch them. Spec: transport, "a1".

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use slp_model::json::ValueKind;

use crate::device::Session;
use crate::message::{self, Serve, Template};
use crate::wire::{self, Fail, In, Out, Wire, record};
use crate::{Call, Error, Exchange, Limits, RawJson, RumEnvelope, Unknown};

/// `POST /smartlic-service/close-reports`: end the open reports, so that they can be fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReports;

/// `GET /smartlic-service/list`: which reports there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListReports;

/// `GET /smartlic-service/all-reports`: every closed report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllReports;

/// `GET /smartlic-service/days[/{n}]`: the reports of the last n days, of the last 90 without a number (doc).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayReports {
    /// How many days.
    pub days: Option<u32>,
}

/// One report by its id. How the id is passed is not published: try the paths in turn, and
/// [`AllReports`] when all of them bring 404. Spec: transport, "a1" (choice).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportById {
    /// Number of the report, unique for the device.
    pub id: u64,
    /// Which of the paths.
    pub path: ReportPath,
}

/// The paths under which a device may give one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportPath {
    /// `/smartlic-service/rum-report-id/{id}` (doc)
    Segment,
    /// `/smartlic-service/rum-report-id?id={id}` (choice)
    Query,
    /// `/smartlic-service/days/rum-report-id/{id}` (doc)
    DaysSegment,
}

impl ReportPath {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Segment, Self::Query, Self::DaysSegment];
}

impl CloseReports {
    /// The call.
    pub fn new() -> Self {
        Self
    }
}

impl ListReports {
    /// The call.
    pub fn new() -> Self {
        Self
    }
}

impl AllReports {
    /// The call.
    pub fn new() -> Self {
        Self
    }
}

impl DayReports {
    /// The reports of the last 90 days.
    pub fn new() -> Self {
        Self { days: None }
    }

    /// The reports of the last `days` days.
    pub fn last(days: u32) -> Self {
        Self { days: Some(days) }
    }
}

impl ReportById {
    /// The report with this id, asked for under this path.
    pub fn new(id: u64, path: ReportPath) -> Self {
        Self { id, path }
    }
}

/// The reports of a device. Four shapes are read: `usage` missing means no reports (code), a single object one report
/// (as the published description has it), an array its elements, and a bare envelope itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceReports {
    /// The reports, as the device ordered them.
    pub usage: Vec<RumEnvelope>,
    /// Elements of the array that are no reports. They cost themselves alone.
    pub unread: Vec<UnreadReport>,
    /// What stands beside them: conversion data, for example.
    pub unknown: Unknown,
}

/// An element that should be a report and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadReport {
    /// Its place in the array, from 0.
    pub index: usize,
    /// As it stood.
    pub raw: RawJson,
    /// Place and reason, in words.
    pub reason: String,
}

impl DeviceReports {
    /// What a device answers that has these reports.
    pub fn new(usage: Vec<RumEnvelope>) -> Self {
        Self { usage, ..Self::default() }
    }
}

impl Wire for DeviceReports {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let mut reports = Self::default();
        let mut whole = input.probe();
        let mut bare = false;
        input.reader.begin_object()?;
        let mut seen = false;
        loop {
            let at = input.reader.value_offset();
            let Some(name) = input.reader.next_member()? else { break };
            if &*name != "usage" {
                bare |= &*name == "payload";
                reports.unknown.read_long(name, at, input)?;
                continue;
            }
            if std::mem::replace(&mut seen, true) {
                return Err(slp_model::json::Fault::duplicate(at, "usage").into());
            }
            usage(input, &mut reports).map_err(|fail| fail.in_member("usage"))?;
        }
        if bare && !seen {
            return Ok(Self::new(vec![RumEnvelope::read(&mut whole)?]));
        }
        Ok(reports)
    }

    fn write(&self, out: &mut Out) {
        let mut first = true;
        out.text.push('{');
        out.member(&mut first, "usage");
        self.usage.write(out);
        self.unknown.write(out, &mut first);
        out.text.push('}');
    }
}

fn usage(input: &mut In<'_, '_>, reports: &mut DeviceReports) -> Result<(), Fail> {
    match input.reader.kind()? {
        ValueKind::Null => input.reader.null()?,
        ValueKind::Object => reports.usage.push(RumEnvelope::read(input)?),
        _ => {
            let at = input.reader.value_offset();
            input.reader.begin_array()?;
            let mut index = 0_usize;
            while input.reader.next_element()? {
                if u64::try_from(index).is_ok_and(|count| count >= input.limits.reports) {
                    return Err(Fail::limit(at, "reports", input.limits.reports));
                }
                let mut again = input.probe();
                match RumEnvelope::read(input) {
                    Ok(envelope) => reports.usage.push(envelope),
                    Err(fail) => {
                        // What is no JSON ends the reading; what is of another shape can be stepped over.
                        let raw = RawJson::read(&mut again).map_err(|broken| broken.in_element(index))?;
                        input.reader = again.reader;
                        let reason = Error::json(&fail.in_element(index).in_member("usage"), "").to_string();
                        reports.unread.push(UnreadReport { index, raw, reason });
                    }
                }
                index = index.saturating_add(1);
            }
        }
    }
    Ok(())
}

record! {
    /// The list of reports: as many items as there are reports (code). What an item holds is not published, see
    /// [`ListItem`](crate::device::ListItem) for ours.
    pub struct ReportList {
        /// One item a report.
        usage_list: list RawJson = "usage_list",
    }
}

/// A device's body may be longer than those of the cloud.
fn device_body<T: Wire>(response: &Response<Vec<u8>>, limits: &Limits, operation: &str) -> Result<T, Error> {
    let mut limits = limits.clone();
    limits.body_bytes = limits.device_body_bytes;
    message::body_of(response, &limits, operation)
}

impl Exchange for CloseReports {
    type Answer = ();
    const OPERATION: &'static str = "POST /smartlic-service/close-reports";

    fn answer(response: &Response<Vec<u8>>, _: &Limits) -> Result<(), Error> {
        message::success(response, Self::OPERATION)
    }
}

impl Call<Session> for CloseReports {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        session.request(Method::POST, "/smartlic-service/close-reports", Some(b"{}".to_vec()))
    }
}

impl Serve for CloseReports {
    /// Takes any body: one client sends `test=` and calls it JSON (code).
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::POST, Self::OPERATION)?;
        message::take(Template("/smartlic-service/close-reports"), request, Self::OPERATION).map(|_| Self)
    }

    fn respond((): &()) -> Result<Response<Vec<u8>>, Error> {
        Ok(Response::new(Vec::new()))
    }
}

impl Exchange for ListReports {
    type Answer = ReportList;
    const OPERATION: &'static str = "GET /smartlic-service/list";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<ReportList, Error> {
        device_body(response, limits, Self::OPERATION)
    }
}

impl Call<Session> for ListReports {
    /// With the four headers of working clients (code).
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        let mut request = session.request(Method::GET, "/smartlic-service/list", None)?;
        let headers = request.headers_mut();
        let yang = HeaderValue::from_static("application/yang-data+json");
        headers.insert("foxy-api-version", HeaderValue::from_static("1"));
        headers.insert(header::ACCEPT, yang.clone());
        headers.insert(header::CONTENT_TYPE, yang);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Ok(request)
    }
}

impl Serve for ListReports {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::GET, Self::OPERATION)?;
        message::take(Template("/smartlic-service/list"), request, Self::OPERATION).map(|_| Self)
    }

    fn respond(answer: &ReportList) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, answer.to_json()))
    }
}

/// The three calls that bring reports differ in their path.
macro_rules! reports_call {
    ($name:ident, $operation:literal, $this:ident => $path:expr, $request:ident => $from:expr) => {
        impl Exchange for $name {
            type Answer = DeviceReports;
            const OPERATION: &'static str = $operation;

            fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<DeviceReports, Error> {
                device_body(response, limits, Self::OPERATION)
            }
        }

        impl Call<Session> for $name {
            fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
                let $this = self;
                session.request(Method::GET, &$path, None)
            }
        }

        impl Serve for $name {
            fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
                message::not_served(request, &Method::GET, Self::OPERATION)?;
                let $request = request;
                $from
            }

            fn respond(answer: &DeviceReports) -> Result<Response<Vec<u8>>, Error> {
                Ok(message::respond(StatusCode::OK, wire::to_text(answer)))
            }
        }
    };
}

reports_call!(AllReports, "GET /smartlic-service/all-reports",
    _call => "/smartlic-service/all-reports",
    request => message::take(Template("/smartlic-service/all-reports"), request, Self::OPERATION).map(|_| Self));

reports_call!(DayReports, "GET /smartlic-service/days/{n}",
call => call.days.map_or_else(|| "/smartlic-service/days".to_owned(), |days| format!("/smartlic-service/days/{days}")),
request => {
    if Template("/smartlic-service/days").take(request.uri().path()).is_some() {
        return Ok(Self::new());
    }
    let values = message::take(Template("/smartlic-service/days/{n}"), request, Self::OPERATION)?;
    number(values.first(), Self::OPERATION).map(Self::last)
});

reports_call!(ReportById, "GET /smartlic-service/rum-report-id/{id}",
call => match call.path {
    ReportPath::Segment => format!("/smartlic-service/rum-report-id/{}", call.id),
    ReportPath::Query => format!("/smartlic-service/rum-report-id?id={}", call.id),
    ReportPath::DaysSegment => format!("/smartlic-service/days/rum-report-id/{}", call.id),
},
request => {
    let path = request.uri().path();
    if let Some(values) = Template("/smartlic-service/days/rum-report-id/{id}").take(path) {
        return number(values.first(), Self::OPERATION).map(|id| Self::new(id, ReportPath::DaysSegment));
    }
    if Template("/smartlic-service/rum-report-id").take(path).is_some() {
        let id = crate::cssm::query_value::<String>(request, "id", Self::OPERATION)?;
        return number(id.as_ref(), Self::OPERATION).map(|id| Self::new(id, ReportPath::Query));
    }
    let values = message::take(Template("/smartlic-service/rum-report-id/{id}"), request, Self::OPERATION)?;
    number(values.first(), Self::OPERATION).map(|id| Self::new(id, ReportPath::Segment))
});

fn number<T: std::str::FromStr>(text: Option<&String>, operation: &str) -> Result<T, Error> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| {
        Error::new(crate::ErrorKind::Request, "the path needs a whole number").at(slp_model::Location::path(operation))
    })
}

#[cfg(test)]
mod tests;
