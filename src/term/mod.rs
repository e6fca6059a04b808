//! The terminal of this process.
//!
//! In: the environment, keys, signals, the terminal's end. Out: [`TermEvent`]s, and the bytes of frames. It must never leave
//! the terminal other than it was found (invariant 10): quit, error, panic, SIGTERM, SIGHUP, SIGINT, a stop and its
//! continuation, a closed terminal. It asks the terminal nothing, and it knows nothing of what is drawn.

mod caps;
mod clipboard;
mod escape;
mod events;
mod keys;
mod lend;
mod restore;
mod terminal;

pub use caps::{Colors, TermCaps};
pub use clipboard::clipboard;
pub use escape::EscapeKey;
pub use events::{Signal, TermEvent};
pub use keys::Decoder;
pub use lend::Tool;
pub use terminal::{Terminal, size};
