//! `wardwatch config init`: six questions, and a site file in which nothing is in force but their answers.

use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::net::IpAddr;
use std::path::Path;

use color_eyre::Result;
use ipnet::IpNet;

use super::ask::Questions;
use crate::config::{self, ConfigErrors};
use crate::gate::Interface;
use crate::model::Text;

/// What was answered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answers {
    site: String,
    /// Name, subnet, and whether patients' devices are in it.
    segments: Vec<(String, IpNet, bool)>,
    credential: Option<Credential>,
    switches: Vec<IpAddr>,
    on_call: String,
    zone: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Credential {
    Community(String),
    V3 {
        user: String,
        auth: String,
        privacy: String,
    },
}

/// The subnets that this machine's own interfaces are in, with the names of the interfaces.
pub fn own_subnets() -> Vec<(String, IpNet)> {
    let mut found: Vec<(String, IpNet)> = Vec::new();
    for interface in Interface::list().iter().filter(|i| i.up && !i.loopback) {
        for net in &interface.v4 {
            let net = IpNet::V4(net.trunc());
            if found.iter().all(|(_, known)| *known != net) {
                found.push((interface.name.clone(), net));
            }
        }
    }
    found
}

/// Asks, and gives the text of the file, and what is still wrong with it: what was answered is not lost for that.
pub fn interview<R: BufRead, W: Write>(
    ask: &mut Questions<R, W>,
    file: &Path,
    subnets: &[(String, IpNet)],
    zone: &str,
) -> Result<(String, Option<ConfigErrors>)> {
    ask.say("Six questions; enter takes what stands in brackets, ctrl-c leaves. Nothing is sent, and nothing is written before the end.\n")?;
    let mut answers = Answers {
        zone: zone.to_owned(),
        ..Answers::default()
    };
    answers.site = ask.ask("1. What is the site called?", |line| match line {
        "" => Err("a name, such as St. Brigid General".into()),
        name => Ok(name.to_owned()),
    })?;
    let here: Vec<String> = subnets.iter().map(|(_, net)| net.to_string()).collect();
    ask.say("\n2. Which subnets are to be watched? Write them as 10.3.10.0/24, with a name where they have one: ICU-3=10.3.10.0/24, core=10.0.10.0/24")?;
    for (interface, net) in subnets {
        ask.say(&format!("   this machine is in {net} ({interface})"))?;
    }
    let nets = ask.ask(&format!("   [{}]", or_none(&here)), |line| {
        let words = if line.is_empty() {
            here.join(",")
        } else {
            line.to_owned()
        };
        read_nets(&words)
    })?;
    let names: Vec<String> = nets.iter().map(|(name, _)| name.clone()).collect();
    let clinical = if nets.is_empty() {
        ask.say("\n3. (No subnets, so none in which patients' devices are.)")?;
        Vec::new()
    } else {
        ask.say("\n3. In which of them are patients' devices? There, nothing is sent to what is not known.")?;
        ask.ask(&format!("   {} [all]", names.join(", ")), |line| {
            which(line, &names)
        })?
    };
    answers.segments = nets
        .into_iter()
        .zip(clinical)
        .map(|((name, net), clinical)| (name, net, clinical))
        .collect();
    ask.say("\n4. How do the switches and routers answer SNMP? 'community', 'v3', or 'none' for later. The secret itself never stands in the file.")?;
    answers.credential = credential(ask)?;
    ask.say("\n5. Which switches and routers may be asked first? Their addresses; what hangs on them is found by them.")?;
    answers.switches = ask.ask("   [none yet]", |line| {
        words(line)
            .map(|word| {
                word.parse()
                    .map_err(|_| format!("'{}' is no address", Text::from(word)))
            })
            .collect()
    })?;
    answers.on_call = ask.ask(
        "\n6. Whom does the ward ring, a biomedical engineer on call, with number? [nobody]",
        |line| Ok(line.to_owned()),
    )?;
    let text = answers.file();
    // the file is not there yet, and is judged as if it were
    match config::parse(file, &text) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                ask.say(&format!("  {warning}"))?;
            }
            Ok((text, None))
        }
        Err(errors) => Ok((text, Some(errors))),
    }
}

fn or_none(words: &[String]) -> String {
    if words.is_empty() {
        "none".into()
    } else {
        words.join(", ")
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ' ']).filter(|word| !word.is_empty())
}

