//! The objects of the agents, all made from the number of the agent and the time: none is held in memory.

use std::time::Duration;

use super::Plan;
use crate::sim::agent::Objects;
use crate::sim::chance::hash;
use crate::wire::snmp::{Oid, Value, VarBind};

/// What an object says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Descr,
    ObjectId,
    UpTime,
    Contact,
    Name,
    Location,
    Services,
    IfNumber,
    IfIndex,
    IfName,
    IfType,
    IfMtu,
    IfSpeed,
    IfPhysAddress,
    IfStatus,
    IfLastChange,
    InOctets,
    OutOctets,
    Errors,
    InOctetsHigh,
    OutOctetsHigh,
    IfHighSpeed,
    IfAlias,
    EngineId,
    EngineBoots,
    EngineTime,
    EngineMaxSize,
}

/// A value, without memory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Integer(i32),
    Counter32(u32),
    Gauge32(u32),
    TimeTicks(u32),
    Counter64(u64),
    Oid(&'static [u32]),
    Octets(Octets),
}

/// A short text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Octets {
    bytes: [u8; 32],
    len: u8,
}

impl Octets {
    pub(super) fn new(of: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let len = of.len().min(bytes.len());
        bytes[..len].copy_from_slice(&of[..len]);
        Self {
            bytes,
            len: len as u8,
        }
    }

    /// `stem` and a number of so many digits at the least.
    fn numbered(stem: &[u8], n: u32, digits: usize) -> Self {
        let mut all = Self::new(stem);
        let mut reversed = [b'0'; 10];
        let (mut left, mut count) = (n, 0);
        while left > 0 || count < digits.clamp(1, 10) {
            reversed[count] = b'0' + (left % 10) as u8;
            left /= 10;
            count += 1;
        }
        for digit in reversed[..count].iter().rev() {
            all.bytes[usize::from(all.len)] = *digit;
            all.len += 1;
        }
        all
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// A scalar, or a column of a table with a row for each interface.
#[derive(Debug)]
pub(super) struct Column {
    arcs: Vec<u32>,
    /// The same as it stands in a message (X.690, 8.19), without tag and length.
    pub(super) ber: Vec<u8>,
    what: What,
    scalar: bool,
}

/// All columns, in the order of SNMP. The same for every agent.
#[derive(Debug)]
pub(super) struct Contents(Vec<Column>);

/// One object of an agent: a column and a row (zero for a scalar).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    column: usize,
    pub(super) row: u32,
}

impl Contents {
    pub(super) fn new() -> Self {
        let mut all = Vec::new();
        let mut add = |scalar, stem: &[u32], columns: &[(u32, What)]| {
            for (arc, what) in columns {
                let arcs = [stem, &[*arc]].concat();
                all.push(Column {
                    ber: ber(&arcs),
                    arcs,
                    what: *what,
                    scalar,
                });
            }
        };
        add(
            true,
            &[1, 3, 6, 1, 2, 1, 1],
            &[
                (1, What::Descr),
                (2, What::ObjectId),
                (3, What::UpTime),
                (4, What::Contact),
                (5, What::Name),
                (6, What::Location),
                (7, What::Services),
            ],
        );
        add(true, &[1, 3, 6, 1, 2, 1, 2], &[(1, What::IfNumber)]);
        add(
            false,
            &[1, 3, 6, 1, 2, 1, 2, 2, 1],
            &[
                (1, What::IfIndex),
                (2, What::IfName),
                (3, What::IfType),
                (4, What::IfMtu),
                (5, What::IfSpeed),
                (6, What::IfPhysAddress),
                (7, What::IfStatus),
                (8, What::IfStatus),
                (9, What::IfLastChange),
                (10, What::InOctets),
                (14, What::Errors),
                (16, What::OutOctets),
                (20, What::Errors),
            ],
        );
        add(
            false,
            &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1],
            &[
                (1, What::IfName),
                (6, What::InOctetsHigh),
                (10, What::OutOctetsHigh),
                (15, What::IfHighSpeed),
                (18, What::IfAlias),
                (19, What::IfLastChange),
            ],
        );
        add(
            true,
            &[1, 3, 6, 1, 6, 3, 10, 2, 1],
            &[
                (1, What::EngineId),
                (2, What::EngineBoots),
                (3, What::EngineTime),
                (4, What::EngineMaxSize),
            ],
        );
        Self(all)
    }

