//! Two limits: a copy of the bytes, and slices of them that nobody has checked, except that text is
//! UTF-8.
use crate::{Borrowed, Codec, Given, Seen, Take, codec::Write};
use std::str;

/// Copies each packet, and knows nothing of it but its length.
pub struct Copy;

/// What `Copy` copies from, and to.
pub struct Copied {
    source: Borrowed,
    lengths: Vec<usize>,
    next: usize,
    target: Vec<u8>,
}

impl Codec for Copy {
    type Input = Copied;
    type Output = Vec<u8>;
    type Read<'a> = &'a [u8];
    type Built<'a> = Vec<u8>;

    fn input(bytes: &[u8]) -> Copied {
        let mut slices = Slices::input(bytes);
        let mut lengths = Vec::new();
        let mut last = 0;
        while Slices::decode(&mut slices).is_some() {
            lengths.push(slices.at - last);
            last = slices.at;
        }
        let target = vec![0; lengths.iter().copied().max().unwrap_or(0)];
        Copied {
            source: Borrowed::new(bytes),
            lengths,
            next: 0,
            target,
        }
    }

    fn append(input: &mut Copied, piece: &[u8]) {
        input.source.append(piece);
    }

    #[inline]
    fn decode(input: &mut Copied) -> Option<&[u8]> {
        let length = *input.lengths.get(input.next)?;
        input.next += 1;
        let target = &mut input.target[..length];
        target.copy_from_slice(&input.source.bytes[input.source.at..][..length]);
        input.source.at += length;
        Some(target)
    }

    const HAS_FIELDS: bool = false;

    #[inline]
    fn read(packet: &Self::Read<'_>, seen: &mut Seen) {
        seen.bytes(packet);
    }

    fn build<'a, T: Take<Self::Built<'a>>>(given: &'a Given, to: T) -> T::Made {
        let payload = if let Given::Publish { payload, .. } = given {
            payload.len()
        } else {
            0
        };
        let mut output = Slices::output(payload + 512);
        Slices::build(given, Write::<Slices>(&mut output));
        to.take(Slices::written(&output))
    }

    fn output(capacity: usize) -> Vec<u8> {
        Vec::with_capacity(capacity)
    }

    fn clear(output: &mut Vec<u8>) {
        output.clear();
    }

    #[inline]
    fn encode(packet: &Vec<u8>, output: &mut Vec<u8>) {
        output.extend_from_slice(packet);
    }

    fn written(output: &Vec<u8>) -> Vec<u8> {
        output.clone()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        packet.to_vec()
    }
}

/// Cuts each packet into slices as its lengths say, and believes all it says but that text is
/// UTF-8; writes what it is given.
pub struct Slices;

