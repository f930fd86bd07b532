//! Formats for defmt of the types for which a derived format does not do. They show neither the
//! content of buffers nor passwords, and they log topics without a check for UTF-8.
use crate::{
    Buffer, Connect, FilterOptions, ManualAcks, Out, PendingAck, Properties, Property, Protocol,
    Session, Slot, Text, TopicName, packet::Filters,
};
use defmt::{Format, Formatter, write};

impl Format for TopicName<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=[u8]:a}", self.as_bytes());
    }
}

impl Format for Text<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=[u8]:a}", self.as_bytes());
    }
}

impl Format for Property<'_> {
    fn format(&self, f: Formatter<'_>) {
        let (number, data, value) = self.shown();
        write!(
            f,
            "Property {{ id: {=u8:#x}, number: {=u32}, data: {=[u8]:a}, value: {=[u8]:a} }}",
            self.identifier(),
            number,
            data,
            value
        );
    }
}

impl Format for Properties<'_> {
    fn format(&self, f: Formatter<'_>) {
        // As with filters, a list of unknown length cannot be written.
        write!(f, "{=usize} properties", self.iter().count());
    }
}

impl<T: Format> Format for Connect<'_, T> {
    fn format(&self, f: Formatter<'_>) {
        let Connect {
            client_id,
            clean,
            keep_alive,
            will,
            user,
            properties,
            ..
        } = self;
        write!(
            f,
            "Connect {{ client_id: {}, clean: {}, keep_alive: {}, will: {}, user: {}, properties: {} }}",
            client_id, clean, keep_alive, will, user, properties
        );
    }
}

impl<O: FilterOptions> Format for Filters<'_, O> {
    fn format(&self, f: Formatter<'_>) {
        // A format is written in one piece, which a list of unknown length cannot be.
        write!(f, "{=usize} filters", self.iter().count());
    }
}

impl Format for Buffer {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Buffer {{ held: {=usize}, room: {=usize} }}",
            self.bytes().len(),
            self.room()
        );
    }
}

impl<const N: usize> Format for Buffer<[u8; N]> {
    fn format(&self, f: Formatter<'_>) {
        (**self).format(f);
    }
}

impl Format for Out<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Out {{ taken: {=usize}, room: {=usize} }}",
            *self.end,
            self.room()
        );
    }
}

impl Format for ManualAcks {
    fn format(&self, f: Formatter<'_>) {
        let [older, newer] = self.pending();
        write!(f, "ManualAcks {{ pending: {}, {} }}", older, newer);
    }
}

impl<const N: usize> Format for ManualAcks<[PendingAck; N]> {
    fn format(&self, f: Formatter<'_>) {
        (**self).format(f);
    }
}

impl<P: Protocol> Format for Session<[Slot], P> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Session {{ is_closed: {}, oldest_in_flight: {}, payload_remaining: {}, slots: {} }}",
            self.is_closed(),
            self.oldest_in_flight(),
            self.payload_remaining(),
            self.ring().slots()
        );
    }
}

impl<const N: usize, P: Protocol> Format for Session<[Slot; N], P> {
    fn format(&self, f: Formatter<'_>) {
        (**self).format(f);
    }
}
