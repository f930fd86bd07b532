//! A transport whose futures may not be dropped, behind pumps and pipes, as `docs/porting.md` says.
use embedded_io_adapters::tokio_1::FromTokio;
use embedded_io_async::{ErrorType, Read, Write};
use motemq::{Buffer, Connect, Event, Filter, Publish, QoS, Session, Slot};
use motemq_nal::{Error, aio::Halves};
use motemq_testing::{broker::Config, server::Server};
use std::time::{Duration, Instant};
use tokio::{
    io::{duplex, split},
    net::TcpStream,
};

/// Breaks the test when a future that has not ended is dropped.
struct Fussy<T>(T);

struct Held(bool);

impl Drop for Held {
    fn drop(&mut self) {
        assert!(self.0 || std::thread::panicking(), "dropped before its end");
    }
}

async fn held<T>(future: impl Future<Output = T>) -> T {
    let mut held = Held(false);
    let output = future.await;
    held.0 = true;
    output
}

impl<T: ErrorType> ErrorType for Fussy<T> {
    type Error = T::Error;
}

impl<T: Read> Read for Fussy<T> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, T::Error> {
        held(self.0.read(buffer)).await
    }
}

impl<T: Write> Write for Fussy<T> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        held(self.0.write(bytes)).await
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        held(self.0.flush()).await
    }
}

async fn pump(mut from: impl Read, mut to: impl Write) {
    let mut piece = [0; 128];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        if to.write_all(&piece[..read]).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

/// Publishes ten messages to itself and leaves.
async fn talk(
    reader: impl Read<Error = std::io::Error>,
    writer: impl Write<Error = std::io::Error>,
) -> u32 {
    let begun = Instant::now();
    let mut link = Halves::new(reader, writer);
    let mut session = Session::<[Slot; 4]>::new();
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let mut received = 0;
    session
        .connect(&Connect::new("fussy"), &mut rx, &mut tx)
        .unwrap();
    loop {
        while tx.room() >= 32
            && let Some(event) = session.next_event(&mut rx, &mut tx).unwrap()
        {
            match event {
                Event::Connected { .. } => drop(
                    session
                        .subscribe(&[Filter::new("a", QoS::AtLeastOnce)], &mut tx)
                        .unwrap(),
                ),
                Event::Subscribed { .. } => {
                    session.publish(&Publish::to("a"), &mut tx).unwrap();
                }
                Event::Message(_) if received == 10 => session.disconnect(&mut tx).unwrap(),
                Event::Message(_) => {
                    received += 1;
                    session.publish(&Publish::to("a"), &mut tx).unwrap();
                }
                _ => {}
            }
        }
        let turn = link.turn(
            &mut session,
            &mut rx,
            &mut tx,
            begun.elapsed().as_millis() as u32,
            async |ms| tokio::time::sleep(Duration::from_millis(ms.into())).await,
        );
        // Dropped all the time, which the pipes do not mind.
        match tokio::time::timeout(Duration::from_millis(1), turn).await {
            Ok(Err(Error::Closed)) => return received,
            Ok(Err(error)) => panic!("{error}"),
            Ok(Ok(())) | Err(_) => assert!(begun.elapsed() < Duration::from_secs(60)),
        }
    }
}

#[test]
fn nothing_of_a_fussy_transport_is_dropped() {
    let server = Server::start(Config::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let received = runtime.block_on(async {
        let (theirs, ours) = TcpStream::connect(server.addr())
            .await
            .unwrap()
            .into_split();
        let (near, far) = duplex(64);
        let ((near_reader, near_writer), (far_reader, far_writer)) = (split(near), split(far));
        let session = talk(FromTokio::new(near_reader), FromTokio::new(near_writer));
        let down = pump(
            Fussy(FromTokio::new(theirs)),
            Fussy(FromTokio::new(far_writer)),
        );
        let up = pump(
            Fussy(FromTokio::new(far_reader)),
            Fussy(FromTokio::new(ours)),
        );
        // The broker hangs up after DISCONNECT, and one ends after the other.
        tokio::join!(session, down, up).0
    });
    assert_eq!(received, 10);
}
