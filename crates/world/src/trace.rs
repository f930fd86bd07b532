//! What happened last, for whoever looks for the reason of a failure.
use std::collections::VecDeque;

/// Keeps the last lines, or none.
#[derive(Debug, Default)]
pub struct Trace {
    lines: VecDeque<String>,
    most: usize,
}

impl Trace {
    /// Keeps the last `most` lines.
    pub fn of(most: usize) -> Self {
        Trace {
            lines: VecDeque::new(),
            most,
        }
    }

    /// Adds a line, which is not even made if none is kept.
    pub fn add(&mut self, line: impl FnOnce() -> String) {
        if self.most == 0 {
            return;
        }
        if self.lines.len() == self.most {
            self.lines.pop_front();
        }
        self.lines.push_back(line());
    }

    /// All lines that are kept.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}