/// `NAME=NET` or `NET`, divided by commas; a name may hold blanks.
fn read_nets(line: &str) -> Result<Vec<(String, IpNet)>, String> {
    let mut out: Vec<(String, IpNet)> = Vec::new();
    for word in line.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        let (name, net) = word
            .split_once('=')
            .map_or((word, word), |(n, s)| (n.trim(), s.trim()));
        let parsed: IpNet = net.parse().map_err(|_| {
            format!(
                "'{}' is no subnet; write one as 10.3.10.0/24",
                Text::from(net)
            )
        })?;
        if parsed.trunc() != parsed {
            return Err(format!(
                "{parsed} is an address in {}; write the subnet",
                parsed.trunc()
            ));
        }
        if out
            .iter()
            .any(|(known, other)| known == name || *other == parsed)
        {
            return Err(format!("'{}' stands there twice", Text::from(word)));
        }
        if name.is_empty() {
            return Err(format!("a name before the = of '{}'", Text::from(word)));
        }
        out.push((name.to_owned(), parsed));
    }
    Ok(out)
}

/// Which of the names are meant: all, none, or some.
fn which(line: &str, names: &[String]) -> Result<Vec<bool>, String> {
    match line.to_lowercase().as_str() {
        "" | "all" => return Ok(vec![true; names.len()]),
        "none" => return Ok(vec![false; names.len()]),
        _ => {}
    }
    let mut out = vec![false; names.len()];
    for word in line.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        let at = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(word));
        let slot = at.and_then(|at| out.get_mut(at));
        *slot.ok_or_else(|| {
            format!(
                "there is no '{}'; there are {}, all and none",
                Text::from(word),
                names.join(", ")
            )
        })? = true;
    }
    Ok(out)
}

fn credential<R: BufRead, W: Write>(ask: &mut Questions<R, W>) -> Result<Option<Credential>> {
    let how = ask.ask("   [none]", |line| match line.to_lowercase().as_str() {
        "" | "none" => Ok(0),
        "community" | "c" | "2c" | "v2c" => Ok(2),
        "v3" | "3" => Ok(3),
        _ => Err("write community, v3 or none".into()),
    })?;
    Ok(match how {
        2 => Some(Credential::Community(secret(
            ask,
            "community",
            "WARDWATCH_COMMUNITY",
        )?)),
        3 => {
            let user = ask.ask("   user:", |line| match line {
                "" => Err("the user's name".into()),
                name => Ok(name.to_owned()),
            })?;
            let auth = secret(ask, "password of authentication", "WARDWATCH_AUTH_PASSWORD")?;
            let privacy = secret(ask, "password of encryption", "WARDWATCH_PRIVACY_PASSWORD")?;
            Some(Credential::V3 {
                user,
                auth,
                privacy,
            })
        }
        _ => None,
    })
}

/// Where a secret is; the secret itself is refused.
fn secret<R: BufRead, W: Write>(
    ask: &mut Questions<R, W>,
    what: &str,
    variable: &str,
) -> Result<String> {
    ask.ask(&format!("   where is the {what}? [env:{variable}]"), |line| match line {
        "" => Ok(format!("env:{variable}")),
        place if place.starts_with("env:") || place.starts_with("file:") => Ok(place.to_owned()),
        _ => Err("write env:NAME for a variable of wardwatch's environment, or file:PATH; never the secret".into()),
    })
}

fn quoted(words: &str) -> String {
    toml::Value::String(words.to_owned()).to_string()
}

