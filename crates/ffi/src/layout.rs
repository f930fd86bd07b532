//! What the header has to agree with, for the test that compares: each static is named as an
//! expression of C, and is one byte longer than its value.

macro_rules! values {
    ($($name:literal = $value:expr;)*) => {
        $(const _: () = {
            #[unsafe(export_name = $name)]
            static VALUE: [u8; $value as usize + 1] = [0; $value as usize + 1];
        };)*
    };
}

/// An event of a kind, and where a field of it is. Fields of type `()` stand behind the bar.
macro_rules! events {
    ($($kind:literal = $event:ident {
        $($field:ident: $value:expr => $name:literal),* $(| $unit:ident)?
    };)*) => {
        $(const _: () = {
            const EVENT: &EventOf = &Event::$event { $($field: $value,)* $($unit: ())? };
            const START: *const u8 = (&raw const *EVENT).cast();
            // SAFETY: the kind is the first byte of an event, which is `repr(u8)`.
            const KIND: u8 = unsafe { START.read() };
            values! { $kind = KIND; }
            $(const _: () = {
                const OFFSET: isize = match EVENT {
                    // SAFETY: the field is a part of the event.
                    Event::$event { $field, .. } => unsafe {
                        (&raw const *$field).cast::<u8>().offset_from(START)
                    },
                    _ => -1,
                };
                values! { $name = OFFSET; }
            };)*
        };)*
    };
}

#[cfg(not(feature = "v5"))]
mod v311;
#[cfg(feature = "v5")]
mod v5;
