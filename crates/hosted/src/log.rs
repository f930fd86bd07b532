//! Log events for those who operate a program.
use motemq_client::Event;

/// Emits an event of the crate `tracing` if this event of the client concerns those who operate the
/// program: when a connection begins or ends, for example.
pub fn log(event: Event) {
    match event {
        Event::Connected { session, .. } => tracing::info!(?session, "connected"),
        Event::AttemptFailed { broker, reason } => {
            tracing::warn!(broker, %reason, "an attempt to connect failed");
        }
        Event::Disconnected {
            reason, repeated, ..
        } => tracing::warn!(%reason, repeated, "no connection"),
        Event::Refused { filters } => {
            tracing::warn!(?filters, "the broker refuses these subscriptions");
        }
        Event::Unclaimed => tracing::warn!(
            "messages for which there is no subscription wait unacknowledged, and hold up others: \
             subscribe, call messages(), or unsubscribe"
        ),
        Event::Skipped { len } => {
            tracing::warn!(
                len,
                "a message was dropped: no subscription matches, and it is too large to wait"
            );
        }
        Event::IdentifierReused { id } => tracing::warn!(
            id,
            "the broker used an identifier for another message before it had released it"
        ),
        Event::Ended(ended) => tracing::info!(%ended, "ended"),
        _ => {}
    }
}