    pub(super) fn column(&self, place: Place) -> Option<&Column> {
        self.0.get(place.column)
    }

    /// The column at or before a name, where the name lies in it, and what the name has behind the column's.
    fn around<'a>(&self, name: &'a [u32]) -> (usize, Option<&'a [u32]>) {
        let behind = self.0.partition_point(|c| c.arcs.as_slice() <= name);
        let inside = behind
            .checked_sub(1)
            .and_then(|at| name.strip_prefix(self.0.get(at)?.arcs.as_slice()));
        (behind, inside)
    }

    fn knows(&self, name: &[u32]) -> bool {
        matches!(self.around(name), (_, Some(_)))
    }

    /// Where exactly this name is, in an agent with so many interfaces.
    pub(super) fn find(&self, name: &[u32], interfaces: u32) -> Option<Place> {
        let (behind, Some([row])) = self.around(name) else {
            return None;
        };
        let column = behind - 1;
        let there = if self.0.get(column)?.scalar {
            *row == 0
        } else {
            (1..=interfaces).contains(row)
        };
        there.then_some(Place { column, row: *row })
    }

    /// The first object after a name.
    pub(super) fn after(&self, name: &[u32], interfaces: u32) -> Option<Place> {
        let (behind, inside) = self.around(name);
        if let (Some(inside), Some(column)) = (inside, behind.checked_sub(1)) {
            let scalar = self.0.get(column)?.scalar;
            let row = match inside.first() {
                None if scalar => Some(0),
                None => Some(1),
                Some(_) if scalar => None,
                Some(row) => row.checked_add(1),
            };
            if let Some(row) = row
                && (scalar || row <= interfaces)
            {
                return Some(Place { column, row });
            }
        }
        self.first(behind, interfaces)
    }

    /// The object behind another one.
    pub(super) fn following(&self, place: Place, interfaces: u32) -> Option<Place> {
        if place.row >= 1 && place.row < interfaces {
            return Some(Place {
                row: place.row + 1,
                ..place
            });
        }
        self.first(place.column + 1, interfaces)
    }

    /// The first object of this column or, where it has none, of the next that has.
    fn first(&self, from: usize, interfaces: u32) -> Option<Place> {
        let rest = self.0.get(from..)?;
        let column = from + rest.iter().position(|c| c.scalar || interfaces > 0)?;
        let row = u32::from(!self.0.get(column)?.scalar);
        Some(Place { column, row })
    }
}

/// The arcs of a name as base-128 numbers, the first two in one.
fn ber(arcs: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    if let [first, second, rest @ ..] = arcs {
        sub_identifier(first * 40 + second, &mut out);
        for arc in rest {
            sub_identifier(*arc, &mut out);
        }
    }
    out
}

/// One number in base 128, the highest digit first, all but the last marked.
pub(super) fn sub_identifier(n: u32, out: &mut Vec<u8>) {
    let mut shift = n.checked_ilog2().unwrap_or(0) / 7 * 7;
    while shift > 0 {
        out.push((n >> shift) as u8 | 0x80);
        shift -= 7;
    }
    out.push(n as u8 & 0x7f);
}

/// One agent of the farm.
#[derive(Clone, Copy)]
pub(super) struct Plot<'a> {
    pub(super) plan: &'a Plan,
    pub(super) number: u32,
    pub(super) interfaces: u32,
    pub(super) boots: u32,
    /// Milliseconds since it was started; farms begin in the midst of their agents' lives.
    pub(super) age_ms: u64,
}

const OBJECT_ID: &[u32] = &[1, 3, 6, 1, 4, 1, 8072, 3, 2, 10];
const DAY_MS: u64 = 86_400_000;

impl<'a> Plot<'a> {
    pub(super) fn new(plan: &'a Plan, number: u32, at: Duration) -> Self {
        let interfaces = if plan.rich.has(number) {
            plan.interfaces
        } else {
            plan.interfaces.min(POOR)
        };
        let life = hash(plan.seed, &[u64::from(number)]);
        Self {
            plan,
            number,
            interfaces,
            boots: (life >> 32) as u32 % 20 + 1,
            age_ms: DAY_MS + life % (300 * DAY_MS) + at.as_millis() as u64,
        }
    }

