//! Streams of numbered messages through the end of the broker, or of one node of a cluster after the
//! other, with kept sessions on both sides: what was lost and what came twice, and whose fault that
//! is by the packets that passed.
mod judge;

use crate::{
    broker::{self, Address, Broker, Place, Started},
    client::{Client, Connection, Speech, Who},
    recorder::Recorder,
    secrets::Secrets,
};
pub use judge::Verdict;
use judge::{Sent, judge};
use motemq_std::QoS;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

/// The time between two messages of a stream.
const PACE: Duration = Duration::from_millis(5);
/// The time for which a stream runs before the broker is ended, and after each end.
const RUN: Duration = Duration::from_secs(4);
/// The time for which a node of a cluster is away, and the time that it then has to catch up.
const NODE: [Duration; 2] = [Duration::from_secs(8), Duration::from_secs(15)];
/// How long the acknowledgements may take after the last message.
const SETTLE: Duration = Duration::from_secs(60);
/// How long to wait for messages that should come.
const PATIENCE: Duration = Duration::from_secs(20);

/// One stream: a client publishes, and another one of the same kind receives.
pub struct Row {
    pub speech: Speech,
    pub client: &'static str,
    pub verdict: Result<Verdict, String>,
}

/// Runs the streams of all these clients at once, and ends the broker under them.
pub fn run(
    broker: &'static Broker,
    place: &Place,
    started: &mut Started,
    secrets: &Secrets,
    clients: &[&'static dyn Client],
) -> Result<Vec<Row>, String> {
    let tcp = started.listeners.first().ok_or("it listens nowhere")?;
    let at = Address::of(broker, tcp, secrets);
    let count = started.nodes.len();
    let listeners = started.listeners.iter().take(count);
    let nodes = listeners
        .map(|listener| broker::address(&listener.url))
        .collect::<Result<Vec<_>, _>>()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let (tell, told) = mpsc::channel();
    let mut running = Vec::new();
    for speech in Speech::with(broker.versions) {
        for &client in clients.iter().filter(|client| client.comes_back()) {
            let stream = Stream {
                name: format!("s{}{}", running.len(), client.name()),
                client,
                speech,
                at: at.clone(),
                nodes: nodes.clone(),
                traces: place.dir.clone(),
                is_over: is_over.clone(),
            };
            let tell = tell.clone();
            let thread = thread::spawn(move || stream.run(tell));
            running.push((speech, client, thread));
        }
    }
    drop(tell);
    // Ends when all have begun, or cannot.
    told.iter().for_each(drop);
    let ended = end_and_start(broker, place, started, &nodes);
    is_over.store(true, Ordering::Relaxed);
    let rows = running.into_iter().map(|(speech, client, thread)| Row {
        speech,
        client: client.name(),
        verdict: thread
            .join()
            .unwrap_or_else(|_| Err("the check ended with a panic".into())),
    });
    let rows = rows.collect();
    ended.map(|()| rows)
}

/// Ends the broker in each way, or one node after the other, and starts it again.
fn end_and_start(
    broker: &Broker,
    place: &Place,
    started: &mut Started,
    nodes: &[SocketAddr],
) -> Result<(), String> {
    let is_cluster = nodes.len() > 1;
    thread::sleep(RUN);
    for (turn, &signal) in broker.restarts.iter().enumerate() {
        let node = turn % nodes.len();
        let begun = Instant::now();
        started.nodes[node].end(signal);
        if is_cluster {
            thread::sleep(NODE[0]);
        }
        started.nodes[node].start_again()?;
        started.wait(place, nodes[node])?;
        println!(
            "{:6.1} s  from {signal} until node {node} listens again",
            begun.elapsed().as_secs_f64()
        );
        thread::sleep(if is_cluster { NODE[1] } else { RUN });
    }
    Ok(())
}

struct Stream {
    name: String,
    client: &'static dyn Client,
    speech: Speech,
    at: Address,
    nodes: Vec<SocketAddr>,
    /// The directory for the packets of messages that were lost or came twice.
    traces: std::path::PathBuf,
    is_over: Arc<AtomicBool>,
}

impl Stream {
    /// Runs until the broker has had all its ends; lets go of `ready` when it has begun.
    fn run(self, ready: Sender<()>) -> Result<Verdict, String> {
        let topic = format!("streams/{}", self.name);
        let (near_from, near_to) = (
            Recorder::before(&self.nodes)?,
            Recorder::before(&self.nodes)?,
        );
        let (from_id, to_id) = (format!("{}from", self.name), format!("{}to", self.name));
        let who = Who {
            keep: true,
            patient: true,
            speech: self.speech,
            ..Who::default()
        };
        let to_who = Who {
            id: &to_id,
            filter: Some((&topic, QoS::ExactlyOnce)),
            ..who
        };
        // Some brokers do not know a session again that has no subscription.
        let from_who = Who {
            id: &from_id,
            filter: Some(("streams/elsewhere", QoS::AtMostOnce)),
            ..who
        };
        let open =
            |recorder: &Recorder, who| self.client.open(&self.at.at(&recorder.addresses()), who);
        let to = open(&near_to, to_who)?;
        let granted = to.granted().unwrap_or(QoS::AtMostOnce);
        let mut from = open(&near_from, from_who)?;
        drop(ready);
        let is_all_sent = Arc::new(AtomicBool::new(false));
        let is_finished = is_all_sent.clone();
        let receiving = thread::spawn(move || receive(to, &is_finished));
        let sent = self.send(&mut *from, &topic, granted);
        is_all_sent.store(true, Ordering::Relaxed);
        let came = receiving
            .join()
            .map_err(|_| "the receiver ended with a panic")??;
        from.leave()?;
        let (sent, (came, to)) = (sent?, came);
        to.leave()?;
        Ok(judge(
            &sent,
            &came,
            &near_from.record(),
            &near_to.record(),
            &self.traces.join(format!("{}.trace", self.name)),
        ))
    }

    /// Publishes until the broker has had all its ends, by turns with QoS 1 and 2.
    fn send(
        &self,
        from: &mut dyn Connection,
        topic: &str,
        granted: QoS,
    ) -> Result<Vec<Sent>, String> {
        let mut sent = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let number = sent.len();
            let qos = [QoS::AtLeastOnce, QoS::ExactlyOnce][number % 2].min(granted);
            let payload = format!("{number:06}");
            from.send(topic, payload.as_bytes(), qos)?;
            sent.push((payload, qos));
            thread::sleep(PACE);
        }
        let outcomes = from.outcomes(SETTLE);
        let sent = sent.into_iter().zip(outcomes);
        Ok(sent
            .map(|((payload, qos), outcome)| Sent {
                payload,
                qos,
                outcome,
            })
            .collect())
    }
}

/// How often each message came, and the connection over which they came.
type Received = (BTreeMap<String, usize>, Box<dyn Connection>);

/// Takes what comes, until everything is sent and nothing has come for a while.
fn receive(mut to: Box<dyn Connection>, is_all_sent: &AtomicBool) -> Result<Received, String> {
    let mut came = BTreeMap::new();
    let mut last = Instant::now();
    while !is_all_sent.load(Ordering::Relaxed) || last.elapsed() < PATIENCE {
        if let Some(message) = to.next(Duration::from_millis(200))? {
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            *came.entry(payload).or_default() += 1;
            last = Instant::now();
        }
    }
    Ok((came, to))
}
