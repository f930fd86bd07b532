//! SCRAM-SHA-256 (RFC 5802 and RFC 7677), as a program gives it to a client.
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use motemq_client::Exchange;
use sha2::{Digest, Sha256};

type Key = [u8; 32];

fn hmac(key: &[u8], text: &[u8]) -> Key {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    hmac.update(text);
    hmac.finalize().into_bytes().into()
}

/// The password with salt, hashed again and again.
fn salted(password: &[u8], salt: &[u8], iterations: u32) -> Key {
    let mut last = hmac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut all = last;
    for _ in 1..iterations {
        last = hmac(password, &last);
        all = xor(all, last);
    }
    all
}

fn xor(mut one: Key, other: Key) -> Key {
    one.iter_mut().zip(other).for_each(|(a, b)| *a ^= b);
    one
}

/// Returns the value of an attribute.
fn attribute(message: &str, name: char) -> Option<&str> {
    let mut attributes = message.split(',');
    attributes.find_map(|attribute| attribute.strip_prefix(name)?.strip_prefix('='))
}

/// What both sides have proved, and what is expected of the server.
struct Proofs {
    of_client: String,
    of_server: String,
}

fn proofs(password: &str, first: &str, answer: &str, bare: &str) -> Option<Proofs> {
    let salt = STANDARD.decode(attribute(answer, 's')?).ok()?;
    let iterations = attribute(answer, 'i')?.parse().ok()?;
    let key = salted(password.as_bytes(), &salt, iterations);
    let all = [first, answer, bare].join(",");
    let client_key = hmac(&key, b"Client Key");
    let signature = hmac(&Sha256::digest(client_key), all.as_bytes());
    let server_key = hmac(&key, b"Server Key");
    Some(Proofs {
        of_client: STANDARD.encode(xor(client_key, signature)),
        of_server: STANDARD.encode(hmac(&server_key, all.as_bytes())),
    })
}

/// Says what comes next. `nonce` is another one for each exchange.
pub fn next(
    user: &str,
    password: &str,
    nonce: impl Fn() -> String,
    exchange: &Exchange,
) -> Result<Vec<u8>, String> {
    let text = |at: usize| {
        let said = exchange.said().get(at).map(Vec::as_slice);
        str::from_utf8(said.unwrap_or_default()).map_err(|error| error.to_string())
    };
    if exchange.said().is_empty() {
        return Ok(format!("n,,n={user},r={}", nonce()).into());
    }
    let first = text(0)?.trim_start_matches("n,,");
    let answer = text(1)?;
    let wrong = || format!("the server says {answer:?}");
    let both = attribute(answer, 'r').ok_or_else(wrong)?;
    let own = attribute(first, 'r').unwrap_or_default();
    if !both.starts_with(own) || both == own {
        return Err("the server has another nonce".into());
    }
    let bare = format!("c=biws,r={both}");
    let proofs = proofs(password, first, answer, &bare).ok_or_else(wrong)?;
    if !exchange.is_complete() {
        return Ok(format!("{bare},p={}", proofs.of_client).into());
    }
    let verdict = text(3)?;
    match attribute(verdict, 'v') {
        Some(signature) if signature == proofs.of_server => Ok(Vec::new()),
        _ => Err("the server does not know the password".into()),
    }
}