    /// Its snmpEngineID: enterprise, format octets, its number (RFC 3411, 5).
    pub(super) fn engine_id(self) -> [u8; 9] {
        let [a, b, c, d] = self.number.to_be_bytes();
        [0x80, 0, 0x1f, 0x88, 5, a, b, c, d]
    }

    /// `snmpEngineBoots` and `snmpEngineTime`.
    pub(super) fn engine(self) -> (u32, u32) {
        (self.boots, (self.age_ms / 1_000) as u32)
    }

    fn octets(self, row: u32, way: u64) -> u64 {
        let line = u64::from(self.number) << 20 ^ u64::from(row) << 1 ^ way;
        let rate = 100 + line.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 900;
        rate * self.age_ms
    }

    pub(super) fn cell(self, place: Place) -> Option<Cell> {
        let row = place.row;
        Some(match self.plan.contents.column(place)?.what {
            What::Descr => Cell::Octets(Octets::new(b"wardwatch simulated agent")),
            What::ObjectId => Cell::Oid(OBJECT_ID),
            What::UpTime => Cell::TimeTicks((self.age_ms / 10) as u32),
            What::Contact | What::IfAlias => Cell::Octets(Octets::new(b"")),
            What::Name => Cell::Octets(Octets::numbered(b"agent-", self.number, 6)),
            What::Location => Cell::Octets(Octets::new(b"farm")),
            What::Services => Cell::Integer(2),
            What::IfNumber => Cell::Integer(self.interfaces as i32),
            What::IfIndex => Cell::Integer(row as i32),
            What::IfName => Cell::Octets(Octets::numbered(b"eth", row, 1)),
            What::IfType => Cell::Integer(6),
            What::IfMtu => Cell::Integer(1_500),
            What::IfSpeed => Cell::Gauge32(1_000_000_000),
            What::IfPhysAddress => {
                let (agent, port) = (self.number.to_be_bytes(), row.to_be_bytes());
                let mac = [2, agent[1], agent[2], agent[3], port[2], port[3]];
                Cell::Octets(Octets::new(&mac))
            }
            What::IfStatus => Cell::Integer(1),
            What::IfLastChange => Cell::TimeTicks(0),
            What::InOctets => Cell::Counter32(self.octets(row, 0) as u32),
            What::OutOctets => Cell::Counter32(self.octets(row, 1) as u32),
            What::Errors => Cell::Counter32(0),
            What::InOctetsHigh => Cell::Counter64(self.octets(row, 0)),
            What::OutOctetsHigh => Cell::Counter64(self.octets(row, 1)),
            What::IfHighSpeed => Cell::Gauge32(1_000),
            What::EngineId => Cell::Octets(Octets::new(&self.engine_id())),
            What::EngineBoots => Cell::Integer(self.boots as i32),
            What::EngineTime => Cell::Integer(self.engine().1 as i32),
            What::EngineMaxSize => Cell::Integer(crate::wire::snmp::MAX_DATAGRAM as i32),
        })
    }
}

/// Interfaces of those that have few.
const POOR: u32 = 2;

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Integer(n) => Self::Integer(i64::from(n)),
            Cell::Counter32(n) => Self::Counter32(n),
            Cell::Gauge32(n) => Self::Gauge32(n),
            Cell::TimeTicks(n) => Self::TimeTicks(n),
            Cell::Counter64(n) => Self::Counter64(n),
            Cell::Oid(arcs) => Self::Oid(Oid::new(arcs)),
            Cell::Octets(octets) => Self::Octets(octets.bytes().to_vec()),
        }
    }
}

impl Objects for Plot<'_> {
    fn get(&self, oid: &Oid, _at: Duration) -> Option<Value> {
        let place = self.plan.contents.find(oid.arcs(), self.interfaces)?;
        self.cell(place).map(Value::from)
    }

    fn next(&self, oid: &Oid, _at: Duration) -> Option<VarBind> {
        let place = self.plan.contents.after(oid.arcs(), self.interfaces)?;
        let column = self.plan.contents.column(place)?;
        Some(VarBind {
            oid: Oid::new([column.arcs.as_slice(), &[place.row]].concat()),
            value: self.cell(place)?.into(),
        })
    }

    fn knows_object(&self, oid: &Oid) -> bool {
        self.plan.contents.knows(oid.arcs())
    }
}
