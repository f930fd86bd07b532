//! Time: keep alive and timeouts, with milliseconds that wrap.
use crate::script::*;
use motemq::*;

/// Connected at `start`.
fn open(start: u32, connect: Connect<'_>) -> Dialogue<4> {
    let mut d = Dialogue::<4>::new();
    d.connect(&connect);
    d.tx.clear();
    d.receives(connack(), &[NEW]);
    assert!(d.tick(start).is_ok());
    d.sends_nothing();
    d
}

/// Starting times: with some of them the clock wraps during the test.
const STARTS: [u32; 7] = [
    0,
    1,
    1_000_000,
    u32::MAX - 20_000,
    u32::MAX - 9_000,
    u32::MAX - 5,
    u32::MAX,
];

/// A PINGREQ is sent when three quarters of the keep alive have passed since something was sent,
/// also where the clock wraps, and `tick` returns how long that is.
#[test]
fn a_pingreq_is_sent_after_three_quarters_of_the_keep_alive() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(10));
        let at = |ms: u32| start.wrapping_add(ms);
        assert_eq!(
            (d.tick(start), d.tick(at(7499))),
            (Ok(Some(7500)), Ok(Some(1)))
        );
        d.sends_nothing();
        assert!(d.tick(at(7500)).is_ok());
        d.sends(pingreq());
        d.receives(pingresp(), &[]);
        assert_eq!(d.tick(at(7600)), Ok(Some(7400)));
        // Bytes that are sent postpone it, as long as bytes are received as well.
        d.publish(&Publish::to("t")).unwrap();
        d.receives(publish("t"), &[message("t", b"")]);
        assert_eq!(
            (d.tick(at(9000)), d.tick(at(16_499))),
            (Ok(Some(7500)), Ok(Some(1)))
        );
        d.sends(publish("t"));
        assert!(d.tick(at(16_500)).is_ok());
        d.sends(pingreq());
    }
}

/// A dead broker is found also by a client that keeps sending: when nothing was received for three
/// quarters of the keep alive, a PINGREQ asks for an answer.
#[test]
fn a_dead_broker_is_found_by_a_client_that_only_sends() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(60).timeout(10));
        let (mut pinged, mut second) = (None, 0);
        let found = loop {
            second += 1;
            d.publish(&Publish::to("t")).unwrap();
            let result = d.tick(start.wrapping_add(second * 1000));
            let bytes = d.tx.bytes().to_vec();
            d.tx.clear();
            if bytes.ends_with(&pingreq().to_bytes()) {
                assert_eq!(pinged.replace(second), None, "one PINGREQ asks at a time");
            }
            match result {
                // A late caller reads once more.
                Ok(_) => assert!(second < 70, "a dead broker is not found"),
                Err(fault) => break (second, fault),
            }
        };
        assert_eq!((pinged, found), (Some(45), (56, Fault::Timeout)));
    }
}

/// On a healthy connection, a client that only sends writes one PINGREQ in three quarters of the
/// keep alive, and a client that receives messages writes none.
#[test]
fn asking_a_healthy_broker_costs_one_pingreq_a_period() {
    for receives in [false, true] {
        let mut d = open(0, Connect::new("c").keep_alive(60).timeout(10));
        let mut pings = 0;
        for second in 1..=450 {
            d.publish(&Publish::to("t")).unwrap();
            if receives {
                d.receives(publish("t"), &[message("t", b"")]);
            }
            assert!(d.tick(second * 1000).is_ok());
            let asks = d.tx.bytes().ends_with(&pingreq().to_bytes());
            d.tx.clear();
            if asks {
                pings += 1;
                d.receives(pingresp(), &[]);
            }
        }
        assert!(pings == if receives { 0 } else { 9 }, "{pings}");
    }
}

