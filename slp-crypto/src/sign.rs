//! Private keys and signing. Spec: crypto, "Secrets and key files".

#[cfg(feature = "rfc6979")]
mod deterministic;

use std::fmt;
use std::io::{self, Write};

use zeroize::Zeroizing;

use crate::backend::{self, PrivateKey, PrivateKeyKind};
use crate::der::{self, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE};
use crate::error::{Error, ErrorKind};
use crate::key::{KeyType, PublicKey};
use crate::pem;
use crate::scheme::Scheme;
use crate::signature_text;

#[cfg(feature = "rfc6979")]
pub use deterministic::DeterministicSigner;

const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const CURVE_P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
const CURVE_P384: &[u8] = b"\x2b\x81\x04\x00\x22";
const ED25519: &[u8] = b"\x2b\x65\x70";

/// A signature: bytes, and the base64 that documents carry.
///
/// No identifier of what was signed: ECDSA makes another one each time, and anyone can turn one into a second that
/// fits too (seen).
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// These bytes. Whether they are a signature shows when it is verified.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes: DER for ECDSA, as long as the modulus for RSA, 64 for Ed25519.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Base64, standard alphabet, padded, no line breaks.
    pub fn to_base64(&self) -> String {
        signature_text::encode(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.to_base64())
    }
}

/// Something that signs: a key in memory, in hardware, in a service.
pub trait Signer {
    /// The scheme of the signatures it makes.
    fn scheme(&self) -> Scheme;

    /// The key that verifies them.
    fn public_key(&self) -> &PublicKey;

    /// Signs these bytes, hashing included.
    ///
    /// # Errors
    /// [`ErrorKind::Signer`]: hardware, service or randomness failed. Make one with [`Error::signer`].
    fn sign(&self, message: &[u8]) -> Result<Signature, Error>;
}

/// A private key in memory.
///
/// No `Clone`, no way to get the private part out, and `Debug` shows the public half only. Buffers that held the key
/// on its way in are wiped; the backend's own copy is not (seen, ring 0.17.14).
///
/// ```
/// use slp_crypto::{Signer, SigningKey};
///
/// let (key, secret) = SigningKey::generate()?;
/// assert!(format!("{key:?}").ends_with("hidden)"));
///
/// let mut file = Vec::new();
/// secret.write_to(&mut file).unwrap();                    // once, to where it belongs; mode 0600 is the program's duty
/// assert_eq!(SigningKey::from_pem(&file)?.public_key(), key.public_key());
/// # Ok::<(), slp_crypto::Error>(())
/// ```
///
/// ```compile_fail,E0277
/// fn copy(key: &slp_crypto::SigningKey) -> slp_crypto::SigningKey {
///     slp_crypto::SigningKey::clone(key)                   // no Clone
/// }
/// ```
/// ```compile_fail,E0599
/// fn show(key: &slp_crypto::SigningKey) -> String {
///     key.to_string()                                      // no Display
/// }
/// ```
pub struct SigningKey {
    private: PrivateKey,
    public: PublicKey,
}

impl SigningKey {
    /// Reads the one block `PRIVATE KEY` (PKCS#8, not encrypted) of a PEM text of at most 64 KiB; other blocks are
    /// passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Pem`] with the command that converts other forms; else as [`SigningKey::from_pkcs8`].
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        Self::from_pkcs8(&private_block(text)?.der)
    }

    /// Reads PKCS#8 in DER. The caller's buffer is the caller's to wipe.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] if it is not one, is inconsistent, or has bytes behind it; [`ErrorKind::UnsupportedKey`] for
    /// other algorithms and curves, and for keys that the backend does not take: RSA above 4096 bits or of no multiple of
    /// 512, EC without the public half; [`ErrorKind::WeakKey`] for RSA below 2048 bits or with an exponent below 65537.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        let kind = kind_of(der)?;
        let private = PrivateKey::from_pkcs8(kind, der).map_err(|word| rejected(&word))?;
        let key_type = match kind {
            PrivateKeyKind::Rsa => KeyType::Rsa { bits: 0 },
            PrivateKeyKind::P256 => KeyType::P256,
            PrivateKeyKind::P384 => KeyType::P384,
            PrivateKeyKind::Ed25519 => KeyType::Ed25519,
        };
        let public = PublicKey::from_inner(key_type, private.public())?;
        // what ring asks for, whichever backend is at work
        if public.rsa_exponent().is_some_and(|exponent| exponent < 65_537) {
            return Err(rejected("TooSmall"));
        }
        match public.key_type() {
            KeyType::Rsa { bits: 4097.. } => Err(rejected("TooLarge")),
            KeyType::Rsa { bits } if bits % 512 != 0 => Err(rejected("PrivateModulusLenNotMultipleOf512Bits")),
            _ => Ok(Self { private, public }),
        }
    }

    /// A new P-256 key, and its PKCS#8 text to be stored. The only kind that is made here (choice).
    ///
    /// # Errors
    /// [`ErrorKind::Signer`] if the system has no randomness to give.
    pub fn generate() -> Result<(Self, SecretPem), Error> {
        let pkcs8 = backend::generate_p256().map(Zeroizing::new);
        let pkcs8 = pkcs8.map_err(|_| Error::new(ErrorKind::Signer, "the system gave no randomness for a new key"))?;
        let key = Self::from_pkcs8(&pkcs8)?;
        Ok((key, SecretPem(Zeroizing::new(pem::write("PRIVATE KEY", &pkcs8)))))
    }

    /// The same key, used with another scheme: RSA with SHA-512, say.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] if the scheme is for another type of key, or one that is only checked, never made.
    pub fn with_scheme(mut self, scheme: Scheme) -> Result<Self, Error> {
        if matches!(scheme, Scheme::EcdsaP256Sha384 | Scheme::EcdsaP384Sha256) {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!("signatures of the scheme {scheme} are not made here"),
            ));
        }
        self.public = self.public.with_scheme(scheme)?;
        Ok(self)
    }
}

