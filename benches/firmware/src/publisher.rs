//! A sensor: connects, publishes with QoS 0, stays alive, leaves.
use crate::{Rx, Session, Told, Tx, entries};
use motemq::{Connect, Fault, PacketId, Publish, SendError};

entries! {
    mq_connect(s: &mut Session, id: &&str, rx: &mut Rx, tx: &mut Tx) -> Result<(), SendError> = s.connect(&Connect::new(id), rx, tx);
    mq_publish(s: &mut Session, topic: &&str, payload: &&[u8], tx: &mut Tx) -> Result<Option<PacketId>, SendError> =
        s.publish(&Publish::to(topic).payload(payload), tx);
    mq_disconnect(s: &mut Session, tx: &mut Tx) -> Result<(), SendError> = s.disconnect(tx);
    mq_tick(s: &mut Session, now: u32, tx: &mut Tx) -> Result<Option<u32>, Fault> = s.tick(now, tx);
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_next_event<'r>(
    s: &mut Session,
    rx: &'r mut Rx,
    tx: &mut Tx,
    to: &mut Told<'r>,
) {
    to.write(s.next_event(rx, tx));
}
