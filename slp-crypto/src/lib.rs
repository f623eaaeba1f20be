#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::get_unwrap)]

mod backend; // the one file that names a cryptographic library
mod batch; // many signatures, on the caller's threads
pub mod canonical; // JSON with one form: values, reading, writing, serde
mod certificate; // read tolerantly, kept as DER
mod csr; // signing requests: proof of possession
mod der; // the little DER that is read by hand
pub mod envelope; // the SDK's own documents: what is signed, signing, checking
mod error; // what is no verdict
mod key; // public keys and their names
mod pem; // PEM, read strictly
mod resolve; // which keys may have signed
mod scheme; // signature schemes
mod sign; // private keys, signers
mod signature_text; // base64 of signatures
mod sudi; // statements of device hardware
mod time; // what dates are compared with
mod trust; // pins, anchors, checks of certificates
mod verdict; // the witness, and the reasons
mod verify; // the one door

pub use batch::Batch;
pub use certificate::{Certificate, Identity, Name};
pub use csr::Csr;
pub use error::{Error, ErrorKind};
pub use key::{KeyId, KeyType, PublicKey};
pub use resolve::{KeyAnswer, KeyHint, KeyMap, KeyResolver, KeyScope, NoKeys};
pub use scheme::Scheme;
#[cfg(feature = "rfc6979")]
pub use sign::DeterministicSigner;
pub use sign::{SecretPem, Signature, Signer, SigningKey};
pub use sudi::{Body, BootRegister, Expect, Nonce, Statement};
pub use time::{TimePolicy, Validity};
pub use trust::{Added, KNOWN_CAS, KnownCa, PinSet, TrustStore};
pub use verdict::{Detail, Evidence, NotVerified, Reason, Source, Verified, Warning};
pub use verify::{Verifier, VerifierBuilder};
