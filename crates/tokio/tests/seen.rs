//! What is traced. A process of its own, since what is not listened to in one thread may be left
//! out in others.
use motemq_testing::{broker::Config, server::Server};
use motemq_tokio::{Client, Options, Publish, Reconnect};
use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
    time::Duration,
};
use tokio::runtime::Builder;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::set_default,
};

/// Writes down what is traced, and publishes it by the client that it comes from, as somebody might
/// who sends a log by MQTT.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    client: Arc<OnceLock<Client>>,
}

impl Log {
    fn keep(&self, line: String) {
        if let Some(client) = self.client.get() {
            let _ = client.try_publish(&Publish::to("log").payload(line.as_bytes()));
        }
        self.lines.lock().unwrap().push(line);
    }
}

/// Fields as text.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("motemq")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(span.metadata().name().into());
        span.record(&mut text);
        self.lines.lock().unwrap().push(text.0);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.keep(text.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn who_listens_may_call_the_client() {
    let (give, take) = mpsc::channel();
    thread::spawn(move || {
        let log = Log::default();
        let _guard = set_default(log.clone());
        Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(lose_a_connection(&log));
        let _ = give.send(log.lines.lock().unwrap().clone());
    });
    // Whoever locked himself out would not notice.
    let lines = take
        .recv_timeout(Duration::from_secs(20))
        .expect("done within twenty seconds");
    for expected in [
        "mqtt client_id=\"seen\"",
        "DEBUG message=connecting",
        "INFO message=connected session=New",
        "WARN message=no connection",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(expected)),
            "{expected}: {lines:#?}"
        );
    }
}

async fn lose_a_connection(log: &Log) {
    let server = Server::start(Config::new()).unwrap();
    let at_once = Reconnect::BackOff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(1),
        max_tries: None,
    };
    let (client, driver) = Client::new(
        Options::new("seen")
            .broker("127.0.0.1", server.addr().port())
            .reconnect(at_once),
    )
    .unwrap();
    log.client.set(client.clone()).unwrap();
    tokio::spawn(driver);
    client.connected().await.unwrap();
    let mut states = client.states();
    server.cut_all();
    states.changed().await;
    client.connected().await.unwrap();
}
