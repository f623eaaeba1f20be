//! A request as text for people, secrets masked.

use std::fmt::Write as _;

use http::Request;

/// The body with `***` for each secret, carried beside the real one.
#[derive(Clone)]
pub(crate) struct Masked(pub(crate) String);

/// The exact request, but for its secrets: header values marked as sensitive and secret members of the body show `***`.
///
/// ```
/// use slp_transport::device::{AllReports, Session};
/// use slp_transport::{BaseUrl, Call, Secret, printable};
///
/// let base: BaseUrl = "https://192.0.2.1".parse()?;
/// let request = AllReports::new().into_http(&Session::new(base, "slp", Secret::new("hunter2")))?;
/// assert_eq!(
///     printable(&request),
///     "GET https://192.0.2.1/smartlic-service/all-reports\naccept: application/json\nauthorization: ***\n"
/// );
/// # Ok::<(), slp_transport::Error>(())
/// ```
pub fn printable(request: &Request<Vec<u8>>) -> String {
    let mut out = format!("{} {}\n", request.method(), request.uri());
    let mut headers: Vec<_> = request.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        let value =
            if value.is_sensitive() { "***".to_owned() } else { String::from_utf8_lossy(value.as_bytes()).into() };
        let _ = writeln!(out, "{name}: {value}");
    }
    let body = match request.extensions().get::<Masked>() {
        Some(masked) => masked.0.clone(),
        None => String::from_utf8_lossy(request.body()).into_owned(),
    };
    if !body.is_empty() {
        let _ = write!(out, "\n{body}\n");
    }
    out
}
