//! The vendor's public CAs, as fingerprints: data, and nothing that is trusted by itself. Spec: crypto, "Tree".

use slp_model::word_enum;

word_enum! {
    /// A set of pinned issuing CAs, to be chosen by the caller. Words: `sudi`, `manufacturing`, `kgv`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum PinSet: "set of pinned CAs" {
        /// The CAs that issue device certificates: ACT2, High Assurance, ACT2 ECC.
        Sudi = "sudi",
        /// The older and software device CAs: CMCA and CMCA2.
        Manufacturing = "manufacturing",
        /// The CA above the signer of known-good-values files.
        Kgv = "kgv",
    }
}

/// A public CA certificate of the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownCa {
    /// The common name.
    pub name: &'static str,
    /// SHA-256 of the DER.
    pub sha256: [u8; 32],
    /// The set it belongs to. Roots belong to none: the issuing CAs are pinned, which avoids SHA-1.
    pub set: Option<PinSet>,
}

/// Those whose certificates are public (seen).
pub const KNOWN_CAS: &[KnownCa] = &[
    KnownCa {
        name: "ACT2 SUDI CA",
        sha256: *b"\x65\xfa\xb0\x4a\xef\x29\x8b\xe3\xb9\x42\xe6\x0e\x1a\x94\x17\xb9\
            \xc0\xc6\xa1\x8e\xe0\x45\xf2\xd1\x11\x4d\x55\x67\x42\x65\x83\xfb",
        set: Some(PinSet::Sudi),
    },
    KnownCa {
        name: "High Assurance SUDI CA",
        sha256: *b"\xad\xdb\x9f\x88\x2c\x99\x31\xeb\x35\xaa\xd5\x1f\x08\xeb\xfc\x50\
            \x30\x65\x2c\x19\xa1\x01\x29\xc0\xd6\x17\x3e\xd8\xbe\x70\x4c\x2a",
        set: Some(PinSet::Sudi),
    },
    KnownCa {
        name: "ACT2 ECC SUDI CA",
        sha256: *b"\xf2\xa3\x92\x57\x1e\x33\x54\x9a\xb4\x36\x93\xef\x55\x67\xfb\xe6\
            \x07\x8b\x98\x28\x05\x71\x0c\x26\xfe\xf6\xd8\x4a\xc6\xe8\x4b\xdb",
        set: Some(PinSet::Sudi),
    },
    KnownCa {
        name: "Cisco Manufacturing CA",
        sha256: *b"\xc7\x4d\x4b\x4a\x14\x51\x9d\xd0\x65\x19\x1d\x96\x84\x5e\x8d\x4e\
            \xc8\x51\x43\x6b\xc5\x59\xc4\xa4\x5e\x24\xca\x5c\x7c\x01\xfc\xd3",
        set: Some(PinSet::Manufacturing),
    },
    KnownCa {
        name: "Cisco Manufacturing CA SHA2",
        sha256: *b"\x95\xa0\xe5\x8a\x99\x8e\x80\x2a\xc7\x7a\xd5\x29\xb9\xad\xd8\xe5\
            \xb4\x0c\xf9\x0a\xf3\x9a\x85\x6d\xb5\x14\xa3\x63\x46\x50\x1e\xc5",
        set: Some(PinSet::Manufacturing),
    },
    KnownCa {
        name: "Innerspace SubCA RSA",
        sha256: *b"\x60\x59\x70\xdf\x1a\xe3\xf8\x5c\xb7\x40\xc2\x7e\xfe\x38\x6b\x5f\
            \x8f\xa4\x9b\x1d\x91\xa5\x10\xeb\x20\x56\xe5\xf4\xc1\x6c\x6f\xdb",
        set: Some(PinSet::Kgv),
    },
    KnownCa {
        name: "Cisco Root CA 2048",
        sha256: *b"\x83\x27\xbc\x8c\x9d\x69\x94\x7b\x3d\xe3\xc2\x75\x11\x53\x72\x67\
            \xf5\x9c\x21\xb9\xfa\x7b\x61\x3f\xaf\xbc\xcd\x53\xb7\x02\x40\x00",
        set: None,
    },
    KnownCa {
        name: "Cisco Root CA 2099",
        sha256: *b"\xe7\xe1\x27\x93\x64\x3f\x18\xbe\xe5\xb8\xe5\x3a\xb5\x80\x3b\xb3\
            \xd5\x9d\x8e\x63\xd1\x4c\xe6\x34\x6c\x00\x4b\x0d\xfa\x34\xfe\xcc",
        set: None,
    },
    KnownCa {
        name: "Cisco Root CA M1",
        sha256: *b"\x70\x5e\xaa\xfc\x3f\xf4\x88\x03\x00\x17\xd5\x98\x32\x60\x3e\xef\
            \xad\x51\x41\x71\xb5\x83\x80\x86\x75\xf4\x5c\x19\x0e\x63\x78\xf8",
        set: None,
    },
    KnownCa {
        name: "Cisco Root CA M2",
        sha256: *b"\xcd\x85\x16\x7b\x39\x35\xe2\x7b\xcc\x3b\x0f\x5f\xa2\x4c\x84\x57\
            \x88\x2d\x0b\xb9\x94\xf8\x82\x69\xa7\xf7\x28\x29\xd9\x57\xea\xe9",
        set: None,
    },
    KnownCa {
        name: "Cisco ECC Root CA",
        sha256: *b"\x8d\xb4\x9f\x4b\x13\xee\xad\x89\xc5\xcc\xa2\x9e\xc0\x33\x72\x59\
            \x14\x45\x86\x5b\x7a\xfd\xe8\x2c\x33\x76\x0f\x1c\x94\x7f\x3b\xfe",
        set: None,
    },
    KnownCa {
        name: "Cisco Licensing Root CA",
        sha256: *b"\xf1\xb5\x23\x92\xc4\xa4\xec\x2a\x87\x09\xb1\x30\x83\x04\xa9\x11\
            \xff\xce\xc2\xce\x0b\x63\xa9\x4f\xbe\x96\x91\x64\x56\x7c\x49\x25",
        set: None,
    },
];
