//! The versions of MQTT that the broker speaks, and what it announces with MQTT 5.
use super::{
    PATIENCE,
    report::{good, show},
};
use crate::exit::Failure;
use motemq_std::{
    Client, DisconnectReason, Ended, Options, ReasonCode, ReturnCode, ServerLimits, State, Version,
};
use std::{fmt, time::Instant};

/// The longest packet that MQTT has: as good as no limit.
const LONGEST_PACKET: u32 = 268_435_460;

/// Shows what the broker announces, if it speaks MQTT 5. Returns the version that is spoken.
pub fn show_announced(client: &Client, keep_alive: u16) -> Version {
    let State::Connected {
        version, limits, ..
    } = client.state()
    else {
        return Version::Mqtt311;
    };
    if version == Version::Mqtt5 {
        let line = |name: &str, value: &dyn fmt::Display| {
            show(format_args!("           {name}: {value}"));
        };
        line("version", &"MQTT 5");
        if let Some(id) = client.assigned_client_id() {
            line("assigned client identifier", &id);
        }
        show_limits(&limits, keep_alive, line);
    }
    version
}

fn show_limits(limits: &ServerLimits, keep_alive: u16, line: impl Fn(&str, &dyn fmt::Display)) {
    let available = |is_available| {
        if is_available {
            "available"
        } else {
            "not available"
        }
    };
    line("receive maximum", &limits.receive_maximum);
    match limits.maximum_packet_size {
        LONGEST_PACKET => line("maximum packet size", &"not limited"),
        size => line("maximum packet size", &format_args!("{size} bytes")),
    }
    line("maximum QoS", &(limits.maximum_qos as u8));
    line("topic alias maximum", &limits.topic_alias_maximum);
    line("retained messages", &available(limits.retain_available));
    let wildcards = limits.wildcard_subscription_available;
    line("wildcard subscriptions", &available(wildcards));
    let identifiers = limits.subscription_identifier_available;
    line("subscription identifiers", &available(identifiers));
    let shared = limits.shared_subscription_available;
    line("shared subscriptions", &available(shared));
    match limits.keep_alive {
        asked if asked == keep_alive => line("keep alive", &format_args!("{asked} s")),
        other => line(
            "keep alive",
            &format_args!("{other} s, as the broker wants it"),
        ),
    }
    match limits.session_expiry() {
        Some(time) => line("session expiry", &format_args!("{} s", time.as_secs())),
        None => line("session expiry", &"never"),
    }
}

/// Returns the advice for a broker that refuses the version.
pub fn hint(ended: &Ended) -> &'static str {
    if is_refused(ended) {
        "; say -V auto to speak the version that it knows"
    } else {
        ""
    }
}

/// Returns whether the broker does not speak the version.
fn is_refused(ended: &Ended) -> bool {
    match ended {
        Ended::GaveUp(DisconnectReason::Refused(code)) => {
            *code == ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION
        }
        Ended::GaveUp(DisconnectReason::RefusedWith(reason)) => {
            reason.code() == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION
        }
        _ => false,
    }
}

/// Shows which versions the broker speaks; `spoken`: the one that it spoke with a client of these
/// options, which `falls_back` if the broker does not speak MQTT 5.
pub fn show_spoken(options: &Options, spoken: Version, falls_back: bool) -> Result<(), Failure> {
    let since = Instant::now();
    let (name, other, other_name) = match spoken {
        Version::Mqtt5 => ("MQTT 5", Version::Mqtt311, "MQTT 3.1.1"),
        _ => ("MQTT 3.1.1", Version::Mqtt5, "MQTT 5"),
    };
    if falls_back && spoken != Version::Mqtt5 {
        good("versions", format_args!("{name}, not {other_name}"), since);
        return Ok(());
    }
    let client = Client::connect(options.clone().version(other))?;
    match client.connected() {
        Ok(_) => {
            good("versions", format_args!("{name} and {other_name}"), since);
            // What a broker does with it says nothing any more.
            let _ = client.disconnect(PATIENCE);
        }
        Err(ended) if is_refused(&ended) => {
            good("versions", format_args!("{name}, not {other_name}"), since);
        }
        Err(ended) => {
            let words = Failure::of_end(&ended).words;
            let what = format!("{name}; no connection with {other_name}: {words}");
            good("versions", what, since);
        }
    }
    Ok(())
}
