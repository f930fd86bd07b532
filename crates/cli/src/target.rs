//! The broker, the route to it and the topics: the command line, checked.
mod authentication;
mod login;
mod scram;
mod version;

use crate::{
    args::{
        BrokerArgs, CommandLine, ConnectionArgs, MessageArgs, PacketKind, SubscriptionArgs, Verb,
    },
    exit::{Exit, Failure},
    input::bytes_of,
    notice::quoted,
    transport::own_addresses,
};
pub use login::Login;
use motemq::{QoS, TopicFilter, TopicName};
use motemq_net::{BrokerUrl, Route, Scheme};
use motemq_std::{Options, Will, profile::Profile};
use std::{fmt, process};

/// MQTT allows no longer message.
const LONGEST_MESSAGE: usize = 268_435_455;
/// Longer payloads of a will have no place in CONNECT.
const LONGEST_WILL: usize = 0xffff;

/// The options of the client, the route to the broker, and the topics given.
#[derive(Debug)]
pub struct Target {
    pub options: Options,
    pub route: Route,
    pub topics: Vec<String>,
    /// User name and password, which are part of the options, too.
    #[cfg(feature = "bench")]
    pub login: Login,
}

impl Target {
    /// Reads it from the command line; else says what is wrong with that.
    pub fn of(line: &CommandLine) -> Result<Self, Failure> {
        let packets: &[_] = match &line.verb {
            Verb::Publish { .. } => &[PacketKind::Publish],
            Verb::Subscribe(_) => &[PacketKind::Subscribe, PacketKind::Unsubscribe],
        };
        let args = &line.broker.connection;
        let mut target = Self::with_packets(&line.broker, &line.common.topics, packets)?;
        match &line.verb {
            Verb::Publish { message, .. } => topics(message, &target.topics).map_err(usage)?,
            Verb::Subscribe(subscription) => {
                filters(subscription, &target.topics).map_err(usage)?;
                version::check_filters(&args.protocol, &subscription.filter).map_err(usage)?;
            }
        }
        target.options = version::with_aliases(target.options, &args.protocol, &target.topics);
        Ok(target)
    }

    /// Looks up the address to connect from, if one is given.
    pub fn look_up_own_address(&mut self, args: &ConnectionArgs) -> Result<(), Failure> {
        if let Some(name) = &args.bind {
            self.route.bind = own_addresses(name)?;
            self.options = self.options.clone().route(self.route.clone());
        }
        Ok(())
    }

    /// Reads it from the command line, without a look at the topics.
    pub fn unchecked(broker: &BrokerArgs, topics: &[String]) -> Result<Self, Failure> {
        Self::with_packets(broker, topics, &[])
    }

    /// Does the same for a command that sends properties in these packets, too, besides CONNECT, the
    /// will and DISCONNECT.
    pub fn with_packets(
        broker: &BrokerArgs,
        topics: &[String],
        packets: &[PacketKind],
    ) -> Result<Self, Failure> {
        let args = &broker.connection;
        args.protocol.check(packets).map_err(usage)?;
        version::message(&args.protocol).map_err(usage)?;
        if args.wants_srv {
            return Err(usage(
                "-S: SRV records are not looked up, since the system's resolver has none: say -h and -p as `dig +short SRV _mqtt._tcp.DOMAIN` shows them",
            ));
        }
        let url = args
            .url
            .as_deref()
            .map(BrokerUrl::parse)
            .transpose()
            .map_err(usage)?;
        let topics = url
            .iter()
            .filter_map(|url| url.topic.as_ref())
            .chain(topics)
            .cloned()
            .collect();
        let mut route = broker.transport.route(args, url.as_ref())?;
        if let Some(profile) = args.profile {
            complete(&mut route, profile);
        }
        let id = match (&args.id, &args.id_prefix) {
            (Some(id), _) => id.clone(),
            (None, Some(prefix)) => format!("{prefix}{}", process::id()),
            (None, None) => random_id(),
        };
        if args.keep_session && id.is_empty() {
            let words = "the session is to be kept, and the client identifier is empty: say -i ID";
            return Err(usage(words));
        }
        let options = Options::new(id)
            .max_message(LONGEST_MESSAGE)
            .keep_alive(args.keep_alive)
            .broker(route.host.clone(), route.port())
            .route(route.clone());
        let (user, password) = url.map(|url| (url.user, url.password)).unwrap_or_default();
        let login = login::of(args, user, password)?;
        let options = authentication::of(options, login.clone(), &args.protocol).map_err(usage)?;
        let options = match args.max_inflight {
            // As with mosquitto's tools, 0 is as many as there can be.
            Some(0) => options.in_flight(usize::MAX),
            Some(count) => options.in_flight(count.into()),
            None => options,
        };
        let options = if args.keep_session {
            options.keep_session()
        } else {
            options
        };
        let options = version::of(options, args).map_err(usage)?;
        let options = match will(args).map_err(usage)? {
            Some(will) => options.will(will),
            None => options,
        };
        let options = match args.profile {
            Some(profile) => options.profile(profile),
            None => options,
        };
        Ok(Target {
            options,
            route,
            topics,
            #[cfg(feature = "bench")]
            login,
        })
    }
}

