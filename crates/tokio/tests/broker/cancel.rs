//! Every public future may be dropped at every point where it waits.
use crate::{SOON, options, server, soon};
use motemq_testing::server::Server;
use motemq_tokio::{
    Client, Filter, Publish, PublishError, QoS, Reconnect, Subscription, UploadError, publish_once,
};
use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    time::timeout,
};

/// Polls a future so often, each time when it has been woken (or after a moment, if it is not);
/// then drops it. Its output, if it was done before.
async fn dropped_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..polls {
        let mut polled = false;
        let once = poll_fn(|cx| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        });
        // Woken, `once` is polled a second time, and the future with it the next time round.
        if let Ok(Some(done)) = timeout(Duration::from_millis(20), once).await {
            return Some(done);
        }
    }
    None
}

/// A client with a stream of its own messages.
struct Bench {
    server: Server,
    client: Client,
    stream: Subscription,
}

impl Bench {
    async fn new() -> Self {
        let server = server();
        let at_once = Reconnect::BackOff {
            first: Duration::from_millis(1),
            cap: Duration::from_millis(5),
            max_tries: None,
        };
        let (client, driver) =
            Client::new(options(&server, "a").reconnect(at_once).in_flight(2)).unwrap();
        tokio::spawn(driver);
        let stream = soon(client.subscribe(&[Filter::new("own/#", QoS::ExactlyOnce)]))
            .await
            .unwrap();
        Bench {
            server,
            client,
            stream,
        }
    }

    async fn send(&self, payload: &str) {
        let publish = Publish::to("own/a")
            .payload(payload.as_bytes())
            .qos(QoS::ExactlyOnce);
        soon(soon(self.client.publish(&publish)).await.unwrap())
            .await
            .unwrap();
    }

    /// Everything still works, and what comes is what was sent.
    async fn works(&mut self, case: &str, expected: &[&str]) {
        self.send("probe").await;
        let mut came = Vec::new();
        loop {
            let message = soon(self.stream.recv()).await.unwrap();
            if message.payload == "probe" {
                break;
            }
            came.push(String::from_utf8(message.payload.to_vec()).unwrap());
        }
        assert_eq!(came, expected, "{case}");
    }
}

/// Runs a case with no poll before the drop, then one, two ..., until it is done.
async fn everywhere<F: Future<Output = bool>>(mut case: impl FnMut(usize) -> F) {
    for polls in 0.. {
        if case(polls).await {
            return;
        }
        assert!(polls < 200, "it is never done");
    }
}

#[tokio::test]
async fn publish_can_be_dropped() {
    let mut bench = Bench::new().await;
    for polls in 0..6 {
        let publish = |payload| Publish::to("own/a").payload(payload).qos(QoS::ExactlyOnce);
        // No room: two are under way.
        let first = soon(bench.client.publish(&publish(b"1"))).await.unwrap();
        let second = soon(bench.client.publish(&publish(b"2"))).await.unwrap();
        let third = dropped_after(polls, bench.client.publish(&publish(b"3"))).await;
        let published = third.is_some();
        drop((first, second, third));
        bench
            .works(
                "publish",
                if published {
                    &["1", "2", "3"]
                } else {
                    &["1", "2"]
                },
            )
            .await;
    }
}

#[tokio::test]
async fn receipts_can_be_dropped() {
    let mut bench = Bench::new().await;
    for polls in 0..6 {
        let receipt = soon(
            bench
                .client
                .publish(&Publish::to("own/a").payload(b"1").qos(QoS::ExactlyOnce)),
        )
        .await
        .unwrap();
        dropped_after(polls, receipt).await;
        bench.works("receipt", &["1"]).await;
    }
}

#[tokio::test]
async fn recv_can_be_dropped() {
    let mut bench = Bench::new().await;
    for polls in 0..6 {
        assert!(dropped_after(polls, bench.stream.recv()).await.is_none());
        assert!(
            dropped_after(polls, bench.stream.recv_unacked())
                .await
                .is_none()
        );
        bench.send("1").await;
        let got = dropped_after(polls, bench.stream.recv()).await;
        bench
            .works("recv", if got.is_some() { &[] } else { &["1"] })
            .await;
    }
}

#[tokio::test]
async fn subscriptions_can_be_dropped() {
    let mut bench = Bench::new().await;
    for polls in 0..6 {
        drop(
            dropped_after(
                polls,
                bench
                    .client
                    .subscribe(&[Filter::new("other", QoS::AtLeastOnce)]),
            )
            .await,
        );
        bench.works("subscribe", &[]).await;
        drop(dropped_after(polls, bench.client.unsubscribe(&["other"])).await);
        bench.works("unsubscribe", &[]).await;
        let other = soon(
            bench
                .client
                .subscribe(&[Filter::new("other", QoS::AtLeastOnce)]),
        )
        .await
        .unwrap();
        drop(dropped_after(polls, other.unsubscribe()).await);
        bench.works("unsubscribe a stream", &[]).await;
        drop(dropped_after(polls, bench.client.connected()).await);
        let mut states = bench.client.states();
        assert!(dropped_after(polls, states.changed()).await.is_none());
        bench.works("states", &[]).await;
    }
}

