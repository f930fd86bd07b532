//! The limit for MQTT 5: slices of the bytes without a check, except that text is UTF-8.
use crate::{
    Borrowed, Codec, Five, Given, Seen, Take,
    limits::{Fill, field, number, text},
};
use std::borrow::Cow;

/// Cuts each packet into slices as its lengths say, and believes all it says but that text is
/// UTF-8; writes what it is given.
pub struct Slices5;

/// The value that [`Slices5`] reads.
#[derive(Debug)]
pub enum Cut<'a> {
    /// PUBLISH: first byte, topic, identifier or 0, properties, payload.
    Publish(u8, &'a str, u16, &'a [u8], &'a [u8]),
    /// CONNECT: keep-alive, and its five fields.
    Connect(u16, [&'a [u8]; 5]),
    /// SUBSCRIBE: identifier, and the filters with their options as they stand.
    Subscribe(u16, &'a [u8]),
}

#[inline(always)]
fn variable(bytes: &mut &[u8]) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
    }
}

#[inline(always)]
fn section<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let length = variable(bytes);
    let (section, rest) = bytes.split_at(length);
    *bytes = rest;
    section
}

/// Calls these with each property of a PUBLISH.
#[inline(always)]
fn properties<'a>(mut bytes: &'a [u8], mut each: impl FnMut(u8, u32, &'a [u8], &'a [u8])) {
    while let [id, rest @ ..] = bytes {
        bytes = rest;
        match id {
            1 => {
                each(*id, bytes[0].into(), &[], &[]);
                bytes = &bytes[1..];
            }
            2 => {
                let (number, rest) = bytes.split_first_chunk().expect("four bytes");
                each(*id, u32::from_be_bytes(*number), &[], &[]);
                bytes = rest;
            }
            9 => each(*id, 0, field(&mut bytes), &[]),
            3 => each(*id, 0, text(&mut bytes).as_bytes(), &[]),
            38 => {
                let name = text(&mut bytes);
                each(*id, 0, name.as_bytes(), text(&mut bytes).as_bytes());
            }
            id => panic!("property {id}"),
        }
    }
}

