//! What the kernel hands to a listener: a classic BPF program, so that the frames of others' conversations are never
//! even copied.

use socket2::SockFilter;

const LD_W: u16 = 0x20;
const LD_H: u16 = 0x28;
const LD_B: u16 = 0x30;
const LD_H_X: u16 = 0x48;
const LDX_IHL: u16 = 0xb1;
const JEQ: u16 = 0x15;
const JGT: u16 = 0x25;
const JSET: u16 = 0x45;
const RET: u16 = 0x06;
/// Not a place in the frame: the direction it has (`SKF_AD_OFF + SKF_AD_PKTTYPE`).
const DIRECTION: u32 = 0xffff_f004;
const OUTGOING: u32 = 4;

/// An instruction: code, constant, where to go when true and when false ("" is the next one).
type Op = (u16, u32, &'static str, &'static str);

/// ARP, LLDP, CDP, DHCP and neighbour discovery of others, with or without one tag.
pub(super) fn announcements() -> Vec<SockFilter> {
    assemble(&program())
        .into_iter()
        .map(|(code, jt, jf, k)| SockFilter::new(code, jt, jf, k))
        .collect()
}

fn program() -> Vec<(&'static str, Op)> {
    let mut p = vec![
        ("", (LD_B, DIRECTION, "", "")),
        ("", (JEQ, OUTGOING, "drop", "")),
        ("", (LD_H, 12, "", "")),
    ];
    by_type(&mut p, "v4", "v6");
    p.extend([
        ("", (JEQ, 0x8100, "tag", "")),
        ("", (JEQ, 0x88a8, "tag", "")),
        ("", (JGT, 1500, "drop", "cdp")),
        ("tag", (LD_H, 16, "", "")),
    ]);
    by_type(&mut p, "v4 tagged", "v6 tagged");
    p.extend([
        ("", (JGT, 1500, "drop", "cdp")),
        // 802.3: only to 01:00:0c:cc:cc:cc
        ("cdp", (LD_W, 0, "", "")),
        ("", (JEQ, 0x0100_0ccc, "", "drop")),
        ("", (LD_H, 4, "", "")),
        ("", (JEQ, 0xcccc, "keep", "drop")),
    ]);
    for (at, v4, v6) in [(14, "v4", "v6"), (18, "v4 tagged", "v6 tagged")] {
        p.extend([
            // UDP, no later fragment, from or to a DHCP port
            (v4, (LD_B, at + 9, "", "")),
            ("", (JEQ, 17, "", "drop")),
            ("", (LD_H, at + 6, "", "")),
            ("", (JSET, 0x1fff, "drop", "")),
            ("", (LDX_IHL, at, "", "")),
            ("", (LD_H_X, at, "", "")),
            ("", (JEQ, 67, "keep", "")),
            ("", (JEQ, 68, "keep", "drop")),
            // ICMPv6 neighbour solicitation and advertisement
            (v6, (LD_B, at + 6, "", "")),
            ("", (JEQ, 58, "", "drop")),
            ("", (LD_B, at + 40, "", "")),
            ("", (JEQ, 135, "keep", "")),
            ("", (JEQ, 136, "keep", "drop")),
        ]);
    }
    p.extend([
        ("drop", (RET, 0, "", "")),
        ("keep", (RET, 0x0004_0000, "", "")),
    ]);
    p
}

