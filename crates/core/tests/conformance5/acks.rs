//! Reason codes: PUBACK to PUBCOMP (3.4 to 3.7), SUBACK and UNSUBACK (3.9, 3.11), DISCONNECT and
//! AUTH (3.14, 3.15).
use crate::*;
use motemq::{PacketId, Property};

/// A packet of these bytes, then a code, then these bytes has these codes and no others. The codec
/// neither reads nor writes the others.
#[track_caller]
fn codes(
    head: u8,
    before: &[u8],
    behind: &[u8],
    allowed: &[u8],
    write: impl Fn(u8) -> Result<Vec<u8>, SendError>,
) {
    for code in 0..=255 {
        let bytes = packet(head, &[before, &[code], behind]);
        if allowed.contains(&code) {
            accepted(&bytes);
            assert_eq!(accepted(&write(code).unwrap()), write(code).unwrap());
        } else {
            assert_eq!(
                decode(&bytes),
                Err(DecodeError::Code(code.into())),
                "{}",
                hex(&bytes)
            );
            protocol_error(&bytes);
            assert_eq!(write(code), Err(SendError::Invalid), "{code:02x}");
        }
    }
}

fn id() -> PacketId {
    PacketId::new(7).unwrap()
}

const PUBLISHED: &[u8] = &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

#[test]
fn mqtt_3_4_2_1() {
    for behind in [&b""[..], b"\0"] {
        codes(0x40, b"\0\x07", behind, PUBLISHED, |code| {
            encoded(&Packet::PubAck {
                id: id(),
                code: code.into(),
                properties: (),
            })
        });
    }
}

#[test]
fn mqtt_3_5_2_1() {
    for behind in [&b""[..], b"\0"] {
        codes(0x50, b"\0\x07", behind, PUBLISHED, |code| {
            encoded(&Packet::PubRec {
                id: id(),
                code: code.into(),
                properties: (),
            })
        });
    }
}

#[test]
fn mqtt_3_6_1_1() {
    same(b"\x62\x02\0\x07");
    for flags in (0..16).filter(|&flags| flags != 2) {
        malformed(&[0x60 | flags, 2, 0, 7]);
    }
}

#[test]
fn mqtt_3_6_2_1() {
    for behind in [&b""[..], b"\0"] {
        codes(0x62, b"\0\x07", behind, &[0, 0x92], |code| {
            encoded(&Packet::PubRel {
                id: id(),
                code: code.into(),
                properties: (),
            })
        });
    }
}

#[test]
fn mqtt_3_7_2_1() {
    for behind in [&b""[..], b"\0"] {
        codes(0x70, b"\0\x07", behind, &[0, 0x92], |code| {
            encoded(&Packet::PubComp {
                id: id(),
                code: code.into(),
                properties: (),
            })
        });
    }
}

#[test]
fn u_3_4_2_1() {
    for head in [0x40, 0x50, 0x62, 0x70] {
        // Each form that ends early is read; the shortest is written.
        let short = packet(head, &[b"\0\x07"]);
        same(&short);
        assert_eq!(accepted(&packet(head, &[b"\0\x07\0"])), short);
        assert_eq!(accepted(&packet(head, &[b"\0\x07\0\0"])), short);
        let code = if head < 0x60 { 0x97 } else { 0x92 };
        let with_code = packet(head, &[b"\0\x07", &[code]]);
        same(&with_code);
        assert_eq!(
            accepted(&packet(head, &[b"\0\x07", &[code], b"\0"])),
            with_code
        );
        same(&packet(head, &[b"\0\x07\0", b"\x04\x1f\0\x01r"]));
        malformed(&packet(head, &[b"\0"]));
        malformed(&packet(head, &[b"\0\0"]));
        malformed(&packet(head, &[b"\0\x07\0\0x"]));
    }
}

#[test]
fn mqtt_3_9_3_2() {
    let allowed = [
        0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2,
    ];
    codes(0x90, b"\0\x07\0", b"", &allowed, |code| {
        encoded(&Packet::SubAck {
            id: id(),
            codes: &[code],
            properties: (),
        })
    });
    same(b"\x90\x06\0\x07\0\x80\x02\x01");
    malformed(b"\x90\x03\0\x07\0");
    let empty = Packet::SubAck {
        id: id(),
        codes: b"",
        properties: (),
    };
    assert_eq!(encoded(&empty), Err(SendError::Invalid));
}

