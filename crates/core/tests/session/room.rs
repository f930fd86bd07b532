//! The room that a packet needs: at most 3 bytes more than its length.
use motemq::{packet::decode, *};

/// Packets with text or codes; all others need exactly their length.
const PACKETS: [&[u8]; 6] = [
    b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a",
    b"\x30\x05\0\x03a/b",
    b"\x3c\x09\0\x03a/b\0\x01hi",
    b"\x82\x0a\0\x05\0\x01a\x01\0\x01#\x02",
    b"\x90\x04\0\x05\x01\x80",
    b"\xa2\x08\0\x06\0\x01a\0\x01#",
];

#[test]
fn three_spare_bytes_are_enough() {
    for bytes in PACKETS {
        let (packet, _) = decode(bytes).unwrap().unwrap();
        for start in [0, 1, 20] {
            let (mut memory, mut taken) = ([0; 100], start);
            let needed = start + bytes.len() + 3;
            let none = if start == 0 {
                SendError::TooLong
            } else {
                SendError::Full
            };
            assert_eq!(
                packet.encode(&mut Out::new(&mut memory[..needed - 1], &mut taken)),
                Err(none),
                "{packet} behind {start} bytes"
            );
            assert_eq!(taken, start);
            assert_eq!(
                packet.encode(&mut Out::new(&mut memory[..needed], &mut taken)),
                Ok(()),
                "{packet} behind {start} bytes"
            );
            assert_eq!(&memory[start..taken], bytes);
        }
    }
}

#[test]
fn short_packets_need_exactly_their_length() {
    for bytes in [
        &b"\x20\x02\x01\0"[..],
        b"\x40\x02\0\x01",
        b"\x62\x02\0\x02",
        b"\xb0\x02\0\x03",
        b"\xc0\0",
        b"\xd0\0",
        b"\xe0\0",
    ] {
        let (packet, _) = decode(bytes).unwrap().unwrap();
        let (mut memory, mut taken) = ([0; 20], 5);
        let needed = 5 + bytes.len();
        assert_eq!(
            packet.encode(&mut Out::new(&mut memory[..needed - 1], &mut taken)),
            Err(SendError::Full),
            "{packet}"
        );
        assert_eq!(
            packet.encode(&mut Out::new(&mut memory[..needed], &mut taken)),
            Ok(()),
            "{packet}"
        );
        assert_eq!(&memory[5..taken], bytes);
    }
}

#[test]
fn commands_need_no_more_room_than_their_packets() {
    let (mut memory, mut taken) = ([0; 40], 0);
    let mut session = Session::<[Slot; 2]>::new();
    let connect = Connect::new("a");
    assert_eq!(
        session.connect_slices(&connect, 64, &mut Out::new(&mut memory[..17], &mut taken)),
        Err(SendError::TooLong)
    );
    assert_eq!(
        session.connect_slices(&connect, 64, &mut Out::new(&mut memory[..18], &mut taken)),
        Ok(())
    );
    session
        .receive(
            &mut &b"\x20\x02\0\0"[..],
            64,
            &mut Out::new(&mut memory, &mut taken),
        )
        .unwrap();
    let filters = [Filter::new("a/b", QoS::AtMostOnce)];
    assert_eq!(
        session.subscribe(&filters, &mut Out::new(&mut memory[..27], &mut taken)),
        Err(SendError::Full)
    );
    assert!(
        session
            .subscribe(&filters, &mut Out::new(&mut memory[..28], &mut taken))
            .is_ok()
    );
    assert_eq!(&memory[15..taken], b"\x82\x08\0\x01\0\x03a/b\0");
}

/// [MQTT-2.2.3]: seven bits in each byte, the lowest first; every byte of the length is more than 0 here.
#[test]
fn every_byte_of_the_length_of_a_message_is_written() {
    let mut memory = vec![0; 3_000_000];
    for (length, bytes) in [
        (0x7f, &b"\x7f"[..]),
        (0x80, b"\x80\x01"),
        (0x2a5, b"\xa5\x05"),
        (0x3fff, b"\xff\x7f"),
        (0x4000, b"\x80\x80\x01"),
        (3 << 14 | 5 << 7 | 7, b"\x87\x85\x03"),
        (0x1f_ffff, b"\xff\xff\x7f"),
        (0x20_0000, b"\x80\x80\x80\x01"),
        (1 << 21 | 3 << 14 | 5 << 7 | 7, b"\x87\x85\x83\x01"),
    ] {
        let (payload, mut taken) = (vec![0xaa; length - 3], 0);
        let topic = TopicName::new("t").unwrap();
        let packet = packet::Packet::Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: false,
            id: None,
            topic,
            payload: &payload,
        };
        assert_eq!(
            packet.encode(&mut Out::new(&mut memory, &mut taken)),
            Ok(())
        );
        assert!(
            memory[..taken] == [b"\x30", bytes, b"\0\x01t", &payload].concat(),
            "{length}"
        );
    }
}

/// The limit holds with enough memory, too. Without `fast`, bytes are written one by one, which takes
/// long without optimization.
#[cfg(feature = "fast")]
#[test]
fn no_packet_is_longer_than_the_remaining_length_allows() {
    let (payload, mut memory) = (vec![0; (1 << 28) - 3], vec![0; (1 << 28) + 8]);
    let mut encoded = |payload| {
        let mut taken = 0;
        let topic = TopicName::new("t").unwrap();
        let packet = packet::Packet::Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: false,
            id: None,
            topic,
            payload,
        };
        packet
            .encode(&mut Out::new(&mut memory, &mut taken))
            .map(|()| (memory[..8].to_vec(), taken))
    };
    assert_eq!(encoded(&payload), Err(SendError::TooLong));
    assert_eq!(
        encoded(&payload[1..]),
        Ok((b"\x30\xff\xff\xff\x7f\0\x01t".to_vec(), (1 << 28) + 4))
    );
}
