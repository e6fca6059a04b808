//! What a run would do: pure, from the state, the catalogue and what a person asked for.
//!
//! The same question on the same state gives the same plan, so that the plan that was shown and confirmed can be held against
//! the one that is made anew just before the first packet.

mod hash;
mod port;
mod refusal;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use hash::plan_hash;
pub(crate) use port::ETHERNET;
pub use refusal::Refusal;
pub(crate) use words::span;

use super::catalogue::{
    Catalogue, Count, Get, Input, InputKind, Program, Remediation, Values, oid,
};
use super::catalogue::{PACKET_CAP, Port, Work as Does};
use crate::access::Person;
use crate::engine::State;
use crate::model::{
    CareLevel, Confirm, Device, DeviceId, IfIndex, InterfaceRef, Mac, PacketKind, Risk, RunPlan,
    Text, Work,
};
use port::Spot;

/// GETs of a run that sets a port: the port as it is (twice: what every agent knows, what some know), after down, after up.
const PORT_GETS: usize = 4;
/// SETs of it: down, up.
const PORT_SETS: usize = 2;
/// The input that names a port of a switch, where none is selected.
pub const PORT_INPUT: &str = "interface";

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The device that is selected.
    pub device: DeviceId,
    /// One of its interfaces.
    pub interface: Option<IfIndex>,
    /// Name of the remediation.
    pub remediation: &'a str,
    /// Answers to its inputs, by name; what is not given takes its default.
    pub inputs: &'a BTreeMap<Text, Text>,
    /// Who asks.
    pub person: &'a Person,
    /// Only what would be done.
    pub dry_run: bool,
}

/// Where the machine that wardwatch runs on is to be found on the network: its own port is never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Its addresses.
    pub addresses: BTreeSet<IpAddr>,
    /// Its MAC addresses.
    pub macs: BTreeSet<Mac>,
}

impl Own {
    /// As the kernel says now.
    pub fn of_this_host() -> Self {
        port::of_this_host()
    }
}

/// One line of the list that `r` opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Name of the remediation.
    pub name: Text,
    /// Its key in the list.
    pub key: Option<char>,
    /// What it does.
    pub title: Text,
    /// More of it.
    pub help: Text,
    /// How much it can break.
    pub risk: Risk,
    /// What a person will have to do.
    pub confirm: Confirm,
    /// What it asks for; the port of a switch is among it where none is selected.
    pub inputs: Vec<Input>,
    /// What it sends, a few words: `4 ping`, `4 get, 2 set to sw-3f-02`. With the defaults of its inputs; empty where a port is
    /// still to be chosen.
    pub needs: Text,
    /// A dry run does something: it starts a command of its own, or looks at the port.
    pub dry_run: bool,
    /// Why it can't be run here and now.
    pub refusal: Option<Text>,
}

/// Everything that is for the selected device, in the order of names; what is for other devices is left out.
pub fn offers(
    state: &State,
    catalogue: &Catalogue,
    own: &Own,
    device: DeviceId,
    interface: Option<IfIndex>,
    person: &Person,
) -> Vec<Offer> {
    let Some(found) = state.devices.get(&device) else {
        return Vec::new();
    };
    let none = BTreeMap::new();
    let mut offers = Vec::new();
    for remediation in catalogue
        .iter()
        .filter(|r| r.scope.matches(state, found, state.time))
    {
        let mut inputs = remediation.inputs.clone();
        let choose =
            matches!(remediation.work, Does::Port(_)) && port::must_choose(found, interface);
        if choose {
            inputs.insert(0, port_input());
        }
        let ask = Ask {
            device,
            interface,
            remediation: remediation.name.as_str(),
            inputs: &none,
            person,
            dry_run: false,
        };
        let (mut confirm, mut needs) = (remediation.confirm, Text::empty());
        let refusal = match plan(state, catalogue, own, &ask) {
            Ok(plan) => {
                confirm = plan.confirm;
                needs = words::needs(&plan);
                None
            }
            // a question that is still to be asked is no refusal
            Err(Refusal::Input { .. }) => None,
            Err(Refusal::NoPort { .. }) if choose => None,
            Err(why) => Some(Text::from(why.to_string())),
        };
        let dry_run = match &remediation.work {
            Does::Program(program) => program.dry_argv.is_some(),
            Does::Port(_) => true,
            Does::SnmpGet(_) => false,
        };
        offers.push(Offer {
            name: remediation.name.clone(),
            key: remediation.key,
            title: remediation.title.clone(),
            help: remediation.help.clone(),
            risk: remediation.risk,
            confirm,
            inputs,
            needs,
            dry_run,
            refusal,
        });
    }
    offers
}

