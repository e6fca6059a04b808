//! Bytes as people compare them.

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            // writing into a String can't fail
            let _ = write!(out, "{byte:02x}");
            out
        })
}