/// A long upload is no sign that the broker is dead: that the transport takes more bytes is a sign
/// of life.
#[test]
fn a_long_upload_does_not_end_the_connection() {
    let mut d = open(0, Connect::new("c").keep_alive(10).timeout(2));
    d.publish(&Publish::to("t").remaining(200)).unwrap();
    for second in 1..=199 {
        assert_eq!(d.session.publish_chunk(b".", &mut d.tx), Ok(1));
        d.tx.clear();
        assert_eq!(d.tick(second * 1000), Ok(Some(7500)));
    }
    // A PINGREQ is due afterwards.
    assert_eq!(d.session.publish_chunk(b".", &mut d.tx), Ok(1));
    assert_eq!(d.tick(200_000), Ok(Some(7500)));
    d.sends(b".");
    assert_eq!(d.tick(207_500), Ok(Some(2000)));
    d.sends(pingreq());
    assert_eq!(d.tick(209_500), Ok(Some(0)));
    assert_eq!(d.tick(209_501), Err(Fault::Timeout));
}

/// Replies postpone a PINGREQ; incoming messages do not, since the broker counts only the bytes
/// that it receives.
#[test]
fn replies_postpone_a_pingreq_and_incoming_messages_do_not() {
    let mut d = open(0, Connect::new("c").keep_alive(10));
    d.receives(publish("t").qos1(5), &[message("t", b"").qos1(5)]);
    d.sends(puback(5));
    assert_eq!(d.tick(5000), Ok(Some(7500)));
    d.receives(publish("t"), &[message("t", b"")]);
    assert_eq!(d.tick(10_000), Ok(Some(2500)));
    d.receives(publish("t"), &[message("t", b"")]);
    assert!(d.tick(12_500).is_ok());
    d.sends(pingreq());
}

/// With a keep alive of 0, no PINGREQ is ever sent, and the caller may sleep without limit.
#[test]
fn no_pingreq_is_sent_without_keep_alive() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(0));
        for hours in 0..1000 {
            assert_eq!(d.tick(start.wrapping_add(hours * 3_600_000)), Ok(None));
        }
        d.sends_nothing();
    }
}

/// The longest keep alive is 65,535 seconds.
#[test]
fn the_longest_keep_alive_is_kept() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(65_535));
        assert_eq!(d.tick(start), Ok(Some(49_151_250)));
        assert_eq!(d.tick(start.wrapping_add(49_151_249)), Ok(Some(1)));
        d.sends_nothing();
        assert!(d.tick(start.wrapping_add(49_151_250)).is_ok());
        d.sends(pingreq());
    }
}

/// The shortest keep alive is one second.
#[test]
fn the_shortest_keep_alive_is_kept() {
    let mut d = open(0, Connect::new("c").keep_alive(1).timeout(10));
    for second in 0..20 {
        assert_eq!(d.tick(second * 750), Ok(Some(750)));
        if second > 0 {
            d.sends(pingreq());
            d.receives(pingresp(), &[]);
        }
        d.tick(second * 750 + 1).unwrap();
    }
}

/// CONNACK must arrive in time, also without keep alive; the timeout is reported by the second tick
/// that finds it passed.
#[test]
fn connack_must_arrive_in_time() {
    for start in STARTS {
        for keep_alive in [0, 1, 60] {
            let mut d = Dialogue::<2>::new();
            d.connect(&Connect::new("c").keep_alive(keep_alive).timeout(3));
            d.tx.clear();
            let at = |ms: u32| start.wrapping_add(ms);
            assert_eq!(
                (d.tick(start), d.tick(at(2999))),
                (Ok(Some(3000)), Ok(Some(1)))
            );
            assert_eq!(
                (d.tick(at(3000)), d.session.is_closed()),
                (Ok(Some(0)), false)
            );
            assert_eq!(
                (d.tick(at(3000)), d.session.is_closed()),
                (Err(Fault::Timeout), true)
            );
            // It is reported once.
            assert_eq!((d.tick(at(9000)), d.next_event()), (Ok(None), None));
            assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
            d.sends_nothing();
        }
    }
}

