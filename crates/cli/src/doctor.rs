//! `doctor`: each layer between here and the broker, one after the other, and what to change where
//! one does not work.
mod report;
#[cfg(feature = "_tls")]
mod tls;
mod version;

use crate::{
    args::{DoctorLine, Protocol},
    exit::{Exit, Failure},
    stop::Stop,
    target::{Target, check_topic},
};
use motemq_net::{ProxyError, Route, Scheme, addresses_to_try};
use motemq_std::{
    Client, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, RecvTimeoutError,
    RequestError, SessionState, SubscribeError, TransportErrorKind,
};
use report::{bad, good, show};
use std::{
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

/// The time limit of each layer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Carries out `doctor`.
pub fn run(line: &DoctorLine) -> Result<Exit, Failure> {
    let mut stop = Stop::after(line.give_up);
    let mut target = target(line)?;
    stop.watch(Exit::Interrupted)?;
    target.look_up_own_address(&line.broker.connection)?;
    let route = &target.route;
    if route.scheme != Scheme::Unix {
        let stream = tcp(route, &name(route)?)?;
        let stream = through_proxy(route, stream)?;
        #[cfg(feature = "_tls")]
        if route.scheme.is_tls() {
            tls::look(route, stream)?;
        } else {
            drop(stream);
        }
        #[cfg(not(feature = "_tls"))]
        drop(stream);
    }
    let options = target
        .options
        .clone()
        .connect_timeout(PATIENCE)
        .ack_timeout(Some(PATIENCE))
        .reconnect(Reconnect::Never);
    let client = connect(route, &options)?;
    let topic = target
        .topics
        .first()
        .cloned()
        .unwrap_or_else(|| format!("motemq/doctor/{:016x}", fastrand::u64(..)));
    let spoken = version::show_announced(&client, line.broker.connection.keep_alive);
    there_and_back(client, &topic, line.qos)?;
    let falls_back = line.broker.connection.protocol.version() == Protocol::Auto;
    version::show_spoken(&options, spoken, falls_back)?;
    show("all layers work");
    report::end()
}

/// Reads the broker and the topic from the command line.
pub fn target(line: &DoctorLine) -> Result<Target, Failure> {
    let target = Target::unchecked(&line.broker, &line.topics)?;
    let topics = &target.topics;
    if topics.len() > 1 {
        let words = format!("one topic is tried, and {} are given", topics.len());
        return Err(Failure::new(Exit::Usage, words));
    }
    topics.iter().try_for_each(|topic| check_topic(topic))?;
    Ok(target)
}

fn name(route: &Route) -> Result<Vec<SocketAddr>, Failure> {
    let since = Instant::now();
    let (host, port) = route.next_hop();
    let failed = |why: &dyn std::fmt::Display| {
        let words = format!("host {host} has no address: check the name, and the network ({why})");
        bad("name", Exit::NoName, words)
    };
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|error| failed(&error))?;
    let addresses = addresses_to_try(found);
    if addresses.is_empty() {
        return Err(failed(&"nothing found"));
    }
    let shown: Vec<_> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    good("name", format_args!("{host}: {}", shown.join(", ")), since);
    Ok(addresses)
}

fn tcp(route: &Route, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut reached = None;
    let mut words = String::new();
    for address in addresses {
        let since = Instant::now();
        match route.connect(*address, PATIENCE) {
            Ok(stream) => {
                good("tcp", address, since);
                reached.get_or_insert(stream);
            }
            Err(error) => {
                show(format_args!("tcp        no  {address}: {error}"));
                words = error.to_string();
            }
        }
    }
    reached.ok_or_else(|| {
        let advice = "check the port, firewalls on the way, and that a broker runs there";
        bad(
            "tcp",
            Exit::CannotConnect,
            format_args!(
                "nobody takes a connection at {}: {advice} ({words})",
                match &route.proxy {
                    Some(proxy) => proxy.to_string(),
                    None => route.place(),
                }
            ),
        )
    })
}

/// Asks the proxy, if there is one, for a connection to the broker.
fn through_proxy(route: &Route, mut stream: TcpStream) -> Result<TcpStream, Failure> {
    let Some(proxy) = &route.proxy else {
        return Ok(stream);
    };
    let since = Instant::now();
    be_patient(&stream, PATIENCE);
    match proxy.connect(&route.host, route.port(), &mut stream) {
        Ok(()) => {
            good("proxy", format_args!("{proxy} to {}", route.place()), since);
            Ok(stream)
        }
        Err(error) => Err(bad(
            "proxy",
            if matches!(error, ProxyError::TimedOut) {
                Exit::TimeOut
            } else {
                Exit::CannotConnect
            },
            format_args!("cannot reach {} through {proxy}: {error}", route.place()),
        )),
    }
}

