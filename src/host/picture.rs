//! Pictures of a screen into files, for the person alone.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::model::Text;
use crate::ui::picture::Picture;

/// How many pictures one second may have.
const SAME_SECOND: u32 = 20;

/// Writes it beside those before; says where, or what went wrong.
pub fn write(folder: &Path, picture: &Picture) -> Text {
    match files(folder, picture) {
        Ok(file) => Text::from(format!("picture: {}, .ans and .txt", file.display())),
        Err(e) => Text::from(format!("no picture: {}: {e}", folder.display())),
    }
}

fn files(folder: &Path, picture: &Picture) -> std::io::Result<PathBuf> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut last = None;
    for nth in 1..=SAME_SECOND {
        let name = match nth {
            1 => picture.name.clone(),
            n => format!("{}-{n}", picture.name),
        };
        let first = folder.join(format!("{name}.svg"));
        match create(&first, picture.svg.as_bytes()) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => last = Some(e),
            Err(e) => return Err(e),
            Ok(()) => {
                create(&folder.join(format!("{name}.ans")), &picture.ansi)?;
                create(&folder.join(format!("{name}.txt")), picture.text.as_bytes())?;
                return Ok(first);
            }
        }
    }
    Err(last.unwrap_or_else(|| std::io::ErrorKind::AlreadyExists.into()))
}

/// A new file: what is there is never written over, nor followed where it is a link.
fn create(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn three_files_for_the_person_alone_and_none_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("pictures");
        let picture = Picture {
            name: "wardwatch-20260310-031100".into(),
            svg: "<svg/>".into(),
            ansi: b"a".to_vec(),
            text: "a\n".into(),
        };
        let said = write(&folder, &picture);
        assert!(
            said.as_str()
                .ends_with("wardwatch-20260310-031100.svg, .ans and .txt"),
            "{said}"
        );
        assert!(write(&folder, &picture).as_str().contains("-031100-2.svg"));
        let files: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|f| f.unwrap())
            .collect();
        assert_eq!(files.len(), 6);
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let nowhere = write(Path::new("/proc/nowhere"), &picture);
        assert!(
            nowhere.as_str().starts_with("no picture: /proc/nowhere: "),
            "{nowhere}"
        );
    }
}
