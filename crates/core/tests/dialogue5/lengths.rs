//! PUBLISH with all properties and around all limits of lengths, both ways, compared with what a
//! plain writer makes of it. With the feature `fast` most of these take a shortcut.
use super::*;
use motemq::packet::v5::{Packet, decode};
use std::iter;

/// A variable byte integer (section 1.5.5).
fn variable(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn field(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

/// Returns a property of a PUBLISH as it is encoded.
fn encoded(property: &Property<'_>) -> Vec<u8> {
    let value = match *property {
        Property::PayloadFormatIndicator(is_set) => vec![is_set.into()],
        Property::MessageExpiryInterval(number) => number.to_be_bytes().to_vec(),
        Property::TopicAlias(number) => number.get().to_be_bytes().to_vec(),
        Property::SubscriptionIdentifier(number) => variable(number as usize),
        Property::ContentType(text) | Property::ResponseTopic(text) => field(text.as_bytes()),
        Property::CorrelationData(data) => field(data),
        Property::UserProperty { name, value } => {
            [field(name.as_bytes()), field(value.as_bytes())].concat()
        }
        _ => panic!("{property}"),
    };
    [vec![property.identifier()], value].concat()
}

/// Returns the packet without its fixed header.
fn body(message: &Publish<'_, &[Property<'_>]>, id: Option<PacketId>) -> Vec<u8> {
    let properties: Vec<u8> = message.properties.iter().flat_map(encoded).collect();
    [
        &field(message.topic().as_bytes())[..],
        id.map(|id| id.get().to_be_bytes())
            .as_ref()
            .map_or(&[], |id| &id[..]),
        &variable(properties.len()),
        &properties,
        message.payload,
    ]
    .concat()
}

fn packet(message: &Publish<'_, &[Property<'_>]>, id: Option<PacketId>) -> Vec<u8> {
    let flags = (message.qos as u8) << 1 | u8::from(message.retain);
    let body = body(message, id);
    [&[0x30 | flags], &variable(body.len())[..], &body].concat()
}

/// A session that works on slices, which are as long as a test asks for.
struct Slices {
    session: Session<[Slot; 4], Mqtt5>,
    tx: Vec<u8>,
    end: usize,
}

impl Slices {
    /// Connects. The server accepts packets of up to `longest` bytes, and topic aliases.
    fn open(longest: u32) -> Self {
        let mut slices = Slices {
            session: Session::with_protocol(),
            tx: vec![0; 64],
            end: 0,
        };
        let mut out = Out::new(&mut slices.tx, &mut slices.end);
        let session = &mut slices.session;
        let offer = [Property::TopicAliasMaximum(9)];
        session
            .connect_slices(&CLIENT.properties(&offer), 300_000, &mut out)
            .unwrap();
        let connack = [
            b"\x20\x0b\0\0\x08\x22\0\x09\x27",
            &longest.to_be_bytes()[..],
        ]
        .concat();
        let event = session.receive(&mut &connack[..], 300_000, &mut out);
        assert!(matches!(event, Ok(Some(Event::Connected { .. }))));
        slices
    }

