//! Everything that the surface promises, on the caller's own slices.
use crate::{List, Session, Told, entries};
#[cfg(not(feature = "v5"))]
use motemq::Filter;
use motemq::{Connect, Fault, Out, PacketId, Publish, SendError};

entries! {
    mq_connect(s: &mut Session, c: &Connect<'_, List<'_>>, room: usize, tx: &mut Out<'_>) -> Result<(), SendError> = s.connect_slices(c, room, tx);
    mq_publish(s: &mut Session, p: &Publish<'_, List<'_>>, tx: &mut Out<'_>) -> Result<Option<PacketId>, SendError> = s.publish(p, tx);
    mq_publish_chunk(s: &mut Session, data: &&[u8], tx: &mut Out<'_>) -> Result<usize, SendError> = s.publish_chunk(data, tx);
    mq_publish_direct(s: &mut Session, n: u32, tx: &mut Out<'_>) -> Result<(), SendError> = s.publish_direct(n, tx);
    mq_republish(s: &mut Session, id: PacketId, p: &Publish<'_, List<'_>>, tx: &mut Out<'_>) -> Result<(), SendError> = s.republish(id, p, tx);
    mq_abandon(s: &mut Session, id: PacketId, tx: &mut Out<'_>) -> Result<(), SendError> = s.abandon(id, tx);
    mq_tick(s: &mut Session, now: u32, tx: &mut Out<'_>) -> Result<Option<u32>, Fault> = s.tick(now, tx);
    mq_on_connection_lost(s: &mut Session) = s.on_connection_lost();
    mq_is_closed(s: &Session) -> bool = s.is_closed();
    mq_oldest_in_flight(s: &Session) -> Option<PacketId> = s.oldest_in_flight();
}

// With MQTT 5 they have properties: see `v5.rs`.
#[cfg(not(feature = "v5"))]
entries! {
    mq_subscribe(s: &mut Session, f: &&[Filter<'_>], tx: &mut Out<'_>) -> Result<PacketId, SendError> = s.subscribe(f, tx);
    mq_unsubscribe(s: &mut Session, f: &&[Filter<'_>], tx: &mut Out<'_>) -> Result<PacketId, SendError> = s.unsubscribe(f, tx);
    mq_disconnect(s: &mut Session, tx: &mut Out<'_>) -> Result<(), SendError> = s.disconnect(tx);
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_receive<'i>(
    s: &mut Session,
    input: &mut &'i [u8],
    room: usize,
    tx: &mut Out<'_>,
    to: &mut Told<'i>,
) {
    to.write(s.receive(input, room, tx));
}
