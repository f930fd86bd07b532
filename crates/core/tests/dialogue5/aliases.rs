//! Topic aliases of received messages, which a layer resolves, and of sent messages.
use super::*;

/// A client that announces two aliases, for topics of up to 8 bytes.
struct Client {
    d: Dialogue,
    acks: Option<ManualAcks<[PendingAck; 4]>>,
    aliases: TopicAliases<2, 8>,
}

impl Client {
    fn open() -> Self {
        let mut client = Client {
            d: Dialogue::new(),
            acks: None,
            aliases: TopicAliases::new(),
        };
        client.connect(ACCEPTED);
        client
    }

    fn connect(&mut self, connack: &[u8]) {
        let d = &mut self.d;
        let list = [TopicAliases::<2, 8>::MAXIMUM];
        let connect = CLIENT.keep_session().properties(&list);
        d.session.connect(&connect, &mut d.rx, &mut d.tx).unwrap();
        d.tx.clear();
        assert_eq!(self.receives(connack), Ok(String::new()));
    }

    /// Receives bytes. Returns the topics of the messages, or the fault.
    fn receives(&mut self, bytes: &[u8]) -> Result<String, Fault> {
        let Client { d, acks, aliases } = self;
        d.rx.space()[..bytes.len()].copy_from_slice(bytes);
        d.rx.commit(bytes.len());
        let mut topics = String::new();
        loop {
            let event = match acks {
                Some(acks) => acks
                    .next_event(&mut d.session, &mut d.rx, &mut d.tx)?
                    .map(|(event, _)| event),
                None => d.session.next_event(&mut d.rx, &mut d.tx)?,
            };
            let Some(event) = event else {
                return Ok(topics);
            };
            if let Event::Message(message) = aliases.resolve(&mut d.session, event, &mut d.tx)? {
                topics += message.topic.as_str();
                topics += " ";
            }
        }
    }
}

/// Returns a PUBLISH with this first byte, topic and alias, and with identifier 1 unless it has QoS
/// 0.
fn publish(first_byte: u8, topic: &str, alias: u8) -> Vec<u8> {
    let mut bytes = vec![first_byte, 0, 0, topic.len() as u8];
    bytes.extend(topic.as_bytes());
    if first_byte & 6 != 0 {
        bytes.extend([0, 1]);
    }
    bytes.extend([3, 0x23, 0, alias]);
    bytes[1] = bytes.len() as u8 - 2;
    bytes
}

