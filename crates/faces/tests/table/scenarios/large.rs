//! Payloads larger than the buffers.
use super::face::{Error, Filter, Overflow, Publish, QoS, SessionState, UploadError};
use super::support::{
    Caller, LEVELS, SOON, accepted, connect, done, next, nothing, options, returning, server,
};
use motemq_testing::line::{HELLO, NEW};
use motemq_testing::{adapter_tests::Road, link::Direction, proxy::Plan};
use std::{
    io::{self, Read},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

pub fn a_message_too_large_for_memory_is_streamed_or_discarded() {
    let server = server();
    let from = connect(server.addr(), "from");
    let mut to = Caller::connect(options(server.addr(), "to").max_message(1000)).unwrap();
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        for len in [1001, 300_000] {
            let publish = Publish::to("t").qos(qos).remaining(len);
            for is_read in [true, false] {
                from.publish_from(&publish, io::repeat(1)).unwrap();
                from.publish(&Publish::to("t").payload(b"next").qos(qos))
                    .unwrap();
                let message = next(&mut to);
                assert_eq!((&*message.topic, message.len), ("t", len.into()));
                // What arrives in one piece needs no more memory.
                assert!(message.is_whole() == (len == 1001));
                if is_read {
                    let mut got = Vec::new();
                    message.into_reader().read_to_end(&mut got).unwrap();
                    assert!(got.len() == len as usize && got.iter().all(|&byte| byte == 1));
                } else {
                    drop(message);
                }
                assert_eq!(next(&mut to).payload, &b"next"[..]);
            }
        }
    }
    nothing(&mut to);
    to.disconnect().unwrap();
    from.disconnect().unwrap();
}

pub fn large_payloads_pass_in_both_directions_at_once() {
    let server = server();
    let options = options(server.addr(), "a")
        .max_message(64 << 20)
        .backlog(64 << 20, Overflow::Disconnect);
    let mut client = Caller::connect(options).unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let large: Vec<u8> = (0..6_000_000u32)
        .map(|n| (n ^ n >> 8 ^ n >> 16) as u8)
        .collect();
    let begun = Instant::now();
    for qos in LEVELS {
        // More than the sockets hold: whoever only wrote would wait for ever.
        let receipts = [(); 3].map(|()| client.send(&Publish::to("t").payload(&large).qos(qos)));
        for _ in 0..3 {
            assert!(next(&mut client).payload == large);
        }
        for receipt in receipts {
            done(receipt).unwrap();
        }
    }
    // It takes a second, unless somebody waits for something that will not come.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

pub fn large_messages_are_sent_again_when_they_were_cut() {
    let road = Road::new();
    let mut to = connect(road.server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let large: Vec<u8> = (0..300_000u32).map(|n| (n ^ n >> 8) as u8).collect();
    for at in [1_000, 73_000, 100_000, 299_000, 300_100, 450_000, 600_000] {
        road.proxy.plan(Plan::cut_after(Direction::Up, at));
        let options = returning(road.proxy.addr(), &format!("from {at}")).keep_session();
        let from = Caller::connect(options).unwrap();
        let receipts = [QoS::ExactlyOnce, QoS::AtLeastOnce]
            .map(|qos| from.send(&Publish::to("t").payload(&large).qos(qos)));
        for receipt in receipts {
            done(receipt).unwrap();
        }
        assert_eq!(from.connected(), Ok(SessionState::Resumed), "{at}");
        assert_eq!(from.counters().connections, 2, "{at}");
        let end = Publish::to("t").payload(b"end").qos(QoS::ExactlyOnce);
        from.publish(&end).unwrap();
        let mut got = [0, 0];
        loop {
            let message = next(&mut to);
            if message.payload == "end" {
                break;
            }
            assert!(message.payload == large, "{at}");
            got[message.qos as usize - 1] += 1;
        }
        assert!(got[0] >= 1 && got[1] == 1, "{at}: {got:?}");
        from.disconnect().unwrap();
    }
}

pub fn a_reader_that_is_dropped_loses_its_message_only() {
    let server = server();
    let from = connect(server.addr(), "from");
    let mut to = Caller::connect(options(server.addr(), "to").max_message(50)).unwrap();
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for len in [100, 300_000] {
        let publish = Publish::to("t").qos(QoS::ExactlyOnce).remaining(len);
        from.publish_from(&publish, io::repeat(1)).unwrap();
        from.publish(&Publish::to("t").payload(b"next").qos(QoS::ExactlyOnce))
            .unwrap();
        let mut reader = next(&mut to).into_reader();
        reader.read_exact(&mut [0; 50]).unwrap();
        drop(reader);
        assert_eq!(next(&mut to).payload, &b"next"[..]);
    }
}

/// What is longer than memory allows is read as it comes.
pub fn a_large_message_is_read_in_pieces() {
    let (client, _running, exchange, mut line) = accepted(|options| options.max_message(100));
    let mut stream = client.messages();
    // 100,000 bytes with QoS 1.
    line.says(b"\x32\xa5\x8d\x06\0\x01t\0\x07");
    line.says(&[7; 50_000]);
    let message = stream.recv_timeout(SOON).unwrap();
    assert_eq!((message.len, message.is_whole()), (100_000, false));
    let mut reader = message.clone().into_reader();
    let mut half = vec![0; 50_000];
    reader.read_exact(&mut half).unwrap();
    // The next byte is not there before it has come.
    let (gives, given) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut rest = vec![0; 1];
        reader.read_exact(&mut rest).unwrap();
        gives.send(()).unwrap();
        reader.read_to_end(&mut rest).unwrap();
        rest
    });
    let early = given.recv_timeout(Duration::from_millis(200));
    assert!(early.is_err());
    line.says(&[8; 50_000]);
    let rest = reading.join().unwrap();
    assert_eq!((half, rest), (vec![7; 50_000], vec![8; 50_000]));
    line.hears(b"\x40\x02\0\x07");
    drop(message);
    // One that nobody reads does not stand in the way.
    line.says(b"\x32\xa5\x8d\x06\0\x01t\0\x08");
    line.says(&[7; 50_000]);
    drop(stream.recv_timeout(SOON).unwrap());
    line.says(&[7; 50_000]);
    line.says(b"\x30\x04\0\x01t!");
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "!");
    line.hears(b"\x40\x02\0\x08");
    // One that is cut off says so.
    line.says(b"\x32\xa5\x8d\x06\0\x01t\0\x09");
    line.says(&[7; 50_000]);
    let message = stream.recv_timeout(SOON).unwrap();
    drop(line);
    let error = message
        .into_reader()
        .read_to_end(&mut Vec::new())
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let _line = exchange.accepts(HELLO, NEW);
}

pub fn a_source_that_fails_publishes_nothing() {
    let server = server();
    let from = Caller::connect(returning(server.addr(), "from")).unwrap();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        let publish = Publish::to("t").qos(qos).remaining(300_000);
        let error = from
            .publish_from(&publish, io::repeat(1).take(200_000))
            .unwrap_err();
        assert!(
            matches!(error, Error::Upload(UploadError::Source(_))),
            "{error:?}"
        );
        from.publish(&Publish::to("t").payload(b"whole").qos(qos))
            .unwrap();
        assert_eq!(next(&mut to).payload, &b"whole"[..]);
    }
}
