//! What is asked of everybody: to read packets and to write them.
use crate::{Given, Sample};

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

    /// A packet from what it says.
    fn build(given: &Given) -> Self::Built<'_>;
    /// Room for so many bytes.
    fn output(capacity: usize) -> Self::Output;
    /// Forgets what was written.
    fn clear(output: &mut Self::Output);
    /// Appends a packet. Panics if it cannot be written.
    fn encode(packet: &Self::Built<'_>, output: &mut Self::Output);
    /// The same of a packet that is not needed again.
    #[inline]
    fn encode_once(packet: Self::Built<'_>, output: &mut Self::Output) {
        Self::encode(&packet, output);
    }
    /// The same of what a packet says: whoever can write it without making one that may be any
    /// packet.
    #[inline]
    fn write(given: &Given, output: &mut Self::Output) {
        Self::encode_once(Self::build(given), output);
    }
    /// What was written.
    fn written(output: &Self::Output) -> Vec<u8>;

    /// The same packet, to be written; proves that all of it was read.
    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a>;
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
    for given in &sample.given {
        C::write(given, &mut output);
        if sample.alone {
            written.extend(C::written(&output));
            C::clear(&mut output);
        }
    }
    written.extend(C::written(&output));
    same(who, "written", sample, &written);
    written.clear();
    let mut input = C::input(&sample.bytes);
    while let Some(packet) = C::decode(&mut input) {
        C::clear(&mut output);
        C::encode_once(C::again(packet), &mut output);
        written.extend(C::written(&output));
    }
    same(who, "read", sample, &written);
}

fn same(who: &str, what: &str, sample: &Sample, bytes: &[u8]) {
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
