//! The cloud API: tokens, accounts, reports, codes, results, compliance, devices.

use http::{Request, Response, StatusCode, header};
use slp_model::UnixMillis;
use slp_transport::cssm::{
    AccessToken, AccountDevice, AccountDevices, AuthRequest, CloudAnswer, CreateToken, DeviceLicense, FoundAccount,
    FoundAccounts, FoundVirtualAccount, Grant, License, LicenseDetails, LicenseList, LicensesSummary, ListDevices,
    ListLicenses, ListTokens, ListVirtualAccountDevices, ListVirtualAccounts, Poll, ReportUsage, RevokeTokens,
    SearchAccounts, Summary, SummaryAnswer, Token, TokenAnswer, TokenCreated, TokenInfo, TokenList, TokenRequest,
    VirtualAccount, VirtualAccountList,
};
use slp_transport::server::{respond_to, status};
use slp_transport::{Action, Error, ErrorKind, Nonce, Refusal, Results, Serve, StatusWord, SudiCamel};

use crate::book::Balance;
use crate::cloud::{Cloud, Twist};
use crate::jobs::Polled;
use crate::settings::{Enforced, IdToken};

/// Where the calls begin (code). Every path that ends in one of them is served, so that any of the published base
/// addresses does.
const CALLS: &str = "/services/api/smart-accounts-and-licensing";

impl Cloud {
    /// Makes an access token.
    pub(crate) fn token(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let (instead, lost, _) = self.faults("token", now);
        if let Some(response) = instead {
            return response;
        }
        let asked = match TokenRequest::from_http(request, &self.limits) {
            Ok(asked) => asked,
            Err(error) if error.kind() == ErrorKind::Limit => return status(StatusCode::PAYLOAD_TOO_LARGE),
            Err(_) => return status(StatusCode::BAD_REQUEST),
        };
        let client = self.settings.clients.iter().find(|client| client.id == asked.client_id);
        if !client.is_some_and(|client| asked.client_secret.matches(client.secret.expose())) {
            self.event("a client that is not known asked for a token");
            return status(StatusCode::BAD_REQUEST);
        }
        let allowed = match &asked.grant {
            Grant::ClientCredentials => true,
            Grant::Password { username, password, .. } => {
                let user = self.settings.users.iter().find(|user| user.name == *username);
                user.is_some_and(|user| password.matches(user.password.expose()))
            }
            _ => false,
        };
        if !allowed {
            return status(StatusCode::BAD_REQUEST);
        }
        let text = self.random.hex::<24>();
        self.tokens.retain(|_, end| *end > now);
        self.tokens.insert(text.clone(), slp_kit::later(now, i64::from(self.settings.token_seconds)));
        if lost {
            return Response::new(Vec::new());
        }
        let answer = TokenAnswer::new(AccessToken::new(text), self.settings.token_seconds);
        TokenRequest::respond(&answer).unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// May this request be answered?
    pub(crate) fn is_allowed(&self, request: &Request<Vec<u8>>, now: UnixMillis) -> bool {
        let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|text| text.strip_prefix("Bearer "));
        token.and_then(|token| self.tokens.get(token)).is_some_and(|end| now < *end)
    }

    /// Answers a call of the API.
    pub(crate) fn api(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let path = request.uri().path();
        // doubled slashes and a doubled prefix are published, too
        let Some((_, call)) = path.rsplit_once(CALLS) else {
            return status(StatusCode::NOT_FOUND);
        };
        let name = match call {
            "/v2/devices/reportusage" => "reportusage",
            "/v2/devices/authrequest" => "authrequest",
            "/v2/accounts/poll" => "poll",
            "/v2/accounts/search" => "search",
            "/v3/licenses/summary" => "summary",
            _ => "accounts",
        };
        let (instead, lost, twist) = self.faults(name, now);
        if let Some(response) = instead {
            return response;
        }
        if !self.is_allowed(request, now) {
            return status(StatusCode::UNAUTHORIZED);
        }
        let needs_accounts = matches!(name, "reportusage" | "authrequest" | "poll" | "summary");
        let account = match self.account_of(request) {
            Some(account) => account,
            None if needs_accounts => return status(StatusCode::FORBIDDEN),
            None => self.default_account(),
        };
        let limits = self.limits.clone();
        let response = match name {
            "reportusage" => respond_to(request, &limits, |m: ReportUsage| Ok(self.report(&m, &account, twist, now))),
            "authrequest" => {
                respond_to(request, &limits, |m: AuthRequest| Ok(self.auth_request(&m, &account, twist, now)))
            }
            "poll" => with_nulls(respond_to(request, &limits, |m: Poll| Ok(self.poll(&m, now)))),
            "search" => respond_to(request, &limits, |_: SearchAccounts| Ok(self.accounts())),
            "summary" => respond_to(request, &limits, |m: LicensesSummary| Ok(self.summary(&m, &account, now))),
            _ => self.account_call(request, now),
        };
        if lost { Response::new(Vec::new()) } else { response }
    }

