//! Deflates in chunks, on as many threads as the caller likes, to the same bytes on any number.
//!
//! `miniz_oxide` is called by name. A general front door would hand over to whatever compressor some other crate of the
//! build switched on, and the bytes of a bundle would change with it.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use flate2::Crc;
use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use crate::error::{Error, Result};
use crate::gzip::HEADER;

/// Bytes of content that are compressed as one piece, without a look at the piece before. Spec: sync, "Writer bytes".
pub const CHUNK: usize = 1024 * 1024;

/// The level that bundles are written at.
const LEVEL: u8 = 6;

/// One piece to compress, and where its result goes.
struct Job {
    input: Vec<u8>,
    last: bool,
    done: Sender<Done>,
}

/// A compressed piece; the input buffer comes back for the next one.
struct Done {
    input: Vec<u8>,
    output: io::Result<(Vec<u8>, Crc)>,
}

/// Compresses gzip members. Cheap to clone: clones share the threads.
///
/// The content is cut into pieces of [`CHUNK`] bytes; each is compressed by itself, so that threads can share the work
/// and no number of them shows in the bytes. Spec: sync, "Writer bytes".
#[derive(Clone, Debug)]
pub struct Deflater {
    level: u8,
    pool: Option<Arc<Pool>>,
}

impl Default for Deflater {
    /// Level 6, no thread but the caller's.
    fn default() -> Self {
        Self { level: LEVEL, pool: None }
    }
}

impl Deflater {
    /// Level 6 on `threads` threads; with one the caller's own does the work.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if a thread cannot be started.
    pub fn new(threads: NonZero<usize>) -> Result<Self> {
        let pool =
            if threads.get() > 1 { Some(Arc::new(Pool::start(threads, LEVEL).map_err(Error::io)?)) } else { None };
        Ok(Self { level: LEVEL, pool })
    }

    /// Starts one gzip member on `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn member<W: Write>(&self, mut out: W) -> io::Result<Member<W>> {
        out.write_all(&HEADER)?;
        Ok(Member {
            out,
            compressor: if self.pool.is_none() { Some(compressor(self.level)) } else { None },
            pool: self.pool.clone(),
            pending: VecDeque::new(),
            chunk: Vec::with_capacity(CHUNK),
            spare: Vec::new(),
            crc: Crc::new(),
        })
    }

    /// All of `content` as one gzip member.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if a compressing thread died.
    pub fn compress(&self, content: &[u8]) -> Result<Vec<u8>> {
        let mut member = self.member(Vec::new()).map_err(Error::io)?;
        member.write_all(content).map_err(Error::io)?;
        member.finish().map_err(Error::io)
    }
}

fn compressor(level: u8) -> Box<CompressorOxide> {
    let mut compressor: Box<CompressorOxide> = Box::default();
    compressor.set_format_and_level(DataFormat::Raw, level);
    compressor
}

/// Compresses one piece: the last one is finished, the others end on a byte boundary.
fn squeeze(compressor: &mut CompressorOxide, input: &[u8], last: bool) -> io::Result<(Vec<u8>, Crc)> {
    let mut crc = Crc::new();
    crc.update(input);
    compressor.reset();
    let flush = if last { MZFlush::Finish } else { MZFlush::Sync };
    // What cannot be compressed grows by five bytes in each block of some thirty thousand.
    let mut output = vec![0_u8; input.len().saturating_add(input.len() / 1_000).saturating_add(1_024)];
    let (mut read, mut written) = (0_usize, 0_usize);
    loop {
        let from = input.get(read..).unwrap_or_default();
        let to = output.get_mut(written..).unwrap_or_default();
        let room = to.len();
        let step = deflate(compressor, from, to, flush);
        read = read.saturating_add(step.bytes_consumed);
        written = written.saturating_add(step.bytes_written);
        match step.status {
            Ok(MZStatus::StreamEnd) => break,
            Ok(_) if !last && read >= input.len() && step.bytes_written < room => break,
            Ok(_) => output.resize(output.len().saturating_add(CHUNK / 4), 0),
            Err(_) => return Err(io::Error::other("the compressor refused its own parameters")),
        }
    }
    output.truncate(written);
    Ok((output, crc))
}

