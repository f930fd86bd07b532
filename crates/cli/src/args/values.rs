//! The values of options, read and checked.
use super::protocol::{Protocol, SessionExpiry};
#[cfg(feature = "bench")]
use crate::bench::{LEAST_PAYLOAD, Rate};
use crate::replay::Speed;
use motemq::QoS;
use motemq_std::{
    RetainHandling,
    profile::{self, Profile},
};
use std::time::Duration;

/// The longest payloads of a bench: more would be a test of the network.
#[cfg(feature = "bench")]
const LONGEST_PAYLOAD: usize = 1 << 20;

/// Reads a QoS.
pub fn qos(text: &str) -> Result<QoS, &'static str> {
    match text {
        "0" => Ok(QoS::AtMostOnce),
        "1" => Ok(QoS::AtLeastOnce),
        "2" => Ok(QoS::ExactlyOnce),
        _ => Err("QoS is 0, 1 or 2"),
    }
}

/// Reads a version of MQTT.
pub fn protocol(text: &str) -> Result<Protocol, &'static str> {
    match text {
        "mqttv311" | "311" => Ok(Protocol::Mqtt311),
        "mqttv5" | "5" => Ok(Protocol::Mqtt5),
        "auto" => Ok(Protocol::Auto),
        _ => Err("this program speaks MQTT 3.1.1 and MQTT 5: say mqttv311, mqttv5 or auto"),
    }
}

/// Reads for how many seconds the broker keeps a session, as mosquitto's tools take them.
pub fn session_expiry(text: &str) -> Result<SessionExpiry, &'static str> {
    if ["-1", "\u{221e}"].contains(&text) {
        return Ok(SessionExpiry(None));
    }
    let seconds: u32 = text
        .parse()
        .map_err(|_| "not -1, and not 0 to 4,294,967,294 seconds")?;
    Ok(SessionExpiry::of(seconds))
}

/// Reads when the broker sends retained messages.
pub fn retain_handling(text: &str) -> Result<RetainHandling, &'static str> {
    match text {
        "always" => Ok(RetainHandling::SendAtSubscribe),
        "new" => Ok(RetainHandling::SendIfNew),
        "never" => Ok(RetainHandling::DoNotSend),
        _ => Err("say always, new or never"),
    }
}

/// Reads the name of a profile.
pub fn profile(text: &str) -> Result<&'static Profile, String> {
    Profile::named(text).ok_or_else(|| {
        format!(
            "known are {}",
            profile::ALL.map(|profile| profile.name).join(", ")
        )
    })
}

/// Reads the name or address of a host. A URL, and a port behind the name, have options of their
/// own.
pub fn host(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err(format!("for a URL say -L {text}"));
    }
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, behind) = rest.split_once(']').unwrap_or((rest, ""));
            (address, behind.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            // More than one colon: an IPv6 address.
            Some((name, port)) if !port.contains(':') => (name, Some(port)),
            _ => (text, None),
        },
    };
    match port {
        Some(port) => Err(format!("for a port say -h {name} -p {port}")),
        None if name != text => Err(format!("without brackets: say -h {name}")),
        None if name.is_empty() => Err("there is no host without a name".into()),
        None => Ok(text.into()),
    }
}

/// Reads the name or address of this machine.
pub fn own_host(text: &str) -> Result<String, &'static str> {
    // What neither a name nor an address has: a scheme, brackets, a port.
    let has_port = text.matches(':').count() == 1;
    if text.is_empty() || has_port || text.contains(['/', '[', ']']) {
        return Err("not an address: write it as 192.0.2.1, 2001:db8::1 or the name of a host");
    }
    Ok(text.into())
}

/// Reads a percentage, as mosquitto_sub takes it.
pub fn percent(text: &str) -> Result<f64, &'static str> {
    let number = text.parse().ok();
    number
        .filter(|number| (0.1..=100.0).contains(number))
        .ok_or("not a number from 0.1 to 100")
}

/// Reads a number of seconds.
pub fn seconds(text: &str) -> Result<Duration, &'static str> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    // Clocks of some systems end not long after.
    let longest = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    Duration::try_from_secs_f64(number)
        .ok()
        .filter(|&time| time <= longest)
        .ok_or("not a number of seconds that can be waited")
}