/// The default timeout is ten seconds; 0 means none.
#[test]
fn the_default_timeout_is_ten_seconds_and_0_is_none() {
    let mut d = Dialogue::<2>::new();
    d.connect(&Connect::new("c"));
    assert_eq!((d.tick(0), d.tick(9_999)), (Ok(Some(10_000)), Ok(Some(1))));
    d.connect(&Connect::new("c").timeout(255));
    assert_eq!(
        (d.tick(0), d.tick(254_999)),
        (Ok(Some(255_000)), Ok(Some(1)))
    );
    d.connect(&Connect::new("c").timeout(0));
    assert_eq!(
        (d.tick(0), d.tick(1_000_000_000), d.tick(2_000_000_000)),
        (Ok(None), Ok(None), Ok(None))
    );
    d.tx.clear();
    d.receives(connack(), &[NEW]);
    // The same holds for PINGRESP.
    d.tick(0).unwrap();
    d.tick(45_000).unwrap();
    d.sends(pingreq());
    for second in 46..90 {
        assert!(d.tick(second * 1000).is_ok());
    }
}

/// PINGRESP must come in time.
#[test]
fn pingresp_must_arrive_in_time() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(20).timeout(3));
        let at = |ms: u32| start.wrapping_add(ms);
        assert_eq!(d.tick(at(15_000)), Ok(Some(3000)));
        d.sends(pingreq());
        assert_eq!(
            (d.tick(at(17_999)), d.tick(at(18_000))),
            (Ok(Some(1)), Ok(Some(0)))
        );
        assert_eq!(
            (d.tick(at(18_001)), d.session.is_closed()),
            (Err(Fault::Timeout), true)
        );
    }
}

/// The timeout begins when PINGREQ is written, however long nothing was received before.
#[test]
fn the_timeout_counts_from_pingreq() {
    let mut d = open(0, Connect::new("c").keep_alive(100).timeout(1));
    assert_eq!(d.tick(75_000), Ok(Some(1000)));
    assert_eq!(d.tick(75_999), Ok(Some(1)));
    // A late caller sends it late.
    let mut d = open(0, Connect::new("c").keep_alive(100).timeout(1));
    assert_eq!(d.tick(400_000), Ok(Some(1000)));
    d.sends(pingreq());
    assert_eq!(d.tick(400_999), Ok(Some(1)));
}

/// A caller that is late reads once before the timeout is reported: bytes that waited in the
/// transport count.
#[test]
fn a_late_caller_reads_once_before_the_timeout() {
    let mut d = open(0, Connect::new("c").keep_alive(20).timeout(3));
    d.tick(15_000).unwrap();
    d.sends(pingreq());
    // The caller is busy for a minute, while PINGRESP is in the socket.
    assert_eq!(d.tick(75_000), Ok(Some(0)));
    d.receives(pingresp(), &[]);
    assert!(d.tick(75_001).is_ok());
    assert!(d.tick(75_002).is_ok());
    assert!(!d.session.is_closed());
    // The same holds for CONNACK.
    let mut d = Dialogue::<2>::new();
    d.connect(&Connect::new("c").timeout(1));
    d.tick(0).unwrap();
    assert_eq!(d.tick(60_000), Ok(Some(0)));
    d.tx.clear();
    d.receives(connack(), &[NEW]);
    assert_eq!(d.tick(60_001).map(|sleep| sleep.is_some()), Ok(true));
    d.tick(60_002).unwrap();
}

