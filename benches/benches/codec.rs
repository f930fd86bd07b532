//! Reading and writing PUBLISH, through the bare codec and through a session.
//!
//! `cargo bench --package motemq-benches --bench codec`
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use motemq::{Connect, Event, Out, Publish, QoS, Session, Slot, packet};
use motemq_benches::{Room, Sample, TOPIC, samples};
use std::hint::black_box;

/// What the broker says first.
const CONNACK: &[u8] = b"\x20\x02\0\0";

/// How it acknowledges the first identifier.
const PUBACK: &[u8] = b"\x40\x02\0\x01";

/// Room for a receive buffer's largest message.
const ROOM: usize = 66_000;

fn groups(criterion: &mut Criterion) {
    each(criterion, "packet/decode", |sample| {
        let bytes = sample.bytes();
        move || {
            black_box(packet::decode(black_box(&bytes))).expect("a packet");
        }
    });
    each(criterion, "packet/encode", |sample| {
        let mut tx = Box::new(Room::new());
        let packet = sample.packet();
        move || {
            tx.clear();
            black_box(&packet).encode(&mut *tx).expect("room");
            black_box(tx.bytes());
        }
    });
    each(criterion, "session/receive", |sample| {
        let bytes = sample.bytes();
        let mut session = connected();
        let mut tx = [0; 64];
        move || {
            // With QoS 1 this call writes the acknowledgement of the message before.
            let (mut input, mut taken) = (black_box(&bytes[..]), 0);
            let event = session.receive(&mut input, ROOM, &mut Out::new(&mut tx, &mut taken));
            assert!(matches!(black_box(event), Ok(Some(Event::Message(_)))));
        }
    });
    each(criterion, "session/publish", |sample| {
        let mut session = connected();
        let mut tx = Box::new(Room::new());
        let publish = Publish::to(TOPIC).payload(&sample.payload).qos(sample.qos);
        move || {
            tx.clear();
            session.publish(black_box(&publish), &mut *tx).expect("room, and a free slot");
            black_box(tx.bytes());
            if publish.qos != QoS::AtMostOnce {
                // The slot is free again.
                let event = session.receive(&mut black_box(PUBACK), ROOM, &mut *tx);
                assert!(matches!(event, Ok(Some(Event::Acked { .. }))));
            }
        }
    });
}

/// A figure for each sample: the time for one, and how many in a second.
fn each<'s, F: FnMut()>(criterion: &mut Criterion, name: &str, make: impl Fn(&'s Sample) -> F) {
    let mut group: BenchmarkGroup<'_, WallTime> = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    for sample in Box::leak(Box::new(samples())) {
        let mut run = make(sample);
        group.bench_function(sample.name, |bencher| bencher.iter(&mut run));
    }
    group.finish();
}

/// A session with one slot, so that its identifier is always 1.
fn connected() -> Session<[Slot; 1]> {
    let mut session = Session::new();
    let mut memory = [0; 64];
    session.connect_slices(&Connect::new("bench"), ROOM, &mut Out::new(&mut memory, &mut 0)).expect("room for CONNECT");
    let event = session.receive(&mut &*CONNACK, ROOM, &mut Out::new(&mut memory, &mut 0));
    assert!(matches!(event, Ok(Some(Event::Connected { .. }))));
    session
}

criterion_group!(benches, groups);
criterion_main!(benches);
