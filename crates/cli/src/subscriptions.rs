//! Subscriptions of a command: each filter that the broker refuses is said, and the others count.
use crate::{
    connection::Connection,
    exit::{Exit, Failure},
    notice::say,
};
use motemq_std::{
    Filter, QoS, ReasonCode, RequestError, SubscribeError, Subscribing, Subscription,
    SubscriptionOptions,
};
use std::ops::ControlFlow;

/// Brokers take so many filters at once, even those that take few.
const FILTERS_AT_ONCE: usize = 5;

/// The work that is done while the answer to a subscription is awaited. A break ends it all.
pub type Meanwhile<'a> =
    dyn FnMut(&mut Subscribing, &mut Connection) -> Result<ControlFlow<()>, Failure> + 'a;

/// The request for each filter.
#[derive(Clone, Copy)]
pub struct Wish {
    pub qos: QoS,
    /// The options that only MQTT 5 has.
    pub options: SubscriptionOptions,
    pub identifier: Option<u32>,
}

impl From<QoS> for Wish {
    fn from(qos: QoS) -> Self {
        Wish {
            qos,
            options: SubscriptionOptions::default(),
            identifier: None,
        }
    }
}

/// Subscribes to these filters. What is done meanwhile is done without an identifier only.
fn granted(
    connection: &mut Connection,
    filters: &[Filter<'_, SubscriptionOptions>],
    identifier: Option<u32>,
    meanwhile: &mut Meanwhile<'_>,
) -> Result<ControlFlow<(), Result<Subscription, SubscribeError>>, Failure> {
    let client = &connection.client;
    if let Some(identifier) = identifier {
        let granted = client.subscribe_with_identifier(filters, identifier);
        return Ok(ControlFlow::Continue(granted));
    }
    let mut subscribing = match client.begin_subscribe(filters) {
        Ok(subscribing) => subscribing,
        Err(error) => return Err(connection.subscribe_failure(&error)),
    };
    if meanwhile(&mut subscribing, connection)?.is_break() {
        return Ok(ControlFlow::Break(()));
    }
    Ok(ControlFlow::Continue(subscribing.wait()))
}

/// Subscribes to all of these filters. All messages go to one stream, so that those that match
/// several filters arrive as often as the broker sends them.
pub fn subscribe(
    connection: &mut Connection,
    filters: &[String],
    wish: Wish,
    meanwhile: &mut Meanwhile<'_>,
) -> Result<ControlFlow<()>, Failure> {
    let Wish { qos, options, .. } = wish;
    let mut count = 0;
    for some in filters.chunks(FILTERS_AT_ONCE) {
        let mut topics: Vec<_> = some.iter().collect();
        while !topics.is_empty() {
            let filters = topics.iter().map(|t| Filter::new(t, qos).options(options));
            let filters: Vec<_> = filters.collect();
            let asked = granted(connection, &filters, wish.identifier, meanwhile)?;
            let ControlFlow::Continue(asked) = asked else {
                return Ok(ControlFlow::Break(()));
            };
            let (codes, reason) = match asked {
                // What has come to it goes to the other stream when it is dropped.
                Ok(_stream) => {
                    count += topics.len();
                    topics.iter().for_each(|t| connection.on_granted(t));
                    break;
                }
                Err(SubscribeError::Failed(RequestError::Refused { codes, reason, .. })) => {
                    (codes, reason)
                }
                Err(error) => return Err(connection.subscribe_failure(&error)),
            };
            // A subscription that fails leaves nothing behind: the others are asked for again.
            let mut codes = codes.iter();
            // It is about the first that is refused.
            let mut reason = reason.map(|reason| reason.to_string());
            let is_5 = reason.is_some();
            topics.retain(|topic| {
                let code = codes
                    .next()
                    .copied()
                    .unwrap_or(ReasonCode::UNSPECIFIED_ERROR.get());
                let is_refused = QoS::try_from(code).is_err();
                if is_refused {
                    let why = match reason.take() {
                        Some(reason) => format!(": {reason}"),
                        None if is_5 => format!(": {}", ReasonCode::from(code)),
                        None => String::new(),
                    };
                    say(format_args!(
                        "the broker refuses the subscription to {topic}{why}"
                    ));
                }
                !is_refused
            });
        }
    }
    if count == 0 && !filters.is_empty() {
        return Err(Failure::new(
            Exit::Refused,
            "no subscription was granted: check the broker's rules for this client",
        ));
    }
    Ok(ControlFlow::Continue(()))
}
