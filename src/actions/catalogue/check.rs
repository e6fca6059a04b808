//! From the shape of a file to a [`Remediation`], with everything that is wrong in it at its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::file::{self, place};
use super::input::{Input, InputKind, Pattern, oid};
use super::template::{Template, is_name};
use super::{CatalogueError, Count, Get, PACKET_CAP, Packets, Port, Program, Remediation, Work};
use crate::engine::Filter;
use crate::model::{Confirm, PacketKind, Risk, Text};

/// What templates know beside the inputs.
pub(super) const BUILT_IN: [&str; 3] = ["address", "device", "interface"];
/// The longest a run may take, seconds.
const TIMEOUT_MAX: u32 = 3600;
/// The longest a port may stay shut, seconds.
const REVERT_MAX: u32 = 24 * 3600;

/// Finds a program in the fixed path.
pub(super) type Find<'a> = &'a dyn Fn(&str) -> Option<PathBuf>;

pub(super) struct Checker<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    /// The folder that `./program` is looked for in.
    pub(super) folder: Option<&'a Path>,
    pub(super) find: Find<'a>,
    pub(super) errors: Vec<CatalogueError>,
}

impl Checker<'_> {
    fn wrong(&mut self, at: Range<usize>, what: impl Into<String>) {
        let (line, column) = place(self.text, at.start);
        self.errors.push(CatalogueError {
            file: Text::from(self.file),
            line,
            column,
            what: Text::from(what.into()),
        });
    }

    pub(super) fn read(mut self) -> Result<Remediation, Vec<CatalogueError>> {
        let file: file::File = match toml::from_str(self.text) {
            Ok(file) => file,
            Err(error) => {
                self.wrong(error.span().unwrap_or(0..0), error.message());
                return Err(self.errors);
            }
        };
        let made = self.remediation(&file);
        match made {
            Some(made) if self.errors.is_empty() => Ok(made),
            _ => Err(self.errors),
        }
    }

    fn remediation(&mut self, file: &file::File) -> Option<Remediation> {
        let name = file.name.get_ref();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || name.len() > 40 || !name.bytes().all(plain) || name.starts_with('-') {
            self.wrong(
                file.name.span(),
                "name must be lower-case letters, digits and '-', 40 at the most",
            );
        }
        if file.title.get_ref().is_empty() {
            self.wrong(
                file.title.span(),
                "title is empty; say in one line what it does",
            );
        }
        let key = file.key.as_ref().and_then(|key| {
            let mut chars = key.get_ref().chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) if c.is_ascii_lowercase() || c.is_ascii_digit() => Some(c),
                _ => {
                    self.wrong(key.span(), "key must be one lower-case letter or digit");
                    None
                }
            }
        });
        let timeout_s = *file.timeout_s.get_ref();
        if timeout_s == 0 || timeout_s > TIMEOUT_MAX {
            self.wrong(
                file.timeout_s.span(),
                format!("timeout_s must be from 1 to {TIMEOUT_MAX}"),
            );
        }
        let scope = self.scope(file.scope.as_ref());
        let inputs = self.inputs(&file.input);
        let work = self.work(file, &inputs)?;
        if matches!(work, Work::Port(_)) {
            if *file.confirm.get_ref() == Confirm::None {
                self.wrong(
                    file.confirm.span(),
                    "what changes a port must be confirmed: \"key\" or \"type-name\"",
                );
            }
            if file.risk == Risk::Low {
                self.wrong(
                    file.confirm.span(),
                    "what changes a port has risk \"medium\" or \"high\"",
                );
            }
        }
        Some(Remediation {
            name: Text::from(name.as_str()),
            key,
            title: Text::from(file.title.get_ref().as_str()),
            help: Text::from(file.help.trim()),
            risk: file.risk,
            confirm: *file.confirm.get_ref(),
            timeout_s,
            scope,
            inputs,
            work,
            from: Text::from(self.file),
        })
    }

    fn scope(&mut self, raw: Option<&Spanned<String>>) -> Filter {
        let Some(raw) = raw else {
            return Filter::default();
        };
        Filter::parse(raw.get_ref()).unwrap_or_else(|error| {
            self.wrong(raw.span(), error.to_string());
            Filter::default()
        })
    }

    fn inputs(&mut self, raw: &[Spanned<file::Input>]) -> Vec<Input> {
        let mut inputs: Vec<Input> = Vec::new();
        for one in raw {
            let input = one.get_ref();
            let name = input.name.get_ref();
            if !is_name(name) || BUILT_IN.contains(&name.as_str()) {
                self.wrong(
                    input.name.span(),
                    "an input's name must be lower-case letters, digits and '_', and not address, device or interface",
                );
            }
            if inputs.iter().any(|i| i.name.as_str() == name) {
                self.wrong(input.name.span(), format!("a second input '{name}'"));
            }
            let Some(kind) = self.kind(one) else { continue };
            let default = input.default.as_ref().and_then(|given| {
                let text = match given.get_ref() {
                    toml::Value::String(s) => Text::from(s.as_str()),
                    toml::Value::Integer(n) => Text::from(n.to_string()),
                    _ => {
                        self.wrong(given.span(), "a default is text or a whole number");
                        return None;
                    }
                };
                kind.check(&text)
                    .inspect_err(|why| {
                        self.wrong(given.span(), format!("the default is not accepted: {why}"));
                    })
                    .ok()
            });
            inputs.push(Input {
                name: Text::from(name.as_str()),
                title: Text::from(input.title.as_str()),
                kind,
                default,
            });
        }
        inputs
    }

    fn kind(&mut self, one: &Spanned<file::Input>) -> Option<InputKind> {
        let input = one.get_ref();
        let kind = match input.kind.get_ref().as_str() {
            "text" => {
                let Some(pattern) = &input.pattern else {
                    self.wrong(
                        one.span(),
                        "an input of kind \"text\" needs a pattern that it must match from end to end",
                    );
                    return None;
                };
                match Pattern::new(pattern.get_ref()) {
                    Ok(pattern) => InputKind::Text(pattern),
                    Err(why) => {
                        self.wrong(pattern.span(), format!("the pattern can't be used: {why}"));
                        return None;
                    }
                }
            }
            "number" => match (input.min, input.max) {
                (Some(min), Some(max)) if min <= max => InputKind::Number { min, max },
                _ => {
                    self.wrong(
                        one.span(),
                        "an input of kind \"number\" needs min and max, min not above max",
                    );
                    return None;
                }
            },
            "choice" if !input.choices.is_empty() => InputKind::Choice(
                input
                    .choices
                    .iter()
                    .map(|c| Text::from(c.as_str()))
                    .collect(),
            ),
            "choice" => {
                self.wrong(one.span(), "an input of kind \"choice\" needs choices");
                return None;
            }
            "interface" => InputKind::Interface,
            "oid" => InputKind::Oid,
            other => {
                self.wrong(
                    input.kind.span(),
                    format!("no kind '{other}'; there are text, number, choice, interface, oid"),
                );
                return None;
            }
        };
        let stray = [
            (input.pattern.is_some(), "pattern", "text"),
            (
                input.min.is_some() || input.max.is_some(),
                "min and max",
                "number",
            ),
            (!input.choices.is_empty(), "choices", "choice"),
        ];
        for (there, what, of) in stray {
            if there && input.kind.get_ref() != of {
                self.wrong(
                    one.span(),
                    format!("{what} means something for kind \"{of}\" only"),
                );
            }
        }
        Some(kind)
    }

    fn work(&mut self, file: &file::File, inputs: &[Input]) -> Option<Work> {
        match (file.program.as_slice(), &file.snmp_get, &file.port) {
            ([_, ..], None, None) => self.programs(&file.program, inputs),
            ([], Some(get), None) => {
                let mut oids = Vec::new();
                for one in &get.get_ref().oids {
                    let Some(template) = self.template(one, inputs) else {
                        continue;
                    };
                    if template.literal().is_some_and(|l| oid(l).is_none()) {
                        self.wrong(one.span(), "this is no object identifier");
                    }
                    oids.push(template);
                }
                if oids.is_empty() || oids.len() > 24 {
                    self.wrong(get.span(), "oids must name 1 to 24 object identifiers");
                }
                Some(Work::SnmpGet(Get { oids }))
            }
            ([], None, Some(port)) => {
                let revert_s = self.count(&port.get_ref().revert_s, inputs, REVERT_MAX)?;
                Some(Work::Port(Port {
                    bounce: port.get_ref().bounce,
                    revert_s,
                }))
            }
            _ => {
                self.wrong(
                    file.name.span(),
                    "exactly one of [[program]], [snmp_get] and [port] says what is done",
                );
                None
            }
        }
    }

    fn programs(&mut self, raw: &[Spanned<file::Program>], inputs: &[Input]) -> Option<Work> {
        let mut programs = Vec::new();
        for one in raw {
            programs.extend(self.program(one, inputs));
        }
        // the first that is there; if none is, the first, and it says that it is missing
        let chosen = programs
            .iter()
            .position(|p| p.path.is_some())
            .unwrap_or_default();
        (chosen < programs.len()).then(|| Work::Program(Box::new(programs.swap_remove(chosen))))
    }

    fn program(&mut self, one: &Spanned<file::Program>, inputs: &[Input]) -> Option<Program> {
        let raw = one.get_ref();
        let argv = self.arguments(&raw.argv, inputs);
        let dry_argv = raw.dry_argv.as_ref().map(|a| self.arguments(a, inputs));
        let first = raw.argv.first();
        let Some(called) = argv
            .first()
            .and_then(Template::literal)
            .filter(|l| !l.is_empty())
        else {
            let at = first.map_or(one.span(), Spanned::span);
            self.wrong(
                at,
                "argv must begin with the program itself, without placeholders",
            );
            return None;
        };
        if let Some(dry) = raw.dry_argv.as_ref()
            && dry.first().map(Spanned::get_ref) != raw.argv.first().map(Spanned::get_ref)
        {
            self.wrong(
                dry.first().map_or(one.span(), Spanned::span),
                "dry_argv must begin with the same program as argv",
            );
        }
        let path = match called.strip_prefix("./") {
            Some(beside) => match self.folder {
                Some(folder) if !beside.contains('/') => {
                    Some(folder.join(beside)).filter(|p| super::programs::is_program(p))
                }
                _ => {
                    self.wrong(
                        first.map_or(one.span(), Spanned::span),
                        "'./' means a program in the site's own folder of remediations, and no folder below it",
                    );
                    None
                }
            },
            None if called.starts_with('/') => {
                Some(PathBuf::from(called)).filter(|p| super::programs::is_program(p))
            }
            None if called.contains('/') => {
                self.wrong(
                    first.map_or(one.span(), Spanned::span),
                    "a program is named by its name alone, by its whole path, or by './' in the site's folder",
                );
                None
            }
            None => (self.find)(called),
        };
        let called = Text::from(called);
        let mut env = BTreeMap::new();
        for (name, value) in &raw.env {
            let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
            if name.is_empty()
                || !name.bytes().all(plain)
                || name == "PATH"
                || name.starts_with("LD_")
            {
                self.wrong(
                    value.span(),
                    format!("'{name}' can't be set: upper-case letters, digits and '_', not PATH and nothing of the loader (LD_…)"),
                );
            }
            if let Some(template) = self.template(value, inputs) {
                env.insert(Text::from(name.as_str()), template);
            }
        }
        let packets = self.packets(&raw.packets, inputs);
        Some(Program {
            argv,
            dry_argv,
            env,
            packets,
            called,
            path,
            missing: Text::from(raw.missing.as_str()),
        })
    }

    fn packets(&mut self, raw: &[file::Packets], inputs: &[Input]) -> Vec<Packets> {
        let mut packets = Vec::new();
        for one in raw {
            if !matches!(
                one.kind,
                PacketKind::Arp | PacketKind::Ping | PacketKind::Get | PacketKind::Walk
            ) {
                self.wrong(
                    one.count.span(),
                    "a program can't be let through for a SET or a reply; [port] sets what may be set",
                );
            }
            let Some(count) = self.count(&one.count, inputs, PACKET_CAP) else {
                continue;
            };
            let most = match &count {
                Count::Fixed(n) => *n,
                Count::Input(name) => {
                    inputs
                        .iter()
                        .find(|i| i.name == *name)
                        .map_or(0, |i| match i.kind {
                            InputKind::Number { max, .. } => max,
                            _ => 0,
                        })
                }
            };
            if one.each == 0 || most.saturating_mul(one.each) > PACKET_CAP {
                self.wrong(
                    one.count.span(),
                    format!("one run sends at most {PACKET_CAP} packets of a kind"),
                );
            }
            packets.push(Packets {
                kind: one.kind,
                count,
                each: one.each,
            });
        }
        packets
    }

    fn arguments(&mut self, raw: &[Spanned<String>], inputs: &[Input]) -> Vec<Template> {
        raw.iter()
            .filter_map(|one| self.template(one, inputs))
            .collect()
    }

    fn template(&mut self, one: &Spanned<String>, inputs: &[Input]) -> Option<Template> {
        match Template::parse(one.get_ref()) {
            Ok(template) => {
                let unknown = template.names().find(|n| {
                    !BUILT_IN.contains(n) && !inputs.iter().any(|i| i.name.as_str() == *n)
                });
                if let Some(name) = unknown {
                    let mut there: Vec<&str> = BUILT_IN.to_vec();
                    there.extend(inputs.iter().map(|i| i.name.as_str()));
                    self.wrong(
                        one.span(),
                        format!(
                            "nothing is called {{{name}}}; there are {}",
                            there.join(", ")
                        ),
                    );
                }
                Some(template)
            }
            Err(why) => {
                self.wrong(one.span(), why);
                None
            }
        }
    }

    /// A whole number from 1 to `most`, or `"{input}"` of a number.
    fn count(&mut self, raw: &Spanned<toml::Value>, inputs: &[Input], most: u32) -> Option<Count> {
        let given = match raw.get_ref() {
            toml::Value::Integer(n) => u32::try_from(*n)
                .ok()
                .filter(|n| (1..=most).contains(n))
                .map(Count::Fixed),
            toml::Value::String(s) => s
                .strip_prefix('{')
                .and_then(|s| s.strip_suffix('}'))
                .and_then(|name| inputs.iter().find(|i| i.name.as_str() == name))
                .filter(
                    |i| matches!(i.kind, InputKind::Number { min, max } if min >= 1 && max <= most),
                )
                .map(|i| Count::Input(i.name.clone())),
            _ => None,
        };
        if given.is_none() {
            self.wrong(
                raw.span(),
                format!("it must be a whole number from 1 to {most}, or \"{{input}}\" of an input of kind number within that"),
            );
        }
        given
    }
}
