//! Rule 5: a request has its response, or the reason why there is none.
use crate::common::*;
use motemq::{
    Property,
    packet::v5::{Packet, decode},
};

const ANSWERS: &str = "responses/a";

pub fn options5() -> Options {
    options().version(Version::Mqtt5)
}

pub fn line() -> Line {
    let mut line = Line::new(options5());
    line.connect(NEW5);
    line
}

pub fn question(payload: &[u8]) -> Request<'_> {
    Request::new(Publish::to("q").payload(payload).qos(QoS::AtLeastOnce))
}

#[track_caller]
pub fn ask(line: &mut Line, request: &Request<'_>) -> ResponseId {
    let now = line.now;
    let response = line.client.request(request, now).unwrap();
    assert_eq!(line.client.poll_response(response), None);
    response
}

/// What the client has sent of a request: its identifier, and its correlation data.
pub fn published(sent: &[u8]) -> (u16, Vec<u8>) {
    let (
        Packet::Publish {
            id,
            topic,
            properties,
            ..
        },
        _,
    ) = decode(sent).unwrap().unwrap()
    else {
        panic!("{sent:?}")
    };
    assert_eq!(topic.unwrap(), "q");
    assert_eq!(properties.response_topic(), Some(ANSWERS.into()));
    let data = properties.correlation_data().unwrap();
    (id.unwrap().get(), data.to_vec())
}

/// Takes the SUBSCRIBE off what was sent, and grants it.
pub fn grant(line: &mut Line, sent: &[u8]) -> Vec<u8> {
    assert_eq!(sent[0], 0x82);
    let (subscribe, rest) = sent.split_at(2 + usize::from(sent[1]));
    line.receive(&[0x90, 4, subscribe[2], subscribe[3], 0, 1]);
    rest.to_vec()
}

/// Asks the first question, for which the client subscribes.
pub fn first(line: &mut Line) -> (ResponseId, u16, Vec<u8>) {
    let response = ask(line, &question(b"?"));
    let sent = line.sent();
    let sent = grant(line, &sent);
    let (id, data) = published(&sent);
    (response, id, data)
}

/// A response with QoS 1.
pub fn answer(id: u16, correlation: &[u8], payload: &[u8]) -> Vec<u8> {
    let list = [Property::CorrelationData(correlation)];
    let packet = Packet::Publish {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: false,
        id: motemq::PacketId::new(id),
        topic: motemq::TopicName::new(ANSWERS).ok(),
        payload,
        properties: &list[..],
    };
    let (mut bytes, mut end) = (vec![0; 200], 0);
    packet
        .encode(&mut motemq::Out::new(&mut bytes, &mut end))
        .unwrap();
    bytes.truncate(end);
    bytes
}

#[track_caller]
pub fn payload(line: &mut Line, response: ResponseId) -> Vec<u8> {
    assert!(line.events.contains(&Event::Responded { response }));
    let message = line.client.poll_response(response).unwrap().unwrap();
    message.payload.to_vec()
}

#[track_caller]
pub fn error(line: &mut Line, response: ResponseId) -> ResponseError {
    assert!(line.events.contains(&Event::Responded { response }));
    line.client.poll_response(response).unwrap().unwrap_err()
}

#[test]
fn rule_05_a_request_has_its_response() {
    let mut line = line();
    let (response, id, data) = first(&mut line);
    line.receive(&puback(id));
    assert_eq!(line.client.poll_response(response), None);
    line.receive(&answer(9, &data, b"!"));
    // It is acknowledged when the application has had it.
    line.sends(b"");
    assert_eq!(payload(&mut line, response), b"!");
    line.sends(&puback(9));
    assert_eq!(line.client.poll_response(response), None);
    // The subscription serves the next ones.
    let response = ask(&mut line, &question(b"?"));
    let (_, other) = published(&line.sent());
    assert_ne!(other, data);
    line.receive(&answer(10, &other, b"!!"));
    assert_eq!(payload(&mut line, response), b"!!");
    assert!(
        !line
            .events
            .iter()
            .any(|event| matches!(event, Event::Delivered { .. }))
    );
    assert!(
        !line
            .events
            .iter()
            .any(|event| matches!(event, Event::Completed { .. }))
    );
}

#[test]
fn rule_05_responses_belong_to_their_requests_in_any_order() {
    let mut line = line();
    let (response, _, data) = first(&mut line);
    let mut asked = vec![(response, data)];
    for _ in 1..10 {
        let response = ask(&mut line, &question(b"?"));
        asked.push((response, published(&line.sent()).1));
    }
    for (n, (_, data)) in asked.iter().enumerate().rev() {
        line.receive(&answer(1 + n as u16, data, &[n as u8]));
    }
    for (n, (response, _)) in asked.into_iter().enumerate() {
        assert_eq!(payload(&mut line, response), [n as u8]);
    }
}

