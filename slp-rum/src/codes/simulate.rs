//! Codes for simulated devices: of the shape of real ones, made by rules of this SDK (choice). No real server takes them,
//! and they are never claimed to be real. Spec: ack-auth, "Typed codes".

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use slp_model::Udi;

use super::{BASE58, ConfirmationCode, PermanentCode, RequestCode, ReservationKind, ReturnCode};
use crate::AuthorizationCode;

/// The namespace of product instance ids: `UUIDv5` of the object identifier `1.3.6.1.4.1.9.9.831`.
const NAMESPACE: [u8; 16] =
    [0x59, 0x9b, 0x08, 0xe2, 0x64, 0x8c, 0x5b, 0x97, 0xa7, 0x71, 0xb1, 0x14, 0x25, 0xc6, 0x48, 0x39];

/// A number of so many bytes in Base58, padded with `1` on the left.
fn base58(bytes: &[u8], width: usize) -> String {
    let mut digits: Vec<u8> = Vec::with_capacity(width);
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry = carry.saturating_add(u32::from(*digit).saturating_mul(256));
            *digit = u8::try_from(carry.checked_rem(58).unwrap_or(0)).unwrap_or(0);
            carry = carry.checked_div(58).unwrap_or(0);
        }
        while carry > 0 {
            digits.push(u8::try_from(carry.checked_rem(58).unwrap_or(0)).unwrap_or(0));
            carry = carry.checked_div(58).unwrap_or(0);
        }
    }
    while digits.len() < width {
        digits.push(0);
    }
    let letter = |digit: &u8| BASE58.get(usize::from(*digit)).copied().map_or('1', char::from);
    digits.iter().rev().map(letter).collect()
}

fn grouped(text: &str) -> Box<str> {
    let mut out = String::new();
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index.is_multiple_of(6) {
            out.push('-');
        }
        out.push(character);
    }
    out.into()
}

/// What return and confirmation codes are made of: the device, its product instance id, the signature of the code.
fn basis(code: &AuthorizationCode) -> String {
    let piid = code.view().piid.as_deref().unwrap_or_default();
    format!("{}\n{piid}\n{}", code.view().udi, code.signature().unwrap_or_default())
}

/// The request code of a simulated device with this software. A kind that is not known asks for specific licences.
pub fn request_code(device: &Udi, software_tag: &str, kind: ReservationKind) -> RequestCode {
    let letter = if kind == ReservationKind::Permanent { 'D' } else { 'C' };
    let token = base58(&Sha256::digest(software_tag.as_bytes()), 44);
    let token = token.get(token.len().saturating_sub(8)..).unwrap_or_default();
    let start = format!("{letter}B-Z{}:{}-A{token}", device.pid(), device.serial());
    let check = Sha256::digest(start.as_bytes()).first().copied().unwrap_or(0);
    RequestCode { text: format!("{start}-{check:02X}").into(), device: device.clone() }
}

/// The authorization code with which a simulated server answers the request for a permanent reservation.
pub fn permanent_code(request: &RequestCode) -> PermanentCode {
    let digest = Sha512::digest(format!("slp-plr\n{}", request.as_str()).as_bytes());
    let code = base58(digest.get(..35).unwrap_or_default(), 49);
    PermanentCode(grouped(&format!("D{code}")))
}

/// The code that a simulated device shows when it gives this authorization code back.
pub fn return_code(code: &AuthorizationCode) -> ReturnCode {
    let digest = Sha512::digest(format!("slp-return\n{}", basis(code)).as_bytes());
    let text = base58(digest.get(..36).unwrap_or_default(), 50);
    ReturnCode(grouped(&format!("C{text}")))
}

/// The code that a simulated device shows when it gives a permanent reservation back.
pub fn permanent_return_code(device: &Udi, code: &PermanentCode) -> ReturnCode {
    let digest = Sha512::digest(format!("slp-return\n{device}\n\n{}", code.as_str()).as_bytes());
    let text = base58(digest.get(..36).unwrap_or_default(), 50);
    ReturnCode(grouped(&format!("C{text}")))
}

/// The code that a simulated device shows when it has installed this authorization code.
pub fn confirmation_code(code: &AuthorizationCode) -> ConfirmationCode {
    let digest = Sha256::digest(format!("slp-confirm\n{}", basis(code)).as_bytes());
    let mut text = String::new();
    for byte in digest.iter().take(4) {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
    }
    ConfirmationCode(text.into())
}

/// The product instance id of a device that has none yet: `UUIDv5` of its UDI text.
///
/// ```
/// let device = "P:TEST-SWITCH,S:TST00000001".parse()?;
/// assert_eq!(slp_rum::codes::simulate::product_instance_id(&device), "24418faf-32ba-50c6-910b-fec53dfcf3f5");
/// # Ok::<(), slp_model::Error>(())
/// ```
pub fn product_instance_id(device: &Udi) -> String {
    let digest = Sha1::new().chain_update(NAMESPACE).chain_update(device.to_string().as_bytes()).finalize();
    let mut out = String::with_capacity(36);
    for (index, byte) in digest.iter().take(16).enumerate() {
        use std::fmt::Write as _;
        let byte = match index {
            6 => (byte & 0x0f) | 0x50,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{base58, permanent_code, permanent_return_code, request_code};
    use crate::codes::ReservationKind;

    #[test]
    fn a_permanent_reservation_is_given_back_with_a_code_of_its_own_device() {
        let code = |serial: &str| {
            let device = slp_model::Udi::new("TEST-SWITCH", serial).unwrap();
            let request = request_code(&device, "regid.2020-01.com.cisco.TEST,1.0_x", ReservationKind::Permanent);
            permanent_return_code(&device, &permanent_code(&request))
        };
        assert!(code("TST00000001").is_usual());
        assert_eq!(code("TST00000001"), code("TST00000001"));
        assert_ne!(code("TST00000001"), code("TST00000002"));
    }

    #[test]
    fn base58_is_padded_to_its_width() {
        assert_eq!(base58(&[0, 0, 0], 5), "11111");
        assert_eq!(base58(&[57], 1), "z");
        assert_eq!(base58(&[58], 2), "21");
        assert_eq!(base58(&[0xff, 0xff], 3), "LUv");
    }
}
