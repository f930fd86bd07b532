//! The options of the connection: the broker, the client, the will.
use super::{
    protocol::ProtocolArgs,
    values::{host, own_host, profile, qos},
};
use crate::transport::TransportArgs;
use clap::{Args, value_parser};
use motemq::QoS;
use motemq_net::Proxy;
use motemq_std::profile::Profile;
use std::{ffi::OsString, path::PathBuf};

const URL: &str = "All in one: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://[USER[:PASSWORD]@]HOST[:PORT][/PATH], \
                   unix://[USER[:PASSWORD]@]/PATH; special characters as %XX";

/// The broker, and the way to it.
#[derive(Args, Debug, Default)]
pub struct BrokerArgs {
    #[command(flatten)]
    pub connection: ConnectionArgs,

    #[command(flatten)]
    pub transport: TransportArgs,
}

impl BrokerArgs {
    /// Returns whether the user is asked for a password on the terminal.
    pub fn asks_for_password(&self) -> bool {
        self.connection.asks_for_password() || self.transport.asks_for_password()
    }
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Name or address of the broker
    #[arg(short, long, value_name = "HOST", default_value = "localhost", value_parser = host)]
    pub host: String,

    /// TCP port of the broker [default: 1883, with TLS 8883]
    #[arg(short, long, value_name = "PORT", value_parser = value_parser!(u16).range(1..))]
    pub port: Option<u16>,

    #[arg(short = 'L', long, help = URL, value_name = "URL", conflicts_with_all = ["host", "port", "unix"])]
    pub url: Option<String>,

    /// Unix socket of the broker
    #[arg(long, value_name = "PATH", conflicts_with_all = ["host", "port"])]
    pub unix: Option<String>,

    /// Connect from this address of this machine; a host name stands for its first address of the
    /// kind that the broker has, IPv4 or IPv6
    #[arg(short = 'A', long, value_name = "ADDRESS", value_parser = own_host, conflicts_with = "unix")]
    pub bind: Option<String>,

    /// Go through this proxy: socks5://[user[:password]@]host[:port], or http:// alike
    #[arg(long, value_name = "URL", value_parser = Proxy::from_url, conflicts_with = "unix")]
    pub proxy: Option<Proxy>,

    /// User name
    #[arg(
        short = 'u',
        long = "username",
        value_name = "NAME",
        allow_hyphen_values = true
    )]
    pub user: Option<String>,

    /// Password; - asks for it on the terminal. Other users of this machine may see it in the list of
    /// processes: use -, --pw-file or the variable MOTEMQ_PW
    #[arg(
        short = 'P',
        long = "pw",
        visible_alias = "password",
        value_name = "PASSWORD",
        allow_hyphen_values = true
    )]
    pub password: Option<OsString>,

    /// The first line of FILE is the password
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    pub pw_file: Option<PathBuf>,

    /// Client identifier (motemq and random letters if not given)
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub id: Option<String>,

    /// Client identifier: PREFIX and the number of this process
    #[arg(
        short = 'I',
        long,
        value_name = "PREFIX",
        conflicts_with = "id",
        allow_hyphen_values = true
    )]
    pub id_prefix: Option<String>,

    /// Keep the session (subscriptions, messages missed) at the broker, or continue it; what an
    /// earlier run had not finished sending is not sent again
    #[arg(short = 'c', long = "disable-clean-session", requires = "id")]
    pub keep_session: bool,

    /// The broker hears from us at least every SECONDS; 0: it need not
    #[arg(
        short = 'k',
        long = "keepalive",
        value_name = "SECONDS",
        default_value = "60"
    )]
    pub keep_alive: u16,

    /// Have at most N messages with QoS 1 or 2 under way at once; 0: as many as possible, which
    /// are 16,384 [default: 20]
    #[arg(short = 'M', long, value_name = "N")]
    pub max_inflight: Option<u16>,

    /// Send each packet at once, which is always so; mosquitto's tools have this option
    #[arg(long)]
    nodelay: bool,

    /// Refuse what this broker would not take, and say why; use its port, and TLS if it wants
    /// that, where nothing else is said: aws-iot, azure-iot-hub, hivemq-cloud, mosquitto
    #[arg(long, value_name = "BROKER", value_parser = profile)]
    pub profile: Option<&'static Profile>,

    /// Topic of the will, which the broker publishes if the connection breaks
    #[arg(long, value_name = "TOPIC", allow_hyphen_values = true)]
    pub will_topic: Option<String>,

    /// Payload of the will [default: empty]
    #[arg(
        long,
        value_name = "TEXT",
        requires = "will_topic",
        allow_hyphen_values = true
    )]
    pub will_payload: Option<OsString>,

    /// QoS of the will
    #[arg(long, value_name = "0|1|2", value_parser = qos, requires = "will_topic")]
    pub will_qos: Option<QoS>,

    /// The broker keeps the will for later subscribers
    #[arg(long, requires = "will_topic")]
    pub will_retain: bool,

    #[arg(short = 'S', hide = true)]
    pub wants_srv: bool,

    #[command(flatten)]
    pub protocol: ProtocolArgs,
}

impl ConnectionArgs {
    /// Returns the values that hold where no option is given.
    pub fn standard() -> Self {
        ConnectionArgs {
            host: "localhost".into(),
            keep_alive: 60,
            ..Self::default()
        }
    }

    /// Returns whether the user is asked for the password on the terminal.
    pub fn asks_for_password(&self) -> bool {
        self.password.as_deref().is_some_and(|text| text == "-")
    }
}
