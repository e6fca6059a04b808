//! The fingerprint of a plan.

use sha2::{Digest as _, Sha256};

use crate::model::{RunPlan, Text, hex};

/// SHA-256, hexadecimal, over the plan as JSON. Its fields come in the order of the struct and its maps are sorted, so the
/// same plan has the same hash on every machine.
pub fn plan_hash(plan: &RunPlan) -> Text {
    // serialising plain data into memory does not fail
    let bytes = serde_json::to_vec(plan).unwrap_or_default();
    hex(&Sha256::digest(bytes)).into()
}
