//! Properties of packets other than messages: authentication, subscriptions, leaving, sessions.
use crate::{
    broker::{At, serve, with_each},
    process::{End, motemq},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use motemq_std::ReasonCode;
use motemq_testing::broker::{Challenge, Config};
use sha2::{Digest, Sha256};
use std::sync::Mutex;

/// Runs the command with these words, and the place of the broker.
fn run(at: &At, words: &str) -> End {
    motemq(&at.with(&words.split_whitespace().collect::<Vec<_>>()))
}

/// Returns the lines of the packets that were sent and begin so.
fn sent<'e>(end: &'e End, name: &str) -> Vec<&'e str> {
    let arrow = format!("-> {name}");
    let lines = end.stderr.lines();
    lines.filter(|line| line.contains(&arrow)).collect()
}

/// Without `-V`, properties choose MQTT 5.
#[test]
fn each_packet_has_its_properties() {
    with_each("each_packet_has_its_properties", |addr| {
        let at = At::of(addr);
        let words = "sub -d -t a -t b -U a -i node -c -D subscribe user-property of subscribe \
             -D subscribe user-property and more -D subscribe subscription-identifier 7 \
             -D unsubscribe user-property of unsubscribe -D disconnect user-property of leaving \
             -D disconnect session-expiry-interval 60 -D connect user-property of connect -E";
        let end = run(&at, words);
        for (name, parts) in [
            ("CONNECT", &["\"of\" \"connect\""][..]),
            (
                "SUBSCRIBE",
                &[
                    "\"of\" \"subscribe\"",
                    "\"and\" \"more\"",
                    "subscription identifier 7",
                ],
            ),
            ("UNSUBSCRIBE", &["\"of\" \"unsubscribe\""]),
            (
                "DISCONNECT",
                &["\"of\" \"leaving\"", "session expiry interval 60"],
            ),
        ] {
            let sent = sent(&end, name);
            assert_eq!(sent.len(), 1, "{end:?}");
            for part in parts {
                assert!(sent[0].contains(part), "{part}: {end:?}");
            }
            let properties = sent[0].matches("user property").count();
            assert_eq!(
                properties,
                if name == "SUBSCRIBE" { 2 } else { 1 },
                "{sent:?}"
            );
        }
        end.well();
        let end = run(&at, "pub -d -t a -n -D disconnect user-property of leaving");
        assert!(sent(&end, "DISCONNECT")[0].contains("\"of\" \"leaving\""));
        end.well();
    });
}

/// CONNECT asks for more information, or for less, as it does with mosquitto's tools.
#[test]
fn connect_asks_for_information() {
    with_each("connect_asks_for_information", |addr| {
        let at = At::of(addr);
        for (problem, response) in [(0, 1), (1, 0)] {
            let words = format!(
                "pub -d -t a -n -q 1 -D connect request-problem-information {problem} \
                 -D connect request-response-information {response}"
            );
            let end = run(&at, &words);
            let sent = sent(&end, "CONNECT");
            for wanted in [
                format!("request problem information {problem}"),
                format!("request response information {response}"),
            ] {
                assert!(sent[0].contains(&wanted), "{wanted}: {end:?}");
            }
            end.well();
        }
    });
    let wrong = ["pub", "-t", "a", "-n", "-D", "connect"];
    let wrong = [&wrong[..], &["request-problem-information", "2"]].concat();
    motemq(&wrong).badly(2, "request-problem-information is 0 or 1");
}

/// The session begins anew, whatever it was before, and the broker keeps it for a while.
#[test]
fn a_session_that_begins_anew_can_outlive_its_connection() {
    with_each("a_session_that_begins_anew_can_outlive", |addr| {
        let at = At::of(addr);
        run(&at, "sub -V 5 -i node -c -t old -E").well();
        let end = run(&at, "sub -V 5 -d -i node -x 60 -q 1 -t new -E");
        assert!(!end.stderr.contains("session present"), "{end:?}");
        assert!(end.stderr.contains("session expiry interval 60"), "{end:?}");
        end.well();
        run(&at, "pub -t old -m old -q 1").well();
        run(&at, "pub -t new -m new -q 1").well();
        let end = run(&at, "sub -V 5 -d -i node -c -q 1 -t new -C 1");
        assert!(end.stderr.contains("session present"), "{end:?}");
        assert_eq!(end.text(), "new\n");
        // DISCONNECT has the last word.
        let leaves = "-D disconnect session-expiry-interval 0";
        run(&at, &format!("sub -V 5 -i node -c -t new {leaves} -E")).well();
        let end = run(&at, "sub -V 5 -d -i node -c -t new -E");
        assert!(!end.stderr.contains("session present"), "{end:?}");
        end.well();
        // Without -x it ends with its connection.
        run(&at, "sub -V 5 -i brief -t new -E").well();
        let end = run(&at, "sub -V 5 -d -i brief -c -x 0 -t new -E");
        assert!(!end.stderr.contains("session present"), "{end:?}");
    });
}

