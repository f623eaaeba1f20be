//! Catalyst SD-WAN Manager: the calls that bring usage out of it and answers into it. Spec: transport, "g" (doc).
//!
//! Other controllers have no call that uploads reports or takes an acknowledgement, so they have no types here.

use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use slp_model::Location;

use crate::cssm::query_value;
use crate::message::{self, Serve, Template, encode_segment};
use crate::wire::record;
use crate::{BaseUrl, Call, Error, ErrorKind, Exchange, Limits, Secret};

const FETCH: Template = Template("/smartLicensing/fetchReportsForSa");
const SYNC: Template = Template("/v1/smart-licensing/sync");

/// The manager (`https://{host}/dataservice`), and the headers that its login asks for.
#[derive(Debug)]
pub struct Session {
    base: BaseUrl,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Session {
    /// The address alone.
    pub fn new(base: BaseUrl) -> Self {
        Self { base, headers: Vec::new() }
    }

    /// The same with a header of the login, such as a cookie or a token.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for a name or a value that cannot be a header.
    pub fn with_header(mut self, name: &str, value: &Secret) -> Result<Self, Error> {
        let wrong = || Error::argument(format!("{} cannot be a header with this value", slp_model::Quoted(name)));
        let name = HeaderName::try_from(name).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(value.expose()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        self.headers.push((name, value));
        Ok(self)
    }

    fn request(&self, method: Method, path: &str) -> Result<Request<Vec<u8>>, Error> {
        let mut request = Request::new(Vec::new());
        *request.method_mut() = method;
        *request.uri_mut() = self.base.join(path)?;
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        Ok(request)
    }
}

/// `GET /smartLicensing/fetchReportsForSa`: the usage file of one Smart Account, for the vendor's page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchReports {
    /// Domain of the account: 1 to 200 letters, digits, dots, hyphens.
    pub domain: String,
    /// Its number, up to 20 digits.
    pub id: String,
}

impl FetchReports {
    /// Those of this account.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for texts that the manager refuses.
    pub fn new(domain: impl Into<String>, id: impl Into<String>) -> Result<Self, Error> {
        let (domain, id) = (domain.into(), id.into());
        let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if !(1..=200).contains(&domain.len()) || !domain.bytes().all(is_domain) {
            let text = "the domain of a Smart Account has 1 to 200 letters, digits, dots and hyphens";
            return Err(Error::argument(text));
        }
        if !(1..=20).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::argument("the number of a Smart Account has 1 to 20 digits"));
        }
        Ok(Self { domain, id })
    }
}

impl Exchange for FetchReports {
    /// The usage file, as the vendor's page takes it.
    type Answer = Vec<u8>;
    const OPERATION: &'static str = "GET /smartLicensing/fetchReportsForSa";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<Vec<u8>, Error> {
        message::success(response, Self::OPERATION)?;
        let body = response.body();
        if body.is_empty() {
            return Err(Error::new(ErrorKind::Empty, "the file is empty").at(Location::path(Self::OPERATION)));
        }
        if body.len() > limits.device_body_bytes {
            let limit = u64::try_from(limits.device_body_bytes).unwrap_or(u64::MAX);
            return Err(Error::limit("device_body_bytes", limit, Self::OPERATION));
        }
        Ok(body.clone())
    }
}

impl Call<Session> for FetchReports {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        let mut path = format!("{}?saDomain=", FETCH.0);
        encode_segment(&mut path, &self.domain);
        path.push_str("&saId=");
        encode_segment(&mut path, &self.id);
        session.request(Method::GET, &path)
    }
}

impl Serve for FetchReports {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::GET, Self::OPERATION)?;
        message::take(FETCH, request, Self::OPERATION)?;
        let value = |name| query_value::<String>(request, name, Self::OPERATION).map(Option::unwrap_or_default);
        Self::new(value("saDomain")?, value("saId")?)
    }

    fn respond(answer: &Vec<u8>) -> Result<Response<Vec<u8>>, Error> {
        Ok(Response::new(answer.clone()))
    }
}

record! {
    /// A virtual account of [`SyncAccount`].
    pub struct SyncVirtualAccount {
        /// Its number, as text.
        virtual_account_id: req String = "virtual_account_id",
    }
}

record! {
    /// A Smart Account whose licences are brought up to date.
    pub struct SyncAccount {
        /// Its number, as text.
        account_id: req String = "account_id",
        /// Its name.
        name: req String = "name",
        /// The virtual accounts in it.
        virtual_accounts: list SyncVirtualAccount = "virtual_accounts",
    }
}

record! {
    /// What is brought up to date: the part `data` of [`SyncLicenses`].
    pub struct SyncOrder {
        /// `onprem`, `offline` or `online`.
        mode: req String = "mode",
        /// Several licences on one device?
        multiple_entitlement: or_default bool = "multipleEntitlement",
        /// Which accounts are brought up to date.
        smart_accounts: list SyncAccount = "smartAccounts",
    }
}

/// `POST /v1/smart-licensing/sync`: brings licences up to date, offline with the vendor's answer file (inferred).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncLicenses {
    /// What is brought up to date, and how.
    pub order: SyncOrder,
    /// Name and bytes of the answer file.
    pub file: Option<(String, Vec<u8>)>,
}

