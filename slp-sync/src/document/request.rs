//! The synchronization request: what the local virtual accounts hold and use.

use slp_model::{EntitlementTag, UnixMillis};

use crate::document::codec::{
    At, Certificate, Count, Flag, HasKey, Int, Keyed, List, Of, Row, RowOf, SigningRequest, Str, Tag, Time, Uuid,
    once_each, record, unique,
};
use crate::error::{ErrorKind, Result};

record! { blank
    /// Document C: an On-Prem asks for what changed since its watermark, and says what changed on its side. Spec: sync,
    /// "C: synchronization request".
    SyncRequest {
        /// New for each document; the answer echoes it.
        request_id: String = need(Uuid);
        /// The name of the server.
        on_prem_name: String = server(Str<64>);
        /// The instance; known by the common name of `id_cert` too, which it has to equal.
        collector_instance_id: Option<String> = opt(Uuid);
        /// The local account.
        local_account: String = need(Str);
        /// The Smart Account.
        smart_account: String = need(Str);
        /// The virtual account.
        virtual_account: String = need(Str);
        /// The identity of the On-Prem, PEM (name: doc).
        id_cert: String = need(Certificate);
        /// Who signed this document, PEM; the identity itself where one key does both (name: doc).
        signing_cert: String = need(Certificate);
        /// The identity is to be renewed (name: doc).
        csr: Option<String> = opt(SigningRequest);
        /// The signer is to be renewed.
        signing_csr: Option<String> = opt(SigningRequest);
        /// The local CA is to be renewed.
        local_sub_ca_csr: Option<String> = opt(SigningRequest);
        /// The time of this document (name: doc).
        last_generated: UnixMillis = need(Time);
        /// The watermark of the last applied document; none asks for everything (name: doc).
        last_sync: Option<UnixMillis> = or_null(Time);
        /// Members that the privacy settings hold back, sorted.
        withheld: Vec<String> = or_default(List<Str<64>, 16>);
        /// The local virtual accounts (name: doc).
        virtual_accounts: Vec<Row<LocalAccount>> = need(List<RowOf<LocalAccount>, 1_000>);
    }
}

record! { blank
    /// One local virtual account.
    LocalAccount {
        /// Stable, never used again.
        id: String = need(Str<64>);
        /// Its name, unique on this On-Prem.
        name: String = need(Str);
        /// Is it the default? Exactly one is.
        default: bool = need(Flag);
        /// Shares and use, sorted by tag.
        licenses: Vec<Row<LocalLicense>> = need(List<RowOf<LocalLicense>, 10_000>);
        /// Devices, sorted by id.
        product_instances: Vec<Row<ProductInstance>> = need(List<RowOf<ProductInstance>, 50_000>);
    }
}

record! {
    /// The share of one local virtual account in one licence. Counts are numbers of licences.
    LocalLicense {
        /// The licence.
        tag: EntitlementTag = need(Tag);
        /// The share; negative only in the default account.
        allocated: i64 = need(Int);
        /// In use, after the HA rule.
        in_use: u64 = need(Count);
        /// Reserved for devices without contact.
        reserved: u64 = need(Count);
        /// Lent to lower tiers.
        lent: u64 = or_default(Count);
        /// Borrowed from higher tiers.
        borrowed: u64 = or_default(Count);
        /// Missing, after all that could be borrowed.
        shortage: u64 = or_default(Count);
    }
}

impl LocalLicense {
    /// A share that nobody uses.
    pub fn new(tag: EntitlementTag, allocated: i64) -> Self {
        Self { tag, allocated, in_use: 0, reserved: 0, lent: 0, borrowed: 0, shortage: 0 }
    }
}

record! { blank
    /// One device of a local virtual account.
    ProductInstance {
        /// Stable, never used again.
        id: String = need(Str<64>);
        /// Product id (seen).
        udi_pid: String = need(Str);
        /// Serial number (seen).
        udi_serial_number: String = need(Str);
        /// Version id of the hardware.
        udi_vid: Option<String> = opt(Str);
        /// UUID.
        uuid: Option<String> = opt(Str);
        /// Its software, as a tag.
        product_tag: Option<String> = opt(Str<255>);
        /// `SL` or `SLP`, open.
        mode: String = need(Str);
        /// Held back by the privacy setting of this name.
        hostname: Option<String> = opt(Str);
        /// Held back by the privacy setting of this name.
        ip: Option<String> = opt(Str);
        /// Held back by the privacy setting of this name.
        mac: Option<String> = opt(Str);
        /// The same for all members of one HA set.
        ha_group: Option<String> = opt(Str<64>);
        /// Since when it is known.
        registered: UnixMillis = need(Time);
        /// When it was heard of last.
        last_contact: UnixMillis = need(Time);
        /// What it uses, sorted by tag.
        usage: Vec<Use> = need(List<Of<Use>, 1_000>);
    }
}

record! {
    /// The use of one licence by one device.
    Use {
        /// The licence.
        tag: EntitlementTag = need(Tag);
        /// How many licences.
        count: u64 = need(Count);
    }
}

impl Use {
    /// So many of this licence.
    pub fn new(tag: EntitlementTag, count: u64) -> Self {
        Self { tag, count }
    }
}

impl Keyed for LocalAccount {
    const KEY: &'static str = "id";
}

impl HasKey for LocalAccount {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Keyed for LocalLicense {
    const KEY: &'static str = "tag";
}

impl HasKey for LocalLicense {
    fn key(&self) -> &str {
        self.tag.as_str()
    }
}

impl Keyed for ProductInstance {
    const KEY: &'static str = "id";
}

impl HasKey for ProductInstance {
    fn key(&self) -> &str {
        &self.id
    }
}

impl SyncRequest {
    /// Keys, tombstones, the one default account.
    pub(super) fn check(&self) -> Result<()> {
        once_each(self.withheld.iter().map(String::as_str), "word", &At::Member(&At::Root, "withheld"))?;
        let root = At::Member(&At::Root, "virtual_accounts");
        unique(&self.virtual_accounts, &root)?;
        let full = self.last_sync.is_none();
        let tombstone = |at: &At<'_>| at.refuse(ErrorKind::TombstoneInFull, "a full request removes nothing");
        let mut defaults = 0_u64;
        for (index, row) in self.virtual_accounts.iter().enumerate() {
            let at = At::Item(&root, index);
            let Row::Present(account) = row else {
                if full {
                    return Err(tombstone(&at));
                }
                continue;
            };
            defaults = defaults.saturating_add(u64::from(account.default));
            let (licenses, devices) = (At::Member(&at, "licenses"), At::Member(&at, "product_instances"));
            unique(&account.licenses, &licenses)?;
            unique(&account.product_instances, &devices)?;
            for (index, row) in account.licenses.iter().enumerate() {
                let at = At::Item(&licenses, index);
                match row.present() {
                    None if full => return Err(tombstone(&at)),
                    Some(license) if license.allocated < 0 && !account.default => {
                        let at = At::Member(&at, "allocated");
                        return Err(at.refuse(ErrorKind::BadNumber, "only the default account goes below zero"));
                    }
                    _ => {}
                }
            }
            for (index, row) in account.product_instances.iter().enumerate() {
                let at = At::Item(&devices, index);
                match row.present() {
                    None if full => return Err(tombstone(&at)),
                    None => {}
                    Some(device) => {
                        let tags = device.usage.iter().map(|used| used.tag.as_str());
                        once_each(tags, "tag", &At::Member(&at, "usage"))?;
                    }
                }
            }
        }
        if full && defaults != 1 {
            return Err(root.bad("default", "exactly one local virtual account is the default"));
        }
        Ok(())
    }
}
