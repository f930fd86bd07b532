//! The printer of messages, as the options describe it.
use crate::{
    args::PrintArgs,
    exit::{Exit, Failure},
    output::{Format, Printer},
    patient::Patient,
    screen::Screen,
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Large messages are written in one piece.
const BUFFER: usize = 64 << 10;

/// The output of messages.
pub type Output = BufWriter<Patient<Box<dyn Write>>>;

/// Makes the printer that the options describe.
pub fn printer(args: &PrintArgs) -> Result<Printer<Output>, Failure> {
    let out = open(args.output.as_deref())?;
    let screen = match args.output {
        None => Screen::of(&io::stdout()),
        Some(_) => Screen::None,
    };
    let out = BufWriter::with_capacity(BUFFER, Patient(out));
    Ok(Printer::new(out, format(args), screen))
}

/// Returns the form in which messages are printed.
pub fn format(args: &PrintArgs) -> Format {
    let line_end = !args.no_line_end;
    if args.json {
        Format::Json {
            is_indented: args.pretty,
        }
    } else if let Some(template) = args.format.clone() {
        let template = if args.pretty {
            template.indented()
        } else {
            template
        };
        Format::Template { template, line_end }
    } else {
        Format::Plain {
            topic: args.verbose,
            line_end,
        }
    }
}

/// Opens the output.
fn open(file: Option<&Path>) -> Result<Box<dyn Write>, Failure> {
    match file {
        None => Ok(Box::new(io::stdout().lock())),
        Some(path) => match File::create(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(Failure::new(
                Exit::Files,
                format_args!("cannot write to {}: {error}", path.display()),
            )),
        },
    }
}
