//! A request and its response with MQTT 5, over `embedded-nal`: the client asks for the time,
//! answers its own request, and leaves with a reason.
//!
//! `cargo run -p motemq-nal --example request_nal 127.0.0.1:1883`
use motemq::{
    Buffer, Connect, Event, Filter, Message, Mqtt5, Properties, Property, Publish, QoS, ReasonCode,
    SendError, Session, Slot,
};
use motemq_nal::{Error, Link};
use std::{
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

/// Bytes that an answer to a message takes at most.
const ANSWER: usize = 64;
const REQUESTS: &str = "clock";
const RESPONSES: &str = "node-7/responses";
/// The time between two looks at a stack without interrupts.
const POLL: Duration = Duration::from_millis(5);

/// The difference to a program of MQTT 3.1.1: the type of the session.
type Node = Session<[Slot; 8], Mqtt5>;

/// Handles an event, with the properties of its packet.
fn handle(
    event: Event<'_, Properties<'_>>,
    session: &mut Node,
    tx: &mut Buffer,
) -> Result<(), SendError> {
    match event {
        Event::Connected { properties, .. } => {
            properties.iter().for_each(|p| println!("broker: {p}"));
            let filters = [REQUESTS, RESPONSES].map(|f| Filter::new(f, QoS::AtLeastOnce));
            session.subscribe(&filters, tx).map(drop)
        }
        Event::Subscribed { .. } => {
            let properties = [
                Property::ResponseTopic(RESPONSES.into()),
                Property::CorrelationData(b"41"),
            ];
            let request = Publish::to(REQUESTS).properties(&properties);
            session
                .publish(&request.qos(QoS::AtLeastOnce), tx)
                .map(drop)
        }
        Event::Message(request) if request.topic == REQUESTS => respond(&request, session, tx),
        Event::Message(response) => {
            println!("response: {}", response.payload.escape_ascii());
            let properties = [Property::ReasonString("the time is known".into())];
            session.disconnect_with(ReasonCode::NORMAL_DISCONNECTION, &properties, tx)
        }
        // The broker ends the connection: the next turn closes the link.
        Event::Disconnected { code, .. } => {
            println!("disconnected: {code}");
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Answers a request, or refuses it if it does not say where the answer is to go.
fn respond(
    request: &Message<'_, Properties<'_>>,
    session: &mut Node,
    tx: &mut Buffer,
) -> Result<(), SendError> {
    let Some(topic) = request.properties.response_topic() else {
        if request.qos() == QoS::AtMostOnce || request.remaining > 0 {
            return Ok(()); // there is no answer, or not yet
        }
        return session.refuse(ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR);
    };
    let number = request.properties.correlation_data();
    let properties = number.map(Property::CorrelationData);
    let response = Publish::to(topic.as_str()).payload(b"12:30");
    session
        .publish(&response.properties(properties.as_slice()), tx)
        .map(drop)
}

/// Asks for the time over one connection.
pub(crate) fn ask(broker: SocketAddr) -> Result<(), Box<dyn std::error::Error>> {
    let mut stack = std_embedded_nal::Stack; // on a device: its own
    let begun = Instant::now();
    let mut session = Node::with_protocol();
    let (mut rx, mut tx) = (Buffer::<[u8; 256]>::new(), Buffer::<[u8; 256]>::new());
    let mut link = Link::new();
    while link.open(&mut stack, broker).is_err() {
        sleep(POLL);
    }
    let properties = [Property::SessionExpiryInterval(3600)];
    let connect = Connect::new("node-7").properties(&properties);
    session.connect(&connect, &mut rx, &mut tx)?;
    loop {
        while tx.room() >= ANSWER {
            match session.next_event(&mut rx, &mut tx) {
                Ok(Some(event)) => handle(event, &mut session, &mut tx).expect("room"),
                Ok(None) => break,
                // The session has written DISCONNECT with the reason of the fault. The next turns
                // send it and close the link.
                Err(fault) => println!("{fault}"),
            }
        }
        let now = begun.elapsed().as_millis() as u32;
        match link.turn(&mut stack, &mut session, &mut rx, &mut tx, now) {
            Ok(Some(0)) => {}
            Ok(_) => sleep(POLL),
            Err(Error::Closed) => return Ok(()), // since it has left
            Err(error) => return Err(format!("{error}").into()),
        }
    }
}

#[allow(dead_code, reason = "the test of this example calls `ask`")]
fn main() {
    let broker = std::env::args().nth(1);
    let broker = broker.unwrap_or("127.0.0.1:1883".into()).parse();
    ask(broker.expect("an address and a port")).expect("a broker that answers");
}
