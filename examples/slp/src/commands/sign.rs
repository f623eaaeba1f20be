//! `slp sign`: signs a document of this SDK.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use slp_crypto::canonical::Value;
use slp_crypto::envelope::{Document, Member, Signatory};
use slp_crypto::{Detail, Signer as _, TimePolicy, TrustStore};
use zeroize::Zeroizing;

use super::keys::{has_private_key, signing_key};
use crate::Status;
use crate::arguments::Sign;
use crate::console::{Session, Stop};
use crate::files::{Fresh, unwritten};
use crate::input::{Reader, STANDARD_INPUT, bytes_of};
use crate::printable::printable;

/// The most bytes of a document: what the library reads.
const DOCUMENT_BYTES: usize = 64 << 20;

pub(crate) fn run(arguments: &Sign, session: &mut Session<'_>) -> Result<Status, Stop> {
    let reader = Reader::fixed(DOCUMENT_BYTES, &mut *session.input);
    let mut bytes = Vec::new();
    let path = &arguments.document;
    let (name, read) = if path.as_os_str() == "-" {
        (STANDARD_INPUT.into(), reader.standard_input(&mut bytes))
    } else {
        (path.to_string_lossy(), reader.file(path, &path.to_string_lossy(), &mut bytes))
    };
    read.map_err(|fault| Stop::Data(fault.to_string()))?;
    let mut document = Document::read(&bytes).map_err(|why| refusal(&bytes, &why.inside(&*name)))?;
    let member = member(arguments, &document)?;
    let there = match &member {
        Member::Named(named) => {
            document.object().get("signatures").and_then(Value::as_object).is_some_and(|all| all.get(named).is_some())
        }
        _ => document.object().get("signature").is_some(),
    };
    if there && !arguments.again {
        let text = format!("{name}: this signature is there already: --again puts another in its place");
        return Err(Stop::Data(text));
    }
    let key = signing_key(&arguments.key)?;
    document.sign(&member, &key).map_err(|error| Stop::Data(format!("{name}: {}", error.message())))?;
    // what is handed out has to verify, whatever the key is made of
    let signatory = [Signatory::key(member, key.public_key().clone())];
    let verdict = document.verify(document.kind(), &signatory, &TrustStore::empty(), TimePolicy::Ignore);
    if let Err(why) = verdict {
        return Err(Stop::Data(format!("{name}: the new signature does not verify: {}", why.message())));
    }
    keep_keys(&arguments.output)?;
    let written = Fresh::replace(&arguments.output).and_then(|mut file| {
        file.write_all(&document.to_bytes())?;
        file.keep()
    });
    written.map_err(|error| unwritten(&arguments.output, &error))?;
    let output = arguments.output.to_string_lossy();
    let key = key.public_key().id();
    writeln!(session.output, "{}: a {}, signed with key {key}", printable(&output), printable(document.kind()))?;
    Ok(Status::Fine)
}

/// A key is never written over: it may be the only one there is. What cannot be read may be one.
fn keep_keys(output: &Path) -> Result<(), Stop> {
    // a pipe or a device holds nothing that could be lost
    if !fs::metadata(output).is_ok_and(|about| about.is_file()) {
        return Ok(());
    }
    let refuse = |text: &str| Err(Stop::Data(format!("{}: {text}", output.display())));
    match bytes_of(output, u64::try_from(DOCUMENT_BYTES).unwrap_or(u64::MAX)).map(Zeroizing::new) {
        Ok(bytes) if has_private_key(&bytes) => refuse("a private key is in this file: a key is never written over"),
        Ok(bytes) if bytes.len() > DOCUMENT_BYTES => refuse("it is larger than any document: it is not written over"),
        Ok(_) => Ok(()),
        Err(error) => refuse(&format!("it is there and cannot be read ({error}): it is not written over")),
    }
}

/// Which signature: the kinds of the exchange know theirs, and the caller names it where there are two.
fn member(arguments: &Sign, document: &Document) -> Result<Member, Stop> {
    let kind = document.kind();
    let named = arguments.name.as_deref();
    match (kind, named) {
        ("registration_request" | "sync_request", Some("id" | "signing")) => {}
        ("registration_request" | "sync_request", _) => {
            return Err(Stop::Call(format!("a {kind} has two signatures: give --as id or --as signing")));
        }
        ("registration_authorization" | "sync_response", Some(_)) => {
            return Err(Stop::Call(format!("a {kind} has one signature, without a name: leave out --as")));
        }
        _ => {}
    }
    Ok(named.map_or(Member::Single, |name| Member::Named(name.into())))
}

/// Why a file is not signed: what devices and the cloud sign gets an answer of its own.
fn refusal(bytes: &[u8], why: &slp_crypto::NotVerified) -> Stop {
    let of_others = why.detail() != Detail::Format && slp_rum::Document::parse(bytes).is_ok();
    if of_others {
        let name = why.place().entries.join("!");
        return Stop::Data(format!(
            "{name}: usage reports are signed by their device, and answers by the cloud: signed by anyone else they are \
             worth nothing, so they are never signed here. slp sign is for documents of this SDK (format slp-sync/1)"
        ));
    }
    Stop::Data(format!("{why} ({})", why.detail()))
}
