//! Works on the leaves of one bundle with several threads: same result with any number of them, bounded memory.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::bundle::batch::BATCH;
use crate::bundle::{Batch, Reader};
use crate::error::{Error, ErrorKind, Result};

/// Batches that wait for a worker, for each thread.
const WAITING: usize = 2;
/// Batches under way, waiting or done but not yet in turn, for each thread.
const UNDER_WAY: usize = 6;
/// Bytes that wait or are worked on, for each thread. A batch is larger only when one leaf is.
const BYTES: usize = UNDER_WAY.saturating_mul(BATCH);

/// Reads the bundle on the calling thread and lets `threads` threads, the calling one included, work on its leaves.
///
/// `map` turns a batch of leaves into a value, on any thread; `worker` makes the scratch space of each thread. `reduce`
/// gets the values on the calling thread **in the order of the bundle**, so that neither chance nor the number of threads
/// shows in the result. The calling thread inflates, and works itself whenever the others have enough to do.
///
/// At most six batches of about 200 KB are held for each thread; where leaves are larger, fewer batches are.
///
/// # Errors
/// A fatal error of the reader, after everything before it was reduced; or the first error of `reduce`.
///
/// ```
/// use std::num::NonZero;
/// use slp_sync::{Error, Limits, bundle, tar};
///
/// let archive = tar::archive([("dev_1.txt", &b"<smartLicense/>"[..]), ("dev_2.txt", b"<smartLicense/>")], 0)?;
/// let mut reader = bundle::Reader::new(&archive[..], &Limits::default());
/// let mut bytes = 0;
/// bundle::process(
///     &mut reader,
///     NonZero::new(2).unwrap_or(NonZero::<usize>::MIN),
///     || (),
///     |(), batch| batch.drain().flatten().map(|leaf| leaf.bytes.len()).sum::<usize>(),
///     |sum| {
///         bytes += sum;
///         Ok::<(), Error>(())
///     },
/// )?;
/// assert_eq!(bytes, 30);
/// # Ok::<(), Error>(())
/// ```
pub fn process<R, W, T, E>(
    reader: &mut Reader<R>,
    threads: NonZero<usize>,
    worker: impl Fn() -> W + Sync,
    map: impl Fn(&mut W, &mut Batch) -> T + Sync,
    mut reduce: impl FnMut(T) -> std::result::Result<(), E>,
) -> std::result::Result<(), E>
where
    R: Read,
    T: Send,
    E: From<Error>,
{
    let mut own = worker();
    let helpers = threads.get().saturating_sub(1);
    if helpers == 0 {
        let mut batch = Batch::new();
        while reader.fill(&mut batch)? {
            reduce(map(&mut own, &mut batch))?;
        }
        return Ok(());
    }
    let queue = Queue::default();
    std::thread::scope(|scope| {
        let (results, done) = mpsc::channel();
        for _ in 0..helpers {
            let results = results.clone();
            let (queue, worker, map) = (&queue, &worker, &map);
            let help = move || {
                // Whatever happens here, nobody waits for this thread any longer.
                let _closing = Closing(queue);
                let mut own = worker();
                while let Some((number, mut batch)) = queue.take() {
                    let value = map(&mut own, &mut batch);
                    if results.send((number, value, batch)).is_err() {
                        break;
                    }
                }
            };
            std::thread::Builder::new().name("slp-bundle".to_owned()).spawn_scoped(scope, help).map_err(|error| {
                queue.close();
                Error::io(error)
            })?;
        }
        drop(results);
        let _closing = Closing(&queue);
        let mut order = InOrder { next: 0, ready: BTreeMap::new(), spare: Vec::new(), under_way: 0, bytes: 0 };
        let ended = feed(reader, &queue, &done, &mut order, threads.get(), &mut own, &map, &mut reduce)?;
        queue.close();
        while order.under_way > 0 {
            order.receive(&done, &mut reduce)?;
        }
        ended.map_err(E::from)
    })
}

