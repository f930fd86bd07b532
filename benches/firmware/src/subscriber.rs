//! An actuator: connects, subscribes, receives with any QoS, stays alive, leaves.
use crate::{Rx, Session, Told, Tx, entries};
use motemq::{Connect, Fault, Filter, PacketId, SendError};

entries! {
    mq_connect(s: &mut Session, c: &Connect<'_>, rx: &mut Rx, tx: &mut Tx) -> Result<(), SendError> = s.connect(c, rx, tx);
    mq_subscribe(s: &mut Session, f: &&[Filter<'_>], tx: &mut Tx) -> Result<PacketId, SendError> = s.subscribe(f, tx);
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
