//! `motemq_client_options_t`: what a client is opened with.
use crate::{
    arguments::{CPublish, bytes, flag, optional_text, pointee, text},
    callbacks::Context,
    error::{Failure, INVALID},
    messages::{MessageFunction, OnMessage},
    state::{OnState, StateFunction},
};
use motemq_std::{Error, Options, Tls, Version};
use std::{
    ffi::{c_char, c_void},
    mem::{MaybeUninit, offset_of},
    time::Duration,
};

/// `motemq_client_options_t`.
#[repr(C)]
pub struct COptions {
    pub size: usize,
    pub url: *const c_char,
    pub client_id: *const c_char,
    pub user: *const c_char,
    pub password: *const c_void,
    pub password_length: usize,
    pub will: *const CPublish,
    pub ca_file: *const c_char,
    pub certificate_file: *const c_char,
    pub key_file: *const c_char,
    pub on_message: Option<MessageFunction>,
    pub on_state: Option<StateFunction>,
    pub context: *mut c_void,
    pub connect_timeout_ms: u32,
    pub ack_timeout_ms: u32,
    pub keep_alive: u16,
    pub in_flight: u16,
    pub keep_session: u8,
    pub queue_qos0: u8,
    pub no_keep_alive: u8,
    pub version: u8,
}

const _: () = assert!(size_of::<COptions>() == 13 * size_of::<usize>() + 16);

/// The size of the options in the first version of the header. Later versions add fields behind.
const FIRST_SIZE: usize = size_of::<COptions>();

/// The options as the program passes them, whose header can be older: fields that it does not know
/// are zero.
pub fn read(options: *const COptions) -> Result<COptions, Failure> {
    // The size is the first field, and every version of the header has it.
    const { assert!(offset_of!(COptions, size) == 0) };
    let size = *pointee(options.cast::<usize>(), "options")?;
    if !(FIRST_SIZE..=size_of::<COptions>()).contains(&size) {
        return Err(Failure::argument(
            "size is not sizeof(motemq_client_options_t): use the header of this library",
        ));
    }
    let mut read = MaybeUninit::<COptions>::zeroed();
    // SAFETY: by the header there are `size` bytes, for which there was seen to be room. Zeros are a
    // value of each field: null, `None` and 0.
    unsafe {
        (&raw mut read)
            .cast::<u8>()
            .copy_from_nonoverlapping(options.cast(), size);
        Ok(read.assume_init())
    }
}

/// A time, or `None` for 0.
fn time(ms: u32) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms.into()))
}

impl COptions {
    /// The options for the client below.
    pub fn get(&self) -> Result<Options, Failure> {
        let url = Options::from_url(text(self.url, "url")?).map_err(Error::from)?;
        let id = optional_text(self.client_id, "client_id")?;
        let mut options = url.client_id(id.unwrap_or_default());
        let user = optional_text(self.user, "user")?;
        let has_password = !self.password.is_null() || self.password_length != 0;
        match user {
            Some(user) if has_password => {
                let password = bytes(self.password, self.password_length, "password")?;
                options = options.login(user, password);
            }
            Some(user) => options = options.user(user),
            None if has_password => {
                return Err(Failure::new(INVALID, "a password requires a user name"));
            }
            None => {}
        }
        if !self.will.is_null() {
            options = options.will(pointee(self.will, "will")?.will()?);
        }
        if let Some(tls) = self.tls()? {
            options = options.tls(tls);
        }
        if let Some(limit) = time(self.connect_timeout_ms) {
            options = options.connect_timeout(limit);
        }
        if let Some(limit) = time(self.ack_timeout_ms) {
            options = options.ack_timeout(Some(limit));
        }
        if flag(self.no_keep_alive, "no_keep_alive")? {
            options = options.keep_alive(0);
        } else if self.keep_alive != 0 {
            options = options.keep_alive(self.keep_alive);
        }
        if self.in_flight != 0 {
            options = options.in_flight(self.in_flight.into());
        }
        match self.version {
            0 | 4 => {}
            5 => options = options.version(Version::Mqtt5).fall_back(),
            _ => return Err(Failure::argument("version is not 0, 4 or 5")),
        }
        if flag(self.queue_qos0, "queue_qos0")? {
            options = options.queue_qos0();
        }
        if flag(self.keep_session, "keep_session")? {
            if self.on_message.is_none() {
                return Err(Failure::new(
                    INVALID,
                    "with keep_session, on_message is needed for messages that arrive before the \
                     program has subscribed",
                ));
            }
            options = options.keep_session();
        }
        Ok(options)
    }

    /// The settings of TLS, if there are any.
    fn tls(&self) -> Result<Option<Tls>, Failure> {
        let ca = optional_text(self.ca_file, "ca_file")?;
        let certificate = optional_text(self.certificate_file, "certificate_file")?;
        let key = optional_text(self.key_file, "key_file")?;
        if ca.is_none() && certificate.is_none() && key.is_none() {
            return Ok(None);
        }
        let mut tls = Tls::new();
        if let Some(ca) = ca {
            tls = tls.ca_file(ca).map_err(Error::from)?;
        }
        match (certificate, key) {
            (Some(certificate), Some(key)) => {
                tls = tls
                    .identity_files(certificate, key, None)
                    .map_err(Error::from)?;
            }
            (None, None) => {}
            _ => {
                return Err(Failure::new(
                    INVALID,
                    "certificate_file and key_file belong together",
                ));
            }
        }
        Ok(Some(tls))
    }

    /// The function for messages that match no subscription.
    pub fn on_message(&self) -> Option<OnMessage> {
        self.on_message.map(|function| OnMessage {
            function,
            context: Context::new(self.context),
        })
    }

    /// The function for changes of the state.
    pub fn on_state(&self) -> Option<OnState> {
        self.on_state.map(|function| OnState {
            function,
            context: Context::new(self.context),
        })
    }
}
