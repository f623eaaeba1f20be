//! The error numbers of devices: IOS XE and IOS XR agree up to 142 and part there. One table, in `slp-model`; here it is
//! seen as the enumerations of the two modules. Spec: transport, "Enumerations" (doc).

use slp_model::error_code::{DeviceError, Platform};

use super::YangEnum;

/// The errors of IOS XE (`error-enum` of `cisco-smart-license`).
pub const XE_ERRORS: YangEnum = YangEnum { name: "error-enum", values: &table::<145>(Platform::Xe) };

/// The errors of IOS XR (`error-enum` of `Cisco-IOS-XR-smart-license-errors`).
pub const XR_ERRORS: YangEnum = YangEnum { name: "error-enum", values: &table::<174>(Platform::Xr) };

/// Numbers and words of a platform, in the order of the numbers. Worked out by the compiler: a wrong length, or a number
/// that is missing or beyond it, does not build.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "in constants a wrong index is a build error")]
#[expect(clippy::arithmetic_side_effects, reason = "in constants an overflow is a build error")]
const fn table<const N: usize>(platform: Platform) -> [(u32, &'static str); N] {
    let mut values = [(0, ""); N];
    let (mut index, mut found) = (0, 0);
    while index < DeviceError::ALL.len() {
        let error = DeviceError::ALL[index];
        if let (Some(number), Some(word)) = (error.number(platform), error.word(platform)) {
            assert!(values[number as usize].1.is_empty(), "one word a number");
            values[number as usize] = (number as u32, word);
            found += 1;
        }
        index += 1;
    }
    assert!(found == N, "every number has a word");
    values
}
