//! Passwords do not appear in any text.
use motemq::*;

#[test]
fn nothing_shows_a_password() {
    let connect = Connect::new("a").login("user", b"sesame");
    let mut session = Session::<[Slot; 2]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    session.connect(&connect, &mut rx, &mut tx).unwrap();
    let (packet, _) = packet::decode(tx.bytes()).unwrap().unwrap();
    let (mut memory, mut taken) = ([0; 64], 0);
    let mut out = Out::new(&mut memory, &mut taken);
    packet.encode(&mut out).unwrap();
    let numbers = format!("{:?}", b"sesame");
    for text in [
        format!("{connect:?}"),
        format!("{packet:?}"),
        packet.to_string(),
        format!("{tx:?}"),
        format!("{out:?}"),
        format!("{session:?}"),
    ] {
        assert!(
            !text.contains("sesame") && !text.contains(numbers.trim_matches(['[', ']'])),
            "{text}"
        );
    }
    assert!(packet.to_string().contains("user \"user\" with password"));
}

#[test]
fn nothing_shows_authentication_data() {
    let list = [
        Property::AuthenticationMethod("SCRAM".into()),
        Property::AuthenticationData(b"sesame"),
    ];
    let connect = Connect::new("a").properties(&list).login("u", b"sesame");
    let mut tx = Buffer::<[u8; 64]>::new();
    packet::v5::Packet::Connect(connect)
        .encode(&mut tx)
        .unwrap();
    let (packet, _) = packet::v5::decode(tx.bytes()).unwrap().unwrap();
    let packet::v5::Packet::Connect(read) = packet else {
        panic!("{packet:?}");
    };
    let numbers = format!("{:?}", b"sesame");
    for text in [
        format!("{connect:?}"),
        format!("{packet:?}"),
        packet.to_string(),
        format!("{:?}", read.properties),
        format!("{:?}", list[1]),
        list[1].to_string(),
    ] {
        assert!(
            !text.contains("sesame") && !text.contains(numbers.trim_matches(['[', ']'])),
            "{text}"
        );
    }
    assert_eq!(read.properties.authentication_data(), Some(&b"sesame"[..]));
}
