//! Who does what: all that is measured, in the order in which it is.
use crate::{
    Codec, Given, Sample, Seen, Work,
    codec::{self, Keep, verify},
    limits::{Copy, Slices},
    limits5::Slices5,
    motemq_packet::MotemqPacket,
    motemq_packet5::MotemqPacket5,
    motemq_session::{ManualReceive, Receive, ReceivePieces, RoundTrips, Send},
    motemq_session5::{Receive5, Send5},
    samples::stream,
    topics::Matching,
};
use std::{hint::black_box, rc::Rc};

/// One figure.
pub struct Case {
    /// What is done, to what: `decode/puback`.
    pub work: String,
    /// Who does it.
    pub who: &'static str,
    /// Gets ready to do it.
    pub prepare: Box<dyn Fn() -> Box<dyn Work>>,
}

/// The pieces in which a stream comes over Ethernet.
const PIECE: usize = 1448;

/// Motemq without a session.
const PACKET: &str = "motemq packet";

/// A session of Motemq.
const SESSION: &str = "motemq session";

/// Motemq and the two limits, verified.
pub fn ours() -> Vec<Case> {
    let mut cases = Vec::new();
    add::<Copy>("copy", &mut cases);
    // A copy is a copy, whatever was known before.
    cases.retain(|case| case.work.starts_with("decode/") || case.work.starts_with("encode/"));
    add::<Slices>("slices", &mut cases);
    add::<MotemqPacket>(PACKET, &mut cases);
    session(&mut cases);
    matching(PACKET, motemq::topic::matches, &mut cases);
    add_5::<Slices5>("slices", &mut cases);
    add_5::<MotemqPacket5>(PACKET, &mut cases);
    session_5(&mut cases);
    cases
}

/// The cases of another codec, verified.
pub fn add<C: Codec>(who: &'static str, cases: &mut Vec<Case>) {
    for sample in samples() {
        verify::<C>(who, &sample);
        add_each::<C>("", &sample, who, cases);
    }
    push(cases, "pieces", &Rc::new(Sample::stream()), who, |sample| {
        Decode::<C>::new(sample, Some(PIECE))
    });
}

/// The cases of a codec of MQTT 5, verified.
pub fn add_5<C: Codec>(who: &'static str, cases: &mut Vec<Case>) {
    for sample in Sample::singles_5().into_iter().map(Rc::new) {
        verify::<C>(who, &sample);
        add_each::<C>("5", &sample, who, cases);
    }
}

/// A sample is read, and written in three ways.
fn add_each<C: Codec>(
    version: &str,
    sample: &Rc<Sample>,
    who: &'static str,
    cases: &mut Vec<Case>,
) {
    let verb = |verb: &str| format!("{verb}{version}");
    push(cases, &verb("decode"), sample, who, |sample| {
        Decode::<C>::new(sample, None)
    });
    push(cases, &verb("encode"), sample, who, Encode::<C>::new);
    push(cases, &verb("build"), sample, who, Build::<C>::new);
    push(cases, &verb("write"), sample, who, Write::<C>::new);
}

fn samples() -> Vec<Rc<Sample>> {
    Sample::singles()
        .into_iter()
        .chain([Sample::stream()])
        .map(Rc::new)
        .collect()
}

/// The case of another matcher of topics, verified.
pub fn matching(
    who: &'static str,
    matches: impl Fn(&str, &str) -> bool + core::marker::Copy + 'static,
    cases: &mut Vec<Case>,
) {
    Matching(matches).verify();
    cases.push(Case {
        work: "topic/matches".into(),
        who,
        prepare: Box::new(move || Box::new(Matching(matches))),
    });
}

fn session(cases: &mut Vec<Case>) {
    for sample in samples() {
        // What brokers send.
        if let Given::Publish { .. } = sample.given[0] {
            Receive::<256>::new(&sample).verify();
            push(cases, "decode", &sample, SESSION, Receive::<256>::new);
        }
        // What clients send.
        if Send::<1024>::can(&sample) {
            Send::<1024>::new(&sample).verify(&sample);
            push(cases, "write", &sample, SESSION, Send::<1024>::new);
        }
    }
    push(
        cases,
        "pieces",
        &Rc::new(Sample::stream()),
        SESSION,
        |sample| ReceivePieces::new(sample, PIECE),
    );
    slots::<8>("8", cases);
    slots::<64>("64", cases);
    slots::<1024>("1024", cases);
    places::<8>("8", cases);
    places::<1024>("1024", cases);
    places::<30_000>("30000", cases);
    for (name, packets) in [("messages_850", 1000), ("messages_8500", 10_000)] {
        let messages = stream(packets)
            .into_iter()
            .filter(|given| matches!(given, Given::Publish { .. }));
        let sample = Rc::new(Sample::new(name, messages.collect()));
        push(cases, "linear", &sample, SESSION, |sample| {
            ReceivePieces::new(sample, PIECE)
        });
    }
    for (name, kib) in [("message_64KiB", 64), ("message_1MiB", 1024)] {
        let sample = Rc::new(Sample::message(name, kib));
        push(cases, "linear", &sample, SESSION, |sample| {
            ReceivePieces::new(sample, PIECE).per_kib()
        });
    }
}

/// A session of MQTT 5. Its CONNECT announces more than those of the others, and is left out.
fn session_5(cases: &mut Vec<Case>) {
    for sample in Sample::singles_5().into_iter().map(Rc::new) {
        if let Given::Publish { .. } = sample.given[0] {
            Receive5::new(&sample).verify(&sample);
            push(cases, "decode5", &sample, SESSION, Receive5::new);
        }
        if !matches!(sample.given[0], Given::Connect { .. }) {
            Send5::new(&sample).verify(&sample);
            push(cases, "write5", &sample, SESSION, Send5::new);
        }
    }
}

