//! What the functions return: `motemq_client_error`, with a text for people.
use motemq_std::{DisconnectReason, Ended, Error, PublishError, RequestError, SubscribeError};
use std::{
    cell::RefCell,
    ffi::{CString, c_char, c_int},
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Success without a number to return.
pub const OK: c_int = 0;
/// An argument is not what its type promises.
pub const ARGUMENT: c_int = -1;
/// MQTT or the options do not allow it.
pub const INVALID: c_int = -2;
/// There is no room now.
pub const FULL: c_int = -3;
/// There is no connection.
pub const OFFLINE: c_int = -4;
/// It is too long.
pub const TOO_LONG: c_int = -5;
/// The client has ended.
pub const ENDED: c_int = -6;
/// A callback must not call this function.
pub const CALLBACK: c_int = -7;
/// The system has refused something.
pub const SYSTEM: c_int = -8;
/// The time was up.
pub const TIMEOUT: c_int = -9;
/// The library has a fault.
pub const PANIC: c_int = -10;
/// The client was closed before everything was completed.
pub const UNFINISHED: c_int = -11;

/// The broker refused the subscription, or with MQTT 5 the message.
pub const REFUSED: c_int = -16;
/// It was sent, and it is not known whether the broker has it.
pub const OUTCOME_UNKNOWN: c_int = -17;
/// The broker did not answer in time.
pub const NOT_ANSWERED: c_int = -18;
/// It was never sent.
pub const DROPPED: c_int = -19;

/// The broker closed the connection.
pub const CLOSED: c_int = -32;
/// The transport failed.
pub const TRANSPORT: c_int = -33;
/// The broker broke the protocol.
pub const PROTOCOL: c_int = -34;
/// The broker did not answer or take bytes in time.
pub const UNRESPONSIVE: c_int = -35;
/// Too much waited to be taken.
pub const OVERRUN: c_int = -36;

/// The broker refused the connection: this minus its return code.
pub const CONNECT_REFUSED: c_int = -256;

/// An error: its number, and its text.
#[derive(Debug)]
pub struct Failure {
    pub number: c_int,
    pub text: String,
}

impl Failure {
    pub fn new(number: c_int, text: impl Display) -> Self {
        let text = text.to_string();
        Failure { number, text }
    }

    /// An argument is not what its type promises.
    pub fn argument(text: &str) -> Self {
        Failure::new(ARGUMENT, text)
    }

    /// Makes it the last error of this thread.
    pub fn report(self) -> c_int {
        // The texts contain no U+0000: the texts of C have none.
        let text = CString::new(self.text).unwrap_or_default();
        LAST.with_borrow_mut(|last| *last = text);
        self.number
    }
}

thread_local! {
    /// The text of the last error in this thread.
    static LAST: RefCell<CString> = RefCell::default();
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let number = match &error {
            PublishError::TooLong { .. } | PublishError::BeginningTooLong { .. } => TOO_LONG,
            PublishError::Full => FULL,
            PublishError::Offline | PublishError::LargerThanQueue { .. } => OFFLINE,
            PublishError::Ended(_) => ENDED,
            _ => INVALID,
        };
        Failure::new(number, error)
    }
}

impl From<SubscribeError> for Failure {
    fn from(error: SubscribeError) -> Self {
        let number = match error {
            SubscribeError::TooLong { .. } => TOO_LONG,
            SubscribeError::Ended(_) => ENDED,
            SubscribeError::Failed(error) => return error.into(),
            _ => INVALID,
        };
        Failure::new(number, error)
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        let number = match &error {
            RequestError::Refused { .. }
            | RequestError::UnsubscribeRefused { .. }
            | RequestError::MessageRefused(_) => REFUSED,
            RequestError::OutcomeUnknown | RequestError::OutcomeUnknownAtEnd(_) => OUTCOME_UNKNOWN,
            RequestError::NotAcknowledged(_) | RequestError::NotAnswered(_) => NOT_ANSWERED,
            RequestError::Abandoned(_) => PROTOCOL,
            RequestError::Ended(_) => ENDED,
            _ => DROPPED,
        };
        Failure::new(number, error)
    }
}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        Failure::new(number_of_end(&ended), ended)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let number = match error {
            Error::System(_) => SYSTEM,
            _ => INVALID,
        };
        Failure::new(number, error)
    }
}

/// The number of the reason why there is no connection.
pub fn number_of_reason(reason: &DisconnectReason) -> c_int {
    match reason {
        DisconnectReason::Closed(_) | DisconnectReason::Disconnected(_) => CLOSED,
        DisconnectReason::Transport(_) => TRANSPORT,
        DisconnectReason::Refused(code) => CONNECT_REFUSED - c_int::from(code.get()),
        DisconnectReason::RefusedWith(reason) => CONNECT_REFUSED - c_int::from(reason.code().get()),
        DisconnectReason::Stalled(_)
        | DisconnectReason::ConnectTimeout(_)
        | DisconnectReason::ConnackTimeout(_)
        | DisconnectReason::Unanswered { .. } => UNRESPONSIVE,
        DisconnectReason::Overrun { .. } => OVERRUN,
        _ => PROTOCOL,
    }
}

/// The number of the reason why there will be no connection.
pub fn number_of_end(ended: &Ended) -> c_int {
    match ended {
        Ended::Closed => OK,
        Ended::Unfinished => UNFINISHED,
        Ended::GaveUp(reason) => number_of_reason(reason),
        Ended::DriverStopped => PANIC,
        _ => SYSTEM,
    }
}

/// Calls the body of a function of the library. A panic becomes an error.
pub fn guard(body: impl FnOnce() -> Result<c_int, Failure>) -> c_int {
    // Nothing that is left half changed is used again without being checked: the state is behind
    // locks of the client below, which reports that it has ended.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(failure)) => failure.report(),
        Err(_) => Failure::new(PANIC, "the library has a fault: report it, please").report(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn motemq_client_last_error() -> *const c_char {
    LAST.with_borrow(|last| last.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn a_panic_is_an_error_with_a_text() {
        assert_eq!(guard(|| panic!("not so")), PANIC);
        // SAFETY: it is text that ends with NUL, and this thread has not called anything since.
        let text = unsafe { CStr::from_ptr(motemq_client_last_error()) };
        assert!(text.to_string_lossy().contains("fault"));
    }

    #[test]
    fn results_pass() {
        assert_eq!(guard(|| Ok(7)), 7);
        assert_eq!(guard(|| Err(Failure::new(FULL, "wait"))), FULL);
    }
}
