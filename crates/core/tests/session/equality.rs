//! Values with the same content are equal, wherever their bytes are.
use motemq::{packet::*, *};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Filters of a packet, and filters of the application.
#[test]
fn filters_with_the_same_content_are_equal() {
    let subscribe = b"\x82\x0a\0\x05\0\x01a\x01\0\x01#\x02";
    let Ok(Some((Packet::Subscribe { filters: came, .. }, _))) = decode(subscribe) else {
        panic!("no SUBSCRIBE")
    };
    let own = [
        Filter::new("a", QoS::AtLeastOnce),
        Filter::new("#", QoS::ExactlyOnce),
    ];
    assert_eq!(came, Filters::from(&own[..]));
    assert_ne!(came, Filters::from(&own[..1]));
    assert_ne!(came, Filters::from(&[own[1], own[0]][..]));
    assert_ne!(
        came,
        Filters::from(&[own[0], Filter::new("#", QoS::AtLeastOnce)][..])
    );
    assert_ne!(
        came,
        Filters::from(&[own[0], Filter::new("b", QoS::ExactlyOnce)][..])
    );
}

/// The bytes held and the room behind them count, not the bytes that were consumed.
#[test]
fn buffers_with_the_same_content_are_equal() {
    let (mut one, mut other) = (Buffer::<[u8; 16]>::new(), Buffer::<[u8; 16]>::new());
    one.space()[..3].copy_from_slice(b"xab");
    one.commit(3);
    one.consume(1);
    other.space()[..3].copy_from_slice(b"yab");
    other.commit(3);
    other.consume(1);
    let hasher = BuildHasherDefault::<DefaultHasher>::new();
    let hash = |buffer: &Buffer<[u8; 16]>| (hasher.hash_one(buffer), hasher.hash_one(&**buffer));
    assert!(one == other && *one == *other);
    assert_eq!(hash(&one), hash(&other));
    let mut roomier = Buffer::<[u8; 16]>::new();
    roomier.space()[..2].copy_from_slice(b"ab");
    roomier.commit(2);
    assert!(one != roomier && *one != *roomier);
    other.consume(1);
    assert!(one != other && *one != *other);
    assert!(hash(&one).0 != hash(&other).0 && hash(&one).1 != hash(&other).1);
}

/// A text of a property is compared as text.
#[test]
fn texts_with_the_same_content_are_equal() {
    let contents = ["", "a", "b", "a/b", "é", "é€"];
    for one in contents {
        for other in contents {
            let (text, is_equal) = (Text::new(one), one == other);
            assert_eq!(text == *other, is_equal, "{one} {other}");
            assert_eq!(text == other, is_equal, "{one} {other}");
            assert_eq!(text == Text::from(other), is_equal, "{one} {other}");
            assert_eq!(text.as_str() == other, is_equal, "{one} {other}");
        }
    }
}
