//! Transports of the caller's.
use crate::{
    server,
    support::{self, Caller, LEVELS, SOON, next},
};
use motemq_std::{
    Address, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, State, Transport,
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

#[test]
fn both_ends_cut_at_random_lose_and_double_nothing() {
    let server = server();
    let broker = server.addr();
    (0..5).for_each(|seed| support::cutting::cut_at_random(broker, seed, true));
}

/// A transport that gives and takes one byte at a time, and says `WouldBlock` in between.
struct Tiresome {
    stream: TcpStream,
    paused: [bool; 2],
}

impl Tiresome {
    fn pause(&mut self, direction: usize) -> io::Result<()> {
        self.paused[direction] = !self.paused[direction];
        if self.paused[direction] {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            Ok(())
        }
    }
}

impl Read for Tiresome {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pause(0)?;
        self.stream.read(&mut buffer[..1])
    }
}

impl Write for Tiresome {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pause(1)?;
        self.stream.write(&bytes[..1])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Transport for Tiresome {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        Transport::set_read_timeout(&mut self.stream, limit)
    }
}

#[test]
fn any_transport_will_do() {
    let server = server();
    let addr = server.addr();
    let dial = move |_: &Address| {
        let stream = TcpStream::connect(addr)?;
        let boxed: Box<dyn Transport> = Box::new(Tiresome {
            stream,
            paused: [false; 2],
        });
        Ok(boxed)
    };
    let options = Options::new("a").reconnect(Reconnect::Never);
    let mut client = Caller::dialing(options, dial).unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    for qos in LEVELS {
        client
            .publish(&Publish::to("t").payload(b"hello").qos(qos))
            .unwrap();
        assert_eq!(next(&mut client).payload, &b"hello"[..]);
    }
    server.cut_all();
    // There is to be no other one.
    assert!(client.recv(SOON).is_err());
    let state = client.state();
    assert!(
        matches!(
            &state,
            State::Ended(Ended::GaveUp(
                DisconnectReason::Closed(_) | DisconnectReason::Transport(_)
            ))
        ),
        "{state:?}"
    );
}
