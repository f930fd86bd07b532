//! Completions for shells and manual pages, generated from the definition of the options.
use crate::{
    args::{self, Grammar, Section},
    exit::{Exit, Failure},
};
use clap::{Arg, Command};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use std::io::{self, Write};

/// Prints completions for a shell.
pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut tree = args::tree(offered);
    clap_complete::generate(shell, &mut tree, "motemq", &mut script);
    print(&script)
}

/// Returns what shells offer of a command: not the options that are only there to be refused, and
/// not `-?`, which is a pattern in most shells and an error in the script for fish.
fn offered(name: &'static str, command: Command) -> Command {
    let options = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let options = options.map(|arg| match arg.get_short() {
        Some('?') => arg.clone().short(None),
        _ => arg.clone(),
    });
    Command::new(name)
        .about(command.get_about().cloned().unwrap_or_default())
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(options)
}

/// Returns a command for its manual page.
fn documented(name: &'static str, command: Command) -> Command {
    if name == "motemq" {
        return command;
    }
    command.name(name).display_name(format!("motemq-{name}"))
}

/// Prints the manual page about a verb, or about the whole command.
pub fn manual(verb: Option<&str>) -> Result<Exit, Failure> {
    let page = page(verb).map_err(|error| Failure::of_stdout(&error))?;
    print(&page)
}

fn page(verb: Option<&str>) -> io::Result<Vec<u8>> {
    let mut tree = args::tree(documented);
    tree.build();
    let (command, grammar) = match verb {
        None => (&tree, Grammar::Flags),
        Some(verb) => (
            tree.find_subcommand(verb).unwrap_or(&tree),
            Grammar::named(verb).unwrap_or(Grammar::Flags),
        ),
    };
    // A page of its own has what follows the options as sections.
    let sections = args::sections(grammar);
    let man = Man::new(summarized(command.clone()).mut_args(with_aliases))
        // None, which would be that of the build; an empty one would be left out.
        .date(" ")
        .manual("User Commands")
        .source(concat!("motemq ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if verb.is_none() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    for Section { title, text } in &sections {
        roff.control("SH", [title.to_uppercase().as_str()]);
        // Lines are as they are: examples and tables.
        roff.control("nf", []);
        for line in text.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff.to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// Gives a command its first sentence as the summary, which has one line.
fn summarized(command: Command) -> Command {
    let Some(about) = command.get_about().map(ToString::to_string) else {
        return command;
    };
    let first = about.split(". ").next().unwrap_or_default().to_owned();
    command.about(first).long_about(about)
}

/// Names the aliases of an option in its help, as `--help` does.
fn with_aliases(option: Arg) -> Arg {
    let aliases = option.get_visible_aliases().unwrap_or_default();
    let Some(help) = option.get_help().filter(|_| !aliases.is_empty()) else {
        return option;
    };
    let text = format!("{help} [aliases: --{}]", aliases.join(", --"));
    option.help(text)
}

fn print(text: &[u8]) -> Result<Exit, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::of_stdout(&error)),
        _ => Ok(Exit::Done),
    }
}
