//! The commands of programs that send properties, in place of those of MQTT 3.1.1.
use crate::{List, Session, entries};
use motemq::{Filter, PacketId, ReasonCode, SendError, SubscriptionOptions};

/// The output that packets are written to.
#[cfg(feature = "full")]
type Output<'o> = crate::Tx;
#[cfg(not(feature = "full"))]
type Output<'o> = motemq::Out<'o>;

type Filters<'f> = &'f [Filter<'f, SubscriptionOptions>];

entries! {
    mq_subscribe(s: &mut Session, f: &Filters<'_>, p: &List<'_>, tx: &mut Output<'_>) -> Result<PacketId, SendError> = s.subscribe_with(f, p, tx);
    mq_disconnect(s: &mut Session, code: ReasonCode, p: &List<'_>, tx: &mut Output<'_>) -> Result<(), SendError> = s.disconnect_with(code, p, tx);
}

#[cfg(not(feature = "sample"))]
entries! {
    mq_unsubscribe(s: &mut Session, f: &Filters<'_>, p: &List<'_>, tx: &mut Output<'_>) -> Result<PacketId, SendError> = s.unsubscribe_with(f, p, tx);
}

// Profiles may leave them out.
#[cfg(not(any(feature = "sample", feature = "clean", feature = "custom")))]
entries! {
    mq_authenticate(s: &mut Session, code: ReasonCode, p: &List<'_>, tx: &mut Output<'_>) -> Result<(), SendError> = s.authenticate(code, p, tx);
    mq_refuse(s: &mut Session, code: ReasonCode) -> Result<(), SendError> = s.refuse(code);
}
