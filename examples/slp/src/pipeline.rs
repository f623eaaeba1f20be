//! Files read by several threads, results in order.
//!
//! One thread walks the paths and deals files out in turn, like cards; results are taken in the same turn. All channels
//! are short, so what is in memory does not depend on the number of files, and output not on the number of threads.
//! Whatever cuts one file into many documents (a bundle) belongs where the walk is dealt out.

use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use slp_rum::ReadOptions;

use crate::arguments::Sources;
use crate::console::{Messages, Output, Session, Stop};
use crate::fault::Fault;
use crate::input::{Input, Reader, STANDARD_INPUT};
use crate::paths::{Found, Walk};

/// Files that wait for one thread, and results that wait to be taken from it.
const WAITING: usize = 4;

/// What became of one thing that was found.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// A document was worked on.
    Document(T),
    /// A file that could not be read at all.
    Fault(Fault),
}

enum Done<T> {
    Outcome(Outcome<T>, u64),
    Skipped { name: String, why: &'static str },
}

/// Works on every document that `sources` lead to, and gives the results in order.
///
/// # Errors
/// The first one of `take`; nothing more is taken then. [`Stop::Call`] if standard input is named twice.
pub(crate) fn documents<T: Send>(
    sources: &Sources,
    session: &mut Session<'_>,
    work: impl Fn(&Input<'_>) -> T + Sync,
    mut take: impl FnMut(&mut Output<'_>, &mut Messages<'_>, Outcome<T>) -> io::Result<()>,
) -> Result<(), Stop> {
    if sources.paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Stop::Call("standard input can be read once: give - once".to_owned()));
    }
    let mut options = ReadOptions::default();
    options.limits.document_bytes = usize::try_from(sources.max_document_bytes).unwrap_or(usize::MAX);
    let reader = Reader::new(options, &mut *session.input);
    let work = |found: Found, buffer: &mut Vec<u8>| one(&reader, found, buffer, &work);
    let (output, messages) = (&mut session.output, &mut session.messages);
    let mut take = |done: Done<T>| match done {
        Done::Outcome(outcome, bytes) => {
            messages.done(bytes);
            take(output, messages, outcome)
        }
        Done::Skipped { name, why } => {
            messages.skipped(&name, why);
            Ok(())
        }
    };
    let walk = Walk::new(sources.paths.clone());
    let taken = if sources.threads <= 1 {
        let mut buffer = Vec::new();
        walk.map(|found| work(found, &mut buffer)).try_for_each(&mut take)
    } else {
        in_turn(walk, sources.threads, &work, &mut take)
    };
    session.messages.end_of_input();
    Ok(taken?)
}

fn in_turn<T: Send>(
    walk: Walk,
    threads: usize,
    work: &(impl Fn(Found, &mut Vec<u8>) -> T + Sync),
    take: &mut impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    thread::scope(|scope| {
        let (mut hands, mut results) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (hand, dealt) = sync_channel(WAITING);
            let (finished, result) = sync_channel(WAITING);
            hands.push(hand);
            results.push(result);
            scope.spawn(move || {
                let mut buffer = Vec::new();
                for found in dealt {
                    if finished.send(work(found, &mut buffer)).is_err() {
                        return; // nobody takes results any more
                    }
                }
            });
        }
        scope.spawn(move || {
            for (found, hand) in walk.zip((0..threads).cycle()) {
                if hands.get(hand).is_none_or(|hand| hand.send(found).is_err()) {
                    return;
                }
            }
        });
        for result in (0..threads).cycle() {
            // the first hand that is empty for good is the end, since all are dealt to in turn
            let Some(Ok(done)) = results.get(result).map(Receiver::recv) else {
                break;
            };
            take(done)?;
        }
        Ok(())
    })
}

fn one<T>(reader: &Reader<'_>, found: Found, buffer: &mut Vec<u8>, work: impl Fn(&Input<'_>) -> T) -> Done<T> {
    let (name, read) = match found {
        Found::Skipped { name, why } => return Done::Skipped { name, why },
        Found::Fault(fault) => return Done::Outcome(Outcome::Fault(fault), 0),
        Found::Input => (STANDARD_INPUT.to_owned(), reader.standard_input(buffer)),
        Found::File(path) => {
            let name = path.to_string_lossy().into_owned();
            let read = reader.file(&path, &name, buffer);
            (name, read)
        }
    };
    if let Err(fault) = read {
        return Done::Outcome(Outcome::Fault(*fault), 0);
    }
    let done = work(&Input { name: &name, bytes: buffer, options: &reader.options });
    Done::Outcome(Outcome::Document(done), u64::try_from(buffer.len()).unwrap_or(u64::MAX))
}
