//! The parts of the client that differ with the version of MQTT.
use crate::{
    client::{Mine, level},
    console::Console,
    copies::Copies,
};
use motemq::{
    Buffer, Event, Filter, Message, Mqtt5, PacketId, Properties, Property, Publish, ReasonCode,
    SendError, SubscriptionOptions,
};

/// The version of MQTT.
pub type Version = Mqtt5;

/// The topic of messages that the board refuses.
const REFUSED: &str = "to/refused";
/// The identifier of subscriptions that [`Extra::Exclusive`] makes.
const SUBSCRIPTION: u32 = 7;

/// Commands that MQTT 3.1.1 has not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extra<'a> {
    /// `describe TOPIC QOS CONTENT_TYPE PAYLOAD`: publishes with properties.
    Describe(&'a str, u8, &'a str, &'a str),
    /// `exclusive FILTER QOS`: subscribes to what others publish.
    Exclusive(&'a str, u8),
    /// `leave`: disconnects, and has the will published.
    Leave,
}

impl<'a> Extra<'a> {
    /// Reads a command.
    pub fn parse(verb: &str, rest: &'a str) -> Option<Self> {
        let mut words = rest.splitn(4, ' ');
        let mut word = || words.next();
        Some(match verb {
            "describe" => Extra::Describe(word()?, word()?.parse().ok()?, word()?, word()?),
            "exclusive" => Extra::Exclusive(word()?, word()?.parse().ok()?),
            "leave" => Extra::Leave,
            _ => return None,
        })
    }

    /// Gives the session a command.
    pub fn carry_out(
        self,
        session: &mut Mine,
        tx: &mut Buffer,
    ) -> Result<Option<PacketId>, SendError> {
        match self {
            Extra::Describe(topic, qos, content_type, payload) => {
                let properties = [
                    Property::ContentType(content_type.into()),
                    Property::UserProperty {
                        name: "unit".into(),
                        value: "hPa".into(),
                    },
                ];
                let message = Publish::to(topic)
                    .payload(payload.as_bytes())
                    .qos(level(qos))
                    .properties(&properties);
                session.publish(&message, tx)
            }
            Extra::Exclusive(filter, qos) => {
                let options = SubscriptionOptions {
                    no_local: true,
                    ..SubscriptionOptions::default()
                };
                let filters = [Filter::new(filter, level(qos)).options(options)];
                let properties = [Property::SubscriptionIdentifier(SUBSCRIPTION)];
                session.subscribe_with(&filters, &properties, tx).map(Some)
            }
            Extra::Leave => session
                .disconnect_with(ReasonCode::DISCONNECT_WITH_WILL_MESSAGE, &[], tx)
                .map(|()| None),
        }
    }
}

/// Tells the properties of a message, and refuses it if it is to be refused.
pub fn tell_properties(
    message: &Message<'_, Properties<'_>>,
    session: &mut Mine,
    console: &mut Console,
) {
    for property in message.properties.iter() {
        match property {
            Property::ContentType(text) => console.tell(format_args!("content-type {text}")),
            Property::ResponseTopic(text) => console.tell(format_args!("response-topic {text}")),
            Property::SubscriptionIdentifier(id) => console.tell(format_args!("subscription {id}")),
            Property::UserProperty { name, value } => console.tell(format_args!("{name}={value}")),
            _ => {}
        }
    }
    if message.topic == REFUSED
        && let Err(error) = session.refuse(ReasonCode::QUOTA_EXCEEDED)
    {
        console.tell(format_args!("error {error}"));
    }
}

/// Tells an event that MQTT 3.1.1 has not.
pub fn tell(event: &Event<'_, Properties<'_>>, copies: &mut Copies, console: &mut Console) {
    match event {
        Event::Unsubscribed { id, .. } => console.tell(format_args!("acked {id}")),
        // PUBREL was sent again, and the broker had completed the message.
        Event::Refused { id, code, .. } if *code == ReasonCode::PACKET_IDENTIFIER_NOT_FOUND => {
            copies.forget(*id);
            console.tell(format_args!("acked {id}"));
        }
        Event::Refused { id, code, .. } => {
            copies.forget(*id);
            console.tell(format_args!("refused {id} {}", code.get()));
        }
        Event::Disconnected { code, .. } => {
            console.tell(format_args!("disconnected {}", code.get()));
        }
        _ => {}
    }
}
