//! SNMP messages (RFC 1157, 1901, 3412, 3414, 3416).

mod oid;
mod value;

pub use oid::{BadOid, Oid};
pub use value::{Value, VarBind};
