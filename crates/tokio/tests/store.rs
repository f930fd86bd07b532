//! Processes that end without a word, and go on.
#![cfg(feature = "store")]
use motemq_testing::{
    broker::Config,
    link::Direction,
    proxy::{Plan, Proxy},
    server::Server,
};
use motemq_tokio::{
    Client, Ended, Filter, Options, Publish, PublishError, QoS, Reconnect, WhenFull,
};
use std::{
    env, fs,
    future::Future,
    path::PathBuf,
    process,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::timeout;

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), work)
        .await
        .expect("done within half a minute")
}

/// A file that is gone in the end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let file = File(env::temp_dir().join(format!("motemq-store-{}-{name}", process::id())));
        let _ = fs::remove_file(&file.0);
        file
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn options(port: u16, file: &File) -> Options {
    let at_once = Reconnect::BackOff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(5),
        max_tries: None,
    };
    Options::new("kept")
        .broker("127.0.0.1", port)
        .keep_session()
        .reconnect(at_once)
        .store(&file.0)
}

/// The driver is dropped again and again, as in a crash, wherever it is; each message arrives,
/// those with QoS 2 once.
#[tokio::test]
async fn messages_survive_their_process() {
    let server = Server::start(Config::new()).unwrap();
    let proxy = Proxy::start(server.addr()).unwrap();
    let file = File::new("survive");
    let (watch, driver) =
        Client::new(Options::new("watch").broker("127.0.0.1", server.addr().port())).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(watch.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    let qos = |n: u32| {
        if n.is_multiple_of(2) {
            QoS::AtLeastOnce
        } else {
            QoS::ExactlyOnce
        }
    };
    let mut chance = fastrand::Rng::with_seed(7);
    for round in 0..20u32 {
        proxy.plan(Plan::cut_after(
            if chance.bool() {
                Direction::Up
            } else {
                Direction::Down
            },
            chance.u64(4..300),
        ));
        let (client, driver) = Client::new(options(proxy.addr().port(), &file)).unwrap();
        let driver = tokio::spawn(driver);
        for n in 0..10 {
            let n = round * 10 + n;
            drop(
                soon(client.publish(&Publish::to("t").payload(&n.to_be_bytes()).qos(qos(n))))
                    .await
                    .unwrap(),
            );
        }
        // What waits for a connection is written as soon as the driver runs.
        tokio::time::sleep(Duration::from_millis(chance.u64(1..30))).await;
        driver.abort();
        assert!(driver.await.unwrap_err().is_cancelled());
    }
    let (client, driver) = Client::new(options(server.addr().port(), &file)).unwrap();
    tokio::spawn(driver);
    let mut times = vec![0; 200];
    while times.contains(&0) {
        let message = soon(stream.recv()).await.unwrap();
        times[u32::from_be_bytes(message.payload[..].try_into().unwrap()) as usize] += 1;
    }
    soon(client.disconnect(Duration::from_secs(10)))
        .await
        .unwrap();
    while let Ok(Some(message)) = timeout(Duration::from_millis(200), stream.recv()).await {
        times[u32::from_be_bytes(message.payload[..].try_into().unwrap()) as usize] += 1;
    }
    let doubled: Vec<_> = times
        .iter()
        .enumerate()
        .filter(|&(n, &times)| times > 1 && qos(n as u32) == QoS::ExactlyOnce)
        .collect();
    assert!(doubled.is_empty(), "QoS 2 came twice: {doubled:?}");
}

/// Tells this program that it is to be killed: with the broker's port, the file, and what messages
/// begin with.
const VICTIM: &str = "MOTEMQ_VICTIM";

/// Publishes numbers until it is killed.
async fn victim(task: &str) {
    let [port, file, name] = task.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{VICTIM}={task}")
    };
    let file = File(file.into());
    let (client, driver) =
        Client::new(options(port.parse().unwrap(), &file).queue(30, 1 << 20, WhenFull::Wait))
            .unwrap();
    // It is still needed.
    std::mem::forget(file);
    tokio::spawn(driver);
    for n in 0.. {
        let text = format!("{name} {n}");
        drop(
            client
                .publish(
                    &Publish::to("t")
                        .payload(text.as_bytes())
                        .qos(QoS::ExactlyOnce),
                )
                .await
                .unwrap(),
        );
    }
}

