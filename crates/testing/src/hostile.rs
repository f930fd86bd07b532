//! Servers that speak WebSocket byte by byte, as no library does: frames and messages without an
//! end, control frames instead of MQTT. The broker behind them is a few answers.
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};
use tungstenite::{
    accept_hdr,
    handshake::server::{ErrorResponse, Request, Response},
    http::HeaderValue,
};

/// A binary frame, not the last of its message.
pub const BEGINNING: u8 = 0x02;
/// The next frame of the message, not the last.
pub const CONTINUATION: u8 = 0x00;
/// A binary frame that is a whole message.
pub const BINARY: u8 = 0x82;
/// A ping.
pub const PING: u8 = 0x89;
/// A pong.
pub const PONG: u8 = 0x8a;

/// What a server does with the stream of each connection. However it ends, the client sees it.
pub trait Script: FnMut(TcpStream) -> io::Result<()> + Send + 'static {}

impl<F: FnMut(TcpStream) -> io::Result<()> + Send + 'static> Script for F {}

/// Starts a server that plays this script with one connection after the other, until the process
/// ends.
///
/// # Errors
/// There is no port left.
pub fn start(mut script: impl Script) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever has had enough hangs up.
            let _ = stream.set_nodelay(true).and_then(|()| script(stream));
        }
    });
    Ok(addr)
}

/// Answers the request for a WebSocket.
///
/// # Errors
/// It is none, or the stream failed.
pub fn upgrade<S: Read + Write>(stream: S) -> io::Result<S> {
    #[expect(
        clippy::result_large_err,
        reason = "the library's callback is like that"
    )]
    let answer = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
        Ok(response)
    };
    accept_hdr(stream, answer)
        .map(|web| web.into_inner())
        .map_err(|error| io::Error::other(error.to_string()))
}

