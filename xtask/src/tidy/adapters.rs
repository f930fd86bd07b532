//! Adapters move bytes; what they mean only the core knows.
use super::sources::Source;

/// The crates that carry the core's bytes.
const ADAPTERS: [&str; 7] = [
    "crates/net/src/",
    "crates/hosted/src/",
    "crates/std/src/",
    "crates/tokio/src/",
    "crates/cli/src/",
    "crates/smoltcp/src/",
    "crates/nal/src/",
];

/// No adapter reads or writes packets, or names the bytes that they begin with.
pub fn check(sources: &[Source]) -> Vec<String> {
    let adapters = sources.iter().filter(|source| source.is_rust_in(&ADAPTERS));
    let mut findings = Vec::new();
    for source in adapters {
        // Tests may say what they like.
        for (number, line) in source
            .lines()
            .take_while(|(_, line)| *line != "#[cfg(test)]")
        {
            let code = line.split("//").next().unwrap_or_default();
            let looks = ["packet::{", "packet::decode", "Packet::"]
                .iter()
                .any(|part| code.contains(part));
            if looks && !code.contains("pub use") {
                findings.push(source.finding(
                    number,
                    "an adapter that looks into packets; leave it to the core",
                ));
            }
            if code.split(|c: char| !c.is_alphanumeric()).any(is_byte) {
                findings.push(source.finding(
                    number,
                    "an adapter that knows a byte of the protocol; leave it to the core",
                ));
            }
        }
    }
    findings
}

/// `0x` and two digits.
fn is_byte(word: &str) -> bool {
    word.len() == 4 && word.starts_with("0x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_know_no_protocol() {
        let sources = super::super::sources::read(crate::programs::workspace()).unwrap();
        assert_eq!(check(&sources), [""; 0]);
    }

    #[test]
    fn an_adapter_that_knows_is_found() {
        let found = |text| check(&[Source::new("crates/std/src/a.rs", text)]).len();
        assert_eq!(found("if bytes[0] == 0x20 {}"), 1);
        assert_eq!(found("use motemq::packet::{Packet, decode};"), 1);
        assert_eq!(found("match packet { Packet::PubAck(id) => id }"), 1);
        assert_eq!(found("let limit = 0xffff; // not 0x20"), 0);
        assert_eq!(
            found("#[cfg(test)]\nmod tests { const CONNACK: u8 = 0x20; }"),
            0
        );
    }
}
