//! A broker that follows a script.
use crate::support::SOON;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Mutex,
    thread::{self, JoinHandle},
};

/// A broker that hears and says these bytes, a list for each connection, and hangs up at the end of
/// each.
pub fn script(connections: Vec<Vec<Step>>) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        for steps in connections {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            for step in steps {
                match step {
                    Hears(bytes) => {
                        let mut heard = vec![0; bytes.len()];
                        stream.read_exact(&mut heard).unwrap();
                        assert_eq!(heard, bytes);
                    }
                    Says(bytes) => stream.write_all(bytes).unwrap(),
                    HungUp => match stream.read(&mut [0]) {
                        Ok(n) => assert_eq!(n, 0),
                        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
                    },
                }
            }
        }
    });
    (addr, thread)
}

/// Keeps bytes that are made for a test up to the end, where they can be seen not to be lost.
pub fn keep(bytes: Vec<u8>) -> &'static [u8] {
    static KEPT: Mutex<Vec<&'static [u8]>> = Mutex::new(Vec::new());
    let bytes: &'static [u8] = bytes.leak();
    KEPT.lock().unwrap().push(bytes);
    bytes
}

pub enum Step {
    Hears(&'static [u8]),
    Says(&'static [u8]),
    /// The client hangs up first.
    HungUp,
}

pub use Step::{Hears, HungUp, Says};

pub const HELLO: Step = Hears(b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a");
pub const HELLO_KEEPING: Step = Hears(b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a");
pub const NEW: Step = Says(b"\x20\x02\0\0");
pub const RESUMED: Step = Says(b"\x20\x02\x01\0");