/// What answers nothing is acknowledged, in a turn that the driver has for it.
#[test]
fn rule_05_responses_that_nothing_awaits_are_dropped() {
    let mut line = line();
    let (response, _, data) = first(&mut line);
    for (id, other) in [(1, &b"12345678"[..]), (2, b""), (3, b"123456789")] {
        line.receive(&answer(id, other, b"?"));
        assert_eq!(line.client.poll_timeout(), Some(Duration::ZERO));
        line.sends(&puback(id));
    }
    line.receive(&answer(4, &data, b"!"));
    // The same again is no response any more.
    line.receive(&answer(5, &data, b"!"));
    assert_eq!(payload(&mut line, response), b"!");
    line.sends(&[puback(4), puback(5)].concat());
}

fn timed_out(limit: u64, reason: Option<DisconnectReason>) -> ResponseError {
    let limit = secs(limit);
    ResponseError::TimedOut { limit, reason }
}

#[test]
fn rule_05_a_request_without_a_response_is_given_up_in_time() {
    let mut line = line();
    let (response, id, data) = first(&mut line);
    line.receive(&puback(id));
    assert_eq!(line.client.poll_timeout(), Some(secs(20)));
    line.pass(secs(20) - Duration::from_millis(1));
    assert_eq!(line.client.poll_response(response), None);
    line.pass(Duration::from_millis(1));
    let late = timed_out(20, None);
    assert_eq!(error(&mut line, response), late);
    assert_eq!(
        late.to_string(),
        "no response within 20 s: check that the responder is running, or allow more time"
    );
    line.receive(&answer(9, &data, b"!"));
    line.sends(&puback(9));
}

/// A request that was sent cannot be withdrawn: the responder may have received it.
#[test]
fn rule_05_the_acknowledgement_of_a_request_is_awaited_although_it_was_forgotten() {
    let mut line = line();
    let forgotten = ask(&mut line, &question(b"a"));
    let sent = line.sent();
    grant(&mut line, &sent);
    line.client.forget_response(forgotten);
    assert_eq!(line.client.counters().in_flight, 1);
}

/// A broker that ends each connection is the reason why there is no response.
#[test]
fn rule_05_a_request_that_is_late_without_a_connection_names_the_reason() {
    let mut line = line();
    let (response, ..) = first(&mut line);
    line.closed();
    line.pass(secs(20));
    let reason = DisconnectReason::Closed(Stage::Connected);
    let late = timed_out(20, Some(reason.clone()));
    assert_eq!(error(&mut line, response), late);
    let text = format!("no response within 20 s, since there is no connection: {reason}");
    assert_eq!(late.to_string(), text);
}

/// It waits for a connection, and is not sent when nothing awaits its response any more.
#[test]
fn rule_05_time_passes_without_a_connection() {
    let mut line = Line::new(options5());
    let short = ask(&mut line, &question(b"a").limit(secs(3)));
    let long = ask(&mut line, &question(b"b").limit(secs(60)));
    let forgotten = ask(&mut line, &question(b"c"));
    line.client.forget_response(forgotten);
    assert_eq!(line.client.poll_response(forgotten), None);
    line.pass(secs(3));
    assert_eq!(error(&mut line, short), timed_out(3, None));
    line.connect(NEW5);
    let sent = line.sent();
    let rest = grant(&mut line, &sent);
    assert!(rest.ends_with(b"b"));
    let (_, data) = published(&rest);
    line.receive(&answer(1, &data, b"!"));
    assert_eq!(payload(&mut line, long), b"!");
}

#[test]
fn rule_05_a_request_that_the_broker_refuses_has_its_reason() {
    let mut line = line();
    let (response, id, _) = first(&mut line);
    line.receive(&[0x40, 3, 0, id as u8, 0x87]);
    let ResponseError::Failed(RequestError::MessageRefused(reason)) = error(&mut line, response)
    else {
        panic!("it was not refused")
    };
    assert_eq!(reason.code(), ReasonCode::NOT_AUTHORIZED);

    let response = ask(&mut line, &question(b"?"));
    let (id, _) = published(&line.sent());
    line.receive(&[0x40, 3, 0, id as u8, 0x10]);
    assert_eq!(error(&mut line, response), ResponseError::NoReceiver);
}

#[test]
fn rule_05_a_response_topic_that_the_broker_refuses_is_told() {
    let mut line = line();
    let one = ask(&mut line, &question(b"?"));
    let other = ask(&mut line, &question(b"?"));
    let sent = line.sent();
    line.receive(&[0x90, 4, sent[2], sent[3], 0, 0x87]);
    for response in [one, other] {
        let error = error(&mut line, response);
        let ResponseError::Subscribe(SubscribeError::Failed(RequestError::Refused {
            filters,
            codes,
            ..
        })) = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((&*filters, &*codes), ("\"responses/a\"", &[0x87][..]));
    }
    // The next request subscribes again.
    line.sent();
    let response = ask(&mut line, &question(b"?"));
    let sent = line.sent();
    let rest = grant(&mut line, &sent);
    let (_, data) = published(&rest);
    line.receive(&answer(1, &data, b"!"));
    assert_eq!(payload(&mut line, response), b"!");
}

