//! Time: keep-alive, and what may not take longer. Milliseconds that wrap.
mod script;
use motemq::*;
use script::*;

/// Connected at `start`, by a clock that began long ago.
fn open(start: u32, connect: Connect<'_>) -> Dialogue<4> {
    let mut d = Dialogue::<4>::new();
    d.connect(&connect);
    d.tx.clear();
    d.hears(b"\x20\x02\0\0", &[NEW]);
    assert!(d.at(start).is_ok());
    d.silent();
    d
}

/// Moments at which a clock is about to wrap, at some place of what follows, or is not.
const STARTS: [u32; 7] = [
    0,
    1,
    1_000_000,
    u32::MAX - 20_000,
    u32::MAX - 9_000,
    u32::MAX - 5,
    u32::MAX,
];

/// A PINGREQ is sent when three quarters of the keep alive have passed since something was sent, and
/// `tick` returns how long that is.
#[test]
fn keep_alive_over_the_wrap() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(10));
        let at = |ms: u32| start.wrapping_add(ms);
        assert_eq!((d.at(start), d.at(at(7499))), (Ok(Some(7500)), Ok(Some(1))));
        d.silent();
        assert!(d.at(at(7500)).is_ok());
        d.says(b"\xc0\0");
        d.hears(b"\xd0\0", &[]);
        assert_eq!(d.at(at(7600)), Ok(Some(7400)));
        // What is sent puts it off, as long as something is received, too.
        d.publish(&Publish::to("t")).unwrap();
        d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
        assert_eq!(
            (d.at(at(9000)), d.at(at(16_499))),
            (Ok(Some(7500)), Ok(Some(1)))
        );
        d.says(b"\x30\x03\0\x01t");
        assert!(d.at(at(16_500)).is_ok());
        d.says(b"\xc0\0");
    }
}

/// A broker that is gone is found by a client that goes on sending, too: when nothing was received
/// for three quarters of the keep alive, a PINGREQ asks for an answer.
#[test]
fn a_dead_broker_is_found_by_a_client_that_only_sends() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(60).timeout(10));
        let (mut pinged, mut second) = (None, 0);
        let found = loop {
            second += 1;
            d.publish(&Publish::to("t")).unwrap();
            let result = d.at(start.wrapping_add(second * 1000));
            let bytes = d.tx.bytes().to_vec();
            d.tx.clear();
            if bytes.ends_with(b"\xc0\0") {
                assert_eq!(pinged.replace(second), None, "one PINGREQ asks at a time");
            }
            match result {
                // A caller who is late looks once more.
                Ok(_) => assert!(second < 70, "a dead broker is not found"),
                Err(fault) => break (second, fault),
            }
        };
        assert_eq!((pinged, found), (Some(45), (56, Fault::Timeout)));
    }
}

/// On a healthy connection the question costs a client that only sends one PINGREQ in three quarters
/// of the keep alive, and a client that receives none at all.
#[test]
fn asking_a_healthy_broker_costs_one_pingreq_a_period() {
    for receives in [false, true] {
        let mut d = open(0, Connect::new("c").keep_alive(60).timeout(10));
        let mut pings = 0;
        for second in 1..=450 {
            d.publish(&Publish::to("t")).unwrap();
            if receives {
                d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
            }
            assert!(d.at(second * 1000).is_ok());
            let asks = d.tx.bytes().ends_with(b"\xc0\0");
            d.tx.clear();
            if asks {
                pings += 1;
                d.hears(b"\xd0\0", &[]);
            }
        }
        assert!(pings == if receives { 0 } else { 9 }, "{pings}");
    }
}

