//! Payloads larger than the buffers.
use crate::{
    server,
    support::{self, AT_ONCE, LEVELS, SOON, connect, next, options},
};
use motemq_std::{Client, Error, Filter, Publish, QoS, SessionState};
use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

#[test]
fn a_message_too_large_is_dropped_and_told_or_streamed() {
    let server = server();
    let mut from = connect(server.addr(), "from");
    let mut to = Client::connect(&options(server.addr(), "to").max_message(1000)).unwrap();
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        for len in [1001, 300_000] {
            from.publish_from("t", qos, false, len, io::repeat(1))
                .unwrap();
            from.publish(&Publish::to("t").payload(b"next").qos(qos))
                .unwrap();
            let error = to.recv(SOON).unwrap_err();
            assert!(
                matches!(&error, Error::MessageTooLarge { topic: Some(topic), len: told } if topic == "t" && *told == len),
                "{error:?}"
            );
            assert_eq!(next(&mut to).payload, b"next");
        }
        from.publish_from("t", qos, false, 300_000, io::repeat(1))
            .unwrap();
        let mut got = Vec::new();
        to.recv_into(SOON, |_| &mut got).unwrap().unwrap();
        assert!(got.len() == 300_000 && got.iter().all(|&byte| byte == 1));
    }
    assert_eq!(
        to.recv_into(Some(Duration::ZERO), |_| io::sink()).unwrap(),
        None
    );
    to.disconnect().unwrap();
    from.disconnect().unwrap();
}

#[test]
fn large_payloads_pass_in_both_directions_at_once() {
    let server = server();
    let mut client = Client::connect(&options(server.addr(), "a").max_message(64 << 20)).unwrap();
    client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let large: Vec<u8> = (0..6_000_000u32)
        .map(|n| (n ^ n >> 8 ^ n >> 16) as u8)
        .collect();
    let begin = Instant::now();
    for qos in LEVELS {
        // More than the sockets hold: whoever only wrote would wait for ever.
        for _ in 0..3 {
            client
                .send(&Publish::to("t").payload(&large).qos(qos))
                .unwrap();
        }
        client.flush().unwrap();
        for _ in 0..3 {
            assert!(next(&mut client).payload == large);
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
        let (mut from, _) =
            support::cut_client(server.addr(), &options, support::Cut::Written(at)).unwrap();
        for qos in [QoS::ExactlyOnce, QoS::AtLeastOnce] {
            from.send(&Publish::to("t").payload(&large).qos(qos))
                .unwrap();
        }
        from.flush().unwrap();
        assert_eq!(
            (from.session(), from.connections()),
            (SessionState::Resumed, 2),
            "{at}"
        );
        let mut got = [0, 0];
        while let Some(message) = to.recv(Some(Duration::from_millis(100))).unwrap() {
            assert!(message.payload == large, "{at}");
            got[message.qos as usize - 1] += 1;
        }
        assert!(got[0] >= 1 && got[1] == 1, "{at}: {got:?}");
        from.disconnect().unwrap();
        support::forget(server.addr(), "from");
    }
}

#[test]
fn a_sink_that_fails_loses_its_message_only() {
    struct Short(usize);
    impl Write for Short {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.0);
            self.0 -= n;
            Ok(n)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let server = server();
    let mut from = connect(server.addr(), "from");
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for len in [100, 300_000] {
        from.publish_from("t", QoS::ExactlyOnce, false, len, io::repeat(1))
            .unwrap();
        from.publish(&Publish::to("t").payload(b"next").qos(QoS::ExactlyOnce))
            .unwrap();
        let error = to.recv_into(SOON, |_| Short(50)).unwrap_err();
        assert!(matches!(error, Error::Sink(_)), "{error:?}");
        assert_eq!(next(&mut to).payload, b"next");
    }
}

#[test]
fn a_source_that_fails_publishes_nothing() {
    let server = server();
    let mut from = Client::connect(&options(server.addr(), "from").reconnect(AT_ONCE)).unwrap();
    let mut to = connect(server.addr(), "to");
    to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]).unwrap();
    for qos in LEVELS {
        let error = from
            .publish_from("t", qos, false, 300_000, io::repeat(1).take(200_000))
            .unwrap_err();
        assert!(matches!(error, Error::Source(_)), "{error:?}");
        from.publish(&Publish::to("t").payload(b"whole").qos(qos))
            .unwrap();
        assert_eq!(next(&mut to).payload, b"whole");
    }
}