/// Reads to the end of the bundle. The inner result is what the reader said there.
#[expect(clippy::too_many_arguments, reason = "the second half of one function, split for its length")]
fn feed<R: Read, W, T, E: From<Error>>(
    reader: &mut Reader<R>,
    queue: &Queue,
    done: &Receiver<(u64, T, Batch)>,
    order: &mut InOrder<T>,
    threads: usize,
    own: &mut W,
    map: &impl Fn(&mut W, &mut Batch) -> T,
    reduce: &mut impl FnMut(T) -> std::result::Result<(), E>,
) -> std::result::Result<Result<()>, E> {
    let mut number = 0_u64;
    loop {
        while let Ok(result) = done.try_recv() {
            order.arrived(result, reduce)?;
        }
        while order.is_full(threads) {
            order.receive(done, reduce)?;
        }
        let mut batch = order.spare.pop().unwrap_or_default();
        match reader.fill(&mut batch) {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        }
        order.under_way = order.under_way.saturating_add(1);
        order.bytes = order.bytes.saturating_add(batch.bytes.len());
        // With enough waiting, this thread works too.
        if let Some(mut batch) = queue.offer(number, batch, threads.saturating_mul(WAITING)) {
            let value = map(own, &mut batch);
            order.arrived((number, value, batch), reduce)?;
        }
        number = number.saturating_add(1);
    }
}

/// Values that came out of turn wait here.
struct InOrder<T> {
    next: u64,
    ready: BTreeMap<u64, T>,
    spare: Vec<Batch>,
    under_way: usize,
    /// Of batches that wait or are worked on.
    bytes: usize,
}

impl<T> InOrder<T> {
    /// Two batches are always allowed: one is read while the other is worked on.
    fn is_full(&self, threads: usize) -> bool {
        let batches = self.under_way >= threads.saturating_mul(UNDER_WAY);
        batches || (self.under_way >= 2 && self.bytes >= threads.saturating_mul(BYTES))
    }

    fn arrived<E>(
        &mut self,
        (number, value, batch): (u64, T, Batch),
        reduce: &mut impl FnMut(T) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.bytes = self.bytes.saturating_sub(batch.bytes.len());
        self.spare.push(batch);
        self.ready.insert(number, value);
        while let Some(value) = self.ready.remove(&self.next) {
            self.next = self.next.saturating_add(1);
            self.under_way = self.under_way.saturating_sub(1);
            reduce(value)?;
        }
        Ok(())
    }

    fn receive<E: From<Error>>(
        &mut self,
        done: &Receiver<(u64, T, Batch)>,
        reduce: &mut impl FnMut(T) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let result = done.recv().map_err(|_| {
            // Leaving the scope passes the panic on; this error is seen only if there was none.
            Error::new(ErrorKind::Io, "a working thread ended early").fatal()
        })?;
        self.arrived(result, reduce)
    }
}

/// Batches on their way to the workers.
#[derive(Default)]
struct Queue {
    state: Mutex<(VecDeque<(u64, Batch)>, bool)>,
    more: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<(u64, Batch)>, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a batch over, or gives it back if `depth` are waiting.
    fn offer(&self, number: u64, batch: Batch, depth: usize) -> Option<Batch> {
        let mut state = self.lock();
        if state.0.len() >= depth {
            return Some(batch);
        }
        state.0.push_back((number, batch));
        drop(state);
        self.more.notify_one();
        None
    }

    /// The next batch; `None` once the queue is closed and empty.
    fn take(&self) -> Option<(u64, Batch)> {
        let mut state = self.lock();
        loop {
            if let Some(next) = state.0.pop_front() {
                return Some(next);
            }
            if state.1 {
                return None;
            }
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.lock().1 = true;
        self.more.notify_all();
    }
}

/// Closes the queue when its thread ends for whatever reason.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
