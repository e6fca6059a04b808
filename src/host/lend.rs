//! A person's pager and editor: what they are given, what comes back.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use tempfile::TempDir;

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
fn read_back(file: &Lent) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(&file.path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn with(
    terminal: &Terminal,
    tool: Tool,
    text: &str,
    say: &impl Fn(Text),
) -> Result<Option<Lent>, Left> {
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
    match terminal.lend(&argv, &file.path) {
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

/// A file in a folder of its own, for this person alone, and gone when it is let go, with all that an editor put beside it.
struct Lent {
    path: PathBuf,
    _folder: TempDir,
}

fn of(text: &str) -> io::Result<Lent> {
    let folder = tempfile::Builder::new()
        .prefix("wardwatch-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()?;
    let path = folder.path().join("wardwatch.txt");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(Lent {
        path,
        _folder: folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_for_one_person_and_goes_with_what_an_editor_put_beside_it() {
        let file = of("first\n").unwrap();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file.path), 0o600);
        let folder = file.path.parent().unwrap().to_owned();
        assert_eq!(mode(&folder), 0o700);
        // as editors do that write a new file and move it there, and keep the old one
        std::fs::copy(&file.path, folder.join("wardwatch.txt~")).unwrap();
        let other = folder.join("new");
        std::fs::write(&other, b"second \xff\n").unwrap();
        std::fs::rename(&other, &file.path).unwrap();
        assert_eq!(read_back(&file).unwrap(), "second \u{fffd}\n");
        drop(file);
        assert!(!folder.exists());
    }
}
