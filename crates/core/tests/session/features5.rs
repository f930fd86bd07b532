//! Feature `fast` changes nothing but speed with MQTT 5 either.
//!
//! As in `features.rs`, all that comes of random dialogues is added up, and the sums are the same
//! with the feature and without. These are full of properties, allowed and not, of topic aliases,
//! and of limits that the server announces.
use crate::random::{Sum, xorshift};
use motemq::{
    packet::v5::{Packet, decode},
    *,
};
use std::{
    fmt::{Debug, Write},
    num::NonZeroU16,
};

/// The sums of the dialogues from each seed. When the behaviour changes knowingly, so do these: take
/// them from the failure, which has to be the same with the feature and without.
const RECORDED: [u64; 8] = [
    0xf462_5e4a_5fa6_dd7e,
    0xc075_e589_8789_1d15,
    0x7320_6d9c_a447_18b8,
    0x4358_3023_e189_29b0,
    0xb2a5_bdb4_cbc3_6b4d,
    0x89ef_7634_3953_90a6,
    0xeb32_8b51_fcfe_a34b,
    0xe096_5201_4816_5e34,
];

/// Steps of each dialogue.
const STEPS: usize = 20_000;

/// Topics, filters, and texts that are none, with lengths around those of blocks.
const TEXTS: [&str; 14] = [
    "a",
    "a/b",
    "sensor/1",
    "sensor/12",
    "building/7/temp/1",
    "plant/7/line/2/temperature",
    "",
    "#",
    "a/+/b",
    "+plant/7/line/2/temperature",
    "plänt/7",
    "plant/7/line/2/température",
    "nul\0in/the/middle/of/a/topic",
    "application/vnd.plant+json; charset=utf-8",
];

/// Xorshift.
struct Chance(u64);

impl Chance {
    /// Less than `n`.
    fn below(&mut self, n: usize) -> usize {
        (xorshift(&mut self.0) >> 32) as usize % n
    }

    /// Once in `n` times.
    fn is_one_of(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn text(&mut self) -> &'static str {
        // Mostly plain topics.
        let most = if self.is_one_of(3) { TEXTS.len() } else { 6 };
        TEXTS[self.below(most)]
    }

    fn qos(&mut self) -> QoS {
        QoS::try_from(self.below(3) as u8).unwrap()
    }

