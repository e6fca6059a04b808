//! Listening on an interface, on a thread of its own.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::ear::{Ear, HeardCounts};
use super::place::WhereAmI;
use crate::event::{ObsSourceV1, Observation};
use crate::gate::{Interface, RawError, Tap};
use crate::model::{Text, Time};
use crate::sources::Stop;
use crate::wire::ether::Frame;

/// Observations wait at the most this long for others.
const FLUSH: Duration = Duration::from_millis(200);
/// Or until there are so many.
const BATCH: usize = 512;
/// Batches held back while the channel is full; beyond that they are dropped and counted.
const HELD: usize = 16;

/// A listener that runs; it ends when it is dropped.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    ear: Mutex<Ear>,
    dropped: AtomicU64,
}

impl Shared {
    fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Listens on an interface and sends what it hears, in batches. A full channel never holds up listening: after a
    /// while what is new is dropped and counted. An interface that goes away ends it with an [`ObsSourceV1`].
    pub fn start(
        interface: &Interface,
        sink: mpsc::Sender<Vec<Observation>>,
    ) -> Result<Self, RawError> {
        let tap = Tap::open(interface)?;
        let shared = Arc::new(Shared {
            ear: Mutex::new(Ear::new(interface.name.as_str().into(), interface.mac)),
            dropped: AtomicU64::new(0),
        });
        let stop = Stop::new();
        let worker = Worker {
            tap,
            shared: Arc::clone(&shared),
            stop: stop.clone(),
            sink,
            out: Vec::new(),
            since: Instant::now(),
            down: false,
        };
        let thread = std::thread::Builder::new()
            .name(format!("listen {}", interface.name))
            .spawn(move || worker.run())
            .map_err(|source| RawError::Io {
                name: interface.name.as_str().into(),
                source,
            })?;
        Ok(Self {
            shared,
            stop,
            thread: Some(thread),
        })
    }

    /// The switch port this interface hangs on, if it was heard.
    pub fn where_am_i(&self) -> Option<WhereAmI> {
        self.shared.ear().where_am_i(Time::from_clock())
    }

    /// What passed by so far.
    pub fn counts(&self) -> HeardCounts {
        self.shared.ear().counts()
    }

    /// Observations dropped because nobody took them.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Ends it and waits for it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // its panic has been told already; there is nothing to save
            let _ = thread.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end();
    }
}

struct Worker {
    tap: Tap,
    shared: Arc<Shared>,
    stop: Stop,
    sink: mpsc::Sender<Vec<Observation>>,
    out: Vec<Observation>,
    since: Instant,
    down: bool,
}

impl Worker {
    fn run(mut self) {
        let mut buffer = vec![0; 16 * 1024];
        while !self.stop.is_stopped() {
            match self.tap.receive(&mut buffer, FLUSH / 2) {
                Ok(Some(length)) => {
                    let frame = Frame::ethernet(buffer.get(..length).unwrap_or_default());
                    let now = Time::from_clock();
                    self.shared.ear().hear_bytes(frame, now, &mut self.out);
                }
                Ok(None) => {}
                // said once when the interface goes down; what was queued is still read
                Err(error) if error.kind() == io::ErrorKind::NetworkDown && !self.down => {
                    self.down = true;
                    let trouble = format!("{} is down; nothing is heard there", self.tap.name());
                    self.out.push(self.state(trouble.into()));
                }
                Err(error) => return self.give_up(&error.to_string()),
            }
            if self.down && self.since.elapsed() >= FLUSH {
                match Interface::find(self.tap.name().as_str()) {
                    Ok(interface) if interface.up => {
                        self.down = false;
                        self.out.push(self.state(Text::empty()));
                    }
                    Ok(_) => {}
                    Err(_) => return self.give_up("the interface is gone"),
                }
            }
            if self.out.len() >= BATCH || self.since.elapsed() >= FLUSH {
                self.flush();
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        self.since = Instant::now();
        if self.out.is_empty() {
            return;
        }
        match self.sink.try_send(std::mem::take(&mut self.out)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(mut batch)) => {
                let most = BATCH * HELD;
                let over = batch.len().saturating_sub(most);
                batch.truncate(most);
                self.out = batch;
                self.shared
                    .dropped
                    .fetch_add(over as u64, Ordering::Relaxed);
            }
            Err(mpsc::error::TrySendError::Closed(_)) => self.stop.stop(),
        }
    }

    fn give_up(&mut self, why: &str) {
        let trouble = format!(
            "listening on {} ended: {why}; plug it in or choose another interface, then start again",
            self.tap.name()
        );
        self.out.push(self.state(trouble.into()));
        self.flush();
    }

    fn state(&self, trouble: Text) -> Observation {
        Observation::Source(ObsSourceV1 {
            at: Time::from_clock(),
            source: format!("listen {}", self.tap.name()).into(),
            trouble,
            dropped: self.shared.dropped.load(Ordering::Relaxed),
        })
    }
}
