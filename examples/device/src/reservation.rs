//! Reservations: a request code, an authorization code that answers it, a return code. Spec: ack-auth, "specificPLR", "Typed
//! codes".
//!
//! The way before policies: the device has to be in this mode. Codes are simulated ones, and never claimed to be real.

use std::fmt::Write as _;

use slp_model::error_code::DeviceError;
use slp_model::{Udi, UnixMillis};
use slp_rum::authorization::AuthorizationKind;
use slp_rum::codes::{PermanentCode, RequestCode, ReservationKind, simulate};
use slp_rum::import::Mode;
use slp_rum::{Content, Document};

use crate::fault::Fault;
use crate::instance::Device;
use crate::syslog;

impl Device {
    /// Enters or leaves the mode of reservations.
    pub(crate) fn reserve(&mut self, enabled: bool) -> Result<(), Fault> {
        let reservation = &self.saved.reservation;
        let is_used = !reservation.requested.is_empty() || !reservation.permanent.is_empty();
        if !enabled && (is_used || self.saved.setup.members.iter().any(|member| self.has_reservation(member))) {
            let text = "a reservation is asked for or installed: cancel or return it first";
            return Err(Fault::denied(DeviceError::SmPostNotAllow, text));
        }
        self.saved.reservation.enabled = enabled;
        Ok(self.save()?)
    }

    /// Is a specific reservation installed?
    fn has_reservation(&self, member: &Udi) -> bool {
        self.state.codes.get(member).is_some_and(|code| code.authorization.kind == AuthorizationKind::Slr)
    }

    fn is_reserving(&self) -> Result<(), Fault> {
        if self.saved.reservation.enabled {
            return Ok(());
        }
        Err(Fault::denied(DeviceError::NotEnabled, "'license smart reservation' is not configured"))
    }

    /// The request codes of these members.
    pub(crate) fn request_reservation(
        &mut self,
        kind: ReservationKind,
        all: bool,
    ) -> Result<Vec<(Udi, String)>, Fault> {
        self.is_reserving()?;
        let members = self.addressed(all);
        let permanent = &self.saved.reservation.permanent;
        if members.iter().any(|one| self.has_reservation(one) || permanent.iter().any(|(device, _)| device == one)) {
            return Err(Fault::denied(DeviceError::AlreadyRegistered, "Already registered"));
        }
        let software = self.saved.setup.software.to_string();
        let codes: Vec<(Udi, String)> = members
            .into_iter()
            .map(|member| {
                let code = simulate::request_code(&member, &software, kind).as_str().to_owned();
                (member, code)
            })
            .collect();
        self.saved.reservation.requested.clone_from(&codes);
        self.save()?;
        Ok(codes)
    }

    /// Forgets what was requested.
    pub(crate) fn cancel_reservation(&mut self) -> Result<(), Fault> {
        if self.saved.reservation.requested.is_empty() {
            return Err(Fault::denied(DeviceError::NoReservationInProgress, "no reservation was asked for"));
        }
        self.saved.reservation.requested.clear();
        Ok(self.save()?)
    }

    /// Installs the document of a specific reservation. What the device prints.
    pub(crate) fn install_reservation(&mut self, document: &[u8], now: UnixMillis) -> Result<String, Fault> {
        self.is_reserving()?;
        let failed = |fault: Fault| match fault {
            Fault::Denied(error, _) => {
                let why = match error {
                    DeviceError::ReservationMismatch => {
                        "The Reservation Authorization Code does not match the Reservation Request Code"
                    }
                    other => other.as_str(),
                };
                Fault::denied(error, format!("Reservation install file failed: {why}"))
            }
            broken @ Fault::Broken(_) => broken,
        };
        let devices = reserved_devices(document);
        let requested = self.saved.reservation.requested.clone();
        let answered = requested.iter().find(|(device, _)| devices.iter().any(|one| one.matches(device)));
        // an installed one is replaced without a request (unverified): nothing is pending then
        let replaces = devices.iter().any(|one| self.state.codes.keys().any(|device| one.matches(device)));
        if devices.is_empty() {
            return Err(failed(Fault::denied(DeviceError::UnsupportedResponse, "")));
        }
        if !replaces || answered.is_some() {
            let pending: Option<RequestCode> = answered.or(requested.first()).and_then(|(_, code)| code.parse().ok());
            self.state.mode = Mode::classic(pending);
        }
        let taken = self.try_import(document, now);
        self.state.mode = Mode::Policy;
        let taken = taken.map_err(failed)?;
        self.saved.reservation.requested.retain(|(member, _)| !devices.iter().any(|device| device.matches(member)));
        let mut text = String::from("Reservation install file successful");
        let confirmed: Vec<(Udi, String)> =
            taken.confirmations().map(|(device, code)| (device.clone(), code.to_owned())).collect();
        for (device, code) in confirmed {
            let _ = write!(text, "\nLast Confirmation code {code}");
            self.note(syslog::reserved(&device));
        }
        self.save()?;
        Ok(text)
    }

