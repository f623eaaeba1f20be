//! `slp push-ack`: answers of the cloud to the devices that they name.

pub(super) mod index; // which document is for which device

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use slp_model::Udi;
use slp_sync::bundle::Claims;
use slp_transport::client::Client;
use slp_transport::collector::{Collector, CollectorAction, CollectorEvent};
use slp_transport::device::Import;
use slp_transport::{Call as _, Limits, printable};

use super::pull::found::Found as Pulled;
use super::request::{self, words};
use crate::Status;
use crate::arguments::PushAck;
use crate::config::{self, Config, Target};
use crate::console::{Session, Stop};
use crate::kept;
use crate::paths::{Found, Walk};
use index::Index;

/// The most bytes of a document.
const MOST: u64 = 4 << 20;

/// A document on its way.
struct Document {
    file: String,
    bytes: Vec<u8>,
}

pub(crate) fn run(arguments: &PushAck, session: &mut Session<'_>) -> Result<Status, Stop> {
    let config = Config::load(arguments.sending.config.as_deref(), &session.world.variables)?;
    let pulled = arguments.pulled.iter().map(|folder| Pulled::load(folder)).collect::<Result<Vec<_>, _>>()?;
    let mut index = Index::load(&arguments.folder)?;
    let mut failed = false;
    let mut by_device: BTreeMap<String, Vec<Document>> = BTreeMap::new();
    let mut taken = 0;
    for path in documents(arguments, session)? {
        let file = path.strip_prefix(&arguments.folder).unwrap_or(&path).to_string_lossy().into_owned();
        if index.is_taken(&file) {
            taken += 1;
            continue;
        }
        match address(&path, &file, &index, &config, &pulled) {
            Ok((name, bytes)) => by_device.entry(name).or_default().push(Document { file, bytes }),
            Err(Stop::Data(text)) => {
                session.messages.error(&text);
                failed = true;
            }
            Err(other) => return Err(other),
        }
    }
    if by_device.is_empty() && !failed {
        session.messages.note(&match taken {
            0 => "there is no document to bring".to_owned(),
            _ => format!("nothing to bring: {} was taken before", request::counted(taken, "document")),
        });
    }
    for (name, documents) in by_device {
        let target = config.device(&name)?;
        if arguments.sending.dry_run {
            let build = |error: slp_transport::Error| Stop::Call(error.to_string());
            for document in documents {
                let request = Import::new(document.bytes).into_http(&target.session).map_err(build)?;
                request::show(&[printable(&request)], session)?;
            }
            continue;
        }
        let client = config::client(&target.client)?;
        for document in documents {
            match push(&target, &client, &document, session) {
                Ok(()) => {
                    index.take(&arguments.folder, &document.file)?;
                    writeln!(session.output, "{}: {}", super::printable_name(&name), document.file)?;
                }
                Err(Stop::Data(text)) => {
                    session.messages.error(&format!("{name}: {}: {text}", document.file));
                    failed = true;
                }
                Err(other) => return Err(other),
            }
        }
    }
    Ok(Status::of_errors(failed))
}

/// The files of the folder that may be documents.
fn documents(arguments: &PushAck, session: &mut Session<'_>) -> Result<Vec<PathBuf>, Stop> {
    let mut paths = Vec::new();
    for found in Walk::new(vec![arguments.folder.clone()]) {
        match found {
            Found::File(path) => paths.push(path),
            Found::Fault(fault) => return Err(Stop::Data(fault.to_string())),
            Found::Skipped { .. } | Found::Input => {}
        }
    }
    session.messages.end_of_input();
    Ok(paths)
}

/// Where a document belongs, and its bytes.
fn address(
    path: &std::path::Path,
    file: &str,
    index: &Index,
    config: &Config,
    pulled: &[Pulled],
) -> Result<(String, Vec<u8>), Stop> {
    let bytes = kept::bytes(path, MOST)?;
    let claims = Claims::read(&bytes).map_err(|error| Stop::Data(format!("{file}: {error}")))?;
    // The members of a redundant set share one address: any of them leads there.
    let named: Vec<&Udi> = index.device(file).into_iter().chain(&claims.devices).collect();
    if named.is_empty() {
        return Err(Stop::Data(format!("{file}: the document names no device")));
    }
    let place = |udi: &Udi| {
        config.name_of(udi).or_else(|| pulled.iter().find_map(|pulled| pulled.name_of(udi))).map(str::to_owned)
    };
    let mut places: Vec<String> = named.iter().filter_map(|udi| place(udi)).collect();
    places.sort();
    places.dedup();
    match (places.pop(), places.is_empty()) {
        (Some(name), true) => Ok((name, bytes)),
        (None, _) => {
            let devices: Vec<String> = named.iter().map(ToString::to_string).collect();
            Err(Stop::Data(format!(
                "{file}: where {} is, neither the configuration nor --pulled says",
                devices.join(" or ")
            )))
        }
        (Some(_), false) => Err(Stop::Data(format!("{file}: it names devices of several addresses"))),
    }
}

/// Brings one document to one device: base64 first, as XML where the device wants that.
fn push(target: &Target, client: &Client, document: &Document, session: &mut Session<'_>) -> Result<(), Stop> {
    let limits = Limits::default();
    let mut collector = Collector::waiting().with_seed(session.world.number());
    let (mut event, mut why) = (Some(CollectorEvent::Delivered(document.bytes.clone())), None);
    loop {
        let Some(next) = event.take() else {
            let due = collector.next_deadline().ok_or_else(|| Stop::Data("the device was not asked".to_owned()))?;
            request::wait(&target.name, why.take(), due, session)?;
            event = Some(CollectorEvent::Tick);
            continue;
        };
        for action in collector.handle(next, session.world.now()) {
            match action {
                CollectorAction::Import { document, encoding, .. } => {
                    let imported = document.decode(&limits).and_then(|bytes| {
                        client.call(&target.session, Import::new(bytes).with_encoding(encoding), &limits)
                    });
                    why = request::reason(&imported);
                    event = Some(CollectorEvent::Imported(imported));
                }
                CollectorAction::Acknowledged => return Ok(()),
                CollectorAction::NotImported(error) | CollectorAction::Failed(error) => {
                    return Err(Stop::Data(words(&error)));
                }
                _ => {}
            }
        }
    }
}