#[test]
fn mqtt_3_11_3_2() {
    let allowed = [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
    codes(0xb0, b"\0\x07\0", b"", &allowed, |code| {
        encoded(&Packet::UnsubAck {
            id: id(),
            codes: &[code],
            properties: (),
        })
    });
    same(b"\xb0\x06\0\x07\0\x11\0\x8f");
    malformed(b"\xb0\x03\0\x07\0");
    let empty = Packet::UnsubAck {
        id: id(),
        codes: b"",
        properties: (),
    };
    assert_eq!(encoded(&empty), Err(SendError::Invalid));
}

#[test]
fn mqtt_3_14_1_1() {
    for flags in 1..16 {
        malformed(&[0xe0 | flags, 0]);
        malformed(&[0xe0 | flags, 1, 0x8b]);
    }
}

#[test]
fn mqtt_3_14_2_1() {
    // Those of a client and those of a server.
    let allowed: Vec<u8> = [0, 4, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89]
        .into_iter()
        .chain(0x8b..=0x90)
        .chain(0x93..=0xa2)
        .collect();
    for behind in [&b""[..], b"\0"] {
        codes(0xe0, b"", behind, &allowed, |code| {
            encoded(&Packet::Disconnect {
                code: code.into(),
                properties: (),
            })
        });
    }
}

#[test]
fn u_3_14_2_1() {
    same(b"\xe0\0");
    assert_eq!(accepted(b"\xe0\x01\0"), b"\xe0\0");
    assert_eq!(accepted(b"\xe0\x02\0\0"), b"\xe0\0");
    same(b"\xe0\x01\x8b");
    assert_eq!(accepted(b"\xe0\x02\x8b\0"), b"\xe0\x01\x8b");
    same(b"\xe0\x06\x8b\x04\x1f\0\x01r");
    malformed(b"\xe0\x03\x8b\0\0");
}

#[test]
fn mqtt_3_15_1_1() {
    for flags in 1..16 {
        malformed(&[0xf0 | flags, 0]);
        malformed(&packet(0xf0 | flags, &[b"\x18\x04\x15\0\x01m"]));
    }
}

#[test]
fn mqtt_3_15_2_1() {
    let list = [Property::AuthenticationMethod("m".into())];
    codes(0xf0, b"", b"\x04\x15\0\x01m", &[0, 0x18, 0x19], |code| {
        encoded(&Packet::Auth {
            code: code.into(),
            properties: &list[..],
        })
    });
}

#[test]
fn u_3_15_2_1() {
    let no_method = Err(DecodeError::Property(PropertyError::NoMethod));
    for code in [0x18, 0x19] {
        assert_eq!(decode(&[0xf0, 1, code]), no_method);
        assert_eq!(decode(&[0xf0, 2, code, 0]), no_method);
        protocol_error(&[0xf0, 2, code, 0]);
        let packet = Packet::Auth {
            code: code.into(),
            properties: (),
        };
        assert_eq!(encoded(&packet), Err(SendError::Invalid));
    }
    protocol_error(b"\xf0\x06\x18\x04\x1f\0\x01r");
    protocol_error(b"\xf0\x06\0\x04\x1f\0\x01r");
    // Twice.
    protocol_error(b"\xf0\x0a\x18\x08\x15\0\x01m\x15\0\x01m");
    same(b"\xf0\x0a\x18\x08\x15\0\x01m\x16\0\x01d");
}

#[test]
fn u_3_15_2_2() {
    same(b"\xf0\0");
    assert_eq!(accepted(b"\xf0\x01\0"), b"\xf0\0");
    assert_eq!(accepted(b"\xf0\x02\0\0"), b"\xf0\0");
    let Ok(Some((Packet::Auth { code, .. }, 2))) = decode(b"\xf0\0") else {
        panic!("no AUTH");
    };
    assert_eq!(code, ReasonCode::SUCCESS);
}
