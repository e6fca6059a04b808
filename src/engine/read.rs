//! What screens, reports and the command line ask of the state.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use crate::event::Target;
use crate::model::{
    Alert, AlertState, Budgets, Device, DeviceClass, DeviceId, DeviceSpec, IfIndex, Interface, Mac,
    PollPlans, Run, Segment, Severity, Text, Time, TouchTable, VendorSpec, WardSpec,
};

use super::state::State;

impl State {
    /// Why a device is in its state, in a few words; empty where there is nothing to say.
    pub fn why(&self, device: DeviceId) -> Text {
        self.devices
            .get(&device)
            .map_or_else(Text::empty, |d| d.state_why.clone())
    }

    /// Every alert in the order of a list: open and acknowledged ones first, the worst first, the newest first; then those that
    /// are held back; then the closed ones, the newest first.
    pub fn alerts_sorted(&self) -> Vec<Arc<Alert>> {
        let mut all: Vec<Arc<Alert>> = self.alerts.values().cloned().collect();
        all.sort_by_cached_key(|a| alert_order(a));
        all
    }

    /// The alerts of one device, in the same order.
    pub fn device_alerts(&self, device: DeviceId) -> Vec<Arc<Alert>> {
        use crate::model::AlertId;
        let mut all: Vec<Arc<Alert>> = self
            .memory
            .device_alerts
            .range((device, AlertId(0))..=(device, AlertId(u64::MAX)))
            .filter_map(|(_, alert)| self.alerts.get(alert).cloned())
            .collect();
        all.sort_by_cached_key(|a| alert_order(a));
        all
    }

    /// The worst alert of a device that is open or acknowledged.
    pub fn worst_alert(&self, device: DeviceId) -> Option<Severity> {
        use crate::model::AlertId;
        self.memory
            .device_alerts
            .range((device, AlertId(0))..=(device, AlertId(u64::MAX)))
            .filter_map(|(_, alert)| self.alerts.get(alert))
            .filter(|a| a.is_active())
            .map(|a| a.severity)
            .max()
    }

    /// An interface of a device.
    pub fn interface(&self, device: DeviceId, port: IfIndex) -> Option<&Interface> {
        self.devices.get(&device)?.interfaces.get(&port)
    }

    /// What a port is called: its name, else its number.
    pub fn port_name(&self, device: DeviceId, port: IfIndex) -> Text {
        match self.interface(device, port) {
            Some(i) if !i.name.is_empty() => i.name.clone(),
            _ => Text::from(format!("port {port}")),
        }
    }

    /// Where a device hangs: `sw-3f-02 Gi1/0/17`.
    pub fn location(&self, device: &Device) -> Option<Text> {
        let at = device.attached?;
        let switch = self.devices.get(&at.switch)?;
        Some(Text::from(format!(
            "{} {}",
            switch.name.as_str(),
            self.port_name(at.switch, at.port).as_str()
        )))
    }

