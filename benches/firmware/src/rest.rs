//! The entry points that no measured program has: linked to show that they cannot panic.
use crate::{Session, entries};
use motemq::{ManualAcks, PacketId, PendingAck, SendError};

type Acknowledgements = ManualAcks<[PendingAck; 8]>;

entries! {
    mq_has_free_slot(s: &Session) -> bool = s.has_free_slot();
    mq_can_receive_qos_2(s: &Session) -> bool = s.can_receive_qos_2();
    mq_unreleased(s: &Session) -> Option<PacketId> = s.unreleased().last();
    mq_accept(s: &mut Session, id: PacketId) = s.accept(id);
    mq_identifier_offset(s: &Session) -> u16 = s.identifier_offset();
    mq_payload_remaining(s: &Session) -> u32 = s.payload_remaining();
    mq_pass_over(s: &mut Session, id: PacketId) -> Result<(), SendError> = s.pass_over(id);
    mq_adopt(s: &mut Session, smaller: &Session) -> Result<(), SendError> = s.adopt(smaller);
    mq_adopt_acks(m: &mut Acknowledgements, smaller: &Acknowledgements) -> Result<(), SendError> = m.adopt(smaller);
    mq_acks_are_full(m: &Acknowledgements, s: &Session) -> bool = m.is_full(s);
}

/// The entry points that only MQTT 5 has.
#[cfg(feature = "v5")]
mod only_5 {
    use super::Acknowledgements;
    use crate::{Event, List, Session, Tx, entries};
    use core::mem::MaybeUninit;
    use motemq::{
        AckToken, Fault, Limits, PacketId, Publish, ReasonCode, SendError, SentTopicAliases,
        TopicAliases,
    };

    type Sent = SentTopicAliases<2>;
    type Received = TopicAliases<4, 32>;

    entries! {
        mq_has_send_quota(s: &Session) -> bool = s.has_send_quota();
        mq_refuse_manual(m: &mut Acknowledgements, s: &mut Session, token: AckToken, code: ReasonCode) -> Result<(), SendError> = m.refuse(s, token, code);
        mq_disconnect_manual_with(m: &mut Acknowledgements, s: &mut Session, code: ReasonCode, p: &List<'_>, tx: &mut Tx) -> Result<(), SendError> = m.disconnect_with(s, code, p, tx);
        mq_publish_alias(a: &mut Sent, s: &mut Session, p: &Publish<'_, List<'_>>, tx: &mut Tx) -> Result<Option<PacketId>, SendError> = a.publish(s, p, tx);
        mq_republish_alias(a: &mut Sent, s: &mut Session, id: PacketId, p: &Publish<'_, List<'_>>, tx: &mut Tx) -> Result<(), SendError> = a.republish(s, id, p, tx);
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn mq_limits(s: &Session, to: &mut MaybeUninit<Limits>) {
        to.write(s.limits());
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn mq_resolve<'e>(
        a: &'e mut Received,
        s: &mut Session,
        event: &Event<'e>,
        tx: &mut Tx,
        to: &mut MaybeUninit<Result<Event<'e>, Fault>>,
    ) {
        to.write(a.resolve(s, *event, tx));
    }
}

/// The entry points that only a session of both versions has.
#[cfg(feature = "either")]
mod only_either {
    use crate::{Session, entries};
    use motemq::{SendError, Version};

    entries! {
        mq_set_version(s: &mut Session, is_5: bool) -> Result<(), SendError> = s.set_version(if is_5 { Version::Mqtt5 } else { Version::Mqtt311 });
        mq_version(s: &Session) -> bool = s.version() == Version::Mqtt5;
    }
}