    /// Installs a permanent reservation: a code that is typed in.
    pub(crate) fn install_permanent(&mut self, text: &str) -> Result<String, Fault> {
        self.is_reserving()?;
        let code: PermanentCode = text.parse().map_err(|error: slp_rum::Error| {
            let number = error.kind().code_error().unwrap_or(DeviceError::BadInputParams);
            Fault::denied(number, format!("Reservation install failed: {error}"))
        })?;
        let answers = |request: &str| {
            let request: Result<RequestCode, _> = request.parse();
            request.is_ok_and(|request| {
                request.kind() == ReservationKind::Permanent && simulate::permanent_code(&request) == code
            })
        };
        let reservation = &mut self.saved.reservation;
        if reservation.requested.is_empty() {
            return Err(Fault::denied(DeviceError::NoReservationInProgress, "Reservation install failed: no request"));
        }
        let Some(place) = reservation.requested.iter().position(|(_, request)| answers(request)) else {
            let text = "Reservation install failed: The Reservation Authorization Code does not match the Reservation \
                        Request Code";
            return Err(Fault::denied(DeviceError::ReservationMismatch, text));
        };
        let (device, _) = reservation.requested.remove(place);
        reservation.permanent.push((device.clone(), code.as_str().to_owned()));
        self.note(syslog::reserved(&device));
        self.save()?;
        Ok("Reservation install successful".to_owned())
    }

    /// Gives reservations back: they are gone, and the codes that prove it are typed in at the cloud.
    pub(crate) fn return_reservation(&mut self, all: bool, now: UnixMillis) -> Result<Vec<(Udi, String)>, Fault> {
        let members = self.addressed(all);
        let specific: Vec<Udi> = members.iter().filter(|member| self.has_reservation(member)).cloned().collect();
        let is_ours = |device: &Udi| members.contains(device);
        let permanent: Vec<(Udi, String)> =
            self.saved.reservation.permanent.iter().filter(|(device, _)| is_ours(device)).cloned().collect();
        if specific.is_empty() && permanent.is_empty() {
            let text = "No reservation authorization code installed in device";
            return Err(Fault::denied(DeviceError::NoReservationAuthCode, text));
        }
        let local = self.local(now);
        let gone: Vec<Udi> = specific.iter().chain(permanent.iter().map(|(device, _)| device)).cloned().collect();
        if self.needs_codes_of(&gone, local) {
            let text = "a licence that the reservation authorizes is in use";
            return Err(Fault::denied(DeviceError::SmPostNotAllow, text));
        }
        let mut codes = self.remove_codes(&specific)?;
        self.saved.reservation.permanent.retain(|(device, _)| !is_ours(device));
        for (device, code) in permanent {
            let code: PermanentCode = code.parse()?;
            let text = simulate::permanent_return_code(&device, &code).as_str().to_owned();
            if let Some(last) = self.saved.last_codes(&device) {
                last.returned = Some(text.clone());
            }
            codes.push((device, text));
        }
        self.save()?;
        Ok(codes)
    }
}

/// The devices for which a document has specific reservations.
fn reserved_devices(document: &[u8]) -> Vec<Udi> {
    let Ok(document) = Document::parse(document) else { return Vec::new() };
    let codes = document.contents().flatten().filter_map(|content| match content {
        Content::Authorization(code) if code.view().kind == AuthorizationKind::Slr => Some(code.view().udi.clone()),
        _ => None,
    });
    codes.collect()
}
