//! Proxies that a client asks for a connection, SOCKS5 and HTTP: good ones, and ones that refuse or
//! break the rules.
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// User and password of the proxies that want a login.
pub const LOGIN: &str = "node:secret";

/// A proxy that does not do what it is asked for.
#[derive(Debug)]
pub struct Refusal {
    /// Its URL, with a login or not.
    pub url: String,
    /// A part of the error.
    pub words: &'static str,
}

fn start(
    script: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let addr = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = script.clone();
            // However it ends, the client sees it.
            thread::spawn(move || script(stream));
        }
    });
    Ok(addr)
}

/// Starts a SOCKS5 proxy that connects to any host, with [`LOGIN`] or without. It ends with the
/// process. Returns its URL.
///
/// # Errors
/// There is no port left.
pub fn socks5(with_login: bool) -> io::Result<String> {
    let addr = start(move |mut stream| {
        let methods = counted(&mut stream, 5)?;
        let wanted = if with_login { 2 } else { 0 };
        if !methods.contains(&wanted) {
            return stream.write_all(&[5, 0xff]);
        }
        stream.write_all(&[5, wanted])?;
        if with_login {
            let user = counted(&mut stream, 1)?;
            let password = counted_rest(&mut stream)?;
            let right = [&user[..], b":", &password].concat() == LOGIN.as_bytes();
            stream.write_all(&[1, u8::from(!right)])?;
        }
        let mut request = [0; 4];
        stream.read_exact(&mut request)?;
        let host = match request[3] {
            1 => {
                let mut address = [0; 4];
                stream.read_exact(&mut address)?;
                Ipv4Addr::from(address).to_string()
            }
            _ => String::from_utf8_lossy(&counted_rest(&mut stream)?).into_owned(),
        };
        let mut port = [0; 2];
        stream.read_exact(&mut port)?;
        match TcpStream::connect((host.as_str(), u16::from_be_bytes(port))) {
            Ok(broker) => {
                // The address that it has bound is a name here, as it may be.
                stream.write_all(b"\x05\0\0\x03\x05proxy\x12\x34")?;
                relay(stream, broker)
            }
            Err(_) => stream.write_all(b"\x05\x05\0\x01\0\0\0\0\0\0"),
        }
    })?;
    Ok(url("socks5", addr, with_login))
}

/// Starts a proxy of HTTP that connects to any host, with [`LOGIN`] (whose base64 is given) or
/// without. It ends with the process. Returns its URL.
///
/// # Errors
/// There is no port left.
pub fn http(login: Option<&'static str>) -> io::Result<String> {
    let addr = start(move |mut stream| {
        let head = head(&mut stream)?;
        if let Some(login) = login
            && !head.contains(&format!("\nProxy-Authorization: Basic {login}\r\n"))
        {
            return stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        }
        let place = head.split(' ').nth(1).unwrap_or_default();
        match TcpStream::connect(place) {
            Ok(broker) => {
                stream
                    .write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")?;
                relay(stream, broker)
            }
            Err(_) => stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        }
    })?;
    Ok(url("http", addr, login.is_some()))
}