/// An upload that takes long is no sign that the broker is gone: that the transport takes more is a
/// sign of life.
#[test]
fn a_long_upload_is_no_dead_broker() {
    let mut d = open(0, Connect::new("c").keep_alive(10).timeout(2));
    d.publish(&Publish::to("t").remaining(200)).unwrap();
    for second in 1..=199 {
        assert_eq!(d.session.publish_chunk(b".", &mut d.tx), Ok(1));
        d.tx.clear();
        assert_eq!(d.at(second * 1000), Ok(Some(7500)));
    }
    // The question is asked afterwards.
    assert_eq!(d.session.publish_chunk(b".", &mut d.tx), Ok(1));
    assert_eq!(d.at(200_000), Ok(Some(7500)));
    d.says(b".");
    assert_eq!(d.at(207_500), Ok(Some(2000)));
    d.says(b"\xc0\0");
    assert_eq!(d.at(209_500), Ok(Some(0)));
    assert_eq!(d.at(209_501), Err(Fault::Timeout));
}

/// So do replies; what is heard does not, since the broker counts what it hears.
#[test]
fn replies_put_a_pingreq_off_and_messages_do_not() {
    let mut d = open(0, Connect::new("c").keep_alive(10));
    d.hears(b"\x32\x05\0\x01t\0\x05", &[message("t", b"").qos1(5)]);
    d.says(b"\x40\x02\0\x05");
    assert_eq!(d.at(5000), Ok(Some(7500)));
    d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
    assert_eq!(d.at(10_000), Ok(Some(2500)));
    d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
    assert!(d.at(12_500).is_ok());
    d.says(b"\xc0\0");
}

/// Keep-alive 0: no PINGREQ ever, and one may sleep for ever.
#[test]
fn no_keep_alive() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(0));
        for hours in 0..1000 {
            assert_eq!(d.at(start.wrapping_add(hours * 3_600_000)), Ok(None));
        }
        d.silent();
    }
}

/// The longest keep-alive there is.
#[test]
fn the_longest_keep_alive() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(65_535));
        assert_eq!(d.at(start), Ok(Some(49_151_250)));
        assert_eq!(d.at(start.wrapping_add(49_151_249)), Ok(Some(1)));
        d.silent();
        assert!(d.at(start.wrapping_add(49_151_250)).is_ok());
        d.says(b"\xc0\0");
    }
}

/// The shortest.
#[test]
fn the_shortest_keep_alive() {
    let mut d = open(0, Connect::new("c").keep_alive(1).timeout(10));
    for second in 0..20 {
        assert_eq!(d.at(second * 750), Ok(Some(750)));
        if second > 0 {
            d.says(b"\xc0\0");
            d.hears(b"\xd0\0", &[]);
        }
        d.at(second * 750 + 1).unwrap();
    }
}

/// CONNACK must come in time, also without keep-alive; the time is told by the second tick that
/// finds it passed.
#[test]
fn connack_timeout() {
    for start in STARTS {
        for keep_alive in [0, 1, 60] {
            let mut d = Dialogue::<2>::new();
            d.connect(&Connect::new("c").keep_alive(keep_alive).timeout(3));
            d.tx.clear();
            let at = |ms: u32| start.wrapping_add(ms);
            assert_eq!((d.at(start), d.at(at(2999))), (Ok(Some(3000)), Ok(Some(1))));
            assert_eq!(
                (d.at(at(3000)), d.session.is_closed()),
                (Ok(Some(0)), false)
            );
            assert_eq!(
                (d.at(at(3000)), d.session.is_closed()),
                (Err(Fault::Timeout), true)
            );
            // Told once.
            assert_eq!((d.at(at(9000)), d.next()), (Ok(None), None));
            assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
            d.silent();
        }
    }
}

