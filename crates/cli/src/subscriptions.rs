//! Subscriptions of a command: each filter that the broker refuses is said, and the others count.
use crate::{
    connection::Connection,
    exit::{Exit, Failure},
    notice::say,
};
use motemq_std::{Filter, QoS, RequestError, SubscribeError, Subscribing};
use std::ops::ControlFlow;

/// Brokers take so many filters at once, even those that take few.
const FILTERS_AT_ONCE: usize = 5;

/// The work that is done while the answer to a subscription is awaited. A break ends it all.
pub type Meanwhile<'a> =
    dyn FnMut(&mut Subscribing, &mut Connection) -> Result<ControlFlow<()>, Failure> + 'a;

/// Subscribes to all of these filters. All messages go to one stream, so that those that match
/// several filters arrive as often as the broker sends them.
pub fn subscribe(
    connection: &mut Connection,
    filters: &[String],
    qos: QoS,
    meanwhile: &mut Meanwhile<'_>,
) -> Result<ControlFlow<()>, Failure> {
    let mut granted = 0;
    for some in filters.chunks(FILTERS_AT_ONCE) {
        let mut topics: Vec<_> = some.iter().collect();
        while !topics.is_empty() {
            let filters: Vec<_> = topics.iter().map(|t| Filter::new(t, qos)).collect();
            let mut subscribing = match connection.client.begin_subscribe(&filters) {
                Ok(subscribing) => subscribing,
                Err(error) => return Err(connection.subscribe_failure(&error)),
            };
            if meanwhile(&mut subscribing, connection)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let codes = match subscribing.wait() {
                // What has come to it goes to the other stream when it is dropped.
                Ok(_stream) => {
                    granted += topics.len();
                    topics.iter().for_each(|t| connection.on_granted(t));
                    break;
                }
                Err(SubscribeError::Failed(RequestError::Refused { codes, .. })) => codes,
                Err(error) => return Err(connection.subscribe_failure(&error)),
            };
            // A subscription that fails leaves nothing behind: the others are asked for again.
            let mut codes = codes.iter();
            topics.retain(|topic| {
                let is_refused = codes
                    .next()
                    .is_none_or(|&code| QoS::try_from(code).is_err());
                if is_refused {
                    say(format_args!(
                        "the broker refuses the subscription to {topic}"
                    ));
                }
                !is_refused
            });
        }
    }
    if granted == 0 && !filters.is_empty() {
        return Err(Failure::new(
            Exit::Refused,
            "no subscription was granted: check the broker's rules for this client",
        ));
    }
    Ok(ControlFlow::Continue(()))
}