/// What must not depend on how many slots there are.
fn slots<const SLOTS: usize>(name: &str, cases: &mut Vec<Case>) {
    let of = |what: &str, prepare| Case {
        work: format!("slots/{what}_{name}"),
        who: SESSION,
        prepare,
    };
    cases.push(of(
        "round_trip",
        Box::new(|| Box::new(RoundTrips::<SLOTS>::new())),
    ));
    let sample = Rc::new(Sample::singles().swap_remove(1));
    cases.push(of(
        "receive",
        Box::new(move || Box::new(Receive::<SLOTS>::new(&sample))),
    ));
}

/// Receiving with manual acknowledgement, which must not depend on how many messages are pending.
fn places<const PLACES: usize>(name: &str, cases: &mut Vec<Case>) {
    cases.push(Case {
        work: format!("places/receive_{name}"),
        who: SESSION,
        prepare: Box::new(|| Box::new(ManualReceive::<PLACES>::new())),
    });
}

fn push<W: Work + 'static>(
    cases: &mut Vec<Case>,
    verb: &str,
    sample: &Rc<Sample>,
    who: &'static str,
    make: fn(&Sample) -> W,
) {
    let work = format!("{verb}/{}", sample.name);
    let sample = Rc::clone(sample);
    cases.push(Case {
        work,
        who,
        prepare: Box::new(move || Box::new(make(&sample))),
    });
}

/// Reads all of a sample, whole or in pieces.
struct Decode<C: Codec> {
    bytes: Vec<u8>,
    input: C::Input,
    piece: Option<usize>,
}

impl<C: Codec> Decode<C> {
    fn new(sample: &Sample, piece: Option<usize>) -> Self {
        Decode {
            bytes: sample.bytes.clone(),
            input: C::input(&sample.bytes),
            piece,
        }
    }

    #[inline(always)]
    fn read(input: &mut C::Input) -> usize {
        let mut packets = 0;
        let mut seen = Seen::default();
        while let Some(packet) = C::decode(input) {
            // It is a value in memory before it is read.
            C::read(black_box(&packet), &mut seen);
            packets += 1;
        }
        black_box(seen);
        packets
    }
}

impl<C: Codec> Work for Decode<C> {
    fn reset(&mut self) {
        self.input = C::input(if self.piece.is_some() {
            &[]
        } else {
            &self.bytes
        });
    }

    fn run(&mut self) -> usize {
        let Some(piece) = self.piece else {
            return Self::read(&mut self.input);
        };
        let mut packets = 0;
        for piece in self.bytes.chunks(piece) {
            C::append(&mut self.input, piece);
            packets += Self::read(&mut self.input);
        }
        packets
    }
}

/// Writes packets that are there already.
struct Encode<C: Codec> {
    alone: bool,
    built: Vec<C::Built<'static>>,
    output: C::Output,
}

impl<C: Codec> Encode<C> {
    fn new(sample: &Sample) -> Self {
        // They borrow from it for as long as the program runs.
        let given = Box::leak(sample.given.clone().into_boxed_slice());
        let mut encode = Encode {
            alone: sample.alone,
            built: given.iter().map(|given| C::build(given, Keep)).collect(),
            output: C::output(sample.bytes.len() + 64),
        };
        // The memory is there afterwards.
        encode.run();
        encode
    }
}

impl<C: Codec> Work for Encode<C> {
    fn reset(&mut self) {
        C::clear(&mut self.output);
    }

    fn run(&mut self) -> usize {
        for packet in &self.built {
            if self.alone {
                C::clear(&mut self.output);
            }
            C::encode(black_box(packet), &mut self.output);
        }
        black_box(&self.output);
        self.built.len()
    }
}

/// Makes packets of what they say, values that may be any packet, and writes these.
struct Build<C: Codec> {
    alone: bool,
    given: Vec<Given>,
    output: C::Output,
}

impl<C: Codec> Build<C> {
    fn new(sample: &Sample) -> Self {
        let mut build = Build {
            alone: sample.alone,
            given: sample.given.clone(),
            output: C::output(sample.bytes.len() + 64),
        };
        build.run();
        build
    }
}

impl<C: Codec> Work for Build<C> {
    fn reset(&mut self) {
        C::clear(&mut self.output);
    }

    fn run(&mut self) -> usize {
        for given in &self.given {
            if self.alone {
                C::clear(&mut self.output);
            }
            let packet = C::build(black_box(given), Keep);
            C::encode_once(black_box(packet), &mut self.output);
        }
        black_box(&self.output);
        self.given.len()
    }
}

/// Writes packets where they are made of what they say: what they are is known there.
struct Write<C: Codec> {
    alone: bool,
    given: Vec<Given>,
    output: C::Output,
}

impl<C: Codec> Write<C> {
    fn new(sample: &Sample) -> Self {
        let mut write = Write {
            alone: sample.alone,
            given: sample.given.clone(),
            output: C::output(sample.bytes.len() + 64),
        };
        write.run();
        write
    }
}

impl<C: Codec> Work for Write<C> {
    fn reset(&mut self) {
        C::clear(&mut self.output);
    }

    fn run(&mut self) -> usize {
        for given in &self.given {
            if self.alone {
                C::clear(&mut self.output);
            }
            let output = &mut self.output;
            C::build(black_box(given), codec::Write::<C>(output));
        }
        black_box(&self.output);
        self.given.len()
    }
}
