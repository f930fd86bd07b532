//! Archives of the library.

/// Packs.
pub fn all() -> Result<(), String> {
    Ok(())
}
