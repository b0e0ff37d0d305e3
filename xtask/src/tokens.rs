//! Tokens by keys that have followed one another, as a file.

use std::fs;

use tokensmith_testkit::succession;

/// Writes what [`succession`] makes.
pub fn write(file: &str) -> Result<bool, String> {
    let folder = std::env::temp_dir().join(format!("tokensmith-tokens-{}", std::process::id()));
    let made = succession(&folder);
    // It may not have come to be.
    let _ = fs::remove_dir_all(&folder);
    let made = made.map_err(|error| error.to_string())?;
    fs::write(file, made.to_string()).map_err(|error| format!("{file}: {error}"))?;
    Ok(true)
}
