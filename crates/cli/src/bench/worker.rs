//! The threads that drive the clients, one for each core.
use super::{
    Rate,
    metronome::Beats,
    pace::Pace,
    plan::Plan,
    tally::{Counts, Shared},
    traffic::{Publisher, Receiver},
};
use crate::exit::{Exit, Failure};
use motemq_tokio::{Client, Ended, Filter, Options, QoS, Reconnect, RequestError, SubscribeError};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    sync::{Semaphore, watch},
};

/// The most connections that each thread begins at once, since brokers have a short queue for them.
const CONNECTING: usize = 50;
/// The longest time for what is in flight at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// The part of a run that all clients are in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub enum Phase {
    Connect,
    /// Messages are sent from and until these times.
    Send {
        begin: Duration,
        end: Duration,
    },
    /// All connections are cut, and made again from this time on.
    Storm {
        at: Instant,
    },
    /// Messages that are under way arrive.
    Drain,
    End,
}

impl Phase {
    /// Returns whether publishers are to end.
    pub fn is_over(self) -> bool {
        matches!(self, Phase::Drain | Phase::End)
    }
}

/// The task of all clients.
#[derive(Clone)]
pub struct Task {
    pub plan: Plan,
    pub options: Options,
    pub id_prefix: String,
    pub topics: String,
    pub run: u32,
    pub qos: QoS,
    pub size: usize,
    pub rate: Rate,
    pub count: Option<u64>,
    pub ramp_up: Duration,
    /// The number of messages that each publisher has sent.
    pub sent: Arc<[AtomicU64]>,
    pub beats: Beats,
    pub phase: watch::Receiver<Phase>,
}

impl Task {
    /// Returns the number of messages that these publishers have sent.
    pub fn sent_by(&self, publishers: std::ops::Range<u32>) -> u64 {
        let sent = publishers.filter_map(|publisher| self.sent.get(publisher as usize));
        sent.map(|sent| sent.load(Relaxed)).sum()
    }
}

/// A thread and the clients that it drives.
pub struct Worker {
    pub tally: Arc<Shared>,
    thread: JoinHandle<Result<Counts, Failure>>,
}

impl Worker {
    /// Starts a thread with these clients.
    pub fn start(task: &Task, clients: Vec<u32>) -> Self {
        let tally = Arc::<Shared>::default();
        let (task, own) = (task.clone(), tally.clone());
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Failure::new(Exit::Files, error))?;
            Ok(runtime.block_on(drive(Arc::new(task), clients, own)))
        });
        Worker { tally, thread }
    }

    /// Waits for its end.
    pub fn join(self) -> Result<Counts, Failure> {
        let broken = |_| Failure::new(Exit::Files, "a thread of the bench has ended");
        self.thread.join().map_err(broken)?
    }
}

async fn drive(task: Arc<Task>, clients: Vec<u32>, tally: Arc<Shared>) -> Counts {
    let connecting = Arc::new(Semaphore::new(CONNECTING));
    let running: Vec<_> = clients
        .into_iter()
        .map(|number| {
            let member = Member {
                task: task.clone(),
                tally: tally.clone(),
                number,
            };
            tokio::spawn(member.run(connecting.clone()))
        })
        .collect();
    let mut counts = Counts::default();
    for client in running {
        counts.add(client.await.unwrap_or_default());
    }
    counts
}

/// Does something, unless the run is over before.
async fn unless_over<T>(
    phase: &mut watch::Receiver<Phase>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut over = pin!(phase.wait_for(|phase| phase.is_over()));
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => over.as_mut().poll(cx).map(|_| None),
    })
    .await
}

/// One client.
struct Member {
    task: Arc<Task>,
    tally: Arc<Shared>,
    number: u32,
}

/// A client that is connected, and its driver.
type Connected = (Client, tokio::task::JoinHandle<Result<(), Ended>>);

impl Member {
    async fn run(self, connecting: Arc<Semaphore>) -> Counts {
        let task = &self.task;
        let mut phase = task.phase.clone();
        let mut begun = Instant::now();
        // What is needed for an attempt only takes no memory after it.
        let connected = Box::pin(async {
            let begins = task.plan.begins(self.number, task.ramp_up);
            task.beats.sleep_until(begins).await;
            let permit = connecting.acquire_owned().await;
            begun = Instant::now();
            let connected = self.connect(false).await;
            drop(permit);
            connected
        });
        let (client, driver) = match unless_over(&mut phase, connected).await {
            Some(Ok(connected)) => connected,
            Some(Err(failure)) => {
                self.tally.with(|tally| tally.on_failure(failure));
                return Counts::default();
            }
            None => return Counts::default(),
        };
        self.tally.with(|tally| {
            tally.connected += 1;
            tally.connecting.record(begun.elapsed());
        });
        let Plan {
            publishers,
            subscribers,
            ..
        } = task.plan;
        if self.number < subscribers {
            Box::pin(self.subscribe(client, &mut phase)).await
        } else if self.number < subscribers + publishers {
            Box::pin(self.publish(client, self.number - subscribers, &mut phase)).await
        } else {
            self.idle((client, driver), &mut phase).await;
            Counts::default()
        }
    }

