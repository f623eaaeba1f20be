//! The words of `slp verify`, `slp keys` and `slp sign`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use slp_model::{Udi, UnixSeconds};

use super::{Sources, device, output, time};

/// The most bytes of a nonce of IOS XR.
const NONCE_BYTES: usize = 64;

pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  slp verify reports/ --trust keys/
  slp verify ack.xml --trust keys/ --require-verified && echo good
  slp verify sync_response.json --trust root.pem --at 2024-07-01 --json
  slp verify sudi.txt --pins sudi --nonce 12345   the output of
      `show platform sudi certificate sign nonce 12345` or of
      `show system integrity all trust_chain nonce 12345`
  slp verify xr.json --pins sudi --nonce 00a1b2c3   the output of IOS XR,
      `show platform security attest certificate CiscoSUDI location all nonce 00a1b2c3 json`

The trust directory holds *.pem files. A certificate of a CA may issue others; a device certificate
vouches for the key of the device it names; a public key in NAME.pub.pem is for the key text NAME,
and in cloud*.pub.pem for what the cloud signs.

`key-unknown` and `not-checkable` are no good signatures: nobody looked. `builtin` signatures can be
checked by the maker alone. Reports are judged at their own last time, documents of this SDK now;
of those, what they say and bring has to fit too, as for slp sync verify.
Exit status 1: something is invalid, malformed or unreadable; with --require-verified, anything but
verified, and a file without a signature. Signatures inside a payload do not count for that.

--json writes one object: `trust`, `files` (`path`, `signatures` with `verdict`, `detail`, `of`,
`place`, `device`, `signer`, `key`, `scheme`, `source`, `bytes`, `warnings`, `outside`, `text`;
`certificates`, `unsigned`, `errors`), `counts`.";

const NEW_EXAMPLES: &str = "\
Examples:
  slp keys new -o keys/acme.key.pem      and keys/acme.pub.pem, the public half