    /// The virtual account that the headers name.
    fn account_of(&self, request: &Request<Vec<u8>>) -> Option<String> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if header("x-csw-smart-account-id")? != self.settings.smart_account_id {
            return None;
        }
        let id = header("x-csw-virtual-account-id")?;
        let account = self.settings.virtual_accounts.iter().find(|account| account.id == id)?;
        Some(account.name.clone())
    }

    fn report(&mut self, message: &ReportUsage, account: &str, twist: Twist, now: UnixMillis) -> CloudAnswer {
        let echo = (message.timestamp, message.nonce.clone());
        let intake = match self.take_usage(&message.reports, account, now) {
            Ok(intake) => intake,
            Err(text) => return refused("LS_INVALID_REPORT", text, echo),
        };
        self.event(format!("reportusage: {} new reports, {} again", intake.fresh, intake.again));
        if intake.fresh == 0 {
            // as the vendor's does: over the API a repeated report is refused
            return refused("LS_DUPLICATE", "Duplicate usage report".into(), echo);
        }
        match self.acknowledgements(&intake, twist, now) {
            Ok(list) => {
                let mut results = Results::new();
                results.acknowledgements = Some(list);
                self.submitted(results, Action::Acknowledgements, twist, echo, now)
            }
            Err(error) => refused("LS_INTERNAL", error.to_string(), echo),
        }
    }

    fn auth_request(&mut self, message: &AuthRequest, account: &str, twist: Twist, now: UnixMillis) -> CloudAnswer {
        let list = message.licenses.iter().map(|wish| self.authorize(wish, account, twist, now)).collect();
        let mut results = Results::new();
        results.authorizations = Some(list);
        let echo = (message.timestamp, message.nonce.clone());
        self.submitted(results, Action::Authorizations, twist, echo, now)
    }

    fn submitted(
        &mut self,
        results: Results,
        action: Action,
        twist: Twist,
        (timestamp, nonce): (UnixMillis, Nonce),
        now: UnixMillis,
    ) -> CloudAnswer {
        let id = self.random.poll_id();
        self.jobs.add(id, action.clone(), results, self.ready(twist, now));
        let mut answer = CloudAnswer::new(StatusWord::OkPoll);
        (answer.timestamp, answer.nonce) = (Some(timestamp), Some(nonce));
        (answer.poll_id, answer.action) = (Some(id), Some(action));
        answer.poll_interval = Some(self.settings.poll_seconds);
        answer
    }

    fn poll(&mut self, message: &Poll, now: UnixMillis) -> CloudAnswer {
        let mut answer = CloudAnswer::new(StatusWord::OkPoll);
        (answer.timestamp, answer.nonce) = (Some(message.timestamp), Some(message.nonce.clone()));
        answer.correlation_id = Some(self.random.uuid());
        match self.jobs.poll(message.poll_id, &message.action, now) {
            Polled::Running => {
                answer.poll_id = Some(message.poll_id);
                answer.poll_interval = Some(self.settings.poll_seconds);
            }
            Polled::Done(results) => {
                answer.status = StatusWord::Complete;
                answer.data = Some(results);
            }
            Polled::Unknown => {
                return refused(
                    "LS_POLL_UNKNOWN",
                    "no result waits under this id".into(),
                    (message.timestamp, message.nonce.clone()),
                );
            }
        }
        answer
    }

    fn accounts(&self) -> FoundAccounts {
        let settings = &self.settings;
        let mut account = FoundAccount::new(&*settings.smart_account_id, &*settings.domain, &*settings.smart_account);
        for (index, known) in settings.virtual_accounts.iter().enumerate() {
            let mut found = FoundVirtualAccount::new(&*known.name, &*known.id);
            found.default = index == 0;
            account.virtual_accounts.push(found);
        }
        let mut found = FoundAccounts::new(StatusWord::Complete);
        found.accounts.push(account);
        found
    }

    fn summary(&self, message: &LicensesSummary, account: &str, now: UnixMillis) -> SummaryAnswer {
        let mut answer = SummaryAnswer::new(StatusWord::Success);
        (answer.timestamp, answer.nonce) = (Some(message.timestamp), Some(message.nonce.clone()));
        answer.out_standing_reports = u32::try_from(self.jobs.outstanding()).unwrap_or(u32::MAX);
        for balance in self.of_account(account, now) {
            if !message.tags.is_empty() && !message.tags.contains(&balance.tag) {
                continue;
            }
            let mut line = Summary::new(&*balance.tag);
            line.compliance_status = Some(compliance(&balance).into());
            line.display_name = Some(balance.name.clone());
            line.enforced = balance.enforced != Enforced::No;
            line.export_restricted = balance.enforced == Enforced::Export;
            let mut details = LicenseDetails::new();
            details.billing_type = Some("PREPAID".into());
            details.quantity = Some(number(balance.owned));
            details.status = Some("ACTIVE".into());
            details.license_type = Some("PERPETUAL".into());
            line.license_details.push(details);
            line.prepaid_entitled = Some(number(balance.owned));
            line.prepaid_inuse = Some(number(balance.in_use));
            line.prepaid_reserved = Some(number(balance.reserved));
            answer.summary.push(line);
        }
        answer
    }

    /// Purchases belong to the Smart Account; usage and codes are those of one virtual account.
    fn of_account(&self, account: &str, now: UnixMillis) -> Vec<Balance> {
        let mine = self.devices.0.iter().filter(|(_, device)| device.virtual_account == account);
        crate::book::balances(&self.settings.purchases, mine, now.to_seconds())
    }

    /// The older calls.
    fn account_call(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let limits = self.limits.clone();
        let domain = self.settings.domain.clone();
        let of = |asked: &str| if asked.eq_ignore_ascii_case(&domain) { Ok(()) } else { Err(not_found()) };
        let responses = [
            respond_to(request, &limits, |m: ListVirtualAccounts| of(&m.domain).map(|()| self.virtual_accounts())),
            respond_to(request, &limits, |m: ListLicenses| of(&m.domain).map(|()| self.licenses(now))),
            respond_to(request, &limits, |m: ListDevices| {
                of(&m.domain).map(|()| self.listed(&m.body.virtual_accounts, now))
            }),
            respond_to(request, &limits, |m: ListVirtualAccountDevices| {
                of(&m.domain).map(|()| self.listed(&[m.virtual_account], now))
            }),
            respond_to(request, &limits, |m: ListTokens| of(&m.domain).map(|()| self.id_tokens(&m.virtual_account))),
            respond_to(request, &limits, |m: CreateToken| {
                of(&m.domain)?;
                self.new_token(&m, now)
            }),
            respond_to(request, &limits, |m: RevokeTokens| {
                of(&m.domain)?;
                let gone = |known: &IdToken| m.body.tokens.iter().any(|token| known.token.matches(token.expose()));
                self.settings.id_tokens.retain(|known| !gone(known));
                Ok(slp_transport::cssm::Done::new())
            }),
        ];
        // a call that is not this one is not found
        let mut responses = responses.into_iter();
        let found = responses.find(|response| response.status() != StatusCode::NOT_FOUND);
        found.unwrap_or_else(|| status(StatusCode::NOT_FOUND))
    }

    fn virtual_accounts(&self) -> VirtualAccountList {
        let mut list = VirtualAccountList::new();
        for (index, known) in self.settings.virtual_accounts.iter().enumerate() {
            let mut account = VirtualAccount::new(&*known.name);
            account.is_default = (index == 0).into();
            list.virtual_accounts.push(account);
        }
        list.status = Some(StatusWord::Success);
        list
    }

    fn licenses(&self, now: UnixMillis) -> LicenseList {
        let mut list = LicenseList::new();
        for balance in self.balances(now) {
            let mut license = License::new(&*balance.name);
            license.quantity = Some(number(balance.owned));
            license.in_use = Some(number(balance.in_use));
            license.reserved = Some(number(balance.reserved));
            license.available = Some(number(balance.owned.saturating_sub(balance.in_use)));
            license.status = Some(compliance(&balance).into());
            license.billing_type = Some("PREPAID".into());
            list.licenses.push(license);
        }
        list.total_records = Some(number(list.licenses.len() as u64));
        list.status = Some(StatusWord::Success);
        list
    }

    fn listed(&self, accounts: &[String], now: UnixMillis) -> AccountDevices {
        let short = self.balances(now).into_iter().filter(|balance| !balance.is_compliant());
        let short: Vec<String> = short.map(|balance| balance.tag).collect();
        let mut list = AccountDevices::new();
        for (udi, device) in self.devices.0.iter().filter(|(_, device)| accounts.contains(&device.virtual_account)) {
            let mut entry = AccountDevice::new();
            entry.sudi = Some(SudiCamel::from(udi));
            entry.host_name.clone_from(&device.hostname);
            entry.display_name = Some(device.hostname.clone().unwrap_or_else(|| udi.to_string()));
            entry.product_tag_name.clone_from(&device.software_tag);
            entry.virtual_account = Some(device.virtual_account.clone());
            entry.registration_date = Some(device.registered.to_seconds().to_string());
            entry.last_contact_date = Some(device.last_contact.to_seconds().to_string());
            let used = device.in_use();
            let is_short = used.keys().any(|tag| short.iter().any(|short| short == tag.as_str()));
            entry.status = Some(if is_short { "Out Of Compliance" } else { "In Compliance" }.into());
            for (tag, latest) in used {
                let mut license = DeviceLicense::new(tag.as_str());
                license.quantity = number(latest.count);
                entry.license_usage.push(license);
            }
            list.devices.push(entry);
        }
        list.total_records = Some(number(list.devices.len() as u64));
        list.status = Some(StatusWord::Success);
        list
    }

    fn id_tokens(&self, account: &str) -> TokenList {
        let default = self.default_account();
        let mut list = TokenList::new();
        for token in &self.settings.id_tokens {
            if token.virtual_account.as_ref().unwrap_or(&default) == account {
                list.tokens.push(TokenInfo::new(Token::new(token.token.expose())));
            }
        }
        list.status = Some(StatusWord::Success);
        list
    }

    fn new_token(&mut self, message: &CreateToken, now: UnixMillis) -> Result<TokenCreated, Error> {
        if !self.settings.virtual_accounts.iter().any(|known| known.name == message.virtual_account) {
            return Err(not_found());
        }
        let text = self.random.hex::<24>();
        let mut token = IdToken::new(text.clone());
        token.virtual_account = Some(message.virtual_account.clone());
        let life = i64::from(message.body.expires_after_days).saturating_mul(86_400);
        token.until = Some(now.to_seconds().saturating_add(slp_model::Seconds::new(life)));
        let uses = message.body.number_of_uses.as_ref().map(|uses| uses.get());
        token.uses = uses.map(|uses| u32::try_from(uses).unwrap_or(u32::MAX));
        self.settings.id_tokens.push(token);
        let mut answer = TokenCreated::new();
        answer.status = Some(StatusWord::Success);
        answer.token_info = Some(TokenInfo::new(Token::new(text)));
        Ok(answer)
    }
}

