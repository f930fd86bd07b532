//! Rule 12: a durable request survives the process, and no packet is sent before the change that it
//! belongs to is stored.
use super::{
    face::{self, Client, Filter, Publish, QoS, Reconnect, State, Subscription, WhenFull, run},
    support::{File, SOON, connect, done, server, stored, until, unused_address},
};
use motemq_testing::{
    line::{Exchange, NEW, RESUMED},
    link::Direction,
    proxy::{Plan, Proxy},
    server::Server,
};
use std::{
    env, fs, process,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Receives what is published to `t`.
fn watch(server: &Server) -> (Client, Subscription) {
    let client = Client::clone(&connect(server.addr(), "watch"));
    let filters = [Filter::new("t", QoS::ExactlyOnce)];
    let stream = client.subscribe(&filters).unwrap();
    (client, stream)
}

fn qos(n: u32) -> QoS {
    if n.is_multiple_of(2) {
        QoS::AtLeastOnce
    } else {
        QoS::ExactlyOnce
    }
}

/// The driver is dropped again and again, as in a crash, wherever it is; each message arrives, those
/// with QoS 2 once.
pub fn messages_survive_their_process() {
    let server = server();
    let proxy = Proxy::start(server.addr()).unwrap();
    let file = File::new();
    let (watching, mut stream) = watch(&server);
    let mut chance = fastrand::Rng::with_seed(7);
    for round in 0..20u32 {
        let direction = if chance.bool() {
            Direction::Up
        } else {
            Direction::Down
        };
        proxy.plan(Plan::cut_after(direction, chance.u64(4..300)));
        let (client, driver) = Client::new(stored(proxy.addr(), &file)).unwrap();
        let running = run(driver);
        for n in round * 10..round * 10 + 10 {
            let payload = n.to_be_bytes();
            let publish = Publish::to("t").payload(&payload).qos(qos(n));
            drop(client.publish(&publish).unwrap());
        }
        // What waits for a connection is written as soon as the driver runs.
        thread::sleep(Duration::from_millis(chance.u64(1..30)));
        running.stop();
    }
    let client = Client::connect(stored(server.addr(), &file)).unwrap();
    let mut times = vec![0; 200];
    let mut count = |payload: &[u8]| {
        let n = u32::from_be_bytes(payload.try_into().unwrap());
        times[n as usize] += 1;
        !times.contains(&0)
    };
    while !count(&stream.recv_timeout(SOON).unwrap().payload) {}
    client.disconnect(SOON).unwrap();
    // What the broker got from the client stands before what it gets now.
    let end = Publish::to("t").payload(b"end").qos(QoS::ExactlyOnce);
    done(watching.publish(&end).unwrap()).unwrap();
    loop {
        let message = stream.recv_timeout(SOON).unwrap();
        if message.payload == "end" {
            break;
        }
        count(&message.payload);
    }
    let doubled: Vec<_> = (0..200)
        .filter(|&n| times[n as usize] > 1 && qos(n) == QoS::ExactlyOnce)
        .collect();
    assert!(doubled.is_empty(), "QoS 2 came twice: {doubled:?}");
}

/// Tells this program that it is to be killed: with the broker's address, the file, and what messages
/// begin with.
const VICTIM: &str = "MOTEMQ_VICTIM";

/// Publishes numbers until it is killed.
fn victim(task: &str) {
    let [addr, file, name] = task.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{VICTIM}={task}")
    };
    let file = File::at(file);
    let options = stored(addr.parse().unwrap(), &file).queue(30, 1 << 20, WhenFull::Wait);
    let client = Client::connect(options).unwrap();
    for n in 0.. {
        let text = format!("{name} {n}");
        let publish = Publish::to("t").payload(text.as_bytes());
        drop(client.publish(&publish.qos(QoS::ExactlyOnce)).unwrap());
    }
}

/// A process is killed again and again; what has left goes its way to the end, once, and nothing in
/// between is missing.
pub fn messages_survive_a_kill() {
    if let Ok(task) = env::var(VICTIM) {
        return victim(&task);
    }
    let server = server();
    let file = File::new();
    let (watch, mut stream) = watch(&server);
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
        let this = format!(
            "{}::rule_12_durable_requests::messages_survive_a_kill",
            face::NAME
        );
        let mut victim = process::Command::new(env::current_exe().unwrap())
            .args(["--exact", &this])
            .env(
                VICTIM,
                format!("{} {} {round}", server.addr(), file.path().display()),
            )
            .stdout(process::Stdio::null())
            .spawn()
            .unwrap();
        // Not before some of its own have come; what the one before it left comes first.
        let enough = watch.counters().received + chance.u64(1..200);
        let begun = || latest.lock().unwrap().split(' ').next() == Some(&round.to_string());
        until(|| watch.counters().received >= enough && begun());
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let client = Client::connect(stored(server.addr(), &file)).unwrap();
    client.connected().unwrap();
    client.disconnect(SOON).unwrap();
    let end = Publish::to("t").payload(b"end").qos(QoS::ExactlyOnce);
    done(watch.publish(&end).unwrap()).unwrap();
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

/// A message is on the disk when `publish` returns, though there is no connection.
pub fn what_was_published_is_on_the_disk() {
    let file = File::new();
    let (client, driver) = Client::new(stored(unused_address(), &file)).unwrap();
    let running = run(driver);
    let publish = Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce);
    drop(client.publish(&publish).unwrap());
    running.stop();
    let server = server();
    let (_watching, mut stream) = watch(&server);
    let _client = Client::connect(stored(server.addr(), &file)).unwrap();
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "1");
}

/// A message that is taken while there is no connection is on the disk soon, though nothing else
/// happens: the next process does not get it again.
pub fn what_was_taken_without_a_connection_is_on_the_disk() {
    const CONNECT: &[u8] = b"\x10\x10\0\x04MQTT\x04\0\0\x3c\0\x04kept";
    let exchange = Exchange::new();
    let file = File::new();
    let hour = Duration::from_secs(3600);
    let much_later = Reconnect::BackOff {
        first: hour,
        cap: hour,
        max_tries: None,
    };
    let options = stored(exchange.addr(), &file).reconnect(much_later);
    let (client, driver) = Client::new(options).unwrap();
    let mut stream = client.messages();
    let running = run(driver);
    let mut line = exchange.accepts(CONNECT, NEW);
    line.says(b"\x34\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022");
    until(|| client.counters().received == 2);
    drop(line);
    until(|| matches!(client.state(), State::Waiting { .. }));
    // All that was before is stored when this is.
    let publish = Publish::to("t").payload(b"0").qos(QoS::AtLeastOnce);
    drop(client.publish(&publish).unwrap());
    let before = fs::read(file.path()).ok();
    // The driver does not wake by itself any more, since it has given back its memory.
    thread::sleep(Duration::from_secs(2));
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "1");
    if cfg!(windows) {
        // The file is locked.
        thread::sleep(Duration::from_secs(2));
    } else {
        until(|| fs::read(file.path()).ok() != before);
    }
    running.stop();
    let (client, driver) = Client::new(stored(exchange.addr(), &file)).unwrap();
    let mut stream = client.messages();
    let _running = run(driver);
    let mut line = exchange.accepts(CONNECT, RESUMED);
    line.says(b"\x3c\x06\0\x01t\0\x011\x3c\x06\0\x01t\0\x022");
    assert_eq!(stream.recv_timeout(SOON).unwrap().payload, "2");
}
