//! Profiles of brokers: their limits besides the rules of MQTT, which the client checks before it
//! sends anything.
mod brokers;
mod limit;

pub use brokers::{AWS_IOT, AZURE_IOT_HUB, HIVEMQ_CLOUD, MOSQUITTO};
pub use limit::{Limit, OverLimit};

use crate::error::shortened;
use motemq::{Connect, Filter, Publish, QoS};

/// All profiles of this crate.
pub const ALL: [&Profile; 4] = [&AWS_IOT, &AZURE_IOT_HUB, &HIVEMQ_CLOUD, &MOSQUITTO];

/// The limits of a broker, and the port on which it listens.
///
/// Many brokers do not answer packets that exceed their limits, or close the connection. With a
/// profile, the client returns an error that names the limit, before it sends anything. To make a
/// profile of another broker, change [`ANY`](Self::ANY).
///
/// # Examples
/// ```
/// use motemq::{Publish, QoS};
/// use motemq_client::profile::{AWS_IOT, Profile};
/// let error = AWS_IOT.check_publish(&Publish::to("door").qos(QoS::ExactlyOnce)).unwrap_err();
/// assert_eq!(error.to_string(), "AWS IoT Core accepts QoS 1 at most, not QoS 2: use a lower one");
///
/// const OURS: Profile = Profile { broker: "our broker", payload: 1000, ..Profile::ANY };
/// assert!(OURS.check_publish(&Publish::to("door").payload(&[0; 1001])).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Profile {
    /// The name of the profile on command lines, in lower-case letters and hyphens.
    pub name: &'static str,
    /// The name of the broker in errors.
    pub broker: &'static str,
    /// The usual port of the broker.
    pub port: u16,
    /// True if the broker accepts only connections over TLS.
    pub tls: bool,
    /// Another port, which the broker uses for several protocols, and the name with which TLS has
    /// to select MQTT there (ALPN).
    pub alpn: Option<(u16, &'static str)>,
    /// The greatest length of a client identifier in bytes.
    pub client_id: usize,
    /// A character with which a client identifier must not begin.
    pub client_id_not: Option<char>,
    /// True if a connection requires a user name and a password.
    pub login: bool,
    /// The longest keep alive in seconds, or `None` if the broker accepts any keep alive, including
    /// 0. With a longest one, 0 is not accepted.
    pub keep_alive: Option<u16>,
    /// The highest QoS of messages and filters.
    pub qos: QoS,
    /// The greatest length of a topic or filter in bytes.
    pub topic: usize,
    /// The greatest number of slashes in a topic or filter.
    pub slashes: usize,
    /// The texts with one of which each topic or filter has to begin, or an empty slice if any
    /// topic is accepted.
    pub roots: &'static [&'static str],
    /// A text with which topics can begin. This text and the level after it are not counted for
    /// [`topic`](Self::topic) and [`slashes`](Self::slashes).
    pub uncounted: Option<&'static str>,
    /// The greatest length of a payload in bytes.
    pub payload: u32,
    /// The greatest length of topic and payload together in bytes.
    pub message: u32,
    /// The greatest number of filters in one SUBSCRIBE.
    pub filters: usize,
    /// The greatest number of messages with QoS 1 and 2 that may be in flight to the broker.
    pub in_flight: u16,
}

impl Profile {
    /// The profile of a broker that has no limits besides those of MQTT.
    pub const ANY: Profile = Profile {
        name: "any",
        broker: "this broker",
        port: 1883,
        tls: false,
        alpn: None,
        client_id: 65_535,
        client_id_not: None,
        login: false,
        keep_alive: None,
        qos: QoS::ExactlyOnce,
        topic: 65_535,
        slashes: usize::MAX,
        roots: &[],
        uncounted: None,
        payload: u32::MAX,
        message: u32::MAX,
        filters: 255,
        in_flight: 65_535,
    };

