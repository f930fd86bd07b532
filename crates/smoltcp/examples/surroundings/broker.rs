//! A broker for one client and short packets, in place of a real one: it grants every subscription,
//! and sends each message back with QoS 0.

/// The state of the broker.
#[derive(Default)]
pub(crate) struct Broker {
    has_mqtt5: bool,
    has_seen_disconnect: bool,
    answers: Vec<u8>,
}

impl Broker {
    /// Takes complete packets from the front, and returns how many bytes these have.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let [first_byte, length, rest @ ..] = &bytes[taken..] {
            assert!(*length < 128, "this broker takes short packets only");
            let Some(body) = rest.get(..usize::from(*length)) else {
                break;
            };
            self.answer(*first_byte, body);
            taken += 2 + body.len();
        }
        taken
    }

    /// Returns the bytes for the client.
    pub(crate) fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    pub(crate) fn has_seen_disconnect(&self) -> bool {
        self.has_seen_disconnect
    }

    fn answer(&mut self, first_byte: u8, body: &[u8]) {
        match first_byte >> 4 {
            1 => {
                self.has_mqtt5 = body[6] == 5;
                let connack: &[u8] = if self.has_mqtt5 { &[0, 0, 0] } else { &[0, 0] };
                self.send(0x20, &[connack]);
            }
            3 => self.publish(first_byte >> 1 & 3, body),
            8 => self.subscribe(body),
            12 => self.send(0xd0, &[]),
            14 => self.has_seen_disconnect = true,
            _ => {}
        }
    }

    fn publish(&mut self, qos: u8, body: &[u8]) {
        let topic = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
        let (topic, rest) = body.split_at(topic);
        let (id, rest) = rest.split_at(if qos == 0 { 0 } else { 2 });
        if qos == 1 {
            self.send(0x40, &[id]);
        }
        self.send(0x30, &[topic, rest]);
    }

    fn subscribe(&mut self, body: &[u8]) {
        // With MQTT 5, the length of the properties follows the identifier in both packets.
        let properties: &[u8] = if self.has_mqtt5 { &[0] } else { &[] };
        let (id, mut filters) = body.split_at(2);
        filters = &filters[properties.len()..];
        let mut codes = Vec::new();
        while let [high, low, rest @ ..] = filters {
            let (filter, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            println!("broker: subscribed to {}", filter.escape_ascii());
            codes.push(rest[0] & 3);
            filters = &rest[1..];
        }
        self.send(0x90, &[id, properties, &codes]);
    }

    fn send(&mut self, first_byte: u8, parts: &[&[u8]]) {
        let body = parts.concat();
        self.answers.extend([first_byte, body.len() as u8]);
        self.answers.extend(body);
    }
}
