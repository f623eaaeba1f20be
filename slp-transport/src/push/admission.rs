//! Who may push: the rules of a server. Spec: transport, "Who may push" (choice).

use crate::push::message_code;

/// What a server knows about a device that pushes. The record key is always the UDI, the address an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts, each a column of the table")]
pub struct Admission {
    /// Does the server sit behind address translation (its setting)?
    pub nat: bool,
    /// Does it take listed devices alone (its setting)?
    pub listed_only: bool,
    /// Does it know the UDI?
    pub udi_known: bool,
    /// Is the UDI in its list?
    pub udi_listed: bool,
    /// Does it know the address, under another UDI?
    pub address_of_other: bool,
}

impl Admission {
    /// A server with default settings and an unknown device.
    pub fn new() -> Self {
        Self::default()
    }
}

/// What a server does with a device that it admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admitted {
    /// It is known: its address is updated.
    Known,
    /// It is added.
    Added,
    /// It is added, and the other device at its address gets an event. Records are never merged.
    AddedBesideOther,
}

/// Why a device may not push: status 403 with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// `PI_NOT_ALLOWED` or `PI_NAT_IDENTITY_REQUIRED`.
    pub code: &'static str,
}

/// May this device push?
///
/// # Errors
/// [`Refused`], with the code of the answer.
pub fn admit(device: Admission) -> Result<Admitted, Refused> {
    match device {
        Admission { nat: true, udi_known: false, .. } => Err(Refused { code: message_code::NAT_IDENTITY_REQUIRED }),
        Admission { nat: false, listed_only: true, udi_listed: false, .. } => {
            Err(Refused { code: message_code::NOT_ALLOWED })
        }
        Admission { udi_known: true, .. } => Ok(Admitted::Known),
        Admission { address_of_other: true, .. } => Ok(Admitted::AddedBesideOther),
        _ => Ok(Admitted::Added),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_table_has_its_outcome() {
        let case = |nat, listed_only, udi_known, udi_listed, address_of_other| {
            admit(Admission { nat, listed_only, udi_known, udi_listed, address_of_other })
                .map_err(|refused| refused.code)
        };
        assert_eq!(case(false, false, true, false, true), Ok(Admitted::Known));
        assert_eq!(case(false, false, false, false, false), Ok(Admitted::Added));
        assert_eq!(case(false, false, false, false, true), Ok(Admitted::AddedBesideOther));
        assert_eq!(case(false, true, false, true, false), Ok(Admitted::Added));
        assert_eq!(case(false, true, true, false, false), Err("PI_NOT_ALLOWED"));
        assert_eq!(case(true, true, true, false, true), Ok(Admitted::Known));
        assert_eq!(case(true, false, false, true, false), Err("PI_NAT_IDENTITY_REQUIRED"));
    }
}
