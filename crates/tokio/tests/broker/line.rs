//! A broker that follows a script, over lines in memory; time is simulated.
use motemq_tokio::{Address, Client, Ended, Options, Reconnect};
use std::{future::Future, io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};

/// Where connections arrive.
pub struct Exchange(mpsc::UnboundedReceiver<DuplexStream>);

/// The broker's end of a connection.
pub struct Line(DuplexStream);

pub const HELLO: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";
pub const HELLO_KEEPING: &[u8] = b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a";
pub const NEW: &[u8] = b"\x20\x02\0\0";

/// Options of a client that comes back at once.
pub fn options() -> Options {
    let at_once = Reconnect::BackOff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(1),
        max_tries: None,
    };
    Options::new("a").reconnect(at_once)
}

/// A client that is driven.
pub fn start(options: Options) -> (Client, JoinHandle<Result<(), Ended>>, Exchange) {
    let (give, take) = mpsc::unbounded_channel();
    let dial = move |_: Address| {
        let give = give.clone();
        async move {
            let (near, far) = duplex(256);
            give.send(far)
                .map_err(|_| io::ErrorKind::ConnectionRefused)?;
            Ok(near)
        }
    };
    let (client, driver) = Client::dialing(options, dial).unwrap();
    (client, tokio::spawn(driver), Exchange(take))
}

/// The same with its first connection, which is accepted.
pub async fn connected(
    options: Options,
) -> (Client, JoinHandle<Result<(), Ended>>, Exchange, Line) {
    let (client, driver, mut exchange) = start(options);
    let line = exchange.accepts(HELLO, NEW).await;
    client.connected().await.unwrap();
    (client, driver, exchange, line)
}

/// Time flies when nothing happens: this is no real time.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(3600), work)
        .await
        .expect("done within an hour")
}

impl Exchange {
    /// A connection that begins with these bytes, and is answered so.
    pub async fn accepts(&mut self, hello: &[u8], answer: &[u8]) -> Line {
        let mut line = Line(in_time(self.0.recv()).await.expect("a connection"));
        line.hears(hello).await;
        line.says(answer).await;
        line
    }
}

impl Line {
    pub async fn hears(&mut self, bytes: &[u8]) {
        let mut heard = vec![0; bytes.len()];
        let read = in_time(self.0.read_exact(&mut heard)).await;
        assert!(
            read.is_ok() && heard == bytes,
            "heard {} instead of {}",
            heard.escape_ascii(),
            bytes.escape_ascii()
        );
    }

    pub async fn says(&mut self, bytes: &[u8]) {
        in_time(self.0.write_all(bytes)).await.unwrap();
    }

    /// Nothing more comes, and the client hangs up.
    pub async fn ends(mut self) {
        let mut rest = Vec::new();
        in_time(self.0.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.is_empty(), "{} follows", rest.escape_ascii());
    }
}