fn port_input() -> Input {
    Input {
        name: Text::from(PORT_INPUT),
        title: Text::from("Which port"),
        kind: InputKind::Interface,
        default: None,
    }
}

/// Plans a run, or says why not. Sends nothing, reads no clock: the present is [`State::time`].
pub fn plan(
    state: &State,
    catalogue: &Catalogue,
    own: &Own,
    ask: &Ask<'_>,
) -> Result<RunPlan, Refusal> {
    let remediation = catalogue
        .get(ask.remediation)
        .ok_or_else(|| Refusal::NoSuchRemediation {
            name: Text::from(ask.remediation),
            there: words::list(catalogue.iter().map(|r| r.name.as_str())),
        })?;
    let device = state
        .devices
        .get(&ask.device)
        .ok_or(Refusal::NoSuchDevice)?;
    if !ask.person.role.may_act() {
        return Err(Refusal::Role {
            person: ask.person.name.clone(),
        });
    }
    if !remediation.scope.matches(state, device, state.time) {
        return Err(Refusal::Scope {
            remediation: remediation.name.clone(),
            scope: Text::from(remediation.scope.source()),
        });
    }
    let inputs = inputs(remediation, device, ask)?;
    let draft = Draft {
        state,
        own,
        ask,
        remediation,
        device,
        inputs,
    };
    match &remediation.work {
        Does::Program(program) => draft.program(program),
        Does::SnmpGet(get) => draft.snmp_get(get),
        Does::Port(port) => draft.port(port),
    }
}

/// Answers in their one form, defaults filled in.
fn inputs(
    remediation: &Remediation,
    device: &Device,
    ask: &Ask<'_>,
) -> Result<BTreeMap<Text, Text>, Refusal> {
    let mut out = BTreeMap::new();
    for input in &remediation.inputs {
        let wrong = |why: Text| Refusal::Input {
            input: input.name.clone(),
            why,
        };
        let given = ask.inputs.get(&input.name).or(input.default.as_ref());
        let given = given
            .ok_or_else(|| wrong(Text::from(format!("it must be {}", input.kind.describe()))))?;
        let mut value = input.kind.check(given).map_err(wrong)?;
        if input.kind == InputKind::Interface {
            let found = port::called(device, &value).ok_or_else(|| {
                wrong(Text::from(format!(
                    "{} has no interface {value}",
                    device.name
                )))
            })?;
            value = found.name.clone();
        }
        out.insert(input.name.clone(), value);
    }
    let is_port = matches!(remediation.work, Does::Port(_));
    for (name, value) in ask.inputs {
        if is_port && name.as_str() == PORT_INPUT {
            out.insert(name.clone(), value.clone());
        } else if !out.contains_key(name) {
            return Err(Refusal::Input {
                input: name.clone(),
                why: Text::from(format!("{} does not ask for it", remediation.name)),
            });
        }
    }
    Ok(out)
}

struct Draft<'a> {
    state: &'a State,
    own: &'a Own,
    ask: &'a Ask<'a>,
    remediation: &'a Remediation,
    device: &'a Device,
    inputs: BTreeMap<Text, Text>,
}

