//! Reading, naming and hiding keys.

use slp_crypto::{Certificate, ErrorKind, KeyType, PublicKey, Scheme, Signer, SigningKey};

use crate::support::{ED25519, P256, P384, RSA, hex, key, pem, samples, say, text, tlv, to_base64, to_hex, to_pem};

fn fault(result: Result<SigningKey, slp_crypto::Error>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[test]
fn other_forms_of_private_keys_are_refused_with_the_remedy() {
    let convert = "this is not PKCS#8: convert it with `openssl pkcs8 -topk8 -nocrypt -in FILE`".to_owned();
    for text in [
        &include_bytes!("../fixtures/keys/rsa2048_traditional.pem")[..],
        include_bytes!("../fixtures/keys/p256_sec1.pem"),
    ] {
        assert_eq!(fault(SigningKey::from_pem(text)), (ErrorKind::Pem, convert.clone()));
    }
    let encrypted = SigningKey::from_pem(include_bytes!("../fixtures/keys/p256_encrypted.pem"));
    let decrypt = "this key is encrypted: decrypt it with `openssl pkcs8 -in FILE`".to_owned();
    assert_eq!(fault(encrypted), (ErrorKind::Pem, decrypt));
}

#[test]
fn weak_and_foreign_private_keys_are_refused() {
    let kind = |text: &[u8]| fault(SigningKey::from_pem(text)).0;
    assert_eq!(kind(include_bytes!("../fixtures/keys/rsa1024.pem")), ErrorKind::WeakKey);
    assert_eq!(kind(include_bytes!("../fixtures/keys/p521.pem")), ErrorKind::UnsupportedKey);
    assert_eq!(kind(b"nothing"), ErrorKind::Pem);
    assert_eq!(kind(&[P256, P256].concat()), ErrorKind::Pem, "which of the two?");
    assert_eq!(kind(to_pem("PRIVATE KEY", b"0").as_bytes()), ErrorKind::Key);
    let behind = [pem(P256), vec![0]].concat();
    assert_eq!(kind(to_pem("PRIVATE KEY", &behind).as_bytes()), ErrorKind::Key);
    assert_eq!(kind(&vec![b' '; (64 << 10) + 1]), ErrorKind::Size);
    // other blocks are passed over, and so is text around
    let with_others = format!("text\n{}{}", to_pem("CERTIFICATE", b"0"), std::str::from_utf8(P256).unwrap());
    assert!(SigningKey::from_pem(with_others.as_bytes()).is_ok());
}

#[test]
fn public_keys_are_measured_when_they_are_read() {
    let kind = |der: &[u8]| PublicKey::from_spki(der).map(|key| key.key_type()).map_err(|error| error.kind());
    for (text, key_type) in [(P256, KeyType::P256), (P384, KeyType::P384), (ED25519, KeyType::Ed25519)] {
        assert_eq!(kind(key(text).public_key().spki()), Ok(key_type));
    }
    assert!(matches!(kind(key(RSA).public_key().spki()), Ok(KeyType::Rsa { bits: 2048, .. })));
    let spki = key(RSA).public_key().spki().to_vec();
    assert_eq!(kind(&spki[..spki.len() - 1]), Err(ErrorKind::Key));
    assert_eq!(kind(&[&spki[..], &[0]].concat()), Err(ErrorKind::Key));
    assert_eq!(kind(&[]), Err(ErrorKind::Key));
    let rsa = |modulus: &[u8], exponent: &[u8]| {
        PublicKey::from_pkcs1(&tlv(0x30, &[&tlv(2, &[modulus]), &tlv(2, &[exponent])]))
            .map(|_| ())
            .map_err(|error| error.kind())
    };
    let modulus = |bytes: usize| [&[0_u8][..], &vec![0xff; bytes]].concat();
    assert_eq!(rsa(&modulus(256), &[3]), Ok(()));
    assert_eq!(rsa(&modulus(255), &[3]), Err(ErrorKind::WeakKey));
    assert_eq!(rsa(&modulus(1024), &[3]), Ok(()));
    assert_eq!(rsa(&modulus(1025), &[3]), Err(ErrorKind::UnsupportedKey));
    assert_eq!(rsa(&modulus(256), &[1]), Err(ErrorKind::WeakKey));
    assert_eq!(rsa(&modulus(256), &[4]), Err(ErrorKind::WeakKey));
    assert_eq!(rsa(&modulus(256), &[0]), Err(ErrorKind::Key), "zero is not positive in its shortest form");
    assert_eq!(rsa(&modulus(256), &hex("01ffffffff")), Ok(()));
    assert_eq!(rsa(&modulus(256), &hex("0200000001")), Err(ErrorKind::UnsupportedKey));
    let compressed = [&hex("3039301306072a8648ce3d020106082a8648ce3d030107032200")[..], &[2; 33]].concat();
    assert_eq!(kind(&compressed), Err(ErrorKind::UnsupportedKey));
    let pss = hex("303d300906072a8648ce3d0201033000");
    assert_eq!(kind(&pss[..2]), Err(ErrorKind::Key));
}

#[test]
fn a_scheme_is_for_one_type_of_key() {
    let public = key(P256).public_key().clone();
    assert_eq!(public.scheme(), Scheme::EcdsaP256Sha256);
    assert!(public.clone().with_scheme(Scheme::EcdsaP256Sha384).is_ok());
    assert_eq!(public.with_scheme(Scheme::RsaPkcs1Sha256).unwrap_err().kind(), ErrorKind::Mismatch);
    assert!(key(RSA).with_scheme(Scheme::RsaPkcs1Sha512).is_ok());
    assert_eq!(key(P256).with_scheme(Scheme::EcdsaP256Sha384).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn pem_and_der_are_one_key() {
    for text in [RSA, P256, P384, ED25519] {
        let key = key(text);
        let public = key.public_key();
        assert_eq!(PublicKey::from_pem(public.to_pem().as_bytes()).unwrap(), *public);
    }
}

/// No eight bytes of the private part in hex or base64.
fn hides(shown: &str, secret: &[u8]) -> bool {
    secret.windows(8).all(|run| {
        // the characters that depend on these bytes alone, for each place where a base64 group may begin
        let base64 = [0..10, 2..12, 3..13]
            .into_iter()
            .enumerate()
            .all(|(skip, alone)| !shown.contains(&to_base64(&[&vec![0; skip][..], run].concat())[alone]));
        base64 && !shown.to_lowercase().contains(&to_hex(run))
    })
}

#[test]
fn nothing_shows_a_private_key() {
    let mut keys: Vec<(String, Vec<u8>)> =
        [RSA, P256, P384, ED25519].iter().map(|text| (String::from("ours"), pem(text))).collect();
    if let Some(folder) = samples("pki/synthetic", "more private keys") {
        let table = text(folder.join("keys.tsv"));
        let rows = table.lines().filter(|line| line.contains(".key\t"));
        keys.extend(
            rows.filter_map(|line| line.split_once('\t')).map(|(name, der)| (name.to_owned(), hex(der.trim()))),
        );
    }
    let mut shown = 0;
    for (name, pkcs8) in &keys {
        let text = match SigningKey::from_pkcs8(pkcs8) {
            Ok(key) => format!("{key:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(hides(&text, pkcs8), "{name}");
        // cut, so that it is an error
        let error = SigningKey::from_pkcs8(&pkcs8[..pkcs8.len() - 1]).unwrap_err();
        assert!(hides(&format!("{error} {error:?}"), pkcs8), "{name}");
        let bad_pem = to_pem("PRIVATE KEY", pkcs8).replace("END PRIVATE", "END PUBLIC");
        let error = SigningKey::from_pem(bad_pem.as_bytes()).unwrap_err();
        assert!(hides(&format!("{error} {error:?}"), pkcs8), "{name}");
        shown += 1;
    }
    say(&format!("private keys: {shown} shown and refused without a byte of them"));
}

#[test]
fn keys_of_certificates_have_the_known_names() {
    let Some(folder) = samples("pki/synthetic", "the key ids") else {
        return;
    };
    let table = text(folder.join("keys.tsv"));
    for (name, id) in [
        ("leaf_p256", "fcc33d2d7e95a05e"),
        ("leaf_p384", "31559ae04ff6f7a8"),
        ("leaf_ed25519", "ac5a73e201faf6be"),
        ("leaf_ha", "585f053fc01e97aa"),
        ("leaf_act2", "2832348950f2ddf8"),
    ] {
        let certificate = Certificate::inspect(&pem(text(folder.join(format!("{name}.pem"))).as_bytes())).unwrap();
        assert_eq!(certificate.key().unwrap().id().to_string(), id);
        let row = table.lines().find(|line| line.starts_with(&format!("{name}.key\t"))).unwrap();
        let key = SigningKey::from_pkcs8(&hex(row.split('\t').nth(1).unwrap())).unwrap();
        assert_eq!(key.public_key(), certificate.key().unwrap());
    }
}