/// The vendor's answer has every member of an item, and `null` where there is nothing to say (seen); the push protocol, which
/// shares these items, leaves such members out.
fn with_nulls(mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    const ITEMS: [(&str, &[&str]); 2] = [
        ("acknowledgements", &["software_tag_identifier", "smart_license"]),
        ("authorizations", &["product_instance_identifier", "smart_license", "error_code", "status_message"]),
    ];
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(response.body()) else {
        return response;
    };
    for (list, names) in ITEMS {
        let items = body.pointer_mut(&format!("/data/{list}")).and_then(serde_json::Value::as_array_mut);
        for item in items.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
            for name in names {
                item.entry(*name).or_insert(serde_json::Value::Null);
            }
        }
    }
    if let Ok(bytes) = serde_json::to_vec(&body) {
        *response.body_mut() = bytes;
    }
    response
}

fn compliance(balance: &Balance) -> &'static str {
    if balance.is_compliant() { "In Compliance" } else { "Out Of Compliance" }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn refused(code: &str, message: String, (timestamp, nonce): (UnixMillis, Nonce)) -> CloudAnswer {
    let mut answer = CloudAnswer::new(StatusWord::Failed);
    (answer.timestamp, answer.nonce) = (Some(timestamp), Some(nonce));
    (answer.message_code, answer.message) = (Some(code.to_owned()), Some(message));
    answer
}

fn not_found() -> Error {
    Error::refused(ErrorKind::Status, "accounts", Refusal::new(404))
}
