//! The terminal lent to a person's pager or editor, and taken back when that ends.
//!
//! While it is lent, what is typed is not ours: an interrupt or a quit is for the other program alone, a stop stops us with it, and
//! whoever ends us ends it first.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::restore;

/// Whose terminal it is now, while it is lent.
static LENT: Mutex<Option<Pid>> = Mutex::new(None);

/// How long the other program may take to end when we must.
const GRACE: Duration = Duration::from_millis(100);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(10);

/// What a person reads or writes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `$PAGER`, else less or more.
    Pager,
    /// `$VISUAL` or `$EDITOR`, else nano or vi.
    Editor,
}

impl Tool {
    /// The program and its arguments: the person's own by the environment, split at blanks and never given to a shell; else
    /// the first that this machine has. Or what is missing.
    pub fn argv(self) -> Result<Vec<OsString>, String> {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.trim().is_empty());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let has = |name: &str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
        self.argv_of(var, has)
    }

    fn argv_of(
        self,
        var: impl Fn(&str) -> Option<String>,
        has: impl Fn(&str) -> bool,
    ) -> Result<Vec<OsString>, String> {
        let (names, known, what): (&[&str], &[&str], _) = match self {
            Self::Pager => (&["PAGER"], &["less", "more"], "pager"),
            Self::Editor => (&["VISUAL", "EDITOR"], &["nano", "vi"], "editor"),
        };
        if let Some(words) = names.iter().find_map(|name| var(name)) {
            return Ok(words.split_whitespace().map(OsString::from).collect());
        }
        let found = known.iter().find(|name| has(name));
        found.map(|name| vec![(*name).into()]).ok_or_else(|| {
            let (names, known) = (names.join(" or $"), known.join(", "));
            format!("there is no {what}: set ${names}, or install one of {known}")
        })
    }
}

/// The terminal is on its way to another program, with it, or on its way back; and a little longer.
static LENDING: Mutex<Option<Loan>> = Mutex::new(None);

enum Loan {
    Out,
    Back(Instant),
}

/// How long after the loan an interrupt that was typed before its end may still arrive.
const TAIL: Duration = Duration::from_millis(100);

/// While it stands, the terminal is lent.
pub(super) struct Lending(());

pub(super) fn begin() -> Lending {
    *LENDING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Loan::Out);
    Lending(())
}

impl Drop for Lending {
    fn drop(&mut self) {
        *LENDING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Loan::Back(Instant::now()));
    }
}

/// Is the terminal lent? `tail`: or was it just now.
pub(super) fn is_lent(tail: bool) -> bool {
    match &*LENDING.lock().unwrap_or_else(PoisonError::into_inner) {
        None => false,
        Some(Loan::Out) => true,
        Some(Loan::Back(at)) => tail && at.elapsed() < TAIL,
    }
}

/// Ends the program that has the terminal, so that whoever waits for it goes on: asked first, then made to.
pub(super) fn call_back() {
    let send = |signal| {
        // under the lock: as long as it stands there it was not waited for, and its number is no other's
        let lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *lent {
            let _ = kill_process(pid, signal);
        }
        *lent
    };
    let Some(pid) = send(Signal::TERM) else {
        return;
    };
    let lent = || *LENT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut waited = Duration::ZERO;
    while lent() == Some(pid) && waited < GRACE {
        thread::sleep(LOOK);
        waited += LOOK;
    }
    if lent() == Some(pid) {
        send(Signal::KILL);
    }
}

/// Runs it on a file until it ends. The terminal must have been given back before.
pub(super) fn run(argv: &[OsString], file: &Path) -> io::Result<ExitStatus> {
    let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = {
        let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        // whoever ends us has looked for it before it was there
        if restore::is_ending() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let child = Command::new(program)
            .args(arguments)
            .arg(file)
            // it is to read or write one file with: no shell out of it
            .env("LESSSECURE", "1")
            .env("SHELL", "/bin/false")
            .spawn()?;
        *lent = Some(Pid::from_child(&child));
        child
    };
    wait(&mut child)
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    loop {
        {
            let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
            match child.try_wait() {
                Ok(None) => {}
                over => {
                    *lent = None;
                    return over.map(Option::unwrap_or_default);
                }
            }
        }
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_s_own_comes_first_then_what_there_is() {
        let has_less = |name: &str| name == "less";
        let argv = |tool: Tool, of: &[(&str, &str)]| {
            let of: Vec<(String, String)> =
                of.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
            let var = move |name: &str| Some(of.iter().find(|(n, _)| n == name)?.1.clone());
            tool.argv_of(var, has_less)
        };
        let own = argv(Tool::Pager, &[("PAGER", "less -R  -S")]);
        assert_eq!(own.unwrap(), ["less", "-R", "-S"]);
        assert_eq!(argv(Tool::Pager, &[]).unwrap(), ["less"]);
        let both = [("VISUAL", "vim"), ("EDITOR", "ed")];
        assert_eq!(argv(Tool::Editor, &both).unwrap(), ["vim"]);
        assert_eq!(argv(Tool::Editor, &both[1..]).unwrap(), ["ed"]);
        assert_eq!(
            argv(Tool::Editor, &[]).unwrap_err(),
            "there is no editor: set $VISUAL or $EDITOR, or install one of nano, vi"
        );
    }
}
