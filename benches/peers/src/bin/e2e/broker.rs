//! A broker that keeps nothing and delivers nothing: it acknowledges, and sends as many messages as
//! a subscription asks for.
mod packets;

use crate::meter::TOPIC;
use motemq::{Out, PacketId, QoS, Version, topic::TopicName};
use packets::{Reply, Request};
use std::{
    io::{Read, Write, stdin},
    net::{TcpListener, TcpStream},
    thread,
};

/// The size of the buffers, unless packets are longer.
const BUFFER: usize = 64 << 10;
/// The length of the longest packet besides its payload.
const HEADER: usize = 256;

/// Serves until standard input ends.
pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serving = thread::Builder::new().stack_size(128 << 10);
            let served = serving.spawn(move || Connection::new(stream).serve());
            served.expect("a thread");
        }
    });
    let _ = stdin().read_to_end(&mut Vec::new());
}

/// The messages that a subscription asks for.
struct Flood {
    left: usize,
    qos: QoS,
    topics: Vec<String>,
    payload: Vec<u8>,
    window: u16,
}

struct Connection {
    stream: TcpStream,
    /// That of the client's CONNECT.
    version: Option<Version>,
    memory: Vec<u8>,
    taken: usize,
    flood: Flood,
    /// Messages that are not yet acknowledged.
    in_flight: u16,
    next: u16,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a TCP option");
        Connection {
            stream,
            version: None,
            memory: vec![0; BUFFER],
            taken: 0,
            flood: Flood::new("", QoS::AtMostOnce),
            in_flight: 0,
            next: 1,
        }
    }

    fn serve(mut self) {
        let mut input = vec![0; BUFFER];
        let mut held = 0;
        loop {
            let read = if self.flood.left > 0 && self.flood.qos == QoS::AtMostOnce {
                Ok(0)
            } else {
                self.stream.read(&mut input[held..])
            };
            match read {
                Ok(0) if self.flood.left == 0 => return,
                Ok(read) => held += read,
                Err(_) => return,
            }
            let done = self.answer_all(&input[..held]);
            if done > 0 {
                input.copy_within(done..held, 0);
                held -= done;
            } else if held == input.len() {
                input.resize(2 * held, 0);
            }
            self.flood();
            if self.flush().is_err() {
                return;
            }
        }
    }

    /// Answers all packets that are complete. Returns their length.
    fn answer_all(&mut self, input: &[u8]) -> usize {
        let mut done = 0;
        self.version = self.version.or_else(|| packets::version(input));
        if let Some(version) = self.version {
            while let Some((request, length)) = packets::read(version, &input[done..]) {
                self.answer(&request);
                done += length;
            }
        }
        done
    }

    fn answer(&mut self, request: &Request<'_>) {
        match *request {
            Request::Connect => self.write(Reply::Accept),
            Request::Publish(QoS::ExactlyOnce, id) => self.write(Reply::Receive(id)),
            Request::Publish(_, id) => self.write(Reply::Acknowledge(id)),
            Request::Release(id) => self.write(Reply::Complete(id)),
            Request::Acknowledgement => self.in_flight -= 1,
            Request::Ping => self.write(Reply::Pong),
            Request::Subscribe(id, ref filters) => {
                let codes: Vec<u8> = filters.iter().map(|&(_, qos)| qos as u8).collect();
                self.write(Reply::Grant(id, &codes));
                for &(filter, qos) in filters {
                    if let Some(asked) = filter.strip_prefix("flood/") {
                        self.flood = Flood::new(asked, qos);
                    }
                }
            }
            Request::Other => {}
        }
    }

    /// Writes as many messages as the window has room for.
    fn flood(&mut self) {
        let acknowledged = self.flood.qos != QoS::AtMostOnce;
        let topics = std::mem::take(&mut self.flood.topics);
        let payload = std::mem::take(&mut self.flood.payload);
        self.memory.resize(BUFFER.max(payload.len() + HEADER), 0);
        while self.flood.left > 0 && !(acknowledged && self.in_flight == self.flood.window) {
            if self.taken + payload.len() + HEADER > self.memory.len() && self.flush().is_err() {
                break;
            }
            let id = PacketId::new(self.next).filter(|_| acknowledged);
            let topic = &topics[self.flood.left % topics.len()];
            self.write(Reply::Message {
                qos: self.flood.qos,
                id,
                topic: TopicName::new(topic).expect("a topic"),
                payload: &payload,
            });
            self.flood.left -= 1;
            self.in_flight += u16::from(acknowledged);
            self.next = if self.next == u16::MAX {
                1
            } else {
                self.next + 1
            };
        }
        (self.flood.topics, self.flood.payload) = (topics, payload);
    }

    fn write(&mut self, reply: Reply<'_>) {
        if self.taken + HEADER > self.memory.len() {
            let _ = self.flush();
        }
        let out = &mut Out::new(&mut self.memory, &mut self.taken);
        let version = self.version.unwrap_or_default();
        reply.write(version, out).expect("room");
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.write_all(&self.memory[..self.taken])?;
        self.taken = 0;
        Ok(())
    }
}

impl Flood {
    /// Reads `MESSAGES/PAYLOAD/TOPICS/WINDOW`.
    fn new(asked: &str, qos: QoS) -> Self {
        let mut numbers = asked.split('/').map(|number| number.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let (left, payload, topics, window) = (next(), next(), next(), next());
        let topics = match topics {
            0 | 1 => vec![TOPIC.into()],
            _ => (0..topics).map(|n| format!("{TOPIC}/{n}")).collect(),
        };
        Flood {
            left,
            qos,
            topics,
            payload: vec![7; payload],
            window: window as u16,
        }
    }
}
