//! A WebSocket before a broker that is within the rules, and unkind.
use fastrand::Rng;
use std::{
    io::{self, ErrorKind, Read, Write},
    mem,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};
use tungstenite::{
    Error, Message, WebSocket, accept_hdr,
    handshake::server::{ErrorResponse, Request, Response},
    http::{HeaderValue, StatusCode},
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// How long to look one way before looking the other.
const GLANCE: Duration = Duration::from_millis(1);

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manners {
    /// Cuts messages into frames anywhere, packets into messages anywhere, and puts pings between
    /// them, from this seed.
    Unkind(u64),
    /// Puts all that comes from the broker, until nothing does for a moment, into one frame.
    Large,
    /// Does not speak MQTT.
    NoMqtt,
    /// Answers 404.
    NotFound,
    /// Sends text.
    Text,
}

/// A WebSocket before a broker. It goes on until the process ends.
#[derive(Debug)]
pub struct Web {
    addr: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Web {
    /// One for this broker.
    pub fn start(broker: SocketAddr, manners: Manners) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let web = Web {
            addr: listener.local_addr()?,
            requests: Arc::default(),
        };
        let requests = web.requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let requests = requests.clone();
                // However it ends, the client sees it.
                thread::spawn(move || serve(stream, broker, manners, &requests));
            }
        });
        Ok(web)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("ws://{}/mqtt", self.addr)
    }

    /// What was asked for so far: path and query, and the headers, of each request.
    pub fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the library's callback is like that"
)]
fn serve(
    stream: TcpStream,
    broker: SocketAddr,
    manners: Manners,
    requests: &Mutex<Vec<String>>,
) -> Result<(), Error> {
    let answer = |request: &Request, mut response: Response| {
        requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(format!("{} {:?}", request.uri(), request.headers()));
        if manners == Manners::NotFound {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::NOT_FOUND;
            return Err(refusal);
        }
        if manners != Manners::NoMqtt
            && request.headers().get("Sec-WebSocket-Protocol")
                == Some(&HeaderValue::from_static("mqtt"))
        {
            response
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
        }
        Ok(response)
    };
    let mut web = accept_hdr(stream, answer)
        .map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
    if manners == Manners::Text {
        return web.send(Message::text("hello"));
    }
    let mut chance = match manners {
        Manners::Unkind(seed) => Some(Rng::with_seed(seed)),
        Manners::Large => None,
        _ => return Ok(()),
    };
    let mut held = Vec::new();
    let mut broker = TcpStream::connect(broker)?;
    broker.set_read_timeout(Some(GLANCE))?;
    web.get_ref().set_read_timeout(Some(GLANCE))?;
    let mut bytes = [0; 64 << 10];
    loop {
        match broker.read(&mut bytes) {
            Ok(0) => return web.close(None).and_then(|()| web.flush()),
            Ok(n) => match &mut chance {
                Some(chance) => cut(&mut web, &bytes[..n], chance)?,
                None => held.extend_from_slice(&bytes[..n]),
            },
            Err(error) if is_pause(&error) && held.is_empty() => {}
            Err(error) if is_pause(&error) => web.send(Message::binary(mem::take(&mut held)))?,
            Err(error) => return Err(error.into()),
        }
        loop {
            match web.read() {
                Ok(Message::Binary(bytes)) => broker.write_all(&bytes)?,
                Ok(_) => {}
                Err(Error::Io(error)) if is_pause(&error) => break,
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Sends bytes as messages, cut anywhere, in frames, cut anywhere, with pings anywhere.
fn cut(web: &mut WebSocket<TcpStream>, mut bytes: &[u8], chance: &mut Rng) -> Result<(), Error> {
    while !bytes.is_empty() {
        let (mut message, rest) = bytes.split_at(chance.usize(1..=bytes.len().min(20_000)));
        bytes = rest;
        let mut kind = Data::Binary;
        loop {
            let (frame, more) = message.split_at(chance.usize(..=message.len()));
            let last = more.is_empty();
            web.write(Message::Frame(Frame::message(
                frame.to_vec(),
                OpCode::Data(kind),
                last,
            )))?;
            if chance.bool() {
                web.write(Message::Ping(b"still there?"[..].into()))?;
            }
            if last {
                break;
            }
            (message, kind) = (more, Data::Continue);
        }
    }
    web.flush()
}