/// The default is ten seconds, 0 is for ever.
#[test]
fn other_timeouts() {
    let mut d = Dialogue::<2>::new();
    d.connect(&Connect::new("c"));
    assert_eq!((d.at(0), d.at(9_999)), (Ok(Some(10_000)), Ok(Some(1))));
    d.connect(&Connect::new("c").timeout(255));
    assert_eq!((d.at(0), d.at(254_999)), (Ok(Some(255_000)), Ok(Some(1))));
    d.connect(&Connect::new("c").timeout(0));
    assert_eq!(
        (d.at(0), d.at(1_000_000_000), d.at(2_000_000_000)),
        (Ok(None), Ok(None), Ok(None))
    );
    d.tx.clear();
    d.hears(b"\x20\x02\0\0", &[NEW]);
    // PINGRESP, too.
    d.at(0).unwrap();
    d.at(45_000).unwrap();
    d.says(b"\xc0\0");
    for second in 46..90 {
        assert!(d.at(second * 1000).is_ok());
    }
}

/// PINGRESP must come in time.
#[test]
fn pingresp_timeout() {
    for start in STARTS {
        let mut d = open(start, Connect::new("c").keep_alive(20).timeout(3));
        let at = |ms: u32| start.wrapping_add(ms);
        assert_eq!(d.at(at(15_000)), Ok(Some(3000)));
        d.says(b"\xc0\0");
        assert_eq!(
            (d.at(at(17_999)), d.at(at(18_000))),
            (Ok(Some(1)), Ok(Some(0)))
        );
        assert_eq!(
            (d.at(at(18_001)), d.session.is_closed()),
            (Err(Fault::Timeout), true)
        );
    }
}

/// It counts from when PINGREQ was written, however long nothing was heard before.
#[test]
fn the_time_counts_from_pingreq() {
    let mut d = open(0, Connect::new("c").keep_alive(100).timeout(1));
    assert_eq!(d.at(75_000), Ok(Some(1000)));
    assert_eq!(d.at(75_999), Ok(Some(1)));
    // And a caller who comes late sends it late.
    let mut d = open(0, Connect::new("c").keep_alive(100).timeout(1));
    assert_eq!(d.at(400_000), Ok(Some(1000)));
    d.says(b"\xc0\0");
    assert_eq!(d.at(400_999), Ok(Some(1)));
}

/// A caller who comes late reads once before it is told: what waited in the transport counts.
#[test]
fn who_comes_late_reads_once_in_between() {
    let mut d = open(0, Connect::new("c").keep_alive(20).timeout(3));
    d.at(15_000).unwrap();
    d.says(b"\xc0\0");
    // Busy elsewhere for a minute; PINGRESP has been in the socket for long.
    assert_eq!(d.at(75_000), Ok(Some(0)));
    d.hears(b"\xd0\0", &[]);
    assert!(d.at(75_001).is_ok());
    assert!(d.at(75_002).is_ok());
    assert!(!d.session.is_closed());
    // CONNACK likewise.
    let mut d = Dialogue::<2>::new();
    d.connect(&Connect::new("c").timeout(1));
    d.at(0).unwrap();
    assert_eq!(d.at(60_000), Ok(Some(0)));
    d.tx.clear();
    d.hears(b"\x20\x02\0\0", &[NEW]);
    assert_eq!(d.at(60_001).map(|nap| nap.is_some()), Ok(true));
    d.at(60_002).unwrap();
}