    /// A property, mostly one that a PUBLISH can have.
    fn property(&mut self) -> Property<'static> {
        let number = [0, 1, 7, 0x7f, 0x80, 0x3fff, 0x4000, 0xff_ffff][self.below(8)];
        match self.below(20) {
            0..=2 => Property::PayloadFormatIndicator(number > 1),
            3..=5 => Property::MessageExpiryInterval(number),
            6..=8 => Property::ContentType(self.text().into()),
            9..=10 => Property::ResponseTopic(self.text().into()),
            11..=12 => Property::CorrelationData(self.text().as_bytes()),
            13..=16 => Property::UserProperty {
                name: self.text().into(),
                value: self.text().into(),
            },
            17 => {
                Property::TopicAlias(NonZeroU16::new(number as u16 & 3).unwrap_or(NonZeroU16::MIN))
            }
            18 => Property::SubscriptionIdentifier(number),
            _ => Property::ReasonString(self.text().into()),
        }
    }

    fn properties(&mut self) -> Vec<Property<'static>> {
        let n = [0, 0, 1, 2, 5][self.below(5)];
        (0..n).map(|_| self.property()).collect()
    }

    /// Properties as they are encoded, now and then with a byte that is wrong or one too few.
    fn section(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for property in self.properties() {
            bytes.push(property.identifier());
            encode(property, &mut bytes);
        }
        if self.is_one_of(12) && !bytes.is_empty() {
            let at = self.below(bytes.len());
            bytes[at] = self.below(256) as u8;
        }
        if self.is_one_of(24) {
            bytes.pop();
        }
        let mut section = variable(bytes.len());
        section.extend(bytes);
        section
    }

    /// What a server may send, and now and then what it may not.
    fn packet(&mut self) -> Vec<u8> {
        let id = self.below(6) as u16;
        let (first_byte, mut body) = match self.below(16) {
            0..=9 => {
                let kinds = if self.is_one_of(8) { 7 } else { 6 };
                let qos = [0, 0, 1, 1, 1, 2, 3][self.below(kinds)];
                let mut body = field(self.text().as_bytes());
                if qos != 0 {
                    body.extend(id.to_be_bytes());
                }
                body.extend(self.section());
                let most = if self.is_one_of(8) { 200 } else { 20 };
                body.extend(b"payload ".repeat(most / 8));
                let flags = if self.is_one_of(6) {
                    self.below(16) as u8 & 9
                } else {
                    0
                };
                (0x30 | qos << 1 | flags, body)
            }
            10..=12 => (0x40, id.to_be_bytes().to_vec()),
            13 => {
                let mut body = id.to_be_bytes().to_vec();
                // With a reason code, mostly that of success, and properties, or without.
                let code = [0, 0, 0, 0x10, 0x92][self.below(5)];
                body.extend(&[code, 0][..self.below(3)]);
                ([0x40, 0x50, 0x62, 0x70][self.below(4)], body)
            }
            14 => (0x90, vec![0, id as u8, 0, 1]),
            _ => (0xd0, vec![]),
        };
        if self.is_one_of(40) && !body.is_empty() {
            let at = self.below(body.len());
            body[at] = self.below(256) as u8;
        }
        packet(first_byte, &body)
    }

    /// A CONNACK with limits.
    fn connack(&mut self, is_present: bool) -> Vec<u8> {
        let mut properties = Vec::new();
        if self.is_one_of(2) {
            properties.extend([0x21, 0, 1 + self.below(5) as u8]);
        }
        if self.is_one_of(3) {
            properties.extend([0x27, 0, 0, 0, 30 + self.below(60) as u8]);
        }
        for (id, chance) in [(0x24, 8), (0x25, 4)] {
            if self.is_one_of(chance) {
                properties.extend([id, self.below(2) as u8]);
            }
        }
        if self.is_one_of(2) {
            properties.extend([0x22, 0, 2]);
        }
        let mut body = vec![is_present.into(), 0, properties.len() as u8];
        body.extend(properties);
        packet(0x20, &body)
    }
}

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

fn packet(first_byte: u8, body: &[u8]) -> Vec<u8> {
    [&[first_byte], &variable(body.len())[..], body].concat()
}

/// Appends the value of a property.
fn encode(property: Property<'_>, bytes: &mut Vec<u8>) {
    match property {
        Property::PayloadFormatIndicator(is_set) => bytes.push(is_set.into()),
        Property::MessageExpiryInterval(number) => bytes.extend(number.to_be_bytes()),
        Property::CorrelationData(data) => bytes.extend(field(data)),
        Property::TopicAlias(number) => bytes.extend(number.get().to_be_bytes()),
        Property::SubscriptionIdentifier(number) => bytes.extend(variable(number as usize)),
        Property::UserProperty { name, value } => {
            bytes.extend(field(name.as_bytes()));
            bytes.extend(field(value.as_bytes()));
        }
        Property::ContentType(text)
        | Property::ResponseTopic(text)
        | Property::ReasonString(text) => {
            bytes.extend(field(text.as_bytes()));
        }
        other => panic!("{other:?}"),
    }
}

/// A session, its buffers, and the sum of what comes of it.
struct Dialogue {
    chance: Chance,
    session: Session<[Slot; 4], Mqtt5>,
    rx: Buffer<[u8; 160]>,
    tx: Buffer<[u8; 256]>,
    /// On the way to `rx`.
    coming: Vec<u8>,
    asked: Option<(PacketId, QoS)>,
    sum: Sum,
}

impl Dialogue {
    fn open(&mut self) {
        let mut list = Vec::new();
        if self.chance.is_one_of(2) {
            list.push(Property::TopicAliasMaximum(2));
        }
        if self.chance.is_one_of(4) {
            list.push(Property::MaximumPacketSize(60.try_into().unwrap()));
        }
        let mut connect = Connect::new("node").properties(&list);
        connect.clean = self.chance.is_one_of(4);
        self.session
            .connect(&connect, &mut self.rx, &mut self.tx)
            .unwrap();
        let is_present = !connect.clean && !self.chance.is_one_of(4);
        self.coming = self.chance.connack(is_present);
        self.asked = None;
    }

