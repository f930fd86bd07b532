//! No client: one system call for each message, which is the least that a client can do that writes
//! each message at once.
use crate::meter::{Meter, PAYLOAD, TOPIC, Task, Work};
use motemq::{
    Connect, Out, PacketId, QoS,
    packet::{Packet, decode},
    topic::TopicName,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

pub fn run(task: Task) -> Meter {
    assert!(task.work == Work::Publish(0), "not measured");
    let mut stream = TcpStream::connect(("127.0.0.1", task.port)).expect("a connection");
    stream.set_nodelay(true).expect("a TCP option");
    send(&mut stream, &Packet::Connect(Connect::new("bench")));
    await_packet(&mut stream);
    let message = |id: Option<PacketId>| Packet::Publish {
        dup: false,
        qos: id.map_or(QoS::AtMostOnce, |_| QoS::AtLeastOnce),
        retain: false,
        id,
        topic: TopicName::new(TOPIC).expect("a topic"),
        payload: &PAYLOAD,
    };
    let (first, last) = (message(None), message(PacketId::new(1)));
    let meter = Meter::start();
    for _ in 1..task.messages {
        send(&mut stream, &first);
    }
    send(&mut stream, &last);
    await_packet(&mut stream);
    meter.stop()
}

fn send(stream: &mut TcpStream, packet: &Packet<'_>) {
    let (mut memory, mut taken) = ([0; 256], 0);
    let mut out = Out::new(&mut memory, &mut taken);
    packet.encode(&mut out).expect("room");
    stream.write_all(&memory[..taken]).expect("sent");
}

/// Waits for a packet of the broker, which sends no other then.
fn await_packet(stream: &mut TcpStream) {
    let (mut memory, mut held) = ([0; 256], 0);
    while decode(&memory[..held]).expect("a packet").is_none() {
        held += stream.read(&mut memory[held..]).expect("a packet");
    }
}
