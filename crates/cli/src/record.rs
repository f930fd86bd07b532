//! `record`: messages are written to a file as they arrive.
mod raw;

use crate::{
    args::RecordLine,
    connection::{self, Connection},
    exit::{Exit, Failure},
    recording::{Entry, Form, Limits, Properties, Recording},
    stop::Stop,
    subscriptions,
    target::{Target, check_filter},
};
use motemq_std::{Message, RecvTimeoutError};
use raw::Raw;
use std::{
    ops::ControlFlow,
    time::{Duration, SystemTime},
};

/// The time between two checks whether the bytes of the connection could be written.
const GLANCE: Duration = Duration::from_millis(500);

/// Records.
pub fn run(line: &RecordLine) -> Result<Exit, Failure> {
    let mut stop = Stop::after(line.give_up);
    let mut target = target(line)?;
    let interrupted = match line.count {
        None => Exit::Done,
        Some(_) => Exit::Interrupted,
    };
    stop.watch(interrupted)?;
    let form = if line.gzip { Form::Gzip } else { Form::Plain };
    let limits = Limits {
        size: line.rotate_size,
        age: line.rotate_time,
        keep: line.keep,
    };
    // What cannot be written is known before there is a connection.
    let file = line.file.as_deref();
    let mut recording = file
        .map(|file| Recording::open(file, form, limits))
        .transpose()?;
    let raw = line.raw.as_deref().map(Raw::open).transpose()?;
    if let Some(raw) = &raw {
        target.options = raw.listen_to(target.options);
    }
    target.look_up_own_address(&line.broker.connection)?;
    let mut connection = connection::connect(&target, &stop, true, line.report.debug)?;
    let mut recorder = Recorder {
        recording: recording.as_mut(),
        raw: raw.as_ref(),
        left: line.count,
        stop: &stop,
    };
    let recorded = recorder.run(&mut connection, &target.topics, line);
    let is_cut = matches!(&recorded, Err(failure) if failure.exit == Exit::ConnectionLost);
    let ended = match connection::end(connection, recorded, &stop) {
        // A recorder connects again for messages, not to take its leave.
        Err(failure) if !is_cut && failure.exit == Exit::ConnectionLost => Ok(Exit::Done),
        ended => ended,
    };
    let finished = recording.map_or(Ok(()), Recording::finish);
    let exit = ended?;
    finished?;
    raw.map_or(Ok(()), |raw| raw.check())?;
    Ok(exit)
}

/// Reads the broker and the topics from the command line.
pub fn target(line: &RecordLine) -> Result<Target, Failure> {
    let target = Target::unchecked(&line.broker, &line.topics)?;
    if target.topics.is_empty() {
        let words = "nothing to record: say -t FILTER, as often as wished";
        return Err(Failure::new(Exit::Usage, words));
    }
    if line.keep.is_some() && line.rotate_size.is_none() && line.rotate_time.is_none() {
        let words = "--keep is for numbered files: say --rotate-size or --rotate-time, too";
        return Err(Failure::new(Exit::Usage, words));
    }
    target
        .topics
        .iter()
        .try_for_each(|topic| check_filter(topic))?;
    Ok(target)
}

struct Recorder<'a> {
    recording: Option<&'a mut Recording>,
    raw: Option<&'a Raw>,
    left: Option<u64>,
    stop: &'a Stop,
}

impl Recorder<'_> {
    fn run(
        &mut self,
        connection: &mut Connection,
        topics: &[String],
        line: &RecordLine,
    ) -> Result<(), Failure> {
        let mut meanwhile = |_: &mut _, _: &mut _| Ok(ControlFlow::Continue(()));
        let subscribed =
            subscriptions::subscribe(connection, topics, line.qos.into(), &mut meanwhile)?;
        if subscribed.is_break() {
            return Ok(());
        }
        loop {
            let now = connection.next_now();
            match now.map_or_else(|| connection.next(GLANCE), Ok) {
                Ok((message, unacked)) => {
                    // It is acknowledged when it is in the file, and not before.
                    let flow = self.record(&message)?;
                    unacked.ack();
                    if flow.is_break() {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Ended) => return Err(connection.failure(self.stop)),
            }
            self.raw.map_or(Ok(()), Raw::check)?;
        }
    }

    fn record(&mut self, message: &Message) -> Result<ControlFlow<()>, Failure> {
        if let Some(recording) = &mut self.recording {
            let entry = Entry::new(SystemTime::now(), &message.topic, &message.payload)
                .flags(message.qos as u8, message.retain, message.dup)
                .properties(Properties::of(message.properties.get()));
            let line = entry.line().map_err(|error| {
                Failure::new(Exit::Files, format_args!("cannot write a line: {error}"))
            })?;
            if recording.write(&line)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.left = self.left.map(|left| left - 1);
        Ok(if self.left == Some(0) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
