//! Rule 7: each connection of MQTT 5 is authenticated as the options say, and may be anew.
use crate::{common::*, scram};
use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// The example of RFC 7677.
const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const CLIENT_LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                           p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_LAST: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
const METHOD: &str = "SCRAM-SHA-256";

fn scram(password: &'static str) -> Options {
    options()
        .version(Version::Mqtt5)
        .authentication(METHOD, move |exchange| {
            let nonce = || String::from("rOprNGfwEbeRWgbNEkqO");
            scram::next("user", password, nonce, exchange)
        })
}

/// The properties of an authentication, with their length before them.
fn properties(data: &str) -> Vec<u8> {
    let mut list = vec![0x15, 0, METHOD.len() as u8];
    list.extend(METHOD.as_bytes());
    list.extend([0x16, 0, data.len() as u8]);
    list.extend(data.as_bytes());
    with_length(list)
}

fn with_length(bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.len();
    let digits = match length {
        0..0x80 => vec![length as u8],
        _ => vec![length as u8 | 0x80, (length >> 7) as u8],
    };
    [digits, bytes].concat()
}

fn packet(first_byte: u8, head: &[u8], data: &str) -> Vec<u8> {
    let body = [head, &properties(data)].concat();
    [vec![first_byte], with_length(body)].concat()
}

fn auth(code: u8, data: &str) -> Vec<u8> {
    packet(0xf0, &[code], data)
}

fn connack(data: &str) -> Vec<u8> {
    packet(0x20, &[0, 0], data)
}

/// Opens a connection, up to the last answer of the client.
fn begin(line: &mut Line) {
    line.open();
    let connect = line.sent();
    let first = properties(CLIENT_FIRST);
    assert!(
        connect
            .windows(first.len() - 1)
            .any(|bytes| *bytes == first[1..])
    );
    line.receive(&auth(0x18, SERVER_FIRST));
    line.sends(&auth(0x18, CLIENT_LAST));
}

#[test]
fn rule_07_connections_are_authenticated_in_several_steps() {
    let mut line = Line::new(scram("pencil"));
    for _ in 0..2 {
        begin(&mut line);
        line.receive(&connack(SERVER_LAST));
        line.is_connected();
        line.closed();
        line.pass(secs(8));
    }
}

/// Nothing is sent to a server that does not know the password.
#[test]
fn rule_07_a_server_that_does_not_prove_itself_gets_nothing() {
    let mut line = Line::new(scram("pencil"));
    let request = line.publish(b".", QoS::AtLeastOnce);
    begin(&mut line);
    line.receive(&connack("v=AAAA"));
    line.sends(b"\xe0\x01\x80");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let State::Ended(Ended::GaveUp(reason)) = line.client.state() else {
        panic!("{:?}", line.client.state())
    };
    let words = "the authentication failed: the server does not know the password";
    assert_eq!(reason.to_string(), words);
    let outcome = line.client.poll_outcome(request);
    assert!(matches!(outcome, Some(Err(RequestError::Ended(_)))));
}

#[test]
fn rule_07_an_answer_that_makes_no_sense_ends_the_attempt() {
    let mut line = Line::new(scram("pencil"));
    line.open();
    line.sent();
    line.receive(&auth(0x18, "r=other,s=AAAA,i=1"));
    line.sends(b"");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let reason = line.client.reason().unwrap();
    assert!(
        matches!(reason, DisconnectReason::Authentication(_)),
        "{reason}"
    );
}

#[test]
fn rule_07_a_broker_that_refuses_the_proof_says_so() {
    let mut line = Line::new(scram("pen"));
    line.open();
    line.sent();
    line.receive(&auth(0x18, SERVER_FIRST));
    assert_ne!(line.sent(), auth(0x18, CLIENT_LAST));
    line.receive(b"\x20\x03\0\x87\0");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let Some(DisconnectReason::RefusedWith(reason)) = line.client.reason() else {
        panic!("{:?}", line.client.state())
    };
    assert_eq!(reason.code(), ReasonCode::NOT_AUTHORIZED);
}

