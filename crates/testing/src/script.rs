//! A broker that follows a script in a thread of its own.
use crate::line::Exchange;
use std::{
    borrow::Cow,
    net::SocketAddr,
    thread::{self, JoinHandle},
};

/// A step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes come.
    Hears(Cow<'static, [u8]>),
    /// These are sent.
    Says(Cow<'static, [u8]>),
    /// The client hangs up; the last step of a connection.
    Ends,
}

/// The broker hears these bytes.
pub fn hears(bytes: impl Into<Cow<'static, [u8]>>) -> Step {
    Step::Hears(bytes.into())
}

/// The broker says these bytes.
pub fn says(bytes: impl Into<Cow<'static, [u8]>>) -> Step {
    Step::Says(bytes.into())
}

/// A broker that hears and says this, a list for each connection, and hangs up at the end of each.
/// The thread panics if something else comes.
pub fn play(connections: Vec<Vec<Step>>) -> (SocketAddr, JoinHandle<()>) {
    let exchange = Exchange::new();
    let addr = exchange.addr();
    let thread = thread::spawn(move || {
        for steps in connections {
            let mut line = exchange.next();
            for step in steps {
                match step {
                    Step::Hears(bytes) => line.hears(&bytes),
                    Step::Says(bytes) => line.says(&bytes),
                    Step::Ends => {
                        line.ends();
                        break;
                    }
                }
            }
        }
    });
    (addr, thread)
}