The private key is written once, unencrypted (PKCS#8), readable by its owner alone. For RSA keys, as
devices have them: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out NAME.key.pem";

const SHOW_EXAMPLES: &str = "\
Examples:
  slp keys show keys/*.pem
  slp keys show --json device.pem

Shows certificates, public keys, signing requests, and of a private key its public half. Nothing is
trusted or checked here: see slp verify.

--json writes one object {\"files\": [...]}: `path`, `certificates`, `keys` (`private`: is it the
public half of a private key here?), `requests`, `errors`.";

const CERTIFICATE_EXAMPLES: &str = "\
Examples:
  slp keys certificate ca.key.pem --ca 'Test SUDI CA' -o ca.pem
  slp keys certificate dev.key.pem --device PID:C9300-24UX,SN:TST00000001 \\
      --issuer ca.pem --issuer-key ca.key.pem -o dev.pem
  slp keys certificate c.key.pem --role cloud-signer --name cloud --issuer sub.pem --issuer-key sub.key.pem -o c.pem

For tests: no product trusts such a certificate. Without --issuer it is signed with its own key.";

pub(super) const SIGN_EXAMPLES: &str = "\
Examples:
  slp sign response.json --key cloud-signer.key.pem -o response.signed.json
  slp sign request.json --key id.key.pem --as id -o request.id.json
  slp sign request.id.json --key signing.key.pem --as signing -o request.signed.json

Only documents of this SDK (format slp-sync/1) are signed: type and canonical form, with P-256. Usage
reports are signed by their devices and nobody else.";

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// Whom to trust: a folder of *.pem files, or one such file
    #[arg(long, value_name = "DIR", required_unless_present = "pins")]
    pub(crate) trust: Vec<PathBuf>,

    /// Trust the vendor's public CAs of this set, by their fingerprints; they have to come along
    #[arg(long, value_enum, value_name = "SET")]
    pub(crate) pins: Vec<Pins>,

    /// The time to judge at [default: a report's own last time; for the rest the clock]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<UnixSeconds>,

    /// The nonce that chains, measurements or compliance were asked with: a number, or hex digits (IOS XR)
    #[arg(long, value_name = "N|HEX", value_parser = asked)]
    pub(crate) nonce: Option<Asked>,

    /// Only verified signatures are good
    #[arg(long)]
    pub(crate) require_verified: bool,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A nonce as it stood in the command. What it means depends on the device: IOS XE takes a number of 64 bits, IOS XR the
/// bytes that hex digits mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    number: Option<u64>,
    bytes: Option<Vec<u8>>,
}

impl Asked {
    pub(crate) fn number(&self) -> Option<u64> {
        self.number
    }

    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        self.bytes.clone()
    }
}

fn asked(text: &str) -> Result<Asked, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let number = if text.bytes().all(|digit| digit.is_ascii_digit()) { text.parse().ok() } else { None };
    let bytes = hex(digits.unwrap_or(text)).filter(|bytes| (1..=NONCE_BYTES).contains(&bytes.len()));
    if number.is_none() && bytes.is_none() {
        return Err(format!("expected a number below 2^64, or 1 to {NONCE_BYTES} bytes as pairs of hex digits"));
    }
    Ok(Asked { number, bytes })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| (high << 4) | low).collect())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pins {
    Sudi,
    Manufacturing,
    Kgv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a new key
    #[command(after_help = NEW_EXAMPLES)]
    New(KeysNew),
    /// Show what matters about keys and certificates
    #[command(after_help = SHOW_EXAMPLES)]
    Show(KeysShow),
    /// Make a certificate for tests
    #[command(after_help = CERTIFICATE_EXAMPLES)]
    Certificate(KeysCertificate),
}

#[derive(Debug, Args)]
pub(crate) struct KeysNew {
    /// The file of the private key; the public one goes beside it, as NAME.pub.pem
    #[arg(short, long, value_name = "NAME.key.pem", value_parser = output())]
    pub(crate) output: PathBuf,

    /// What kind of key; documents of this SDK are signed with p256
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub(crate) algorithm: Algorithm,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    #[default]
    P256,
    P384,
    Ed25519,
}

#[derive(Debug, Args)]
pub(crate) struct KeysShow {
    /// PEM files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("holder").required(true).args(["ca", "device", "role"])))]
pub(crate) struct KeysCertificate {
    /// The private key of the holder
    #[arg(value_name = "KEY")]
    pub(crate) key: PathBuf,

    /// For a CA of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) ca: Option<String>,

    /// For this device
    #[arg(long, value_name = "UDI", value_parser = device)]
    pub(crate) device: Option<Udi>,

    /// For this part in the exchange of documents; cloud-ca and local-ca are CAs
    #[arg(long, value_enum, value_name = "ROLE", requires = "name")]
    pub(crate) role: Option<Role>,

    /// The common name beside a role: of a collector, its instance id
    #[arg(long, value_name = "NAME", requires = "role")]
    pub(crate) name: Option<String>,

    /// The certificate of the CA that issues it
    #[arg(long, value_name = "FILE", requires = "issuer_key")]
    pub(crate) issuer: Option<PathBuf>,

    /// The private key of that CA
    #[arg(long, value_name = "FILE", requires = "issuer")]
    pub(crate) issuer_key: Option<PathBuf>,

    /// The first day
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<UnixSeconds>,

    /// How many days
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) days: u32,

    /// The file to write; it must not be there yet
    #[arg(short, long, value_name = "FILE", value_parser = output())]
    pub(crate) output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    CloudCa,
    CloudSigner,
    CollectorId,
    CollectorSigner,
    LocalCa,
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The document: a file, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) document: PathBuf,

    /// The private key: PKCS#8 in PEM, P-256
    #[arg(long, value_name = "KEY")]
    pub(crate) key: PathBuf,

    /// The signature of this name; requests have `id` and `signing`, answers have one without a name
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Put the signature in the place of one that is there
    #[arg(long)]
    pub(crate) again: bool,

    /// The file to write; what was there is replaced, unless it is a private key
    #[arg(short, long, value_name = "FILE", value_parser = output())]
    pub(crate) output: PathBuf,
}
