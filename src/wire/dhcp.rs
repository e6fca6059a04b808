//! DHCP for IPv4 (RFC 2131, options of RFC 2132, 3046, 3396, 4702).

use std::net::Ipv4Addr;

use super::reader::{Reader, WireError, be32};
use crate::model::{Mac, Text};

/// The server's port.
pub const SERVER_PORT: u16 = 67;
/// The client's port.
pub const CLIENT_PORT: u16 = 68;
/// Options of one message that are read.
const OPTION_CAP: usize = 128;

/// Option 53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DhcpKind {
    /// Who can give me an address?
    Discover,
    /// I can.
    Offer,
    /// I want this one.
    Request,
    /// That one is taken.
    Decline,
    /// It is yours.
    Ack,
    /// It is not.
    Nak,
    /// I no longer need it.
    Release,
    /// I have an address, tell me the rest.
    Inform,
    /// Another of IANA's list (lease queries …).
    Other(u8),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dhcp {
    /// The client speaks (BOOTREQUEST).
    pub from_client: bool,
    /// `xid`
    pub transaction: u32,
    /// `chaddr`, where it is an EUI-48 (`htype` 1 or 6, `hlen` 6).
    pub client: Option<Mac>,
    /// `ciaddr`: the address the client has.
    pub client_address: Option<Ipv4Addr>,
    /// `yiaddr`: the address it gets.
    pub your_address: Option<Ipv4Addr>,
    /// `giaddr`: the relay.
    pub relay: Option<Ipv4Addr>,
    /// Option 53; `None` for BOOTP.
    pub kind: Option<DhcpKind>,
    /// Option 12: host name.
    pub host: Text,
    /// Option 81: fully qualified name.
    pub fqdn: Text,
    /// Option 15: domain name.
    pub domain: Text,
    /// Option 60: vendor class.
    pub vendor_class: Text,
    /// Option 77: user class, as it came.
    pub user_class: Text,
    /// Option 50: the address it asks for.
    pub requested: Option<Ipv4Addr>,
    /// Option 51: lease, seconds.
    pub lease: Option<u32>,
    /// Option 54: server.
    pub server: Option<Ipv4Addr>,
    /// Option 55: the options it asks for, in its order: tells operating systems apart.
    pub parameters: Vec<u8>,
    /// Option 61: client identifier, with its type byte.
    pub client_id: Vec<u8>,
    /// Option 82, sub-option 1: the circuit it came in by, as the switch writes it.
    pub circuit: Text,
    /// Option 82, sub-option 2: the remote end, as the switch writes it.
    pub remote: Text,
    /// Options that were broken and are left out.
    pub broken: u16,
}