/// Limits how long each read and each write may take.
fn be_patient(stream: &TcpStream, limit: Duration) {
    // Where there are no time-outs it takes as long as it takes.
    let _ = stream
        .set_read_timeout(Some(limit))
        .and_then(|()| stream.set_write_timeout(Some(limit)));
}

/// Opens a connection as the other commands do, through all layers.
fn connect(route: &Route, options: &Options) -> Result<Client, Failure> {
    let since = Instant::now();
    let client = Client::connect(options.clone())?;
    let connected = client.connected();
    let layer = match &connected {
        Err(Ended::GaveUp(DisconnectReason::Transport(error))) => match error.kind() {
            TransportErrorKind::WebSocket => "websocket",
            TransportErrorKind::Tls => "tls",
            TransportErrorKind::Io | TransportErrorKind::NotMqtt => "connect",
            _ => "socket",
        },
        _ => "connect",
    };
    if layer == "connect" {
        match route.scheme {
            Scheme::Unix => good("socket", &route.path, since),
            Scheme::Ws | Scheme::Wss => good(
                "websocket",
                route.path.split('?').next().unwrap_or_default(),
                since,
            ),
            Scheme::Mqtt | Scheme::Mqtts => {}
        }
    }
    match connected {
        Ok(session) => {
            let session = match session {
                SessionState::New => "the broker has begun a new session",
                SessionState::Resumed | SessionState::Unrecognized => {
                    "the broker has kept an earlier session"
                }
            };
            good("connect", session, since);
            Ok(client)
        }
        Err(ended) => {
            let failure = Failure::of_end(&ended);
            let hint = match version::hint(&ended) {
                "" if layer == "connect" => hint(route),
                version => version,
            };
            Err(bad(
                layer,
                failure.exit,
                format_args!("{}{hint}", failure.words),
            ))
        }
    }
}

/// Returns the advice for a broker that answers CONNECT with silence or hangs up, as one does that
/// expects TLS.
#[cfg(feature = "_tls")]
fn hint(route: &Route) -> &'static str {
    if tls::is_spoken(route) {
        "; TLS is spoken on this port: say mqtts:// or --tls (wss:// for ws://)"
    } else {
        ""
    }
}

#[cfg(not(feature = "_tls"))]
fn hint(_: &Route) -> &'static str {
    ""
}

fn there_and_back(client: Client, topic: &str, qos: QoS) -> Result<(), Failure> {
    let failed = |layer, failure: Failure| {
        let advice = "; the broker may not let this client use this topic: try another with -t, or another QoS with -q";
        bad(
            layer,
            failure.exit,
            format_args!("{}{advice}", failure.words),
        )
    };
    let since = Instant::now();
    let mut messages = match client.subscribe(&[Filter::new(topic, qos)]) {
        Ok(stream) => stream,
        Err(SubscribeError::Failed(RequestError::Refused { reason, .. })) => {
            let why = reason.map_or(String::new(), |reason| format!(" ({reason})"));
            return Err(bad(
                "subscribe",
                Exit::Refused,
                format_args!("the broker refuses {topic}{why}: check its rules, or say -t TOPIC"),
            ));
        }
        Err(error) => {
            return Err(failed("subscribe", Failure::of_subscribe(&error)));
        }
    };
    let granted = messages
        .granted()
        .first()
        .copied()
        .unwrap_or(QoS::AtMostOnce);
    good(
        "subscribe",
        format_args!("{topic}, QoS {} granted", granted as u8),
        since,
    );
    let since = Instant::now();
    let payload = fastrand::u64(..).to_string();
    let publish = Publish::to(topic).payload(payload.as_bytes()).qos(qos);
    client
        .publish(&publish)
        .map_err(|error| failed("publish", Failure::of_publish(&error)))?
        .wait()
        .map_err(|error| failed("publish", Failure::of_request(&error)))?;
    good("publish", format_args!("QoS {}", qos as u8), since);
    loop {
        let left = PATIENCE.saturating_sub(since.elapsed());
        match messages.recv_timeout(left) {
            Ok(message) if message.payload == payload.as_bytes() => break,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => {
                let words = format!(
                    "the message did not come back within {PATIENCE:?}: the broker may not let this client publish to {topic}"
                );
                return Err(bad("receive", Exit::TimeOut, words));
            }
            Err(RecvTimeoutError::Ended) => {
                let failure = match client.connected() {
                    Err(ended) => Failure::of_end(&ended),
                    Ok(_) => Failure::new(Exit::ConnectionLost, "connection lost"),
                };
                return Err(failed("receive", failure));
            }
        }
    }
    good("receive", "the message came back", since);
    // What a broker does with it says nothing any more.
    let _ = client.disconnect(PATIENCE);
    Ok(())
}