    /// Publishes with room for `room` bytes behind `start` others. Returns the packet and its
    /// identifier.
    fn publish(
        &mut self,
        message: &Publish<'_, &[Property<'_>]>,
        start: usize,
        room: usize,
    ) -> Result<(Vec<u8>, Option<PacketId>), SendError> {
        self.tx.clear();
        self.tx.resize(start + room, 0xaa);
        self.end = start;
        let before = self.session.clone();
        let mut out = Out::new(&mut self.tx, &mut self.end);
        match self.session.publish(message, &mut out) {
            Ok(id) => Ok((self.tx[start..self.end].to_vec(), id)),
            Err(error) => {
                assert!(self.end == start && self.session == before, "{error}");
                Err(error)
            }
        }
    }

    /// Receives the acknowledgement of a message.
    fn acknowledge(&mut self, id: PacketId) {
        let mut out = Out::new(&mut self.tx, &mut self.end);
        let [high, low] = id.get().to_be_bytes();
        let puback = [0x40, 2, high, low];
        let event = self.session.receive(&mut &puback[..], 64, &mut out);
        assert!(matches!(event, Ok(Some(Event::Acked { .. }))));
    }

    /// Receives a packet, which is a message with these properties and this payload.
    #[track_caller]
    fn receives(&mut self, mut packet: &[u8], message: &Publish<'_, &[Property<'_>]>) {
        self.tx.resize(64, 0);
        self.end = 0;
        let mut out = Out::new(&mut self.tx, &mut self.end);
        let received = self.session.receive(&mut packet, 300_000, &mut out);
        let Ok(Some(Event::Message(received))) = received else {
            panic!("{received:?}");
        };
        assert!(packet.is_empty() && received.payload == message.payload);
        assert_eq!(received.topic.as_bytes(), message.topic().as_bytes());
        assert_eq!(
            (received.qos(), received.retain()),
            (message.qos, message.retain)
        );
        assert!(
            received
                .properties
                .iter()
                .eq(message.properties.iter().copied())
        );
        let mut rest = received.properties;
        let taken = iter::from_fn(|| rest.take_first());
        assert!(taken.eq(message.properties.iter().copied()));
    }
}

/// The lists of no, one and two properties; and whether a client can send them.
fn lists() -> Vec<(Vec<Property<'static>>, bool)> {
    let one = [
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(0x0102_0304),
        Property::ContentType("text/plain".into()),
        Property::ResponseTopic("a/é".into()),
        Property::CorrelationData(b"\0\xff"),
        Property::TopicAlias(9.try_into().unwrap()),
        Property::UserProperty {
            name: "name".into(),
            value: "value".into(),
        },
        Property::SubscriptionIdentifier(0x7f),
        Property::SubscriptionIdentifier(0x80),
        Property::SubscriptionIdentifier(0x3fff),
        Property::SubscriptionIdentifier(0x4000),
        Property::SubscriptionIdentifier(0xfff_ffff),
    ];
    let pairs = one
        .iter()
        .flat_map(|&first| one.map(|second| vec![first, second]));
    let all = iter::once(vec![])
        .chain(one.map(|one| vec![one]))
        .chain(pairs);
    all.map(|list| {
        let is_sent = list.iter().all(|one| one.identifier() != 0x0b);
        (list, is_sent)
    })
    .collect()
}

#[test]
fn every_list_of_properties_is_written_and_read_as_it_is_encoded() {
    let mut client = Slices::open(u32::MAX);
    for (list, is_sent) in lists() {
        let is_repeated = list.len() == 2
            && list[0].identifier() == list[1].identifier()
            && list[0].identifier() != 0x26;
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let mut message = Publish::to("t").payload(b"data").qos(qos).properties(&list);
            message.retain = qos == QoS::AtMostOnce;
            match client.publish(&message, 0, 400) {
                Ok((sent, id)) => {
                    assert!(!is_repeated && is_sent, "{list:?}");
                    assert_eq!(sent, packet(&message, id), "{list:?}");
                    id.into_iter().for_each(|id| client.acknowledge(id));
                }
                Err(error) => {
                    assert!(is_repeated || !is_sent, "{list:?}");
                    assert_eq!(error, SendError::Invalid, "{list:?}");
                }
            }
            let id = PacketId::new(if qos == QoS::AtMostOnce { 0 } else { 7 });
            let expected = packet(&message, id);
            // The codec writes what a server can send, too.
            let (mut memory, mut end) = ([0; 400], 0);
            let written = Packet::Publish {
                dup: false,
                qos,
                retain: message.retain,
                id,
                topic: Some(TopicName::new("t").unwrap()),
                payload: message.payload,
                properties: &list[..],
            }
            .encode(&mut Out::new(&mut memory, &mut end));
            let is_pair_of_ids = list.iter().all(|one| one.identifier() == 0x0b);
            if is_repeated && !is_pair_of_ids {
                assert_eq!((written, end), (Err(SendError::Invalid), 0), "{list:?}");
                assert!(decode(&expected).is_err(), "{list:?}");
                continue;
            }
            assert_eq!(
                (written, &memory[..end]),
                (Ok(()), &expected[..]),
                "{list:?}"
            );
            client.receives(&expected, &message);
            // What was read is written again from the bytes.
            let (read, length) = decode(&expected).unwrap().unwrap();
            end = 0;
            read.encode(&mut Out::new(&mut memory, &mut end)).unwrap();
            assert_eq!((&memory[..end], length), (&expected[..], expected.len()));
        }
    }
}

