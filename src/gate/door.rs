//! The gate itself.

mod gauges;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use arc_swap::ArcSwapOption;
use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ledger::Ledger;
use crate::event::LedgerRow;
use crate::model::{PacketKind, RunId, Text, Time, TouchPolicy, TouchTable};

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No touch table is in force yet.
    #[error("nothing is sent before the touch policy is known")]
    NoTable,
    /// The policy says no.
    #[error("{} to {to} is not allowed: its touch policy is {policy}", kind.word())]
    Policy {
        /// To whom.
        to: IpAddr,
        /// What.
        kind: PacketKind,
        /// What holds there.
        policy: TouchPolicy,
    },
    /// It is no single host: a packet there reaches whoever listens, also those that must not be touched.
    #[error("{} to {to} is not allowed: that is a group or a broadcast address, and no device", kind.word())]
    NoHost {
        /// To whom.
        to: IpAddr,
        /// What.
        kind: PacketKind,
    },
    /// A SET without a permit, or beyond it.
    #[error("{} to {to} needs a permit of a run, and there is none that covers it", kind.word())]
    Permit {
        /// To whom.
        to: IpAddr,
        /// What.
        kind: PacketKind,
    },
}

/// Sending failed: refused, or the system said no.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// By the gate.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// By the system.
    #[error("the network refused: {0}")]
    Io(#[from] io::Error),
}

/// What a remediation declared that it will send, and to whom, before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// For which run.
    pub run: RunId,
    /// To whom.
    pub address: IpAddr,
    /// Which kinds, with how many of each at the most.
    pub packets: BTreeMap<PacketKind, u32>,
    /// Worth nothing after.
    pub until: Time,
}

/// The name of an open [`Permit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermitId(u64);

/// A touch table with an index for the many addresses of a poll.
struct InForce {
    table: Arc<TouchTable>,
    addresses: FxHashMap<IpAddr, TouchPolicy>,
    /// First and last addresses of the site's subnets: what is sent there reaches all of one (RFC 919, RFC 2644).
    edges: FxHashSet<IpAddr>,
    /// No more than that, whatever the table says; few or none.
    limits: Limits,
}

/// The most that may be sent to some addresses.
type Limits = Arc<BTreeMap<IpAddr, TouchPolicy>>;

/// One host, and not a group, everybody or nobody.
pub fn is_host(to: IpAddr) -> bool {
    match to {
        IpAddr::V4(v4) => !(v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified()),
        IpAddr::V6(v6) => !(v6.is_multicast() || v6.is_unspecified()),
    }
}

/// Where a packet reaches a whole subnet of IPv4.
fn edges(nets: impl Iterator<Item = IpNet>) -> FxHashSet<IpAddr> {
    nets.filter_map(|net| match net {
        IpNet::V4(v4) if v4.prefix_len() < 31 => Some([v4.network(), v4.broadcast()]),
        _ => None,
    })
    .flatten()
    .map(IpAddr::V4)
    .collect()
}

impl InForce {
    /// Would it be heard by one host? Else nothing is sent, whatever a person says. Who has the first or last address of a subnet
    /// may be asked for by ARP, which is heard by all anyhow and names that one.
    fn is_host(&self, to: IpAddr, kind: PacketKind) -> bool {
        is_host(to) && (kind == PacketKind::Arp || !self.edges.contains(&to))
    }

    fn new(table: Arc<TouchTable>, limits: Limits) -> Self {
        let known = table.addresses.iter().map(|(a, p)| (*a, *p));
        Self {
            addresses: known.collect(),
            edges: edges(table.unknown.iter().map(|(net, _)| *net)),
            table,
            limits,
        }
    }

    fn policy(&self, to: IpAddr) -> TouchPolicy {
        let policy = match self.addresses.get(&to) {
            Some(policy) => *policy,
            None => self.table.policy(to),
        };
        if self.limits.is_empty() {
            return policy;
        }
        self.limits
            .get(&to)
            .map_or(policy, |most| policy.min(*most))
    }
}

