//! Files and leaves of bundles read by several threads, results in order.
//!
//! One thread walks the paths and deals files out in turn, like cards; results are taken in the same turn. A file that
//! turns out to be a bundle comes back unread: the taking thread then reads it leaf by leaf, with helpers. All channels are
//! short, so what is in memory does not depend on the number of files or leaves, and output not on the number of threads.

use std::io;
use std::marker::PhantomData;
use std::mem;
use std::num::NonZero;
use std::slice;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use slp_sync::bundle::{self, Batch};

use crate::arguments::{OneBundle, Sources};
use crate::console::{Messages, Output, Session, Stop};
use crate::fault::Fault;
use crate::input::{Archive, Input, Read, Reader, STANDARD_INPUT};
use crate::paths::{Found, Walk, bytes_to_read};

/// Files that wait for one thread, and results that wait to be taken from it.
const WAITING: usize = 4;

/// Warnings about a bundle that are shown one by one; the rest is counted.
const WARNINGS_SHOWN: usize = 5;

/// What became of one thing that was found.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// A document was worked on.
    Document(T),
    /// A file or a leaf that could not be read at all.
    Fault(Fault),
}

/// What a step of reading gave.
pub(crate) enum Step<P> {
    /// What some documents add up to, in their order.
    Piece { piece: P, in_bundle: bool },
    /// A bundle is at its end. If that is a fault, what its leaves gave does not count: the checksum stands at the end.
    End { name: String, ended: Box<Result<bundle::Summary, Fault>> },
}

/// What is done to documents, on any thread.
pub(crate) trait Work: Sync {
    /// What some documents add up to.
    type Piece: Default + Send;

