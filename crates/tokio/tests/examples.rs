//! The examples, run as programs.
use motemq_testing::{broker::Config, process, server::Server};
use motemq_tokio::{Client, Filter, Options, Publish, QoS, Subscription};
use std::{
    env,
    future::Future,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), work)
        .await
        .expect("done within a minute")
}

/// Cargo builds examples with the tests, unless only some are asked for.
fn example(name: &str, arguments: &[&str]) -> Command {
    let tests = env::current_exe().unwrap();
    let program: PathBuf = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not built: type `cargo build --examples`",
        program.display()
    );
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}

fn start(name: &str, arguments: &[&str]) -> Child {
    let mut command = example(name, arguments);
    process::start(|| command.spawn()).unwrap()
}

async fn run(name: &str, arguments: &[&str]) -> String {
    let Output { status, stdout, .. } = soon(start(name, arguments).wait_with_output())
        .await
        .unwrap();
    assert!(status.success(), "{name} ends with {status}");
    String::from_utf8(stdout).unwrap()
}

/// Somebody who listens.
async fn watch(server: &Server, filter: &str) -> (Client, Subscription) {
    let (client, driver) =
        Client::new(Options::from_url(&server.url()).unwrap().client_id("watch")).unwrap();
    tokio::spawn(driver);
    let stream = soon(client.subscribe(&[Filter::new(filter, QoS::ExactlyOnce)]))
        .await
        .unwrap();
    (client, stream)
}

async fn next(stream: &mut Subscription) -> (String, String) {
    let message = soon(stream.recv()).await.unwrap();
    (
        message.topic.to_string(),
        String::from_utf8(message.payload.to_vec()).unwrap(),
    )
}

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}

#[tokio::test]
async fn one_shot() {
    let server = server();
    let (_client, mut stream) = watch(&server, "#").await;
    run(
        "one_shot",
        &[&format!("{}/cellar/door", server.url()), "open"],
    )
    .await;
    assert_eq!(
        next(&mut stream).await,
        ("cellar/door".into(), "open".into())
    );
}

#[tokio::test]
async fn sensor() {
    let server = server();
    let (_client, mut stream) = watch(&server, "cellar/#").await;
    run(
        "sensor",
        &[&format!("{}/cellar/temperature", server.url()), "3"],
    )
    .await;
    for reading in ["20.0", "20.1", "20.2"] {
        assert_eq!(next(&mut stream).await.1, reading);
    }
}

#[tokio::test]
async fn request() {
    assert_eq!(run("request", &[&server().url()]).await, "7 * 7 = 49\n");
}

#[tokio::test]
async fn bridge() {
    let (here, there) = (server(), server());
    let (_client, mut stream) = watch(&there, "#").await;
    let mut bridge = start(
        "bridge",
        &[&format!("{}/a/#", here.url()), &there.url(), "50"],
    );
    let mut lines = BufReader::new(bridge.stdout.take().unwrap()).lines();
    assert_eq!(
        soon(lines.next_line()).await.unwrap().as_deref(),
        Some("subscribed to a/#")
    );
    let (client, _) = watch(&here, "nothing").await;
    for n in 0..50 {
        drop(
            soon(
                client.publish(
                    &Publish::to("a/b")
                        .payload(format!("{n}").as_bytes())
                        .qos(QoS::AtLeastOnce),
                ),
            )
            .await
            .unwrap(),
        );
    }
    for n in 0..50 {
        assert_eq!(next(&mut stream).await, ("a/b".into(), n.to_string()));
    }
    assert!(soon(bridge.wait()).await.unwrap().success());
}

#[tokio::test]
async fn shutdown() {
    let server = server();
    let (client, mut stream) = watch(&server, "alive").await;
    let mut worker: Child = start("shutdown", &[&server.url()]);
    next(&mut stream).await;
    drop(
        soon(client.publish(&Publish::to("jobs/1").qos(QoS::AtLeastOnce)))
            .await
            .unwrap(),
    );
    let mut lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    while soon(lines.next_line())
        .await
        .unwrap()
        .expect("the job is done")
        != "did jobs/1"
    {}
    drop(worker.stdin.take());
    assert_eq!(
        soon(lines.next_line()).await.unwrap().as_deref(),
        Some("left in good order")
    );
    assert!(soon(worker.wait()).await.unwrap().success());
}

#[tokio::test]
async fn web() {
    let server = server();
    let (_client, mut stream) = watch(&server, "#").await;
    let mut web = start("web", &[&server.url()]);
    let line = soon(
        BufReader::new(web.stdout.take().unwrap())
            .lines()
            .next_line(),
    )
    .await
    .unwrap()
    .unwrap();
    let mut socket = TcpStream::connect(line.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let post = "POST /cellar/temperature HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\n21.5";
    socket.write_all(post.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon(socket.read_to_string(&mut answer)).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("published\n"),
        "{answer}"
    );
    assert_eq!(
        next(&mut stream).await,
        ("cellar/temperature".into(), "21.5".into())
    );
}