    /// Who hangs on a port of a switch, by id.
    pub fn on_port(&self, switch: DeviceId, port: IfIndex) -> impl Iterator<Item = DeviceId> + '_ {
        self.memory
            .hang
            .range((switch, port, DeviceId(0))..=(switch, port, DeviceId(u32::MAX)))
            .map(|(_, _, device)| *device)
    }

    /// Who hangs on a switch: port and device, by port.
    pub fn on_switch(&self, switch: DeviceId) -> impl Iterator<Item = (IfIndex, DeviceId)> + '_ {
        let from = (switch, IfIndex(0), DeviceId(0));
        let to = (switch, IfIndex(u32::MAX), DeviceId(u32::MAX));
        self.memory
            .hang
            .range(from..=to)
            .map(|(_, port, device)| (*port, *device))
    }

    /// How many MACs the last forwarding table showed on a port; zero where none was read.
    pub fn macs_on_port(&self, switch: DeviceId, port: IfIndex) -> u32 {
        self.memory
            .tables
            .get(&switch)
            .and_then(|t| t.on_port.get(&port).copied())
            .unwrap_or(0)
    }

    /// Does this port lead to another network device, now or within the last 24 hours?
    pub fn is_uplink(&self, device: DeviceId, port: IfIndex) -> bool {
        self.is_uplink_at(device, port, self.time)
    }

    /// A segment by its name, whatever the case.
    pub fn segment_named(&self, name: &str) -> Option<&Arc<Segment>> {
        self.segments
            .values()
            .find(|s| s.name.as_str().eq_ignore_ascii_case(name))
    }

    /// A device by name (whatever the case), address or MAC.
    pub fn find_device(&self, word: &str) -> Option<&Arc<Device>> {
        if let Ok(address) = word.parse::<IpAddr>() {
            return self.device_at(address);
        }
        if let Ok(mac) = word.parse::<Mac>()
            && let Some(id) = self.by_mac.get(&mac)
        {
            return self.devices.get(id);
        }
        let folded = Text::from(word.to_lowercase());
        self.memory
            .by_name
            .get(&folded)
            .and_then(|id| self.devices.get(id))
            .or_else(|| {
                self.devices
                    .values()
                    .find(|d| d.name.as_str().eq_ignore_ascii_case(word))
            })
    }

    /// What the site says of a device, where it is declared.
    pub fn spec(&self, device: DeviceId) -> Option<&DeviceSpec> {
        let at = *self.memory.spec.get(&device)?;
        self.site.devices.get(at as usize)
    }

    /// The ward of a device, with whom to ring: by its own fact, else by its segment.
    pub fn ward(&self, device: &Device) -> Option<&WardSpec> {
        let own = device.fact_str(crate::model::FactKey::Ward);
        let of_segment = device
            .segment
            .and_then(|s| self.site.segments.get(usize::from(s.0)))
            .map_or("", |s| s.ward.as_str());
        let name = if own.is_empty() { of_segment } else { own };
        self.site
            .wards
            .iter()
            .find(|w| w.name.as_str().eq_ignore_ascii_case(name))
    }

    /// The vendor of a device, with its service line.
    pub fn vendor(&self, device: &Device) -> Option<&VendorSpec> {
        let name = device.fact_str(crate::model::FactKey::Vendor);
        if name.is_empty() {
            return None;
        }
        self.site
            .vendors
            .iter()
            .find(|v| v.name.as_str().eq_ignore_ascii_case(name))
    }

    /// The network device that the collector's own cable goes to.
    pub fn collector_at(&self) -> Option<DeviceId> {
        let name = self.site.collector_at.as_str();
        if name.is_empty() {
            return None;
        }
        self.find_device(name).map(|d| d.id)
    }

    /// What stands in force: for a collector that starts from a snapshot, where the effects that said so are long past.
    pub fn standing(&self) -> (Option<Arc<TouchTable>>, Option<Arc<Vec<Target>>>) {
        (self.memory.touch.clone(), self.memory.targets.clone())
    }

    /// The same for the poll plans; none before there are any.
    pub fn standing_plans(&self) -> Option<Arc<PollPlans>> {
        let known = !self.polls.in_force.is_empty();
        known.then(|| Arc::clone(&self.polls.in_force))
    }

    /// The same for the budgets; none before the first configuration.
    pub fn standing_budgets(&self) -> Option<Arc<Budgets>> {
        (!self.config_hash.is_empty()).then(|| Arc::new(self.site.budgets.clone()))
    }

    /// Runs that are not over, or have something to put back.
    pub fn unfinished_runs(&self) -> impl Iterator<Item = &Arc<Run>> + '_ {
        self.runs
            .values()
            .filter(|r| !r.state.is_over() || r.revert.as_ref().is_some_and(|v| v.done.is_none()))
    }

    /// Runs whose way back was due before `now` and is not done.
    pub fn overdue_reverts(&self, now: Time) -> impl Iterator<Item = &Arc<Run>> + '_ {
        self.runs.values().filter(move |r| {
            r.revert
                .as_ref()
                .is_some_and(|v| v.done.is_none() && v.due <= now)
        })
    }
}

/// Open and acknowledged, then pending, then closed; worst, then newest.
fn alert_order(a: &Alert) -> (u8, Reverse<Severity>, Reverse<Time>, crate::model::AlertId) {
    match a.state {
        AlertState::Open | AlertState::Acknowledged => {
            (0, Reverse(a.severity), Reverse(a.since), a.id)
        }
        AlertState::Pending => (1, Reverse(a.severity), Reverse(a.since), a.id),
        AlertState::Closed => (
            2,
            Reverse(Severity::Info),
            Reverse(a.closed.unwrap_or(a.changed)),
            a.id,
        ),
    }
}

/// `4 ventilators`, `1 infusion pump`: a class as a colleague counts it.
pub(super) fn counted(class: DeviceClass, n: u32) -> String {
    let (one, many) = match class {
        DeviceClass::Ventilator => ("ventilator", "ventilators"),
        DeviceClass::Anaesthesia => ("anaesthesia workstation", "anaesthesia workstations"),
        DeviceClass::InfusionPump => ("infusion pump", "infusion pumps"),
        DeviceClass::Dialysis => ("dialysis machine", "dialysis machines"),
        DeviceClass::PatientMonitor => ("patient monitor", "patient monitors"),
        DeviceClass::Telemetry => ("telemetry unit", "telemetry units"),
        DeviceClass::Ct => ("CT", "CTs"),
        DeviceClass::Mr => ("MR", "MRs"),
        DeviceClass::Xray => ("X-ray unit", "X-ray units"),
        DeviceClass::Ultrasound => ("ultrasound unit", "ultrasound units"),
        DeviceClass::Pacs => ("PACS server", "PACS servers"),
        DeviceClass::LabAnalyser => ("laboratory analyser", "laboratory analysers"),
        DeviceClass::MedicationCabinet => ("medication cabinet", "medication cabinets"),
        DeviceClass::Refrigerator => ("refrigerator", "refrigerators"),
        DeviceClass::NurseCall => ("nurse call unit", "nurse call units"),
        DeviceClass::Bed => ("bed", "beds"),
        DeviceClass::Medical => ("medical device", "medical devices"),
        DeviceClass::Switch => ("switch", "switches"),
        DeviceClass::AccessPoint => ("access point", "access points"),
        _ => ("device", "devices"),
    };
    format!("{n} {}", if n == 1 { one } else { many })
}
