//! Text of a peer, made fit for a message.

/// Returns text of a peer for an error message: at most this number of characters, and none that
/// could play tricks with a terminal.
pub(crate) fn printable(text: &[u8], limit: usize) -> String {
    // No character takes more than four bytes.
    let text = &text[..text.len().min(4 * limit)];
    String::from_utf8_lossy(text)
        .chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .take(limit)
        .collect()
}
