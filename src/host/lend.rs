//! A person's pager and editor: what they are given, what comes back.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};

use tempfile::{Builder, NamedTempFile};

use super::Left;
use crate::model::Text;
use crate::term::{Terminal, Tool};

/// Octets that are read back of what was written in an editor.
const MOST: u64 = 64 * 1024;

/// Shows a text in the pager. `say` hears what went wrong; an error is that the terminal is gone.
pub(super) fn read(terminal: &Terminal, text: &str, say: impl Fn(Text)) -> Result<(), Left> {
    with(terminal, Tool::Pager, text, &say).map(|_| ())
}

/// Has a text changed in the editor; nothing where it was left as it was, or the editor said that it failed.
pub(super) fn write(
    terminal: &Terminal,
    text: &str,
    say: impl Fn(Text),
) -> Result<Option<String>, Left> {
    let Some(file) = with(terminal, Tool::Editor, text, &say)? else {
        return Ok(None);
    };
    match read_back(&file) {
        Ok(new) if new.trim_end() == text => Ok(None),
        Ok(new) => Ok(Some(new)),
        Err(e) => {
            say(Text::from(format!("what was written can't be read: {e}")));
            Ok(None)
        }
    }
}

/// The file by its name: an editor may have put another one in its place.
fn read_back(file: &NamedTempFile) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(file.path())?
        .take(MOST)
        .read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn with(
    terminal: &Terminal,
    tool: Tool,
    text: &str,
    say: &impl Fn(Text),
) -> Result<Option<NamedTempFile>, Left> {
    let prepared = tool.argv().and_then(|argv| {
        let file = of(text).map_err(|e| format!("no file for it: {e}"))?;
        Ok((argv, file))
    });
    let (argv, file) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            say(Text::from(why));
            return Ok(None);
        }
    };
    let name = argv.first().map(OsString::as_os_str).unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    match terminal.lend(&argv, file.path()) {
        Err(_) => Err(Left::TerminalGone),
        Ok(Err(e)) => {
            say(Text::from(format!("{name} can't be started: {e}")));
            Ok(None)
        }
        Ok(Ok(status)) if tool == Tool::Editor && !status.success() => {
            say(Text::from(format!(
                "{name} ended with {status}: the line stays as it was"
            )));
            Ok(None)
        }
        Ok(Ok(_)) => Ok(Some(file)),
    }
}

/// For this person alone (0600), and gone when it is let go.
fn of(text: &str) -> io::Result<NamedTempFile> {
    let mut file = Builder::new()
        .prefix("wardwatch-")
        .suffix(".txt")
        .tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_file_is_for_one_person_and_is_read_by_its_name() {
        let file = of("first\n").unwrap();
        let mode = file.as_file().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // as editors do that write a new file and move it there
        let other = file.path().with_extension("new");
        std::fs::write(&other, b"second \xff\n").unwrap();
        std::fs::rename(&other, file.path()).unwrap();
        assert_eq!(read_back(&file).unwrap(), "second \u{fffd}\n");
        let path = file.path().to_owned();
        drop(file);
        assert!(!path.exists());
    }
}
