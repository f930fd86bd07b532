//! The [broker](crate::broker) behind real sockets on the loopback interface. **Not for
//! production.**
//!
//! A thread reads from each connection and another writes to it, so that a client which does not
//! read keeps nobody waiting.
use crate::broker::{Broker, Config, Connection};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a connection that the broker has closed may take to read its last bytes and hang up.
const LINGER: Duration = Duration::from_secs(1);
/// How often a reader looks whether its connection still is one.
const GLANCE: Duration = Duration::from_millis(500);

/// A broker that serves TCP until it is [stopped](Self::stop) or dropped.
///
/// ```
/// use motemq_testing::{broker::Config, server::Server};
/// let server = Server::start(Config::new())?;
/// let client = std::net::TcpStream::connect(server.addr())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The timer has to look again.
    clock: Condvar,
    started: Instant,
}

#[derive(Debug)]
struct State {
    broker: Broker,
    /// What the broker's time was when the server started.
    base: u64,
    peers: BTreeMap<Connection, Peer>,
    last: u64,
    threads: Vec<JoinHandle<()>>,
    stopped: bool,
}

#[derive(Debug)]
struct Peer {
    stream: TcpStream,
    /// Its writer has something to do.
    wake: Arc<Condvar>,
}

impl Server {
    /// Starts a broker that knows nobody on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says if there is no port.
    pub fn start(config: Config) -> io::Result<Self> {
        Self::start_at(0, Broker::new(config))
    }

    /// Starts on this port of 127.0.0.1 (0: a free one) with a broker that may have been served
    /// before.
    ///
    /// # Errors
    /// What the operating system says if the port is taken.
    pub fn start_at(port: u16, broker: Broker) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let addr = listener.local_addr()?;
        let base = broker.now();
        let state = State {
            broker,
            base,
            peers: BTreeMap::new(),
            last: 0,
            threads: Vec::new(),
            stopped: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            clock: Condvar::new(),
            started: Instant::now(),
        });
        let (accepting, timing) = (shared.clone(), shared.clone());
        let threads = vec![
            thread::spawn(move || accept(&accepting, &listener)),
            thread::spawn(move || keep_time(&timing)),
        ];
        Ok(Server {
            addr,
            shared,
            threads,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr)
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.lock().peers.len()
    }

    /// Cuts all connections at once, without a word; what was on its way is lost. Tells how many
    /// there were.
    pub fn cut_all(&self) -> usize {
        let mut state = self.shared.lock();
        let now = self.shared.now(&state);
        let cut = state.peers.len();
        while let Some((&connection, _)) = state.peers.first_key_value() {
            state.cut(now, connection);
        }
        state.wake();
        cut
    }

    /// Cuts all connections, as when the broker is stopped and started. Sessions and retained
    /// messages are kept, or not.
    pub fn restart(&self, keep: bool) {
        let mut state = self.shared.lock();
        let now = self.shared.now(&state);
        while let Some((&connection, _)) = state.peers.first_key_value() {
            state.cut(now, connection);
        }
        state.broker.restart(now, keep);
    }

    /// Cuts all connections and gives the port back. The broker, with its sessions, can be
    /// [started](Self::start_at) again.
    pub fn stop(mut self) -> Broker {
        self.end()
    }

    fn end(&mut self) -> Broker {
        let mut state = self.shared.lock();
        state.stopped = true;
        let now = self.shared.now(&state);
        state.broker.restart(now, true);
        for peer in state.peers.values() {
            // It may be gone already.
            let _ = peer.stream.shutdown(Shutdown::Both);
            peer.wake.notify_all();
        }
        let broker = state.broker.clone();
        drop(state);
        self.shared.clock.notify_all();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.addr);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let threads = std::mem::take(&mut self.shared.lock().threads);
        for thread in threads {
            let _ = thread.join();
        }
        broker
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.threads.is_empty() {
            self.end();
        }
    }
}