impl SyncLicenses {
    /// Without a file.
    pub fn new(order: SyncOrder) -> Self {
        Self { order, file: None }
    }

    /// The same with the vendor's answer file.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for a name with quotes, backslashes or control characters.
    pub fn with_file(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let name = name.into();
        if name.is_empty() || name.chars().any(|one| one.is_control() || matches!(one, '"' | '\\' | '/')) {
            return Err(Error::argument("the name of a file must not have quotes, slashes or control characters"));
        }
        self.file = Some((name, bytes.into()));
        Ok(self)
    }

    /// A line between the parts that stands in none of them.
    fn boundary(&self) -> String {
        const BOUNDARY: &str = "slp-part";
        let file = self.file.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
        let order = self.order.to_json();
        // one letter more than the longest that stands in them
        let letters = |text: &[u8]| {
            let windows = text.windows(BOUNDARY.len()).zip(BOUNDARY.len()..);
            let behind =
                windows.filter(|(window, _)| *window == BOUNDARY.as_bytes()).filter_map(|(_, end)| text.get(end..));
            behind.map(|rest| rest.iter().take_while(|byte| **byte == b'x').count().saturating_add(1)).max()
        };
        let more = letters(file).max(letters(order.as_bytes())).unwrap_or(0);
        format!("{BOUNDARY}{}", "x".repeat(more))
    }
}

impl Exchange for SyncLicenses {
    type Answer = ();
    const OPERATION: &'static str = "POST /v1/smart-licensing/sync";

    fn answer(response: &Response<Vec<u8>>, _: &Limits) -> Result<(), Error> {
        message::success(response, Self::OPERATION)
    }
}

impl Call<Session> for SyncLicenses {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        let boundary = self.boundary();
        let mut body = Vec::new();
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(self.order.to_json().as_bytes());
        if let Some((name, bytes)) = &self.file {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"name\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
        }
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let mut request = session.request(Method::POST, SYNC.0)?;
        let kind = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
            .map_err(|error| Error::argument("the boundary cannot be a header").caused_by(error))?;
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        *request.body_mut() = body;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printable;

    fn session() -> Session {
        let base: BaseUrl = "https://192.0.2.9/dataservice".parse().unwrap();
        Session::new(base).with_header("x-xsrf-token", &Secret::new("hunter2")).unwrap()
    }

    #[test]
    fn a_usage_file_is_asked_for_by_domain_and_number() {
        let request = FetchReports::new("acme.example", "276200").unwrap().into_http(&session()).unwrap();
        let address =
            "https://192.0.2.9/dataservice/smartLicensing/fetchReportsForSa?saDomain=acme.example&saId=276200";
        assert_eq!(request.uri(), address);
        assert!(!printable(&request).contains("hunter2"));
        assert_eq!(FetchReports::from_http(&request, &Limits::default()).unwrap().id, "276200");
        for (domain, id) in [("", "1"), ("a b", "1"), ("a", ""), ("a", "1x"), ("a", "123456789012345678901")] {
            assert_eq!(FetchReports::new(domain, id).unwrap_err().kind(), ErrorKind::Argument, "{domain} {id}");
        }
        let empty = FetchReports::answer(&Response::new(Vec::new()), &Limits::default());
        assert_eq!(empty.unwrap_err().kind(), ErrorKind::Empty);
    }

    #[test]
    fn the_parts_of_a_form_are_told_apart_whatever_stands_in_them() {
        let mut order = SyncOrder::new("onprem");
        let mut account = SyncAccount::new("1", "Acme");
        account.virtual_accounts.push(SyncVirtualAccount::new("1"));
        order.smart_accounts.push(account);
        let file = b"\r\n--slp-part--\r\n";
        let sync = SyncLicenses::new(order).with_file("ACK_x.tar.gz", file.as_slice()).unwrap();
        let request = sync.into_http(&session()).unwrap();
        assert_eq!(request.headers()["content-type"], "multipart/form-data; boundary=slp-partx");
        let text = String::from_utf8(request.into_body()).unwrap();
        assert!(text.starts_with(
            "--slp-partx\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n\
             {\"mode\":\"onprem\",\"multipleEntitlement\":false,\"smartAccounts\":[{\"account_id\":\"1\",\"name\":\"Acme\",\
             \"virtual_accounts\":[{\"virtual_account_id\":\"1\"}]}]}\r\n--slp-partx\r\n"
        ));
        assert!(text.ends_with("\r\n--slp-part--\r\n\r\n--slp-partx--\r\n"));
        let file = b"slp-partxx slp-part slp-partxxx".as_slice();
        let sync = SyncLicenses::new(SyncOrder::new("onprem")).with_file("a", file).unwrap();
        assert_eq!(sync.boundary(), "slp-partxxxx");
        assert_eq!(SyncLicenses::new(SyncOrder::new("onprem")).boundary(), "slp-part");
        assert!(SyncLicenses::new(SyncOrder::new("x")).with_file("a\"b", b"".as_slice()).is_err());
    }
}