/// Returns that the command line cannot be carried out.
fn usage(words: impl fmt::Display) -> Failure {
    Failure::new(Exit::Usage, words)
}

/// Checks that messages can be published to a topic.
pub fn check_topic(topic: &str) -> Result<(), Failure> {
    topic_name(topic).map_err(usage)
}

fn topic_name(topic: &str) -> Result<(), String> {
    TopicName::new(topic)
        .map(drop)
        .map_err(|error| format!("{} is not a topic name: {error}", quoted(topic)))
}

/// Fills in the port of a broker, TLS, and the ALPN protocol, where the command line has none.
fn complete(route: &mut Route, profile: &Profile) {
    if route.port.is_none() && route.scheme == Scheme::Mqtt {
        route.port = Some(profile.port);
        if profile.tls {
            route.scheme = Scheme::Mqtts;
        }
    }
    #[cfg(feature = "_tls")]
    if let Some((port, protocol)) = profile.alpn
        && (route.scheme, route.port()) == (Scheme::Mqtts, port)
        && !route.tls.has_alpn()
    {
        route.tls = std::mem::take(&mut route.tls).alpn(&[protocol]);
    }
}

fn topics(args: &MessageArgs, topics: &[String]) -> Result<(), String> {
    if args.topic_per_line && !args.lines {
        return Err("--topic-per-line is for lines: say -l, too".into());
    }
    match (args.topic_per_line, topics.is_empty()) {
        (true, false) => {
            Err("with --topic-per-line each line has its topic: leave out others".into())
        }
        (false, true) => Err("there is no topic to publish to: say -t TOPIC".into()),
        _ => topics.iter().try_for_each(|topic| topic_name(topic)),
    }
}

fn filters(args: &SubscriptionArgs, topics: &[String]) -> Result<(), String> {
    if topics.is_empty() && args.unsubscribe.is_empty() {
        return Err("nothing to subscribe to: say -t FILTER, as often as wished".into());
    }
    topics
        .iter()
        .chain(&args.unsubscribe)
        .chain(&args.filter_out)
        .try_for_each(|filter| topic_filter(filter))
}

/// Checks that a filter can be subscribed to.
pub fn check_filter(filter: &str) -> Result<(), Failure> {
    topic_filter(filter).map_err(usage)
}

fn topic_filter(filter: &str) -> Result<(), String> {
    TopicFilter::new(filter)
        .map(drop)
        .map_err(|error| format!("{} is not a topic filter: {error}", quoted(filter)))
}

fn will(args: &ConnectionArgs) -> Result<Option<Will>, String> {
    let Some(topic) = args.will_topic.clone() else {
        version::without_will(&args.protocol)?;
        return Ok(None);
    };
    topic_name(&topic)?;
    let payload = args
        .will_payload
        .as_deref()
        .map(bytes_of)
        .unwrap_or_default();
    if payload.len() > LONGEST_WILL {
        return Err(format!(
            "a will of {} bytes is too long: at most {LONGEST_WILL}",
            payload.len()
        ));
    }
    let (delay, properties) = version::of_will(&args.protocol)?;
    Ok(Some(Will {
        payload,
        qos: args.will_qos.unwrap_or(QoS::AtMostOnce),
        retain: args.will_retain,
        delay,
        properties,
        ..Will::new(topic)
    }))
}

