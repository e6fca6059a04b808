//! Every key of the site file, once: the reader knows by it which keys are unknown, the JSON schema is made of it.

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds.
    Number(i64, i64),
    /// A duration such as `30s`, `5m`, `6h`, `1d`, or whole seconds, within these bounds in seconds.
    Duration(i64, i64),
    /// A list of texts.
    List,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A number with or without a fraction, to the thousandth, within these bounds in thousandths.
    Decimal(i64, i64),
    /// `env:NAME` or `file:PATH`.
    Secret,
    /// One end of a cable: `"core-1 Te1/0/1"`, or `{ device = "core-1", port = "Te1/0/1" }`.
    End,
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

/// One kind of table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// `[[name]]` rather than `[name]`.
    pub(super) many: bool,
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

pub(super) const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required: false,
        about,
    }
}

pub(super) const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required: true,
        about,
    }
}

use super::limit::{kind_words, severity_words};
use super::site::{auth_words, care_words, class_words, privacy_words, touch_words, version_words};
use Shape::{Decimal, Duration, End, Flag, List, Number, Secret, Text, Word};

const IN_FLIGHT: Shape = Number(1, crate::model::MOST_IN_FLIGHT as i64);
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

pub(super) static SITE: Table = Table {
    name: "site",
    many: false,
    about: "The hospital or site.",
    keys: &[
        required("name", Text, "Name of the hospital or site."),
        key(
            "time-zone",
            Text,
            "IANA time zone, such as Europe/Vienna; the collector's own unless said.",
        ),
        key(
            "collector-at",
            Text,
            "The device that the collector's own cable goes to; its path is protected and topology is judged from there.",
        ),
        key(
            "biomed-on-call",
            Text,
            "Biomedical engineer on call: name and number in one line.",
        ),
        key(
            "v2c-fallback",
            Flag,
            "Agents that speak SNMPv3 may be asked with a community too; false unless said.",
        ),
    ],
};

pub(super) static INTERVALS: Table = Table {
    name: "intervals",
    many: false,
    about: "How often what is asked.",
    keys: &[
        key(
            "status",
            Duration(5, HOUR),
            "Status of infrastructure; 30s unless said.",
        ),
        key(
            "endpoints",
            Duration(10, DAY),
            "Status of endpoints that may be asked; 60s unless said.",
        ),
        key(
            "interfaces",
            Duration(10, HOUR),
            "Interfaces and their counters; 60s unless said.",
        ),
        key(
            "tables",
            Duration(MINUTE, 7 * DAY),
            "Forwarding, address and neighbour tables; 15m unless said.",
        ),
        key(
            "inventory",
            Duration(10 * MINUTE, 30 * DAY),
            "Entity, host resources, firmware, serial; 6h unless said.",
        ),
        key(
            "confirm",
            Duration(1, 5 * MINUTE),
            "Between the three probes that confirm a miss; 10s unless said.",
        ),
        key(
            "hold",
            Duration(0, HOUR),
            "A child's alert waits so long for its parents to be judged; 60s unless said.",
        ),
    ],
};

pub(super) static DISCOVERY: Table = Table {
    name: "discovery",
    many: false,
    about: "Whether the collector asks by ARP who is there, in the segments that its own interfaces are in.",
    keys: &[
        key(
            "sweep",
            Duration(0, 30 * DAY),
            "How often each of these segments is asked, such as 6h; never (0s) unless said.",
        ),
        key(
            "arp-rate",
            Number(1, 1000),
            "ARP requests a second in each segment; 20 unless said.",
        ),
    ],
};

pub(super) static LOG: Table = Table {
    name: "log",
    many: false,
    about: "How long what is kept.",
    keys: &[
        key(
            "telemetry-days",
            Number(1, 3650),
            "Days of observations, today included; 30 unless said.",
        ),
        key(
            "telemetry-gigabytes",
            Number(1, 100_000),
            "The oldest days go when the observations take more than this; no cap unless said.",
        ),
        key(
            "record-days",
            Number(30, 36_500),
            "Days of commands, runs, configuration, changes and the summed ledger; 1095 unless said.",
        ),
    ],
};

