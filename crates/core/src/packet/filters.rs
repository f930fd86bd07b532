//! The topic filters of a SUBSCRIBE or UNSUBSCRIBE.
use super::read_data;
use crate::{
    Filter, Mqtt311, QoS,
    topic::{self, Kind},
};
use core::{fmt, str};

/// The topic filters of a SUBSCRIBE or UNSUBSCRIBE: a list of the caller, or those of a decoded
/// packet.
///
/// # Examples
/// ```
/// use motemq::{Filter, QoS, packet::Filters};
/// let list = [Filter::new("a/#", QoS::AtLeastOnce)];
/// assert!(Filters::from(&list[..]).iter().eq(list));
/// ```
#[derive(Clone, Copy)]
pub struct Filters<'a>(pub(super) Source<'a>);

#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    List(&'a [Filter<'a>]),
    Encoded(Encoded<'a>),
}

/// The topic filters of a packet as they are encoded. They were checked when the packet was
/// decoded.
#[derive(Clone, Copy)]
pub(super) struct Encoded<'a> {
    pub(super) bytes: &'a [u8],
    /// The same bytes as text if all of them are UTF-8, which they are if no filter is longer than
    /// 127 bytes; else empty. A filter that is sliced from it needs no check for UTF-8.
    text: &'a str,
    pub(super) with_qos: bool,
}

impl<'a> Encoded<'a> {
    /// Removes the first filter and returns it.
    #[inline(always)]
    fn next(&mut self) -> Option<Filter<'a>> {
        let (&length, after) = self.bytes.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(length));
        let (filter, mut after) = after.split_at_checked(length)?;
        let mut qos = QoS::AtMostOnce;
        if self.with_qos {
            let (&number, rest) = after.split_first()?;
            after = rest;
            qos = QoS::try_from(number).ok()?;
        }
        let text = self.text.get(2..length.wrapping_add(2));
        let taken = self.bytes.len().wrapping_sub(after.len());
        self.text = self.text.get(taken..).unwrap_or_default();
        self.bytes = after;
        let filter = text.or_else(|| str::from_utf8(filter).ok())?;
        Some(Filter { filter, qos })
    }
}

impl<'a> Filters<'a> {
    /// Returns an iterator over the filters, in their order.
    pub fn iter(self) -> impl Iterator<Item = Filter<'a>> {
        let (list, mut encoded) = match self.0 {
            Source::List(list) => (
                list,
                Encoded {
                    bytes: &[],
                    text: "",
                    with_qos: false,
                },
            ),
            Source::Encoded(encoded) => (&[][..], encoded),
        };
        let decoded = core::iter::from_fn(move || encoded.next());
        list.iter().copied().chain(decoded)
    }
}

impl<'a> From<&'a [Filter<'a>]> for Filters<'a> {
    fn from(list: &'a [Filter<'a>]) -> Self {
        Filters(Source::List(list))
    }
}

impl PartialEq for Filters<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Filters<'_> {}

impl fmt::Debug for Filters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Checks filters, of which there is one at least, and their QoS.
#[cfg_attr(feature = "fast", inline(never))]
pub(super) fn read_filters(mut body: &[u8], with_qos: bool) -> Option<Filters<'_>> {
    let filters = Filters(Source::Encoded(Encoded {
        bytes: body,
        text: str::from_utf8(body).unwrap_or_default(),
        with_qos,
    }));
    check_filter(&mut body, with_qos)?;
    while !body.is_empty() {
        check_filter(&mut body, with_qos)?;
    }
    Some(filters)
}

/// Checks a filter and its QoS and removes them from `body`.
fn check_filter(body: &mut &[u8], with_qos: bool) -> Option<()> {
    let is_valid = topic::is_valid::<Mqtt311>(read_data(body)?, Kind::Filter);
    if with_qos {
        let (&number, after) = body.split_first()?;
        *body = after;
        QoS::try_from(number).ok()?;
    }
    is_valid.then_some(())
}