/// As long as every broker takes it, and nobody else's.
fn random_id() -> String {
    format!("motemq{:016x}", fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Target, Failure> {
        Target::of(&CommandLine::of(line).unwrap())
    }

    fn says(line: &str, words: &str) {
        let error = of(line).expect_err(line);
        assert!(error.words.contains(words), "{line}: {error:?}");
    }

    #[test]
    fn topics_without_wildcards_are_published_to() {
        assert_eq!(of("--pub -t a/b -m x").unwrap().topics, ["a/b"]);
        assert_eq!(of("--pub -L mqtt://h/a/b -m x").unwrap().topics, ["a/b"]);
        says("--pub -m x", "say -t TOPIC");
        says("pub -l --topic-per-line -L mqtt://h/a", "leave out others");
        assert_eq!(
            of("pub -L mqtt://h/a -t b -m x").unwrap().topics,
            ["a", "b"]
        );
        says(
            "--pub -t a/# -m x",
            "\"a/#\" is not a topic name: the topic contains a wildcard at byte 2",
        );
    }

    #[test]
    fn filters_are_checked() {
        assert_eq!(
            of("--sub -t a/# -t +/b -L mqtt://h/c/#").unwrap().topics,
            ["c/#", "a/#", "+/b"]
        );
        assert!(of("--sub -U a").unwrap().topics.is_empty());
        says("--sub", "nothing to subscribe to");
        says("--sub -t a#", "not a topic filter");
        says("--sub -t a -T b+", "not a topic filter");
        says("--sub -t a -U #/b", "not a topic filter");
    }

    #[test]
    fn options_of_tls_go_with_ways_through_tls() {
        assert_eq!(
            of("--sub -t a --tls").unwrap().route.place(),
            "localhost:8883"
        );
        assert_eq!(
            of("--sub -t a --insecure -p 443").unwrap().route.place(),
            "localhost:443"
        );
        assert_eq!(
            of("--sub -t a -L wss://h/mqtt --alpn mqtt --sni other")
                .unwrap()
                .route
                .place(),
            "h:443"
        );
        for line in [
            "--sub -L mqtt://h/t --tls",
            "--sub -t a -L ws://h --insecure",
            "--sub -t a --unix /x --tls",
        ] {
            says(line, "mqtts://");
        }
        says(
            "--sub -t a --cafile /no/such/file",
            "cannot read /no/such/file",
        );
        says(
            "--sub -t a --cafile /dev/null",
            "/dev/null: CA certificate: it is no certificate",
        );
        says("--sub -t a --tls --ws-header A:b", "WebSocket");
        says("--sub -L http://h/t", "mqtt://");
    }

    #[test]
    fn the_url_says_all() {
        let target = of("--sub -L mqtt://me:secret@broker:1884/t").unwrap();
        assert_eq!(target.route.place(), "broker:1884");
        let shown = format!("{:?}", target.options);
        assert!(
            shown.contains("Some(\"me\")")
                && shown.contains("password: Some")
                && !shown.contains("secret"),
            "{shown}"
        );
        assert_eq!(
            of("--sub -t a -L unix:///run/x").unwrap().route.place(),
            "/run/x"
        );
        assert_eq!(
            of("--sub -t a --unix /run/x").unwrap().route.place(),
            "/run/x"
        );
        assert_eq!(of("--sub -t a").unwrap().route.place(), "localhost:1883");
        let target = of("--sub -t a --profile aws-iot -h endpoint").unwrap();
        assert!(target.route.scheme.is_tls() && target.route.place() == "endpoint:8883");
        #[cfg(feature = "_tls")]
        {
            assert!(!target.route.tls.has_alpn());
            let target = of("--sub -t a --profile aws-iot -h endpoint -p 443 --tls").unwrap();
            assert!(target.route.tls.has_alpn());
        }
    }

    #[test]
    fn a_login_apart_from_the_url_counts_more() {
        let shown = format!(
            "{:?}",
            of("--sub -L mqtt://me:secret@broker/t -u you")
                .unwrap()
                .options
        );
        assert!(shown.contains("Some(\"you\")"), "{shown}");
        of("--sub -L mqtt://me@broker/t -P secret").unwrap();
        says("--sub -t a -P secret", "-u NAME");
    }

    #[test]
    fn wills_are_checked() {
        let shown = format!(
            "{:?}",
            of("--sub -t a --will-topic gone --will-payload x --will-qos 1 --will-retain")
                .unwrap()
                .options
        );
        assert!(
            shown.contains("gone") && shown.contains("retain: true"),
            "{shown}"
        );
        says(
            "--sub -t a --will-topic gone/#",
            "\"gone/#\" is not a topic name: the topic contains a wildcard at byte 5",
        );
    }

    #[test]
    fn client_identifiers_suit_every_broker() {
        let id = random_id();
        assert!(
            id.len() <= 23 && id.chars().all(|char| char.is_ascii_alphanumeric()),
            "{id}"
        );
        assert_ne!(id, random_id());
    }
}