/// The gate. One a process.
pub struct Gate {
    table: ArcSwapOption<InForce>,
    /// For this table and those to come; held while one is put in force.
    limits: Mutex<Limits>,
    ledger: Mutex<Ledger>,
    permits: Mutex<BTreeMap<PermitId, Permit>>,
    next_permit: AtomicU64,
    refused: AtomicU64,
    /// Grows with each table, and when it is shut.
    epoch: AtomicU64,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("refused", &self.refused())
            .finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // no code panics while it holds one of these; a poisoned ledger is still the ledger
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gate {
    /// Shut until [`Gate::install`].
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            table: ArcSwapOption::empty(),
            limits: Mutex::default(),
            ledger: Mutex::default(),
            permits: Mutex::default(),
            next_permit: AtomicU64::new(1),
            refused: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
        })
    }

    /// Puts a table in force. An older one than the one in force is ignored.
    pub fn install(&self, table: Arc<TouchTable>) {
        let limits = locked(&self.limits);
        let newer = Some(Arc::new(InForce::new(table, Arc::clone(&limits))));
        self.table.rcu(|now| match (now, &newer) {
            (Some(held), Some(new)) if held.table.revision > new.table.revision => {
                Some(Arc::clone(held))
            }
            _ => newer.clone(),
        });
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// From here on no table that is in force, or comes, lets more through to these addresses; they replace those of the last call.
    pub fn limit(&self, to: BTreeMap<IpAddr, TouchPolicy>) {
        let mut limits = locked(&self.limits);
        if **limits == to {
            return;
        }
        *limits = Arc::new(to);
        if let Some(held) = &*self.table.load() {
            let limited = InForce::new(Arc::clone(&held.table), Arc::clone(&limits));
            let limited = Arc::new(limited);
            // who shut it meanwhile is not undone
            self.table
                .rcu(|now| now.is_some().then(|| Arc::clone(&limited)));
        }
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Grows whenever another table is in force: what was let through before is to be looked at once more before it leaves.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// May a packet that was let through still leave? `permitted`: by a permit. If not, it is noted as refused.
    pub(super) fn still(&self, to: IpAddr, kind: PacketKind, permitted: bool, now: Time) -> bool {
        let to = to.to_canonical();
        let table = self.table.load();
        let may = table.as_ref().is_some_and(|table| {
            let policy = table.policy(to);
            table.is_host(to, kind)
                && policy != TouchPolicy::Never
                && (permitted || policy.allows(kind))
        });
        if !may {
            self.refused.fetch_add(1, Ordering::Relaxed);
            let cause = Text::from("its touch policy became stricter while it waited to leave");
            locked(&self.ledger).refuse(to, kind, 1, &cause, now);
        }
        may
    }

    /// The policy for an address; `None` before the first table.
    pub fn policy(&self, to: IpAddr) -> Option<TouchPolicy> {
        self.table
            .load()
            .as_ref()
            .map(|t| t.policy(to.to_canonical()))
    }

    /// Opens a permit for a run.
    pub fn open_permit(&self, permit: Permit) -> PermitId {
        let id = PermitId(self.next_permit.fetch_add(1, Ordering::Relaxed));
        locked(&self.permits).insert(id, permit);
        id
    }

    /// Closes it.
    pub fn close_permit(&self, id: PermitId) {
        locked(&self.permits).remove(&id);
    }

    /// Lets `count` packets through and writes them down, or refuses. Every door calls it just before it sends.
    ///
    /// `never` refuses whatever the permit says; a permit lifts what else the policy forbids for exactly its packets.
    pub fn pass(
        &self,
        to: IpAddr,
        kind: PacketKind,
        count: u32,
        cause: &Text,
        permit: Option<PermitId>,
        now: Time,
    ) -> Result<(), Refusal> {
        let to = to.to_canonical();
        let verdict = self.judge(to, kind, count, permit, now);
        match verdict {
            Ok(policy) if policy < TouchPolicy::Get => {
                locked(&self.ledger).note_singly(to, kind, count, cause, now);
            }
            Ok(_) => locked(&self.ledger).note(to, kind, count, cause, now),
            Err(_) => {
                self.refused.fetch_add(u64::from(count), Ordering::Relaxed);
                locked(&self.ledger).refuse(to, kind, count, cause, now);
            }
        }
        verdict.map(drop)
    }

    /// The policy that lets them through.
    fn judge(
        &self,
        to: IpAddr,
        kind: PacketKind,
        count: u32,
        permit: Option<PermitId>,
        now: Time,
    ) -> Result<TouchPolicy, Refusal> {
        let table = self.table.load();
        let Some(table) = table.as_ref() else {
            return Err(Refusal::NoTable);
        };
        if !table.is_host(to, kind) {
            return Err(Refusal::NoHost { to, kind });
        }
        let policy = table.policy(to);
        let refusal = Refusal::Policy { to, kind, policy };
        if policy == TouchPolicy::Never {
            return Err(refusal);
        }
        if let Some(id) = permit {
            let mut permits = locked(&self.permits);
            let left = permits
                .get_mut(&id)
                .filter(|p| p.address.to_canonical() == to && now <= p.until)
                .and_then(|p| p.packets.get_mut(&kind));
            return match left {
                Some(left) if *left >= count => {
                    *left -= count;
                    Ok(policy)
                }
                _ => Err(Refusal::Permit { to, kind }),
            };
        }
        if kind == PacketKind::Set {
            return Err(Refusal::Permit { to, kind });
        }
        if policy.allows(kind) {
            Ok(policy)
        } else {
            Err(refusal)
        }
    }

    /// Takes the rows noted since the last call.
    pub fn drain_ledger(&self) -> Vec<LedgerRow> {
        locked(&self.ledger).drain()
    }

    /// Takes the rows of what was refused since the last call.
    pub fn drain_refused(&self) -> Vec<LedgerRow> {
        locked(&self.ledger).drain_refused()
    }

    /// Lets nothing out any more: what comes now would stand in no ledger.
    pub fn shut(&self) {
        self.table.store(None);
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Packets refused so far.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(policy: TouchPolicy) -> (Arc<Gate>, IpAddr) {
        let gate = Gate::new();
        let to: IpAddr = "10.1.1.1".parse().unwrap();
        gate.install(Arc::new(TouchTable {
            revision: 1,
            addresses: [(to, policy)].into(),
            unknown: vec![],
            elsewhere: TouchPolicy::Passive,
        }));
        (gate, to)
    }

    fn cause() -> Text {
        "test".into()
    }

    #[test]
    fn nothing_leaves_before_the_first_table() {
        let gate = Gate::new();
        assert_eq!(
            gate.pass(
                "10.1.1.1".parse().unwrap(),
                PacketKind::Arp,
                1,
                &cause(),
                None,
                Time(0)
            ),
            Err(Refusal::NoTable)
        );
        assert!(gate.drain_ledger().is_empty());
        assert_eq!(gate.refused(), 1);
    }

    #[test]
    fn groups_and_broadcasts_are_nobodys_whatever_a_person_or_a_permit_says() {
        let gate = Gate::new();
        let groups = [
            "224.0.0.1",
            "239.1.2.3",
            "255.255.255.255",
            "0.0.0.0",
            "ff02::1",
            "::",
            "::ffff:224.0.0.1",
        ];
        let edges = ["10.9.9.0", "10.9.9.255", "10.9.8.4", "10.9.8.7"];
        let all = groups
            .iter()
            .chain(&edges)
            .map(|a| a.parse::<IpAddr>().unwrap());
        gate.install(Arc::new(TouchTable {
            revision: 1,
            // the word of a person
            addresses: all.clone().map(|a| (a, TouchPolicy::Full)).collect(),
            unknown: ["10.9.9.0/24", "10.9.8.4/30", "10.9.7.0/31", "2001:db8::/64"]
                .map(|net| (net.parse().unwrap(), TouchPolicy::Full))
                .to_vec(),
            elsewhere: TouchPolicy::Full,
        }));
        for to in all {
            let id = gate.open_permit(Permit {
                run: RunId(1),
                address: to,
                packets: [(PacketKind::Get, 9)].into(),
                until: Time(100),
            });
            for permit in [None, Some(id)] {
                let verdict = gate.pass(to, PacketKind::Get, 1, &cause(), permit, Time(1));
                assert!(
                    matches!(verdict, Err(Refusal::NoHost { .. })),
                    "{to}: {verdict:?}"
                );
            }
        }
        let arp = |to: &str| {
            gate.pass(
                to.parse().unwrap(),
                PacketKind::Arp,
                1,
                &cause(),
                None,
                Time(1),
            )
        };
        assert_eq!(arp("10.9.9.255"), Ok(()), "who has it may be asked");
        assert!(arp("224.0.0.1").is_err());
        for to in ["10.9.9.1", "10.9.7.0", "10.9.7.1", "2001:db8::", "10.9.8.5"] {
            let verdict = gate.pass(
                to.parse().unwrap(),
                PacketKind::Get,
                1,
                &cause(),
                None,
                Time(1),
            );
            assert_eq!(verdict, Ok(()), "{to}");
        }
    }

    #[test]
    fn a_permit_covers_its_packets_and_not_one_more_nor_later_nor_elsewhere() {
        let (gate, to) = gate(TouchPolicy::Full);
        let permit = Permit {
            run: RunId(1),
            address: to,
            packets: [(PacketKind::Set, 2)].into(),
            until: Time(100),
        };
        let id = gate.open_permit(permit);
        assert!(
            gate.pass(to, PacketKind::Set, 1, &cause(), Some(id), Time(101))
                .is_err()
        );
        assert!(
            gate.pass(
                "10.1.1.2".parse().unwrap(),
                PacketKind::Set,
                1,
                &cause(),
                Some(id),
                Time(1)
            )
            .is_err()
        );
        assert!(
            gate.pass(to, PacketKind::Set, 2, &cause(), Some(id), Time(1))
                .is_ok()
        );
        assert!(
            gate.pass(to, PacketKind::Set, 1, &cause(), Some(id), Time(1))
                .is_err()
        );
        assert!(
            gate.pass(to, PacketKind::Set, 1, &cause(), None, Time(1))
                .is_err()
        );
        gate.close_permit(id);
        assert_eq!(gate.drain_ledger().iter().map(|r| r.count).sum::<u32>(), 2);
    }

    #[test]
    fn no_permit_opens_never() {
        let (gate, to) = gate(TouchPolicy::Never);
        let id = gate.open_permit(Permit {
            run: RunId(1),
            address: to,
            packets: [(PacketKind::Ping, 9)].into(),
            until: Time(100),
        });
        for kind in [
            PacketKind::Arp,
            PacketKind::Ping,
            PacketKind::Get,
            PacketKind::Walk,
            PacketKind::Set,
            PacketKind::Reply,
        ] {
            assert!(gate.pass(to, kind, 1, &cause(), Some(id), Time(1)).is_err());
            assert!(gate.pass(to, kind, 1, &cause(), None, Time(1)).is_err());
        }
    }

    #[test]
    fn packets_to_a_protected_device_are_noted_one_by_one_and_others_in_a_sum() {
        for (policy, rows) in [(TouchPolicy::Ping, 3), (TouchPolicy::Get, 1)] {
            let (gate, to) = gate(policy);
            for at in [1, 400, 900] {
                gate.pass(to, PacketKind::Ping, 1, &cause(), None, Time(at))
                    .unwrap();
            }
            let noted = gate.drain_ledger();
            assert_eq!(noted.len(), rows, "{policy}");
            assert_eq!(noted.iter().map(|r| r.count).sum::<u32>(), 3);
            assert_eq!(noted[0].first, Time(1));
            assert_eq!(noted[rows - 1].last, Time(900));
        }
    }

    #[test]
    fn a_limit_holds_under_each_table_until_another_limit_and_opens_nothing() {
        let (gate, to) = gate(TouchPolicy::Full);
        let table = |policy| {
            Arc::new(TouchTable {
                revision: 2,
                addresses: [(to, policy)].into(),
                unknown: vec![],
                elsewhere: TouchPolicy::Passive,
            })
        };
        let other: IpAddr = "10.1.1.2".parse().unwrap();
        gate.limit([(to, TouchPolicy::Arp), (other, TouchPolicy::Full)].into());
        assert_eq!(gate.policy(to), Some(TouchPolicy::Arp));
        assert_eq!(gate.policy(other), Some(TouchPolicy::Passive));
        gate.install(table(TouchPolicy::Get));
        assert_eq!(gate.policy(to), Some(TouchPolicy::Arp));
        gate.install(table(TouchPolicy::Never));
        assert_eq!(gate.policy(to), Some(TouchPolicy::Never));
        gate.install(table(TouchPolicy::Get));
        gate.limit(BTreeMap::new());
        assert_eq!(gate.policy(to), Some(TouchPolicy::Get));
        gate.shut();
        gate.limit([(to, TouchPolicy::Full)].into());
        assert_eq!(gate.policy(to), None);
        let unopened = Gate::new();
        unopened.limit([(to, TouchPolicy::Arp)].into());
        assert_eq!(unopened.policy(to), None);
        unopened.install(table(TouchPolicy::Get));
        assert_eq!(unopened.policy(to), Some(TouchPolicy::Arp));
    }

    #[test]
    fn an_older_table_does_not_replace_a_newer_one() {
        let (gate, to) = gate(TouchPolicy::Full);
        gate.install(Arc::new(TouchTable {
            revision: 0,
            addresses: BTreeMap::new(),
            unknown: vec![],
            elsewhere: TouchPolicy::Never,
        }));
        assert_eq!(gate.policy(to), Some(TouchPolicy::Full));
    }
}
