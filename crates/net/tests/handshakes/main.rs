//! Handshakes of TLS with every library, over sockets that block and sockets that do not: which
//! succeed, and the reason why others fail.
#![cfg(feature = "_tls")]

mod rows;

use motemq_net::{Opening, Route, Scheme, Tls, TlsBackend, TlsError};
use rows::{Row, Server, rows};
use rustls::{ServerConnection, StreamOwned};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Longer than any handshake takes that ends by itself.
const SOON: Duration = Duration::from_secs(10);
const HELLO: &[u8] = b"\x20\x02\0\0hello";

fn serve(server: &Server, mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(SOON))?;
    match server {
        Server::Tls(config) => {
            let connection = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(connection, stream.try_clone()?);
            let mut bytes = [0; HELLO.len()];
            if tls.read_exact(&mut bytes).is_ok() {
                tls.write_all(&bytes)?;
            }
        }
        Server::Bytes(bytes) => {
            let _ = stream.read(&mut [0; 4096])?;
            stream.write_all(bytes)?;
        }
        Server::HangsUp => {
            let _ = stream.read(&mut [0; 4096])?;
        }
        Server::Silent => {}
    }
    if !matches!(server, Server::Silent) {
        stream.shutdown(Shutdown::Write)?;
    }
    // What is not read would destroy what was sent.
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

/// Shakes hands, and exchanges a few bytes: with TLS 1.3 some reasons come only then.
fn blocking(tls: &Tls, stream: TcpStream) -> Result<(), TlsError> {
    let mut stream = tls.connect("localhost", stream)?;
    let certificate = stream.peer_info().certificate.expect("a certificate");
    assert!(certificate.subject.starts_with("CN="), "{certificate:?}");
    assert_eq!(
        stream.peer_info().alpn.as_deref(),
        tls.has_alpn().then_some("mqtt")
    );
    stream.write_all(HELLO).map_err(reason)?;
    let mut bytes = [0; HELLO.len()];
    stream.read_exact(&mut bytes).map_err(reason)?;
    assert_eq!(bytes, HELLO);
    stream.close_notify().map_err(reason)
}

/// The same as the layers of a connection.
fn nonblocking(tls: &Tls, stream: TcpStream, limit: Duration) -> Result<(), TlsError> {
    let begun = Instant::now();
    stream.set_nonblocking(true).unwrap();
    let route = Route {
        scheme: Scheme::Mqtts,
        tls: tls.clone(),
        ..Route::default()
    };
    let failed = |error| match error {
        motemq_net::OpenError::Tls(error) => error,
        error => panic!("{error}"),
    };
    let mut opening = Opening::new(&route, stream).map_err(failed)?;
    let mut connection = loop {
        assert!(opening.socket().is_some());
        if let Some(connection) = opening.advance().map_err(failed)? {
            break connection;
        }
        if begun.elapsed() > limit {
            // The clock is the caller's.
            return Err(failed(opening.timed_out()));
        }
        thread::sleep(Duration::from_millis(1));
    };
    let wait = |work: &mut dyn FnMut() -> io::Result<usize>| loop {
        match work() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => break done.map_err(reason),
        }
    };
    assert_eq!(wait(&mut || connection.write(HELLO))?, HELLO.len());
    wait(&mut || connection.flush().map(|()| 0))?;
    let mut bytes = [0; HELLO.len()];
    assert_eq!(wait(&mut || connection.read(&mut bytes))?, HELLO.len());
    wait(&mut || {
        let finished = connection.finish(|socket| socket.shutdown(Shutdown::Write));
        finished.map(|()| 0)
    })?;
    Ok(())
}

fn reason(error: io::Error) -> TlsError {
    match error.get_ref().and_then(|said| said.downcast_ref()) {
        Some(said) => TlsError::clone(said),
        None => panic!("{error:?}"),
    }
}

fn connected(addr: SocketAddr, limit: Duration) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(limit)).unwrap();
    stream
}

/// Plays a row with each library, in each way.
fn check(row: Row) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let Row {
        name,
        server,
        tls,
        openssl,
        rustls,
    } = row;
    let limit = match server {
        Server::Silent => Duration::from_millis(100),
        _ => SOON,
    };
    let server = Arc::new(server);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = server.clone();
            // However it ends, the client sees it.
            thread::spawn(move || serve(&server, stream));
        }
    });
    for &backend in TlsBackend::ALL {
        let tls = tls(backend);
        for (way, outcome) in [
            ("blocking", blocking(&tls, connected(addr, limit))),
            (
                "not blocking",
                nonblocking(&tls, connected(addr, limit), limit),
            ),
        ] {
            let kind = outcome.as_ref().map(|_| ()).map_err(|error| error.kind());
            let context = format!("{name}, {backend:?}, {way}: {outcome:?}");
            let is_rustls = is_rustls(backend);
            let expected = if is_rustls { rustls } else { openssl };
            if is_rustls || cfg!(target_os = "linux") {
                assert_eq!(kind, expected.map_err(Some), "{context}");
            } else {
                // Other platforms have words of their own.
                assert_eq!(kind.is_ok(), expected.is_ok(), "{context}");
            }
        }
    }
}

fn is_rustls(backend: TlsBackend) -> bool {
    match backend {
        #[cfg(feature = "rustls")]
        TlsBackend::Rustls => true,
        _ => false,
    }
}

#[test]
fn each_reason_has_its_name() {
    thread::scope(|scope| {
        for row in rows() {
            scope.spawn(|| check(row));
        }
    });
}