#[test]
fn a_method_and_its_data_authenticate() {
    let asks = |data: &[u8], packets: u32| match (data, packets) {
        (b"token", 0) => Challenge::Accept(b"welcome".to_vec()),
        (b"half", 0) => Challenge::Continue(b"and the rest?".to_vec()),
        _ => Challenge::Refuse(ReasonCode::NOT_AUTHORIZED),
    };
    let (_server, at) = serve(Config::new().authenticate("K8S", asks));
    let with = |method: &str, data: &str| {
        let data = format!("-D connect authentication-data {data}");
        let method = format!("-D connect authentication-method {method}");
        run(&at, &format!("pub -t a -n -q 1 {method} {data}"))
    };
    with("K8S", "token").well();
    with("K8S", "wrong").badly(5, "not authorised");
    with("other", "token").badly(5, "bad authentication method");
    with("K8S", "half").badly(5, "asks for more than -D connect authentication-data");
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.chain_update(text).finalize().into_bytes().into()
}

/// A broker's side of SCRAM-SHA-256 (RFC 5802, section 3), for a user with the password `pencil`. It
/// does not know the password of any other user, and lies to that one.
fn scram() -> impl Fn(&[u8], u32) -> Challenge + Send + Sync + 'static {
    const SALT: &[u8] = b"salt and more";
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(b"pencil", SALT, 4096, &mut salted);
    let stored = Sha256::digest(hmac(&salted, "Client Key"));
    let server_key = hmac(&salted, "Server Key");
    let begun = Mutex::new((String::new(), String::new()));
    move |data, packets| {
        let said = str::from_utf8(data).unwrap();
        let (first, challenge) = &mut *begun.lock().unwrap();
        if packets == 0 {
            *first = said.strip_prefix("n,,").unwrap().into();
            let nonce = first.split_once(",r=").unwrap().1;
            assert!(nonce.len() >= 24, "{nonce}");
            *challenge = format!("r={nonce}more,s={},i=4096", STANDARD.encode(SALT));
            return Challenge::Continue(challenge.clone().into());
        }
        let (answer, proof) = said.split_once(",p=").unwrap();
        let all = format!("{first},{challenge},{answer}");
        let mut key = STANDARD.decode(proof).unwrap();
        let signature = hmac(&stored, &all);
        key.iter_mut().zip(signature).for_each(|(a, b)| *a ^= b);
        let mut verdict = hmac(&server_key, &all);
        if first.starts_with("n=user,") {
            if Sha256::digest(&key) != stored {
                return Challenge::Refuse(ReasonCode::NOT_AUTHORIZED);
            }
        } else {
            verdict[0] ^= 1;
        }
        Challenge::Accept(format!("v={}", STANDARD.encode(verdict)).into())
    }
}

#[test]
fn a_password_can_be_proved() {
    let (_server, at) = serve(Config::new().authenticate("SCRAM-SHA-256", scram()));
    let method = "-D connect authentication-method SCRAM-SHA-256";
    let end = run(
        &at,
        &format!("pub -d -t a -n -q 1 -u user -P pencil {method}"),
    );
    // It does not stand in CONNECT.
    assert!(!end.stderr.contains("user \"user\""), "{end:?}");
    end.well();
    run(&at, &format!("pub -t a -n -u user -P other {method}")).badly(5, "not authorised");
    run(&at, &format!("pub -t a -n -u liar -P pencil {method}"))
        .badly(5, "does not prove that it knows the password");
    run(&at, &format!("pub -t a -n -u user {method}")).badly(2, "say -u NAME and -P -");
}