/// Lengths of properties and payloads around those from which on a length takes a byte more, and of
/// the longest text. A server may accept no longer packet, and there may be no more room.
#[test]
fn packets_of_every_length_are_written_if_they_fit() {
    let longest = "x".repeat(0xffff);
    let mut tried = 0;
    for length in [
        5, 0x7e, 0x7f, 0x80, 0x81, 0x3ffe, 0x3fff, 0x4000, 0x4001, 0x1_0004,
    ] {
        let list = [Property::UserProperty {
            name: "".into(),
            value: longest[..length - 5].into(),
        }];
        let (header, properties) = (variable(length).len() + 3, length);
        for whole in [0x7f, 0x80, 0x3fff, 0x4000, 0x1_2000, 0x1f_ffff, 0x20_0000] {
            let Some(left) = usize::checked_sub(whole, header + properties) else {
                continue;
            };
            let payload = vec![7; left];
            let message = Publish::to("t").payload(&payload).properties(&list);
            let expected = packet(&message, None);
            let (total, room) = (expected.len(), whole + 5);
            let mut client = Slices::open(total as u32);
            // Streamed, all but the payload is written at once, without a shortcut.
            let head = Publish::to("t").properties(&list).remaining(left as u32);
            let streamed = Slices::open(total as u32).publish(&head, 0, room);
            assert!(streamed == Ok((expected[..total - left].to_vec(), None)));
            let too_long = Slices::open(total as u32 - 1).publish(&head, 0, room);
            assert!(left == 0 || too_long == Err(SendError::Unsupported));
            let expected = Ok((expected, None));
            assert!(client.publish(&message, 0, room) == expected);
            assert!(client.publish(&message, 9, room) == expected);
            assert!(Slices::open(u32::MAX).publish(&message, 9, room + 9) == expected);
            assert!(client.publish(&message, 0, room - 1) == Err(SendError::TooLong));
            assert!(client.publish(&message, 9, room - 1) == Err(SendError::Full));
            let mut client = Slices::open(total as u32 - 1);
            let none = Err(SendError::Unsupported);
            assert!(client.publish(&message, 0, room) == none);
            tried += 1;
        }
    }
    assert_eq!(tried, 42);
    let too_long = "x".repeat(0x1_0000);
    let list = [Property::ContentType(too_long.as_str().into())];
    let message = Publish::to("t").properties(&list);
    let sent = Slices::open(u32::MAX).publish(&message, 0, 0x2_0000);
    assert!(matches!(sent, Err(SendError::TooLong | SendError::Invalid)));
}

/// The same lengths are read, from the codec and by a session.
#[test]
fn packets_of_every_length_are_read() {
    let longest = "x".repeat(0xffff);
    for length in [5, 0x7f, 0x80, 0x3fff, 0x4000, 0x1_0004] {
        let list = [Property::UserProperty {
            name: "".into(),
            value: longest[..length - 5].into(),
        }];
        for left in [0, 1, 200, 0x4000] {
            let payload = vec![7; left];
            for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
                let id = PacketId::new(if qos == QoS::AtMostOnce { 0 } else { 7 });
                let message = Publish::to("t/u").payload(&payload).qos(qos);
                let message = message.properties(&list);
                let bytes = packet(&message, id);
                Slices::open(u32::MAX).receives(&bytes, &message);
                let (read, taken) = decode(&bytes).unwrap().unwrap();
                let Packet::Publish { properties, .. } = read else {
                    panic!("{read}");
                };
                assert!(taken == bytes.len() && properties.iter().eq(list));
            }
        }
    }
}