impl Answers {
    /// The file: the answers, and the example below them with nothing in force.
    fn file(&self) -> String {
        let mut out = String::from(
            "# The site file of wardwatch, written by `wardwatch config init`. What is in force stands above; below it everything else\n\
             # that can be said, commented out. `wardwatch config check` names every mistake with its line and column.\n\n[site]\n",
        );
        let _ = writeln!(out, "name = {}", quoted(&self.site));
        if !self.zone.is_empty() {
            let _ = writeln!(out, "time-zone = {}", quoted(&self.zone));
        }
        if !self.on_call.is_empty() {
            let _ = writeln!(out, "biomed-on-call = {}", quoted(&self.on_call));
        }
        for (name, net, clinical) in &self.segments {
            let _ = write!(
                out,
                "\n[[segment]]\nname = {}\nnets = [{}]\n",
                quoted(name),
                quoted(&net.to_string())
            );
            if *clinical {
                out.push_str("clinical = true         # patients' devices: nothing is sent to what is not known\n");
            }
        }
        match &self.credential {
            Some(Credential::Community(place)) => {
                let _ = write!(
                    out,
                    "\n[[credential]]\nname = \"site\"\nversion = \"2c\"\ncommunity = {}\n",
                    quoted(place)
                );
            }
            Some(Credential::V3 {
                user,
                auth,
                privacy,
            }) => {
                let _ = write!(
                    out,
                    "\n[[credential]]\nname = \"site\"\nversion = \"3\"\nuser = {}\nauth = \"sha256\"          # as the agents have it: md5, sha1, sha224 … sha512\n\
                     auth-password = {}\nprivacy = \"aes128\"       # des, aes128, aes192, aes256\nprivacy-password = {}\n",
                    quoted(user),
                    quoted(auth),
                    quoted(privacy)
                );
            }
            None => {}
        }
        for address in &self.switches {
            let _ = write!(
                out,
                "\n[[device]]\nname = {0}\naddress = {0}\nclass = \"switch\"        # or router, firewall …; its own name is read from it\n",
                quoted(&address.to_string())
            );
            if self.credential.is_some() {
                out.push_str("credentials = [\"site\"]\n");
            }
        }
        out.push_str("\n\n# Everything that can be said. Take away the '#' of what you need.\n\n");
        for line in config::EXAMPLE.lines().skip_while(|l| l.starts_with('#')) {
            let comment = line.is_empty() || line.starts_with('#');
            let _ = writeln!(out, "{}{line}", if comment { "" } else { "# " });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &str) -> (Result<(String, Option<ConfigErrors>)>, String) {
        let mut said = Vec::new();
        let mut ask = Questions::new(answers.as_bytes(), &mut said);
        let subnets = [("eth0".to_owned(), "10.9.0.0/24".parse().unwrap())];
        let file = interview(&mut ask, Path::new("w.toml"), &subnets, "Europe/Vienna");
        (file, String::from_utf8(said).unwrap())
    }

    fn good(file: Result<(String, Option<ConfigErrors>)>) -> String {
        let (file, wrong) = file.unwrap();
        assert_eq!(wrong, None);
        file
    }

    #[test]
    fn six_answers_make_a_good_file_in_which_nothing_else_is_in_force() {
        let (file, _) = asked(
            "St. \"Anna\"\nICU-3=10.3.10.0/24, core = 10.0.10.0/24\nicu-3\ncommunity\n\n10.0.10.1 10.0.10.32\nAna Huber, 4712\n",
        );
        let file = good(file);
        let site = config::parse(Path::new("w.toml"), &file).unwrap().site;
        assert_eq!(site.name.as_str(), "St. \"Anna\"");
        let segments: Vec<_> = site
            .segments
            .iter()
            .map(|s| (s.name.as_str(), s.clinical))
            .collect();
        assert_eq!(segments, [("ICU-3", true), ("core", false)]);
        let devices: Vec<_> = site.devices.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(devices, ["10.0.10.1", "10.0.10.32"]);
        assert_eq!(site.credentials.len(), 1);
        assert!(site.wards.is_empty() && site.vendors.is_empty() && site.classes.is_empty());
        assert!(file.contains("# [[ward]]") && file.contains("# [[segment]]"));
    }

    #[test]
    fn enter_is_the_careful_answer() {
        let (file, said) = asked("Anna\n\n\n\n\n\n");
        let site = config::parse(Path::new("w.toml"), &good(file))
            .unwrap()
            .site;
        assert_eq!(site.segments.len(), 1);
        assert!(site.segments[0].clinical, "what is not known is left alone");
        assert!(site.credentials.is_empty() && site.devices.is_empty());
        assert!(
            said.contains("this machine is in 10.9.0.0/24 (eth0)"),
            "{said}"
        );
    }

    #[test]
    fn a_wrong_answer_is_said_and_asked_again_and_a_secret_is_not_taken() {
        let (file, said) = asked(
            "\nAnna\n10.3.10.5/24\n10.3/8\nA=10.1.0.0/16,A=10.2.0.0/16\nA=10.1.0.0/16\nB\nnone\nv4\nv3\n\nward\nhunter2\nenv:A\nfile:/no/such/p\nnine\n10.1.0.1\n\n",
        );
        let (file, wrong) = file.unwrap();
        assert!(wrong.unwrap().to_string().contains("/no/such/p"));
        for words in [
            "a name, such as",
            "10.3.10.5/24 is an address in 10.3.10.0/24",
            "'10.3/8' is no subnet",
            "stands there twice",
            "there is no 'B'",
            "write community, v3 or none",
            "never the secret",
            "'nine' is no address",
        ] {
            assert!(said.contains(words), "{words} in\n{said}");
        }
        assert!(!file.contains("hunter2") && !file.contains("\nclinical"));
        assert!(
            file.contains("privacy-password = \"file:/no/such/p\""),
            "kept"
        );
    }

    #[test]
    fn who_leaves_in_the_midst_has_written_nothing() {
        let (file, _) = asked("Anna\n10.3.10.0/24\n");
        let why = file.unwrap_err().to_string();
        assert!(why.contains("nothing was written"), "{why}");
    }
}
