//! Laws of signatures.

use proptest::prelude::*;
use slp_crypto::{PublicKey, Signer, SigningKey, Verifier, envelope};

use crate::support::{ED25519, P256, P384, RSA, key};

fn keys() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![Just(RSA), Just(P256), Just(P384), Just(ED25519)]
}

fn flip(bytes: &[u8], bit: prop::sample::Index) -> Vec<u8> {
    let bit = bit.index(bytes.len() * 8);
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

fn fits(message: &[u8], signature: &[u8], key: &PublicKey) -> bool {
    Verifier::verify_detached(message, signature, key).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_signed_verifies_and_any_flipped_bit_ends_it(
        pem in keys(),
        message in prop::collection::vec(any::<u8>(), 1..300),
        bit in any::<prop::sample::Index>(),
    ) {
        let key: SigningKey = key(pem);
        let signature = key.sign(&message).unwrap();
        let public = key.public_key();
        prop_assert!(fits(&message, signature.as_bytes(), public));
        prop_assert!(!fits(&flip(&message, bit), signature.as_bytes(), public));
        prop_assert!(!fits(&message, &flip(signature.as_bytes(), bit), public));
        // a flipped key is another key, or none
        if let Ok(other) = PublicKey::from_spki(&flip(public.spki(), bit)) {
            prop_assert!(!fits(&message, signature.as_bytes(), &other));
        }
    }

    #[test]
    fn cut_longer_and_empty_signatures_do_not_fit(pem in keys(), message in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
        let key = key(pem);
        let signature = key.sign(&message).unwrap();
        let bytes = signature.as_bytes();
        prop_assert!(!fits(&message, &bytes[..cut.index(bytes.len())], key.public_key()));
        prop_assert!(!fits(&message, &[bytes, &[0]].concat(), key.public_key()));
        prop_assert!(!fits(&message, &[&[0], bytes].concat(), key.public_key()));
        prop_assert!(!fits(&message, &vec![0; bytes.len()], key.public_key()));
        prop_assert!(!fits(&message, &vec![0xff; bytes.len()], key.public_key()));
    }

    #[test]
    fn the_encoding_before_the_signature_is_injective(
        left in ("[a-z 0-9]{0,6}", prop::collection::vec(prop_oneof![Just(b' '), Just(b'1'), any::<u8>()], 0..6)),
        right in ("[a-z 0-9]{0,6}", prop::collection::vec(prop_oneof![Just(b' '), Just(b'1'), any::<u8>()], 0..6)),
    ) {
        let (a, b) = (envelope::pae(&left.0, &left.1), envelope::pae(&right.0, &right.1));
        prop_assert_eq!(a == b, left == right);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in any::<Vec<u8>>(), tail in "[-A-Za-z0-9+/=\n ]{0,80}") {
        let _ = slp_crypto::Certificate::inspect(&bytes);
        let _ = PublicKey::from_spki(&bytes);
        let _ = PublicKey::from_pkcs1(&bytes);
        let _ = SigningKey::from_pkcs8(&bytes);
        let _ = slp_crypto::Csr::from_pem(format!("-----BEGIN CERTIFICATE REQUEST-----\n{tail}").as_bytes());
        let _ = slp_crypto::TrustStore::empty().add_pem("x", &bytes);
    }
}
