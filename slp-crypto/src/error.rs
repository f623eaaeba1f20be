//! Why a key, a PEM text or a canonical document could not be read. Verdicts about signatures are
//! [`NotVerified`](crate::NotVerified).

slp_model::error_type! {
    /// Why something that is no verdict failed: reading a key, reading or writing a canonical document, signing.
    pub struct Error;
    /// Kinds of [`Error`]. The words are those of the spec: crypto, "Enumerations".
    pub enum ErrorKind {
        /// A limit was passed: more bytes, blocks, members or anchors than allowed.
        Size = "size", Limits;
        /// Deeper nesting than allowed.
        Depth = "depth", Limits;
        /// Not a PEM text, or not the block that was wanted.
        Pem = "pem", Document;
        /// Not base64 of the standard alphabet with padding.
        Base64 = "base64", Document;
        /// Not hexadecimal digits in pairs.
        Hex = "hex", Document;
        /// Not a key at all.
        Key = "key", Document;
        /// A key that is readable, but of a type that is not checked or used here.
        UnsupportedKey = "unsupported-key", Trust;
        /// An RSA key of less than 2048 bits.
        WeakKey = "weak-key", Trust;
        /// A certificate that cannot be read or cannot be an anchor.
        Certificate = "certificate", Trust;
        /// Not JSON.
        Syntax = "syntax", Document;
        /// A number with a fraction, an exponent, or minus zero.
        Float = "float", Document;
        /// An integer beyond 2^53 - 1.
        Range = "range", Document;
        /// A member name twice in one object.
        DuplicateKey = "duplicate-key", Document;
        /// A member that the operation needs is absent or of another type.
        Member = "member", Document;
        /// A Rust value that has no canonical form: a float, a map key that is no string.
        NotCanonical = "not-canonical", Caller;
        /// The caller mixed things that do not fit, such as a scheme and a key of another type.
        Mismatch = "mismatch", Caller;
        /// The signer failed: hardware, service, or the source of randomness.
        Signer = "signer", Environment;
    }
}

impl Error {
    /// An error of a [`Signer`](crate::Signer) that somebody else writes: a hardware module, a signing service.
    ///
    /// ```
    /// let error = slp_crypto::Error::signer("the token is not plugged in", std::io::Error::other("no reader"));
    /// assert!(error.is_retryable());
    /// ```
    pub fn signer(text: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Signer, text).caused_by(source)
    }
}