fn five(bytes: &[u8]) -> Option<Five> {
    if bytes.is_empty() {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let mut five = Five {
        is_text: false,
        expiry: 0,
        content_type: String::new(),
        correlation: Vec::new(),
        user: Default::default(),
    };
    properties(bytes, |id, number, first, second| match id {
        1 => five.is_text = number != 0,
        2 => five.expiry = number,
        3 => five.content_type = text(first),
        9 => five.correlation = first.to_vec(),
        _ => five.user = (text(first), text(second)),
    });
    Some(five)
}

/// The bytes of the five properties.
#[inline(always)]
fn length(five: &Five) -> usize {
    2 + 5
        + (3 + five.content_type.len())
        + (3 + five.correlation.len())
        + (5 + five.user.0.len() + five.user.1.len())
}

impl Codec for Slices5 {
    type Input = Borrowed;
    type Output = Fill;
    type Read<'a> = Cut<'a>;
    type Built<'a> = Cow<'a, Given>;

    fn input(bytes: &[u8]) -> Borrowed {
        Borrowed::new(bytes)
    }

    fn append(input: &mut Borrowed, piece: &[u8]) {
        input.append(piece);
    }

    #[inline]
    fn decode(input: &mut Borrowed) -> Option<Cut<'_>> {
        let bytes = &input.bytes[input.at..];
        let (&head, mut rest) = bytes.split_first()?;
        let length = variable(&mut rest);
        let mut body = rest.get(..length)?;
        input.at += bytes.len() - rest.len() + length;
        Some(match head >> 4 {
            3 => {
                let topic = text(&mut body);
                let mut id = 0;
                if head & 6 != 0 {
                    id = number(body);
                    body = &body[2..];
                }
                let properties = section(&mut body);
                Cut::Publish(head, topic, id, properties, body)
            }
            1 => {
                let keep_alive = number(&body[8..]);
                body = &body[10..];
                section(&mut body);
                let client_id = text(&mut body);
                section(&mut body);
                let will = (text(&mut body), field(&mut body));
                let user = text(&mut body);
                let fields = [
                    client_id.as_bytes(),
                    will.0.as_bytes(),
                    will.1,
                    user.as_bytes(),
                    field(&mut body),
                ];
                Cut::Connect(keep_alive, fields)
            }
            8 => {
                let id = number(body);
                body = &body[2..];
                section(&mut body);
                let mut filters = body;
                while !filters.is_empty() {
                    text(&mut filters);
                    filters = &filters[1..];
                }
                Cut::Subscribe(id, body)
            }
            kind => panic!("packet type {kind}"),
        })
    }

    #[inline]
    fn read(packet: &Cut<'_>, seen: &mut Seen) {
        match *packet {
            Cut::Publish(head, topic, id, section, payload) => {
                seen.text(topic);
                seen.bytes(payload);
                seen.number(head >> 1 & 3);
                seen.number(id);
                properties(section, |_, number, first, second| {
                    seen.number(number);
                    seen.bytes(first);
                    seen.bytes(second);
                });
            }
            Cut::Connect(keep_alive, fields) => {
                seen.number(keep_alive);
                fields.iter().for_each(|field| seen.bytes(field));
            }
            Cut::Subscribe(id, mut filters) => {
                seen.number(id);
                while !filters.is_empty() {
                    seen.bytes(field(&mut filters));
                    seen.number(filters[0]);
                    filters = &filters[1..];
                }
            }
        }
    }

    #[inline]
    fn build<'a, T: Take<Self::Built<'a>>>(given: &'a Given, to: T) -> T::Made {
        to.take(Cow::Borrowed(given))
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
                properties,
            } => {
                let inner = properties.as_ref().map_or(0, length);
                let id_length = if *qos > 0 { 2 } else { 0 };
                output.header(
                    0x30 | qos << 1,
                    3 + topic.len() + id_length + inner + payload.len(),
                );
                output.field(topic.as_bytes());
                if *qos > 0 {
                    output.put(&id.to_be_bytes());
                }
                output.put(&[inner as u8]);
                if let Some(five) = properties {
                    output.put(&[1, five.is_text.into(), 2]);
                    output.put(&five.expiry.to_be_bytes());
                    output.put(&[3]);
                    output.field(five.content_type.as_bytes());
                    output.put(&[9]);
                    output.field(&five.correlation);
                    output.put(&[38]);
                    output.field(five.user.0.as_bytes());
                    output.field(five.user.1.as_bytes());
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
                    will.topic.as_bytes(),
                    &will.payload,
                    user.as_bytes(),
                    password.as_bytes(),
                ];
                let length = fields.iter().map(|field| field.len()).sum::<usize>();
                output.header(0x10, 22 + client_id.len() + length);
                output.put(b"\0\x04MQTT\x05\xee");
                output.put(&keep_alive.to_be_bytes());
                output.put(&[0]);
                output.field(client_id.as_bytes());
                output.put(&[0]);
                fields.iter().for_each(|field| output.field(field));
            }
            Given::Subscribe { id, filters } => {
                let length = filters.iter().map(|(filter, _)| 3 + filter.len());
                output.header(0x82, 3 + length.sum::<usize>());
                output.put(&id.to_be_bytes());
                output.put(&[0]);
                for (filter, qos) in filters {
                    output.field(filter.as_bytes());
                    output.put(&[*qos]);
                }
            }
            given => panic!("{given:?}"),
        }
    }

    fn written(output: &Fill) -> Vec<u8> {
        output.written()
    }

    fn again<'a>(packet: Self::Read<'a>) -> Self::Built<'a> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        Cow::Owned(match packet {
            Cut::Publish(head, topic, id, properties, payload) => Given::Publish {
                topic: topic.into(),
                payload: payload.into(),
                qos: head >> 1 & 3,
                id,
                properties: five(properties),
            },
            Cut::Connect(keep_alive, [client_id, topic, payload, user, password]) => {
                Given::Connect {
                    client_id: text(client_id),
                    keep_alive,
                    will: crate::Will {
                        topic: text(topic),
                        payload: payload.into(),
                    },
                    user: text(user),
                    password: text(password),
                }
            }
            Cut::Subscribe(id, mut bytes) => {
                let mut filters = Vec::new();
                while !bytes.is_empty() {
                    let filter = field(&mut bytes);
                    filters.push((text(filter), bytes[0]));
                    bytes = &bytes[1..];
                }
                Given::Subscribe { id, filters }
            }
        })
    }
}
