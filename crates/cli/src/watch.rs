//! `watch`: the topics of a broker on the screen.
mod app;
mod list;
mod payload;
mod rate;
mod tree;
mod view;

use crate::{
    args::WatchLine,
    connection::{self, Connection},
    exit::{Exit, Failure},
    notice,
    screen::Screen,
    stop::Stop,
    subscriptions,
    target::{Target, check_filter},
};
use app::{Action, App};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::tz::TimeZone;
use motemq_std::{Client, Message, Overflow, RecvTimeoutError, Subscription};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event},
};
use std::{
    io::{self, IsTerminal, Read, Write},
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};
use tree::{Arrived, KEPT};
use view::Around;

/// The interval at which the screen is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// As many messages are taken at once, so that drawing has its turn.
const TOGETHER: usize = 256;
/// The most bytes of messages that wait to be shown. Further messages are skipped.
const WAITING: usize = 8 << 20;
/// The bytes of a message that waits, besides its payload, about.
const OVERHEAD: usize = 256;
/// Messages that came while the screen was drawn are shown after this time at the latest.
const SOON: Duration = Duration::from_millis(2);

/// Leaving takes no longer.
const FAREWELL: Duration = Duration::from_secs(2);

/// Shows topics until it is told to end.
pub fn run(line: &WatchLine) -> Result<Exit, Failure> {
    let mut target = target(line)?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let words =
            "watch is for a terminal: for a pipe, a file or a program say motemq sub -t '#' -v";
        return Err(Failure::new(Exit::Usage, words));
    }
    let mut stop = Stop::after(None);
    stop.watch(Exit::Done)?;
    target.look_up_own_address(&line.broker.connection)?;
    let options = connection::options(&target, true, false)
        .backlog(WAITING, Overflow::Discard)
        .max_message(KEPT);
    let mut connection = connection::connect_as(options, &target, &stop, true)?;
    let mut meanwhile = |_: &mut _, _: &mut _| Ok(ControlFlow::Continue(()));
    let filters = &target.topics;
    let _ = subscriptions::subscribe(&mut connection, filters, line.qos.into(), &mut meanwhile)?;
    let Connection {
        client, messages, ..
    } = connection;
    let shown = Shown::new();
    let receiving = {
        let shown = shown.clone();
        thread::spawn(move || shown.receive(messages))
    };
    let outcome = shown.show(&client, &target.route.place());
    let left = client.disconnect(FAREWELL);
    let _ = receiving.join();
    let is_wanted = outcome.map_err(|error| {
        let words = format!("cannot use the terminal: {error}");
        Failure::new(Exit::Files, words)
    })?;
    match left {
        _ if is_wanted || stop.is_asked() => Ok(Exit::Done),
        Err(ended) => Err(Failure::of_end(&ended)),
        // The client has left since no subscription was left.
        Ok(()) => Err(Failure::new(Exit::Refused, notice::last())),
    }
}

/// Reads the broker and the topics from the command line.
pub fn target(line: &WatchLine) -> Result<Target, Failure> {
    let mut target = Target::unchecked(&line.broker, &line.topics)?;
    if target.topics.is_empty() {
        target.topics.push("#".into());
    }
    target
        .topics
        .iter()
        .try_for_each(|topic| check_filter(topic))?;
    Ok(target)
}

/// The state that is shown, and that messages change.
#[derive(Clone)]
struct Shown {
    app: Arc<Mutex<App>>,
    begun: Instant,
    /// Messages for which there was no room while the screen was drawn.
    skipped: Arc<AtomicU64>,
    /// No message will come any more.
    has_ended: Arc<AtomicBool>,
}

