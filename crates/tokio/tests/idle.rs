//! What an idle connection costs, and how few writes many messages take. A process of its own, since everything allocated is counted.
use motemq_tokio::{Address, Client, Options, Publish};
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
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A broker that accepts, takes everything, and says nothing else; without memory of its own.
#[derive(Default)]
struct Accepting {
    accepted: bool,
    writes: Option<Arc<AtomicUsize>>,
}

impl AsyncRead for Accepting {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.accepted, true) {
            return Poll::Pending;
        }
        buf.put_slice(b"\x20\x02\0\0");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Accepting {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(writes) = &self.writes {
            writes.fetch_add(1, Ordering::Relaxed);
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
    // Four bytes for each slot are the caller's choice.
    let options = Options::new(format!("node-{number}")).slots(16);
    let (client, driver) = Client::dialing(options, |_: Address| async { Ok(Accepting::default()) });
    tokio::spawn(driver);
    client.connected().await.unwrap();
    client
}

/// Everything that the client holds: handle, driver, session, buffers; the transport apart.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_small() {
    const CLIENTS: usize = 1000;
    let mut clients = Vec::with_capacity(CLIENTS);
    let first = connected(CLIENTS).await;
    let before = MEMORY.current_usage();
    for number in 0..CLIENTS {
        let client = connected(number).await;
        // It has been busy.
        drop(client.publish(&Publish::to("t").payload(&[7; 5000])).await.unwrap());
        clients.push(client);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let each = (MEMORY.current_usage() - before) / CLIENTS;
    println!("{each} bytes for each idle connection");
    // May only fall.
    assert!(each <= 3400, "{each} bytes");
    drop(first);
}

/// Many messages leave in one write (rumqtt#810).
#[tokio::test(start_paused = true)]
async fn many_messages_leave_together() {
    let writes = Arc::new(AtomicUsize::new(0));
    let count = writes.clone();
    let dial = move |_: Address| {
        let writes = Some(count.clone());
        async { Ok(Accepting { accepted: false, writes }) }
    };
    let (client, driver) = Client::dialing(Options::new("a"), dial);
    tokio::spawn(driver);
    client.connected().await.unwrap();
    let before = writes.load(Ordering::Relaxed);
    for _ in 0..500 {
        drop(client.try_publish(&Publish::to("t").payload(b"x")).unwrap());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(writes.load(Ordering::Relaxed) - before, 1);
}
