//! The names in a certificate as text [RFC 4514].
//!
//! x509-cert has that, too, with a table of 1,500 kinds of attribute. The system would have to
//! relocate the table at each start of a program, which costs a command that sends one message as
//! much as to send it. Certificates have few of these attributes, and this knows the names of those.
use std::fmt::Write as _;
use x509_cert::{
    attr::AttributeTypeAndValue,
    der::{Encode, Tag, Tagged},
    name::{Name, RelativeDistinguishedName},
};

/// Returns a name as text, the most special part first.
pub fn text_of(name: &Name) -> String {
    let mut parts: Vec<_> = name.iter_rdn().map(part).collect();
    parts.reverse();
    parts.join(",")
}

fn part(part: &RelativeDistinguishedName) -> String {
    part.iter().map(attribute).collect::<Vec<_>>().join("+")
}

fn attribute(attribute: &AttributeTypeAndValue) -> String {
    let kind = attribute.oid.to_string();
    match (short_name(&kind), value(attribute)) {
        (Some(name), Some(value)) => format!("{name}={}", escaped(&value)),
        _ => format!("{kind}=#{}", digits(attribute)),
    }
}

/// Returns the short name of a kind of attribute.
fn short_name(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "TITLE",
        "2.5.4.42" => "GN",
        "2.5.4.46" => "DNQUALIFIER",
        "2.5.4.65" => "PSEUDONYM",
        "2.5.4.97" => "ORGANIZATIONIDENTIFIER",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "EMAILADDRESS",
        _ => return None,
    })
}

/// Returns the text of an attribute, if it is text.
fn value(attribute: &AttributeTypeAndValue) -> Option<String> {
    let bytes = attribute.value.value();
    match attribute.value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => {
            String::from_utf8(bytes.to_vec()).ok()
        }
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|unit| [unit[0], unit[1]]);
            let units: Vec<_> = units.map(u16::from_be_bytes).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (place, char) in value.chars().enumerate() {
        match char {
            '#' if place == 0 => text.push_str("\\#"),
            ' ' if place == 0 || place == last => text.push_str("\\ "),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', char]),
            char if char.is_control() => {
                let mut bytes = [0; 4];
                for byte in char.encode_utf8(&mut bytes).bytes() {
                    // A String takes everything.
                    let _ = write!(text, "\\{byte:02x}");
                }
            }
            char => text.push(char),
        }
    }
    text
}

fn digits(attribute: &AttributeTypeAndValue) -> String {
    let der = attribute.value.to_der().unwrap_or_default();
    der.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;
    use x509_cert::{der::asn1::Any, spki::ObjectIdentifier};

    /// These names are written as the library does it.
    #[test]
    fn common_names_are_written_as_the_library_writes_them() {
        for text in [
            "CN=broker",
            "CN=broker.example,O=Motemq\\, Inc.,L=Hilden,ST=NRW,C=DE",
            "CN=a+OU=b,DC=example,DC=com",
            "CN=\\#1 \\\"x\\\" \\<y\\>\\;\\+\\\\",
            "CN=\\ padded\\ ",
            "CN=\\1b[2J\\7f",
            "CN=Bj\u{f6}rn",
            "CN=",
            "SERIALNUMBER=17,CN=x",
            "1.2.3.4=#0c0161",
        ] {
            let name = Name::from_str(text).expect(text);
            assert_eq!(text_of(&name), name.to_string(), "{text}");
        }
    }

    fn with_value(tag: Tag, bytes: &[u8]) -> String {
        attribute(&AttributeTypeAndValue {
            oid: ObjectIdentifier::new_unwrap("2.5.4.3"),
            value: Any::new(tag, bytes).unwrap(),
        })
    }

    #[test]
    fn each_kind_of_text_is_read() {
        assert_eq!(with_value(Tag::BmpString, &[0, 65, 0x20, 0xac]), "CN=A€");
        assert_eq!(with_value(Tag::TeletexString, b"A"), "CN=A");
        assert_eq!(
            with_value(Tag::Utf8String, "\u{9b}".as_bytes()),
            "CN=\\c2\\9b"
        );
        assert_eq!(with_value(Tag::Utf8String, &[0xff]), "2.5.4.3=#0c01ff");
        assert_eq!(with_value(Tag::Integer, &[1]), "2.5.4.3=#020101");
    }
}
