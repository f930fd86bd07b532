//! A TCP proxy that can cut, or fall silent.
//!
//! Between a client under test and any broker, real or not: the link breaks after the byte that the
//! test names.
use crate::link::Direction;
use std::{
    collections::VecDeque,
    fmt,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long the receiver of the last bytes before a cut may take to read them and hang up.
const LINGER: Duration = Duration::from_secs(1);

/// What becomes of one connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Plan {
    /// Cut when so many bytes have been passed on from the client.
    pub cut_up: Option<u64>,
    /// Cut when so many bytes have been passed on to the client.
    pub cut_down: Option<u64>,
    /// The most bytes passed on at once; `None`: as they come.
    pub most: Option<usize>,
    /// The wait behind each of them on the way to the client.
    pub pause: Duration,
}

impl Plan {
    /// A connection that is cut after so many bytes in this direction. The last of them still
    /// arrives.
    pub const fn cut_after(direction: Direction, bytes: u64) -> Self {
        match direction {
            Direction::Up => Plan {
                cut_up: Some(bytes),
                cut_down: None,
                most: None,
                pause: Duration::ZERO,
            },
            Direction::Down => Plan {
                cut_up: None,
                cut_down: Some(bytes),
                most: None,
                pause: Duration::ZERO,
            },
        }
    }
}

/// Listens on a free port of 127.0.0.1 and passes on to another address, until it is dropped.
///
/// ```
/// use motemq_testing::{broker::Config, link::Direction, proxy::{Plan, Proxy}, server::Server};
/// let server = Server::start(Config::new())?;
/// let proxy = Proxy::start(server.addr())?;
/// proxy.plan(Plan::cut_after(Direction::Up, 20)); // the first connection
/// proxy.plan(Plan::cut_after(Direction::Down, 4)); // the second; later ones are left alone
/// let client = std::net::TcpStream::connect(proxy.addr())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    watcher: Watcher,
}

type Watch = dyn Fn(u64, Direction, &[u8]) + Send + Sync;

/// Sees what is passed on.
struct Watcher(Box<Watch>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

#[derive(Debug)]
struct State {
    upstream: SocketAddr,
    plans: VecDeque<Plan>,
    /// Both sockets of each connection that is not over.
    open: Vec<(u64, TcpStream, TcpStream)>,
    accepted: u64,
    up: u64,
    down: u64,
    stalled: bool,
    stopped: bool,
}

impl Proxy {
    /// Starts before `upstream`, which need not be there yet: a connection is then cut at once.
    ///
    /// # Errors
    /// What the operating system says if there is no port.
    pub fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::watched(upstream, |_, _, _| ())
    }

    /// As [`start`](Self::start), and shows all bytes to this function before they are passed on,
    /// with the number of the connection, counted from 1.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn watched(
        upstream: SocketAddr,
        watch: impl Fn(u64, Direction, &[u8]) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let (plans, open) = (VecDeque::new(), Vec::new());
        let state = State {
            upstream,
            plans,
            open,
            accepted: 0,
            up: 0,
            down: 0,
            stalled: false,
            stopped: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            watcher: Watcher(Box::new(watch)),
        });
        let accepting = shared.clone();
        Ok(Proxy {
            addr,
            shared,
            accepting: Some(thread::spawn(move || accept(&accepting, &listener))),
        })
    }

    /// Before what listens at this URL, at a port of `localhost`; and the URL that leads through
    /// it.
    ///
    /// # Errors
    /// The URL names no port of `localhost`, or as [`start`](Self::start).
    pub fn before(url: &str) -> io::Result<(Self, String)> {
        let wrong = || {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("no port of localhost in {url}"),
            )
        };
        let (scheme, rest) = url.split_once("localhost:").ok_or_else(wrong)?;
        let path = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let port: u16 = rest[..rest.len() - path.len()]
            .parse()
            .map_err(|_| wrong())?;
        let proxy = Self::start((Ipv4Addr::LOCALHOST, port).into())?;
        let through = format!("{scheme}localhost:{}{path}", proxy.addr().port());
        Ok((proxy, through))
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where later connections go.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared.lock().upstream = upstream;
    }

    /// Plans one connection to come, behind those planned already. Without a plan a connection is
    /// left alone.
    pub fn plan(&self, plan: Plan) {
        self.shared.lock().plans.push_back(plan);
    }

    /// Cuts all connections now; tells how many there were.
    pub fn cut(&self) -> usize {
        self.shared.lock().cut(|_| true)
    }

    /// Passes nothing on from now on, as a link does whose other end has lost its power:
    /// connections are accepted and stay open.
    pub fn stall(&self) {
        self.shared.lock().stalled = true;
    }

    /// Goes on after [`stall`](Self::stall).
    pub fn resume(&self) {
        self.shared.lock().stalled = false;
        self.shared.changed.notify_all();
    }

    /// How many connections were accepted.
    pub fn accepted(&self) -> u64 {
        self.shared.lock().accepted
    }

    /// How many bytes were passed on in this direction, over all connections.
    pub fn passed(&self, direction: Direction) -> u64 {
        *self.shared.lock().passed(direction)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        state.cut(|_| true);
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a proxy does not panic")
    }

    /// Waits until bytes may be passed on.
    fn flowing(&self) -> MutexGuard<'_, State> {
        let stalled = |state: &mut State| state.stalled && !state.stopped;
        self.changed
            .wait_while(self.lock(), stalled)
            .expect("a proxy does not panic")
    }
}

