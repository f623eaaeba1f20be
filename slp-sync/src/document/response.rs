//! The synchronization response: what the cloud says was purchased.

use slp_model::{EntitlementTag, UnixMillis};

use crate::account::{ResponseFacts, ResponseKind};
use crate::document::codec::{
    At, Certificate, Code, Count, Date, Flag, HasKey, Id64, Keyed, List, Of, Row, RowOf, Str, Tag, Text, Time, Uuid,
    once_each, record, unique,
};
use crate::document::registration::RegistrationAuthorization;
use crate::error::{ErrorKind, Result};
use crate::hierarchy::{Hierarchy, check_disjoint};

record! { blank
    /// Document D: the cloud's answer to a synchronization request. Spec: sync, "D: synchronization response".
    SyncResponse {
        /// That of the request.
        request_id: String = need(Uuid);
        /// The name of the server (doc, perhaps paraphrased).
        on_prem_name: String = server(Str<64>);
        /// Whose it is (name: doc).
        collector_instance_id: String = need(Uuid);
        /// The identity of the On-Prem, renewed if it was asked for, PEM (name: doc).
        id_cert: String = need(Certificate);
        /// The issuing CA of the cloud, PEM (name: doc).
        sub_ca_cert: String = need(Certificate);
        /// Who signed this document, PEM (name: doc).
        signing_cert: String = need(Certificate);
        /// The signer of requests, PEM.
        collector_signing_cert: Option<String> = opt(Certificate);
        /// The local CA, PEM (name: doc).
        local_sub_ca_cert: Option<String> = opt(Certificate);
        /// That of the request (name: doc).
        last_generated: UnixMillis = need(Time);
        /// What this delta builds on; none: it is full.
        base_sync: Option<UnixMillis> = or_null(Time);
        /// The new watermark, later than every one before (name: doc).
        last_sync: UnixMillis = need(Time);
        /// The virtual account; none in an empty delta.
        virtual_accounts: Vec<CloudAccount> = need(List<Of<CloudAccount>, 1_000>);
        /// Tiers of licences; absent: unchanged in a delta, none in a full response.
        hierarchies: Option<Vec<HierarchyEntry>> = opt(List<Of<HierarchyEntry>, 1_000>);
        /// What the cloud has to say.
        notices: Vec<Notice> = or_default(List<Of<Notice>, 100>);
    }
}

record! { blank
    /// The virtual account of the cloud.
    CloudAccount {
        /// Its number in the cloud, digits as text.
        id: String = need(Id64);
        /// Its name.
        name: String = need(Str);
        /// Its licences, sorted by tag.
        licenses: Vec<Row<CloudLicense>> = need(List<RowOf<CloudLicense>, 10_000>);
    }
}

record! {
    /// What was purchased of one licence. Counts are numbers of licences.
    CloudLicense {
        /// The licence.
        tag: EntitlementTag = need(Tag);
        /// Its name for people.
        display_name: Option<String> = opt(Text);
        /// More about it.
        description: Option<String> = opt(Text);
        /// `PREPAID`, `POSTPAID`, open (seen).
        billing: String = need(Str);
        /// `PERPETUAL`, `TERM`, `SUBSCRIPTION`, `DEMO`, open.
        license_type: String = need(Str);
        /// Total that is valid now.
        purchased: u64 = need(Count);
        /// `unenforced` (if absent), `enforced`, `export` (doc).
        enforcement: Option<String> = opt(Str);
        /// Active and standby count once.
        app_ha: bool = or_default(Flag);
        /// The orders behind it.
        lines: Option<Vec<Line>> = opt(List<Of<Line>, 10_000>);
    }
}

impl CloudLicense {
    /// So many of this licence, prepaid and perpetual.
    pub fn new(tag: EntitlementTag, purchased: u64) -> Self {
        Self {
            tag,
            display_name: None,
            description: None,
            billing: "PREPAID".to_owned(),
            license_type: "PERPETUAL".to_owned(),
            purchased,
            enforcement: None,
            app_ha: false,
            lines: None,
        }
    }
}

record! { blank
    /// One order of a licence.
    Line {
        /// How many were ordered.
        quantity: u64 = need(Count);
        /// As that of the licence.
        license_type: String = need(Str);
        /// First day, `YYYY-MM-DD`.
        start_date: Option<String> = opt(Date);
        /// Last day, `YYYY-MM-DD`; none: no end.
        end_date: Option<String> = opt(Date);
        /// Id of the subscription that it belongs to.
        subscription_id: Option<String> = opt(Str);
        /// `ACTIVE`, `EXPIRED`, `FUTURE`, `CANCELLED`, `PENDING`, open (seen).
        status: String = need(Str);
    }
}