/// Threads that compress. They end when the last [`Deflater`] and [`Member`] that share them are gone.
struct Pool {
    jobs: Option<Sender<Job>>,
    depth: usize,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Pool {
    fn start(threads: NonZero<usize>, level: u8) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        // Twice as many pieces under way as threads: nobody waits, and the memory stays small.
        let mut pool = Self { jobs: Some(jobs), depth: threads.get().saturating_mul(2), threads: Vec::new() };
        for _ in 0..threads.get() {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new().name("slp-deflate".to_owned()).spawn(move || {
                let mut compressor = compressor(level);
                loop {
                    // The lock is held while waiting: whoever has it takes the next piece.
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(Job { input, last, done }) = job else { return };
                    let output = squeeze(&mut compressor, &input, last);
                    // A receiver that is gone has given up on this member.
                    drop(done.send(Done { input, output }));
                }
            })?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    fn submit(&self, input: Vec<u8>, last: bool) -> io::Result<Receiver<Done>> {
        let (done, result) = mpsc::channel();
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job { input, last, done }).is_ok());
        if sent { Ok(result) } else { Err(died()) }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that died has already been reported by the member that waited for it.
            drop(thread.join());
        }
    }
}

fn died() -> io::Error {
    io::Error::other("a compressing thread died")
}

/// One gzip member under way. Write the content, then [`finish`](Self::finish).
pub struct Member<W> {
    out: W,
    compressor: Option<Box<CompressorOxide>>,
    pool: Option<Arc<Pool>>,
    pending: VecDeque<Receiver<Done>>,
    chunk: Vec<u8>,
    spare: Vec<Vec<u8>>,
    crc: Crc,
}

impl<W: fmt::Debug> fmt::Debug for Member<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("out", &self.out).field("length", &self.crc.amount()).finish_non_exhaustive()
    }
}

impl<W: Write> Member<W> {
    fn submit(&mut self, last: bool) -> io::Result<()> {
        let Some(pool) = &self.pool else {
            let compressor = self.compressor.get_or_insert_with(|| compressor(LEVEL));
            let (output, crc) = squeeze(compressor, &self.chunk, last)?;
            self.crc.combine(&crc);
            self.chunk.clear();
            return self.out.write_all(&output);
        };
        let depth = pool.depth;
        let input = std::mem::replace(&mut self.chunk, self.spare.pop().unwrap_or_default());
        let result = pool.submit(input, last)?;
        self.pending.push_back(result);
        while self.pending.len() >= depth {
            self.collect()?;
        }
        Ok(())
    }

    /// Waits for the oldest piece and writes it.
    fn collect(&mut self) -> io::Result<()> {
        if let Some(result) = self.pending.pop_front() {
            let Done { mut input, output } = result.recv().map_err(|_| died())?;
            input.clear();
            self.spare.push(input);
            let (output, crc) = output?;
            self.crc.combine(&crc);
            self.out.write_all(&output)?;
        }
        Ok(())
    }

    /// Writes what is left and the trailer, and gives the output back.
    ///
    /// # Errors
    /// Those of the output, or that a compressing thread died.
    pub fn finish(mut self) -> io::Result<W> {
        self.submit(true)?;
        while !self.pending.is_empty() {
            self.collect()?;
        }
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        self.out.write_all(&self.crc.amount().to_le_bytes())?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Member<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // A full piece waits: only when more comes is it known not to be the last.
            if self.chunk.len() >= CHUNK {
                self.submit(false)?;
            }
            let room = CHUNK.saturating_sub(self.chunk.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.chunk.extend_from_slice(now);
            rest = later;
        }
        Ok(bytes.len())
    }

    /// Does not force out what is not yet compressed: that would change the bytes.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
