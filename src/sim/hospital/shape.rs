//! How many of what, by the size of the house (published shapes of real hospitals; what lies between them is scaled).

use crate::model::DeviceClass;

/// The smallest and the largest hospital that can be built, endpoints.
pub const ENDPOINTS: std::ops::RangeInclusive<u32> = 40..=60_000;

/// Endpoints and infrastructure by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Endpoints without switches, access points, firewall and controller.
    pub endpoints: usize,
    /// Distribution switches.
    pub distribution: usize,
    /// Core switches.
    pub core: usize,
    /// Access points.
    pub access_points: usize,
    /// Segments.
    pub segments: usize,
    /// Segments where medical devices are at home.
    pub clinical: usize,
    /// Medical devices.
    pub medical: usize,
    /// Workstations.
    pub workstations: usize,
    /// Telephones and badges.
    pub phones: usize,
    /// Printers.
    pub printers: usize,
    /// Cameras and doors.
    pub cameras: usize,
    /// Building automation and UPSes.
    pub building: usize,
    /// Servers.
    pub servers: usize,
}

/// Rows: 200, 5,000 and 50,000 endpoints. The 200-endpoint house has more clinical segments than its published two, so that
/// each ward of a board has a tile.
const ROWS: [Shape; 3] = [
    row(200, [0, 1, 10, 8, 6, 50, 70, 30, 12, 12, 10, 8]),
    row(
        5_000,
        [8, 2, 450, 40, 8, 1_350, 1_500, 750, 250, 300, 250, 200],
    ),
    row(
        50_000,
        [
            60, 6, 2_600, 330, 60, 14_000, 15_000, 7_500, 2_500, 3_000, 2_500, 2_000,
        ],
    ),
];

const fn row(endpoints: usize, n: [usize; 12]) -> Shape {
    Shape {
        endpoints,
        distribution: n[0],
        core: n[1],
        access_points: n[2],
        segments: n[3],
        clinical: n[4],
        medical: n[5],
        workstations: n[6],
        phones: n[7],
        printers: n[8],
        cameras: n[9],
        building: n[10],
        servers: n[11],
    }
}

impl Shape {
    /// The shape of a house with so many endpoints, within [`ENDPOINTS`].
    pub fn of(endpoints: u32) -> Self {
        let n = endpoints.clamp(*ENDPOINTS.start(), *ENDPOINTS.end()) as usize;
        let [small, middle, large] = ROWS;
        let (low, high) = if n <= small.endpoints {
            (row(0, [0, 1, 1, 8, 6, 0, 0, 0, 0, 0, 0, 0]), small)
        } else if n <= middle.endpoints {
            (small, middle)
        } else {
            (middle, large)
        };
        let between = |field: fn(&Self) -> usize| {
            let (a, b) = (field(&low), field(&high));
            let (offset, span) = (n - low.endpoints, high.endpoints - low.endpoints);
            (a * (span - offset.min(span)) + b * offset + span / 2) / span
        };
        let between = |field: fn(&Self) -> usize| {
            if n > high.endpoints {
                field(&high) * n / high.endpoints
            } else {
                between(field)
            }
        };
        Self {
            endpoints: n,
            distribution: between(|s| s.distribution),
            core: between(|s| s.core).max(1),
            access_points: between(|s| s.access_points).max(1),
            segments: between(|s| s.segments).min(400),
            clinical: between(|s| s.clinical).min(60),
            medical: between(|s| s.medical),
            workstations: between(|s| s.workstations),
            phones: between(|s| s.phones),
            printers: between(|s| s.printers),
            cameras: between(|s| s.cameras),
            building: between(|s| s.building),
            servers: between(|s| s.servers),
        }
    }

    /// What is left for sensors, PDUs, storage and tablets, so that the sum is right.
    pub fn rest(&self) -> usize {
        let known = self.medical
            + self.workstations
            + self.phones
            + self.printers
            + self.cameras
            + self.building
            + self.servers;
        self.endpoints.saturating_sub(known)
    }
}

/// Shares out `total` by weights, whole and without remainder (the largest remainders first, then the order).
pub fn share(total: usize, weights: &[usize]) -> Vec<usize> {
    let sum: usize = weights.iter().sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let mut parts: Vec<usize> = weights.iter().map(|w| total * w / sum).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(total * weights[*i] % sum));
    let missing = total - parts.iter().sum::<usize>();
    for i in order.into_iter().take(missing) {
        parts[i] += 1;
    }
    parts
}

/// What a kind of segment is home to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Intensive care.
    Icu,
    /// Operating rooms.
    Or,
    /// Imaging.
    Radiology,
    /// Pharmacy.
    Pharmacy,
    /// Laboratory.
    Laboratory,
    /// Emergency department.
    Emergency,
    /// Offices.
    Administration,
    /// Network devices and power.
    Infrastructure,
    /// Telephones.
    Voice,
    /// Cameras, doors, building automation.
    Building,
    /// Data centre.
    Servers,
}

impl Kind {
    /// The clinical ones, in the order in which they are opened.
    pub const CLINICAL: [Self; 6] = [
        Self::Icu,
        Self::Or,
        Self::Radiology,
        Self::Pharmacy,
        Self::Laboratory,
        Self::Emergency,
    ];
    /// The others, likewise.
    pub const PLAIN: [Self; 6] = [
        Self::Infrastructure,
        Self::Administration,
        Self::Voice,
        Self::Building,
        Self::Servers,
        Self::Administration,
    ];

