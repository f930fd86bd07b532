//! The exchange of AUTH packets.
use super::*;
use motemq::ReasonCode;

/// A method that wants to know `user`, then `password`.
fn table() -> Table {
    Table::with(
        Config::new().authenticate("m", |data, step| match (step, data) {
            (0, b"user") => Challenge::Continue(b"?".to_vec()),
            (1, b"password") => Challenge::Accept(b"!".to_vec()),
            _ => Challenge::Refuse(ReasonCode::NOT_AUTHORIZED),
        }),
    )
}

fn method(data: &str) -> Vec<u8> {
    [&b"\x15\0\x01m\x16"[..], &text(data)].concat()
}

/// AUTH with the method and data.
fn auth(code: u8, data: &str) -> Vec<u8> {
    whole(0xf0, &[&[code], &list(&method(data))])
}

#[test]
fn an_exchange_comes_before_connack() {
    let mut table = table();
    table
        .opens(A, connect5("a", &method("user")))
        .sends(A, auth(0x18, "?"))
        .receives(A, auth(0x18, "password"))
        .sends(A, accepts(&method("!")));
    // And once more on the open connection.
    table
        .receives(A, auth(0x19, "user"))
        .sends(A, auth(0x18, "?"))
        .receives(A, pingreq())
        .sends(A, pingresp())
        .receives(A, auth(0x18, "password"))
        .sends(A, auth(0, "!"))
        .is_open(A);
    table
        .receives(A, auth(0x19, "other"))
        .sends(A, disconnect5(0x87));
}

#[test]
fn a_client_is_refused() {
    table()
        .opens(A, connect5("a", &method("other")))
        .sends(A, refuses(0x87))
        .is_closed(A);
    table()
        .opens(A, connect5("a", &method("user")))
        .sends(A, auth(0x18, "?"))
        .receives(A, auth(0x18, "other"))
        .sends(A, refuses(0x87))
        .is_closed(A);
    // Another method.
    Table::new()
        .opens(A, connect5("a", b"\x15\0\x01n"))
        .sends(A, refuses(0x8c))
        .is_closed(A);
}

#[test]
fn nothing_else_comes_before_connack() {
    for bytes in [pingreq().to_bytes(), auth(0x19, "user"), auth(0, "user")] {
        table()
            .opens(A, connect5("a", &method("user")))
            .sends(A, auth(0x18, "?"))
            .receives(A, &bytes)
            .sends(A, refuses(0x82))
            .is_closed(A);
    }
    // Nor does AUTH come to a client that has not asked for it.
    table()
        .joins5(A, "a")
        .receives(A, auth(0x19, "user"))
        .sends(A, disconnect5(0x82));
}