record! { blank
    /// Tiers of one product line, highest first.
    HierarchyEntry {
        /// Its name, unique in the answer.
        id: String = need(Str<64>);
        /// Two to sixteen licences.
        tiers: Vec<EntitlementTag> = need(List<Tag, 16>);
    }
}

record! { blank
    /// Something that the cloud has to say; it becomes an alert.
    Notice {
        /// `MAJOR`, `MINOR`, `INFORMATIONAL` (doc).
        severity: String = need(Str);
        /// A word of small letters and `_`, such as `full_requested`.
        code: String = need(Code);
        /// The same in words, for people.
        text: String = need(Text);
    }
}

impl Keyed for CloudLicense {
    const KEY: &'static str = "tag";
}

impl HasKey for CloudLicense {
    fn key(&self) -> &str {
        self.tag.as_str()
    }
}

fn full_requested(notices: &[Notice]) -> bool {
    notices.iter().any(|notice| notice.code == "full_requested")
}

impl RegistrationAuthorization {
    /// What [`Exchange::judge`](crate::account::Exchange::judge) has to know; `digest` names the document.
    pub fn facts(&self, digest: [u8; 32]) -> ResponseFacts {
        let mut facts = ResponseFacts::new(
            ResponseKind::Authorization,
            self.collector_instance_id.as_str(),
            digest,
            self.request_id.as_str(),
            self.last_generated,
            self.last_sync,
        );
        facts.virtual_accounts.push(self.virtual_account_id.clone());
        facts.full_requested = full_requested(&self.notices);
        facts
    }
}

impl SyncResponse {
    /// What [`Exchange::judge`](crate::account::Exchange::judge) has to know; `digest` names the document.
    pub fn facts(&self, digest: [u8; 32]) -> ResponseFacts {
        let mut facts = ResponseFacts::new(
            ResponseKind::Response,
            self.collector_instance_id.as_str(),
            digest,
            self.request_id.as_str(),
            self.last_generated,
            self.last_sync,
        );
        facts.base_sync = self.base_sync;
        facts.virtual_accounts = self.virtual_accounts.iter().map(|account| account.id.clone()).collect();
        facts.full_requested = full_requested(&self.notices);
        facts
    }

    /// The hierarchies as the pools take them.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] and [`ErrorKind::HierarchyConflict`], as for [`Hierarchy::new`].
    pub fn hierarchies(&self) -> Result<Vec<Hierarchy>> {
        let entries = self.hierarchies.iter().flatten();
        let all: Result<Vec<_>> = entries.map(|entry| Hierarchy::new(entry.id.as_str(), entry.tiers.clone())).collect();
        let all = all?;
        check_disjoint(&all)?;
        Ok(all)
    }

    /// Keys, sums, hierarchies.
    pub(super) fn check(&self) -> Result<()> {
        let root = At::Member(&At::Root, "virtual_accounts");
        once_each(self.virtual_accounts.iter().map(|account| account.id.as_str()), "id", &root)?;
        for (index, account) in self.virtual_accounts.iter().enumerate() {
            let at = At::Item(&root, index);
            let licenses = At::Member(&at, "licenses");
            unique(&account.licenses, &licenses)?;
            for (index, row) in account.licenses.iter().enumerate() {
                let at = At::Item(&licenses, index);
                let Some(license) = row.present() else {
                    if self.base_sync.is_none() {
                        return Err(at.refuse(ErrorKind::TombstoneInFull, "a full response removes nothing"));
                    }
                    continue;
                };
                let Some(lines) = &license.lines else { continue };
                let active = lines.iter().filter(|line| line.status == "ACTIVE");
                let sum = active.fold(0_u64, |sum, line| sum.saturating_add(line.quantity));
                if sum != license.purchased {
                    let text = format!("{} were purchased, and active lines add up to {sum}", license.purchased);
                    return Err(at.refuse(ErrorKind::LicenseSumMismatch, &text));
                }
            }
        }
        let names = self.hierarchies.iter().flatten().map(|entry| entry.id.as_str());
        once_each(names, "id", &At::Member(&At::Root, "hierarchies"))?;
        self.hierarchies().map(drop)
    }
}
