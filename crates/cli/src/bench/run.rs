//! One run: from the first connection to the summary.
use super::{
    Rate, Scenario, memory,
    metronome::Metronome,
    name,
    plan::Plan,
    plot::Sample,
    summary::{Connections, Messages, Spread, Storm, Summary, grouped, ms},
    tally::{Counts, Tally, Times},
    worker::{Phase, Task, Worker},
};
use crate::{args::BenchLine, exit::Failure, progress::Live};
use motemq_tokio::Options;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// The time between two looks at the progress.
const GLANCE: Duration = Duration::from_millis(10);
/// The time between two updates of the display.
const SHOWN: Duration = Duration::from_millis(200);
/// The time between two samples of throughput and latency for a plot.
const SAMPLE: Duration = Duration::from_millis(500);
/// The time between the last subscription and the first message.
const PAUSE: Duration = Duration::from_millis(100);
/// The time without any arrival after which the messages that are missing count as lost.
const SILENCE: Duration = Duration::from_secs(2);
/// The default time between the beginnings of two connections.
const GENTLE: Duration = Duration::from_micros(250);
/// The time after which idle clients have given back memory.
const SETTLING: Duration = Duration::from_millis(2500);

/// All that a run needs.
pub struct Run<'a> {
    pub line: &'a BenchLine,
    pub plan: Plan,
    pub options: Options,
    pub place: String,
    pub id_prefix: String,
    pub topics: String,
    pub number: u32,
    /// The number of times that Ctrl-C was pressed.
    pub asked: Arc<AtomicU32>,
}

/// The result of a run: the summary, what is drawn, and the first failure.
type Outcome = (Summary, Vec<Sample>, Option<Failure>);

/// A run that goes on.
struct Running<'a> {
    run: Run<'a>,
    task: Task,
    workers: Vec<Worker>,
    phase: watch::Sender<Phase>,
    begun: Instant,
    live: Live,
    shown: Instant,
    samples: Vec<Sample>,
    /// The time of the last sample, and the messages sent and received until then.
    sampled: (Duration, u64, u64),
    /// The times that sending took, and receiving.
    took: (Duration, Duration),
}

impl<'a> Run<'a> {
    /// Carries it out.
    ///
    /// # Errors
    /// The reason why there is nothing to sum up.
    pub fn carry_out(self) -> Result<Outcome, Failure> {
        let plan = self.plan;
        let before = memory::resident();
        let begun = Instant::now();
        let metronome = Metronome::start(begun);
        let (phase, watched) = watch::channel(Phase::Connect);
        let task = Task {
            plan,
            options: self.options.clone(),
            id_prefix: self.id_prefix.clone(),
            topics: self.topics.clone(),
            run: self.number,
            qos: self.line.qos,
            size: self.line.size,
            rate: self.line.rate,
            count: self.line.count,
            ramp_up: self.line.ramp_up.unwrap_or(GENTLE * plan.clients()),
            sent: (0..plan.publishers).map(|_| AtomicU64::new(0)).collect(),
            beats: metronome.beats(),
            phase: watched,
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let workers = (0..threads).map(|thread| {
            let clients = (0..plan.clients()).skip(thread).step_by(threads);
            Worker::start(&task, clients.collect())
        });
        let mut running = Running {
            workers: workers.collect(),
            phase,
            begun,
            live: Live::new(),
            shown: begun,
            samples: Vec::new(),
            sampled: (Duration::ZERO, 0, 0),
            took: (Duration::ZERO, Duration::ZERO),
            task,
            run: self,
        };
        let connected = running.connect();
        let bytes = if connected.ready == 0 || running.is_asked() {
            None
        } else if plan.has_messages() {
            running.send();
            None
        } else {
            running.hold(before, &connected)
        };
        running.end(connected, bytes)
    }
}

impl Running<'_> {
    /// Returns the number of messages sent.
    fn sent(&self) -> u64 {
        self.task.sent_by(0..self.run.plan.publishers)
    }