/// Starts proxies that refuse in every way, and peers that are no proxies. They end with the
/// process.
///
/// # Errors
/// There is no port left.
pub fn refusals() -> io::Result<Vec<Refusal>> {
    let mut refusals = Vec::new();
    // What each sends after the client's first bytes, its second, and so on.
    let mut add = |scheme, with_login, answers: &'static [&'static [u8]], words| {
        let addr = start(move |mut stream| {
            let mut bytes = [0; 1024];
            for answer in answers {
                if stream.read(&mut bytes)? == 0 {
                    return Ok(());
                }
                stream.write_all(answer)?;
            }
            // Until the client hangs up; a proxy that closes has no answers.
            if answers.is_empty() {
                return stream.read(&mut bytes).map(|_| ());
            }
            io::copy(&mut stream, &mut io::sink()).map(|_| ())
        })?;
        refusals.push(Refusal {
            url: url(scheme, addr, with_login),
            words,
        });
        io::Result::Ok(())
    };
    add("socks5", false, &[b"\x05\xff"], "requires a login")?;
    add("socks5", true, &[b"\x05\xff"], "does not accept this login")?;
    add(
        "socks5",
        true,
        &[b"\x05\x02", b"\x01\x01"],
        "does not accept this login",
    )?;
    add("socks5", false, &[b"\x05\x02"], "which was not offered")?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\x01"],
        "refuses the connection (SOCKS5 reply 1: general failure)",
    )?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\x02\0\x01"],
        "does not allow a connection",
    )?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\x03"],
        "network unreachable",
    )?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\x04"],
        "host unreachable",
    )?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\x05"],
        "does not reach the broker (SOCKS5 reply 5: connection refused)",
    )?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\x07"],
        "command not supported",
    )?;
    add(
        "socks5",
        false,
        &[b"\x05\0", b"\x05\0\0\x09\x01"],
        "unknown address type 9",
    )?;
    add(
        "socks5",
        false,
        &[b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        "no such proxy (it sends \"HT\" instead of a SOCKS5 answer)",
    )?;
    add(
        "socks5",
        false,
        &[],
        "closed the connection without an answer",
    )?;
    add(
        "http",
        false,
        &[b"HTTP/1.1 407 No\r\n\r\n"],
        "requires a login",
    )?;
    add(
        "http",
        true,
        &[b"HTTP/1.1 407 No\r\n\r\n"],
        "does not accept this login",
    )?;
    add(
        "http",
        false,
        &[b"HTTP/1.1 403 Forbidden\r\n"],
        "does not allow a connection to the broker (HTTP/1.1 403 Forbidden)",
    )?;
    add(
        "http",
        false,
        &[b"HTTP/1.0 504 Gateway Timeout\r\n\r\n"],
        "does not reach the broker",
    )?;
    add(
        "http",
        false,
        &[b"HTTP/1.1 500 \x1b[2J\r\n\r\n"],
        "refuses the connection (HTTP/1.1 500 \u{fffd}[2J)",
    )?;
    add(
        "http",
        false,
        &[b"HTTP/1.1 2000 OK\r\n\r\n"],
        "no such proxy",
    )?;
    add(
        "http",
        false,
        &[b"SSH-2.0-OpenSSH_9.6\r\n"],
        "no such proxy (it sends \"SSH-2.0-OpenSSH_9.6",
    )?;
    add(
        "http",
        false,
        &[b"HTTP/1.1 200 OK\r\n\r\n\x20\x02\0\0"],
        "more than its answer",
    )?;
    add(
        "http",
        false,
        &[],
        "closed the connection without an answer",
    )?;
    for endless in [
        &b"HTTP/1.1 200 OK and so on"[..],
        b"HTTP/1.1 200 OK\r\nX-Header: ",
    ] {
        let addr = start(move |mut stream| {
            stream.write_all(endless)?;
            loop {
                stream.write_all(&b"and so on ".repeat(100))?;
            }
        })?;
        refusals.push(Refusal {
            url: url("http", addr, false),
            words: "longer than 8192 bytes",
        });
    }
    for scheme in ["socks5", "http"] {
        let addr = start(|_stream| {
            thread::sleep(Duration::from_secs(60));
            Ok(())
        })?;
        refusals.push(Refusal {
            url: url(scheme, addr, false),
            words: "no answer from the proxy in time",
        });
    }
    Ok(refusals)
}

fn url(scheme: &str, addr: SocketAddr, with_login: bool) -> String {
    let login = if with_login {
        format!("{LOGIN}@")
    } else {
        String::new()
    };
    format!("{scheme}://{login}{addr}")
}

/// Reads a version, and what follows with its length before it.
fn counted(stream: &mut TcpStream, version: u8) -> io::Result<Vec<u8>> {
    let mut first = [0];
    stream.read_exact(&mut first)?;
    if first != [version] {
        return Err(io::ErrorKind::InvalidData.into());
    }
    counted_rest(stream)
}

fn counted_rest(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut len = [0];
    stream.read_exact(&mut len)?;
    let mut bytes = vec![0; len[0].into()];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads the head of a request.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut reader) = (String::new(), BufReader::new(stream));
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            break;
        }
    }
    Ok(head)
}

/// Passes bytes on both ways until both have ended.
fn relay(client: TcpStream, broker: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_broker) = (client.try_clone()?, broker.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_broker);
        to_broker.shutdown(std::net::Shutdown::Write)
    });
    let (mut from_broker, mut to_client) = (broker, client);
    io::copy(&mut from_broker, &mut to_client)?;
    to_client.shutdown(std::net::Shutdown::Write)
}
