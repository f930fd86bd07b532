//! The connection: how it begins, how it comes again, how it ends.
use crate::{
    exit::{Exit, Failure},
    notice::say,
    stop::Stop,
    target::Target,
};
use motemq_std::{Client, Direction, Error, Options, Reconnect};
use std::time::{Duration, SystemTime};

/// An attempt to connect, and again the wait for the broker's answer, may take so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// MQTT allows no longer message.
const LONGEST_MESSAGE: usize = 268_435_455;
/// How long a message may wait for its acknowledgement.
const ACK_PATIENCE: Duration = Duration::from_secs(20);
/// After Ctrl-C it has so long.
const FAREWELL: Duration = Duration::from_secs(2);

/// Connects; `again`: also when the connection is lost later, which is then said.
pub fn connect(
    target: &Target,
    stop: &Stop,
    again: bool,
    show_packets: bool,
) -> Result<Client, Failure> {
    let reconnect = if again {
        Reconnect::back_off()
    } else {
        Reconnect::Never
    };
    let options = target
        .options
        .clone()
        .connect_timeout(PATIENCE)
        .ack_timeout(Some(ACK_PATIENCE))
        .max_message(LONGEST_MESSAGE);
    let options = options.reconnect(reconnect).stop_flag(stop.flag());
    let options = if show_packets {
        traced(options)
    } else {
        options
    };

    let (place, address) = (target.route.place(), options.clone());
    let mut was_open = false;
    let mut first = true;
    let dial = move || {
        if was_open {
            say(format_args!("connection to {place} lost: connecting again"));
        }
        let dialed = address.dial();
        was_open = dialed.is_ok();
        match &dialed {
            // The first attempt's failure ends the program, with these words.
            _ if first => {}
            Ok(_) => say(format_args!("connected to {place} again")),
            Err(Error::Stopped) => {}
            Err(error) => say(format_args!("{error}; trying again")),
        }
        first = false;
        dialed
    };
    let client = Client::dialing(dial, &options).map_err(|error| match Failure::from(error) {
        Failure {
            exit: Exit::Interrupted,
            ..
        } => Failure::new(stop.exit(), stop.words()),
        failure => failure,
    })?;
    stop.connected();
    Ok(client)
}

/// Says when which packet goes which way.
fn traced(options: Options) -> Options {
    options.trace(|direction, packet| {
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        let way = if direction == Direction::In {
            "<-"
        } else {
            "->"
        };
        say(format_args!("{now} {way} {packet}"));
    })
}

/// Ends the connection as well as can be after `outcome`, and says how the program ends.
pub fn end(client: Client, outcome: Result<(), Failure>, stop: &Stop) -> Result<Exit, Failure> {
    match outcome {
        Ok(()) => client
            .disconnect()
            .map(|()| Exit::Done)
            .map_err(Failure::from),
        Err(failure) if failure.exit == Exit::Interrupted => stopped(client, stop),
        Err(failure) => {
            // At once: what is under way is lost for us.
            let _ = client.disconnect_within(Duration::ZERO);
            Err(failure)
        }
    }
}

fn stopped(client: Client, stop: &Stop) -> Result<Exit, Failure> {
    let exit = stop.exit();
    let owing = client.pending() > 0;
    match client.disconnect_within(if exit == Exit::TimeOut {
        Duration::ZERO
    } else {
        FAREWELL
    }) {
        Ok(()) => {}
        // Nobody to take leave of, and nothing to wait for.
        Err(Error::ConnectionLost(_)) if !owing => {}
        Err(Error::NotAcknowledged { .. }) => {
            return Err(Failure::new(
                Exit::NotAcknowledged,
                format_args!("{}, without an acknowledgement by the broker", stop.words()),
            ));
        }
        Err(error) => return Err(error.into()),
    }
    if exit == Exit::Done {
        Ok(exit)
    } else {
        Err(Failure::new(exit, stop.words()))
    }
}