    fn step(&mut self) {
        if self.session.is_closed() && !self.chance.is_one_of(4) {
            self.open();
        }
        match self.chance.below(32) {
            0..=11 => self.send(),
            12 => self.tx.consume(usize::MAX),
            13 => self.tx.consume(self.chance.below(20)),
            14 if self.chance.is_one_of(20) => self.session.on_connection_lost(),
            15 => {
                let refused = self.session.refuse(ReasonCode::QUOTA_EXCEEDED);
                self.add(&refused);
            }
            _ => self.receive(),
        }
        let state = format!(
            "{:?}{:?}{:?}",
            self.session,
            self.tx.bytes(),
            self.rx.bytes()
        );
        self.add(&state);
    }

    fn send(&mut self) {
        let most = if self.chance.is_one_of(8) { 300 } else { 40 };
        let payload = vec![7; self.chance.below(most)];
        let list = self.chance.properties();
        let mut publish = Publish::to(self.chance.text())
            .payload(&payload)
            .qos(self.chance.qos());
        publish.retain = self.chance.is_one_of(4);
        if self.chance.is_one_of(8) {
            publish.remaining = self.chance.below(300) as u32;
        }
        match (self.chance.below(12), self.asked) {
            (0..=6, Some((id, qos))) => {
                let publish = publish.properties(&list).qos(qos);
                let done = self.session.republish(id, &publish, &mut self.tx);
                self.add(&done);
                self.asked = self.asked.filter(|_| done.is_err());
            }
            (0..=2, _) => {
                let n = payload.len().min(self.session.payload_remaining() as usize);
                let done = self.session.publish_chunk(&payload[..n], &mut self.tx);
                self.add(&done);
            }
            (3..=5, _) => {
                let done = self.session.publish(&publish, &mut self.tx);
                self.add(&done);
            }
            _ => {
                let publish = publish.properties(&list);
                let done = self.session.publish(&publish, &mut self.tx);
                self.add(&done);
            }
        }
    }

    fn receive(&mut self) {
        if self.coming.is_empty() {
            self.coming = self.chance.packet();
            self.codec();
        }
        let space = self.rx.space();
        let mut n = space.len().min(self.coming.len());
        if self.chance.is_one_of(3) {
            n = n.min(self.chance.below(40));
        }
        space[..n].copy_from_slice(&self.coming[..n]);
        self.rx.commit(n);
        self.coming.drain(..n);
        match self.session.next_event(&mut self.rx, &mut self.tx) {
            Ok(Some(event)) => {
                if let Event::Resend { id, qos } = event {
                    self.asked = Some((id, qos));
                }
                write!(self.sum, "{event:?}").unwrap();
            }
            other => write!(self.sum, "{other:?}").unwrap(),
        }
    }

    /// The same packet by itself: read, and written into whatever room there is, with its own
    /// properties and with a list.
    fn codec(&mut self) {
        let read = decode(&self.coming);
        write!(self.sum, "{read:?}").unwrap();
        let Ok(Some((packet, _))) = read else {
            return;
        };
        let (mut memory, mut taken) = ([0; 320], self.chance.below(320));
        let room = taken + self.chance.below(321 - taken);
        let done = packet.encode(&mut Out::new(&mut memory[..room], &mut taken));
        write!(self.sum, "{done:?}{:?}", &memory[..taken]).unwrap();
        if let Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic,
            payload,
            ..
        } = packet
        {
            let list = self.chance.properties();
            let packet = Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
                properties: &list[..],
            };
            let (mut memory, mut taken) = ([0; 512], 0);
            let done = packet.encode(&mut Out::new(&mut memory, &mut taken));
            write!(self.sum, "{done:?}{:?}", &memory[..taken]).unwrap();
        }
    }

    fn add(&mut self, what: &impl Debug) {
        write!(self.sum, "{what:?}").unwrap();
    }
}

#[test]
fn features_change_nothing_with_mqtt_5() {
    let sums = [1, 2, 3, 4, 5, 6, 7, 8].map(|seed: u64| {
        let mut dialogue = Dialogue {
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            coming: vec![],
            asked: None,
            sum: Sum::new(),
        };
        (0..STEPS).for_each(|_| dialogue.step());
        dialogue.sum.0
    });
    assert_eq!(sums, RECORDED, "{sums:#x?}");
}