fn by_type(p: &mut Vec<(&'static str, Op)>, v4: &'static str, v6: &'static str) {
    p.extend([
        ("", (JEQ, 0x0806, "keep", "")),
        ("", (JEQ, 0x88cc, "keep", "")),
        ("", (JEQ, 0x0800, v4, "")),
        ("", (JEQ, 0x86dd, v6, "")),
    ]);
}

/// Turns labels into distances. A label is behind whatever jumps to it, and within 255 instructions.
fn assemble(program: &[(&'static str, Op)]) -> Vec<(u16, u8, u8, u32)> {
    let distance = |from: usize, label: &str| -> u8 {
        program
            .iter()
            .position(|(l, _)| !label.is_empty() && *l == label)
            .map_or(0, |to| to.saturating_sub(from + 1) as u8)
    };
    program
        .iter()
        .enumerate()
        .map(|(i, (_, (code, k, jt, jf)))| (*code, distance(i, jt), distance(i, jf), *k))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's machine, as far as the program uses it.
    fn run(frame: &[u8], direction: u32) -> bool {
        let program = assemble(&program());
        let (mut a, mut x, mut pc) = (0u32, 0u32, 0usize);
        let load = |at: u32, n: usize| -> Option<u32> {
            if at == DIRECTION {
                return Some(direction);
            }
            let bytes = frame.get(at as usize..at as usize + n)?;
            Some(bytes.iter().fold(0, |v, b| v << 8 | u32::from(*b)))
        };
        loop {
            let (code, jt, jf, k) = program[pc];
            let jump = |yes: bool| if yes { jt } else { jf } as usize;
            pc += 1;
            let loaded = match code {
                LD_W => load(k, 4),
                LD_H => load(k, 2),
                LD_B => load(k, 1),
                LD_H_X => load(k + x, 2),
                LDX_IHL => {
                    let Some(b) = load(k, 1) else { return false };
                    x = 4 * (b & 0xf);
                    Some(a)
                }
                JEQ => {
                    pc += jump(a == k);
                    Some(a)
                }
                JGT => {
                    pc += jump(a > k);
                    Some(a)
                }
                JSET => {
                    pc += jump(a & k != 0);
                    Some(a)
                }
                RET => return k != 0,
                other => panic!("no instruction {other:#x}"),
            };
            // a load beyond the frame drops it
            let Some(value) = loaded else { return false };
            a = value;
        }
    }

    fn frame(to: [u8; 6], rest: &[u8]) -> Vec<u8> {
        [&to[..], &[0, 9, 0xfb, 1, 2, 3], rest, &[0; 64]].concat()
    }

    fn udp(from: u16, to: u16, fragment: u8) -> Vec<u8> {
        let mut ip = vec![0x46, 0, 0, 52, 0, 0, 0, fragment, 64, 17];
        ip.extend([0; 14]);
        ip.extend(from.to_be_bytes());
        ip.extend(to.to_be_bytes());
        ip
    }

    #[test]
    fn announcements_pass_and_conversations_do_not() {
        let any = [0xff; 6];
        let cdp = [1, 0, 0x0c, 0xcc, 0xcc, 0xcc];
        let v4 = |ip: Vec<u8>| [vec![8, 0], ip].concat();
        let mut neighbour = vec![0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255];
        neighbour.extend([0; 32]);
        let with = |kind: u8| [neighbour.clone(), vec![kind]].concat();
        let table = [
            ("arp", frame(any, &[8, 6]), true),
            ("lldp", frame(any, &[0x88, 0xcc]), true),
            ("cdp", frame(cdp, &[1, 0x82, 0xaa, 0xaa]), true),
            ("spanning tree", frame(any, &[0, 0x26, 0x42, 0x42]), false),
            ("dhcp", frame(any, &v4(udp(68, 67, 0))), true),
            ("dhcp by a relay", frame(any, &v4(udp(67, 67, 0))), true),
            ("dns", frame(any, &v4(udp(5353, 53, 0))), false),
            ("a later fragment", frame(any, &v4(udp(68, 67, 9))), false),
            ("tagged arp", frame(any, &[0x81, 0, 1, 0x36, 8, 6]), true),
            (
                "tagged dhcp",
                frame(any, &[vec![0x81, 0, 1, 0x36], v4(udp(68, 67, 0))].concat()),
                true,
            ),
            (
                "tagged dns",
                frame(any, &[vec![0x81, 0, 1, 0x36], v4(udp(9, 53, 0))].concat()),
                false,
            ),
            ("neighbour advertisement", frame(any, &with(136)), true),
            ("echo over IPv6", frame(any, &with(128)), false),
            ("short", vec![0; 9], false),
        ];
        for (name, bytes, kept) in table {
            assert_eq!(run(&bytes, 1), kept, "{name}");
            assert!(!run(&bytes, OUTGOING), "{name}, sent by ourselves");
        }
    }

    #[test]
    fn every_label_is_there_and_ahead() {
        let p = program();
        for (i, (_, (code, _, jt, jf))) in p.iter().enumerate() {
            for label in [jt, jf] {
                if !label.is_empty() {
                    let to = p.iter().position(|(l, _)| l == label).unwrap();
                    assert!(to > i && to - i < 255, "{label} at {i} ({code:#x})");
                }
            }
        }
    }
}
