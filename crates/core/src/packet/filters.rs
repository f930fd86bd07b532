//! The filters of a SUBSCRIBE or UNSUBSCRIBE.
use super::read_data;
use crate::{
    Filter, Mqtt311, QoS,
    topic::{self, Kind},
};
use core::{fmt, str};

/// The filters of a SUBSCRIBE or UNSUBSCRIBE: a list of one's own, or those of a packet.
///
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
    Wire(Wire<'a>),
}

/// The filters of a packet, checked when it was decoded.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) bytes: &'a [u8],
    /// The same bytes if they are UTF-8 as a whole, as they are when no filter is longer than 127
    /// bytes; else empty. A filter that is cut out of it need not be checked again.
    text: &'a str,
    pub(super) with_qos: bool,
}

impl<'a> Wire<'a> {
    /// Returns the next filter and removes it.
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
    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Filter<'a>> {
        let (list, mut wire) = match self.0 {
            Source::List(list) => (
                list,
                Wire {
                    bytes: &[],
                    text: "",
                    with_qos: false,
                },
            ),
            Source::Wire(wire) => (&[][..], wire),
        };
        let decoded = core::iter::from_fn(move || wire.next());
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
    let filters = Filters(Source::Wire(Wire {
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
