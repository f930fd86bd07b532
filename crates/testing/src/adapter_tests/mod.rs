//! Tests for every adapter, whatever it moves bytes with.
//!
//! An adapter implements [`Adapter`] in its tests and calls [`adapter_kit!`](crate::adapter_kit),
//! which makes one test of each scenario. The scenarios use real sockets, the in-process
//! [broker](crate::broker) and the [proxy](crate::proxy) that cuts. An adapter that carries a session
//! and does nothing else is a [`Carrier`](device::Carrier), and its adapter a [`Device`](device::Device).
pub mod device;
pub mod floods;
pub mod links;
pub mod losses;
pub mod sessions;

use crate::{broker::Config, proxy::Proxy, server::Server};
use motemq::{QoS, Version};
use socket2::SockRef;
use std::{
    io,
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that works, on a machine that has much else to do.
pub const SOON: Duration = Duration::from_secs(60);
/// The time for which a test waits to see that nothing arrives.
pub const QUIET: Duration = Duration::from_millis(200);

/// How a client under test is to connect.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The broker, or what stands before it.
    pub addr: SocketAddr,
    /// Names the session.
    pub client_id: String,
    /// The session outlives connections.
    pub keep_session: bool,
    /// Seconds.
    pub keep_alive: u16,
    /// How long the broker may take to answer CONNECT and pings.
    pub timeout: Duration,
    /// The connection is to be [opened](open_cramped) so that reads and writes are short.
    pub cramped: bool,
}

impl Setup {
    /// A session that is kept, with times that hardly matter.
    pub fn new(addr: SocketAddr, client_id: &str) -> Self {
        let client_id = client_id.into();
        Setup {
            addr,
            client_id,
            keep_session: true,
            keep_alive: 60,
            timeout: Duration::from_secs(20),
            cramped: false,
        }
    }

    /// A session that ends with the connection.
    pub fn clean(mut self) -> Self {
        self.keep_session = false;
        self
    }

    /// A client that finds out soon that nobody is there.
    pub fn impatient(mut self) -> Self {
        self.keep_alive = 1;
        self.timeout = Duration::from_secs(1);
        self
    }

    /// A client to which the system gives, and from which it takes, few bytes at a time.
    pub fn cramped(mut self) -> Self {
        self.cramped = true;
        self
    }
}

/// Bytes that the system holds in either direction where it is to hold few. With fewer it waits for
/// more bytes before it says that there is room again, and takes minutes.
const FEW: usize = 16 << 10;

/// Opens a TCP connection for which the system holds few bytes in either direction.
///
/// # Errors
/// What the system says.
pub fn open_cramped(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr)?;
    let socket = SockRef::from(&stream);
    socket.set_send_buffer_size(FEW)?;
    socket.set_recv_buffer_size(FEW)?;
    Ok(stream)
}

/// A message that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Where it was published.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// As delivered.
    pub qos: QoS,
}

/// A client under test. It comes back at once, within some milliseconds, whenever its connection is
/// lost, and panics when something fails that should not.
pub trait Adapter: Sized + Send + 'static {
    /// It receives, answers and stays alive also while the test does something else.
    const RUNS_BY_ITSELF: bool;

    /// Returns the version of MQTT that it speaks.
    fn version() -> Version {
        Version::Mqtt311
    }

    /// Waits until there is a connection.
    fn connect(setup: &Setup) -> Self;

    /// Waits for the broker's answer.
    fn subscribe(&mut self, filter: &str, qos: QoS);

    /// Hands a message over, and waits for room if there is none.
    fn publish(&mut self, topic: &str, payload: &[u8], qos: QoS);

    /// Waits until all that was published has come to its end; how many of them are not known to
    /// have arrived.
    fn flush(&mut self) -> usize;

    /// Waits for a message, for so long at most.
    fn recv(&mut self, limit: Duration) -> Option<Received>;

    /// How many connections were accepted so far.
    fn connections(&self) -> u64;

    /// Says goodbye.
    fn leave(self);
}

/// A broker, and a proxy before it.
#[derive(Debug)]
pub struct Road {
    /// The broker.
    pub server: Server,
    /// What clients are to connect to.
    pub proxy: Proxy,
}

impl Road {
    /// A broker that does what it should.
    pub fn new() -> Self {
        Self::to(Config::new())
    }

    /// This one.
    pub fn to(config: Config) -> Self {
        let server = Server::start(config).expect("a port for the broker");
        let proxy = Proxy::start(server.addr()).expect("a port for the proxy");
        Road { server, proxy }
    }
}

impl Default for Road {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits until something is so.
///
/// # Panics
/// If it never is.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {SOON:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The next message.
///
/// # Panics
/// If none comes.
pub fn next(client: &mut impl Adapter) -> Received {
    client.recv(SOON).expect("a message")
}

/// One test for each scenario, for an [`Adapter`](crate::adapter_tests::Adapter).
#[macro_export]
macro_rules! adapter_kit {
    ($adapter:ty) => {
        $crate::adapter_kit! { $adapter:
            links::byte_by_byte links::short_reads_and_writes links::a_dead_link_is_found links::a_silent_broker_is_left links::both_ends_write
            sessions::a_restart_that_keeps sessions::a_restart_that_forgets sessions::what_was_stored_comes sessions::what_was_under_way_is_known
            floods::both_ways floods::a_slow_application floods::large_messages
            losses::nothing_is_lost_or_doubled
        }
    };
    ($adapter:ty: $($file:ident :: $scenario:ident)*) => {
        $(
            #[test]
            fn $scenario() {
                $crate::adapter_tests::$file::$scenario::<$adapter>();
            }
        )*
    };
}