/// A process is killed again and again; what has left goes its way to the end, once, and nothing in
/// between is missing.
#[tokio::test]
async fn messages_survive_a_kill() {
    if let Ok(task) = env::var(VICTIM) {
        return victim(&task).await;
    }
    let server = Server::start(Config::new()).unwrap();
    let port = server.addr().port();
    let file = File::new("killed");
    let (watch, driver) = Client::new(Options::new("watch").broker("127.0.0.1", port)).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(watch.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    let latest = Arc::new(Mutex::new(String::new()));
    let seen = latest.clone();
    let watching = tokio::spawn(async move {
        let mut came = Vec::new();
        while let Some(message) = stream
            .recv()
            .await
            .filter(|message| message.payload != "end")
        {
            let text = String::from_utf8(message.payload.to_vec()).unwrap();
            seen.lock().unwrap().clone_from(&text);
            came.push(text);
        }
        came
    });
    let mut chance = fastrand::Rng::with_seed(7);
    for round in 0..10 {
        let mut victim = process::Command::new(env::current_exe().unwrap())
            .args(["--exact", "messages_survive_a_kill"])
            .env(VICTIM, format!("{port} {} {round}", file.0.display()))
            .stdout(process::Stdio::null())
            .spawn()
            .unwrap();
        // Not before some of its own have come; what the one before it left comes first.
        let enough = watch.counters().received + chance.u64(1..200);
        let begun = || latest.lock().unwrap().split(' ').next() == Some(&round.to_string());
        soon(async {
            while watch.counters().received < enough || !begun() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let (client, driver) = Client::new(options(port, &file)).unwrap();
    tokio::spawn(driver);
    soon(client.connected()).await.unwrap();
    soon(client.disconnect(Duration::from_secs(10)))
        .await
        .unwrap();
    soon(
        soon(watch.publish(&Publish::to("t").payload(b"end").qos(QoS::ExactlyOnce)))
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    let came = soon(watching).await.unwrap();
    let mut next = [0; 10];
    for message in came {
        let (round, n) = message.split_once(' ').unwrap();
        let next = &mut next[round.parse::<usize>().unwrap()];
        assert_eq!(n.parse::<usize>().unwrap(), *next, "in round {round}");
        *next += 1;
    }
    assert!(next.iter().all(|&next| next > 0), "{next:?}");
}

#[tokio::test]
async fn a_store_that_does_not_fit_is_an_error() {
    let server = Server::start(Config::new()).unwrap();
    let file = File::new("fit");
    let (client, driver) = Client::new(options(server.addr().port(), &file)).unwrap();
    tokio::spawn(driver);
    soon(
        soon(client.publish(&Publish::to("t").qos(QoS::AtLeastOnce)))
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    soon(client.disconnect(Duration::from_secs(5)))
        .await
        .unwrap();
    // A file belongs to one client identifier.
    let other = options(server.addr().port(), &file).client_id("other");
    let (client, driver) = Client::new(other).unwrap();
    let error = soon(driver).await.unwrap_err();
    assert!(
        matches!(&error, Ended::Store(why) if why.contains("client identifier")),
        "{error}"
    );
    assert_eq!(soon(client.connected()).await, Err(error));
    let nowhere = options(server.addr().port(), &file).store(env::temp_dir());
    let (_client, driver) = Client::new(nowhere).unwrap();
    assert!(matches!(soon(driver).await, Err(Ended::Store(_))));
    let garbage = File::new("garbage");
    fs::write(&garbage.0, [7; 10_000]).unwrap();
    let (_client, driver) = Client::new(options(server.addr().port(), &garbage)).unwrap();
    assert!(matches!(soon(driver).await, Err(Ended::Store(_))));
    // A file that was cut off.
    let content = fs::read(&file.0).unwrap();
    fs::write(&garbage.0, &content[..20_000]).unwrap();
    let (client, driver) = Client::new(options(server.addr().port(), &garbage)).unwrap();
    assert!(matches!(soon(driver).await, Err(Ended::Store(_))));
    let left = soon(client.disconnect(Duration::from_secs(1))).await;
    assert!(matches!(left, Err(Ended::Store(_))), "{left:?}");
}

/// A message is on the disk when `publish` returns, though there is no connection.
#[tokio::test]
async fn what_was_published_is_on_the_disk() {
    let file = File::new("durable");
    // Nothing listens there.
    let (client, driver) = Client::new(options(1, &file)).unwrap();
    let driver = tokio::spawn(driver);
    let publish = Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce);
    drop(soon(client.publish(&publish)).await.unwrap());
    driver.abort();
    assert!(driver.await.unwrap_err().is_cancelled());
    let server = Server::start(Config::new()).unwrap();
    let port = server.addr().port();
    let (watch, driver) = Client::new(Options::new("watch").broker("127.0.0.1", port)).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(watch.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    let (_client, driver) = Client::new(options(port, &file)).unwrap();
    tokio::spawn(driver);
    assert_eq!(soon(stream.recv()).await.unwrap().payload, "1");
}

/// A call that waits for the disk ends with its driver.
#[tokio::test]
async fn what_waits_for_the_disk_ends_with_the_driver() {
    let file = File::new("dropped");
    let (client, driver) = Client::new(options(1, &file)).unwrap();
    let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    let mut published = std::pin::pin!(client.publish(&publish));
    let waits = timeout(Duration::from_millis(20), &mut published).await;
    assert!(waits.is_err(), "nothing was driven: {waits:?}");
    drop(driver);
    let error = soon(published).await.unwrap_err();
    assert_eq!(error, PublishError::Ended(Ended::DriverStopped));
}
