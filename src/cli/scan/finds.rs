//! What a scan gathers; how it is printed and kept.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use color_eyre::Result;
use serde_json::json;

use super::super::args::ListFormat;
use super::super::output::Listing;
use super::super::{medical, rows, usage};
use crate::config;
use crate::event::{Body, ConfigAppliedV2, Event, ObsArpV1, Observation, SysGroupV1};
use crate::log::recording::{Header, RecordingWriter};
use crate::model::{FactKey, Mac, Seq, Site, Text, Time};
use crate::sources::listen::{Ear, WhereAmI, read_file};

/// Everything found of one address.
#[derive(Default)]
pub struct Found {
    pub mac: Option<Mac>,
    pub how: &'static str,
    pub name: Text,
    pub heard: BTreeMap<&'static str, Text>,
    pub system: Option<SysGroupV1>,
    pub note: Text,
    /// Several stations claim its address: nobody knows which of them would be asked.
    pub contested: bool,
}

/// What a scan gathers, and what a recording of it holds.
#[derive(Default)]
pub struct Finds {
    pub by_address: BTreeMap<IpAddr, Found>,
    pub silent_macs: BTreeMap<Mac, BTreeMap<&'static str, Text>>,
    pub observations: Vec<Observation>,
}

impl Finds {
    /// Takes what the network said.
    pub fn take(&mut self, observation: Observation) {
        match &observation {
            Observation::Arp(arp) => self.arp(arp),
            Observation::Heard(heard) => {
                let facts = heard
                    .facts
                    .iter()
                    .filter_map(|(key, value)| Some((fact_word(*key)?, value.clone())));
                match heard.address {
                    Some(address) => {
                        let found = self.by_address.entry(address).or_default();
                        found.mac = found.mac.or(Some(heard.mac));
                        found.how = if found.how.is_empty() {
                            "heard"
                        } else {
                            found.how
                        };
                        found.heard.extend(facts);
                    }
                    None => self.silent_macs.entry(heard.mac).or_default().extend(facts),
                }
            }
            _ => {}
        }
        self.observations.push(observation);
    }

    fn arp(&mut self, arp: &ObsArpV1) {
        use crate::event::ArpHow;
        let found = self.by_address.entry(arp.address).or_default();
        if found.mac.is_some_and(|m| m != arp.mac) {
            found.note = format!("also {}: two stations claim this address", arp.mac).into();
            found.contested = true;
        } else {
            found.mac = Some(arp.mac);
        }
        found.how = match arp.how {
            ArpHow::Answer => "arp",
            ArpHow::Heard => "heard",
            ArpHow::NeighbourTable => "neighbour-table",
        };
    }
}

fn fact_word(key: FactKey) -> Option<&'static str> {
    Some(match key {
        FactKey::DhcpName => "dhcp_name",
        FactKey::DhcpVendorClass => "dhcp_vendor_class",
        FactKey::Name => "name",
        FactKey::SysDescr => "descr",
        _ => return None,
    })
}

/// What a capture holds, and where it was taken.
pub fn from_capture(file: &Path, finds: &mut Finds) -> Result<Option<WhereAmI>> {
    let mut ear = Ear::new(Text::from("capture"), None);
    let mut heard = Vec::new();
    let summary = read_file(file, &mut ear, |batch| heard.extend(batch)).map_err(usage)?;
    for observation in heard {
        finds.take(observation);
    }
    if !summary.torn.is_empty() {
        eprintln!(
            "wardwatch: {}: {}; what came before is shown",
            file.display(),
            summary.torn
        );
    }
    Ok(ear.where_am_i(summary.last.unwrap_or_default()))
}

/// A row for each address, then those that named none.
pub fn print(format: Option<ListFormat>, finds: &Finds) -> Result<()> {
    let mut list = Listing::new(&[
        "address",
        "mac",
        "maker",
        "name",
        "sys_name",
        "descr",
        "object_id",
        "location",
        "how",
        "dhcp_name",
        "dhcp_vendor_class",
        "note",
    ]);
    let maker = |mac: Option<Mac>| {
        mac.and_then(medical::maker)
            .map_or(json!(null), |m| json!(m))
    };
    let heard =
        |of: &BTreeMap<&'static str, Text>, key| of.get(key).map_or(json!(null), |t| json!(t));
    for (address, f) in &finds.by_address {
        let system = |get: fn(&SysGroupV1) -> &Text| {
            f.system.as_ref().map_or(json!(null), |s| json!(get(s)))
        };
        list.row(vec![
            json!(address),
            json!(f.mac),
            maker(f.mac),
            rows::text(f.name.as_str()),
            system(|s| &s.name),
            system(|s| &s.descr),
            system(|s| &s.object_id),
            system(|s| &s.location),
            json!(f.how),
            heard(&f.heard, "dhcp_name"),
            heard(&f.heard, "dhcp_vendor_class"),
            rows::text(f.note.as_str()),
        ]);
    }
    for (mac, facts) in &finds.silent_macs {
        let name = heard(facts, "name");
        let none = json!(null);
        list.row(vec![
            none.clone(),
            json!(mac),
            maker(Some(*mac)),
            name,
            none.clone(),
            heard(facts, "descr"),
            none.clone(),
            none.clone(),
            json!("heard"),
            heard(facts, "dhcp_name"),
            heard(facts, "dhcp_vendor_class"),
            none,
        ]);
    }
    list.print(format)?;
    Ok(())
}

/// A recording of what was found, with a site that declares nothing.
pub fn save(file: &Path, finds: &Finds) -> Result<()> {
    if file.exists() {
        return Err(usage(format!(
            "{} exists; a recording is never overwritten, choose another name",
            file.display()
        )));
    }
    let now = Time::from_clock();
    let site = Site {
        name: "scan".into(),
        ..Site::default()
    };
    let mut writer = RecordingWriter::create(file, &Header::new(site.name.clone(), now))?;
    let first = Body::Config(Box::new(ConfigAppliedV2 {
        hash: config::hash(&site),
        site,
    }));
    let bodies =
        std::iter::once(first).chain(finds.observations.iter().cloned().map(Body::Observation));
    let events: Vec<Event> = bodies
        .zip(1..)
        .map(|(body, seq)| Event {
            seq: Seq(seq),
            time: now,
            body,
        })
        .collect();
    writer.append(&events)?;
    writer.finish()?;
    eprintln!(
        "kept in {}; look at it with `wardwatch replay`",
        file.display()
    );
    Ok(())
}
