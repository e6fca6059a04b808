//! A theme file that changes while the program runs. The kernel says when (inotify): nothing is asked in a round.

use std::io::Read as _;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use crate::ui::theme::FILE_CAP;

/// An editor writes in more than one step.
const SETTLE: Duration = Duration::from_millis(50);

/// Calls with the text of the file each time it was written, until told that nobody listens. Where the kernel can't watch, it
/// never calls: the theme is then that of the start.
pub fn watch(file: PathBuf, tell: impl Fn(Arc<str>) -> bool + Send + 'static) {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut before = text(&file);
    let Ok(fd) = inotify::init(CreateFlags::CLOEXEC) else {
        return;
    };
    // the folder: most editors put a new file in the place of the old one
    let flags = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO;
    if inotify::add_watch(&fd, &folder, flags).is_err() {
        return;
    }
    let began = std::thread::Builder::new().name("theme".into());
    let _ = began.spawn(move || {
        let mut room = [MaybeUninit::<u8>::uninit(); 4096];
        let mut events = inotify::Reader::new(&fd, &mut room);
        let name = file.file_name();
        loop {
            let Ok(event) = events.next() else { return };
            let of = event.file_name().map(|n| n.to_bytes().to_vec());
            let same = of.as_deref() == name.map(std::os::unix::ffi::OsStrExt::as_bytes);
            if !same {
                continue;
            }
            std::thread::sleep(SETTLE);
            // many steps of one editor are one change
            let now = text(&file);
            if now == before {
                continue;
            }
            before = now;
            if before.clone().is_some_and(|text| !tell(text)) {
                return;
            }
        }
    });
}

/// Nothing where there is none; one octet more than is allowed, so that one that is too long is seen to be.
fn text(file: &Path) -> Option<Arc<str>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file).ok()?;
    file.take(FILE_CAP as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn what_is_written_or_put_in_its_place_is_told_and_other_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        std::fs::write(&file, "one").unwrap();
        let (tell, told) = channel();
        watch(file.clone(), move |text| tell.send(text).is_ok());
        let next = || told.recv_timeout(Duration::from_secs(20)).unwrap();
        std::fs::write(dir.path().join("other.toml"), "other").unwrap();
        std::fs::write(&file, "two").unwrap();
        assert_eq!(&*next(), "two");
        let new = dir.path().join("mine.toml.new");
        std::fs::write(&new, "three").unwrap();
        std::fs::rename(&new, &file).unwrap();
        assert_eq!(&*next(), "three");
    }
}
