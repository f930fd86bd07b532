use super::*;
use motemq_testing::{
    broker::{Broker, Config},
    server::Server,
};
use std::{thread, time::Instant};

#[test]
fn messages_of_every_qos() {
    let server = Server::start(Config::new()).unwrap();
    let mut a = Client::join(server.addr(), connect_a());
    let mut b = Client::join(server.addr(), connect_b());
    a.sends(subscribe(1, &[("t", 2)])).receives(suback(1, &[2]));
    b.sends([
        publish("t").payload(b"0"),
        publish("t").qos1(1).payload(b"1"),
        publish("t").qos2(2).payload(b"2"),
    ])
    .receives([puback(1), pubrec(2)]);
    a.receives([
        publish("t").payload(b"0"),
        publish("t").qos1(1).payload(b"1"),
        publish("t").qos2(2).payload(b"2"),
    ]);
    b.sends(pubrel(2)).receives(pubcomp(2));
    a.sends([puback(1), pubrec(2)]).receives(pubrel(2));
}

#[test]
fn a_refusal_is_read_although_more_was_sent() {
    let server = Server::start(Config::new()).unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        let mut client = Client::open(server.addr());
        client
            .sends(b"\x10\x0d\0\x04MQTT\x09\x02\0\x3c\0\x01a")
            .sends([0xc0; 1000])
            .receives(connack().code(1));
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
    Client::join(server.addr(), connect("a").keep_alive(1)).is_closed();
}

#[test]
fn a_will_after_the_socket_is_gone() {
    let server = Server::start(Config::new()).unwrap();
    let mut b = Client::join(server.addr(), connect_b());
    b.sends(subscribe(1, &[("w", 1)])).receives(suback(1, &[1]));
    drop(Client::join(
        server.addr(),
        b"\x10\x13\0\x04MQTT\x04\x0e\0\x3c\0\x01a\0\x01w\0\x01W",
    ));
    b.receives(publish("w").qos1(1).payload(b"W"));
}

#[test]
fn a_payload_of_8_mb() {
    let server = Server::start(Config::new()).unwrap();
    let mut a = Client::join(server.addr(), connect_a());
    a.sends(subscribe(1, &[("t", 0)])).receives(suback(1, &[0]));
    let mut packet = b"\x30\x83\x80\x80\x04\0\x01t".to_vec();
    packet.resize(packet.len() + (8 << 20), b'x');
    // The broker cannot send before it has all of it.
    a.sends(&packet).receives(&packet);
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let server = Server::start(Config::new().backlog(1 << 20)).unwrap();
    let mut slow = Client::join(server.addr(), connect_a());
    slow.sends(subscribe(1, &[("t", 0)]))
        .receives(suback(1, &[0]));
    let mut b = Client::join(server.addr(), connect_b());
    b.sends(subscribe(1, &[("u", 0)])).receives(suback(1, &[0]));
    // 32 MB that nobody reads, and something for somebody who does.
    let mut packet = b"\x30\x83\x80\x40\0\x01t".to_vec();
    packet.resize(packet.len() + (1 << 20), b'x');
    for _ in 0..32 {
        b.sends(&packet);
    }
    b.sends(publish("u").payload(b"m"))
        .receives(publish("u").payload(b"m"));
    assert!(server.stop().dropped() > 0);
}

#[test]
fn sessions_survive_a_cut_and_a_restart_that_keeps_them() {
    let server = Server::start(Config::new()).unwrap();
    let mut a = Client::join(server.addr(), keep_a());
    a.sends(subscribe(1, &[("t", 1)])).receives(suback(1, &[1]));
    assert_eq!(server.cut_all(), 1);
    a.is_closed();
    let mut a = Client::open(server.addr());
    a.sends(keep_a()).receives(connack().session_present());
    server.restart(true);
    a.is_closed();
    let mut a = Client::open(server.addr());
    a.sends(keep_a()).receives(connack().session_present());
    server.restart(false);
    a.is_closed();
    Client::join(server.addr(), keep_a());
}

#[test]
fn a_stopped_broker_can_be_started_again() {
    let server = Server::start(Config::new()).unwrap();
    let addr = server.addr();
    let mut a = Client::join(addr, keep_a());
    let broker = server.stop();
    a.is_closed();
    assert!(TcpStream::connect(addr).is_err());
    let server = Server::start_at(0, broker).unwrap();
    Client::open(server.addr())
        .sends(keep_a())
        .receives(connack().session_present());
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
    let clients: Vec<_> = ('A'..='Z')
        .map(|name| {
            thread::spawn(move || {
                let topic = name.to_string();
                let mut client = Client::join(addr, connect(&topic).keep_alive(60));
                client
                    .sends(subscribe(1, &[(&topic, 1)]))
                    .receives(suback(1, &[1]));
                for id in 1..100 {
                    let message = publish(&topic).qos1(id).payload(b"m");
                    client.sends(&message);
                    client.receives([message, puback(id)]).sends(puback(id));
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}
