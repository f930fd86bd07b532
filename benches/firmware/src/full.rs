//! Everything that the surface promises, through buffers.
use crate::{List, Rx, Session, Tx, entries};
use core::mem::MaybeUninit;
#[cfg(not(feature = "v5"))]
use motemq::Filter;
use motemq::{Connect, Fault, PacketId, Publish, SendError};

entries! {
    mq_connect(s: &mut Session, c: &Connect<'_, List<'_>>, rx: &mut Rx, tx: &mut Tx) -> Result<(), SendError> = s.connect(c, rx, tx);
    mq_publish(s: &mut Session, p: &Publish<'_, List<'_>>, tx: &mut Tx) -> Result<Option<PacketId>, SendError> = s.publish(p, tx);
    mq_publish_chunk(s: &mut Session, data: &&[u8], tx: &mut Tx) -> Result<usize, SendError> = s.publish_chunk(data, tx);
    mq_publish_direct(s: &mut Session, n: u32, tx: &mut Tx) -> Result<(), SendError> = s.publish_direct(n, tx);
    mq_republish(s: &mut Session, id: PacketId, p: &Publish<'_, List<'_>>, tx: &mut Tx) -> Result<(), SendError> = s.republish(id, p, tx);
    mq_abandon(s: &mut Session, id: PacketId, tx: &mut Tx) -> Result<(), SendError> = s.abandon(id, tx);
    mq_tick(s: &mut Session, now: u32, tx: &mut Tx) -> Result<Option<u32>, Fault> = s.tick(now, tx);
    mq_on_connection_lost(s: &mut Session) = s.on_connection_lost();
    mq_is_closed(s: &Session) -> bool = s.is_closed();
    mq_oldest_in_flight(s: &Session) -> Option<PacketId> = s.oldest_in_flight();
    mq_rx_commit(rx: &mut Rx, n: usize) = rx.commit(n);
    mq_tx_consume(tx: &mut Tx, n: usize) = tx.consume(n);
}

// With MQTT 5 they have properties: see `v5.rs`.
#[cfg(not(feature = "v5"))]
entries! {
    mq_subscribe(s: &mut Session, f: &&[Filter<'_>], tx: &mut Tx) -> Result<PacketId, SendError> = s.subscribe(f, tx);
    mq_unsubscribe(s: &mut Session, f: &&[Filter<'_>], tx: &mut Tx) -> Result<PacketId, SendError> = s.unsubscribe(f, tx);
    mq_disconnect(s: &mut Session, tx: &mut Tx) -> Result<(), SendError> = s.disconnect(tx);
}

// With manual acknowledgement events come from that layer.
#[cfg(not(feature = "everything"))]
#[unsafe(no_mangle)]
pub extern "C" fn mq_next_event<'r>(
    s: &mut Session,
    rx: &'r mut Rx,
    tx: &mut Tx,
    to: &mut crate::Told<'r>,
) {
    to.write(s.next_event(rx, tx));
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_rx_space<'b>(rx: &'b mut Rx, to: &mut MaybeUninit<&'b mut [u8]>) {
    to.write(rx.space());
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_tx_bytes<'b>(tx: &'b Tx, to: &mut MaybeUninit<&'b [u8]>) {
    to.write(tx.bytes());
}