/// Bytes other than the awaited packet start the timeout again, and the caller reads once more
/// before it is reported.
#[test]
fn other_bytes_start_the_timeout_again() {
    let mut d = open(0, Connect::new("c").keep_alive(100).timeout(3));
    assert_eq!(d.tick(75_000), Ok(Some(3000)));
    for late in [78_000, 82_000, 86_000] {
        assert_eq!(d.tick(late), Ok(Some(0)));
        d.receives(publish("t"), &[message("t", b"")]);
        assert_eq!(d.tick(late + 1), Ok(Some(3000)));
    }
    assert_eq!(
        (d.tick(89_001), d.tick(89_001)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
}

/// The timeout is the same after a PINGREQ that had to wait for a stream.
#[test]
fn a_late_pingreq_has_the_same_timeout() {
    let mut d = open(0, Connect::new("c").keep_alive(4).timeout(1));
    d.publish(&Publish::to("t").remaining(1)).unwrap();
    d.tick(1).unwrap();
    d.tick(3001).unwrap();
    assert_eq!(d.tick(7001), Ok(Some(0)));
    d.session.publish_chunk(b"x", &mut d.tx).unwrap();
    assert_eq!(d.tick(7002), Ok(Some(1000)));
    d.sends([publish("t").payload(b"x"), pingreq()]);
    assert_eq!(
        (d.tick(8002), d.tick(8003)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
}

/// A long message that arrives slowly is a sign of life: PINGRESP waits behind it.
#[test]
fn a_slow_long_message_is_a_sign_of_life() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
    d.buffer(publish("t").remaining(1021));
    d.drain_events();
    let mut pings = 0;
    for second in 1..500 {
        d.buffer(b".");
        assert!(d.drain_events().len() <= 1);
        let sleep = d.tick(second * 2000);
        assert!(matches!(sleep, Ok(Some(1..))), "{second}: {sleep:?}");
        pings += d.tx.bytes().len() / 2;
        d.tx.clear();
    }
    assert!(pings > 100);
}

/// A packet that gathers in `rx` before it is delivered is a sign of life, too.
#[test]
fn bytes_in_rx_are_a_sign_of_life() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
    d.tick(6000).unwrap();
    d.buffer(publish("t").remaining(125));
    for second in 1..100 {
        d.buffer(b".");
        assert_eq!(d.drain_events(), []);
        assert!(d.tick(6000 + second * 2000).is_ok(), "{second}");
    }
}

/// Each single byte of a packet that gathers in a large `rx` is a sign of life.
#[test]
fn each_byte_in_a_large_rx_is_a_sign_of_life() {
    let mut d = Box::new(Dialogue::<1, 70_000, 64>::new());
    d.connect(&Connect::new("c").keep_alive(8).timeout(3));
    d.tx.clear();
    d.buffer(connack());
    d.drain_events();
    d.tick(0).unwrap();
    d.tick(6000).unwrap();
    // 65,535 bytes of a message of 69,000, then some more.
    d.buffer(publish("t").remaining(68_997));
    d.buffer([b'.'; 65_528]);
    for second in 1..10 {
        d.buffer(b".");
        assert_eq!(d.drain_events(), []);
        let now = 6000 + second * 4000;
        assert!(d.tick(now).is_ok() && d.tick(now).is_ok(), "{second}");
    }
}

/// An incomplete packet is no sign of life once it does not grow any more: the connection is dead.
#[test]
fn an_incomplete_packet_that_does_not_grow_is_no_sign_of_life() {
    for half in [
        &b"\x30\x0a\0\x01tabc"[..],
        b"\x30\x80\x08\0\x01tabc",
        b"\xd0",
        b"\x40\x02\0",
    ] {
        let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
        d.buffer(half);
        d.drain_events();
        d.tick(1).unwrap();
        assert_eq!(d.tick(6000), Ok(Some(3000)));
        d.drain_events();
        d.drain_events();
        assert_eq!(
            (d.tick(8999), d.tick(9000)),
            (Ok(Some(1)), Ok(Some(0))),
            "{half:02x?}"
        );
        d.drain_events();
        assert_eq!(d.tick(9001), Err(Fault::Timeout), "{half:02x?}");
    }
}

/// Bytes in `rx` that cannot be read are no sign of life.
#[test]
fn a_full_rx_is_no_sign_of_life() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
    d.tx.commit(256);
    d.buffer([publish("t").qos1(5), publish("t"), publish("t")]);
    assert_eq!(d.drain_events(), [message("t", b"").qos1(5)]);
    d.tick(1).unwrap();
    assert!(d.tick(6001).is_ok());
    for ms in (6500..14_000).step_by(500) {
        assert!(matches!(d.tick(ms), Ok(Some(1..))), "{ms}");
        assert_eq!(d.drain_events(), []);
    }
    assert_eq!(
        (d.tick(14_001), d.drain_events(), d.tick(14_001)),
        (Ok(Some(0)), vec![], Err(Fault::Timeout))
    );
}

/// Reads that fill a buffer of 64 KiB completely are a sign of life.
#[test]
fn full_reads_are_a_sign_of_life() {
    let mut d = Box::new(Dialogue::<1, 65_536>::new());
    d.connect(&Connect::new("c").keep_alive(8).timeout(5));
    d.tx.clear();
    d.buffer([connack(), publish("t").remaining(4_194_301)]);
    let Dialogue { session, rx, tx } = &mut *d;
    while session.next_event(rx, tx).unwrap().is_some() {}
    session.tick(0, tx).unwrap();
    for second in 1..60 {
        let all = rx.space().len();
        assert_eq!(all, 65_536);
        rx.commit(all);
        while session.next_event(rx, tx).unwrap().is_some() {}
        assert!(session.tick(second * 1000, tx).is_ok());
        assert!(session.tick(second * 1000, tx).is_ok(), "{second}");
        tx.clear();
    }
}

/// While reading is paused, the session sends PINGREQ and waits for nothing until it reads again.
#[test]
fn a_broker_is_not_dead_while_reading_is_paused() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(2));
    let mut pings = 0;
    for ms in (0..60_000).step_by(500) {
        d.session.on_reading_paused();
        assert!(d.tick(ms).is_ok(), "{ms}");
        pings += usize::from(d.tx.bytes() == pingreq().to_bytes());
        d.tx.clear();
        // PINGRESP is in the transport, which is not read.
    }
    assert_ne!(pings, 0);
    let found = (60_000..80_000).step_by(500).find(|ms| {
        let emitted = d.tick(*ms);
        d.tx.clear();
        emitted == Err(Fault::Timeout)
    });
    assert!(found.is_some_and(|ms| ms <= 70_000), "{found:?}");
}