/// What [`Slices`] reads.
#[derive(Debug)]
pub enum Cut<'a> {
    /// PUBLISH: first byte, topic, identifier or 0, payload.
    Publish(u8, &'a str, u16, &'a [u8]),
    /// CONNECT: keep-alive, and its five fields.
    Connect(u16, &'a str, &'a str, &'a [u8], &'a str, &'a [u8]),
    /// SUBSCRIBE: identifier, and the filters with their QoS as they stand.
    Subscribe(u16, &'a [u8]),
    /// All others: first byte, identifier, the rest.
    Other(u8, u16, &'a [u8]),
}

/// Memory, and how much of it is written.
pub struct Fill {
    memory: Vec<u8>,
    at: usize,
}

impl Fill {
    pub(crate) fn new(capacity: usize) -> Self {
        Fill {
            memory: vec![0; capacity],
            at: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.at = 0;
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.memory[..self.at].to_vec()
    }

    #[inline(always)]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.memory[self.at..][..bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    #[inline(always)]
    pub(crate) fn field(&mut self, bytes: &[u8]) {
        self.put(&(bytes.len() as u16).to_be_bytes());
        self.put(bytes);
    }

    #[inline(always)]
    pub(crate) fn header(&mut self, head: u8, mut length: usize) {
        self.put(&[head]);
        while length > 0x7f {
            self.put(&[length as u8 | 0x80]);
            length >>= 7;
        }
        self.put(&[length as u8]);
    }
}

#[inline(always)]
pub(crate) fn number(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

#[inline(always)]
pub(crate) fn field<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let (field, rest) = bytes[2..].split_at(number(bytes).into());
    *bytes = rest;
    field
}

#[inline(always)]
pub(crate) fn text<'a>(bytes: &mut &'a [u8]) -> &'a str {
    str::from_utf8(field(bytes)).expect("text")
}

impl Codec for Slices {
    type Input = Borrowed;
    type Output = Fill;
    type Read<'a> = Cut<'a>;
    type Built<'a> = std::borrow::Cow<'a, Given>;

    fn input(bytes: &[u8]) -> Borrowed {
        Borrowed::new(bytes)
    }

    fn append(input: &mut Borrowed, piece: &[u8]) {
        input.append(piece);
    }

    #[inline]
    fn decode(input: &mut Borrowed) -> Option<Cut<'_>> {
        let bytes = &input.bytes[input.at..];
        let (mut length, mut at) = (0, 1);
        loop {
            let byte = *bytes.get(at)?;
            length |= usize::from(byte & 0x7f) << (7 * (at - 1));
            at += 1;
            if byte < 0x80 {
                break;
            }
        }
        let head = bytes[0];
        let mut body = bytes.get(at..at + length)?;
        input.at += at + length;
        Some(match head >> 4 {
            3 => {
                let topic = text(&mut body);
                if head & 6 == 0 {
                    return Some(Cut::Publish(head, topic, 0, body));
                }
                Cut::Publish(head, topic, number(body), &body[2..])
            }
            1 => {
                let keep_alive = number(&body[8..]);
                body = &body[10..];
                Cut::Connect(
                    keep_alive,
                    text(&mut body),
                    text(&mut body),
                    field(&mut body),
                    text(&mut body),
                    field(&mut body),
                )
            }
            8 => {
                let mut filters = &body[2..];
                while !filters.is_empty() {
                    text(&mut filters);
                    filters = &filters[1..];
                }
                Cut::Subscribe(number(body), &body[2..])
            }
            _ => Cut::Other(head, number(body), &body[2..]),
        })
    }

    #[inline]
    fn read(packet: &Cut<'_>, seen: &mut Seen) {
        match *packet {
            Cut::Publish(head, topic, id, payload) => {
                seen.text(topic);
                seen.bytes(payload);
                seen.number(head >> 1 & 3);
                seen.number(id);
            }
            Cut::Connect(keep_alive, client_id, topic, payload, user, password) => {
                seen.text(client_id);
                seen.number(keep_alive);
                seen.text(topic);
                seen.bytes(payload);
                seen.text(user);
                seen.bytes(password);
            }
            Cut::Subscribe(id, mut filters) => {
                seen.number(id);
                while !filters.is_empty() {
                    seen.bytes(field(&mut filters));
                    seen.number(filters[0]);
                    filters = &filters[1..];
                }
            }
            Cut::Other(_, id, rest) => {
                seen.number(id);
                rest.iter().for_each(|&code| seen.number(code));
            }
        }
    }

    #[inline]
    fn build<'a, T: Take<Self::Built<'a>>>(given: &'a Given, to: T) -> T::Made {
        to.take(std::borrow::Cow::Borrowed(given))
    }

    fn output(capacity: usize) -> Fill {
        Fill::new(capacity)
    }

    fn clear(output: &mut Fill) {
        output.clear();
    }

    #[inline]
    fn encode(packet: &Self::Built<'_>, output: &mut Fill) {
        match &**packet {
            Given::Publish {
                topic,
                payload,
                qos,
                id,
                ..
            } => {
                output.header(
                    0x30 | qos << 1,
                    2 + topic.len() + if *qos > 0 { 2 } else { 0 } + payload.len(),
                );
                output.field(topic.as_bytes());
                if *qos > 0 {
                    output.put(&id.to_be_bytes());
                }
                output.put(payload);
            }
            Given::Connect {
                client_id,
                keep_alive,
                will,
                user,
                password,
            } => {
                let fields = [
                    client_id.as_bytes(),
                    will.topic.as_bytes(),
                    &will.payload,
                    user.as_bytes(),
                    password.as_bytes(),
                ];
                output.header(
                    0x10,
                    20 + fields.iter().map(|field| field.len()).sum::<usize>(),
                );
                output.put(b"\0\x04MQTT\x04\xee");
                output.put(&keep_alive.to_be_bytes());
                fields.iter().for_each(|field| output.field(field));
            }
            Given::Subscribe { id, filters } => {
                output.header(
                    0x82,
                    2 + filters
                        .iter()
                        .map(|(filter, _)| 3 + filter.len())
                        .sum::<usize>(),
                );
                output.put(&id.to_be_bytes());
                for (filter, qos) in filters {
                    output.field(filter.as_bytes());
                    output.put(&[*qos]);
                }
            }
            Given::SubAck { id, codes } => {
                output.header(0x90, 2 + codes.len());
                output.put(&id.to_be_bytes());
                output.put(codes);
            }
            Given::PubAck { id } => {
                let [high, low] = id.to_be_bytes();
                output.put(&[0x40, 2, high, low]);
            }
        }
    }

    fn written(output: &Fill) -> Vec<u8> {
        output.written()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        std::borrow::Cow::Owned(match packet {
            Cut::Publish(head, topic, id, payload) => Given::Publish {
                topic: topic.into(),
                payload: payload.into(),
                qos: head >> 1 & 3,
                id,
                properties: None,
            },
            Cut::Connect(keep_alive, client_id, topic, payload, user, password) => Given::Connect {
                client_id: client_id.into(),
                keep_alive,
                will: crate::Will {
                    topic: topic.into(),
                    payload: payload.into(),
                },
                user: user.into(),
                password: str::from_utf8(password)
                    .expect("the sample's password")
                    .into(),
            },
            Cut::Subscribe(id, mut bytes) => {
                let mut filters = Vec::new();
                while !bytes.is_empty() {
                    let filter = text(&mut bytes);
                    filters.push((filter.into(), bytes[0]));
                    bytes = &bytes[1..];
                }
                Given::Subscribe { id, filters }
            }
            Cut::Other(0x90, id, codes) => Given::SubAck {
                id,
                codes: codes.into(),
            },
            Cut::Other(_, id, _) => Given::PubAck { id },
        })
    }
}
