//! The fingerprint of a plan.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::{RunPlan, Text};

/// SHA-256, hexadecimal, over the plan as JSON. Its fields come in the order of the struct and its maps are sorted, so the
/// same plan has the same hash on every machine.
pub fn plan_hash(plan: &RunPlan) -> Text {
    // serialising plain data into memory does not fail
    let bytes = serde_json::to_vec(plan).unwrap_or_default();
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> Text {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // writing into a String can't fail
        let _ = write!(out, "{byte:02x}");
    }
    Text::from(out)
}