    /// Works on one document.
    fn document(&self, piece: &mut Self::Piece, input: &Input<'_>);

    /// Takes note of a file or a leaf that could not be read.
    fn fault(&self, piece: &mut Self::Piece, fault: Fault);
}

/// Each document by itself.
struct Each<W>(W);

impl<T: Send, W: Fn(&Input<'_>) -> T + Sync> Work for Each<W> {
    type Piece = Vec<Outcome<T>>;

    fn document(&self, piece: &mut Self::Piece, input: &Input<'_>) {
        piece.push(Outcome::Document((self.0)(input)));
    }

    fn fault(&self, piece: &mut Self::Piece, fault: Fault) {
        piece.push(Outcome::Fault(fault));
    }
}

/// Works on every document that `sources` lead to, leaves of bundles included, and gives the results in order.
///
/// A bundle that breaks off is a fault after the results of its leaves, which do not count then: where that matters, use
/// [`gather`].
///
/// # Errors
/// The first one of `take`; nothing more is taken then. [`Stop::Call`] if standard input is named twice.
pub(crate) fn documents<T: Send>(
    sources: &Sources,
    session: &mut Session<'_>,
    work: impl Fn(&Input<'_>) -> T + Sync,
    mut take: impl FnMut(&mut Output<'_>, &mut Messages<'_>, Outcome<T>) -> io::Result<()>,
) -> Result<(), Stop> {
    steps(sources, session, &Each(work), |output, messages, step| match step {
        Step::Piece { piece, .. } => piece.into_iter().try_for_each(|outcome| take(output, messages, outcome)),
        Step::End { name, ended } => match *ended {
            Err(fault) => take(output, messages, Outcome::Fault(fault)),
            Ok(summary) => {
                oddities(messages, &name, &summary);
                Ok(())
            }
        },
    })
}

/// Something that documents add up to.
pub(crate) trait Sum: Default + Send {
    /// Takes in what came behind it.
    fn add(&mut self, other: Self);

    /// Counts a file, a bundle or a leaf that could not be read.
    fn reject(&mut self);
}

/// The sum of some documents, and what could not be read of them.
struct Part<S> {
    sum: S,
    faults: Vec<Fault>,
}

impl<S: Default> Default for Part<S> {
    fn default() -> Self {
        Self { sum: S::default(), faults: Vec::new() }
    }
}

/// Adds documents up.
struct Adding<S, W>(W, PhantomData<fn() -> S>);

impl<S: Sum, W: Fn(&mut S, &mut Vec<Fault>, &Input<'_>) + Sync> Work for Adding<S, W> {
    type Piece = Part<S>;

    fn document(&self, piece: &mut Self::Piece, input: &Input<'_>) {
        (self.0)(&mut piece.sum, &mut piece.faults, input);
    }

    fn fault(&self, piece: &mut Self::Piece, fault: Fault) {
        piece.sum.reject();
        piece.faults.push(fault);
    }
}

/// Adds up every document that `sources` lead to, leaves of bundles included. Faults are given as they come, in order.
///
/// Of a bundle that breaks off nothing is added: its checksum stands at its end, and two readers could take it for two
/// different things.
///
/// # Errors
/// [`Stop::Call`] if standard input is named twice.
pub(crate) fn gather<S: Sum>(
    sources: &Sources,
    session: &mut Session<'_>,
    work: impl Fn(&mut S, &mut Vec<Fault>, &Input<'_>) + Sync,
    mut fault: impl FnMut(&mut Messages<'_>, Fault),
) -> Result<S, Stop> {
    let (mut all, mut open) = (S::default(), S::default());
    steps(sources, session, &Adding(work, PhantomData), |_, messages, step| {
        match step {
            Step::Piece { piece: Part { sum, faults }, in_bundle } => {
                for one in faults {
                    fault(messages, one);
                }
                if in_bundle { open.add(sum) } else { all.add(sum) }
            }
            Step::End { name, ended } => {
                let sum = mem::take(&mut open);
                match *ended {
                    Ok(summary) => {
                        oddities(messages, &name, &summary);
                        all.add(sum);
                    }
                    Err(broken) => {
                        all.reject();
                        fault(messages, broken);
                        messages.note(&format!("{name}: nothing of this bundle counts"));
                    }
                }
            }
        }
        Ok(())
    })?;
    Ok(all)
}

/// What was odd about a bundle.
pub(crate) fn oddities(messages: &mut Messages<'_>, name: &str, summary: &bundle::Summary) {
    for warning in summary.warnings.iter().take(WARNINGS_SHOWN) {
        messages.note(&format!("{name}: {warning}"));
    }
    let shown = u64::try_from(WARNINGS_SHOWN).unwrap_or(u64::MAX);
    if let Some(more @ 1..) = summary.warnings.total().checked_sub(shown) {
        messages.note(&format!("{name}: {more} more warnings"));
    }
}

/// A file that was dealt out, after one thread had a look.
enum Done<P> {
    Piece(P, u64),
    Skipped { name: String, why: &'static str },
    Archive(Archive),
}

/// Is the call right, as far as its paths go? To be asked before a command writes the head of its results.
///
/// # Errors
/// [`Stop::Call`] if standard input is named twice.
pub(crate) fn can_be_read(sources: &Sources) -> Result<(), Stop> {
    if sources.paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Stop::Call("standard input can be read once: give - once".to_owned()));
    }
    Ok(())
}

/// Works on everything that `sources` lead to.
///
/// # Errors
/// The first one of `take`; nothing more is taken then. [`Stop::Call`] if standard input is named twice.
pub(crate) fn steps<W: Work>(
    sources: &Sources,
    session: &mut Session<'_>,
    work: &W,
    mut take: impl FnMut(&mut Output<'_>, &mut Messages<'_>, Step<W::Piece>) -> io::Result<()>,
) -> Result<(), Stop> {
    can_be_read(sources)?;
    let reader = Reader::new(sources.costs.options(), &mut *session.input);
    let (output, messages) = (&mut session.output, &mut session.messages);
    messages.expect(bytes_to_read(&sources.paths));
    let mut is_empty = true;
    let mut take = |done: Done<W::Piece>| {
        is_empty = false;
        match done {
            Done::Piece(piece, bytes) => {
                messages.done(1, bytes);
                take(output, messages, Step::Piece { piece, in_bundle: false })
            }
            Done::Skipped { name, why } => {
                messages.skipped(&name, why);
                Ok(())
            }
            Done::Archive(archive) => leaves(&reader, archive, sources.threads, work, |counted, step| {
                messages.done(counted.documents, counted.bytes);
                take(output, messages, step)
            }),
        }
    };
    let walk = Walk::new(sources.paths.clone());
    let taken = if sources.threads <= 1 {
        let mut buffer = Vec::new();
        walk.map(|found| one(&reader, found, &mut buffer, work)).try_for_each(&mut take)
    } else {
        let work = |found: Found, buffer: &mut Vec<u8>| one(&reader, found, buffer, work);
        in_turn(walk, sources.threads, &work, &mut take)
    };
    session.messages.end_of_input();
    if is_empty {
        session.messages.note("nothing to read: the folders are empty");
    }
    Ok(taken?)
}

/// Works on the leaves of one file that is to be a bundle, and gives the results in its order; then how it ended.
///
/// # Errors
/// [`Stop::Data`] if the file cannot be opened; the first error of `take`.
pub(crate) fn bundle<W: Work>(
    bundle: &OneBundle,
    session: &mut Session<'_>,
    work: &W,
    mut take: impl FnMut(&mut Output<'_>, &mut Messages<'_>, W::Piece) -> io::Result<()>,
) -> Result<Result<bundle::Summary, Fault>, Stop> {
    let reader = Reader::new(bundle.costs.options(), &mut *session.input);
    let archive = Reader::archive(&bundle.file).map_err(|fault| Stop::Data(fault.to_string()))?;
    let (output, messages) = (&mut session.output, &mut session.messages);
    messages.expect(bytes_to_read(slice::from_ref(&bundle.file)));
    let mut summary = None;
    let taken = leaves(&reader, archive, bundle.threads, work, |counted, step| {
        messages.done(counted.documents, counted.bytes);
        match step {
            Step::Piece { piece, .. } => take(output, messages, piece),
            Step::End { name, ended } => {
                if let Ok(summary) = &*ended {
                    oddities(messages, &name, summary);
                }
                summary = Some(*ended);
                Ok(())
            }
        }
    });
    session.messages.end_of_input();
    taken?;
    summary.ok_or_else(|| Stop::Data(format!("{}: reading ended early", bundle.file.display())))
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

fn one<W: Work>(reader: &Reader<'_>, found: Found, buffer: &mut Vec<u8>, work: &W) -> Done<W::Piece> {
    let mut piece = W::Piece::default();
    let mut refuse = |fault| {
        work.fault(&mut piece, fault);
        Done::Piece(mem::take(&mut piece), 0)
    };
    let (name, read) = match found {
        Found::Skipped { name, why } => return Done::Skipped { name, why },
        Found::Fault(fault) => return refuse(fault),
        Found::Input => (STANDARD_INPUT.to_owned(), reader.standard_input_or_archive(buffer)),
        Found::File(path) => {
            let name = path.to_string_lossy().into_owned();
            let read = reader.file_or_archive(&path, &name, buffer);
            (name, read)
        }
    };
    match read {
        Err(fault) => refuse(*fault),
        Ok(Read::Archive(archive)) => Done::Archive(archive),
        Ok(Read::Document) => {
            work.document(&mut piece, &Input::file(&name, buffer, &reader.options));
            Done::Piece(piece, u64::try_from(buffer.len()).unwrap_or(u64::MAX))
        }
    }
}

/// What a step of reading a bundle adds to the progress.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    documents: u64,
    /// Of the file, compressed.
    bytes: u64,
}

/// Why a bundle is left.
enum Left {
    Broken(slp_sync::Error),
    Untaken(io::Error),
}

impl From<slp_sync::Error> for Left {
    fn from(error: slp_sync::Error) -> Self {
        Self::Broken(error)
    }
}

/// Works on the leaves of one bundle. This thread inflates; as many more work on leaves as there are threads.
fn leaves<W: Work>(
    reader: &Reader<'_>,
    archive: Archive,
    threads: usize,
    work: &W,
    mut take: impl FnMut(Counted, Step<W::Piece>) -> io::Result<()>,
) -> io::Result<()> {
    let name = archive.name.clone();
    let source = archive.open(reader);
    let read = source.counter();
    let mut told = 0;
    let mut bundle = bundle::Reader::new(source, &reader.bundle_limits()).named(&name);
    let map = |text: &mut String, batch: &mut Batch| {
        let (mut piece, documents) = (W::Piece::default(), u64::try_from(batch.len()).unwrap_or(u64::MAX));
        for leaf in batch.drain() {
            match leaf {
                Ok(leaf) => work.document(&mut piece, &Input::leaf(&leaf, text, &reader.options)),
                Err(error) => work.fault(&mut piece, Fault::of_bundle(&error)),
            }
        }
        (piece, documents)
    };
    let ended = bundle::process(
        &mut bundle,
        NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN),
        String::new,
        map,
        |(piece, documents)| {
            let bytes = read.get().saturating_sub(told);
            told = told.saturating_add(bytes);
            let counted = Counted { documents, bytes };
            take(counted, Step::Piece { piece, in_bundle: true }).map_err(Left::Untaken)
        },
    );
    let ended = match ended {
        Ok(()) => Ok(bundle.summary()),
        Err(Left::Broken(error)) => Err(Fault::of_bundle(&error)),
        Err(Left::Untaken(error)) => return Err(error),
    };
    take(Counted::default(), Step::End { name, ended: Box::new(ended) })
}