/// Sends a frame, whatever the bits of its first byte mean.
///
/// # Errors
/// The stream's.
pub fn send(stream: &mut impl Write, first_byte: u8, payload: &[u8]) -> io::Result<()> {
    let mut frame = vec![first_byte];
    match payload.len() {
        len @ ..=125 => frame.push(len as u8),
        len @ ..=0xffff => {
            frame.push(126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    stream.write_all(&frame)
}

/// Receives a frame: its first byte, and its payload without mask.
///
/// # Errors
/// The stream's.
pub fn receive(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let len = match head[1] & 127 {
        126 => {
            let mut len = [0; 2];
            stream.read_exact(&mut len)?;
            u16::from_be_bytes(len).into()
        }
        127 => {
            let mut len = [0; 8];
            stream.read_exact(&mut len)?;
            u64::from_be_bytes(len) as usize
        }
        len => len.into(),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask)?;
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload)?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Ok((head[0], payload))
}

/// What a broker answers to what it gets, for packets of any length; the topic of a message has one
/// byte, and its QoS is 0 or 1. To a subscription it sends a message, too: `t`, `hello`.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<u8>);

impl Answers {
    /// Takes bytes, and returns the answers to what is complete with them.
    pub fn to(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.extend_from_slice(bytes);
        let mut answers = Vec::new();
        while let Some((body, end)) = remaining(&self.0) {
            let (first, body) = (self.0[0], &self.0[body..end]);
            match first {
                0x10 => answers.extend(b"\x20\x02\0\0"),
                0x32 => answers.extend([0x40, 2, body[3], body[4]]),
                0x82 => {
                    answers.extend([0x90, 3, body[0], body[1], 0]);
                    answers.extend(b"\x30\x08\0\x01thello");
                }
                0xc0 => answers.extend(b"\xd0\0"),
                _ => {}
            }
            self.0.drain(..end);
        }
        answers
    }
}

/// Where the body of the first packet begins and ends, once it is complete.
fn remaining(bytes: &[u8]) -> Option<(usize, usize)> {
    let (mut len, mut at) = (0, 1);
    loop {
        let byte = *bytes.get(at)?;
        len |= usize::from(byte & 127) << (7 * (at - 1));
        at += 1;
        if byte < 128 {
            return (bytes.len() >= at + len).then_some((at, at + len));
        }
    }
}

/// Accepts CONNECT, then pings again and again, and answers nothing.
///
/// # Errors
/// The client has hung up.
pub fn ping_for_ever(stream: &mut (impl Read + Write), pause: Duration) -> io::Result<()> {
    receive(stream)?;
    send(stream, BINARY, b"\x20\x02\0\0")?;
    loop {
        send(stream, PING, b"still there")?;
        thread::sleep(pause);
    }
}

/// A broker in one message whose fragments never end, with pings between.
///
/// # Errors
/// The client has hung up.
pub fn one_message(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let (mut answers, mut kind) = (Answers::default(), BEGINNING);
    loop {
        let (first, payload) = receive(stream)?;
        if first == BINARY {
            for byte in answers.to(&payload) {
                send(stream, kind, &[byte])?;
                kind = CONTINUATION;
            }
            send(stream, PING, b"?")?;
            send(stream, kind, b"")?;
            kind = CONTINUATION;
        }
    }
}

/// A broker in one frame that never ends.
///
/// # Errors
/// The client has hung up.
pub fn one_frame(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let mut answers = Answers::default();
    stream.write_all(&[BINARY, 127, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])?;
    loop {
        let (first, payload) = receive(stream)?;
        if first == BINARY {
            stream.write_all(&answers.to(&payload))?;
        }
    }
}

/// A broker that takes frames of this length at most, and closes with 1009 where one is longer.
///
/// # Errors
/// The client has hung up, or sent a longer frame.
pub fn with_limit(stream: &mut (impl Read + Write), limit: usize) -> io::Result<()> {
    let mut answers = Answers::default();
    loop {
        let (first, payload) = receive(stream)?;
        if payload.len() > limit {
            send(stream, 0x88, b"\x03\xf1")?;
            return Err(io::Error::other("a frame is too long"));
        }
        if first == BINARY {
            send(stream, BINARY, &answers.to(&payload))?;
        }
    }
}

/// Sends a ping before anything else, and is a broker only to a client that answers it.
///
/// # Errors
/// The client has hung up, or did not answer.
pub fn ping_first(stream: &mut (impl Read + Write)) -> io::Result<()> {
    send(stream, PING, b"are you there?")?;
    let mut frames = [receive(stream)?, receive(stream)?];
    frames.sort_by_key(|(first, _)| *first);
    let [(BINARY, connect), (PONG, pong)] = &frames else {
        return Err(io::Error::other("no pong"));
    };
    if pong != b"are you there?" {
        return Err(io::Error::other("another pong"));
    }
    send(stream, BINARY, &Answers::default().to(connect))?;
    with_limit(stream, usize::MAX)
}

/// Accepts CONNECT, then sends so many mebibytes of one message of MQTT, in one message of
/// WebSocket whose fragments never end.
///
/// # Errors
/// The client has hung up.
pub fn flood_fragments(stream: &mut (impl Read + Write), mebibytes: usize) -> io::Result<()> {
    receive(stream)?;
    send(stream, BEGINNING, b"\x20\x02\0\0")?;
    send(stream, CONTINUATION, b"\x30\xff\xff\xff\x7f\0\x01t")?;
    let fragment = [0; 64 << 10];
    for _ in 0..mebibytes << 4 {
        send(stream, CONTINUATION, &fragment)?;
    }
    Ok(())
}

/// Accepts CONNECT, then sends so many mebibytes of pings, and reads no pong.
///
/// # Errors
/// The client has hung up.
pub fn flood_pings(stream: &mut (impl Read + Write), mebibytes: usize) -> io::Result<()> {
    receive(stream)?;
    send(stream, BINARY, b"\x20\x02\0\0")?;
    let mut pings = Vec::new();
    while pings.len() < 64 << 10 {
        send(&mut pings, PING, &[b'?'; 125])?;
    }
    for _ in 0..mebibytes << 4 {
        stream.write_all(&pings)?;
    }
    Ok(())
}

/// Accepts CONNECT, then closes the WebSocket with a code and words.
///
/// # Errors
/// The client has hung up.
pub fn close_with_reason(stream: &mut (impl Read + Write)) -> io::Result<()> {
    receive(stream)?;
    send(stream, BINARY, b"\x20\x02\0\0")?;
    send(stream, 0x88, b"\x03\xf0not today")?;
    io::copy(stream, &mut io::sink()).map(|_| ())
}

/// Answers the request for a WebSocket with headers that never end.
///
/// # Errors
/// The client has hung up.
pub fn flood_headers(stream: &mut (impl Read + Write)) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n")?;
    loop {
        stream.write_all(&b"X-Header: and so on and on and on\r\n".repeat(100))?;
    }
}

/// A broker without WebSocket that sends one message of this length, at most 16,000 bytes, after the first subscription,
/// when the client had time to take note of that.
///
/// # Errors
/// The client has hung up.
pub fn first_large_message(stream: &mut (impl Read + Write), len: u16) -> io::Result<()> {
    let mut bytes = [0; 1024];
    if stream.read(&mut bytes)? == 0 {
        return Ok(());
    }
    stream.write_all(b"\x20\x02\0\0")?;
    let n = stream.read(&mut bytes)?;
    stream.write_all(&Answers::default().to(&bytes[..n])[..5])?;
    thread::sleep(Duration::from_millis(300));
    let remaining = usize::from(len) + 3;
    let mut packet = vec![0x30, remaining as u8 | 128, (remaining >> 7) as u8];
    packet.extend(b"\0\x01t");
    packet.resize(packet.len() + usize::from(len), 7);
    stream.write_all(&packet)?;
    loop {
        let n = stream.read(&mut bytes)?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&Answers::default().to(&bytes[..n]))?;
    }
}
