//! The licensing state as the data model of IOS XE has it. Spec: transport, "State worth reading" (doc).

use slp_model::license::HaRole;
use slp_model::policy::clock::printed_ack_deadline;
use slp_model::policy::{self, Attribute, LicenseClass};
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::authorization::AuthorizationKind;
use slp_rum::import::ImportClass;
use slp_transport::restconf::state::{
    Authorization, AuthorizationState, AuthorizedLicense, Config, ConfigTransport, EnforcementMode, Evaluation,
    ImportedAuthorizations, InstalledAuthorization, LicenseAuthType, LicenseEnforcementType, Licensing, OverallStatus,
    Policy, PolicyDays, PolicyType, Privacy, Registration, RegistrationState, ReportKey, RumAck, State, StateInfo,
    Transport as TransportState, TransportCslu, TransportType, TrustCode, UrlSettings, Usage, Utility,
    UtilityReportingType,
};

use crate::instance::Device;
use crate::setup::{Feature, Transport};

impl Device {
    /// The container `licensing`. Times and containers of which there is nothing to say are left out.
    pub(crate) fn licensing(&self, now: UnixMillis) -> Licensing {
        let mut state = State::new();
        (state.always_enabled, state.smart_enabled) = (Some(true), Some(true));
        state.version = Some(concat!("simulated ", env!("CARGO_PKG_VERSION")).to_owned());
        state.state_info = Some(self.state_info(now));
        let mut licensing = Licensing::new();
        licensing.config = Some(self.config());
        licensing.state = Some(state);
        licensing
    }

    fn transport_type(&self) -> TransportType {
        match &self.saved.transport {
            Transport::Off => TransportType::Off,
            Transport::Cslu(_) => TransportType::Cslu,
            Transport::Smart(_) => TransportType::Smart,
        }
    }

    fn config(&self) -> Config {
        let mut transport = ConfigTransport::new();
        transport.transport_type = Some(self.transport_type());
        if let Transport::Cslu(address) = &self.saved.transport {
            let mut cslu = TransportCslu::new();
            cslu.url_cslu = Some(address.clone());
            transport.transport_cslu = Some(cslu);
        }
        let mut config = Config::new();
        config.transport = Some(transport);
        config
    }

    fn state_info(&self, now: UnixMillis) -> StateInfo {
        let local = self.local(now);
        let mut info = StateInfo::new();
        let mut registration = Registration::new();
        registration.registration_state = Some(RegistrationState::NotRegistered);
        info.registration = Some(registration);
        let mut authorization = Authorization::new();
        authorization.authorization_state = Some(AuthorizationState::NoneInUse);
        info.authorization = Some(authorization);
        let mut utility = Utility::new();
        (utility.enabled, utility.reporting) = (Some(false), Some(UtilityReportingType::NotReporting));
        info.utility = Some(utility);
        info.transport = Some(self.transport_state());
        let mut privacy = Privacy::new();
        (privacy.hostname, privacy.version) = (Some(self.saved.setup.hostname.is_none()), Some(false));
        info.privacy = Some(privacy);
        let mut evaluation = Evaluation::new();
        (evaluation.eval_in_use, evaluation.eval_expired) = (Some(false), Some(false));
        info.evaluation = Some(evaluation);
        info.udi = Some(self.active().into());
        info.usage = self.saved.setup.features.iter().filter_map(|feature| self.usage_entry(feature)).collect();
        info.policy = Some(self.policy_state());
        info.trust_code = self.saved.setup.members.iter().map(|member| self.trust_entry(member)).collect();
        info.rum_reports_closed_keys = self.report_keys();
        info.rum_ack = Some(self.ack_state(local));
        let mut imported = ImportedAuthorizations::new();
        imported.overall_status = self.members_with_codes();
        imported.authorization_list = self.granted(local);
        info.imported_authorizations = Some(imported);
        info
    }

    /// The model has addresses here for the way to the cloud alone.
    fn transport_state(&self) -> TransportState {
        let mut transport = TransportState::new();
        transport.transport_type = Some(self.transport_type());
        if let Transport::Smart(address) = &self.saved.transport {
            let mut addresses = UrlSettings::new();
            addresses.url_registration = Some(address.clone());
            transport.url_settings = Some(addresses);
        }
        transport
    }

    fn usage_entry(&self, feature: &Feature) -> Option<Usage> {
        let count = self.saved.life.open.get(&feature.name)?.count;
        let mut usage = Usage::new();
        usage.entitlement_tag = Some(feature.tag.as_str().to_owned());
        usage.short_name = Some(feature.name.clone());
        usage.license_name = Some(feature.name.clone());
        usage.description = Some(feature.description.clone());
        usage.count = Some(u32::try_from(count).unwrap_or(u32::MAX));
        usage.enforcement_mode = Some(EnforcementMode::InCompliance);
        usage.post_paid = Some(false);
        Some(usage)
    }