impl Shown {
    fn new() -> Self {
        Shown {
            app: Arc::default(),
            begun: Instant::now(),
            skipped: Arc::default(),
            has_ended: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, App> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the second, counted from 1.
    fn second(&self) -> u64 {
        self.begun.elapsed().as_secs() + 1
    }

    /// Takes messages until the client has ended. It does not wait until the screen is drawn: a
    /// terminal may take nothing for a while, and the broker would keep what waits, or drop it.
    fn receive(&self, mut messages: Subscription) {
        let mut taken: Vec<Message> = Vec::new();
        let mut bytes = 0;
        loop {
            let limit = if taken.is_empty() { FRAME } else { SOON };
            let mut next = messages.recv_timeout(limit);
            let mut count = 0;
            while let Ok(mut message) = next {
                read_beginning(&mut message);
                let length = OVERHEAD + message.payload.len();
                if bytes + length > WAITING {
                    self.skipped.fetch_add(1, Relaxed);
                } else {
                    bytes += length;
                    taken.push(message);
                }
                count += 1;
                if count == TOGETHER {
                    next = Err(RecvTimeoutError::Timeout);
                } else {
                    next = messages.recv_timeout(Duration::ZERO);
                }
            }
            let has_ended = matches!(next, Err(RecvTimeoutError::Ended));
            // The last messages are shown, however long the screen is being drawn.
            let app = if has_ended {
                Some(self.lock())
            } else {
                self.app.try_lock().ok()
            };
            if let Some(mut app) = app {
                let (now, second) = (SystemTime::now(), self.second());
                for message in taken.drain(..) {
                    let arrived = Arrived {
                        topic: &message.topic,
                        payload: &message.payload,
                        length: message.len,
                        qos: message.qos as u8,
                        is_retained: message.retain,
                    };
                    app.add(&arrived, now, second);
                }
                bytes = 0;
            }
            if has_ended {
                break;
            }
        }
        self.has_ended.store(true, Relaxed);
    }

    /// Shows it until it is to end. Returns whether a key has ended it.
    fn show(&self, client: &Client, place: &str) -> io::Result<bool> {
        notice::keep_back(true);
        let mut terminal = ratatui::try_init()?;
        let shown = self.frames(&mut terminal, client, place);
        ratatui::restore();
        notice::keep_back(false);
        shown
    }

    fn frames(
        &self,
        terminal: &mut DefaultTerminal,
        client: &Client,
        place: &str,
    ) -> io::Result<bool> {
        let zone = TimeZone::system();
        let screen = Screen::of(&io::stdout());
        while !self.has_ended.load(Relaxed) {
            let around = Around {
                place,
                trouble: (!client.state().is_connected()).then(notice::last),
                skipped: client.counters().dropped + self.skipped.load(Relaxed),
                second: self.second(),
                zone: &zone,
                has_colours: screen == Screen::Terminal { has_colours: true },
            };
            {
                let mut app = self.lock();
                app.update();
                terminal.draw(|frame| view::draw(frame, &mut app, &around))?;
            }
            let until = Instant::now() + FRAME;
            // Keys that come together are shown together.
            while event::poll(until.saturating_duration_since(Instant::now()))? {
                let Event::Key(key) = event::read()? else {
                    break;
                };
                match self.lock().on_key(key) {
                    Some(Action::End) => return Ok(true),
                    Some(Action::Copy(bytes)) => copy(&bytes)?,
                    None => {}
                }
                if !event::poll(Duration::ZERO)? {
                    break;
                }
            }
        }
        Ok(false)
    }
}

/// Waits for the part of a long payload that is kept.
fn read_beginning(message: &mut Message) {
    if !message.is_whole() {
        let mut payload = Vec::with_capacity(KEPT);
        let reader = message.clone().into_reader();
        // If the connection is lost meanwhile, there is less of it.
        let _ = reader.take(KEPT as u64).read_to_end(&mut payload);
        message.payload = payload.into();
    }
}

/// Asks the terminal to put bytes into the clipboard, by OSC 52.
fn copy(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "\x1b]52;c;{}\x07", STANDARD.encode(bytes))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq_std::{Filter, Options, QoS};
    use std::{net::TcpListener, sync::mpsc, thread::JoinHandle};

    /// A client of a broker that sends as many messages as it is asked for.
    struct Receiving {
        broker: mpsc::Sender<u16>,
        client: Client,
        shown: Shown,
        receiver: JoinHandle<()>,
    }

    impl Receiving {
        /// Waits until the client has received this many messages, and the receiver has them.
        fn takes(&self, count: u16) {
            let begun = Instant::now();
            let is_taken = || {
                let counters = self.client.counters();
                counters.received == u64::from(count) && counters.backlog == 0
            };
            while !is_taken() {
                assert!(begun.elapsed() < Duration::from_secs(20));
                thread::sleep(FRAME);
            }
        }
    }

    /// Answers CONNECT and SUBSCRIBE, and sends messages with QoS 1.
    fn serve(listener: &TcpListener, asked: &mpsc::Receiver<u16>) -> io::Result<()> {
        let mut stream = listener.accept()?.0;
        let _ = stream.read(&mut [0; 256])?;
        stream.write_all(b"\x20\x02\0\0")?;
        let mut subscribe = [0; 256];
        let _ = stream.read(&mut subscribe)?;
        stream.write_all(&[0x90, 3, subscribe[2], subscribe[3], 1])?;
        // To `a`, with 8,000 bytes of payload.
        let mut publish = [&b"\x32\xc5\x3e\0\x01a\0\0"[..], &[b'x'; 8000]].concat();
        for count in asked {
            for id in 1..=count {
                publish[6..8].copy_from_slice(&id.to_be_bytes());
                stream.write_all(&publish)?;
            }
        }
        Ok(())
    }

    fn receiving() -> Receiving {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (broker, asked) = mpsc::channel();
        thread::spawn(move || serve(&listener, &asked));
        let client = Client::connect(Options::new("").broker("127.0.0.1", port)).unwrap();
        let filters = [Filter::new("#", QoS::AtLeastOnce)];
        let messages = client.subscribe(&filters).unwrap();
        let shown = Shown::new();
        let receiver = {
            let shown = shown.clone();
            thread::spawn(move || shown.receive(messages))
        };
        Receiving {
            broker,
            client,
            shown,
            receiver,
        }
    }

    #[test]
    fn the_last_messages_are_shown_after_the_screen_was_drawn() {
        const COUNT: u16 = 10;
        let it = receiving();
        let drawing = it.shown.lock();
        it.broker.send(COUNT).unwrap();
        it.takes(COUNT);
        it.client.disconnect(FAREWELL).unwrap();
        thread::sleep(5 * FRAME);
        drop(drawing);
        it.receiver.join().unwrap();
        assert_eq!(it.shown.lock().tree.rate.total, u64::from(COUNT));
    }

    /// While the screen cannot be drawn, messages wait up to a bound, and those beyond are counted.
    #[test]
    fn what_does_not_wait_is_skipped_and_counted() {
        const COUNT: u16 = 2000;
        let it = receiving();
        let drawing = it.shown.lock();
        it.broker.send(COUNT).unwrap();
        it.takes(COUNT);
        drop(drawing);
        let begun = Instant::now();
        let skipped = || it.shown.skipped.load(Relaxed);
        while it.shown.lock().tree.rate.total + skipped() < u64::from(COUNT) {
            assert!(begun.elapsed() < Duration::from_secs(20));
            thread::sleep(FRAME);
        }
        it.client.disconnect(FAREWELL).unwrap();
        it.receiver.join().unwrap();
        let total = it.shown.lock().tree.rate.total;
        assert_eq!(total + skipped(), u64::from(COUNT));
        assert!((900..=1050).contains(&total), "{total}");
    }
}
