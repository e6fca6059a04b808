//! What goes in and out around the commands: arguments as clap can take them, errors in one line, the manual.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::Cli;
use crate::actions::registry::{ACTIONS, Scope};
use crate::model::Text;
use crate::ui::Keymap;

/// The commands whose arguments are words of the filter language.
const LISTINGS: [&str; 8] = [
    "devices", "segments", "links", "alerts", "runs", "quirks", "changes", "poll",
];

/// A filter may begin with a minus (`-state:up`), which an option does too. Such words are put to the end, behind `--`; the
/// order of a filter's words means nothing. Options of ours are `--long`, `-h` or `-V`.
pub fn filters_last(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let all: Vec<OsString> = arguments.collect();
    let is_listing = |a: &OsString| LISTINGS.iter().any(|l| a == l);
    let Some(command) = all.iter().position(is_listing) else {
        return all;
    };
    let (mut kept, mut moved) = (Vec::new(), Vec::new());
    let mut rest = all.into_iter().enumerate();
    for (at, argument) in rest.by_ref() {
        if argument == "--" {
            break;
        }
        let text = argument.to_string_lossy();
        let minus = text.len() > 2 && text.starts_with('-') && !text.starts_with("--");
        if at > command && minus {
            moved.push(argument);
        } else {
            kept.push(argument);
        }
    }
    moved.extend(rest.map(|(_, argument)| argument));
    if !moved.is_empty() {
        kept.push("--".into());
        kept.append(&mut moved);
    }
    kept
}

/// Help and version as they are; a mistake in one line.
pub fn not_understood(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    }
    let _ = writeln!(std::io::stderr(), "wardwatch: {}", one_line(error));
    ExitCode::from(2)
}

fn one_line(error: &clap::Error) -> String {
    let shown = error.render().to_string();
    let mut line = String::new();
    for part in shown.lines().map(str::trim).filter(|p| !p.is_empty()) {
        if !line.is_empty() {
            line.push_str(if line.ends_with(':') { " " } else { "; " });
        }
        line.push_str(part.strip_prefix("error: ").unwrap_or(part));
    }
    line
}

/// An error and its causes in one line; what a cause only says again is left out.
pub fn chain(error: &color_eyre::Report) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.ends_with(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    line
}

/// One manual page with every command in it, in roff.
pub fn manual(keymap: &Keymap) -> std::io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    // not its list of commands, which would point to pages of their own
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        section(sub, &mut page)?;
        for deeper in sub.get_subcommands().filter(|s| !s.is_hide_set()) {
            section(deeper, &mut page)?;
        }
    }
    keys(&mut page, keymap)?;
    Ok(page)
}

/// What each key of the program does, by the keymap in force.
fn keys(page: &mut Vec<u8>, keymap: &Keymap) -> std::io::Result<()> {
    // a backslash, a minus and what begins a line mean something to roff
    let plain = |s: &str| s.replace('\\', "\\e").replace('-', "\\-");
    writeln!(page, ".SH \"KEYS\"")?;
    writeln!(
        page,
        "Those of {}; \\fBwardwatch keys\\fR lists those in force, \\fB?\\fR shows them in the program.",
        plain(&Text::from(keymap.name()).to_string())
    )?;
    for scope in Scope::ALL {
        writeln!(page, ".SS \"{}\"", scope.title())?;
        for action in ACTIONS.iter().filter(|a| a.scope == scope) {
            let keys: Vec<String> = keymap.of(action).map(|b| plain(&b.on())).collect();
            let keys = if keys.is_empty() {
                plain(&format!(":{}", action.name))
            } else {
                keys.join(" ")
            };
            writeln!(page, ".TP\n\\&\\fB{keys}\\fR\n\\&{}", plain(action.help))?;
        }
    }
    Ok(())
}

/// One command: its name, its use, and what it alone takes.
fn section(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut own = command.clone();
    for argument in command.get_arguments().filter(|a| a.is_global_set()) {
        let hidden = argument.get_id().clone();
        own = own.mut_arg(hidden, |a| a.hide(true));
    }
    let name = command.get_bin_name().unwrap_or(command.get_name());
    writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
    let man = clap_mangen::Man::new(own);
    let mut body = Vec::new();
    man.render_description_section(&mut body)?;
    man.render_synopsis_section(&mut body)?;
    man.render_options_section(&mut body)?;
    // sections of the page become sections of the command
    let body = String::from_utf8_lossy(&body).replace(".SH ", ".SS ");
    page.extend_from_slice(body.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(words: &[&str]) -> Vec<String> {
        filters_last(words.iter().map(OsString::from))
            .into_iter()
            .map(|w| w.into_string().unwrap())
            .collect()
    }

    #[test]
    fn words_of_a_filter_that_begin_with_a_minus_are_no_options() {
        assert_eq!(
            moved(&["wardwatch", "devices", "-state:up", "--format", "csv"]),
            ["wardwatch", "devices", "--format", "csv", "--", "-state:up"]
        );
        assert_eq!(
            moved(&["wardwatch", "alerts", "-h", "icu", "--", "-a:b"]),
            ["wardwatch", "alerts", "-h", "icu", "--", "-a:b"]
        );
        let other = ["wardwatch", "run", "ping", "-x:y"];
        assert_eq!(moved(&other), other);
    }

    #[test]
    fn a_mistake_takes_one_line_and_says_what_there_is() {
        use clap::Parser as _;
        let error = Cli::try_parse_from(["wardwatch", "completions", "nosh"]).unwrap_err();
        let line = one_line(&error);
        assert!(
            !line.contains('\n') && line.contains("possible values: bash"),
            "{line}"
        );
        let error = Cli::try_parse_from(["wardwatch", "device"]).unwrap_err();
        let line = one_line(&error);
        assert!(line.contains("not provided: <DEVICE>"), "{line}");
    }

    #[test]
    fn a_cause_is_not_said_twice() {
        let error = crate::log::LogError::Io {
            place: "x".into(),
            source: std::io::Error::other("no"),
        };
        assert_eq!(chain(&error.into()), "x: no");
    }

    #[test]
    fn the_manual_holds_every_command_with_its_options() {
        let page = String::from_utf8(manual(&Keymap::standard()).unwrap()).unwrap();
        for word in [
            "WARDWATCH SCAN",
            "WARDWATCH CONFIG INIT",
            "snmp\\-port",
            "exit\\-code",
            "\\&\\fBa\\fR\n\\&Says that you have it",
        ] {
            assert!(page.contains(word), "{word} in\n{page}");
        }
        assert_eq!(page.matches(".TH ").count(), 1);
    }
}