    /// Returns the profile of this crate with this [name](Self::name), or `None`.
    ///
    /// # Examples
    /// ```
    /// use motemq_client::profile::{AWS_IOT, Profile};
    /// assert_eq!(Profile::named("aws-iot"), Some(&AWS_IOT));
    /// ```
    pub fn named(name: &str) -> Option<&'static Profile> {
        ALL.into_iter().find(|profile| profile.name == name)
    }

    /// Checks a CONNECT, including its will.
    ///
    /// # Errors
    /// [`OverLimit`] with the first limit that is exceeded.
    pub fn check_connect(&self, connect: &Connect<'_>) -> Result<(), OverLimit> {
        let Connect {
            client_id,
            keep_alive,
            ..
        } = *connect;
        if client_id.len() > self.client_id {
            return self.over(Limit::ClientId {
                len: client_id.len(),
                most: self.client_id,
            });
        }
        if let Some(char) = self
            .client_id_not
            .filter(|&char| client_id.starts_with(char))
        {
            return self.over(Limit::ClientIdBegins { with: char });
        }
        if self.login && (connect.user.is_none() || connect.password.is_none()) {
            return self.over(Limit::Login);
        }
        if let Some(most) = self
            .keep_alive
            .filter(|most| !(1..=*most).contains(&keep_alive))
        {
            return self.over(Limit::KeepAlive {
                seconds: keep_alive,
                most,
            });
        }
        connect
            .will
            .map_or(Ok(()), |will| self.check_publish(&will))
    }

    /// Checks a message. The bytes that [`remaining`](Publish::remaining) announces are part of its
    /// payload.
    ///
    /// # Errors
    /// [`OverLimit`] with the first limit that is exceeded.
    pub fn check_publish<T: Copy>(&self, publish: &Publish<'_, T>) -> Result<(), OverLimit> {
        let &Publish {
            payload,
            remaining,
            qos,
            ..
        } = publish;
        let topic = publish.topic();
        self.check_qos(qos)?;
        self.check_topic(topic)?;
        let len = payload.len() as u64 + u64::from(remaining);
        if len > self.payload.into() {
            return self.over(Limit::Payload {
                len,
                most: self.payload,
            });
        }
        let len = topic.len() as u64 + len;
        if len > self.message.into() {
            return self.over(Limit::Message {
                len,
                most: self.message,
            });
        }
        Ok(())
    }

    /// Checks the filters of one SUBSCRIBE.
    ///
    /// # Errors
    /// [`OverLimit`] with the first limit that is exceeded.
    pub fn check_subscribe<O>(&self, filters: &[Filter<'_, O>]) -> Result<(), OverLimit> {
        if filters.len() > self.filters {
            return self.over(Limit::Filters {
                count: filters.len(),
                most: self.filters,
            });
        }
        filters.iter().try_for_each(|filter| {
            self.check_qos(filter.qos)
                .and_then(|()| self.check_topic(filter.filter))
        })
    }

    fn check_qos(&self, qos: QoS) -> Result<(), OverLimit> {
        if qos > self.qos {
            self.over(Limit::QoS {
                qos: qos as u8,
                most: self.qos as u8,
            })
        } else {
            Ok(())
        }
    }

    fn check_topic(&self, topic: &str) -> Result<(), OverLimit> {
        if !self.roots.is_empty() && !self.roots.iter().any(|root| topic.starts_with(root)) {
            return self.over(Limit::Root {
                topic: shortened(topic),
                roots: self.roots,
            });
        }
        let counted = self.counted(topic);
        if counted.len() > self.topic {
            return self.over(Limit::Topic {
                len: counted.len(),
                most: self.topic,
            });
        }
        // Most brokers do not count them, so that they need not be counted.
        let slashes = if self.slashes == usize::MAX {
            0
        } else {
            counted.bytes().filter(|&byte| byte == b'/').count()
        };
        if slashes > self.slashes {
            return self.over(Limit::Slashes {
                topic: shortened(topic),
                slashes,
                most: self.slashes,
            });
        }
        Ok(())
    }

    fn counted<'t>(&self, topic: &'t str) -> &'t str {
        let behind = self
            .uncounted
            .and_then(|start| topic.strip_prefix(start))
            .and_then(|rest| rest.split_once('/'));
        behind.map_or(topic, |(_, rest)| rest)
    }

    fn over(&self, limit: Limit) -> Result<(), OverLimit> {
        Err(OverLimit {
            broker: self.broker,
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    fn refuses(profile: &Profile, publish: Publish<'_>, words: &str) {
        let error = profile
            .check_publish(&publish)
            .expect_err(words)
            .to_string();
        assert!(
            error.starts_with(profile.broker) && error.contains(words),
            "{error}"
        );
    }

    #[test]
    fn aws() {
        let levels = "a/b/c/d/e/f/g/h";
        let good = Publish::to(levels).qos(QoS::AtLeastOnce);
        AWS_IOT.check_publish(&good.payload(&[0; 131_072])).unwrap();
        refuses(&AWS_IOT, good.payload(&[0; 131_073]), "131072 bytes");
        refuses(
            &AWS_IOT,
            good.payload(&[0; 131_072]).remaining(1),
            "131072 bytes",
        );
        refuses(&AWS_IOT, Publish::to("a/b/c/d/e/f/g/h/i"), "7 slashes");
        refuses(&AWS_IOT, Publish::to(&"t".repeat(257)), "256 bytes");
        AWS_IOT
            .check_publish(&Publish::to(&format!(
                "$aws/rules/{}/{levels}",
                "r".repeat(256)
            )))
            .unwrap();
        AWS_IOT
            .check_subscribe(&[Filter::new("a", QoS::AtLeastOnce); 8])
            .unwrap();
        let error = AWS_IOT
            .check_subscribe(&[Filter::new("a", QoS::AtMostOnce); 9])
            .unwrap_err();
        assert_eq!(error.limit, Limit::Filters { count: 9, most: 8 });
        assert!(
            AWS_IOT
                .check_subscribe(&[Filter::new("a", QoS::ExactlyOnce)])
                .is_err()
        );
    }

    #[test]
    fn connecting_to_aws() {
        let hello = Connect::new("node-7").keep_alive(1200);
        AWS_IOT.check_connect(&hello).unwrap();
        for (wrong, words) in [
            (hello.keep_alive(1201), "1 to 1200 s"),
            (hello.keep_alive(0), "1 to 1200 s"),
            (Connect::new("$node"), "begins with $"),
            (Connect::new(&"n".repeat(129)), "128 bytes"),
            (
                hello.will(Publish::to("gone").qos(QoS::ExactlyOnce)),
                "QoS 1 at most",
            ),
        ] {
            let error = AWS_IOT.check_connect(&wrong).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn azure_has_topics_of_its_own() {
        AZURE_IOT_HUB
            .check_publish(&Publish::to("devices/d/messages/events/").qos(QoS::AtLeastOnce))
            .unwrap();
        AZURE_IOT_HUB
            .check_subscribe(&[Filter::new("$iothub/methods/POST/#", QoS::AtMostOnce)])
            .unwrap();
        refuses(&AZURE_IOT_HUB, Publish::to("door"), "devices/ or $iothub/");
        let hello =
            Connect::new("d").login("hub/d/?api-version=2021-04-12", b"SharedAccessSignature");
        AZURE_IOT_HUB.check_connect(&hello).unwrap();
        assert!(
            AZURE_IOT_HUB
                .check_connect(&hello.keep_alive(1178))
                .is_err()
        );
    }

    #[test]
    fn hivemq_cloud_wants_a_login() {
        let error = HIVEMQ_CLOUD
            .check_connect(&Connect::new("a").user("me"))
            .unwrap_err();
        assert_eq!(error.limit, Limit::Login);
        HIVEMQ_CLOUD
            .check_connect(&Connect::new("a").login("me", b"secret").keep_alive(0))
            .unwrap();
        refuses(
            &HIVEMQ_CLOUD,
            Publish::to("t").remaining(5 << 20 | 1),
            "5242880 bytes",
        );
    }

    #[test]
    fn mosquitto_counts_the_topic_too() {
        let most = 1_999_990 - 4;
        MOSQUITTO
            .check_publish(&Publish::to("door").remaining(most).qos(QoS::ExactlyOnce))
            .unwrap();
        refuses(
            &MOSQUITTO,
            Publish::to("door").remaining(most + 1),
            "1999990 bytes",
        );
    }

    #[test]
    fn any_broker_takes_all_that_mqtt_has() {
        Profile::ANY
            .check_connect(&Connect::new("").keep_alive(0))
            .unwrap();
        Profile::ANY
            .check_publish(
                &Publish::to(&"/".repeat(65_535))
                    .remaining(u32::MAX - 65_535)
                    .qos(QoS::ExactlyOnce),
            )
            .unwrap();
        Profile::ANY
            .check_subscribe(&[Filter::new("#", QoS::ExactlyOnce); 255])
            .unwrap();
    }

    #[test]
    fn names_are_words_for_command_lines() {
        for profile in ALL {
            assert!(
                profile
                    .name
                    .bytes()
                    .all(|byte| byte == b'-' || byte.is_ascii_lowercase()),
                "{}",
                profile.name
            );
            assert_eq!(Profile::named(profile.name), Some(profile));
        }
        assert_eq!(Profile::named("AWS"), None);
    }
}
