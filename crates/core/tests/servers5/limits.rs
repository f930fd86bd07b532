//! The limits that servers announce.
use crate::peer::{Peer, Told};
use motemq::*;
use motemq_testing::{aedes, mosquitto};
use std::net::SocketAddr;

/// What the limits do not allow is refused, and the connection goes on.
fn refuses(peer: &mut Peer, wrong: &[(Publish<'_>, SendError)]) {
    for (message, error) in wrong {
        assert_eq!(peer.session.publish(message, &mut peer.tx), Err(*error));
        assert!(peer.tx.is_empty());
    }
    peer.delivers(&Publish::to("t").qos(QoS::AtLeastOnce));
}

/// Connects to a server that demands this keep alive.
fn join(addr: SocketAddr, keep_alive: u16) -> Peer {
    let connect = Connect::new("limited").keep_alive(60);
    let (peer, _, properties) = Peer::join(addr, &connect);
    let demanded = Property::ServerKeepAlive(keep_alive).to_string();
    assert!(properties.contains(&demanded), "{properties:?}");
    peer
}

#[test]
fn limits_of_mosquitto() {
    let config = [
        "allow_anonymous true",
        "retain_available false",
        "max_packet_size 100",
        "max_inflight_messages 2",
        "max_keepalive 10",
    ];
    let Some(server) = mosquitto::for_test("limits_of_mosquitto", &config) else {
        return;
    };
    let mut peer = join(server.addr(), 10);
    let limits = peer.session.limits();
    let announced = (
        limits.receive_maximum,
        limits.maximum_packet_size,
        limits.retain_available,
    );
    assert_eq!(announced, (2, 100, false));
    let wrong = [
        (Publish::to("t").retain(), SendError::Unsupported),
        (Publish::to("t").payload(&[0; 100]), SendError::Unsupported),
    ];
    refuses(&mut peer, &wrong);
    // A third message has to wait for the first acknowledgement.
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    for _ in 0..2 {
        peer.session.publish(&message, &mut peer.tx).unwrap();
    }
    let busy = peer.session.publish(&message, &mut peer.tx);
    assert_eq!(busy, Err(SendError::Busy));
    assert_eq!(peer.next(), Told::Other("Acked".into()));
    peer.session.publish(&message, &mut peer.tx).unwrap();
    let (_, others) = peer.take(2);
    assert_eq!(others, ["Acked", "Acked"]);
}

#[test]
fn limits_of_aedes() {
    let options =
        "topicAliasMaximum: 3, maximumPacketSize: 100, receiveMaximum: 2, keepaliveLimit: 2";
    let Some(server) = aedes::for_test("limits_of_aedes", options) else {
        return;
    };
    let mut peer = join(server.addr(), 2);
    let limits = peer.session.limits();
    let announced = (
        limits.receive_maximum,
        limits.maximum_packet_size,
        limits.topic_alias_maximum,
    );
    assert_eq!(announced, (2, 100, 3));
    refuses(
        &mut peer,
        &[(Publish::to("t").payload(&[0; 100]), SendError::Unsupported)],
    );
    // It is kept: nothing else is sent for longer than the server waits.
    for _ in 0..12 {
        peer.is_quiet();
    }
    peer.delivers(&Publish::to("t").qos(QoS::AtLeastOnce));
}