impl Draft<'_> {
    fn program(self, program: &Program) -> Result<RunPlan, Refusal> {
        let Some(path) = &program.path else {
            return Err(Refusal::Missing {
                program: program.called.clone(),
                missing: if program.missing.is_empty() {
                    Text::from("install it, or change the remediation")
                } else {
                    program.missing.clone()
                },
            });
        };
        let mut packets = Vec::new();
        for declared in &program.packets {
            may(self.device, declared.kind)?;
            let count = self.count(&declared.count)?.saturating_mul(declared.each);
            packets.extend(vec![declared.kind; count.min(PACKET_CAP) as usize]);
        }
        packets.sort_unstable();
        let values = self.values()?;
        let unfit = |error: super::catalogue::FillError| Refusal::Argument {
            why: Text::from(error.to_string()),
        };
        let needs_address = |of: &[super::catalogue::Template]| {
            of.iter().any(|t| t.names().any(|n| n == "address"))
        };
        let dry = program.dry_argv.as_deref().unwrap_or_default();
        if (needs_address(&program.argv) || needs_address(dry) || !packets.is_empty())
            && self.device.address.is_none()
        {
            return Err(self.no_address());
        }
        let vector = |of: &[super::catalogue::Template]| {
            let first = Ok(Text::from(path.display().to_string()));
            std::iter::once(first)
                .chain(of.iter().skip(1).map(|t| t.argument(&values)))
                .collect::<Result<Vec<Text>, _>>()
                .map_err(unfit)
        };
        let argv = vector(&program.argv)?;
        let dry_argv = program.dry_argv.as_deref().map(vector).transpose()?;
        let mut env = BTreeMap::from([(
            Text::from("PATH"),
            Text::from(super::catalogue::programs::PATH),
        )]);
        for (name, template) in &program.env {
            env.insert(name.clone(), template.value(&values).map_err(unfit)?);
        }
        let dry = self.ask.dry_run;
        if dry && dry_argv.is_none() {
            // nothing is started then
            packets.clear();
        }
        let mut notes = Vec::new();
        if dry {
            notes.push(Text::from(if dry_argv.is_some() {
                "dry run: the second command is started"
            } else {
                "dry run: it has none of its own, so nothing is started"
            }));
        }
        let care = self.device.care;
        Ok(self.finish(
            Work::Program {
                argv,
                env,
                dry_argv,
            },
            packets,
            care,
            notes,
        ))
    }

    fn snmp_get(self, get: &Get) -> Result<RunPlan, Refusal> {
        if self.device.address.is_none() {
            return Err(self.no_address());
        }
        may(self.device, PacketKind::Get)?;
        self.has_credentials(self.device)?;
        let values = self.values()?;
        let mut oids = Vec::new();
        for template in &get.oids {
            let text = template.value(&values).map_err(|e| Refusal::Argument {
                why: Text::from(e.to_string()),
            })?;
            let dotted = oid(text.as_str()).ok_or_else(|| Refusal::Argument {
                why: Text::from(format!("{text} is no object identifier")),
            })?;
            oids.push(Text::from(dotted));
        }
        let packets = if self.ask.dry_run {
            Vec::new()
        } else {
            vec![PacketKind::Get]
        };
        let care = self.device.care;
        Ok(self.finish(Work::SnmpGet { oids }, packets, care, Vec::new()))
    }

    fn port(self, port: &Port) -> Result<RunPlan, Refusal> {
        let name = self.inputs.get(&Text::from(PORT_INPUT));
        let spot = port::find(self.state, self.device, self.ask.interface, name)?;
        let losing = port::check(self.state, self.own, spot)?;
        let Spot {
            switch,
            port: at,
            behalf,
        } = spot;
        if switch.address.is_none() {
            return Err(Refusal::NoAddress {
                device: switch.name.clone(),
            });
        }
        may(switch, PacketKind::Get)?;
        self.has_credentials(switch)?;
        let revert_s = self.count(&port.revert_s)?;
        let care = losing
            .iter()
            .map(|d| d.care)
            .chain([switch.care])
            .max()
            .unwrap_or_default();
        let gets = if self.ask.dry_run { 2 } else { PORT_GETS };
        let sets = if self.ask.dry_run { 0 } else { PORT_SETS };
        let mut packets = vec![PacketKind::Get; gets];
        packets.extend(vec![PacketKind::Set; sets]);
        let notes = words::port_notes(self.state, spot, &losing, port.bounce, revert_s);
        let work = Work::IfAdmin {
            interface: InterfaceRef {
                index: at.index,
                name: at.name.clone(),
                alias: at.alias.clone(),
            },
            bounce: port.bounce,
            revert_s,
        };
        let timeout_s = self.remediation.timeout_s;
        let mut plan = self.finish(work, packets, care, notes);
        plan.device = switch.id;
        plan.device_name = switch.name.clone();
        plan.address = switch.address;
        plan.on_behalf_of = behalf;
        // the waiting is part of the work
        plan.timeout_s = timeout_s.saturating_add(revert_s);
        Ok(plan)
    }

    fn finish(
        self,
        work: Work,
        packets: Vec<PacketKind>,
        care: CareLevel,
        notes: Vec<Text>,
    ) -> RunPlan {
        RunPlan {
            remediation: self.remediation.name.clone(),
            title: self.remediation.title.clone(),
            device: self.device.id,
            device_name: self.device.name.clone(),
            address: self.device.address,
            on_behalf_of: None,
            inputs: self.inputs,
            work,
            packets,
            risk: self.remediation.risk,
            care,
            confirm: confirm(self.remediation, care, self.ask.dry_run),
            timeout_s: self.remediation.timeout_s,
            notes,
            dry_run: self.ask.dry_run,
        }
    }

    fn has_credentials(&self, device: &Device) -> Result<(), Refusal> {
        if credentials(self.state, device).is_empty() {
            return Err(Refusal::NoCredentials {
                device: device.name.clone(),
            });
        }
        Ok(())
    }

    fn no_address(&self) -> Refusal {
        Refusal::NoAddress {
            device: self.device.name.clone(),
        }
    }

    fn count(&self, count: &Count) -> Result<u32, Refusal> {
        match count {
            Count::Fixed(n) => Ok(*n),
            Count::Input(name) => self
                .inputs
                .get(name)
                .and_then(|v| v.as_str().parse().ok())
                .ok_or_else(|| Refusal::Input {
                    input: name.clone(),
                    why: Text::from("it must be a whole number"),
                }),
        }
    }

    /// What templates know. Names from the network go in escaped, what the person typed as typed.
    fn values(&self) -> Result<Values, Refusal> {
        let mut values = Values::new();
        values.insert("device".into(), self.device.name.as_str().to_owned());
        if let Some(address) = self.device.address {
            values.insert("address".into(), address.to_canonical().to_string());
        }
        let port = self
            .ask
            .interface
            .and_then(|i| self.device.interfaces.get(&i));
        if let Some(port) = port {
            values.insert("interface".into(), port.name.as_str().to_owned());
        }
        for input in &self.remediation.inputs {
            let Some(value) = self.inputs.get(&input.name) else {
                continue;
            };
            let value = if input.kind == InputKind::Interface {
                value.as_str().to_owned()
            } else {
                String::from_utf8(value.unescape()).map_err(|_| Refusal::Input {
                    input: input.name.clone(),
                    why: Text::from("it is no text"),
                })?
            };
            values.insert(input.name.as_str().to_owned(), value);
        }
        Ok(values)
    }
}