#[test]
fn an_alias_stands_for_the_topic_with_which_it_was_sent_last() {
    let mut c = Client::open();
    for (topic, alias, resolved) in [
        ("a", 1, "a "),
        ("", 1, "a "),
        ("longest8", 2, "longest8 "),
        ("", 2, "longest8 "),
        ("b", 1, "b "),
        ("", 1, "b "),
        ("", 2, "longest8 "),
    ] {
        assert_eq!(c.receives(&publish(0x30, topic, alias)).unwrap(), resolved);
    }
    assert_eq!(format!("{:?}", c.aliases), r#"{1: "b", 2: "longest8"}"#);
}

/// A message without an alias keeps its topic, and sets none.
#[test]
fn messages_without_alias_are_as_they_were() {
    let mut c = Client::open();
    assert_eq!(c.receives(b"\x30\x04\0\x01t\0").unwrap(), "t ");
    assert!(c.aliases == TopicAliases::new());
}

#[test]
fn an_alias_that_was_not_set_is_a_fault() {
    let mut c = Client::open();
    c.receives(&publish(0x30, "a", 1)).unwrap();
    let unknown = c.receives(&publish(0x32, "", 2));
    assert_eq!(unknown, Err(Fault::Unexpected));
    assert!(c.d.session.is_closed());
    c.d.sends(b"\xe0\x01\x82");
}

/// A topic that is longer than its place is delivered with its message, but not kept.
#[test]
fn a_topic_that_is_too_long_cannot_be_used_again() {
    let mut c = Client::open();
    assert_eq!(
        c.receives(&publish(0x30, "nine-long", 1)).unwrap(),
        "nine-long "
    );
    let used = c.receives(&publish(0x30, "", 1));
    assert_eq!(used, Err(Fault::PacketTooLarge));
    c.d.sends(b"\xe0\x01\x95");
}

/// [MQTT-3.3.2-7]
#[test]
fn aliases_end_with_the_connection() {
    let mut c = Client::open();
    c.receives(&publish(0x30, "a", 1)).unwrap();
    c.d.session.on_connection_lost();
    c.connect(b"\x20\x03\x01\0\0");
    assert_eq!(c.receives(&publish(0x30, "", 1)), Err(Fault::Unexpected));
}

/// A repeated QoS 2 message sets its alias, although it was accepted before.
#[test]
fn repeated_messages_set_aliases() {
    let mut c = Client::open();
    c.receives(&publish(0x34, "a", 1)).unwrap();
    c.d.session.on_connection_lost();
    c.connect(b"\x20\x03\x01\0\0");
    c.receives(&publish(0x3c, "a", 1)).unwrap();
    assert_eq!(c.receives(&publish(0x30, "", 1)).unwrap(), "a ");
}

/// A message that does not fit may have set any alias.
#[test]
fn aliases_are_unknown_after_a_message_that_was_skipped() {
    let mut c = Client::open();
    c.receives(&publish(0x30, "a", 1)).unwrap();
    let mut long = publish(0x30, &"l".repeat(200), 1);
    long.splice(1..2, [0x80 | (206 & 0x7f) as u8, 1]);
    for piece in long.chunks(50) {
        c.receives(piece).unwrap();
    }
    assert_eq!(
        c.receives(&publish(0x30, "", 1)),
        Err(Fault::PacketTooLarge)
    );
}

#[test]
fn aliases_work_with_manual_acknowledgement() {
    let mut c = Client::open();
    c.d.session.on_connection_lost();
    c.acks = Some(ManualAcks::new());
    c.connect(ACCEPTED);
    c.d.tx.clear();
    assert_eq!(c.receives(&publish(0x32, "a", 1)).unwrap(), "a ");
    let mut next = publish(0x32, "", 1);
    next[5] = 2;
    assert_eq!(c.receives(&next).unwrap(), "a ");
    assert!(c.d.tx.is_empty());
}

/// An alias of 0, or above the maximum, is a fault that the session itself finds.
#[test]
fn aliases_above_the_maximum_are_faults() {
    for alias in [0, 3] {
        let mut c = Client::open();
        let fault = c.receives(&publish(0x30, "a", alias));
        assert_eq!(fault, Err(Fault::TopicAlias));
        c.d.sends(b"\xe0\x01\x94");
    }
}

/// A client that sends messages with aliases from 1 to 64.
struct Sender {
    d: Dialogue,
    aliases: SentTopicAliases<2>,
}

impl Sender {
    fn open() -> Self {
        let mut sender = Sender {
            d: Dialogue::new(),
            aliases: SentTopicAliases::new(),
        };
        sender.connect();
        sender
    }

    /// Connects to a server that accepts aliases up to 100.
    fn connect(&mut self) {
        let new = "Connected { session: New, properties: [topic alias maximum 100] }";
        self.d
            .connect(&CLIENT, b"\x20\x06\0\0\x03\x22\0\x64", &[new]);
    }

    fn publish(&mut self, topic: &str, alias: u16) -> Result<(), SendError> {
        let list = [Property::TopicAlias(alias.try_into().unwrap())];
        let publish = Publish::to(topic).properties(&list);
        let Sender { d, aliases } = self;
        aliases
            .publish(&mut d.session, &publish, &mut d.tx)
            .map(|id| assert_eq!(id, None))
    }
}

/// [MQTT-3.3.2-7]
#[test]
fn many_aliases_are_sent() {
    let mut s = Sender::open();
    let few = [1, 16, 17, 32, 33, 64];
    for _ in 0..2 {
        for alias in 1..=64 {
            assert_eq!(s.publish("", alias), Err(SendError::Invalid), "{alias}");
        }
        for alias in few {
            s.publish("t", alias).unwrap();
            s.d.sends(&publish(0x30, "t", alias as u8));
        }
        for alias in 1..=64 {
            let is_known = few.contains(&alias);
            assert_eq!(s.publish("", alias).is_ok(), is_known, "{alias}");
            s.d.tx.clear();
        }
        // They end with their connection.
        s.d.session.on_connection_lost();
        s.connect();
    }
}

/// An alias above the memory of the layer can be sent with a topic only, and one above what the
/// server accepts not at all.
#[test]
fn aliases_beyond_the_memory_need_their_topic() {
    let mut s = Sender::open();
    s.publish("t", 65).unwrap();
    assert_eq!(s.publish("", 65), Err(SendError::Invalid));
    s.publish("t", 100).unwrap();
    assert_eq!(s.publish("t", 101), Err(SendError::Unsupported));
}

/// A message that is not sent sets no alias, and a message without alias none either.
#[test]
fn what_is_not_sent_sets_no_alias() {
    let mut s = Sender::open();
    let alias = [Property::TopicAlias(20.try_into().unwrap())];
    let Sender { d, aliases } = &mut s;
    let long = Publish::to("t").payload(&[0; 300]).properties(&alias);
    let refused = aliases.publish(&mut d.session, &long, &mut d.tx);
    assert_eq!(refused, Err(SendError::TooLong));
    let plain = Publish::to("t").payload(b"p");
    aliases.publish(&mut d.session, &plain, &mut d.tx).unwrap();
    assert!(*aliases == SentTopicAliases::default());
    assert_eq!(s.publish("", 20), Err(SendError::Invalid));
}

#[test]
fn aliases_of_messages_that_are_sent_again() {
    let mut s = Sender::open();
    let Sender { d, aliases } = &mut s;
    let keep = CLIENT.keep_session();
    d.connect(&keep, ACCEPTED, &[NEW]);
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    let id = aliases.publish(&mut d.session, &message, &mut d.tx);
    let id = id.unwrap().unwrap();
    let resumed = "Connected { session: Resumed, properties: [topic alias maximum 100] }";
    let ask = "Resend { qos: AtLeastOnce, id: 1 }";
    d.connect(&keep, b"\x20\x06\x01\0\x03\x22\0\x64", &[resumed, ask]);
    let list = [Property::TopicAlias(50.try_into().unwrap())];
    let again = message.properties(&list);
    aliases
        .republish(&mut d.session, id, &again, &mut d.tx)
        .unwrap();
    d.sends(&publish(0x3a, "t", 50));
    assert_eq!(s.publish("", 50), Ok(()));
}
