//! A broker that keeps nothing and delivers nothing: it acknowledges, and sends as many messages as
//! a subscription asks for.
use crate::meter::{PAYLOAD, TOPIC, WINDOW};
use motemq::{
    Out, PacketId, QoS, ReturnCode,
    packet::{Packet, decode},
    topic::TopicName,
};
use std::{
    io::{Read, Write, stdin},
    net::{TcpListener, TcpStream},
    thread,
};

/// Until standard input ends.
pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || Connection::new(stream).serve());
        }
    });
    let _ = stdin().read_to_end(&mut Vec::new());
}

struct Connection {
    stream: TcpStream,
    memory: Vec<u8>,
    taken: usize,
    /// Messages still to be sent, with which QoS, and how many are not yet acknowledged.
    left: usize,
    qos: QoS,
    owed: u16,
    next: u16,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a TCP option");
        Connection {
            stream,
            memory: vec![0; 0x1_0000],
            taken: 0,
            left: 0,
            qos: QoS::AtMostOnce,
            owed: 0,
            next: 1,
        }
    }

    fn serve(mut self) {
        let mut input = vec![0; 0x1_0000];
        let mut held = 0;
        loop {
            let read = if self.left > 0 && self.qos == QoS::AtMostOnce {
                Ok(0)
            } else {
                self.stream.read(&mut input[held..])
            };
            match read {
                Ok(0) if self.left == 0 => return,
                Ok(read) => held += read,
                Err(_) => return,
            }
            let mut done = 0;
            while let Some((packet, length)) = decode(&input[done..held]).expect("a packet") {
                self.answer(&packet);
                done += length;
            }
            input.copy_within(done..held, 0);
            held -= done;
            self.flood();
            if self.flush().is_err() {
                return;
            }
        }
    }

    fn answer(&mut self, packet: &Packet<'_>) {
        match *packet {
            Packet::Connect(_) => self.write(&Packet::ConnAck {
                session_present: false,
                code: ReturnCode::try_from(0).expect("0"),
            }),
            Packet::Publish {
                qos: QoS::AtLeastOnce,
                id: Some(id),
                ..
            } => self.write(&Packet::PubAck(id)),
            Packet::Publish {
                qos: QoS::ExactlyOnce,
                id: Some(id),
                ..
            } => self.write(&Packet::PubRec(id)),
            Packet::PubRel(id) => self.write(&Packet::PubComp(id)),
            Packet::PubAck(_) => self.owed -= 1,
            Packet::PingReq => self.write(&Packet::PingResp),
            Packet::Subscribe { id, filters } => {
                let filter = filters.iter().next().expect("a filter");
                self.left = filter
                    .filter
                    .strip_prefix("flood/")
                    .and_then(|count| count.parse().ok())
                    .unwrap_or(0);
                self.qos = filter.qos;
                self.write(&Packet::SubAck {
                    id,
                    codes: &[filter.qos as u8],
                });
            }
            _ => {}
        }
    }

    /// As many messages as there is room for, in the window and in memory.
    fn flood(&mut self) {
        let acknowledged = self.qos != QoS::AtMostOnce;
        while self.left > 0 && self.taken < 0xff00 && !(acknowledged && self.owed == WINDOW) {
            let id = PacketId::new(self.next).filter(|_| acknowledged);
            let topic = TopicName::new(TOPIC).expect("a topic");
            self.write(&Packet::Publish {
                dup: false,
                qos: self.qos,
                retain: false,
                id,
                topic,
                payload: &PAYLOAD,
            });
            self.left -= 1;
            self.owed += u16::from(acknowledged);
            self.next = if self.next == u16::MAX {
                1
            } else {
                self.next + 1
            };
        }
    }

    fn write(&mut self, packet: &Packet<'_>) {
        if self.taken > 0xff00 {
            let _ = self.flush();
        }
        packet
            .encode(&mut Out::new(&mut self.memory, &mut self.taken))
            .expect("room");
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.write_all(&self.memory[..self.taken])?;
        self.taken = 0;
        Ok(())
    }
}
