//! The cloud (CSSM): token, accounts, usage reports, authorization codes, results, licences. Spec: transport, "d".
//!
//! Every call is a type: [`Call::into_http`](crate::Call::into_http) makes the request, [`Exchange::answer`](crate::Exchange::answer) reads
//! the answer, [`Serve`](crate::Serve) is the other side for test doubles. Base addresses are configuration.

mod account; // virtual accounts, tokens, licences, devices: the older calls in camelCase
mod authorization; // authrequest: authorization codes, and their return
mod call; // the older calls differ in path and body alone
mod convert; // dlc_convert
mod device_calls; // devices: list, transfer, remove
mod license_calls; // licences, subscriptions, reservations
mod oauth; // the token
mod poll; // ask for a result
mod search; // which accounts there are
mod session; // base address, token, account ids
mod submit; // what the cloud says to a submit and to a poll
mod summary; // licence compliance
mod usage; // reportusage

pub use account::{
    Account, AccountList, AccountV2, AccountsV1, AccountsV2, CreateToken, CreateVirtualAccount, DeleteVirtualAccount,
    Done, ListAccounts, ListTokens, ListVirtualAccounts, NewToken, NewVirtualAccount, RevokeTokens, RevokedTokens,
    Role, SearchAccountsV1, Token, TokenCreated, TokenInfo, TokenList, VirtualAccount, VirtualAccountList,
};
pub use authorization::{AuthRequest, AuthorizationFor, AuthorizationMode, WantedKey};
pub(crate) use call::query_value;
pub use convert::{Conversion, ConversionDevice, ConversionList, ConvertAccount, ConvertDevice, ConvertLicenses};
pub use device_calls::{
    AccountDevice, AccountDevices, DeviceLicense, DeviceRef, DeviceTransfer, ListDevices, ListVirtualAccountDevices,
    Paging, RemoveDevice, RemoveDevices, RemoveDevicesBody, RemoveStatus, RemovedDevices, TransferDevices,
    TransferList,
};
pub use license_calls::{
    License, LicenseDetail, LicenseList, LicenseSubstitution, ListLicenses, ListSubscriptions, Reservation,
    ReservationAnswer, ReservationCode, ReservationLicense, ReservationRequest, ReservationRequests, ReserveLicenses,
    ReserveLicensesV1, Subscription, SubscriptionFilter, SubscriptionList,
};
pub use oauth::{AccessToken, Grant, TokenAnswer, TokenRequest};
pub use poll::Poll;
pub use search::{FoundAccount, FoundAccounts, FoundVirtualAccount, SearchAccounts, SelectedAccounts};
pub(crate) use session::bearer;
pub use session::{RequestingSystem, Session};
pub use submit::{CloudAnswer, PollOutcome, SubmitOutcome};
pub use summary::{LicenseDetails, LicensesSummary, Summary, SummaryAnswer};
pub use usage::ReportUsage;

/// The address that is published most (code). Spec: transport, "Base URLs".
pub const DEFAULT_BASE: &str = "https://swapi.cisco.com/services/api/smart-accounts-and-licensing";
/// Where tokens are made (code). Spec: transport, "Token".
pub const DEFAULT_TOKEN_URL: &str = "https://cloudsso.cisco.com/as/token.oauth2";
/// Where newer applications get their tokens (code).
pub const NEWER_TOKEN_URL: &str = "https://id.cisco.com/oauth2/default/v1/token";

#[cfg(test)]
mod tests;
