//! How connections begin and end.
use super::*;

#[test]
fn the_version_is_that_of_connect() {
    let mut table = Table::new();
    table.joins5(A, "a").joins(B, connect_b());
    table
        .receives(A, pingreq())
        .sends(A, pingresp())
        .receives(B, pingreq())
        .sends(B, pingresp());
    // DISCONNECT of each.
    table.receives(A, b"\xe0\0").sends(A, b"").is_closed(A);
    table.receives(B, b"\xe0\0").sends(B, b"").is_closed(B);
}

#[test]
fn bytes_may_come_one_by_one() {
    let mut table = Table::new();
    table.opens(A, b"");
    for byte in connect5("a", b"\x21\0\x05") {
        table.sends(A, b"").receives(A, [byte]);
    }
    table.sends(A, accepts(b""));
}

#[test]
fn an_identifier_is_assigned() {
    Table::new()
        .opens(A, connect5("", b""))
        .sends(A, accepts(b"\x12\0\x09unnamed-1"));
    // Without Clean Start, too.
    Table::new()
        .opens(A, keep5("", 10))
        .sends(A, accepts(b"\x12\0\x09unnamed-1"));
}

#[test]
fn a_takeover_is_told() {
    Table::new()
        .joins5(A, "a")
        .joins5(B, "a")
        .sends(A, disconnect5(0x8e))
        .is_closed(A)
        .is_open(B);
}

#[test]
fn silence_is_told() {
    Table::new()
        .joins5(A, "a")
        .waits(89_999)
        .is_open(A)
        .waits(1)
        .sends(A, disconnect5(0x8d))
        .is_closed(A);
}

#[test]
fn a_fault_is_told() {
    // A PUBLISH that is cut short, a property that does not belong there, a reserved packet type.
    let cases: [(&[u8], u8); 3] = [
        (b"\x30\x02\0\x01", 0x81),
        (b"\x30\x06\0\x01t\x02\x25\0", 0x82),
        (b"\0\0", 0x81),
    ];
    for (bytes, code) in cases {
        let mut table = Table::new();
        table
            .joins5(A, "a")
            .receives(A, bytes)
            .sends(A, disconnect5(code))
            .is_closed(A);
        assert_eq!(table.broker.objections(), [(A, code.into())]);
    }
    // In CONNECT: the receive maximum is 0.
    Table::new()
        .opens(A, connect5("a", b"\x21\0\0"))
        .sends(A, refuses(0x82))
        .is_closed(A);
}

#[test]
fn a_login_is_refused_with_the_code_of_the_version() {
    let config = Config::new().login(|_| motemq::ReturnCode::BAD_USER_NAME_OR_PASSWORD);
    let mut table = Table::with(config);
    table
        .opens(A, connect5("a", b""))
        .sends(A, refuses(0x86))
        .is_closed(A);
    table
        .opens(B, connect_b())
        .sends(B, connack().code(4))
        .is_closed(B);
}

#[test]
fn the_broker_disconnects() {
    let mut table = Table::new();
    table.joins5(A, "a").joins(B, connect_b());
    for connection in [A, B] {
        let code = motemq::ReasonCode::SERVER_SHUTTING_DOWN;
        table
            .broker
            .disconnect(table.now, connection, code, Some("bye"));
    }
    // Before CONNECT there is nothing to say.
    table.opens(C, b"");
    let code = motemq::ReasonCode::SERVER_SHUTTING_DOWN;
    table.broker.disconnect(table.now, C, code, None);
    table.sends(C, b"").is_closed(C);
    table
        .sends(A, b"\xe0\x08\x8b\x06\x1f\0\x03bye")
        .is_closed(A)
        .sends(B, b"")
        .is_closed(B);
}

#[test]
fn a_will_that_is_wanted_is_published() {
    let mut table = Table::new();
    table.joins5(B, "b").subscribes5(B, "w", 0);
    table.opens(A, will5("a", b"", b"\x03\0\x04text"));
    table.receives(A, b"\xe0\x01\x04").is_closed(A);
    table.sends(B, publish5("w", b"\x03\0\x04text", b"gone"));
    table.opens(C, will5("a", b"", b""));
    table.receives(C, b"\xe0\0").is_closed(C).sends(B, b"");
}
