//! Processes that end without a word, and go on.
#![cfg(feature = "store")]
use motemq_std::{Client, Ended, Filter, Options, Publish, PublishError, QoS, Reconnect, WhenFull};
use motemq_testing::{
    broker::Config,
    link::Direction,
    proxy::{Plan, Proxy},
    server::Server,
};
use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(30);

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
#[test]
fn messages_survive_their_process() {
    let server = Server::start(Config::new()).unwrap();
    let proxy = Proxy::start(server.addr()).unwrap();
    let file = File::new("survive");
    let port = server.addr().port();
    let watch = Client::connect(Options::new("watch").broker("127.0.0.1", port)).unwrap();
    let mut stream = watch
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
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
        let (client, mut driver) = Client::new(options(proxy.addr().port(), &file)).unwrap();
        for n in 0..10 {
            let n = round * 10 + n;
            let payload = n.to_be_bytes();
            let publish = Publish::to("t").payload(&payload).qos(qos(n));
            // What waits for a connection is written as soon as the driver runs.
            driver.drive(Duration::ZERO);
            let begun = Instant::now();
            while let Err(error) = client.try_publish(&publish) {
                assert_eq!(error, PublishError::Full);
                assert!(begun.elapsed() < SOON);
                driver.drive(Duration::from_millis(1));
            }
        }
        driver.drive(Duration::from_millis(chance.u64(1..30)));
        drop(driver);
    }
    let client = Client::connect(options(server.addr().port(), &file)).unwrap();
    let mut times = vec![0; 200];
    while times.contains(&0) {
        let message = stream.recv_timeout(SOON).unwrap();
        times[u32::from_be_bytes(message.payload[..].try_into().unwrap()) as usize] += 1;
    }
    client.disconnect(SOON).unwrap();
    while let Ok(message) = stream.recv_timeout(Duration::from_millis(200)) {
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
fn victim(task: &str) {
    let [port, file, name] = task.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{VICTIM}={task}")
    };
    let file = File(file.into());
    let options = options(port.parse().unwrap(), &file).queue(30, 1 << 20, WhenFull::Wait);
    let client = Client::connect(options).unwrap();
    // It is still needed.
    std::mem::forget(file);
    for n in 0.. {
        let text = format!("{name} {n}");
        let publish = Publish::to("t").payload(text.as_bytes());
        let _ = client.publish(&publish.qos(QoS::ExactlyOnce)).unwrap();
    }
}

/// A process is killed again and again; what has left goes its way to the end, once, and nothing in
/// between is missing.
#[test]
fn messages_survive_a_kill() {
    if let Ok(task) = env::var(VICTIM) {
        return victim(&task);
    }
    let server = Server::start(Config::new()).unwrap();
    let port = server.addr().port();
    let file = File::new("killed");
    let watch = Client::connect(Options::new("watch").broker("127.0.0.1", port)).unwrap();
    let mut stream = watch
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let latest = Arc::new(Mutex::new(String::new()));
    let seen = latest.clone();
    let watching = thread::spawn(move || {
        let mut came = Vec::new();
        while let Ok(message) = stream.recv_timeout(SOON)
            && message.payload != "end"
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
        let started = Instant::now();
        while watch.counters().received < enough || !begun() {
            assert!(started.elapsed() < SOON);
            thread::sleep(Duration::from_millis(1));
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let client = Client::connect(options(port, &file)).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    let end = Publish::to("t").payload(b"end").qos(QoS::ExactlyOnce);
    watch.publish(&end).unwrap().wait().unwrap();
    let came = watching.join().unwrap();
    let mut next = [0; 10];
    for message in came {
        let (round, n) = message.split_once(' ').unwrap();
        let next = &mut next[round.parse::<usize>().unwrap()];
        assert_eq!(n.parse::<usize>().unwrap(), *next, "in round {round}");
        *next += 1;
    }
    assert!(next.iter().all(|&next| next > 0), "{next:?}");
}

#[test]
fn a_store_that_does_not_fit_is_an_error() {
    let server = Server::start(Config::new()).unwrap();
    let port = server.addr().port();
    let file = File::new("fit");
    let client = Client::connect(options(port, &file)).unwrap();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap().wait().unwrap();
    client.disconnect(SOON).unwrap();
    drop(client);
    let fails = |options| {
        let client = Client::connect(options).unwrap();
        match client.connected() {
            Err(Ended::Store(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    // A file belongs to one client identifier.
    let why = fails(options(port, &file).client_id("other"));
    assert!(why.contains("client identifier"), "{why}");
    fails(options(port, &file).store(env::temp_dir()));
    let garbage = File::new("garbage");
    fs::write(&garbage.0, [7; 10_000]).unwrap();
    fails(options(port, &garbage));
    // A file that was cut off.
    let content = fs::read(&file.0).unwrap();
    fs::write(&garbage.0, &content[..20_000]).unwrap();
    fails(options(port, &garbage));
}

/// A message is on the disk when `publish` returns, though there is no connection.
#[test]
fn what_was_published_is_on_the_disk() {
    let file = File::new("durable");
    // Nothing listens there.
    let (client, mut driver) = Client::new(options(1, &file)).unwrap();
    let publisher = thread::spawn(move || {
        let publish = Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce);
        client.publish(&publish).map(drop)
    });
    let ended = driver.drive_until(SOON, || publisher.is_finished());
    assert_eq!(ended, None);
    publisher.join().unwrap().unwrap();
    drop(driver);
    let server = Server::start(Config::new()).unwrap();
    let port = server.addr().port();
    let watch = Client::connect(Options::new("watch").broker("127.0.0.1", port)).unwrap();
    let mut stream = watch
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let _client = Client::connect(options(port, &file)).unwrap();
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "1");
}