    fn policy_state(&self) -> Policy {
        let default = policy::Policy::vendor_default();
        let installed = self.state.policy.as_ref();
        let policy = installed.map_or(&default, |installed| &installed.policy);
        let days = |class| {
            let days = |attribute| Some(policy.days(class, attribute).days);
            let mut of_class = PolicyDays::new();
            of_class.reporting_first_time = days(Attribute::First);
            of_class.reporting_ongoing = days(Attribute::Ongoing);
            of_class.reporting_macd = days(Attribute::Change);
            Some(of_class)
        };
        let mut state = Policy::new();
        state.policy_type = Some(if installed.is_some() { PolicyType::Custom } else { PolicyType::CiscoDefault });
        state.policy_name = Some(policy.name.as_str().to_owned());
        state.install_time = installed.map(|installed| installed.installed_at.into());
        state.ack_required = Some(policy.requires_ack());
        state.enforced = days(LicenseClass::Enforced);
        state.export = days(LicenseClass::Export);
        state.subscription = days(LicenseClass::Subscription);
        state.perpetual = days(LicenseClass::Perpetual);
        state
    }

    fn trust_entry(&self, member: &Udi) -> TrustCode {
        let trusted = self.state.trust.get(member).is_some_and(|trust| trust.installed.is_some());
        let mut entry = TrustCode::new();
        entry.key_udi = Some(member.to_string());
        entry.is_installed = Some(trusted);
        let installed = self.installed_at(ImportClass::TrustCode, member).filter(|_| trusted);
        entry.time_installed = installed.map(Into::into);
        entry.udi = Some(member.into());
        entry
    }

    fn report_keys(&self) -> Vec<ReportKey> {
        let keys = self.saved.life.kept.iter().map(|kept| {
            let mut key = ReportKey::new();
            key.report_id = Some(kept.id.get());
            key.udi = Some((&kept.device).into());
            key.report_start_time = Some(kept.start.into());
            key.report_end_time = Some(kept.end.into());
            key.report_state = kept.state.as_model_word().map(Into::into);
            key.rum_report_key = Some(format!("{} {}", kept.device, kept.id.get()));
            key
        });
        keys.collect()
    }

    fn ack_state(&self, local: UnixSeconds) -> RumAck {
        let default = policy::Policy::vendor_default();
        let policy = self.state.policy.as_ref().map_or(&default, |installed| &installed.policy);
        let mut state = RumAck::new();
        state.last_received_time = self.saved.last_ack.map(Into::into);
        let deadline = printed_ack_deadline(policy, &self.uses(), self.saved.last_ack, local);
        state.next_report_deadline = deadline.map(Into::into);
        state
    }

    fn members_with_codes(&self) -> Vec<OverallStatus> {
        let members = self.saved.setup.members.iter().enumerate().map(|(index, member)| {
            let mut entry = OverallStatus::new();
            entry.key_udi = Some(member.to_string());
            entry.udi = Some(member.into());
            if let Some(code) = self.state.codes.get(member) {
                let mut installed = InstalledAuthorization::new();
                installed.install_type = Some(match code.authorization.kind {
                    AuthorizationKind::Slr => LicenseAuthType::Slr,
                    _ => LicenseAuthType::AuthCode,
                });
                installed.install_time = Some(code.installed_at.into());
                entry.installed_list.push(installed);
            }
            if self.saved.reservation.permanent.iter().any(|(device, _)| device == member) {
                let mut installed = InstalledAuthorization::new();
                installed.install_type = Some(LicenseAuthType::Plr);
                entry.installed_list.push(installed);
            }
            (self.saved.setup.role(self.saved.active, index) != HaRole::Active, entry)
        });
        let mut members: Vec<_> = members.collect();
        members.sort_by_key(|(later, _)| *later);
        members.into_iter().map(|(_, entry)| entry).collect()
    }

    fn granted(&self, local: UnixSeconds) -> Vec<AuthorizedLicense> {
        let features = self.saved.setup.features.iter().filter_map(|feature| {
            let total = self.state.codes.values().map(|code| code.authorization.authorized_count(&feature.tag, local));
            let total = total.fold(0, u64::saturating_add);
            (total > 0).then(|| {
                let mut license = AuthorizedLicense::new();
                license.entitlement_tag = Some(feature.tag.as_str().to_owned());
                license.short_name = Some(feature.name.clone());
                license.license_name = Some(feature.name.clone());
                license.description = Some(feature.description.clone());
                license.total_count = Some(u32::try_from(total).unwrap_or(u32::MAX));
                license.license_enforcement_type = Some(match feature.class {
                    LicenseClass::Export => LicenseEnforcementType::Export,
                    LicenseClass::Enforced => LicenseEnforcementType::Enforced,
                    _ => LicenseEnforcementType::Unenforced,
                });
                license
            })
        });
        features.collect()
    }
}