/// Something else than what was waited for gives it as much time again, and then another look.
#[test]
fn each_time_a_look_in_between() {
    let mut d = open(0, Connect::new("c").keep_alive(100).timeout(3));
    assert_eq!(d.at(75_000), Ok(Some(3000)));
    for late in [78_000, 82_000, 86_000] {
        assert_eq!(d.at(late), Ok(Some(0)));
        d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
        assert_eq!(d.at(late + 1), Ok(Some(3000)));
    }
    assert_eq!(
        (d.at(89_001), d.at(89_001)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
}

/// Also after a PINGREQ that had to wait and then left.
#[test]
fn the_second_tick_after_a_late_pingreq() {
    let mut d = open(0, Connect::new("c").keep_alive(4).timeout(1));
    d.publish(&Publish::to("t").remaining(1)).unwrap();
    d.at(1).unwrap();
    d.at(3001).unwrap();
    assert_eq!(d.at(7001), Ok(Some(0)));
    d.session.publish_chunk(b"x", &mut d.tx).unwrap();
    assert_eq!(d.at(7002), Ok(Some(1000)));
    d.says(b"\x30\x04\0\x01tx\xc0\0");
    assert_eq!((d.at(8002), d.at(8003)), (Ok(Some(0)), Err(Fault::Timeout)));
}

/// A long message that comes slowly is life: PINGRESP waits behind it.
#[test]
fn a_slow_long_message_is_life() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
    d.gets(b"\x30\x80\x08\0\x01t");
    d.turn();
    let mut pings = 0;
    for second in 1..500 {
        d.gets(b".");
        assert!(d.turn().len() <= 1);
        let nap = d.at(second * 2000);
        assert!(matches!(nap, Ok(Some(1..))), "{second}: {nap:?}");
        pings += d.tx.bytes().len() / 2;
        d.tx.clear();
    }
    assert!(pings > 100);
}

/// The same where it is not told, and where a packet gathers in `rx` before it is told.
#[test]
fn bytes_are_life_before_they_are_told() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
    d.at(6000).unwrap();
    d.gets(b"\x30\x80\x01\0\x01t");
    for second in 1..100 {
        d.gets(b".");
        assert_eq!(d.turn(), []);
        assert!(d.at(6000 + second * 2000).is_ok(), "{second}");
    }
}

/// So is each single byte of what gathers in a large `rx`.
#[test]
fn bytes_are_life_in_a_large_buffer() {
    let mut d = Box::new(Dialogue::<1, 70_000, 64>::new());
    d.connect(&Connect::new("c").keep_alive(8).timeout(3));
    d.tx.clear();
    d.gets(b"\x20\x02\0\0");
    d.turn();
    d.at(0).unwrap();
    d.at(6000).unwrap();
    // 65,535 bytes of a message of 69,000, then some more.
    d.gets(b"\x30\x88\x9b\x04\0\x01t");
    d.gets(&[b'.'; 65_528]);
    for second in 1..10 {
        d.gets(b".");
        assert_eq!(d.turn(), []);
        let now = 6000 + second * 4000;
        assert!(d.at(now).is_ok() && d.at(now).is_ok(), "{second}");
    }
}

/// Half a packet is not: once it does not grow any more, the link is dead.
#[test]
fn half_a_packet_is_no_life() {
    for half in [
        &b"\x30\x0a\0\x01tabc"[..],
        b"\x30\x80\x08\0\x01tabc",
        b"\xd0",
        b"\x40\x02\0",
    ] {
        let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
        d.gets(half);
        d.turn();
        d.at(1).unwrap();
        assert_eq!(d.at(6000), Ok(Some(3000)));
        d.turn();
        d.turn();
        assert_eq!(
            (d.at(8999), d.at(9000)),
            (Ok(Some(1)), Ok(Some(0))),
            "{half:02x?}"
        );
        d.turn();
        assert_eq!(d.at(9001), Err(Fault::Timeout), "{half:02x?}");
    }
}

/// Nor is what lies in `rx` while nobody can read it on.
#[test]
fn a_full_rx_is_no_life() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(3));
    d.tx.commit(256);
    d.gets(b"\x32\x05\0\x01t\0\x05\x30\x03\0\x01t\x30\x03\0\x01t");
    assert_eq!(d.turn(), [message("t", b"").qos1(5)]);
    d.at(1).unwrap();
    assert!(d.at(6001).is_ok());
    for ms in (6500..14_000).step_by(500) {
        assert!(matches!(d.at(ms), Ok(Some(1..))), "{ms}");
        assert_eq!(d.turn(), []);
    }
    assert_eq!(
        (d.at(14_001), d.turn(), d.at(14_001)),
        (Ok(Some(0)), vec![], Err(Fault::Timeout))
    );
}

