//! Recordings: files with a message on each line, as JSON that `motemq sub --json` prints, too.
mod entry;
mod file;
mod lines;
mod parts;
mod properties;
mod repair;

pub use entry::{Entry, Recorded, Stamp};
pub use file::{Form, Recording};
pub use lines::Lines;
pub use parts::Limits;
pub use properties::Properties;
