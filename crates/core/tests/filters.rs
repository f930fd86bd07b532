//! The filters of SUBSCRIBE and UNSUBSCRIBE, one's own and those that came.
use motemq::{packet::*, *};

/// They are compared by what they say, wherever they lie.
#[test]
fn filters_are_equal_if_they_say_the_same() {
    let subscribe = b"\x82\x0a\0\x05\0\x01a\x01\0\x01#\x02";
    let Ok(Some((Packet::Subscribe { filters: came, .. }, _))) = decode(subscribe) else { panic!("no SUBSCRIBE") };
    let own = [Filter::new("a", QoS::AtLeastOnce), Filter::new("#", QoS::ExactlyOnce)];
    assert_eq!(came, Filters::from(&own[..]));
    assert_ne!(came, Filters::from(&own[..1]));
    assert_ne!(came, Filters::from(&[own[1], own[0]][..]));
    assert_ne!(came, Filters::from(&[own[0], Filter::new("#", QoS::AtLeastOnce)][..]));
    assert_ne!(came, Filters::from(&[own[0], Filter::new("b", QoS::ExactlyOnce)][..]));
}
