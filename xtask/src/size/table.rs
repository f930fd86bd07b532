//! The figures as a table.
use super::{
    Program, Selection,
    image::{Image, Sizes},
    peers,
};
use std::fmt::Write;

/// The programs and the types, for docs/size.md.
pub fn markdown(programs: &[Program], images: &[Image], sizes: &Sizes, compiler: &str) -> String {
    let mut text = String::from(
        "| program | profile | what it does | code and constants | `mem*` | static RAM |\n| --- | --- | --- | ---: | ---: | ---: |\n",
    );
    for (image, row) in images.iter().zip(programs) {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            row.name, row.profile, row.what, image.code, image.intrinsics, image.statics
        );
    }
    let Sizes {
        slot,
        session_0,
        session_8,
        session_5,
        buffer,
    } = sizes;
    let _ = write!(
        text,
        "\n`Session` takes {session_0} bytes and {slot} for each slot: {session_8} with 8 slots, and {session_5} with MQTT 5. `Buffer` takes {buffer} bytes in addition to its memory. Compiled by {compiler}.\n\n## Compared with other clients\n\n"
    );
    let rows: Vec<_> = programs
        .iter()
        .zip(images)
        .filter(|(row, _)| matches!(row.name, "engine" | "sample"))
        .map(|(row, image)| {
            let name = format!("motemq, `{}`, {}", row.name, row.profile);
            match row.selection {
                Selection::Mqtt5(_) => (name, image.code, "5.0", *session_5),
                _ => (name, image.code, "3.1.1", *session_8),
            }
        })
        .collect();
    text.push_str(peers::markdown(&rows).trim_end());
    text
}

/// What each part of the protocol costs the program `sample`, for the page about sizes.
pub fn parts(parts: &[(&str, u64)], compiler: &str) -> String {
    let full = parts.first().map_or(0, |(_, code)| *code);
    let mut text = String::from("| left out of `sample` | bytes | less |\n| --- | ---: | ---: |\n");
    for (what, code) in parts {
        let _ = writeln!(text, "| {what} | {code} | {} |", full.saturating_sub(*code));
    }
    let _ = write!(text, "\nCompiled by {compiler}.");
    text
}