impl Signer for SigningKey {
    fn scheme(&self) -> Scheme {
        self.public.scheme()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        self.private
            .sign(self.scheme(), message)
            .map(Signature)
            .map_err(|_| Error::new(ErrorKind::Signer, "the backend could not sign: it may lack randomness"))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {}, hidden)", self.public.scheme(), self.public.id())
    }
}

/// The text of a new private key, to be written to a file once. Wiped when dropped.
pub struct SecretPem(Zeroizing<String>);

impl SecretPem {
    /// Writes the key.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(self.0.as_bytes())
    }
}

impl fmt::Debug for SecretPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretPem(hidden)")
    }
}

/// The one block with an unencrypted PKCS#8 key.
fn private_block(text: &[u8]) -> Result<pem::Block<'_>, Error> {
    if text.len() > pem::MAX_KEY_TEXT {
        return Err(Error::new(ErrorKind::Size, "a private key file may have at most 64 KiB").named("key_bytes"));
    }
    let blocks = pem::blocks(text)?;
    let has = |label: &str| blocks.iter().any(|block| block.label == label);
    if has("RSA PRIVATE KEY") || has("EC PRIVATE KEY") {
        let text = "this is not PKCS#8: convert it with `openssl pkcs8 -topk8 -nocrypt -in FILE`";
        return Err(Error::new(ErrorKind::Pem, text));
    }
    if has("ENCRYPTED PRIVATE KEY") {
        let text = "this key is encrypted: decrypt it with `openssl pkcs8 -in FILE`";
        return Err(Error::new(ErrorKind::Pem, text));
    }
    pem::only(text, &["PRIVATE KEY"])
}

/// Which kind of key the PKCS#8 holds: the backend has one reader for each and does not look itself.
fn kind_of(der: &[u8]) -> Result<PrivateKeyKind, Error> {
    let names = || {
        let mut fields = Reader::new(der::only(der, SEQUENCE)?);
        fields.expect(INTEGER)?;
        let mut algorithm = Reader::new(fields.expect(SEQUENCE)?);
        let name = algorithm.expect(OID)?;
        fields.expect(OCTET_STRING)?;
        Some((name, algorithm.next()))
    };
    let (name, parameters) =
        names().ok_or_else(|| Error::new(ErrorKind::Key, "this is not a private key (PKCS#8 in DER)"))?;
    let curve = parameters.filter(|parameters| parameters.tag == OID).map(|parameters| parameters.content);
    match (name, curve) {
        (RSA_ENCRYPTION, _) => Ok(PrivateKeyKind::Rsa),
        (EC_PUBLIC_KEY, Some(CURVE_P256)) => Ok(PrivateKeyKind::P256),
        (EC_PUBLIC_KEY, Some(CURVE_P384)) => Ok(PrivateKeyKind::P384),
        (ED25519, _) => Ok(PrivateKeyKind::Ed25519),
        _ => {
            let text = "a key of this algorithm or curve cannot sign here: use RSA, P-256, P-384 or Ed25519";
            Err(Error::new(ErrorKind::UnsupportedKey, text))
        }
    }
}

/// The backend's words for what it does not take.
fn rejected(word: &str) -> Error {
    match word {
        "TooSmall" => Error::new(
            ErrorKind::WeakKey,
            "an RSA key that signs has at least 2048 bits and an exponent of 65537 or more",
        ),
        "PrivateModulusLenNotMultipleOf512Bits" => {
            Error::new(ErrorKind::UnsupportedKey, "an RSA key that signs has a multiple of 512 bits")
        }
        "TooLarge" => Error::new(ErrorKind::UnsupportedKey, "an RSA key that signs has at most 4096 bits"),
        "PublicKeyIsMissing" => Error::new(
            ErrorKind::UnsupportedKey,
            "the key lacks its public half: convert it with `openssl pkcs8 -topk8`",
        ),
        word => Error::new(ErrorKind::Key, format!("this is not a good private key ({word})")),
    }
}
