//! Payloads larger than the buffers.
use crate::{
    server,
    support::{self, AT_ONCE, Caller, LEVELS, connect, done, next, nothing, options},
};
use motemq_std::{Error, Filter, Overflow, Publish, QoS, SessionState, UploadError};
use std::{
    io::{self, Read},
    time::{Duration, Instant},
};

#[test]
fn a_message_too_large_for_memory_is_streamed_or_discarded() {
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

#[test]
fn large_payloads_pass_in_both_directions_at_once() {
    let server = server();
    let mut client = Caller::connect(
        options(server.addr(), "a")
            .max_message(64 << 20)
            .backlog(64 << 20, Overflow::Disconnect),
    )
    .unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let large: Vec<u8> = (0..6_000_000u32)
        .map(|n| (n ^ n >> 8 ^ n >> 16) as u8)
        .collect();
    let begin = Instant::now();
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
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn large_messages_are_sent_again_when_they_were_cut() {
    let server = server();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    let large: Vec<u8> = (0..300_000u32).map(|n| (n ^ n >> 8) as u8).collect();
    for at in [1_000, 73_000, 100_000, 299_000, 300_100, 450_000, 600_000] {
        let options = options(server.addr(), "from").keep_session();
        let (from, _) = support::cutting::cut_client(
            server.addr(),
            &options,
            support::cutting::Cut::Written(at),
        );
        let receipts = [QoS::ExactlyOnce, QoS::AtLeastOnce]
            .map(|qos| from.send(&Publish::to("t").payload(&large).qos(qos)));
        for receipt in receipts {
            done(receipt).unwrap();
        }
        assert_eq!(from.connected(), Ok(SessionState::Resumed), "{at}");
        assert_eq!(from.counters().connections, 2, "{at}");
        let mut got = [0, 0];
        while let Some(message) = to.recv(Duration::from_millis(100)).unwrap() {
            assert!(message.payload == large, "{at}");
            got[message.qos as usize - 1] += 1;
        }
        assert!(got[0] >= 1 && got[1] == 1, "{at}: {got:?}");
        from.disconnect().unwrap();
        support::forget(server.addr(), "from");
    }
}

#[test]
fn a_reader_that_is_dropped_loses_its_message_only() {
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

#[test]
fn a_source_that_fails_publishes_nothing() {
    let server = server();
    let from = Caller::connect(options(server.addr(), "from").reconnect(AT_ONCE)).unwrap();
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
