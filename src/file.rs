//! Files that are read.

use std::fs::File;
use std::path::Path;

/// Opens a file to be read, or says in words why that cannot be.
pub(crate) fn open(path: &Path) -> Result<File, String> {
    let words = |error: std::io::Error| error.to_string();
    let file = File::open(path).map_err(words)?;
    // Opened like a file on some systems, and no byte can be read.
    match file.metadata().map_err(words)?.is_dir() {
        true => Err("this is a directory, not a file".into()),
        false => Ok(file),
    }
}