/// A PINGREQ that cannot be written for one keep alive, while nothing is received, ends the
/// connection: `tx` is full, or a payload is not continued.
#[test]
fn a_pingreq_that_cannot_be_written_ends_the_connection() {
    for stream in [false, true] {
        for start in STARTS {
            let mut d = open(start, Connect::new("c").keep_alive(10));
            let at = |ms: u32| start.wrapping_add(ms);
            if stream {
                d.publish(&Publish::to("t").remaining(10)).unwrap();
            } else {
                d.tx.commit(255);
            }
            d.tick(start).unwrap();
            assert_eq!(
                (d.tick(at(7500)), d.tick(at(17_499))),
                (Ok(Some(10_000)), Ok(Some(1)))
            );
            assert_eq!(
                (d.tick(at(17_500)), d.tick(at(17_500))),
                (Ok(Some(0)), Err(Fault::Timeout))
            );
        }
    }
}

/// While something is received the connection stays open, and PINGREQ is written as soon as
/// possible.
#[test]
fn a_pingreq_is_written_late_while_something_is_received() {
    let mut d = open(0, Connect::new("c").keep_alive(10).timeout(2));
    d.tx.commit(255);
    for ms in (7500..60_000).step_by(5000) {
        assert!(matches!(d.tick(ms), Ok(Some(1..))), "{ms}");
        d.buffer(publish("t"));
        assert_eq!(d.drain_events(), [message("t", b"")]);
    }
    d.tx.clear();
    assert_eq!(d.tick(60_000), Ok(Some(2000)));
    d.sends(pingreq());
    d.receives(pingresp(), &[]);
    assert_eq!(d.tick(60_001), Ok(Some(7499)));
}

/// A command without room for its bytes does not count as something sent.
#[test]
fn a_failed_command_does_not_postpone_a_pingreq() {
    let mut d = open(0, Connect::new("c").keep_alive(10));
    d.publish(&Publish::to("t").remaining(1000)).unwrap();
    d.session.publish_chunk(&[0; 1000], &mut d.tx).unwrap();
    d.tick(0).unwrap();
    let mut emitted = Ok(None);
    for ms in (0..30_000).step_by(500) {
        assert_eq!(
            d.session.publish_chunk(&[0; 100], &mut d.tx),
            Err(SendError::Full),
            "{ms}"
        );
        assert!(d.publish(&Publish::to("t")).is_err());
        emitted = d.tick(ms);
        if emitted.is_err() {
            assert!(ms >= 17_500);
            break;
        }
    }
    assert_eq!(emitted, Err(Fault::Timeout));
}

