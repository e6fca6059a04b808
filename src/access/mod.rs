//! Who acts, and what that person may do.
//!
//! In: the login of this process or of the peer of a socket. Out: a [`Person`] with a name for the log and a [`Role`].
//! It must never take a name that an ordinary user could have made up, and never asks a directory over the network by itself:
//! the name service of the system decides.

mod person;
mod role;

pub use person::{AccessError, Login, Person};
pub use role::Role;
