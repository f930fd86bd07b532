//! Rule 0 for payloads that are too large for memory: such a payload arrives again over the next
//! connection, and what waited behind it does not pass it. Another stream may have had that already.
use crate::common::*;

/// A message waits behind the payload in one stream, and another stream has processed it. When the
/// payload arrives again, neither stream gets the message again.
#[test]
fn rule_00_what_another_stream_has_processed_stays_behind_a_payload_that_arrives_again() {
    for qos in [1, 2] {
        let options = kept().max_message(100);
        let (mut line, second) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        let filters = [Filter::new("#", QoS::ExactlyOnce)];
        let first = line.client.subscribe(&filters).unwrap().1;
        let subscribe = line.sent();
        line.receive(&suback(&subscribe, 2));
        let large = message_to("large", 1, qos, &[7; 100_000]);
        let behind = message(2, qos, b"behind");
        for piece in large.chunks(READ_BUFFER) {
            line.receive(piece);
        }
        line.receive(&behind);
        let Taken::Message(item) = line.client.take(second, AckMode::Manual) else {
            panic!("QoS {qos}")
        };
        assert_eq!(item.message.payload, b"behind"[..]);
        line.client.ack(item.ack.unwrap());
        line.closed();
        line.pass(secs(60));
        line.connect(PRESENT);
        for piece in dup(large).chunks(READ_BUFFER) {
            line.receive(piece);
        }
        line.receive(&dup(behind));
        assert_eq!(line.take(second), None, "QoS {qos}");
        let mut small = Vec::new();
        while let Taken::Message(item) = line.client.take(first, AckMode::OnNext) {
            match item.message.rest {
                Some(payload) => {
                    while let PayloadRead::Data(_) = line.client.read_payload(payload) {}
                }
                None => small.push(item.message.payload.to_vec()),
            }
        }
        assert_eq!(small, [b"behind"], "QoS {qos}");
    }
}
