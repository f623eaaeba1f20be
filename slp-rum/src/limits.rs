//! What one document may cost, and which deviations are taken.

use serde::{Deserialize, Serialize};

use crate::Tolerances;

/// What one document may cost. A limit itself passes, one more is refused; it is counted before memory is taken.
/// Spec: rum, "Limits".
///
/// As JSON (or in another format of serde): an object of these names; what is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one document. Default 16 MiB: a device's own file is a few MB (doc).
    pub document_bytes: usize,
    /// Reports in one document. Default 100,000; a device holds about 1,000 (doc).
    pub reports_per_document: usize,
    /// Bytes of one payload, un-escaped. Default 8 MiB.
    pub payload_bytes: usize,
    /// Bytes of any other string. Default 64 KiB.
    pub string_bytes: usize,
    /// Bytes of a `json_encode` value of a telemetry report. Default 4 MiB.
    pub json_encode: usize,
    /// Parts in the inventories of one telemetry report. Default 100,000.
    pub inventory_items: usize,
    /// Characters of the text of a signature. Default 16 KiB; 344 are known.
    pub signature_value_bytes: usize,
    /// Measurements of one report. Default 100,000.
    pub measurements_per_report: usize,
    /// Devices in one `added_sudi_list` or `removed_sudi_list`. Default 50,000.
    pub sudis_per_list: usize,
    /// Devices on devices (access points) named in all intervals of one evaluation together, of any number of documents:
    /// every interval names those of its device. Default 10,000,000, about 600 MB as JSON; beyond it the intervals stay
    /// and name none. See [`Intervals::attached_limit`](crate::usage::Intervals::attached_limit).
    pub attached_devices: usize,
    /// Elements inside one another. Default 16.
    pub xml_depth: usize,
    /// Objects and arrays inside one another, for each text of JSON by itself. Default 16.
    pub json_depth: u32,
    /// Bytes of the name of one element. Default 255: names are repeated in places and warnings; the longest known has 25.
    pub xml_name_bytes: usize,
    /// Attributes of one element. Default 64.
    pub xml_attributes: usize,
    /// Children of the root other than `RUMReport`. Default 1,024.
    pub root_children: usize,
    /// Elements inside the parts of one document, reports not counted. Default 100,000.
    pub xml_elements: usize,
    /// Bytes of the text of one element. Default 64 KiB.
    pub leaf_bytes: usize,
    /// Bytes of the JSON text of one part. Default 4 MiB.
    pub data_bytes: usize,
    /// Entitlements of one authorization code. Default 1,024.
    pub entitlements_per_code: usize,
    /// Members of the acknowledgements of one document, and elements of the other arrays in its parts, all together.
    /// Default 100,000.
    pub ack_members: usize,
    /// Bytes of the certificates of one trust code. Default 64 KiB.
    pub pem_bytes: usize,
    /// Certificates in one trust code. Default 8.
    pub certificates_per_code: usize,
    /// Characters of the signature of a part. Default 1,024; 96 are known.
    pub part_signature_chars: usize,
    /// Characters of a UDI, a tag, or the name of an account or licence. Default 255 (doc).
    pub name_chars: usize,
    /// Warnings kept for one document; further ones are only counted. Default 1,000.
    pub warnings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 16 << 20,
            reports_per_document: 100_000,
            payload_bytes: 8 << 20,
            string_bytes: 64 << 10,
            json_encode: 4 << 20,
            inventory_items: 100_000,
            signature_value_bytes: 16 << 10,
            measurements_per_report: 100_000,
            sudis_per_list: 50_000,
            attached_devices: 10_000_000,
            xml_depth: 16,
            json_depth: 16,
            xml_name_bytes: 255,
            xml_attributes: 64,
            root_children: 1_024,
            xml_elements: 100_000,
            leaf_bytes: 64 << 10,
            data_bytes: 4 << 20,
            entitlements_per_code: 1_024,
            ack_members: 100_000,
            pem_bytes: 64 << 10,
            certificates_per_code: 8,
            part_signature_chars: 1_024,
            name_chars: 255,
            warnings: 1_000,
        }
    }
}

/// How to read: what it may cost and which deviations are taken.
///
/// ```
/// use slp_rum::{ReadOptions, Tolerance, Tolerances};
///
/// let mut options = ReadOptions::default(); // every named deviation is taken and recorded
/// options.limits.document_bytes = 64 << 20; // a wireless controller with thousands of access points
/// options.tolerances = Tolerances::all().without(Tolerance::Base64Document);
/// let strict = ReadOptions::strict();       // none is taken
/// # let _ = (options, strict);
/// ```
///
/// As JSON: `{"limits":{…},"tolerances":"all,-…"}`; what is left out has its default. It has no text form: it is a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ReadOptions {
    /// What one document may cost.
    pub limits: Limits,
    /// The deviations that are taken (and recorded as warnings). The others are errors of kind `tolerance`.
    pub tolerances: Tolerances,
}

impl ReadOptions {
    /// Takes no deviation at all.
    pub fn strict() -> Self {
        Self { limits: Limits::default(), tolerances: Tolerances::none() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tolerance;

    #[test]
    fn options_read_back_from_json_and_what_is_left_out_has_its_default() {
        let mut options = ReadOptions::strict();
        options.limits.document_bytes = 7;
        options.tolerances = options.tolerances.with(Tolerance::Bom);
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<ReadOptions>(&json).unwrap(), options);
        let short: ReadOptions = serde_json::from_str(r#"{"limits":{"document_bytes":7},"tolerances":"bom"}"#).unwrap();
        assert_eq!(short, options);
        assert_eq!(serde_json::from_str::<ReadOptions>("{}").unwrap(), ReadOptions::default());
        assert!(serde_json::from_str::<ReadOptions>(r#"{"limit":{}}"#).is_err());
    }
}