impl Dhcp {
    /// Reads the payload of a UDP datagram from or to port 67 or 68.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        let op = r.u8("op")?;
        if !matches!(op, 1 | 2) {
            return Err(WireError::Unexpected {
                what: "op",
                at: 0,
                found: u64::from(op),
            });
        }
        let hardware = (r.u8("htype")?, r.u8("hlen")?);
        r.u8("hops")?;
        let transaction = r.u32("xid")?;
        r.take(4, "secs and flags")?;
        let mut address = |what| r.ipv4(what).map(|a| (!a.is_unspecified()).then_some(a));
        let client_address = address("ciaddr")?;
        let your_address = address("yiaddr")?;
        address("siaddr")?;
        let relay = address("giaddr")?;
        let chaddr = r.array::<16>("chaddr")?;
        let server_name = r.take(64, "sname")?;
        let file = r.take(128, "file")?;
        let at = r.at();
        let cookie = r.u32("magic cookie")?;
        if cookie != 0x6382_5363 {
            return Err(WireError::Unexpected {
                what: "magic cookie",
                at,
                found: u64::from(cookie),
            });
        }
        let client = chaddr
            .get(..6)
            .and_then(Mac::from_octets)
            .filter(|_| matches!(hardware, (1 | 6, 6)));
        let mut message = Self {
            from_client: op == 1,
            transaction,
            client,
            client_address,
            your_address,
            relay,
            kind: None,
            host: Text::empty(),
            fqdn: Text::empty(),
            domain: Text::empty(),
            vendor_class: Text::empty(),
            user_class: Text::empty(),
            requested: None,
            lease: None,
            server: None,
            parameters: Vec::new(),
            client_id: Vec::new(),
            circuit: Text::empty(),
            remote: Text::empty(),
            broken: 0,
        };
        let mut options = Options::default();
        options.gather(r.rest());
        // RFC 2131 4.1: the overload option says that file, then sname, hold options too
        let overload = options.find(52).and_then(|o| o.first().copied());
        if matches!(overload, Some(1 | 3)) {
            options.gather(file);
        }
        if matches!(overload, Some(2 | 3)) {
            options.gather(server_name);
        }
        message.broken = options.broken;
        for (code, value) in &options.list {
            if message.option(*code, value).is_none() {
                message.broken = message.broken.saturating_add(1);
            }
        }
        Ok(message)
    }

    /// The address that is known to be the client's: what an ACK gives, or what the client says it has.
    pub fn bound(&self) -> Option<Ipv4Addr> {
        match self.kind? {
            DhcpKind::Ack => self.your_address.or(self.client_address),
            DhcpKind::Request | DhcpKind::Inform => self.client_address,
            _ => None,
        }
    }

    fn option(&mut self, code: u8, value: &[u8]) -> Option<()> {
        match code {
            12 => self.host = Text::from_bytes(value),
            15 => self.domain = Text::from_bytes(value),
            50 => self.requested = Some(ipv4(value)?),
            51 => self.lease = Some(be32(value)?),
            53 => self.kind = Some(kind(*value.first().filter(|_| value.len() == 1)?)),
            54 => self.server = Some(ipv4(value)?),
            55 => self.parameters = value.to_vec(),
            60 => self.vendor_class = Text::from_bytes(value),
            61 => self.client_id = value.to_vec(),
            77 => self.user_class = Text::from_bytes(value),
            81 => self.fqdn = fqdn(value)?,
            82 => {
                let mut r = Reader::new(value);
                while !r.is_empty() {
                    let sub = r.u8("sub-option").ok()?;
                    let length = r.u8("sub-option").ok()?;
                    let value = r.take(usize::from(length), "sub-option").ok()?;
                    match sub {
                        1 => self.circuit = Text::from_bytes(value),
                        2 => self.remote = Text::from_bytes(value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Some(())
    }
}

fn ipv4(value: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from)
}

fn kind(code: u8) -> DhcpKind {
    match code {
        1 => DhcpKind::Discover,
        2 => DhcpKind::Offer,
        3 => DhcpKind::Request,
        4 => DhcpKind::Decline,
        5 => DhcpKind::Ack,
        6 => DhcpKind::Nak,
        7 => DhcpKind::Release,
        8 => DhcpKind::Inform,
        other => DhcpKind::Other(other),
    }
}

/// RFC 4702: flags, two bytes no longer used, then the name: as labels where bit 2 of the flags is set, else as text.
fn fqdn(value: &[u8]) -> Option<Text> {
    let (head, name) = value.split_at_checked(3)?;
    if head.first()? & 4 == 0 {
        return Some(Text::from_bytes(name));
    }
    let mut out = Vec::with_capacity(name.len());
    let mut r = Reader::new(name);
    while !r.is_empty() {
        let length = r.u8("label").ok()?;
        if length == 0 {
            break;
        }
        if !out.is_empty() {
            out.push(b'.');
        }
        out.extend_from_slice(r.take(usize::from(length), "label").ok()?);
    }
    Some(Text::from_bytes(&out))
}

/// Options in the order of their first appearance; parts of one are put together (RFC 3396).
#[derive(Default)]
struct Options {
    list: Vec<(u8, Vec<u8>)>,
    broken: u16,
}

impl Options {
    fn gather(&mut self, bytes: &[u8]) {
        let mut r = Reader::new(bytes);
        while let Ok(code) = r.u8("option") {
            match code {
                0 => continue,
                255 => return,
                _ => {}
            }
            let value = r
                .u8("option")
                .and_then(|length| r.take(usize::from(length), "option"));
            let Ok(value) = value else {
                self.broken = self.broken.saturating_add(1);
                return;
            };
            if let Some((_, held)) = self.list.iter_mut().find(|(c, _)| *c == code) {
                held.extend_from_slice(value);
            } else if self.list.len() < OPTION_CAP {
                self.list.push((code, value.to_vec()));
            }
        }
    }

    fn find(&self, code: u8) -> Option<&[u8]> {
        self.list
            .iter()
            .find(|(c, _)| *c == code)
            .map(|(_, v)| v.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(op: u8, options: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 236];
        out[..3].copy_from_slice(&[op, 1, 6]);
        out[16..20].copy_from_slice(&[10, 3, 1, 7]);
        out[28..34].copy_from_slice(&[0, 9, 0xfb, 1, 2, 3]);
        out.extend_from_slice(&[0x63, 0x82, 0x53, 0x63]);
        out.extend_from_slice(options);
        out
    }

    #[test]
    fn a_pump_asks_and_is_answered() {
        let m = Dhcp::decode(&message(
            1,
            b"\x35\x01\x03\x0c\x07pump-07\x3c\x08PUMP-OS1\x32\x04\x0a\x03\x01\x07\x37\x03\x01\x03\x06\x3d\x07\x01\x00\x09\xfb\x01\x02\x03\xff",
        ))
        .unwrap();
        assert_eq!(m.kind, Some(DhcpKind::Request));
        assert_eq!(
            (m.host.as_str(), m.vendor_class.as_str()),
            ("pump-07", "PUMP-OS1")
        );
        assert_eq!(m.client, Some(Mac([0, 9, 0xfb, 1, 2, 3])));
        assert_eq!(m.requested, Some(Ipv4Addr::new(10, 3, 1, 7)));
        assert_eq!(m.parameters, [1, 3, 6]);
        assert_eq!(m.bound(), None, "asking is not having");
        let m = Dhcp::decode(&message(
            2,
            b"\x35\x01\x05\x33\x04\x00\x00\x0e\x10\x52\x0b\x01\x05Gi1/7\x02\x02ab\xff",
        ))
        .unwrap();
        assert_eq!(m.bound(), Some(Ipv4Addr::new(10, 3, 1, 7)));
        assert_eq!(
            (m.lease, m.circuit.as_str(), m.remote.as_str()),
            (Some(3600), "Gi1/7", "ab")
        );
    }

    #[test]
    fn a_split_option_is_put_together_and_overload_reads_the_old_fields() {
        let mut bytes = message(1, b"\x0c\x02ab\x0c\x02cd\x34\x01\x03\xff");
        bytes[108..117].copy_from_slice(b"\x3c\x02vc\x35\x01\x01\xff\x00");
        bytes[44..49].copy_from_slice(b"\x0f\x02de\xff");
        let m = Dhcp::decode(&bytes).unwrap();
        assert_eq!(m.host.as_str(), "abcd");
        assert_eq!(m.vendor_class.as_str(), "vc");
        assert_eq!(m.kind, Some(DhcpKind::Discover));
        assert_eq!(m.domain.as_str(), "de");
    }

    #[test]
    fn names_come_as_text_or_as_labels() {
        let text = Dhcp::decode(&message(1, b"\x51\x07\x00\x00\x00host\xff")).unwrap();
        let labels =
            Dhcp::decode(&message(1, b"\x51\x0d\x04\x00\x00\x04host\x03lan\x00\xff")).unwrap();
        assert_eq!(
            (text.fqdn.as_str(), labels.fqdn.as_str()),
            ("host", "host.lan")
        );
    }

    #[test]
    fn broken_options_are_counted_and_what_is_no_dhcp_is_refused() {
        let m = Dhcp::decode(&message(1, b"\x33\x02\x00\x01\x0c\x01h\x3c\x40ab")).unwrap();
        assert_eq!((m.broken, m.host.as_str(), m.lease), (2, "h", None));
        let mut bytes = message(1, b"\xff");
        bytes[236] = 0;
        assert!(Dhcp::decode(&bytes).is_err());
        assert!(Dhcp::decode(&message(3, b"\xff")).is_err());
        assert!(Dhcp::decode(&message(1, b"")[..200]).is_err());
    }

    proptest! {
        #[test]
        fn no_options_make_it_panic(options in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Dhcp::decode(&message(1, &options));
        }

        #[test]
        fn no_value_makes_it_panic(code in any::<u8>(), value in prop::collection::vec(any::<u8>(), 0..60)) {
            let options = [&[code, value.len() as u8][..], &value].concat();
            let _ = Dhcp::decode(&message(2, &options));
        }
    }
}
