//! The topic filters of a SUBSCRIBE or UNSUBSCRIBE.
use super::{Version, read_data};
use crate::{
    Filter, FilterOptions, Mqtt311, QoS,
    topic::{self, Kind},
    wire::Malformed,
};
use core::{fmt, str};

/// The topic filters of a SUBSCRIBE or UNSUBSCRIBE: a list of the caller, or those of a decoded
/// packet.
///
/// `O` is the type of the [options](Filter::options) of each filter.
///
/// # Examples
/// ```
/// use motemq::{Filter, QoS, packet::Filters};
/// let list = [Filter::new("a/#", QoS::AtLeastOnce)];
/// assert!(Filters::from(&list[..]).iter().eq(list));
/// ```
#[derive(Clone, Copy)]
pub struct Filters<'a, O = ()>(pub(super) Source<'a, O>);

#[derive(Clone, Copy)]
pub(super) enum Source<'a, O> {
    List(&'a [Filter<'a, O>]),
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
    fn next<O: FilterOptions>(&mut self) -> Option<Filter<'a, O>> {
        let (&length, after) = self.bytes.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(length));
        let (filter, mut after) = after.split_at_checked(length)?;
        let mut qos = QoS::AtMostOnce;
        let mut options = O::default();
        if self.with_qos {
            let (&byte, rest) = after.split_first()?;
            after = rest;
            options = O::of_bits(byte);
            qos = QoS::try_from(byte ^ options.bits()).ok()?;
        }
        let text = self.text.get(2..length.wrapping_add(2));
        let taken = self.bytes.len().wrapping_sub(after.len());
        self.text = self.text.get(taken..).unwrap_or_default();
        self.bytes = after;
        let filter = text.or_else(|| str::from_utf8(filter).ok())?;
        Some(Filter {
            filter,
            qos,
            options,
        })
    }
}

impl<'a, O: FilterOptions> Filters<'a, O> {
    /// Returns an iterator over the filters, in their order.
    pub fn iter(self) -> impl Iterator<Item = Filter<'a, O>> {
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

impl<'a, O> From<&'a [Filter<'a, O>]> for Filters<'a, O> {
    fn from(list: &'a [Filter<'a, O>]) -> Self {
        Filters(Source::List(list))
    }
}

impl<O: FilterOptions> PartialEq for Filters<'_, O> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<O: FilterOptions> Eq for Filters<'_, O> {}

impl<O: FilterOptions> fmt::Debug for Filters<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Checks filters, of which there is one at least, and their options.
#[cfg_attr(feature = "fast", inline(never))]
pub(super) fn read_filters<V: Version>(
    mut body: &[u8],
    with_qos: bool,
) -> Result<Filters<'_, V::Options>, V::Error> {
    let filters = Filters(Source::Encoded(Encoded {
        bytes: body,
        text: str::from_utf8(body).unwrap_or_default(),
        with_qos,
    }));
    check_filter::<V>(&mut body, with_qos)?;
    while !body.is_empty() {
        check_filter::<V>(&mut body, with_qos)?;
    }
    Ok(filters)
}

/// Checks a filter and its options and removes them from `body`.
fn check_filter<V: Version>(body: &mut &[u8], with_qos: bool) -> Result<(), V::Error> {
    let filter = read_data(body).ok_or(Malformed)?;
    let is_valid = topic::is_valid::<Mqtt311>(filter, Kind::Filter);
    let mut options = None;
    if with_qos {
        let (&byte, after) = body.split_first().ok_or(Malformed)?;
        *body = after;
        options = Some(byte);
    }
    if !is_valid {
        return Err(Malformed.into());
    }
    V::check_filter(filter, options)
}
