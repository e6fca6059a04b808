//! One [`Session`](session::Session) a viewer: keys and sizes in, bytes out.
//!
//! In: input events, states from the collector, answers to queries. Out: the bytes of one screen, and [`Request`]s. It never
//! touches a terminal, a socket, a file or a clock: whoever runs it hands it `now`.

mod context;

pub use context::{Ctx, Live, Outcome, Request, RunRequest, Selection, View};
