//! `slp keys`: keys and certificates for tests.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use slp_crypto::{Certificate, Csr, Detail, PublicKey, Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::Status;
use crate::arguments::{Algorithm, KeysCommand, KeysNew, KeysShow};
use crate::console::{Session, Stop};
use crate::facts::{CertificateFacts, KeyFacts};
use crate::fault::Fault;
use crate::files::{self, Fresh, unwritten};
use crate::input::{Reader, STANDARD_INPUT, has};
use crate::printable::{json, printable, shown};
use crate::style::Paint;

mod issue; // certificates for tests

/// The most bytes of a PEM file: what the library takes.
const PEM_BYTES: usize = 1 << 20;

pub(crate) fn run(command: &KeysCommand, session: &mut Session<'_>) -> Result<Status, Stop> {
    match command {
        KeysCommand::New(arguments) => new(arguments, session),
        KeysCommand::Show(arguments) => show(arguments, session),
        KeysCommand::Certificate(arguments) => issue::run(arguments, session),
    }
}

/// The private key in a file.
pub(crate) fn signing_key(path: &Path) -> Result<SigningKey, Stop> {
    let mut nothing = io::empty();
    let bytes = read(&reader(&mut nothing), path).map_err(|fault| Stop::Data(fault.to_string()))?;
    let name = path.to_string_lossy();
    SigningKey::from_pem(&bytes).map_err(|error| Stop::Data(format!("{name}: {}", remedy(error.message(), &name))))
}

/// Is a private key in this text, encrypted or not?
pub(crate) fn has_private_key(text: &[u8]) -> bool {
    has(text, b"PRIVATE KEY-----")
}

fn reader(input: &mut (dyn io::Read + Send)) -> Reader<'_> {
    Reader::fixed(PEM_BYTES, input)
}

/// A file that may hold a private key: its bytes are wiped. The room is taken beforehand, so that no copy stays behind.
fn read(reader: &Reader<'_>, path: &Path) -> Result<Zeroizing<Vec<u8>>, Box<Fault>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(PEM_BYTES.saturating_add(64)));
    if path.as_os_str() == "-" {
        reader.standard_input(&mut bytes)?;
    } else {
        reader.file(path, &path.to_string_lossy(), &mut bytes)?;
    }
    Ok(bytes)
}

/// The library does not know the name of the file in its advice.
fn remedy(message: &str, name: &str) -> String {
    message.replace("FILE", name)
}

fn new(arguments: &KeysNew, session: &mut Session<'_>) -> Result<Status, Stop> {
    let path = &arguments.output;
    let beside = public_name(path)?;
    for file in [path, &beside] {
        if file.symlink_metadata().is_ok() {
            let text = format!("{} is there already: a key is never written over", file.display());
            return Err(Stop::Data(text));
        }
    }
    let random = |error: String| Stop::Data(format!("no new key: {error}"));
    let public = if arguments.algorithm == Algorithm::P256 {
        let (key, secret) = SigningKey::generate().map_err(|error| random(error.to_string()))?;
        files::create_secret(path, |file| secret.write_to(file)).map_err(|error| unwritten(path, &error))?;
        key.public_key().clone()
    } else {
        let algorithm = match arguments.algorithm {
            Algorithm::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            _ => &rcgen::PKCS_ED25519,
        };
        let pair = rcgen::KeyPair::generate_for(algorithm).map_err(|error| random(error.to_string()))?;
        let secret = Zeroizing::new(pair.serialize_pem());
        let key = SigningKey::from_pem(secret.as_bytes()).map_err(|error| random(error.to_string()))?;
        files::create_secret(path, |file| file.write_all(secret.as_bytes()))
            .map_err(|error| unwritten(path, &error))?;
        key.public_key().clone()
    };
    let written = Fresh::create(&beside).and_then(|mut file| {
        file.write_all(public.to_pem().as_bytes())?;
        file.keep()
    });
    if let Err(error) = written {
        // half a pair is no use, and nobody has seen the key yet
        drop(std::fs::remove_file(path));
        return Err(unwritten(&beside, &error));
    }
    let out = &mut session.output;
    writeln!(out, "private key  {} (only you can read it)", printable(&path.to_string_lossy()))?;
    writeln!(out, "public key   {}", printable(&beside.to_string_lossy()))?;
    writeln!(out, "key id       {}, {}", public.id(), public.key_type())?;
    Ok(Status::Fine)
}

/// `NAME.pub.pem` for `NAME.key.pem`, `NAME.pem`, `NAME.key` or `NAME`.
fn public_name(path: &Path) -> Result<PathBuf, Stop> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = [".key.pem", ".pem", ".key"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    if stem.is_empty() || name.ends_with(".pub.pem") {
        let text = format!("--output {}: name the file of the private key NAME.key.pem", path.display());
        return Err(Stop::Call(text));
    }
    Ok(path.with_file_name(format!("{stem}.pub.pem")))
}

