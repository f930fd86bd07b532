//! What `everything` has besides `full`: manual acknowledgement and snapshots.
use crate::{Event, Rx, Session, Tx, entries};
use core::mem::MaybeUninit;
use motemq::{AckToken, Fault, ManualAcks, PendingAck, SendError, SnapshotError};

type Acknowledgements = ManualAcks<[PendingAck; 8]>;
type Image = [u8; Session::IMAGE];

entries! {
    mq_ack(m: &mut Acknowledgements, s: &mut Session, token: AckToken) -> Result<(), SendError> = m.ack(s, token);
    mq_disconnect_manual(m: &mut Acknowledgements, s: &mut Session, tx: &mut Tx) -> Result<(), SendError> = m.disconnect(s, tx);
    mq_save(s: &Session, image: &mut Image) -> Result<(), SnapshotError> = s.save(image);
    mq_restore(s: &mut Session, image: &Image) -> Result<(), SnapshotError> = s.restore(image);
}

/// Where an event and its token are stored.
type Told<'r> = MaybeUninit<Result<Option<(Event<'r>, Option<AckToken>)>, Fault>>;

#[unsafe(no_mangle)]
pub extern "C" fn mq_next_event<'r>(
    m: &mut Acknowledgements,
    s: &mut Session,
    rx: &'r mut Rx,
    tx: &mut Tx,
    to: &mut Told<'r>,
) {
    to.write(m.next_event(s, rx, tx));
}
