//! Transports of the caller's.
use crate::{SOON, server};
use motemq_std::{
    Address, Client, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, State,
    Transport,
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

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
    let (client, driver) = Client::dialing(options, dial).unwrap();
    let driver = thread::spawn(move || driver.run());
    let mut stream = client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let publish = Publish::to("t").payload(b"hello").qos(qos);
        client.publish(&publish).unwrap().wait().unwrap();
        let message = stream.recv_timeout(SOON).unwrap();
        assert_eq!(message.payload, &b"hello"[..]);
    }
    server.cut_all();
    // There is to be no other one.
    driver.join().unwrap().unwrap_err();
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