/// What is in a PEM file. As JSON: `path`, `certificates`, `keys`, `requests`, `errors`.
#[derive(Debug, Default, Serialize)]
struct Found {
    path: String,
    certificates: Vec<CertificateFacts>,
    keys: Vec<FoundKey>,
    requests: Vec<Request>,
    errors: Vec<Fault>,
}

#[derive(Debug, Serialize)]
struct FoundKey {
    #[serde(flatten)]
    key: KeyFacts,
    /// The public half of a private key that is here.
    private: bool,
}

/// A signing request that holds its key. As JSON: `subject`, `key`.
#[derive(Debug, Serialize)]
struct Request {
    subject: String,
    key: KeyFacts,
}

fn show(arguments: &KeysShow, session: &mut Session<'_>) -> Result<Status, Stop> {
    if arguments.files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Stop::Call("standard input can be read once: give - once".to_owned()));
    }
    let (style, out) = (session.style, &mut session.output);
    let reader = reader(&mut *session.input);
    let mut failed = false;
    if arguments.json {
        write!(out, "{{\"files\":[")?;
    }
    for (index, path) in arguments.files.iter().enumerate() {
        let name = if path.as_os_str() == "-" { STANDARD_INPUT.into() } else { path.to_string_lossy() };
        let mut found = Found { path: name.into_owned(), ..Found::default() };
        match read(&reader, path) {
            Ok(bytes) => found.add(&bytes),
            Err(fault) => found.errors.push(*fault),
        }
        failed |= !found.errors.is_empty();
        session.messages.fail(failed);
        if arguments.json {
            write!(out, "{}{}", if index == 0 { "\n" } else { ",\n" }, json(&found)?)?;
            continue;
        }
        writeln!(out, "{}", style.paint(Paint::Heading, printable(&found.path)))?;
        for certificate in &found.certificates {
            write!(out, "{}", certificate.text("  "))?;
        }
        for FoundKey { key, private } in &found.keys {
            let kind = if *private { "private key" } else { "public key" };
            let KeyFacts { id, key_type, scheme, sha256 } = key;
            writeln!(out, "  {kind:<11} {key_type}, {id}\n    scheme    {scheme}\n    SHA-256   {sha256}")?;
        }
        for request in &found.requests {
            let key = &request.key;
            writeln!(out, "  request     {}\n    key       {}, {}", shown(&request.subject), key.key_type, key.id)?;
        }
        for fault in &found.errors {
            writeln!(out, "  {}  {}", style.paint(Paint::Error, "error"), printable(&fault.to_string()))?;
        }
    }
    if arguments.json {
        writeln!(out, "\n]}}")?;
    }
    Ok(Status::of_errors(failed))
}

impl Found {
    fn add(&mut self, bytes: &[u8]) {
        let has = |mark: &[u8]| has(bytes, mark);
        match Certificate::inspect_pem(bytes) {
            Ok(certificates) => {
                for certificate in certificates {
                    match certificate {
                        Ok(certificate) => self.certificates.push((&certificate).into()),
                        Err(why) => self.refuse(why.detail().as_str(), why.message()),
                    }
                }
            }
            Err(error) => return self.refuse(error.kind().as_str(), error.message()),
        }
        if has_private_key(bytes) {
            match SigningKey::from_pem(bytes) {
                Ok(key) => self.keys.push(FoundKey { key: key.public_key().into(), private: true }),
                Err(error) => self.refuse(error.kind().as_str(), &remedy(error.message(), &self.path.clone())),
            }
        }
        if has(b"PUBLIC KEY-----") {
            match PublicKey::from_pem(bytes) {
                Ok(key) => self.keys.push(FoundKey { key: (&key).into(), private: false }),
                Err(error) => self.refuse(error.kind().as_str(), error.message()),
            }
        }
        if has(b"CERTIFICATE REQUEST-----") {
            match Csr::from_trust_request(bytes) {
                Ok(csr) => {
                    let csr = csr.get();
                    self.requests.push(Request { subject: csr.subject().to_string(), key: csr.key().into() });
                }
                Err(why) => self.refuse(why.detail().as_str(), why.message()),
            }
        }
        let nothing = self.certificates.is_empty() && self.keys.is_empty() && self.requests.is_empty();
        if nothing && self.errors.is_empty() {
            self.refuse(Detail::Pem.as_str(), "there is no certificate, key or signing request (PEM) in it");
        }
    }

    fn refuse(&mut self, kind: &'static str, message: &str) {
        self.errors.push(Fault::of_file(kind, &self.path, message));
    }
}