/// May this be sent to it by its policy, without a permit?
fn may(device: &Device, kind: PacketKind) -> Result<(), Refusal> {
    if device.touch.policy.allows(kind) {
        return Ok(());
    }
    Err(Refusal::Touch {
        device: device.name.clone(),
        kind,
        policy: device.touch.policy,
        because: device.touch.because.clone(),
    })
}

/// What a person must do: what the remediation says, and the device's name where a patient depends on what it touches.
fn confirm(remediation: &Remediation, care: CareLevel, dry_run: bool) -> Confirm {
    if dry_run {
        Confirm::None
    } else if remediation.risk > Risk::Low && care >= CareLevel::Clinical {
        Confirm::TypeName
    } else {
        remediation.confirm
    }
}

/// Does what a person typed confirm the plan? `y`, or the name of the device that it touches.
pub fn confirmed(plan: &RunPlan, typed: &str) -> bool {
    match plan.confirm {
        Confirm::None => true,
        Confirm::Key => matches!(typed, "y" | "Y" | "yes"),
        Confirm::TypeName => Text::from(typed) == plan.device_name,
    }
}

/// Names of the credentials to try for a device: those it is polled with.
pub(crate) fn credentials(state: &State, device: &Device) -> Vec<Text> {
    state.credentials_of(device.id)
}

/// Names of all credentials that the site lists for a device: its own, else all of the site, in the order of the file.
pub(crate) fn listed_credentials(state: &State, device: &Device) -> Vec<Text> {
    spec(state, device)
        .map(|s| s.credentials.clone())
        .filter(|c| !c.is_empty())
        .unwrap_or_else(|| of_the_site(state))
}

/// Names of all credentials of the site, in the order of the file.
pub(crate) fn of_the_site(state: &State) -> Vec<Text> {
    let all = &state.site.credentials;
    all.iter().map(|c| c.name.clone()).collect()
}

/// The UDP port of a device's agent.
pub(crate) fn agent_port(state: &State, device: &Device) -> u16 {
    spec(state, device).and_then(|s| s.snmp_port).unwrap_or(161)
}

fn spec<'a>(state: &'a State, device: &Device) -> Option<&'a crate::model::DeviceSpec> {
    if let Some(spec) = state.spec(device.id) {
        return Some(spec);
    }
    // a device that is not the register's own, at an address that is
    state
        .site
        .devices
        .iter()
        .find(|s| s.name == device.name || s.addresses.iter().any(|a| Some(*a) == device.address))
}

#[cfg(test)]
mod tests;
