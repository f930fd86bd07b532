//! The options of the clients: those of the command line, for many of them.
use crate::{
    args::{ConnectionArgs, Protocol},
    exit::{Exit, Failure},
    target::{Login, Target},
};
use motemq_tokio::{Options, Version};
use std::time::Duration;

/// The longest that an attempt to connect, and the broker's answer, may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that an acknowledgement may take: a loaded broker is slow.
const ACK_PATIENCE: Duration = Duration::from_secs(60);

/// Returns the options that all clients have in common.
pub fn of(target: &Target, args: &ConnectionArgs) -> Result<Options, Failure> {
    if args.keep_session || args.protocol.session_expiry.is_some() || args.will_topic.is_some() {
        let words =
            "bench keeps no sessions and leaves no wills: leave out -c, -x and --will-topic";
        return Err(Failure::new(Exit::Usage, words));
    }
    if !args.protocol.properties.is_empty() {
        let words = "bench sends no properties: leave out -D";
        return Err(Failure::new(Exit::Usage, words));
    }
    let mut options = Options::new("")
        .broker(target.route.host.clone(), target.route.port())
        .route(target.route.clone())
        .keep_alive(args.keep_alive)
        .connect_timeout(PATIENCE)
        .ack_timeout(Some(ACK_PATIENCE));
    let Login { user, password } = target.login.clone();
    options = match (user, password) {
        (Some(user), Some(password)) => options.login(user, password),
        (Some(user), None) => options.user(user),
        (None, _) => options,
    };
    options = match args.protocol.version() {
        Protocol::Mqtt311 => options,
        Protocol::Mqtt5 => options.version(Version::Mqtt5),
        Protocol::Auto => options.version(Version::Mqtt5).fall_back(),
    };
    if let Some(count) = args.max_inflight {
        options = options.in_flight(count.into());
    }
    if let Some(profile) = args.profile {
        options = options.profile(profile);
    }
    Ok(options)
}

/// Returns the beginning of the client identifiers.
pub fn id_prefix(args: &ConnectionArgs, run: u32) -> String {
    match (&args.id, &args.id_prefix) {
        (Some(prefix), _) | (None, Some(prefix)) => prefix.clone(),
        // With six digits behind it as long as every broker takes it.
        (None, None) => format!("motemq{run:08x}"),
    }
}
