//! The properties of MQTT 5, both ways.
//!
//! A property of the core is laid out as C lays out a union of structs that all begin with its
//! identifier. So lists that are sent are read in place once they have been checked, and one that was
//! received is written in place.
use crate::{arguments::Text, error::ARGUMENT};
use core::{ffi::c_int, mem::MaybeUninit, slice};
use motemq::{Properties, Property};

/// `motemq5_property_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub union CProperty {
    id: u8,
    one: One,
    two: Two,
    four: Four,
    text: Field,
    user: User,
}

/// A flag, or a quality of service.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct One {
    id: u8,
    pub value: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Two {
    id: u8,
    pub value: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Four {
    id: u8,
    pub value: u32,
}

/// Text, or data.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Field {
    id: u8,
    pub value: Text,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct User {
    id: u8,
    pub name: Text,
    pub value: Text,
}

/// The offset of a field of a property of the core.
macro_rules! offset {
    ($property:expr, $pattern:pat => $field:ident) => {{
        const PROPERTY: &Property<'_> = &$property;
        const START: *const u8 = (&raw const *PROPERTY).cast();
        match PROPERTY {
            // SAFETY: the field is a part of the property.
            $pattern => unsafe { (&raw const *$field).cast::<u8>().offset_from(START) as usize },
            _ => usize::MAX,
        }
    }};
}

const _: () = {
    use core::mem::offset_of;
    use motemq::{QoS, Text as Core};
    assert!(size_of::<CProperty>() == size_of::<Property<'_>>());
    assert!(align_of::<CProperty>() == align_of::<Property<'_>>());
    // SAFETY: both are two words; if not, this would not compile.
    let text: Text = unsafe { core::mem::transmute::<Core<'_>, _>(Core::new("123")) };
    assert!(text.length == 3, "text is not a pointer and a length");
    assert!(
        offset!(Property::RetainAvailable(true), Property::RetainAvailable(it) => it)
            == offset_of!(One, value)
            && offset!(Property::MaximumQoS(QoS::AtMostOnce), Property::MaximumQoS(it) => it)
                == offset_of!(One, value)
            && offset!(Property::TopicAliasMaximum(1), Property::TopicAliasMaximum(it) => it)
                == offset_of!(Two, value)
            && offset!(Property::WillDelayInterval(1), Property::WillDelayInterval(it) => it)
                == offset_of!(Four, value)
            && offset!(Property::CorrelationData(b""), Property::CorrelationData(it) => it)
                == offset_of!(Field, value)
            && offset!(Property::ContentType(Core::new("")), Property::ContentType(it) => it)
                == offset_of!(Field, value)
    );
    const USER: Property<'_> = Property::UserProperty {
        name: Core::new(""),
        value: Core::new(""),
    };
    assert!(
        offset!(USER, Property::UserProperty { name, .. } => name) == offset_of!(User, name)
            && offset!(USER, Property::UserProperty { value, .. } => value)
                == offset_of!(User, value)
    );
};

/// A list that was checked; `None` if a property is not what its type promises.
pub type Checked<'a> = Option<&'a [Property<'a>]>;

impl CProperty {
    /// The list; null with the count 0 is an empty one.
    #[inline(never)]
    pub fn check<'a>(list: *const CProperty, count: usize) -> Checked<'a> {
        if list.is_null() {
            return if count == 0 { Some(&[]) } else { None };
        }
        // SAFETY: by the header there are so many, and their identifiers are initialised.
        let properties = unsafe { slice::from_raw_parts(list, count) };
        if !properties.iter().all(CProperty::is_valid) {
            return None;
        }
        // SAFETY: the layouts are the same, as is asserted above, and every property was seen to be
        // what its type promises. By the header the bytes stay as they are during the call.
        Some(unsafe { slice::from_raw_parts(list.cast(), count) })
    }

    /// Whether the value is one of those that the property of the core can have.
    fn is_valid(&self) -> bool {
        // SAFETY: by the header the struct that belongs to the identifier is initialised. Its
        // fields can have any value.
        unsafe {
            match self.id {
                0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => self.one.value <= 1,
                0x13 | 0x22 | 0x02 | 0x0b | 0x11 | 0x18 => true,
                0x21 | 0x23 => self.two.value != 0,
                0x27 => self.four.value != 0,
                0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => {
                    !self.text.value.data.is_null()
                }
                0x26 => !self.user.name.data.is_null() && !self.user.value.data.is_null(),
                _ => false,
            }
        }
    }
}

/// `motemq5_properties_t`: the properties of a packet that was received.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CProperties {
    bytes: *const u8,
    pub length: usize,
}

const _: () = {
    assert!(size_of::<CProperties>() == size_of::<Properties<'_>>());
    assert!(align_of::<CProperties>() == align_of::<Properties<'_>>());
};

/// Takes the first property off those that C points to.
#[unsafe(export_name = name!("next_property"))]
unsafe extern "C" fn next_property(
    rest: *mut CProperties,
    to: Option<&mut MaybeUninit<Option<Property<'static>>>>,
) -> c_int {
    // A property is as large as none, so that it is written in place.
    const { assert!(size_of::<Option<Property<'_>>>() == size_of::<CProperty>()) };
    let Some(to) = to else {
        return ARGUMENT;
    };
    // SAFETY: by the header it is null, or points to the properties of an event or to zeros.
    let first = match unsafe { rest.cast::<*const u8>().as_ref() } {
        None => return ARGUMENT,
        Some(bytes) if bytes.is_null() => None,
        Some(_) => {
            // SAFETY: properties of the core are a slice, as a test shows, and these were seen not
            // to be null. Any bytes can be walked.
            unsafe { &mut *rest.cast::<Properties<'static>>() }.take_first()
        }
    };
    to.write(first).is_some().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq::packet::v5::{Packet, decode};

    #[test]
    fn properties_are_a_slice() {
        let bytes = b"\x30\x0d\0\x01t\x07\x08\0\x02re\x0b\x07hi";
        let (packet, _) = decode(bytes).unwrap().unwrap();
        let Packet::Publish {
            properties: in_core,
            ..
        } = packet
        else {
            panic!("{packet:?}");
        };
        // SAFETY: both are two words.
        let mut in_c: CProperties = unsafe { core::mem::transmute(in_core) };
        assert_eq!((in_c.bytes, in_c.length), (in_core.as_bytes().as_ptr(), 7));
        let mut property = MaybeUninit::uninit();
        let mut next = |of: *mut CProperties| {
            // SAFETY: as the header says.
            unsafe {
                let result = next_property(of, Some(&mut property));
                (result, property.assume_init())
            }
        };
        let topic = Property::ResponseTopic("re".into());
        assert_eq!(next(&raw mut in_c), (1, Some(topic)));
        let identifier = Property::SubscriptionIdentifier(7);
        assert_eq!(next(&raw mut in_c), (1, Some(identifier)));
        assert_eq!(next(&raw mut in_c), (0, None));
        in_c.bytes = core::ptr::null();
        assert_eq!(next(&raw mut in_c), (0, None));
        // SAFETY: as the header says.
        unsafe {
            assert_eq!(next_property(&raw mut in_c, None), ARGUMENT);
            let null = core::ptr::null_mut();
            assert_eq!(next_property(null, Some(&mut property)), ARGUMENT);
        }
    }
}
