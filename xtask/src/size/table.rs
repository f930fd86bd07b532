//! The figures as a table, and the README that holds it.
use super::{
    image::{Image, Sizes},
    peers,
};
use std::{fmt::Write, fs, path::Path};

/// Between these lines of the README stands what is measured.
const BEGIN: &str = "<!-- cargo xtask size --write -->";
const END: &str = "<!-- end -->";

/// The programs and the types, for the README.
pub fn markdown(programs: &[(&str, &str)], images: &[(&str, Image)], sizes: &Sizes, compiler: &str) -> String {
    let mut text =
        String::from("| program | what it is | code and constants | `mem*` | static RAM |\n| --- | --- | ---: | ---: | ---: |\n");
    for ((name, image), (_, what)) in images.iter().zip(programs) {
        let _ = writeln!(text, "| `{name}` | {what} | {} | {} | {} |", image.code, image.intrinsics, image.statics);
    }
    let Sizes { slot, session_0, session_8, buffer } = sizes;
    let _ = write!(
        text,
        "\n`Session` takes {session_0} bytes and {slot} for each slot: {session_8} with 8 slots. `Buffer` takes {buffer} bytes beside its memory. Compiled by {compiler}.\n\n"
    );
    if let Some((_, engine)) = images.first() {
        text.push_str(peers::markdown(engine.code, *session_8).trim_end());
    }
    text
}

/// The README holds this table; or now it does. Figures of another compiler are not compared.
///
/// # Errors
/// It says otherwise, and is not to be written.
pub fn keep(readme: &Path, table: &str, compiler: &str, write: bool) -> Result<(), String> {
    let name = readme.display();
    let text = fs::read_to_string(readme).map_err(|error| format!("cannot read {name}: {error}"))?;
    let (old, new) = put(&text, table).ok_or_else(|| format!("{name} has no place for it between `{BEGIN}` and `{END}`"))?;
    if new == text {
        return Ok(());
    }
    if write {
        return fs::write(readme, new).map_err(|error| format!("cannot write {name}: {error}"));
    }
    if !old.contains(&format!("Compiled by {compiler}.")) {
        println!("The README's figures are another compiler's, and not compared.");
        return Ok(());
    }
    Err("the README says otherwise: find out why a figure rose, say so in the changelog, and type `cargo xtask size --write`".into())
}

/// What stood in the table's place, and the text with it.
fn put<'t>(text: &'t str, table: &str) -> Option<(&'t str, String)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    Some((old, format!("{before}{BEGIN}\n{table}\n{END}{after}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_between_its_lines() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(put(&text, "new"), Some(("\nold\n", format!("a\n{BEGIN}\nnew\n{END}\nb\n"))));
        assert_eq!(put("a", "new"), None);
    }
}