/// The session is lost, and made anew with its subscription to the response topic. A broker that
/// refuses that is told to those who wait.
#[test]
fn rule_05_requests_outlive_connections() {
    let mut line = line();
    let (response, id, data) = first(&mut line);
    line.receive(&puback(id));
    line.closed();
    line.pass(secs(1));
    line.connect(NEW5);
    let sent = line.sent();
    assert_eq!(grant(&mut line, &sent), b"");
    line.receive(&answer(1, &data, b"!"));
    assert_eq!(payload(&mut line, response), b"!");
    line.sent();

    let response = ask(&mut line, &question(b"?"));
    let (id, _) = published(&line.sent());
    line.receive(&puback(id));
    line.closed();
    line.pass(secs(8));
    line.connect(NEW5);
    let sent = line.sent();
    line.receive(&[0x90, 4, sent[2], sent[3], 0, 0x87]);
    let refused = RequestError::Refused {
        filters: "\"responses/a\"".into(),
        codes: [0x80].into(),
        reason: None,
    };
    let refused = ResponseError::Subscribe(SubscribeError::Failed(refused));
    assert_eq!(error(&mut line, response), refused);
}

#[test]
fn rule_05_the_end_of_the_client_is_told_to_those_who_await_responses() {
    let mut line = line();
    let (acknowledged, id, _) = first(&mut line);
    line.receive(&puback(id));
    let sent = ask(&mut line, &question(b"?"));
    line.client.end(Ended::DriverStopped);
    line.turn();
    let ended = ResponseError::Ended(Ended::DriverStopped);
    assert_eq!(error(&mut line, acknowledged), ended);
    assert_eq!(error(&mut line, sent), ended);
    let refused = line.client.request(&question(b"?"), secs(0));
    assert_eq!(refused.unwrap_err(), ended);
}

/// A response may be the answer to a message whose acknowledgement is still on its way.
#[test]
fn rule_05_a_response_may_come_before_the_acknowledgement() {
    let mut line = line();
    let (response, id, data) = first(&mut line);
    line.receive(&answer(1, &data, b"!"));
    assert_eq!(payload(&mut line, response), b"!");
    line.sends(&puback(1));
    line.receive(&puback(id));
    assert_eq!(line.client.counters().in_flight, 0);
}

/// With MQTT 3.1.1 the response topic is given, and the oldest request has the next response.
#[test]
fn rule_05_requests_with_mqtt_3_1_1_have_their_responses_in_order() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let refused = line.client.request(&question(b"?"), secs(0)).unwrap_err();
    assert_eq!(refused, ResponseError::ResponseTopicMissing);
    let request = question(b"?").response_topic("r");
    let one = ask(&mut line, &request);
    let two = ask(&mut line, &request);
    let other = ask(&mut line, &question(b"?").response_topic("s"));
    line.sends(
        b"\x82\x06\0\x01\0\x01r\x01\x32\x06\0\x01q\0\x02?\x32\x06\0\x01q\0\x03?\
          \x82\x06\0\x04\0\x01s\x01\x32\x06\0\x01q\0\x05?",
    );
    line.receive(b"\x90\x03\0\x01\x01\x90\x03\0\x04\x01");
    for (topic, payload) in [("s", b"1"), ("r", b"2"), ("r", b"3"), ("r", b"4")] {
        line.receive(&message_to(topic, 0, 0, payload));
    }
    assert_eq!(payload(&mut line, one), b"2");
    assert_eq!(payload(&mut line, two), b"3");
    assert_eq!(payload(&mut line, other), b"1");
}

#[test]
fn rule_05_a_response_goes_where_the_request_says() {
    let mut line = line();
    let (_, stream) = line
        .client
        .subscribe(&[Filter::new("q", QoS::AtLeastOnce)])
        .unwrap();
    line.sent();
    line.receive(b"\x90\x04\0\x01\0\x01");
    line.receive(b"\x32\x10\0\x01q\0\x07\x09\x08\0\x01r\x09\0\x0241?");
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!("there is none")
    };
    let (properties, qos) = (&item.message.properties, item.message.qos);
    line.client.respond(properties, qos, b"!").unwrap();
    line.sends(b"\x32\x0c\0\x01r\0\x02\x05\x09\0\x0241!");
    // A message without a response topic is no request.
    line.receive(b"\x30\x04\0\x01q\0");
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!("there is none")
    };
    let refused = line
        .client
        .respond(&item.message.properties, QoS::AtMostOnce, b"!");
    assert_eq!(refused.unwrap_err(), PublishError::ResponseTopicMissing);
}
