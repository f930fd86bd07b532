//! The options that say what one message is.
use clap::Args;
use std::{ffi::OsString, path::PathBuf};

#[derive(Args, Debug, Default)]
pub struct SourceArgs {
    /// This text, once
    #[arg(
        short = 'm',
        long = "message",
        value_name = "TEXT",
        group = "source",
        allow_hyphen_values = true
    )]
    pub text: Option<OsString>,

    /// An empty message, once; with -r it deletes the retained message
    #[arg(short = 'n', long = "null-message", group = "source")]
    pub empty: bool,

    /// The content of FILE as one message, once
    #[arg(short, long, value_name = "FILE", group = "source")]
    pub file: Option<PathBuf>,

    /// All of stdin as one message, once
    #[arg(short = 's', long = "stdin-file", group = "source")]
    pub stdin: bool,
}