/// Reads that fill a buffer of 64 KiB to the brim.
#[test]
fn full_reads_are_life() {
    let mut d = Box::new(Dialogue::<1, 65_536>::new());
    d.connect(&Connect::new("c").keep_alive(8).timeout(5));
    d.tx.clear();
    d.gets(b"\x20\x02\0\0\x30\x80\x80\x80\x02\0\x01t");
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

/// Who cannot read excuses the broker: it goes on saying that it is alive, and waits for nothing
/// until it reads again.
#[test]
fn an_excused_broker_is_not_dead() {
    let mut d = open(0, Connect::new("c").keep_alive(8).timeout(2));
    let mut pings = 0;
    for ms in (0..60_000).step_by(500) {
        d.session.on_reading_paused();
        assert!(d.at(ms).is_ok(), "{ms}");
        pings += usize::from(d.tx.bytes() == b"\xc0\0");
        d.tx.clear();
        // PINGRESP lies where nobody reads.
    }
    assert_ne!(pings, 0);
    let dies = (60_000..80_000).step_by(500).find(|ms| {
        let told = d.at(*ms);
        d.tx.clear();
        told == Err(Fault::Timeout)
    });
    assert!(dies.is_some_and(|ms| ms <= 70_000), "{dies:?}");
}

/// A PINGREQ that cannot be written for one keep-alive, while nothing comes, is the end: `tx` is
/// full, or a payload stays away.
#[test]
fn a_pingreq_that_cannot_be_written() {
    for stream in [false, true] {
        for start in STARTS {
            let mut d = open(start, Connect::new("c").keep_alive(10));
            let at = |ms: u32| start.wrapping_add(ms);
            if stream {
                d.publish(&Publish::to("t").remaining(10)).unwrap();
            } else {
                d.tx.commit(255);
            }
            d.at(start).unwrap();
            assert_eq!(
                (d.at(at(7500)), d.at(at(17_499))),
                (Ok(Some(10_000)), Ok(Some(1)))
            );
            assert_eq!(
                (d.at(at(17_500)), d.at(at(17_500))),
                (Ok(Some(0)), Err(Fault::Timeout))
            );
        }
    }
}

/// While something comes it is not, and it is written as soon as it can be.
#[test]
fn a_pingreq_that_is_written_late() {
    let mut d = open(0, Connect::new("c").keep_alive(10).timeout(2));
    d.tx.commit(255);
    for ms in (7500..60_000).step_by(5000) {
        assert!(matches!(d.at(ms), Ok(Some(1..))), "{ms}");
        d.gets(b"\x30\x03\0\x01t");
        assert_eq!(d.turn(), [message("t", b"")]);
    }
    d.tx.clear();
    assert_eq!(d.at(60_000), Ok(Some(2000)));
    d.says(b"\xc0\0");
    d.hears(b"\xd0\0", &[]);
    assert_eq!(d.at(60_001), Ok(Some(7499)));
}

/// A transport that is asked in vain does not count as something sent.
#[test]
fn trying_in_vain_is_nothing_sent() {
    let mut d = open(0, Connect::new("c").keep_alive(10));
    d.publish(&Publish::to("t").remaining(1000)).unwrap();
    d.session.publish_chunk(&[0; 1000], &mut d.tx).unwrap();
    d.at(0).unwrap();
    let mut told = Ok(None);
    for ms in (0..30_000).step_by(500) {
        assert_eq!(
            d.session.publish_chunk(&[0; 100], &mut d.tx),
            Err(SendError::Full),
            "{ms}"
        );
        assert!(d.publish(&Publish::to("t")).is_err());
        told = d.at(ms);
        if told.is_err() {
            assert!(ms >= 17_500);
            break;
        }
    }
    assert_eq!(told, Err(Fault::Timeout));
}

/// A PINGRESP that nobody asked for is no harm, and does not count for the next one.
#[test]
fn a_stray_pingresp() {
    let mut d = open(0, Connect::new("c").keep_alive(20).timeout(3));
    d.hears(b"\xd0\0\xd0\0", &[]);
    d.at(1).unwrap();
    d.at(15_000).unwrap();
    d.says(b"\xc0\0");
    assert_eq!(
        (d.at(18_000), d.at(18_000)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
}

/// Whoever sleeps as long as `tick` says never misses anything, and never spins: simulated for a
/// day with a broker that answers at once.
#[test]
fn sleeping_as_told_is_right() {
    for keep_alive in [1, 7, 60, 3600] {
        let mut d = open(u32::MAX - 1000, Connect::new("c").keep_alive(keep_alive));
        let mut now = u32::MAX - 1000;
        let (mut pings, mut since, mut ticks) = (0, 0, 0);
        let mut slept = 0u64;
        while slept < 86_400_000 {
            let nap = d.at(now).unwrap().unwrap();
            ticks += 1;
            if d.tx.bytes() == b"\xc0\0" {
                d.tx.clear();
                d.hears(b"\xd0\0", &[]);
                (pings, since) = (pings + 1, 0);
                continue;
            }
            d.silent();
            assert!(nap > 0);
            now = now.wrapping_add(nap);
            slept += u64::from(nap);
            since += nap;
            assert!(
                since <= u32::from(keep_alive) * 1000,
                "silent for {since} ms"
            );
        }
        assert!(
            pings >= 86_400 / u64::from(keep_alive) && ticks <= 3 * pings + 3,
            "{pings} PINGREQs, {ticks} ticks"
        );
    }
}

/// The same calls give the same bytes (promise 2): time is the only clock there is.
#[test]
fn the_same_calls_give_the_same() {
    let run = || {
        let mut d = open(5, Connect::new("c").keep_alive(10));
        d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)).unwrap();
        d.gets(b"\x34\x05\0\x01t\0\x05\x50\x02\0\x01");
        let told = d.turn();
        let naps = [d.at(10), d.at(9000), d.at(20_000)];
        (told, naps, d.session, d.tx)
    };
    assert!(run() == run());
}

/// While an acknowledgement waits for a stream nothing is read, and so no PINGRESP; as long as the
/// stream flows the link is not dead.
#[test]
fn a_live_upload_behind_an_unread_pingresp() {
    let mut s = Session::<[Slot; 2]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let hear = |rx: &mut Buffer, bytes: &[u8]| {
        rx.space()[..bytes.len()].copy_from_slice(bytes);
        rx.commit(bytes.len());
    };
    s.connect(
        &Connect::new("a").keep_alive(20).timeout(3),
        &mut rx,
        &mut tx,
    )
    .unwrap();
    tx.clear();
    hear(&mut rx, b"\x20\x02\0\0");
    s.next_event(&mut rx, &mut tx).unwrap();
    s.tick(0, &mut tx).unwrap();
    s.tick(15_000, &mut tx).unwrap();
    assert_eq!(tx.bytes(), b"\xc0\0");
    tx.clear();
    s.publish(&Publish::to("t").remaining(1000), &mut tx)
        .unwrap();
    tx.clear();
    hear(&mut rx, b"\x32\x05\0\x01t\0\x05\xd0\0");
    s.next_event(&mut rx, &mut tx).unwrap();
    for now in (15_100..25_000).step_by(100) {
        s.publish_chunk(b"1", &mut tx).unwrap();
        tx.clear();
        assert_eq!(s.next_event(&mut rx, &mut tx), Ok(None));
        assert!(s.tick(now, &mut tx).is_ok(), "{now}");
    }
    // It stalls: nothing can be given any more.
    for now in (25_000..28_000).step_by(1000) {
        assert!(s.tick(now, &mut tx).is_ok(), "{now}");
    }
    s.tick(28_000, &mut tx).unwrap();
    assert_eq!(s.tick(28_000, &mut tx), Err(Fault::Timeout));
}
