//! What the gate tells of itself.

use super::{Gate, locked};

impl Gate {
    /// Permits of runs that are open.
    pub fn open_permits(&self) -> usize {
        locked(&self.permits).len()
    }

    /// Revision of the touch table in force; `None` before the first.
    pub fn table_revision(&self) -> Option<u64> {
        self.table.load().as_ref().map(|t| t.table.revision)
    }

    /// Rows of the ledger that wait to be written down.
    pub fn ledger_waiting(&self) -> usize {
        locked(&self.ledger).waiting()
    }
}