    /// Connects. One that `insists` tries again and again.
    async fn connect(&self, insists: bool) -> Result<Connected, Failure> {
        let task = &self.task;
        let options = task.options.clone();
        let options = options.client_id(format!("{}{}", task.id_prefix, self.number));
        let options = if insists {
            options.end_if(|_, _| false)
        } else {
            options
                .reconnect(Reconnect::back_off())
                .end_if(|_, was_connected| !was_connected)
        };
        let (client, driver) =
            Client::new(options).map_err(|error| Failure::new(Exit::Usage, error))?;
        let driver = tokio::spawn(driver);
        match client.connected().await {
            Ok(_) => Ok((client, driver)),
            Err(ended) => Err(Failure::of_end(&ended)),
        }
    }

    async fn subscribe(&self, client: Client, phase: &mut watch::Receiver<Phase>) -> Counts {
        let task = &self.task;
        let filter = task.plan.filter(&task.topics, self.number);
        let filters = [Filter::new(&filter, task.qos)];
        let stream = match unless_over(phase, client.subscribe(&filters)).await {
            None => return Counts::default(),
            Some(Ok(stream)) => stream,
            Some(Err(error)) => {
                let failure = match error {
                    SubscribeError::Ended(ended) => Failure::of_end(&ended),
                    SubscribeError::Failed(error @ RequestError::Refused { .. }) => {
                        Failure::new(Exit::Refused, error)
                    }
                    error => Failure::new(Exit::TimeOut, error),
                };
                self.tally.with(|tally| tally.on_failure(failure));
                return Counts::default();
            }
        };
        self.tally.with(|tally| tally.ready += 1);
        let sources = task.plan.sources(self.number);
        let receiver = Receiver::new(task, sources.clone(), self.tally.clone());
        let receiving = tokio::spawn(receiver.receive(stream));
        let _ = phase.wait_for(|phase| *phase == Phase::End).await;
        let dropped = client.counters().dropped;
        let _ = client.disconnect(FAREWELL).await;
        let mut counts = receiving.await.unwrap_or_default();
        counts.dropped = dropped;
        counts.expected = task.sent_by(sources);
        counts
    }

    async fn publish(
        &self,
        client: Client,
        publisher: u32,
        phase: &mut watch::Receiver<Phase>,
    ) -> Counts {
        self.tally.with(|tally| tally.ready += 1);
        let started = phase.wait_for(|phase| *phase != Phase::Connect).await;
        let started = started.map_or(Phase::End, |phase| *phase);
        let task = &self.task;
        if let Phase::Send { begin, end } = started {
            let share = (publisher, task.plan.publishers);
            let pace = Pace::new(task.rate, share, (begin, end), task.count);
            let (task, tally) = (task.clone(), self.tally.clone());
            let publisher = Publisher::new(task, tally, client.clone(), publisher, pace);
            tokio::spawn(publisher.send());
        }
        let _ = phase.wait_for(|phase| *phase == Phase::End).await;
        let _ = client.disconnect(FAREWELL).await;
        Counts::default()
    }

    async fn idle(&self, connected: Connected, phase: &mut watch::Receiver<Phase>) {
        self.tally.with(|tally| tally.ready += 1);
        let (mut client, driver) = connected;
        let next = phase.wait_for(|phase| matches!(phase, Phase::Storm { .. } | Phase::End));
        let next = next.await.map_or(Phase::End, |phase| *phase);
        if let Phase::Storm { at } = next {
            // Without DISCONNECT, as when the power fails.
            driver.abort();
            let _ = driver.await;
            drop(client);
            let again = Box::pin(self.connect(true));
            match unless_over(phase, again).await {
                Some(Ok((again, _driver))) => client = again,
                _ => return,
            }
            self.tally.with(|tally| tally.back.record(at.elapsed()));
            let _ = phase.wait_for(|phase| *phase == Phase::End).await;
        }
        let _ = client.disconnect(FAREWELL).await;
    }
}
