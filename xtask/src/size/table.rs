//! The figures as a table.
use super::{
    image::{Image, Sizes},
    peers,
};
use std::fmt::Write;

/// The programs and the types, for the README.
pub fn markdown(
    programs: &[(&str, &str)],
    images: &[(&str, Image)],
    sizes: &Sizes,
    compiler: &str,
) -> String {
    let mut text = String::from(
        "| program | what it is | code and constants | `mem*` | static RAM |\n| --- | --- | ---: | ---: | ---: |\n",
    );
    for ((name, image), (_, what)) in images.iter().zip(programs) {
        let _ = writeln!(
            text,
            "| `{name}` | {what} | {} | {} | {} |",
            image.code, image.intrinsics, image.statics
        );
    }
    let Sizes {
        slot,
        session_0,
        session_8,
        buffer,
    } = sizes;
    let _ = write!(
        text,
        "\n`Session` takes {session_0} bytes and {slot} for each slot: {session_8} with 8 slots. `Buffer` takes {buffer} bytes beside its memory. Compiled by {compiler}.\n\n"
    );
    if let Some((_, engine)) = images.first() {
        text.push_str(peers::markdown(engine.code, *session_8).trim_end());
    }
    text
}
