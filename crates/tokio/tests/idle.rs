//! What an idle connection costs, and how few writes many messages take. A process of its own,
//! since everything allocated is counted.
use motemq_tokio::{Address, Client, Options, Publish, QoS, Subscription};
use peak_alloc::PeakAlloc;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Mutex,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by each test, since they count the memory of the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// A broker that accepts, takes everything, and acknowledges a first message with QoS 1; without
/// memory of its own.
#[derive(Default)]
struct Accepting {
    accepted: bool,
    acknowledges: bool,
    more: Option<Arc<More>>,
}

/// What else a broker may do.
#[derive(Default)]
struct More {
    /// It sends this when it has accepted.
    says: std::sync::Mutex<Vec<u8>>,
    /// It sends no more bytes than these at once.
    piece: usize,
    /// It counts what comes.
    writes: AtomicUsize,
}

impl AsyncRead for Accepting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.accepted, true) {
            buf.put_slice(b"\x20\x02\0\0");
            return Poll::Ready(Ok(()));
        }
        if std::mem::take(&mut self.acknowledges) {
            buf.put_slice(b"\x40\x02\0\x01");
            return Poll::Ready(Ok(()));
        }
        let Some(more) = &self.more else {
            return Poll::Pending;
        };
        let mut says = more.says.lock().unwrap();
        let n = says.len().min(buf.remaining()).min(more.piece);
        buf.put_slice(&says[..n]);
        says.drain(..n);
        if n > 0 {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl AsyncWrite for Accepting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.acknowledges = buf.starts_with(b"\x32") && self.more.is_none();
        if let Some(more) = &self.more {
            more.writes.fetch_add(1, Ordering::Relaxed);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

async fn connected(number: usize) -> Client {
    let options = Options::new(format!("node-{number}")).in_flight(16);
    let (client, driver) =
        Client::dialing(options, |_: Address| async { Ok(Accepting::default()) }).unwrap();
    tokio::spawn(driver);
    client.connected().await.unwrap();
    client
}

/// Everything that the client holds: handle, driver, session, buffers; the transport apart.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_small() {
    const CLIENTS: usize = 1000;
    let _alone = ALONE.lock().await;
    let mut clients = Vec::with_capacity(2 * CLIENTS);
    let mut used = [0; 2];
    // The lists of the runtime itself have grown with the first thousand.
    for used in &mut used {
        for number in 0..CLIENTS {
            let client = connected(number).await;
            // It has been busy.
            client
                .publish(&Publish::to("t").payload(&[7; 5000]).qos(QoS::AtLeastOnce))
                .await
                .unwrap()
                .await
                .unwrap();
            drop(
                client
                    .publish(&Publish::to("t").payload(&[7; 5000]))
                    .await
                    .unwrap(),
            );
            clients.push(client);
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        *used = MEMORY.current_usage();
    }
    let each = (used[1] - used[0]) / CLIENTS;
    println!("{each} bytes for each idle connection");
    assert!(each <= 2048, "{each} bytes");
}

/// Connects to a broker that says this then, in such pieces, and counts.
async fn counting(says: &[u8], piece: usize) -> (Client, Subscription, Arc<More>) {
    let more = Arc::new(More {
        says: says.to_vec().into(),
        piece,
        ..More::default()
    });
    let broker = more.clone();
    let dial = move |_: Address| {
        let more = Some(broker.clone());
        async {
            Ok(Accepting {
                more,
                ..Accepting::default()
            })
        }
    };
    let (client, driver) = Client::dialing(Options::new("a"), dial).unwrap();
    let stream = client.messages();
    tokio::spawn(driver);
    client.connected().await.unwrap();
    (client, stream, more)
}

/// Many messages leave in one write (rumqtt#810).
#[tokio::test(start_paused = true)]
async fn many_messages_leave_together() {
    let _alone = ALONE.lock().await;
    let (client, _stream, broker) = counting(&[], usize::MAX).await;
    let before = broker.writes.load(Ordering::Relaxed);
    for _ in 0..500 {
        drop(client.try_publish(&Publish::to("t").payload(b"x")).unwrap());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(broker.writes.load(Ordering::Relaxed) - before, 1);
}

/// So do acknowledgements of messages that were taken together.
#[tokio::test(start_paused = true)]
async fn many_acknowledgements_leave_together() {
    let _alone = ALONE.lock().await;
    let messages: Vec<_> = (1..=100u8)
        .flat_map(|id| [0x32, 5, 0, 1, b't', 0, id])
        .collect();
    let (client, mut stream, broker) = counting(&messages, usize::MAX).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = (
        broker.writes.load(Ordering::Relaxed),
        client.counters().bytes_out,
    );
    for _ in 0..100 {
        stream.recv().await.unwrap();
    }
    drop(stream);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = (
        broker.writes.load(Ordering::Relaxed),
        client.counters().bytes_out,
    );
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 400));
}

/// So do acknowledgements of long messages that arrive while there is more to be read.
#[tokio::test(start_paused = true)]
async fn acknowledgements_leave_together_while_messages_arrive() {
    const MESSAGES: usize = 64;
    let _alone = ALONE.lock().await;
    let message = |id| {
        let header = [0x32, 0x85, 0x80, 4, 0, 1, b't', 0, id];
        [&header[..], &[7; 64 << 10]].concat()
    };
    let messages: Vec<_> = (1..=MESSAGES as u8).flat_map(message).collect();
    // Layers return a record at a time.
    for piece in [usize::MAX, 16 << 10] {
        let (client, mut stream, broker) = counting(&messages, piece).await;
        let before = (
            broker.writes.load(Ordering::Relaxed),
            client.counters().bytes_out,
        );
        for _ in 0..MESSAGES {
            stream.recv().await.unwrap();
        }
        let acknowledge = tokio::time::timeout(Duration::from_secs(1), stream.recv());
        assert!(acknowledge.await.is_err());
        let writes = broker.writes.load(Ordering::Relaxed) - before.0;
        assert!(writes <= MESSAGES / 4, "{writes} writes");
        let bytes = client.counters().bytes_out - before.1;
        assert_eq!(bytes, 4 * MESSAGES as u64);
    }
}
