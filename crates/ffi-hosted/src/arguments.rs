//! What C passes: text, bytes, messages.
use crate::error::Failure;
use motemq_std::{Publish, QoS, Will};
use std::{
    ffi::{CStr, c_char, c_void},
    slice,
};

/// `motemq_client_publish_t`.
#[repr(C)]
pub struct CPublish {
    pub topic: *const c_char,
    pub payload: *const c_void,
    pub payload_length: usize,
    pub qos: u8,
    pub retain: u8,
}

const _: () = assert!(size_of::<CPublish>() == 4 * size_of::<usize>());

/// The text that ends with NUL; `None` for null.
pub fn optional_text<'a>(text: *const c_char, name: &str) -> Result<Option<&'a str>, Failure> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: by the header it ends with NUL, and stays as it is during the call.
    let text = unsafe { CStr::from_ptr(text) };
    let text = text.to_str();
    text.map(Some)
        .map_err(|_| Failure::argument(&format!("{name} is not UTF-8")))
}

/// The text that ends with NUL.
pub fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str, Failure> {
    optional_text(text, name)?.ok_or_else(|| Failure::argument(&format!("{name} is NULL")))
}

/// Bytes of the caller; none for null with the length 0.
pub fn bytes<'a>(data: *const c_void, length: usize, name: &str) -> Result<&'a [u8], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    if data.is_null() || length > isize::MAX as usize {
        return Err(Failure::argument(&format!(
            "{name} is NULL, or its length is no length"
        )));
    }
    // SAFETY: by the header there are so many, and they stay as they are during the call.
    Ok(unsafe { slice::from_raw_parts(data.cast(), length) })
}

/// A quality of service.
pub fn qos(number: i64) -> Result<QoS, Failure> {
    u8::try_from(number)
        .ok()
        .and_then(|number| QoS::try_from(number).ok())
        .ok_or_else(|| Failure::argument("the QoS is not 0, 1 or 2"))
}

/// A flag.
pub fn flag(number: u8, name: &str) -> Result<bool, Failure> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::argument(&format!("{name} is neither 0 nor 1"))),
    }
}

impl CPublish {
    /// The message.
    pub fn get<'a>(&self) -> Result<Publish<'a>, Failure> {
        let payload = bytes(self.payload, self.payload_length, "the payload")?;
        let publish = Publish::to(text(self.topic, "the topic")?)
            .payload(payload)
            .qos(qos(self.qos.into())?);
        Ok(if flag(self.retain, "retain")? {
            publish.retain()
        } else {
            publish
        })
    }

    /// The message as a will.
    pub fn will(&self) -> Result<Will, Failure> {
        let publish = self.get()?;
        let mut will = Will::new(publish.topic());
        will.payload = publish.payload.into();
        will.qos = publish.qos;
        will.retain = publish.retain;
        Ok(will)
    }
}

/// What a pointer points to; an error for null.
pub fn pointee<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: by the header it is null or points to one, which stays as it is during the call.
    unsafe { pointer.as_ref() }.ok_or_else(|| Failure::argument(&format!("{name} is NULL")))
}
