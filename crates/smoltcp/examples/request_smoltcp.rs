//! A request and its response with MQTT 5: the client asks for the time, answers its own request,
//! and leaves with a reason.
//!
//! `cargo run -p motemq-smoltcp --example request_smoltcp`
mod surroundings;

use motemq::{
    Buffer, Connect, Event, Fault, Filter, Message, Mqtt5, Properties, Property, Publish, QoS,
    ReasonCode, SendError, Session, Slot,
};
use motemq_smoltcp::{Link, Turn, nap};
use smoltcp::{socket::tcp::Socket, time::Instant};
use surroundings::{BROKER, Surroundings};

/// Bytes that an answer to a message takes at most.
const ANSWER: usize = 64;
const REQUESTS: &str = "clock";
const RESPONSES: &str = "node-7/responses";

/// The difference to a program of MQTT 3.1.1: the type of the session.
type Node = Session<[Slot; 8], Mqtt5>;

/// Handles an event, whose properties `T` of [`Event`] are those of the packet.
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
                Property::MessageExpiryInterval(10),
            ];
            let request = Publish::to(REQUESTS).qos(QoS::AtLeastOnce);
            session
                .publish(&request.properties(&properties), tx)
                .map(drop)
        }
        Event::Message(request) if request.topic == REQUESTS => respond(&request, session, tx),
        Event::Message(response) => {
            let number = response.properties.correlation_data().unwrap_or_default();
            let (number, time) = (number.escape_ascii(), response.payload.escape_ascii());
            println!("response to request {number}: {time}");
            let properties = [Property::ReasonString("the time is known".into())];
            session.disconnect_with(ReasonCode::NORMAL_DISCONNECTION, &properties, tx)
        }
        // The broker has not taken a message, and says why.
        Event::Refused { code, .. } => {
            println!("refused: {code}");
            Ok(())
        }
        // The broker ends the connection: the next turns close the socket.
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

pub(crate) fn main() {
    let mut memory = ([[0; 256]; 2], [[0; 1024]; 2]);
    let mut around = Surroundings::new(&mut memory);

    let mut session = Node::with_protocol();
    let (mut rx, mut tx) = (Buffer::<[u8; 256]>::new(), Buffer::<[u8; 256]>::new());
    let mut link = Link::new();
    let mut connections = 0;

    loop {
        around.poll();
        let socket = around.sockets.get_mut::<Socket<'_>>(around.client);
        while tx.room() >= ANSWER {
            match link.next_event(socket, &mut session, &mut rx, &mut tx) {
                Ok(Some(event)) => handle(event, &mut session, &mut tx).expect("room"),
                Ok(None) => break,
                // The session has written DISCONNECT with the reason of the fault. The next turns
                // send it and close the socket.
                Err(fault) => println!("{fault}"),
            }
        }
        match link.turn(socket, &mut session, &mut rx, &mut tx, Instant::now()) {
            Ok(Turn::Over) if connections == 0 => {
                connections = 1;
                let properties = [Property::SessionExpiryInterval(3600)];
                let connect = Connect::new("node-7").properties(&properties);
                session
                    .connect(&connect, &mut rx, &mut tx)
                    .expect("CONNECT fits");
                socket
                    .connect(around.iface.context(), BROKER, 49_152)
                    .expect("a free socket");
            }
            Ok(Turn::Over) => return,
            Ok(Turn::Sleep(limit)) => {
                // A device would wake for a frame; this one has them ready.
                let _sleep = nap(&mut around.iface, &around.sockets, Instant::now(), limit);
                around.serve();
            }
            Err(Fault::Timeout) => println!("the broker is silent"),
            Err(fault) => println!("{fault}"),
        }
    }
}
