//! The table of slot states describes the machine below it: each of its cells is tested.
use crate::script::*;
use motemq::*;

/// The file that holds the table and the machine.
const MACHINE: &str = include_str!("../../src/session/ring.rs");

/// Returns a dialogue in which identifier 1 is in a state.
fn reach(state: &str) -> Dialogue<2> {
    let mut d = Dialogue::<2>::open_kept();
    let publish = |d: &mut Dialogue<2>, qos| {
        assert_eq!(d.publish(&Publish::to("t").qos(qos)), Ok(Some(id(1))));
    };
    match state {
        "nothing" => {}
        "PUBACK" => publish(&mut d, QoS::AtLeastOnce),
        "PUBREC" => publish(&mut d, QoS::ExactlyOnce),
        "PUBCOMP" => {
            publish(&mut d, QoS::ExactlyOnce);
            d.receives(pubrec(1), &[received(1)]);
        }
        "stray" => d.receives(pubrec(1), &[]),
        "SUBACK" => assert_eq!(d.subscribe(&[("t", 0)]), Ok(id(1))),
        "UNSUBACK" => assert_eq!(d.unsubscribe(&["t"]), Ok(id(1))),
        other => panic!("{other} is not a state"),
    }
    d.tx.clear();
    d
}

/// Returns the events for the column's packet.
fn receive(d: &mut Dialogue<2>, column: &str) -> Vec<Emitted> {
    match column {
        "PUBACK" => d.feed(puback(1)),
        "PUBREC" => d.feed(pubrec(1)),
        "PUBCOMP" => d.feed(pubcomp(1)),
        "SUBACK" => d.feed(suback(1, &[0])),
        "UNSUBACK" => d.feed(unsuback(1)),
        _ => {
            d.session.on_connection_lost();
            d.connect(&Connect::new("c").keep_alive(0).keep_session());
            d.tx.clear();
            match column {
                "session resumed" => d.feed(connack().session_present()),
                "session not resumed" => d.feed(connack()),
                other => panic!("{other} is not a column"),
            }
        }
    }
}

/// Returns the state of identifier 1, as a snapshot shows it.
fn state(d: &Dialogue<2>) -> &'static str {
    let mut image = [0; Session::<[Slot; 2]>::IMAGE];
    d.session.save(&mut image).unwrap();
    match image[7] {
        0 => "nothing",
        4 => "PUBACK",
        5 => "PUBREC",
        7 => "PUBCOMP",
        8 => "stray",
        9 => "SUBACK",
        11 => "UNSUBACK",
        other => panic!("{other} is not a state"),
    }
}

/// Describes everything that happened, in the words and the order of the table.
fn happened(before: &str, mut d: Dialogue<2>, emitted: &[Emitted]) -> String {
    let mut words = Vec::new();
    if emitted
        .iter()
        .any(|emitted| matches!(emitted, Emitted::Fault(_)))
    {
        assert!(d.session.is_closed() && d.tx.is_empty());
        assert_eq!(emitted, [fault(Fault::Unexpected)]);
        return "Unexpected".into();
    }
    match state(&d) {
        "nothing" if before == "nothing" => {}
        "nothing" => words.push("free"),
        other => words.push(other),
    }
    if !d.tx.is_empty() {
        assert_eq!(d.tx.bytes(), pubrel(1).to_bytes(), "it is not in the table");
        words.push("PUBREL");
    }
    d.tx.clear();
    for event in emitted {
        words.push(match event {
            Emitted::Connected(_) => continue,
            Emitted::Acked(1) => "Acked",
            Emitted::Received(1) => "Received",
            Emitted::Subscribed(1, _) => "Subscribed",
            Emitted::Resend(1, _) => "Resend",
            Emitted::OutcomeUnknown(1) => "OutcomeUnknown",
            other => panic!("{other:?} is not in the table"),
        });
    }
    if words.is_empty() {
        words.push("nothing");
    }
    words.join(", ")
}

#[test]
fn every_cell_of_the_table_of_slot_states_is_true() {
    let mut rows = MACHINE
        .lines()
        .filter_map(|line| line.strip_prefix("//! |"));
    let cells = |row: &'static str| -> Vec<&'static str> {
        row.trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect()
    };
    let columns = cells(rows.next().expect("there is a table"));
    assert_eq!(columns.len(), 8, "{columns:?}");
    let mut played = 0;
    for row in rows.skip(1).map(cells) {
        assert_eq!(row.len(), columns.len(), "{row:?}");
        for (column, expected) in columns.iter().zip(&row).skip(1) {
            let mut d = reach(row[0]);
            let emitted = receive(&mut d, column);
            let found = happened(row[0], d, &emitted);
            assert_eq!(&found, expected, "a slot that awaits {}: {column}", row[0]);
            played += 1;
        }
    }
    assert_eq!(played, 49);
}