#[test]
fn rule_07_connections_can_be_authenticated_anew() {
    let mut line = Line::new(scram("pencil"));
    assert_eq!(
        line.client.reauthenticate(),
        Err(AuthenticateError::Offline)
    );
    begin(&mut line);
    line.receive(&connack(SERVER_LAST));
    line.events.clear();
    line.client.reauthenticate().unwrap();
    line.sends(&auth(0x19, CLIENT_FIRST));
    // Messages go on meanwhile.
    line.publish(b".", QoS::AtLeastOnce);
    line.sends(b"\x32\x07\0\x01t\0\x01\0.");
    line.receive(&auth(0x18, SERVER_FIRST));
    line.sends(&auth(0x18, CLIENT_LAST));
    assert!(!line.events.contains(&Event::Authenticated));
    line.receive(&auth(0, SERVER_LAST));
    assert!(line.events.contains(&Event::Authenticated));
    // A server that cannot prove itself again is left.
    line.client.reauthenticate().unwrap();
    line.sends(&auth(0x19, CLIENT_FIRST));
    line.receive(&auth(0x18, SERVER_FIRST));
    line.sent();
    line.receive(&auth(0, "v=AAAA"));
    line.sends(b"\xe0\x01\x80");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let reason = line.client.reason().unwrap();
    assert!(
        matches!(reason, DisconnectReason::Authentication(_)),
        "{reason}"
    );
    // It comes back all the same, since there was a good connection.
    line.pass(secs(8));
    begin(&mut line);
}

#[test]
fn rule_07_authentication_needs_a_method_and_mqtt_5() {
    let mut line = Line::new(options().version(Version::Mqtt5));
    line.connect(NEW5);
    assert_eq!(
        line.client.reauthenticate(),
        Err(AuthenticateError::NoMethod)
    );
    let mut line = Line::new(scram("pencil").fall_back());
    line.open();
    line.sent();
    line.closed();
    line.connect(NEW);
    line.is_connected();
    assert_eq!(
        line.client.reauthenticate(),
        Err(AuthenticateError::Offline)
    );
}

/// What the application cannot say ends the attempt, and is told.
#[test]
fn rule_07_what_cannot_be_said_is_told() {
    for data in [Ok(vec![0; 65_536]), Ok(vec![0; 65_535]), Err("no".into())] {
        let options = options().version(Version::Mqtt5);
        let data: Result<_, String> = data;
        let is_long = data == Ok(vec![0; 65_535]);
        let mut line = Line::new(options.authentication("m", move |_| data.clone()));
        line.open();
        if is_long {
            assert!(line.sent().len() > 65_535);
            continue;
        }
        line.sends(b"");
        assert_eq!(line.poll_transport(), Transport::Close);
        line.closed();
        let reason = line.client.reason().unwrap();
        assert!(
            matches!(reason, DisconnectReason::Authentication(_)),
            "{reason}"
        );
    }
    let invalid = options().version(Version::Mqtt5);
    let invalid = Client::new(invalid.authentication("\0", |_| Ok(Vec::new())));
    assert!(matches!(invalid, Err(OptionsError::NullCharacter { .. })));
}

/// Neither options nor exchanges show what was said.
#[test]
fn rule_07_secrets_are_not_shown() {
    let options = scram("pencil");
    let mut line = Line::new(options.clone());
    begin(&mut line);
    let shown = format!("{options:?} {:?}", line.client);
    assert!(!shown.contains("pencil") && !shown.contains("rOprNGfwEbeRWgbNEkqO"));
    assert!(shown.contains("Authentication(\"SCRAM-SHA-256\")"));
    assert!(shown.contains("Exchange { said: 3, is_complete: false }"));
}

/// The application is asked for data that can be sent, and for no others.
#[test]
fn rule_07_what_cannot_be_sent_is_not_asked_for() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let options = options().version(Version::Mqtt5).fall_back();
    let mut line = Line::new(options.authentication("m", move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(Vec::new())
    }));
    let is_refused = |line: &mut Line| {
        let began = line.client.reauthenticate();
        assert_eq!(began, Err(AuthenticateError::Offline));
        asked.load(Ordering::Relaxed)
    };
    assert_eq!(is_refused(&mut line), 0);
    // CONNECT has the first data, and is not answered yet.
    line.open();
    line.sent();
    assert_eq!(is_refused(&mut line), 1);
    line.closed();
    line.connect(NEW);
    assert_eq!(is_refused(&mut line), 1);
}

#[test]
fn rule_07_long_data_have_room() {
    let options = options().version(Version::Mqtt5);
    let mut line = Line::new(options.authentication(METHOD, |_| Ok(vec![0; 60_000])));
    line.connect(&connack(""));
    line.client.reauthenticate().unwrap();
    assert!(line.sent().len() > 60_000);
}

/// A model checker takes clients with different methods for different clients.
#[test]
fn rule_07_the_method_is_part_of_the_client() {
    let hash = |method: &str| {
        let options = options().version(Version::Mqtt5);
        let client = Client::new(options.authentication(method, |_| Ok(Vec::new())));
        BuildHasherDefault::<DefaultHasher>::default().hash_one(client.unwrap())
    };
    assert_eq!(hash("a"), hash("a"));
    assert_ne!(hash("a"), hash("b"));
}
