//! SCRAM-SHA-256 (RFC 5802 and RFC 7677): the password is proved, and not sent, and the broker proves
//! that it knows it, too.
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use motemq_std::Exchange;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// The name of the authentication method.
pub const METHOD: &str = "SCRAM-SHA-256";

/// Without a binding to TLS.
const HEADER: &str = "n,,";
/// The header in Base64.
const BINDING: &str = "c=biws";
/// Fewer rounds make the password easy to guess; more of them would be the broker's joke.
const ROUNDS: RangeInclusive<u32> = 4096..=2_000_000;

type Key = [u8; 32];

/// A user with a password.
pub struct Scram {
    user: String,
    password: Vec<u8>,
}

impl Scram {
    pub fn new(user: &str, password: Vec<u8>) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Scram { user, password }
    }

    /// Returns what the client says next, with another nonce for each exchange.
    ///
    /// # Errors
    /// The words for the user.
    pub fn next(&self, exchange: &Exchange) -> Result<Vec<u8>, String> {
        let said: Option<Vec<&str>> = exchange
            .said()
            .iter()
            .map(|said| str::from_utf8(said).ok())
            .collect();
        let said = said.ok_or("the broker says what is no text")?;
        match said[..] {
            [] => {
                let mut nonce = [0; 18];
                getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
                Ok(self.first(&STANDARD.encode(nonce)).into())
            }
            [first, challenge] if !exchange.is_complete() => {
                let (without_proof, proofs) = self.proofs(first, challenge)?;
                Ok(format!("{without_proof},p={}", proofs.of_client).into())
            }
            [first, challenge, _, verdict] if exchange.is_complete() => {
                let (_, proofs) = self.proofs(first, challenge)?;
                if attribute(verdict, 'v') == Some(&proofs.of_server) {
                    Ok(Vec::new())
                } else {
                    Err("the broker does not prove that it knows the password".into())
                }
            }
            _ => Err(format!("the broker departs from {METHOD}")),
        }
    }

    /// Returns what the client says first.
    fn first(&self, nonce: &str) -> String {
        format!("{HEADER}n={},r={nonce}", self.user)
    }

    /// Returns what the client answers without the proof, and the proofs of both sides.
    fn proofs(&self, first: &str, challenge: &str) -> Result<(String, Proofs), String> {
        let wrong = || format!("the broker's challenge is not one of {METHOD}");
        let first = first.strip_prefix(HEADER).unwrap_or(first);
        let own = attribute(first, 'r').unwrap_or_default();
        let nonce = attribute(challenge, 'r').ok_or_else(wrong)?;
        // An extension that has to be understood stands before it.
        if !challenge.starts_with("r=") || !nonce.starts_with(own) || nonce == own {
            return Err(wrong());
        }
        let salt = attribute(challenge, 's').ok_or_else(wrong)?;
        let salt = STANDARD.decode(salt).map_err(|_| wrong())?;
        let rounds = attribute(challenge, 'i').and_then(|text| text.parse().ok());
        let rounds = rounds.ok_or_else(wrong)?;
        if !ROUNDS.contains(&rounds) {
            let (least, most) = ROUNDS.into_inner();
            return Err(format!(
                "the broker asks for {rounds} rounds of {METHOD}, and {least} to {most} are accepted"
            ));
        }
        let mut salted = Key::default();
        pbkdf2::pbkdf2_hmac::<Sha256>(&self.password, &salt, rounds, &mut salted);
        let answer = format!("{BINDING},r={nonce}");
        let all = [first, challenge, &answer].join(",");
        Ok((answer, Proofs::of(&salted, all.as_bytes())))
    }
}

/// The proofs of both sides that they know the password, in Base64.
struct Proofs {
    of_client: String,
    of_server: String,
}

impl Proofs {
    /// Returns the proofs with this password, salted, for everything that was said.
    fn of(salted: &Key, said: &[u8]) -> Self {
        let mut client = hmac(salted, b"Client Key");
        let stored = Sha256::digest(client);
        let signature = hmac(&stored, said);
        client.iter_mut().zip(signature).for_each(|(a, b)| *a ^= b);
        let server = hmac(salted, b"Server Key");
        Proofs {
            of_client: STANDARD.encode(client),
            of_server: STANDARD.encode(hmac(&server, said)),
        }
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Key {
    let hmac = Hmac::<Sha256>::new_from_slice(key);
    // A key of any length will do.
    hmac.map_or(Key::default(), |hmac| {
        hmac.chain_update(text).finalize().into_bytes().into()
    })
}

/// Returns the value of an attribute.
fn attribute(message: &str, name: char) -> Option<&str> {
    let mut attributes = message.split(',');
    attributes.find_map(|attribute| attribute.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3.
    #[test]
    fn the_exchange_is_that_of_the_standard() {
        let scram = Scram::new("user", b"pencil".to_vec());
        let first = scram.first("rOprNGfwEbeRWgbNEkqO");
        assert_eq!(first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let challenge = format!("{nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let (answer, proofs) = scram.proofs(&first, &challenge).unwrap();
        assert_eq!(answer, format!("c=biws,{nonce}"));
        assert_eq!(
            proofs.of_client,
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(
            proofs.of_server,
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    #[test]
    fn challenges_that_are_wrong_say_why() {
        let scram = Scram::new("a=b,c", b"x".to_vec());
        let first = scram.first("mine");
        assert_eq!(first, "n,,n=a=3Db=2Cc,r=mine");
        for (challenge, words) in [
            ("", "not one of SCRAM-SHA-256"),
            ("r=mine,s=AAAA,i=4096", "not one of"),
            ("r=other,s=AAAA,i=4096", "not one of"),
            ("m=x,r=mine1,s=AAAA,i=4096", "not one of"),
            ("r=mine1,s=?,i=4096", "not one of"),
            ("r=mine1,s=AAAA,i=many", "not one of"),
            ("r=mine1,s=AAAA,i=4095", "asks for 4095 rounds"),
            ("r=mine1,s=AAAA,i=2000001", "4096 to 2000000 are"),
        ] {
            let error = scram.proofs(&first, challenge).err().unwrap();
            assert!(error.contains(words), "{challenge}: {error}");
        }
        assert!(scram.proofs(&first, "r=mine1,s=AAAA,i=4096").is_ok());
    }
}
