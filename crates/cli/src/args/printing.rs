//! The options that say how messages are printed.
use crate::format::Template;
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct PrintArgs {
    /// Print to FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Print the topic before each message; (null) stands for an empty one
    #[arg(short, long, conflicts_with = "json")]
    pub verbose: bool,

    /// Print each message in this format; see below
    #[arg(short = 'F', long, value_name = "FORMAT", value_parser = Template::parse, allow_hyphen_values = true, conflicts_with = "json")]
    pub format: Option<Template>,

    /// Print no line end after each message
    #[arg(short = 'N', long, conflicts_with = "json")]
    pub no_line_end: bool,

    /// Print a JSON object for each message, on a line of its own
    #[arg(long)]
    pub json: bool,

    /// With --json, or %j and %J of -F: indent the objects, on lines of their own
    #[arg(long)]
    pub pretty: bool,
}
