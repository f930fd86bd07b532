//! Messages arrive, each QoS as it promises, whatever happens to the link.
use crate::{
    server,
    support::{self, Caller, LEVELS, SOON, connect, done, next, options},
};
use motemq_std::{
    Address, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, State, Transport,
    publish_once,
};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

#[test]
fn messages_of_each_qos_arrive() {
    let server = server();
    let mut client = connect(server.addr(), "a");
    for qos in LEVELS {
        assert_eq!(client.subscribe(&[Filter::new("t", qos)]).unwrap(), [qos]);
        client
            .publish(&Publish::to("t").payload(b"x").qos(qos))
            .unwrap();
        assert_eq!(next(&mut client).qos, qos);
    }
    client.disconnect().unwrap();
    for qos in LEVELS {
        let publish = Publish::to("t").qos(qos);
        publish_once(options(server.addr(), "b"), &publish, SOON).unwrap();
    }
}

#[test]
fn a_thousand_are_under_way_at_once() {
    let server = server();
    let mut from = Caller::connect(options(server.addr(), "from").in_flight(1024)).unwrap();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        let sender = thread::spawn(move || {
            let receipts: Vec<_> = (0..5000u16)
                .map(|n| from.send(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos)))
                .collect();
            for receipt in receipts {
                done(receipt).unwrap();
            }
            from
        });
        for n in 0..5000u16 {
            assert_eq!(next(&mut to).payload[..], n.to_be_bytes(), "{qos:?}");
        }
        from = sender.join().unwrap();
    }
}

#[test]
fn a_publisher_cut_at_any_byte_loses_and_doubles_nothing() {
    let places = support::cutting::cut_publisher_everywhere(server().addr());
    assert!(places > 100, "{places}");
}

#[test]
fn both_ends_cut_at_random_lose_and_double_nothing() {
    let server = server();
    let broker = server.addr();
    (0..5).for_each(|seed| support::cutting::cut_at_random(broker, seed, true));
}

#[test]
fn a_subscriber_cut_at_any_byte_loses_and_doubles_nothing() {
    let places = support::cutting::cut_subscriber_everywhere(server().addr());
    assert!(places > 80, "{places}");
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