impl State {
    fn cut(&mut self, which: impl Fn(u64) -> bool) -> usize {
        let before = self.open.len();
        self.open.retain(|(number, client, broker)| {
            if which(*number) {
                // They may be gone already.
                let _ = client.shutdown(Shutdown::Both);
                let _ = broker.shutdown(Shutdown::Both);
            }
            !which(*number)
        });
        before - self.open.len()
    }

    fn passed(&mut self, direction: Direction) -> &mut u64 {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    for client in listener.incoming() {
        let upstream = shared.lock().upstream;
        // Not under the lock: nobody waits for an upstream that is slow.
        let pair = client.and_then(|client| Ok((TcpStream::connect(upstream)?, client)));
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        state.accepted += 1;
        let plan = state.plans.pop_front().unwrap_or_default();
        let Ok((broker, client)) = pair else { continue };
        let number = state.accepted;
        let copies = || {
            client.set_nodelay(true)?;
            broker.set_nodelay(true)?;
            Ok::<_, io::Error>((
                client.try_clone()?,
                broker.try_clone()?,
                client.try_clone()?,
                broker.try_clone()?,
            ))
        };
        let Ok((from_client, to_broker, to_client, from_broker)) = copies() else {
            continue;
        };
        state.open.push((number, client, broker));
        if plan.cut_up == Some(0) || plan.cut_down == Some(0) {
            state.cut(|other| other == number);
        }
        let (up, down) = (shared.clone(), shared.clone());
        thread::spawn(move || pass(&up, number, Direction::Up, plan, from_client, to_broker));
        thread::spawn(move || pass(&down, number, Direction::Down, plan, from_broker, to_client));
    }
}

fn pass(
    shared: &Shared,
    number: u64,
    way: Direction,
    plan: Plan,
    mut from: TcpStream,
    mut to: TcpStream,
) {
    let (cut_at, pause) = match way {
        Direction::Up => (plan.cut_up, Duration::ZERO),
        Direction::Down => (plan.cut_down, plan.pause),
    };
    let mut buffer = vec![0; plan.most.unwrap_or(16 << 10).max(1)];
    let mut left = cut_at.unwrap_or(u64::MAX);
    while left != 0 {
        let want = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = match buffer.get_mut(..want).map(|space| from.read(space)) {
            Some(Ok(read)) if read != 0 => read,
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
            _ => break,
        };
        // Counted before it can be seen to have arrived.
        *shared.flowing().passed(way) += read as u64;
        (shared.watcher.0)(number, way, buffer.get(..read).unwrap_or_default());
        if buffer
            .get(..read)
            .is_none_or(|bytes| to.write_all(bytes).is_err())
        {
            return drain(from, &mut buffer);
        }
        left -= read as u64;
        thread::sleep(pause);
    }
    if left == 0 {
        shared.lock().open.retain(|(other, ..)| *other != number);
        let _ = from.shutdown(Shutdown::Both);
    }
    // Of a direction that has ended the other may still have something to say.
    let _ = to.shutdown(Shutdown::Write);
}

/// Reads on until the other end has hung up: a socket closed with unread bytes in it would take
/// back the last ones sent to it.
fn drain(mut from: TcpStream, buffer: &mut [u8]) {
    let _ = from.set_read_timeout(Some(LINGER));
    while from.read(buffer).is_ok_and(|read| read != 0) {}
}
