//! `rr`: a request is published, and its response printed.
use crate::{
    args::{PacketKind, RequestLine, Value},
    connection,
    exit::{Exit, Failure},
    input::{self, Content, Room, Source, cannot_read},
    output::Printed,
    printing,
    stop::Stop,
    target::{Target, check_topic},
};
use motemq_std::{Message, Property, Publish, Request, ResponseError};
use std::{
    io::Read,
    time::{Duration, SystemTime},
};

/// A response is waited for no longer; -W is shorter.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Publishes a request.
pub fn run(line: &RequestLine) -> Result<Exit, Failure> {
    let mut stop = Stop::after(line.common.give_up);
    let mut target = target(line)?;
    stop.watch(Exit::Interrupted)?;
    let topic = target.topics.first().cloned().unwrap_or_default();
    // What cannot be read or written is known before there is a connection.
    let payload = payload(line, Room::behind(&topic, line.common.qos))?;
    let mut printer = printing::printer(&line.print)?;
    target.look_up_own_address(&line.broker.connection)?;
    let connection = connection::connect(&target, &stop, false, line.common.report.debug)?;

    let properties = line.broker.connection.protocol.of(PacketKind::Publish);
    let properties: Vec<Property<'_>> = properties.filter_map(Value::of_message).collect();
    let publish = Publish::to(&topic)
        .payload(&payload)
        .qos(line.common.qos)
        .properties(&properties[..]);
    let request = Request::new(publish).limit(LONGEST);
    let request = match &line.response_topic {
        Some(topic) => request.response_topic(topic),
        None => request,
    };
    let response = connection.client.request_with(&request).map_err(failure);
    let outcome = response.and_then(|message: Message| {
        let printed = printer.print(&Printed::from(&message), SystemTime::now);
        printed.and_then(|()| printer.flush()).map_err(|error| {
            let words = format!("cannot write what was received: {error}");
            Failure::new(Exit::Files, words)
        })
    });
    connection::end(connection, outcome, &stop)
}

/// Reads the broker and the topics from the command line.
pub fn target(line: &RequestLine) -> Result<Target, Failure> {
    let usage = |words: &str| Err(Failure::new(Exit::Usage, words));
    let (args, topics) = (&line.broker.connection, &line.common.topics);
    let packets = [PacketKind::Publish, PacketKind::Subscribe];
    let target = Target::with_packets(&line.broker, topics, &packets)?;
    match &target.topics[..] {
        [] => return usage("there is no topic to publish to: say -t TOPIC"),
        [topic] => check_topic(topic)?,
        _ => return usage("a request has one topic: leave out the other -t"),
    }
    for value in args.protocol.of(PacketKind::Publish) {
        match value {
            Value::ResponseTopic(_) => return usage("for the response topic say -e TOPIC"),
            Value::CorrelationData(_) => {
                return usage("rr chooses the correlation data: leave them out");
            }
            _ => {}
        }
    }
    match &line.response_topic {
        Some(topic) => check_topic(topic)?,
        None if args.protocol.is_311() => {
            return usage("with MQTT 3.1.1 a request names no response topic: say -e TOPIC");
        }
        None => {}
    }
    Ok(target)
}

/// Reads the payload of the request.
fn payload(line: &RequestLine, room: Room) -> Result<Vec<u8>, Failure> {
    let Some(source) = Source::of_one(&line.source) else {
        let words = "nothing to ask: say -m TEXT, -n, -f FILE or -s";
        return Err(Failure::new(Exit::Usage, words));
    };
    match Content::of(source, room)? {
        Content::Payload(payload) => Ok(payload),
        Content::File(path) => match input::open(&path, room)? {
            input::File::Small(payload) => Ok(payload),
            input::File::Large(mut file, _) => {
                let mut payload = Vec::new();
                file.read_to_end(&mut payload)
                    .map_err(|error| cannot_read(path.display(), &error))?;
                Ok(payload)
            }
        },
        Content::Lines => Ok(Vec::new()),
    }
}

/// Returns why there is no response.
fn failure(error: ResponseError) -> Failure {
    match error {
        ResponseError::Publish(error) => Failure::of_publish(&error),
        ResponseError::Subscribe(error) => Failure::of_subscribe(&error),
        ResponseError::Failed(error) => Failure::of_request(&error),
        ResponseError::Ended(ended) => Failure::of_end(&ended),
        ResponseError::NoReceiver => Failure::new(Exit::Refused, error),
        ResponseError::ResponseTopicMissing => Failure::new(Exit::Usage, error),
        error => Failure::new(Exit::TimeOut, error),
    }
}
