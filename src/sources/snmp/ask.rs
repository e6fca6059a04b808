//! Questions, written once: a plan's question is the same for every agent but for its id.

use std::sync::{Arc, LazyLock};

use super::names::SYS_UP_TIME;
use crate::model::PacketKind;
use crate::wire::snmp::{NameBuf, Pdu, PduKind, Prepared, VarBind};

/// A question to an agent; its answer may take several datagrams (retries, v3 discovery). Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask(Arc<Prepared>);

impl Ask {
    /// GET
    pub(super) fn get<'a>(names: impl IntoIterator<Item = &'a NameBuf>) -> Self {
        Self::request(PduKind::Get, (0, 0), names)
    }

    /// GETNEXT
    pub(super) fn next<'a>(names: impl IntoIterator<Item = &'a NameBuf>) -> Self {
        Self::request(PduKind::GetNext, (0, 0), names)
    }

    /// GETBULK; the first `once` names are not repeated.
    pub(super) fn bulk<'a>(
        once: u16,
        repetitions: u16,
        names: impl IntoIterator<Item = &'a NameBuf>,
    ) -> Self {
        Self::request(PduKind::GetBulk, (once, repetitions), names)
    }

    /// SET
    pub(super) fn set(varbinds: Vec<VarBind>) -> Self {
        Self(Arc::new(Prepared::new(&Pdu {
            kind: PduKind::Set,
            request_id: 0,
            error_status: 0,
            error_index: 0,
            varbinds,
        })))
    }

    fn request<'a>(
        kind: PduKind,
        repeat: (u16, u16),
        names: impl IntoIterator<Item = &'a NameBuf>,
    ) -> Self {
        Self(Arc::new(Prepared::request(kind, repeat, names)))
    }

    /// One GET of `sysUpTime`: the least that can be asked.
    pub(super) fn touch() -> Self {
        static TOUCH: LazyLock<Ask> = LazyLock::new(|| Ask::get(&[NameBuf::new(SYS_UP_TIME)]));
        TOUCH.clone()
    }

    /// What the ledger calls it.
    pub(super) fn kind(&self) -> PacketKind {
        match self.0.kind() {
            PduKind::GetNext | PduKind::GetBulk => PacketKind::Walk,
            PduKind::Set => PacketKind::Set,
            _ => PacketKind::Get,
        }
    }

    pub(super) fn is_bulk(&self) -> bool {
        self.0.kind() == PduKind::GetBulk
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.kind() == PduKind::Set
    }

    pub(super) fn prepared(&self) -> &Prepared {
        &self.0
    }
}
