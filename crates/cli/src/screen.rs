//! Terminals: what is printed there must not control them. Control characters in a payload can move
//! the cursor over what stands there already, set the clipboard, and more.
use std::{borrow::Cow, env, fmt::Write, io::IsTerminal};

/// The kind of an output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// A file or a pipe, which takes all bytes as they are.
    None,
    /// A terminal, which gets text.
    Terminal { has_colours: bool },
}

/// The form of an escaped character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    /// As Rust and `-F` write it.
    Text,
    /// As JSON writes it.
    Json,
}

impl Screen {
    /// Looks at an output.
    pub fn of(out: &impl IsTerminal) -> Self {
        if !out.is_terminal() {
            return Screen::None;
        }
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Screen::Terminal {
            has_colours: !is_set("NO_COLOR") && !is_dumb,
        }
    }

    /// Returns what may be printed for these bytes.
    pub fn shown(self, bytes: &[u8], escape: Escape) -> Cow<'_, [u8]> {
        match self {
            Screen::None => Cow::Borrowed(bytes),
            Screen::Terminal { .. } => harmless(bytes, escape),
        }
    }

    /// Returns what begins and what ends the colour of topics.
    pub fn topic_colour(self) -> (&'static str, &'static str) {
        match self {
            Screen::Terminal { has_colours: true } => ("\x1b[36m", "\x1b[39m"),
            _ => ("", ""),
        }
    }
}

/// Returns whether a terminal does something else with a character than to show it: control
/// characters, and those that change the direction of a text, so that it reads otherwise.
fn controls(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        char => char.is_control(),
    }
}

/// Returns the text with all characters escaped that [control](controls) a terminal, and so what is
/// not UTF-8.
fn harmless(bytes: &[u8], escape: Escape) -> Cow<'_, [u8]> {
    if str::from_utf8(bytes).is_ok_and(|text| !text.contains(controls)) {
        return Cow::Borrowed(bytes);
    }
    let mut shown = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            let code = u32::from(char);
            // Writing to a string does not fail.
            let _ = match escape {
                _ if !controls(char) => shown.write_char(char),
                Escape::Json => write!(shown, "\\u{code:04x}"),
                Escape::Text if char.is_ascii() => write!(shown, "\\x{code:02x}"),
                Escape::Text => write!(shown, "\\u{{{code:x}}}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    Cow::Owned(shown.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_get_text() {
        let terminal = Screen::Terminal { has_colours: false };
        for (bytes, wanted) in [
            (&b"a\tb\nc"[..], "a\tb\nc"),
            ("ä".as_bytes(), "ä"),
            (b"\x1b]52;c;eA==\x07", "\\x1b]52;c;eA==\\x07"),
            ("\u{9b}31m\r".as_bytes(), "\\u{9b}31m\\x0d"),
            (b"\xff\x00x\x7f", "\\xff\\x00x\\x7f"),
            ("a\u{202e}b\u{2066}".as_bytes(), "a\\u{202e}b\\u{2066}"),
        ] {
            assert_eq!(terminal.shown(bytes, Escape::Text), wanted.as_bytes());
            assert_eq!(Screen::None.shown(bytes, Escape::Text), bytes);
        }
        let json = terminal.shown("\"\u{9b}\"".as_bytes(), Escape::Json);
        assert_eq!(json, b"\"\\u009b\"".as_slice());
    }

    #[test]
    fn colours_are_for_terminals() {
        assert_eq!(Screen::None.topic_colour(), ("", ""));
        let plain = Screen::Terminal { has_colours: false };
        assert_eq!(plain.topic_colour(), ("", ""));
        let coloured = Screen::Terminal { has_colours: true };
        assert_ne!(coloured.topic_colour().0, "");
    }
}
