//! The messages of a run: how they are sent and received.
use super::{
    metronome::Beats,
    pace::{Next, Pace},
    payload::Stamped,
    plan::Plan,
    sequences::Sequences,
    tally::{Counts, Shared},
    worker::Task,
};
use motemq_tokio::{Client, Publish, Subscription};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::task::yield_now;

/// The number of messages after which other tasks have their turn.
const AT_ONCE: u32 = 32;
/// The interval at which a publisher that waits for its time looks whether it is to end.
const GLANCE: Duration = Duration::from_millis(100);

/// The messages that arrive at one subscriber.
pub struct Receiver {
    run: u32,
    /// The first publisher of which it gets messages.
    first: u32,
    sequences: Vec<Sequences>,
    /// The number of messages that each publisher has sent.
    sent: Arc<[AtomicU64]>,
    beats: Beats,
    tally: Arc<Shared>,
}

impl Receiver {
    /// Makes one that gets the messages of these publishers.
    pub fn new(task: &Task, sources: Range<u32>, tally: Arc<Shared>) -> Self {
        Receiver {
            run: task.run,
            first: sources.start,
            sequences: vec![Sequences::default(); sources.len()],
            sent: task.sent.clone(),
            beats: task.beats.clone(),
            tally,
        }
    }

    /// Receives until the stream ends.
    pub async fn receive(mut self, mut stream: Subscription) -> Counts {
        while let Some(message) = stream.recv().await {
            let Some(stamped) = Stamped::read(&message.payload, self.run) else {
                continue;
            };
            // A number that was not sent yet is of somebody else, and would take memory.
            let sent = self.sent.get(stamped.publisher as usize);
            if sent.is_none_or(|sent| stamped.sequence > sent.load(Relaxed)) {
                continue;
            }
            let latency = self.beats.now().saturating_sub(stamped.intended);
            let source = stamped.publisher.checked_sub(self.first);
            let sequences = source.and_then(|n| self.sequences.get_mut(n as usize));
            if sequences.is_some_and(|sequences| sequences.insert(stamped.sequence)) {
                self.tally.with(|tally| {
                    tally.arrived += 1;
                    tally.latency.record(latency);
                    tally.recent.record(latency);
                });
            }
        }
        let mut counts = Counts::default();
        for sequences in &self.sequences {
            counts.distinct += sequences.distinct();
            counts.duplicates += sequences.duplicates();
            counts.disordered += sequences.disordered();
        }
        counts
    }
}

/// A client that sends.
pub struct Publisher {
    task: Arc<Task>,
    tally: Arc<Shared>,
    client: Client,
    publisher: u32,
    pace: Pace,
}

impl Publisher {
    /// Makes one that sends at this pace.
    pub fn new(
        task: Arc<Task>,
        tally: Arc<Shared>,
        client: Client,
        publisher: u32,
        pace: Pace,
    ) -> Self {
        Publisher {
            task,
            tally,
            client,
            publisher,
            pace,
        }
    }

    /// Sends until the run is over.
    pub async fn send(mut self) {
        let topic = Plan::topic(&self.task.topics, self.publisher);
        let mut payload = vec![b'.'; self.task.size];
        let mut sequence = 0;
        let mut in_a_row = 0;
        while !self.task.phase.borrow().is_over() {
            let now = self.task.beats.now();
            match self.pace.next(now) {
                Next::Done => break,
                Next::Wait { until } => {
                    in_a_row = 0;
                    self.task.beats.sleep_until(until.min(now + GLANCE)).await;
                }
                Next::Send(intended) => {
                    let stamped = Stamped {
                        run: self.task.run,
                        publisher: self.publisher,
                        sequence,
                        intended,
                    };
                    stamped.write(&mut payload);
                    let publish = Publish::to(&topic).payload(&payload).qos(self.task.qos);
                    // It waits for room, but not for the acknowledgement.
                    if self.client.publish(&publish).await.is_err() {
                        break;
                    }
                    sequence += 1;
                    if let Some(sent) = self.task.sent.get(self.publisher as usize) {
                        sent.store(sequence, Relaxed);
                    }
                    in_a_row += 1;
                    if in_a_row == AT_ONCE {
                        in_a_row = 0;
                        yield_now().await;
                    }
                }
            }
        }
        self.tally.with(|tally| tally.done += 1);
    }
}