/// An unexpected PINGRESP is ignored, and does not answer the next PINGREQ.
#[test]
fn an_unexpected_pingresp_is_ignored() {
    let mut d = open(0, Connect::new("c").keep_alive(20).timeout(3));
    d.receives([pingresp(), pingresp()], &[]);
    d.tick(1).unwrap();
    d.tick(15_000).unwrap();
    d.sends(pingreq());
    assert_eq!(
        (d.tick(18_000), d.tick(18_000)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
}

/// A caller that sleeps as long as `tick` returns misses nothing and never spins: simulated for a
/// day with a broker that answers at once.
#[test]
fn sleeping_as_long_as_tick_returns_misses_nothing() {
    for keep_alive in [1, 7, 60, 3600] {
        let mut d = open(u32::MAX - 1000, Connect::new("c").keep_alive(keep_alive));
        let mut now = u32::MAX - 1000;
        let (mut pings, mut since, mut ticks) = (0, 0, 0);
        let mut slept = 0u64;
        while slept < 86_400_000 {
            let sleep = d.tick(now).unwrap().unwrap();
            ticks += 1;
            if d.tx.bytes() == pingreq().to_bytes() {
                d.tx.clear();
                d.receives(pingresp(), &[]);
                (pings, since) = (pings + 1, 0);
                continue;
            }
            d.sends_nothing();
            assert!(sleep > 0);
            now = now.wrapping_add(sleep);
            slept += u64::from(sleep);
            since += sleep;
            assert!(
                since <= u32::from(keep_alive) * 1000,
                "nothing is sent for {since} ms"
            );
        }
        assert!(
            pings >= 86_400 / u64::from(keep_alive) && ticks <= 3 * pings + 3,
            "{pings} PINGREQs, {ticks} ticks"
        );
    }
}

/// The same calls give the same bytes (promise 2): the time of `tick` is the only clock.
#[test]
fn the_same_calls_give_the_same_bytes() {
    let run = || {
        let mut d = open(5, Connect::new("c").keep_alive(10));
        d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
        d.buffer([publish("t").qos2(5), pubrec(1)]);
        let emitted = d.drain_events();
        let sleeps = [d.tick(10), d.tick(9000), d.tick(20_000)];
        (emitted, sleeps, d.session, d.tx)
    };
    assert!(run() == run());
}

/// While an acknowledgement waits for the end of a stream, nothing is read, not even PINGRESP. As
/// long as the stream continues, the connection is not dead.
#[test]
fn an_upload_keeps_the_connection_alive_while_pingresp_is_unread() {
    let mut s = Session::<[Slot; 2]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let receive = |rx: &mut Buffer, packets: &[Packet]| {
        let bytes = packets.to_bytes();
        rx.space()[..bytes.len()].copy_from_slice(&bytes);
        rx.commit(bytes.len());
    };
    s.connect(
        &Connect::new("a").keep_alive(20).timeout(3),
        &mut rx,
        &mut tx,
    )
    .unwrap();
    tx.clear();
    receive(&mut rx, &[connack()]);
    s.next_event(&mut rx, &mut tx).unwrap();
    s.tick(0, &mut tx).unwrap();
    s.tick(15_000, &mut tx).unwrap();
    assert_eq!(tx.bytes(), pingreq().to_bytes());
    tx.clear();
    s.publish(&Publish::to("t").remaining(1000), &mut tx)
        .unwrap();
    tx.clear();
    receive(&mut rx, &[publish("t").qos1(5), pingresp()]);
    s.next_event(&mut rx, &mut tx).unwrap();
    for now in (15_100..25_000).step_by(100) {
        s.publish_chunk(b"1", &mut tx).unwrap();
        tx.clear();
        assert_eq!(s.next_event(&mut rx, &mut tx), Ok(None));
        assert!(s.tick(now, &mut tx).is_ok(), "{now}");
    }
    // The upload stalls: no payload is given any more.
    for now in (25_000..28_000).step_by(1000) {
        assert!(s.tick(now, &mut tx).is_ok(), "{now}");
    }
    s.tick(28_000, &mut tx).unwrap();
    assert_eq!(s.tick(28_000, &mut tx), Err(Fault::Timeout));
}