impl Shared {
    /// A panic under the lock is a bug of the broker: the tests that use it should fail, too.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the broker has panicked")
    }

    fn now(&self, state: &State) -> u64 {
        state.base + self.started.elapsed().as_millis() as u64
    }
}

impl State {
    fn serves(&self, connection: Connection) -> bool {
        !self.stopped && self.peers.contains_key(&connection)
    }

    /// Wakes the writers of connections with something to send, or to close.
    fn wake(&mut self) {
        while let Some(connection) = self.broker.next_ready() {
            if let Some(peer) = self.peers.get(&connection) {
                peer.wake.notify_all();
            }
        }
    }

    /// The connection is gone, or shall be.
    fn cut(&mut self, now: u64, connection: Connection) {
        if let Some(peer) = self.peers.remove(&connection) {
            let _ = peer.stream.shutdown(Shutdown::Both);
            self.broker.lost(now, connection);
            peer.wake.notify_all();
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    for stream in listener.incoming() {
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        // A client that has gone again before it was accepted.
        let Ok(Ok((stream, read, write))) = stream.map(split) else {
            continue;
        };
        let now = shared.now(&state);
        state.last += 1;
        let connection = Connection(state.last);
        let wake = Arc::new(Condvar::new());
        state.broker.opened(now, connection);
        state.peers.insert(
            connection,
            Peer {
                stream,
                wake: wake.clone(),
            },
        );
        let (reading, writing) = (shared.clone(), shared.clone());
        state.threads.retain(|thread| !thread.is_finished());
        state
            .threads
            .push(thread::spawn(move || reader(&reading, connection, read)));
        state.threads.push(thread::spawn(move || {
            writer(&writing, connection, write, &wake)
        }));
        shared.clock.notify_all();
    }
}

fn split(stream: TcpStream) -> io::Result<(TcpStream, TcpStream, TcpStream)> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(GLANCE))?;
    Ok((stream.try_clone()?, stream.try_clone()?, stream))
}

fn is_pause(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn reader(shared: &Shared, connection: Connection, mut stream: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match stream.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Not everywhere does the end of a connection wake whoever reads from it.
            Err(error) if is_pause(error.kind()) && shared.lock().serves(connection) => continue,
            Ok(read) => read,
            Err(_) => 0,
        };
        let mut state = shared.lock();
        let now = shared.now(&state);
        match buffer.get(..read) {
            Some(bytes) if !bytes.is_empty() && state.peers.contains_key(&connection) => {
                state.broker.received(now, connection, bytes)
            }
            _ => {
                state.cut(now, connection);
                state.wake();
                return;
            }
        }
        state.wake();
        shared.clock.notify_all();
    }
}

fn writer(shared: &Shared, connection: Connection, mut stream: TcpStream, wake: &Condvar) {
    let mut state = shared.lock();
    while state.peers.contains_key(&connection) {
        let bytes = state.broker.take(connection);
        if !bytes.is_empty() {
            drop(state);
            if stream.write_all(&bytes).is_err() {
                // The reader hears of it, too, and ends the connection.
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            state = shared.lock();
        } else if state.broker.is_closed(connection) {
            // A socket closed with unread bytes in it would take back the last ones sent: the
            // client hangs up first, if it does so soon.
            let _ = stream.shutdown(Shutdown::Write);
            let hung_up = wake
                .wait_timeout_while(state, LINGER, |state| state.peers.contains_key(&connection));
            let (mut state, _) = hung_up.expect("the broker has panicked");
            let now = shared.now(&state);
            return state.cut(now, connection);
        } else {
            state = wake.wait(state).expect("the broker has panicked");
        }
    }
}

/// Closes silent connections in time.
fn keep_time(shared: &Shared) {
    let mut state = shared.lock();
    while !state.stopped {
        let now = shared.now(&state);
        let nap = state.broker.tick(now);
        state.wake();
        state = match nap {
            Some(nap) => {
                shared
                    .clock
                    .wait_timeout(state, Duration::from_millis(nap))
                    .expect("the broker has panicked")
                    .0
            }
            None => shared.clock.wait(state).expect("the broker has panicked"),
        };
    }
}