    /// Returns the counts of all threads, without times.
    fn tally(&self) -> Now {
        let mut all = Now {
            sent: self.sent(),
            ..Now::default()
        };
        for worker in &self.workers {
            worker.tally.with(|tally| {
                all.ready += tally.ready;
                all.failed += tally.failed;
                all.done += tally.done;
                all.arrived += tally.arrived;
            });
        }
        all
    }

    fn times(&self, of: impl Fn(&mut Tally) -> Times) -> Times {
        let mut all = Times::default();
        for worker in &self.workers {
            all.add(&worker.tally.with(&of));
        }
        all
    }

    fn asked(&self) -> u32 {
        self.run.asked.load(Relaxed)
    }

    fn is_asked(&self) -> bool {
        self.asked() > 0
    }

    fn set(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Looks at the counts until this says that it is done, or Ctrl-C comes.
    fn wait(&mut self, mut is_done: impl FnMut(&Now) -> bool, words: impl Fn(&Now) -> String) {
        let before = self.asked();
        loop {
            let tally = self.tally();
            if is_done(&tally) || self.asked() > before {
                return;
            }
            if self.shown.elapsed() >= SHOWN {
                self.shown = Instant::now();
                self.live.say(&words(&tally));
            }
            self.sample(&tally);
            thread::sleep(GLANCE);
        }
    }

    /// Waits until each client has connected, or failed.
    fn connect(&mut self) -> Connected {
        let wanted = self.run.plan.clients();
        self.wait(
            |tally| tally.ready + tally.failed >= wanted,
            |tally| {
                format!(
                    "connecting: {} of {wanted}, {} failed",
                    tally.ready, tally.failed
                )
            },
        );
        Connected {
            ready: self.tally().ready,
            time: self.begun.elapsed(),
        }
    }

    /// Sends messages, and waits until they have arrived.
    fn send(&mut self) {
        let plan = self.run.plan;
        let begin = self.begun.elapsed() + PAUSE;
        let end = begin.saturating_add(self.run.line.duration);
        self.sampled.0 = begin;
        self.set(Phase::Send { begin, end });
        let begun = self.begun;
        self.wait(
            |tally| tally.done >= plan.publishers || begun.elapsed() > end + SILENCE,
            |tally| {
                let seconds = begun.elapsed().saturating_sub(begin).as_secs_f64();
                let rate = (tally.arrived as f64 / seconds.max(0.001)).round();
                format!(
                    "{seconds:.1} s: {} sent, {} received, {} a second",
                    grouped(tally.sent),
                    grouped(tally.arrived),
                    grouped(rate as u64)
                )
            },
        );
        let sending = self.begun.elapsed().saturating_sub(begin);
        self.set(Phase::Drain);
        let copies = match plan.scenario {
            Scenario::Pairs => 1,
            _ => plan.subscribers.into(),
        };
        let mut last = (0, Instant::now());
        self.wait(
            |tally| {
                if tally.arrived != last.0 {
                    last = (tally.arrived, Instant::now());
                }
                tally.arrived >= tally.sent * copies || last.1.elapsed() > SILENCE
            },
            |tally| {
                let left = (tally.sent * copies).saturating_sub(tally.arrived);
                format!("{} messages are under way", grouped(left))
            },
        );
        let receiving = last.1.saturating_duration_since(self.begun + begin);
        self.took = (sending, receiving.max(sending));
    }

    /// Holds connections, and cuts them if that is wanted. Returns the memory of each.
    fn hold(&mut self, before: Option<u64>, connected: &Connected) -> Option<u64> {
        let settling = Instant::now();
        let duration = self.run.line.duration;
        let ready = connected.ready;
        self.wait(
            |_| settling.elapsed() >= SETTLING,
            |_| format!("{ready} connections become idle"),
        );
        let bytes = memory::resident()
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before) / u64::from(ready));
        if self.run.plan.scenario == Scenario::Storm && !self.is_asked() {
            let at = Instant::now();
            self.set(Phase::Storm { at });
            let workers: Vec<_> = self
                .workers
                .iter()
                .map(|worker| worker.tally.clone())
                .collect();
            let back = move || -> u64 {
                let counts = workers
                    .iter()
                    .map(|tally| tally.with(|tally| tally.back.count()));
                counts.sum()
            };
            self.wait(
                |_| back() >= ready.into() || at.elapsed() >= duration.max(SILENCE),
                |_| {
                    format!(
                        "{} of {ready} are back after {:.1} s",
                        back(),
                        at.elapsed().as_secs_f64()
                    )
                },
            );
        } else if !self.is_asked() {
            self.wait(
                |_| settling.elapsed() >= duration,
                |_| format!("{ready} connections are held"),
            );
        }
        bytes
    }

    /// Notes throughput and latency since the last sample.
    fn sample(&mut self, tally: &Now) {
        let is_sending = matches!(*self.phase.borrow(), Phase::Send { .. });
        let now = self.begun.elapsed();
        let (since, sent, arrived) = self.sampled;
        let span = now.saturating_sub(since);
        if !is_sending || span < SAMPLE || self.run.line.plot.is_none() {
            return;
        }
        let recent = self.times(|tally| std::mem::take(&mut tally.recent));
        let Phase::Send { begin, .. } = *self.phase.borrow() else {
            return;
        };
        let seconds = span.as_secs_f64();
        self.samples.push(Sample {
            at: now.saturating_sub(begin).as_secs_f64(),
            sent: (tally.sent - sent) as f64 / seconds,
            received: (tally.arrived - arrived) as f64 / seconds,
            p50: ms(recent.percentile(50.0)),
            p99: ms(recent.percentile(99.0)),
            max: ms(recent.max()),
        });
        self.sampled = (now, tally.sent, tally.arrived);
    }

    /// Ends all clients, and sums up.
    fn end(self, connected: Connected, bytes: Option<u64>) -> Result<Outcome, Failure> {
        let interrupted = self.is_asked();
        let Running {
            run,
            workers,
            phase,
            live,
            samples,
            task,
            took,
            ..
        } = self;
        let line = run.line;
        let (wanted, plan) = (run.plan.clients(), run.plan);
        live.say("disconnecting");
        phase.send_replace(Phase::End);
        let mut tally = Tally::default();
        let mut counts = Counts::default();
        for worker in workers {
            let shared = worker.tally.clone();
            counts.add(worker.join()?);
            shared.with(|each| tally.add(each));
        }
        drop(live);
        let rate = match line.rate {
            Rate::PerSecond(rate) => Some(rate),
            Rate::Max => None,
        };
        let messages = plan.has_messages().then(|| {
            let sent = task.sent_by(0..plan.publishers);
            Messages::new(line.size, sent, counts, took, rate)
        });
        let storm = (plan.scenario == Scenario::Storm).then(|| Storm {
            cut: connected.ready,
            back: tally.back.count(),
            times: Spread::of(&tally.back),
        });
        let summary = Summary {
            broker: run.place,
            scenario: name(plan.scenario),
            qos: line.qos as u8,
            interrupted,
            connections: Connections {
                wanted,
                made: tally.connected,
                failed: tally.failed,
                seconds: connected.time.as_secs_f64(),
                each: Spread::of(&tally.connecting),
                bytes_of_memory_each: bytes,
            },
            messages,
            latency: Spread::of(&tally.latency),
            storm,
        };
        Ok((summary, samples, tally.failure))
    }
}

/// The counts at some time.
#[derive(Clone, Copy, Default)]
struct Now {
    ready: u32,
    failed: u32,
    sent: u64,
    done: u32,
    arrived: u64,
}

/// The state when each client has connected, or failed.
struct Connected {
    ready: u32,
    time: Duration,
}
