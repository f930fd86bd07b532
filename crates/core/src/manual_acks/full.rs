//! Reading on while the acknowledgements of all 65,535 identifiers are pending.
use super::{ManualAcks, WithToken};
use crate::{Fault, Out, Output, Protocol, Session, Slot, session::Acks, wire};

impl ManualAcks {
    /// Returns the next event as [`receive`](Self::receive) does, although the layer
    /// [is full](Self::is_full). Call it if neither the layer nor the session can grow, since they
    /// have a place and a slot for each of the 65,535 packet identifiers. All identifiers are in use
    /// then, so the broker can send no further message with QoS 1 or 2. This method reads all other
    /// packets, such as acknowledgements and PINGRESP.
    ///
    /// # Errors
    /// As [`receive`](Self::receive); also [`Unexpected`](Fault::Unexpected) for a message with QoS 1
    /// or 2 that does not repeat another one.
    pub fn receive_when_full<'i, P: Protocol>(
        &mut self,
        session: &mut Session<[Slot], P>,
        input: &mut &'i [u8],
        capacity: usize,
        tx: &mut (impl Output + ?Sized),
    ) -> Result<Option<WithToken<'i, P>>, Fault> {
        tx.lend(|out| {
            while session.is_open() && self.take_ack(session, out) {
                let length = match self.readable_length(session, input, capacity) {
                    Ok(length) => length,
                    Err(fault) => {
                        fail(session, fault, out);
                        return Err(fault);
                    }
                };
                // One packet, so that nothing behind it is read with it.
                let Some((mut packet, behind)) = input.split_at_checked(length) else {
                    break;
                };
                let event = session.read(&mut packet, capacity, Acks::Hold { is_flushed: false });
                if event.is_err() && session.is_5() {
                    session.write_held_reason(out);
                }
                let taken = length.wrapping_sub(packet.len());
                *input = if packet.is_empty() {
                    behind
                } else {
                    input.get(taken..).unwrap_or_default()
                };
                match event? {
                    None if taken == 0 => break,
                    None => {}
                    Some(event) => {
                        if let Some(delivered) = self.deliver(session, event) {
                            return Ok(Some(delivered));
                        }
                    }
                }
            }
            session.note_input(input.len());
            Ok(None)
        })
    }

    /// Returns the length of the part of the next packet that has arrived, or of the rest of the
    /// message that is being received; 0 if it is a message whose identifier has not arrived.
    fn readable_length<P: Protocol>(
        &self,
        session: &mut Session<[Slot], P>,
        input: &[u8],
        capacity: usize,
    ) -> Result<usize, Fault> {
        let rest = session.incoming_length();
        if rest != 0 {
            return Ok(rest.min(input.len()));
        }
        let Ok(Some(header)) = wire::fixed_header_5(input) else {
            // The session waits for the rest, or finds the fault.
            return Ok(input.len());
        };
        let first_byte = header.first_byte;
        if first_byte >> 4 == wire::PUBLISH && first_byte & wire::QOS != 0 {
            let id = header.body.split_first_chunk().and_then(|(&length, rest)| {
                let id = rest.get(usize::from(u16::from_be_bytes(length))..)?;
                id.first_chunk().map(|&id| u16::from_be_bytes(id))
            });
            match id {
                None if input.len() < capacity => return Ok(0),
                Some(id)
                    if self.is_repeated(id, first_byte) || session.has_accepted(id, first_byte) => {
                }
                _ => return Err(Fault::Unexpected),
            }
        }
        let before = input.len().wrapping_sub(header.body.len());
        Ok(before.wrapping_add(header.length).min(input.len()))
    }
}

/// Ends the connection, with MQTT 5 with a reason.
fn fail<P: Protocol>(session: &mut Session<[Slot], P>, fault: Fault, out: &mut Out<'_>) {
    if session.is_5() {
        session.fail(fault, out);
    } else {
        session.on_connection_lost();
    }
}
