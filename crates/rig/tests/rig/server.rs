use super::*;
use motemq_rig::{
    broker::{Broker, Config},
    server::Server,
};
use std::{thread, time::Instant};

#[test]
fn messages_of_every_qos() {
    let server = Server::start(Config::new()).unwrap();
    let mut a = Client::join(server.addr(), CONNECT_A);
    let mut b = Client::join(server.addr(), CONNECT_B);
    a.says(b"\x82\x06\0\x01\0\x01t\x02")
        .hears(b"\x90\x03\0\x01\x02");
    b.says(b"\x30\x04\0\x01t0\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022")
        .hears(b"\x40\x02\0\x01\x50\x02\0\x02");
    a.hears(b"\x30\x04\0\x01t0\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022");
    b.says(b"\x62\x02\0\x02").hears(b"\x70\x02\0\x02");
    a.says(b"\x40\x02\0\x01\x50\x02\0\x02")
        .hears(b"\x62\x02\0\x02");
}

#[test]
fn a_refusal_is_read_although_more_was_sent() {
    let server = Server::start(Config::new()).unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        let mut client = Client::open(server.addr());
        client
            .says(b"\x10\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
            .says(&[0xc0; 1000])
            .hears(b"\x20\x02\0\x01");
        client.is_closed();
    }
    // The broker hangs up before the client does.
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn silence_closes_without_any_traffic() {
    let server = Server::start(Config::new().connect_timeout(50)).unwrap();
    Client::open(server.addr()).is_closed();
    // On a busy machine CONNECT takes its time.
    let server = Server::start(Config::new()).unwrap();
    Client::join(server.addr(), b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01a").is_closed();
}

#[test]
fn a_will_after_the_socket_is_gone() {
    let server = Server::start(Config::new()).unwrap();
    let mut b = Client::join(server.addr(), CONNECT_B);
    b.says(b"\x82\x06\0\x01\0\x01w\x01")
        .hears(b"\x90\x03\0\x01\x01");
    drop(Client::join(
        server.addr(),
        b"\x10\x13\0\x04MQTT\x04\x0e\0\x3c\0\x01a\0\x01w\0\x01W",
    ));
    b.hears(b"\x32\x06\0\x01w\0\x01W");
}

#[test]
fn a_payload_of_8_mb() {
    let server = Server::start(Config::new()).unwrap();
    let mut a = Client::join(server.addr(), CONNECT_A);
    a.says(b"\x82\x06\0\x01\0\x01t\0")
        .hears(b"\x90\x03\0\x01\0");
    let mut packet = b"\x30\x83\x80\x80\x04\0\x01t".to_vec();
    packet.resize(packet.len() + (8 << 20), b'x');
    // The broker cannot send before it has all of it.
    a.says(&packet).hears(&packet);
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let server = Server::start(Config::new().backlog(1 << 20)).unwrap();
    let mut slow = Client::join(server.addr(), CONNECT_A);
    slow.says(b"\x82\x06\0\x01\0\x01t\0")
        .hears(b"\x90\x03\0\x01\0");
    let mut b = Client::join(server.addr(), CONNECT_B);
    b.says(b"\x82\x06\0\x01\0\x01u\0")
        .hears(b"\x90\x03\0\x01\0");
    // 32 MB that nobody reads, and something for somebody who does.
    let mut packet = b"\x30\x83\x80\x40\0\x01t".to_vec();
    packet.resize(packet.len() + (1 << 20), b'x');
    for _ in 0..32 {
        b.says(&packet);
    }
    b.says(b"\x30\x04\0\x01um").hears(b"\x30\x04\0\x01um");
    assert!(server.stop().dropped() > 0);
}

#[test]
fn sessions_survive_a_cut_and_a_restart_that_keeps_them() {
    let server = Server::start(Config::new()).unwrap();
    let mut a = Client::join(server.addr(), KEEP_A);
    a.says(b"\x82\x06\0\x01\0\x01t\x01")
        .hears(b"\x90\x03\0\x01\x01");
    assert_eq!(server.cut_all(), 1);
    a.is_closed();
    let mut a = Client::open(server.addr());
    a.says(KEEP_A).hears(b"\x20\x02\x01\0");
    server.restart(true);
    a.is_closed();
    let mut a = Client::open(server.addr());
    a.says(KEEP_A).hears(b"\x20\x02\x01\0");
    server.restart(false);
    a.is_closed();
    Client::join(server.addr(), KEEP_A);
}

#[test]
fn a_stopped_broker_can_be_started_again() {
    let server = Server::start(Config::new()).unwrap();
    let addr = server.addr();
    let mut a = Client::join(addr, KEEP_A);
    let broker = server.stop();
    a.is_closed();
    assert!(TcpStream::connect(addr).is_err());
    let server = Server::start_at(0, broker).unwrap();
    Client::open(server.addr())
        .says(KEEP_A)
        .hears(b"\x20\x02\x01\0");
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let server = Server::start(Config::new()).unwrap();
    assert!(Server::start_at(server.addr().port(), Broker::new(Config::new())).is_err());
}

#[test]
fn many_clients_at_once() {
    let server = Server::start(Config::new()).unwrap();
    let addr = server.addr();
    let clients: Vec<_> = (b'A'..=b'Z')
        .map(|name| {
            thread::spawn(move || {
                let mut client = Client::join(
                    addr,
                    &[b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01", &[name][..]].concat(),
                );
                client
                    .says(&[0x82, 6, 0, 1, 0, 1, name, 1])
                    .hears(b"\x90\x03\0\x01\x01");
                for id in 1..100 {
                    client.says(&[0x32, 6, 0, 1, name, 0, id, b'm']);
                    client
                        .hears(&[0x32, 6, 0, 1, name, 0, id, b'm', 0x40, 2, 0, id])
                        .says(&[0x40, 2, 0, id]);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}
