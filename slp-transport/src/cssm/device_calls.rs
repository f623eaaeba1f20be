//! Devices of an account: list, move, remove. Spec: transport, "Account and licence calls" (code).

use crate::cssm::call::account_call;
use crate::wire::{Fail, In, Out, Wire, record};
use crate::{StatusWord, SudiCamel};

account_call! {
    /// The devices of virtual accounts.
    pub struct ListDevices => POST "/v1/accounts/{d}/devices" (domain) body Paging => AccountDevices
}
account_call! {
    /// The devices of one virtual account.
    pub struct ListVirtualAccountDevices => GET "/v1/accounts/{d}/virtual-accounts/{va}/devices" (domain, virtual_account)
        => AccountDevices, onprem
}
account_call! {
    /// Moves devices to another virtual account.
    pub struct TransferDevices => POST "/v1/accounts/{d}/virtual-accounts/{va}/devices/transfer" (domain, virtual_account)
        body TransferList => RemovedDevices, onprem
}
account_call! {
    /// Removes devices from a virtual account: what they used is free again.
    pub struct RemoveDevices => POST "/v2/accounts/{d}/virtual-accounts/{va}/devices/remove" (domain, virtual_account)
        body RemoveDevicesBody => RemovedDevices
}

record! {
    /// Which page of which virtual accounts. Leaving the accounts out brings status 422 (code).
    pub struct Paging {
        /// Names of virtual accounts.
        virtual_accounts: list String = "virtualAccounts",
        /// Lines of a page; -1 means all (code).
        limit: req i64 = "limit",
        /// Lines before the page: 0, 50, 100, …
        offset: req i64 = "offset",
    }
}

record! {
    /// One page of the devices of an account.
    pub struct AccountDevices {
        /// How many there are, on all pages.
        total_records: opt i64 = "totalRecords",
        /// The devices of this page.
        devices: list AccountDevice = "devices",
        /// What the server says about it, for people.
        status_message: said_null String = "statusMessage",
        /// How it went.
        status: opt StatusWord = "status",
    }
}

record! {
    /// A device as the account knows it.
    pub struct AccountDevice {
        /// What it used at its last report, by licence.
        license_usage: list DeviceLicense = "licenseUsage",
        /// Its host name.
        host_name: null String = "hostName",
        /// Who it is.
        sudi: opt SudiCamel = "sudi",
        /// Such as `UDI_PID:C8000V; UDI_SN:…; `, with the blank at its end (seen).
        display_name: null String = "displayName",
        /// Such as `2022-07-11T14:33:41Z` (seen).
        registration_date: null String = "registrationDate",
        /// Tag of the product.
        product_tag_name: null String = "productTagName",
        /// Its virtual account.
        virtual_account: null String = "virtualAccount",
        /// Name of the product.
        product_name: null String = "productName",
        /// Description of the product.
        product_description: null String = "productDescription",
        /// Type of the product; empty so far (seen).
        product_type: null String = "productType",
        /// `In Compliance` (seen), `Out Of Compliance` (code).
        status: null String = "status",
        /// When it was last heard of, in the form of `registration_date` (seen).
        last_contact_date: null String = "lastContactDate",
    }
}

record! {
    /// A licence that a device uses.
    pub struct DeviceLicense {
        /// Its name, not its tag.
        license: req String = "license",
        /// How many are in use.
        quantity: or_default i64 = "quantity",
    }
}

record! {
    /// Devices to move.
    pub struct TransferList {
        /// Which, and where each goes.
        product_instances: list DeviceTransfer = "productInstances",
    }
}

record! {
    /// A device to move.
    pub struct DeviceTransfer {
        /// The device.
        sudi: req SudiCamel = "sudi",
        /// Tag of its product.
        product_tag_name: req String = "productTagName",
        /// Name of the virtual account that it goes to.
        target_virtual_account: req String = "targetVirtualAccount",
    }
}

record! {
    /// A device to remove.
    pub struct RemoveDevice {
        /// The device.
        sudi: req SudiCamel = "sudi",
        /// Tag of its product.
        product_tag_name: req String = "productTagName",
        /// The code of its return, where it has one.
        return_code: null String = "returnCode",
    }
}

/// Devices to remove. The member is written as the service spells it, `productInstacesRemoveRequests` (code); with both
/// spellings in a body, the misspelt one counts. Spec: transport, "Five traps" 5.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoveDevicesBody {
    /// Which, in the order of the body.
    pub requests: Vec<RemoveDevice>,
}

impl RemoveDevicesBody {
    /// A body for these devices.
    pub fn new(requests: Vec<RemoveDevice>) -> Self {
        Self { requests }
    }
}

impl Wire for RemoveDevicesBody {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let start = input.reader.value_offset();
        let (mut misspelt, mut right) = (None, None);
        input.reader.begin_object()?;
        loop {
            let at = input.reader.value_offset();
            let Some(name) = input.reader.next_member()? else { break };
            let slot = match &*name {
                "productInstacesRemoveRequests" => &mut misspelt,
                "productInstancesRemoveRequests" => &mut right,
                _ => {
                    input.reader.skip()?;
                    continue;
                }
            };
            let list = requests(input).map_err(|fail| fail.in_member(&name))?;
            if slot.replace(list).is_some() {
                return Err(slp_model::json::Fault::duplicate(at, &name).into());
            }
        }
        let requests = misspelt.or(right);
        let requests = requests.ok_or_else(|| Fail::missing(start, "productInstacesRemoveRequests"))?;
        Ok(Self { requests })
    }

    fn write(&self, out: &mut Out) {
        let mut first = true;
        out.text.push('{');
        out.member(&mut first, "productInstacesRemoveRequests");
        self.requests.write(out);
        out.text.push('}');
    }
}

/// The devices of one spelling. Some clients fill the other one with an empty object (code).
fn requests(input: &mut In<'_, '_>) -> Result<Vec<RemoveDevice>, Fail> {
    let mut requests = Vec::new();
    input.reader.begin_array()?;
    while input.reader.next_element()? {
        if input.probe().reader.skip()? == "{}" {
            input.reader.skip()?;
            continue;
        }
        requests.push(RemoveDevice::read(input).map_err(|fail| fail.in_element(requests.len()))?);
    }
    Ok(requests)
}

record! {
    /// What became of each device.
    pub struct RemovedDevices {
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
        /// One a device.
        removed: list RemoveStatus = "removeProductInstancesStatus",
    }
}

record! {
    /// What became of one device.
    pub struct RemoveStatus {
        /// How it went.
        status: req StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
        /// Which device.
        device: opt DeviceRef = "device",
    }
}

record! {
    /// A device, by its identity.
    pub struct DeviceRef {
        /// Who it is.
        sudi: opt SudiCamel = "sudi",
        /// Tag of its product.
        product_tag_name: opt String = "productTagName",
    }
}
