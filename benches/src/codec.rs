//! What is asked of everybody: to read packets and to write them.
use crate::{Given, Sample, limits5::Slices5};

/// A codec under test. What belongs together is compiled together: the methods are `inline` where
/// it matters.
pub trait Codec: 'static {
    /// Received bytes.
    type Input;
    /// Written bytes.
    type Output;
    /// A packet as it was read.
    type Read<'a>;
    /// A packet to be written.
    type Built<'a>;

    /// Received bytes, all there.
    fn input(bytes: &[u8]) -> Self::Input;
    /// More of them.
    fn append(input: &mut Self::Input, piece: &[u8]);
    /// The next packet; `None`: it is not all there. Panics if it is wrong.
    fn decode(input: &mut Self::Input) -> Option<Self::Read<'_>>;
    /// Whether packets have fields; those of a mere copy have none.
    const HAS_FIELDS: bool = true;
    /// Whether properties are written in the order in which they are given; the standard asks for none.
    const KEEPS_ORDER: bool = true;
    /// Reads all fields of a packet, in the order of [`Given`]'s.
    fn read(packet: &Self::Read<'_>, seen: &mut Seen);

    /// Makes a packet of what it says, and gives it to `to` where it was made.
    fn build<'a, T: Take<Self::Built<'a>>>(given: &'a Given, to: T) -> T::Made;
    /// Room for so many bytes.
    fn output(capacity: usize) -> Self::Output;
    /// Forgets what was written.
    fn clear(output: &mut Self::Output);
    /// Appends a packet. Panics if it cannot be written.
    fn encode(packet: &Self::Built<'_>, output: &mut Self::Output);
    /// The same of a packet that is not needed again.
    #[inline(always)]
    fn encode_once(packet: Self::Built<'_>, output: &mut Self::Output) {
        Self::encode(&packet, output);
    }
    /// What was written.
    fn written(output: &Self::Output) -> Vec<u8>;

    /// The same packet, to be written; proves that all of it was read.
    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a>;
}

/// Who takes a packet where it was made. No closure, which would be compiled by itself: then no
/// packet would be written in place.
pub trait Take<P> {
    /// What becomes of it.
    type Made;
    /// Takes it.
    fn take(self, packet: P) -> Self::Made;
}

/// Keeps the packet: a value that may be any packet.
pub struct Keep;

impl<P> Take<P> for Keep {
    type Made = P;

    #[inline(always)]
    fn take(self, packet: P) -> P {
        packet
    }
}

/// Writes the packet.
pub struct Write<'o, C: Codec>(pub &'o mut C::Output);

impl<'a, C: Codec> Take<C::Built<'a>> for Write<'_, C> {
    type Made = ();

    #[inline(always)]
    fn take(self, packet: C::Built<'a>) {
        C::encode_once(packet, self.0);
    }
}

/// What was read of packets: each number, and of each text and each payload its length and both
/// its ends. What is decoded late is decoded by then, and who reads a long payload is not slower
/// for its length.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Seen(u64);

impl Seen {
    /// A number.
    #[inline(always)]
    pub fn number(&mut self, number: impl Into<u64>) {
        self.0 = self.0.wrapping_add(number.into());
    }

    /// Bytes.
    #[inline(always)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        if let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) {
            self.number(bytes.len() as u64);
            self.number(first);
            self.number(last);
        }
    }

    /// Text.
    #[inline(always)]
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// All that a packet says.
    pub fn given(&mut self, given: &Given) {
        match given {
            Given::Publish {
                topic,
                payload,
                qos,
                id,
                properties,
            } => {
                self.text(topic);
                self.bytes(payload);
                self.number(*qos);
                self.number(if *qos == 0 { 0 } else { *id });
                if let Some(five) = properties {
                    self.number(five.is_text);
                    self.number(five.expiry);
                    self.text(&five.content_type);
                    self.bytes(&five.correlation);
                    self.text(&five.user.0);
                    self.text(&five.user.1);
                }
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => {
                self.text(client_id);
                self.number(*keep_alive);
                self.text(&will.topic);
                self.bytes(&will.payload);
                self.text(user);
                self.text(password);
            }
            Given::Subscribe { id, filters } => {
                self.number(*id);
                for (filter, qos) in filters {
                    self.text(filter);
                    self.number(*qos);
                }
            }
            Given::SubAck { id, codes } => {
                self.number(*id);
                codes.iter().for_each(|&code| self.number(code));
            }
            Given::PubAck { id } => self.number(*id),
        }
    }
}

/// Received bytes for those who borrow from them.
pub struct Borrowed {
    /// All of them.
    pub bytes: Vec<u8>,
    /// How many are done with.
    pub at: usize,
}

impl Borrowed {
    /// None is done with.
    pub fn new(bytes: &[u8]) -> Self {
        Borrowed {
            bytes: bytes.to_vec(),
            at: 0,
        }
    }

    /// More of them; those done with go.
    #[inline]
    pub fn append(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(piece);
    }
}

/// A codec reads the sample, and writes it as the standard says: before it is measured.
///
/// # Panics
/// If not.
pub fn verify<C: Codec>(who: &str, sample: &Sample) {
    let mut output = C::output(sample.bytes.len() * 2 + 64);
    let mut written = Vec::new();
    let mut said = Seen::default();
    for given in &sample.given {
        said.given(given);
        C::build(given, Write::<C>(&mut output));
        if sample.alone {
            written.extend(C::written(&output));
            C::clear(&mut output);
        }
    }
    written.extend(C::written(&output));
    same::<C>(who, "written", sample, &written);
    written.clear();
    let mut input = C::input(&sample.bytes);
    let mut seen = Seen::default();
    while let Some(packet) = C::decode(&mut input) {
        C::read(&packet, &mut seen);
        C::clear(&mut output);
        C::encode_once(C::again(packet), &mut output);
        written.extend(C::written(&output));
    }
    same::<C>(who, "read", sample, &written);
    assert!(
        !C::HAS_FIELDS || seen == said,
        "{who}: not all that {} says is read",
        sample.name
    );
}

fn same<C: Codec>(who: &str, what: &str, sample: &Sample, bytes: &[u8]) {
    if !C::KEEPS_ORDER {
        // The same packets with the same properties, in whatever order.
        let seen = |bytes: &[u8]| {
            let mut input = Slices5::input(bytes);
            let mut seen = Seen::default();
            while let Some(packet) = Slices5::decode(&mut input) {
                Slices5::read(&packet, &mut seen);
            }
            (bytes.len(), input.at, seen)
        };
        assert_eq!(
            seen(bytes),
            seen(&sample.bytes),
            "{who}: {} is {what} otherwise",
            sample.name
        );
        return;
    }
    let differ = sample
        .bytes
        .iter()
        .zip(bytes)
        .position(|(wanted, found)| wanted != found);
    let at = differ.unwrap_or(bytes.len().min(sample.bytes.len()));
    assert!(
        bytes == sample.bytes,
        "{who}: {} is {what} otherwise from byte {at} on",
        sample.name
    );
}
