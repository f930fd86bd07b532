//! What emMQTT's sample does: connects with will and login, publishes and receives with any QoS,
//! subscribes, stays alive, leaves. On slices.
use crate::{List, Session, Told, entries};
#[cfg(not(feature = "v5"))]
use motemq::Filter;
use motemq::{Connect, Fault, Out, PacketId, Publish, SendError};

entries! {
    mq_connect(s: &mut Session, c: &Connect<'_, List<'_>>, room: usize, tx: &mut Out<'_>) -> Result<(), SendError> = s.connect_slices(c, room, tx);
    mq_publish(s: &mut Session, p: &Publish<'_, List<'_>>, tx: &mut Out<'_>) -> Result<Option<PacketId>, SendError> = s.publish(p, tx);
    mq_tick(s: &mut Session, now: u32, tx: &mut Out<'_>) -> Result<Option<u32>, Fault> = s.tick(now, tx);
}

// With MQTT 5 they have properties: see `v5.rs`.
#[cfg(not(feature = "v5"))]
entries! {
    mq_subscribe(s: &mut Session, f: &&[Filter<'_>], tx: &mut Out<'_>) -> Result<PacketId, SendError> = s.subscribe(f, tx);
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
