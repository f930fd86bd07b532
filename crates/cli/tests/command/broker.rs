//! Who is on the other side.
use motemq_std::{Client, Filter, Options, QoS, Subscription};
use motemq_testing::{broker::Config, mosquitto, server::Server};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

const LIMIT: Duration = Duration::from_secs(20);

/// Host and port as options.
pub struct At([String; 4]);

impl At {
    pub fn of(addr: SocketAddr) -> Self {
        At([
            "-h".into(),
            addr.ip().to_string(),
            "-p".into(),
            addr.port().to_string(),
        ])
    }

    /// These options, and where the broker is.
    pub fn with<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        args.iter()
            .copied()
            .chain(self.0.iter().map(String::as_str))
            .collect()
    }
}

impl At {
    /// The place as a URL.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}:{}", self.0[1], self.0[3])
    }
}

/// Runs a test with the in-process broker, and with mosquitto if it is there.
pub fn with_each(test: &str, scenario: impl Fn(SocketAddr)) {
    let server = Server::start(Config::new()).unwrap();
    scenario(server.addr());
    drop(server);
    if let Some(broker) = mosquitto::for_test(test, &["allow_anonymous true"]) {
        scenario(broker.addr());
    }
}

/// An in-process broker.
pub fn serve(config: Config) -> (Server, At) {
    let server = Server::start(config).unwrap();
    let at = At::of(server.addr());
    (server, at)
}

/// Hears everything that is published below one topic.
pub struct Ear(Subscription);

/// A message as it came.
pub struct Heard {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: QoS,
    pub retain: bool,
}

impl Ear {
    pub fn at(addr: SocketAddr, filter: &str) -> Self {
        let options = Options::new("").broker(addr.ip().to_string(), addr.port());
        let client = Client::connect(options).unwrap();
        let filters = [Filter::new(filter, QoS::ExactlyOnce)];
        Ear(client.subscribe(&filters).unwrap())
    }

    /// The next message.
    #[track_caller]
    pub fn hear(&mut self) -> Heard {
        let message = self.0.recv_timeout(LIMIT).expect("no message came");
        Heard {
            topic: message.topic.to_string(),
            payload: message.payload.to_vec(),
            qos: message.qos,
            retain: message.retain,
        }
    }

    /// Nothing came until now; `last` is a message published for this test's sake.
    #[track_caller]
    pub fn hears_only(&mut self, last: &str) {
        assert_eq!(self.hear().topic, last);
    }
}

/// A broker that says these bytes to whoever has said something, then waits until the other side
/// hangs up.
pub fn saying(bytes: &'static [u8]) -> At {
    scripted(move |stream| {
        let _ = stream.write_all(bytes);
        let mut rest = [0; 1024];
        while matches!(stream.read(&mut rest), Ok(1..)) {}
    })
}

/// A broker that accepts a connection, and reads no further.
pub fn taking_only_connect() -> At {
    scripted(|stream| {
        let _ = stream.write_all(b"\x20\x02\0\0");
        thread::sleep(LIMIT);
    })
}

/// A broker that hangs up on whoever has said something.
pub fn hanging_up() -> At {
    scripted(|_| {})
}

/// A broker that says these bytes to whoever has said something, and hangs up when it has heard
/// something more.
pub fn hanging_up_after(bytes: &'static [u8]) -> At {
    scripted(move |stream| {
        let _ = stream.write_all(bytes);
        let _ = stream.read(&mut [0; 1024]);
    })
}

/// A broker that does as the script says to whoever has said something.
pub fn scripted(script: impl Fn(&mut TcpStream) + Send + 'static) -> At {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = At::of(listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 1024]);
            script(&mut stream);
        }
    });
    at
}