    /// Name, slug, first VLAN, floor, number of the first one (zero: the first has none), share of the medical devices,
    /// of the workstations, of the wired telephones, of the printers.
    fn row(self) -> (&'static str, &'static str, u16, u8, usize, [usize; 4]) {
        match self {
            Self::Icu => ("ICU", "icu", 310, 3, 3, [27, 8, 2, 1]),
            Self::Or => ("OR", "or", 320, 2, 2, [9, 4, 1, 1]),
            Self::Radiology => ("Radiology", "rad", 330, 1, 0, [5, 8, 2, 1]),
            Self::Pharmacy => ("Pharmacy", "pha", 340, 3, 0, [2, 4, 1, 1]),
            Self::Laboratory => ("Laboratory", "lab", 350, 2, 0, [3, 6, 2, 1]),
            Self::Emergency => ("Emergency", "ed", 360, 1, 0, [4, 8, 2, 1]),
            Self::Administration => ("Administration", "adm", 400, 4, 0, [0, 32, 5, 6]),
            Self::Infrastructure => ("Infrastructure", "inf", 900, 3, 0, [0; 4]),
            Self::Voice => ("Voice", "voice", 500, 4, 0, [0, 0, 12, 0]),
            Self::Building => ("Building", "bms", 600, 2, 0, [0; 4]),
            Self::Servers => ("Servers", "dc", 800, 0, 0, [0; 4]),
        }
    }

    /// Medical devices are at home here.
    pub fn is_clinical(self) -> bool {
        self <= Self::Emergency
    }

    /// The name of the nth segment of its kind.
    pub fn name(self, nth: usize) -> String {
        let (name, _, _, _, first, _) = self.row();
        match (first, nth) {
            (0, 0) => name.to_owned(),
            (0, n) => format!("{name}-{}", n + 1),
            (first, n) => format!("{name}-{}", first + n),
        }
    }

    /// The part of a device's name that says where it is: `icu3`.
    pub fn slug(self, nth: usize) -> String {
        let (_, slug, _, _, first, _) = self.row();
        match (first, nth) {
            (0, 0) => slug.to_owned(),
            (0, n) => format!("{slug}{}", n + 1),
            (first, n) => format!("{slug}{}", first + n),
        }
    }

    /// The VLAN of the nth.
    pub fn vlan(self, nth: usize) -> u16 {
        self.row().2 + nth as u16
    }

    /// The floor it is on.
    pub fn floor(self) -> u8 {
        self.row().3
    }

    /// Weights by which medical devices, workstations, wired telephones and printers are shared out.
    pub fn weights(self) -> [usize; 4] {
        self.row().5
    }

    /// The medical classes here with their weights.
    pub fn medical(self) -> &'static [(DeviceClass, usize)] {
        use DeviceClass as C;
        match self {
            Self::Icu => &[
                (C::Ventilator, 7),
                (C::InfusionPump, 13),
                (C::PatientMonitor, 7),
            ],
            Self::Or => &[
                (C::Anaesthesia, 3),
                (C::PatientMonitor, 3),
                (C::InfusionPump, 3),
            ],
            Self::Radiology => &[
                (C::Ct, 1),
                (C::Mr, 1),
                (C::Xray, 1),
                (C::Ultrasound, 1),
                (C::Pacs, 1),
            ],
            Self::Pharmacy => &[(C::MedicationCabinet, 2)],
            Self::Laboratory => &[(C::LabAnalyser, 2), (C::Refrigerator, 1)],
            Self::Emergency => &[(C::InfusionPump, 3), (C::PatientMonitor, 1)],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sizes_come_out_as_published_and_every_sum_is_right() {
        for known in ROWS {
            assert_eq!(Shape::of(known.endpoints as u32), known);
        }
        assert_eq!(Shape::of(200).rest(), 8);
        assert_eq!(Shape::of(5_000).rest(), 400);
        for n in [40, 77, 199, 201, 1_000, 4_999, 20_000, 60_000] {
            let s = Shape::of(n);
            assert!(s.rest() > 0 && s.rest() < s.endpoints / 8, "{n}: {s:?}");
        }
    }

    #[test]
    fn a_share_loses_nothing() {
        assert_eq!(share(50, &[27, 9, 5, 2, 3, 4]), [27, 9, 5, 2, 3, 4]);
        assert_eq!(share(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(share(7, &[0, 0]), [0, 0]);
    }

    #[test]
    fn vlans_of_different_kinds_never_meet() {
        assert_eq!(Kind::Icu.name(0), "ICU-3");
        assert_eq!(Kind::Icu.slug(0), "icu3");
        assert_eq!(Kind::Radiology.name(1), "Radiology-2");
        let mut seen = std::collections::BTreeSet::new();
        for kind in Kind::CLINICAL {
            for nth in 0..10 {
                assert!(seen.insert(kind.vlan(nth)));
            }
        }
        for kind in Kind::PLAIN.iter().take(5) {
            for nth in 0..100 {
                assert!(seen.insert(kind.vlan(nth)), "{kind:?} {nth}");
            }
        }
    }
}
