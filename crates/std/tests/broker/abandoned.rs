//! Messages over which the broker breaks the protocol, or ends each connection.
use crate::{
    script::{HELLO_KEEPING, Hears, HungUp, NEW, RESUMED, Says, script},
    support::{AT_ONCE, Caller, SOON, options},
};
use motemq_std::{Client, Error, Fault, Publish, QoS, RequestError};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

#[test]
fn what_the_broker_goes_wrong_over_twice_is_abandoned() {
    // RabbitMQ 3.10 answers QoS 2 with PUBACK.
    let (addr, broker) = script(vec![
        vec![
            HELLO_KEEPING,
            NEW,
            Hears(b"\x34\x06\0\x01t\0\x011"),
            Says(b"\x40\x02\0\x01"),
            HungUp,
        ],
        vec![
            HELLO_KEEPING,
            RESUMED,
            Hears(b"\x3c\x06\0\x01t\0\x011"),
            Says(b"\x40\x02\0\x01"),
            HungUp,
        ],
        vec![
            HELLO_KEEPING,
            RESUMED,
            Hears(b"\x62\x02\0\x01"),
            Says(b"\x70\x02\0\x01"),
            Hears(b"\x32\x06\0\x01t\0\x022"),
            Says(b"\x40\x02\0\x02"),
            Hears(b"\xe0\0"),
        ],
    ]);
    let client = Caller::connect(options(addr, "a").keep_session().reconnect(AT_ONCE)).unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce))
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Request(RequestError::Abandoned(Fault::Unexpected))
        ),
        "{error:?}"
    );
    client
        .publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce))
        .unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// As Azure IoT Hub does, it hangs up at each message with QoS 2.
fn hangs_up_at_qos_2(listener: &TcpListener) -> io::Result<usize> {
    for connection in 0.. {
        let (mut stream, _) = listener.accept()?;
        stream.read_exact(&mut [0; 15])?;
        stream.write_all(&[0x20, 2, u8::from(connection > 0), 0])?;
        loop {
            let mut packet = [0; 2];
            stream.read_exact(&mut packet)?;
            let mut rest = vec![0; packet[1].into()];
            stream.read_exact(&mut rest)?;
            match packet[0] {
                // Given up: its identifier is released.
                0x62 => stream.write_all(&[0x70, 2, rest[0], rest[1]])?,
                0x32 => stream.write_all(&[0x40, 2, rest[3], rest[4]])?,
                0xe0 => return Ok(connection),
                publish => {
                    assert!(matches!(publish, 0x34 | 0x3c), "{publish:#x}");
                    break;
                }
            }
        }
    }
    unreachable!("it hangs up for ever")
}

#[test]
fn a_message_that_ends_each_connection_is_sent_until_the_client_leaves() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let broker = thread::spawn(move || hangs_up_at_qos_2(&listener));
    let client = Caller::connect(
        options(addr, "a")
            .keep_session()
            .reconnect(AT_ONCE)
            .ack_timeout(Some(Duration::from_millis(500))),
    )
    .unwrap();
    let mut receipt = client.send(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce));
    // Each connection ends at it, and the state says why.
    let begun = Instant::now();
    while client.counters().connections < 4 {
        assert!(begun.elapsed() < SOON);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(receipt.poll(), None);
    let left = Client::clone(&client).disconnect(Duration::from_millis(500));
    assert!(left.is_err());
    drop((client, receipt));
    // The broker waits for another connection, unless the last one ended in the middle of a packet.
    if let Ok(mut last) = TcpStream::connect(addr) {
        let _ = last.write_all(&[&[0; 15][..], &[0xe0, 0]].concat());
    }
    let _ = broker.join().unwrap();
}