/// A reader that gives little, and waits each time.
struct Drips(bool);

impl AsyncRead for Drips {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0 = !self.0;
        if self.0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = [b'x'; 50_000];
        let n = buf.remaining().min(piece.len());
        buf.put_slice(&piece[..n]);
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn publish_from_can_be_dropped() {
    let mut bench = Bench::new().await;
    let mut done = 0;
    for polls in (0..60).step_by(3) {
        let qos = if polls % 2 == 0 {
            QoS::AtMostOnce
        } else {
            QoS::ExactlyOnce
        };
        let large = Publish::to("own/large").qos(qos).remaining(300_000);
        let published = dropped_after(polls, bench.client.publish_from(&large, Drips(false)))
            .await
            .is_some();
        let x = "x".repeat(300_000);
        let expected: Vec<_> = published.then_some(x.as_str()).into_iter().collect();
        bench.works("publish_from", &expected).await;
        done += usize::from(published);
    }
    assert!(done > 0, "never was all sent");
    assert!(bench.client.counters().connections > 1, "never was it cut");
}

#[tokio::test]
async fn a_reader_that_fails_publishes_nothing() {
    let mut bench = Bench::new().await;
    let large = Publish::to("own/large")
        .qos(QoS::AtLeastOnce)
        .remaining(300_000);
    let error = soon(
        bench
            .client
            .publish_from(&large, Drips(false).take(100_000)),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, UploadError::Source(_)), "{error:?}");
    bench.works("publish_from", &[]).await;
}

/// The message is there once, or not at all.
#[tokio::test]
async fn publish_once_can_be_dropped() {
    let mut bench = Bench::new().await;
    let mut polls = 0;
    let mut done = false;
    while !done {
        let once = Publish::to("own/once").payload(b"1").qos(QoS::ExactlyOnce);
        let limit = publish_once(options(&bench.server, "b"), &once, SOON);
        done = dropped_after(polls, limit).await.is_some();
        bench.send("probe").await;
        let mut came = 0;
        while soon(bench.stream.recv()).await.unwrap().payload != "probe" {
            came += 1;
        }
        assert!(
            came <= 1 && (came == 1 || !done),
            "after {polls} polls it came {came} times"
        );
        polls += 1;
        assert!(polls < 200, "it is never done");
    }
}

#[tokio::test]
async fn connected_can_be_dropped() {
    everywhere(|polls| async move {
        let server = server();
        let (client, driver) = Client::new(options(&server, "a")).unwrap();
        tokio::spawn(driver);
        let connected = dropped_after(polls, client.connected()).await.is_some();
        soon(client.connected()).await.unwrap();
        soon(client.disconnect(SOON)).await.unwrap();
        connected
    })
    .await;
}

/// What was read of a payload is read; what was not is still there.
#[tokio::test]
async fn reading_a_payload_can_be_dropped() {
    let server = server();
    let (client, driver) = Client::new(options(&server, "a").max_message(1000)).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(client.subscribe(&[Filter::new("own", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    for polls in 0..6 {
        let payload: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        drop(
            soon(client.publish(&Publish::to("own").payload(&payload).qos(QoS::ExactlyOnce)))
                .await
                .unwrap(),
        );
        let message = soon(stream.recv()).await.unwrap();
        assert!(!message.is_whole());
        let mut reader = message.into_reader();
        let (mut read, mut piece) = (Vec::new(), [0; 10_000]);
        while read.len() < payload.len() {
            let got = dropped_after(polls, reader.read(&mut piece)).await;
            let n = match got {
                Some(n) => n.unwrap(),
                None => soon(reader.read(&mut piece)).await.unwrap(),
            };
            assert!(n > 0, "it ends early");
            read.extend_from_slice(&piece[..n]);
        }
        assert!(read == payload, "a payload has changed");
    }
}

#[tokio::test]
async fn disconnect_can_be_dropped() {
    everywhere(|polls| async move {
        let bench = Bench::new().await;
        let left = dropped_after(polls, bench.client.disconnect(SOON))
            .await
            .is_some();
        if polls > 0 {
            // It leaves all the same.
            assert!(matches!(
                soon(bench.client.publish(&Publish::to("t"))).await,
                Err(PublishError::Ended(_))
            ));
        }
        left
    })
    .await;
}