pub(super) static SEGMENT: Table = Table {
    name: "segment",
    many: true,
    about: "A VLAN or subnet.",
    keys: &[
        required("name", Text, "What it is called; unique."),
        key("vlan", Number(1, 4094), "VLAN id."),
        key("nets", List, "Its subnets, such as 10.3.10.0/24."),
        key(
            "clinical",
            Flag,
            "Medical devices are at home here: what is not known is passive, and a finding.",
        ),
        key(
            "touch",
            Word(touch_words),
            "No device here may be touched more than this.",
        ),
        key(
            "unknown",
            Word(touch_words),
            "For addresses here that belong to no known device; passive where clinical, else arp.",
        ),
        key("ward", Text, "The ward it serves."),
        key(
            "sweep",
            Duration(0, 30 * DAY),
            "How often discovery asks here by ARP; what [discovery] says unless said, 0s for never.",
        ),
        key(
            "arp-rate",
            Number(1, 100_000),
            "No more ARP requests a second than this, by discovery or by scan, with --fast or without; and no more of a scan by SNMP.",
        ),
    ],
};

pub(super) static DEVICE: Table = Table {
    name: "device",
    many: true,
    about: "A device of the site's own register.",
    keys: &[
        required("name", Text, "What it is called; unique."),
        key("address", Text, "Its management address."),
        key(
            "addresses",
            List,
            "Its addresses, where there are several; the first is asked.",
        ),
        key("mac", Text, "Its MAC address."),
        key("macs", List, "Its MAC addresses, where there are several."),
        key(
            "class",
            Word(class_words),
            "What kind it is; its care level and touch policy follow from it.",
        ),
        key(
            "care",
            Word(care_words),
            "Closer to, or further from, a patient than its class says.",
        ),
        key(
            "touch",
            Word(touch_words),
            "Another touch policy than its class says; never above its segment's.",
        ),
        key(
            "segment",
            Text,
            "Its segment by name, where no address says it.",
        ),
        key("vendor", Text, "Manufacturer."),
        key("model", Text, "Model."),
        key("firmware", Text, "Firmware."),
        key("serial", Text, "Serial number."),
        key("ward", Text, "Ward."),
        key("room", Text, "Room."),
        key("owner", Text, "Owner."),
        key("tag", Text, "Biomedical tag."),
        key(
            "credentials",
            List,
            "Credentials to try, by name; the strongest first, those of equal strength in this order.",
        ),
        key(
            "snmp-port",
            Number(1, 65_535),
            "UDP port of its agent; 161 unless said.",
        ),
        key(
            "v2c-fallback",
            Flag,
            "It may be asked with a community although it speaks SNMPv3; as its class says unless said.",
        ),
        key(
            "answers-from-any-address",
            Flag,
            "Its answers are believed from any address: whoever sees or guesses a question can answer in its place, unless it speaks SNMPv3 with authentication; as its class says unless said.",
        ),
        key(
            "in-flight",
            IN_FLIGHT,
            "Questions that may be out to it at once; as its class says unless said.",
        ),
    ],
};

pub(super) static CLASS: Table = Table {
    name: "class",
    many: true,
    about: "What the site says of a whole class of devices.",
    keys: &[
        required("name", Word(class_words), "The class."),
        key("care", Word(care_words), "Its care level here."),
        key("touch", Word(touch_words), "Its touch policy here."),
        key(
            "v2c-fallback",
            Flag,
            "Its devices may be asked with a community although they speak SNMPv3; as the site says unless said.",
        ),
        key(
            "answers-from-any-address",
            Flag,
            "Answers of its devices are believed from any address, which makes them easier to forge; false unless said.",
        ),
        key(
            "in-flight",
            IN_FLIGHT,
            "Questions that may be out to one of its devices at once; 4 for routers and 1 for others unless said.",
        ),
    ],
};

pub(super) static CREDENTIAL: Table = Table {
    name: "credential",
    many: true,
    about: "How agents are asked. Secrets stand elsewhere: env:NAME, or file:PATH readable by its owner alone.",
    keys: &[
        required("name", Text, "What devices call it by; unique."),
        required("version", Word(version_words), "SNMP version."),
        key("community", Secret, "Community, for 1 and 2c."),
        key("user", Text, "User, for 3."),
        key("auth", Word(auth_words), "Authentication, for 3."),
        key("auth-password", Secret, "Password of the authentication."),
        key(
            "privacy",
            Word(privacy_words),
            "Encryption, for 3; needs authentication.",
        ),
        key("privacy-password", Secret, "Password of the encryption."),
        key("context", Text, "Context, for 3; mostly left out."),
    ],
};

pub(super) static LINK: Table = Table {
    name: "link",
    many: true,
    about: "A cable that the site declares.",
    keys: &[
        required("a", End, "One end: the device, and its port where known."),
        required("b", End, "The other end."),
    ],
};