/// Reads a number of seconds that leaves time for something.
pub fn some_seconds(text: &str) -> Result<Duration, &'static str> {
    seconds(text).and_then(|time| {
        if time.is_zero() {
            Err("0 seconds leave no time for anything")
        } else {
            Ok(time)
        }
    })
}

/// Reads a number of bytes, such as 65536, 10k, 10M or 1G.
pub fn bytes(text: &str) -> Result<u64, &'static str> {
    const WRONG: &str = "not a number of bytes such as 65536, 10k, 10M or 1G";
    let units = [('k', 10), ('K', 10), ('M', 20), ('G', 30)];
    let unit = units.iter().find(|(unit, _)| text.ends_with(*unit));
    let (digits, shift) = match unit {
        Some((unit, shift)) => (text.strip_suffix(*unit).unwrap_or(text), *shift),
        None => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| WRONG)?;
    let bytes = number.checked_mul(1 << shift);
    bytes.filter(|&bytes| bytes > 0).ok_or(WRONG)
}

/// Reads a number of messages a second.
#[cfg(feature = "bench")]
pub fn rate(text: &str) -> Result<Rate, &'static str> {
    if text == "max" {
        return Ok(Rate::Max);
    }
    let rate: Option<f64> = text.parse().ok();
    rate.filter(|rate| rate.is_finite() && *rate > 0.0)
        .map(Rate::PerSecond)
        .ok_or("not max, and not a number of messages a second")
}

/// Reads the length of payloads that carry a number and a time.
#[cfg(feature = "bench")]
pub fn payload_size(text: &str) -> Result<usize, String> {
    let size: Option<usize> = text.parse().ok();
    let is_good = |size: &usize| (LEAST_PAYLOAD..=LONGEST_PAYLOAD).contains(size);
    size.filter(is_good)
        .ok_or_else(|| format!("not a length from {LEAST_PAYLOAD} to {LONGEST_PAYLOAD} bytes"))
}

/// Reads a speed. With others the replay would not end, or not keep any pace.
pub fn speed(text: &str) -> Result<Speed, &'static str> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let times: Option<f64> = text.parse().ok();
    times
        .filter(|times| (0.0001..=1_000_000.0).contains(times))
        .map(Speed::Times)
        .ok_or("not max, and not a number from 0.0001 to 1000000, such as 10 or 0.5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        for (text, wanted) in [
            ("1", 1),
            ("10k", 10 << 10),
            ("3M", 3 << 20),
            ("1G", 1 << 30),
        ] {
            assert_eq!(bytes(text), Ok(wanted));
        }
        for wrong in ["", "0", "k", "-1", "1T", "1.5M", "99999999999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_speed_is_a_number_of_times() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        for (text, times) in [("0.5", 0.5), ("0.0001", 0.0001), ("1000000", 1e6)] {
            assert_eq!(speed(text), Ok(Speed::Times(times)));
        }
        for wrong in ["", "0", "-1", "inf", "NaN", "fast", "1e-300", "1e9"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_has_neither_scheme_nor_port() {
        for good in [
            "localhost",
            "10.0.0.1",
            "::1",
            "fe80::1%eth0",
            "broker.example",
        ] {
            assert_eq!(host(good).as_deref(), Ok(good));
        }
        for wrong in [
            "",
            "127.0.0.1:0",
            "[::1]",
            "[::1]:0",
            "tcp://here",
            "eth0/24",
        ] {
            assert!(own_host(wrong).is_err(), "{wrong}");
        }
        for good in ["localhost", "127.0.0.2", "::1"] {
            assert_eq!(own_host(good).as_deref(), Ok(good));
        }
        for (wrong, words) in [
            ("mqtt://broker", "say -L mqtt://broker"),
            ("broker:1884", "say -h broker -p 1884"),
            ("[::1]:1884", "say -h ::1 -p 1884"),
            ("[::1]", "say -h ::1"),
            ("", "no host"),
        ] {
            let error = host(wrong).unwrap_err();
            assert!(error.contains(words), "{wrong}: {error}");
        }
    }
}