/// An end of a cable, written as a table.
pub(super) static LINK_END: Table = Table {
    name: "link end",
    many: false,
    about: "One end of a cable.",
    keys: &[
        required("device", Text, "The device by name."),
        key("port", Text, "The name of its interface."),
    ],
};

pub(super) static WARD: Table = Table {
    name: "ward",
    many: true,
    about: "A ward, with whom to ring.",
    keys: &[
        required("name", Text, "Its name; unique."),
        key("phone", Text, "Its telephone."),
        key(
            "downtime",
            Text,
            "What the ward does while a device class is gone, one line.",
        ),
    ],
};

pub(super) static VENDOR: Table = Table {
    name: "vendor",
    many: true,
    about: "A vendor, with whom to ring.",
    keys: &[
        required("name", Text, "Its name as the devices have it; unique."),
        key("phone", Text, "Its service line."),
        key("contract", Text, "The contract."),
    ],
};

pub(super) static FIRMWARE: Table = Table {
    name: "firmware",
    many: true,
    about: "The oldest firmware that is accepted.",
    keys: &[
        key(
            "model",
            Text,
            "Which model, as a part of its name; all of the class unless said.",
        ),
        key("class", Word(class_words), "Which class; all unless said."),
        required("minimum", Text, "The oldest version that is accepted."),
    ],
};

pub(super) static QUIRK: Table = Table {
    name: "quirk",
    many: true,
    about: "What the agents of one model can't take; it decides over what was shipped and what was learned.",
    keys: &[
        required(
            "object-id",
            Text,
            "The sysObjectID it begins with, such as 1.3.6.1.4.1.9.1; the longest decides.",
        ),
        key(
            "firmware",
            Text,
            "What sysDescr or the firmware must contain; any unless said.",
        ),
        key(
            "repetitions",
            Number(1, 100),
            "Most repetitions of a GETBULK.",
        ),
        key("names", Number(1, 128), "Most names in a GET."),
        key(
            "bulk",
            Flag,
            "false: it is read by GETNEXT alone; true: by GETBULK after all.",
        ),
        key(
            "least-interval",
            Duration(1, 30 * DAY),
            "Nothing beyond its status is asked more often than this.",
        ),
        key(
            "skip",
            List,
            "Subtrees that are not asked, such as 1.3.6.1.2.1.47; an empty list asks all of them again.",
        ),
        key(
            "own-restarts",
            Flag,
            "true: it restarts by itself; it is never left alone for that.",
        ),
        key("because", Text, "Why, in one line."),
        key("reference", Text, "Where that can be read."),
    ],
};

/// Beyond what a sensor reads, thousandths.
const FAR: i64 = 1_000_000_000_000;

pub(super) static LIMIT: Table = Table {
    name: "limit",
    many: true,
    about: "Between which values a sensor stays: a refrigerator, a room, a scope of addresses. The first that fits counts.",
    keys: &[
        key("device", Text, "Of this device by name; any unless said."),
        key("class", Word(class_words), "Of devices of this class."),
        key("kind", Word(kind_words), "Sensors that measure this."),
        key(
            "name",
            Text,
            "Sensors whose name contains this, in any case.",
        ),
        key(
            "low",
            Decimal(-FAR, FAR),
            "The least, such as 2 or 2.5, in the unit of the kind: °C, %, rpm, V, A, W, dBm, Hz, addresses left.",
        ),
        key("high", Decimal(-FAR, FAR), "The most."),
        key(
            "for",
            Duration(0, DAY),
            "Beyond it for so long before a person is called; at once unless said.",
        ),
        key(
            "severity",
            Word(severity_words),
            "How bad that is; major unless said.",
        ),
    ],
};

/// The tables of a site file, in the order in which they are written.
pub(super) static TABLES: [&Table; 17] = [
    &SITE,
    &INTERVALS,
    &super::budget::BUDGETS,
    &DISCOVERY,
    &LOG,
    &WARD,
    &SEGMENT,
    &CREDENTIAL,
    &CLASS,
    &DEVICE,
    &LINK,
    &VENDOR,
    &FIRMWARE,
    &QUIRK,
    &LIMIT,
    &super::wallboard::WALLBOARD,
    &super::budget::UPLINK,
];

/// Those that may stand once only, and only in the site file itself.
pub(super) fn is_single(name: &str) -> bool {
    TABLES.iter().any(|t| t.name == name && !t.many)
}

/// Other files whose tables belong to the site too.
pub(super) const INCLUDE: &str = "include";
/// What `include` is for.
pub(super) const INCLUDE_ABOUT: &str =
    "Files beside this one, whose [[device]], [[segment]] and other lists belong to the site too.";
