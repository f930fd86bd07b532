//! The state of the connection.
use crate::{
    callbacks::{Callbacks, Context},
    error::{Failure, OK, TIMEOUT, guard, number_of_end, number_of_reason},
    handles::{Handle, get},
};
use motemq_std::{Ended, State, States};
use std::{
    ffi::{c_char, c_int, c_void},
    time::{Duration, Instant},
};

/// The room for the text of a reason, with the NUL at its end.
const REASON: usize = 240;

/// `motemq_client_state_t`.
#[repr(C)]
pub struct CState {
    pub kind: c_int,
    pub session: c_int,
    pub error: c_int,
    pub retry_ms: u32,
    pub reason: [c_char; REASON],
}

const _: () = assert!(size_of::<CState>() == 256);

/// `motemq_client_state_kind`.
pub const CONNECTING: c_int = 0;
pub const CONNECTED: c_int = 1;
pub const WAITING: c_int = 2;
pub const HAS_ENDED: c_int = 3;

/// `motemq_client_on_state_t`.
pub type StateFunction = unsafe extern "C" fn(*mut c_void, *const CState);

/// A function that is told when the state changes.
#[derive(Clone, Copy)]
pub struct OnState {
    pub function: StateFunction,
    pub context: Context,
}

impl CState {
    fn of(state: &State) -> Self {
        let (mut session, mut error, mut retry_ms) = (0, OK, 0);
        let mut reason = state.reason().map(ToString::to_string);
        if let Some(reason) = state.reason() {
            error = number_of_reason(reason);
        }
        let kind = match state {
            State::Connected { session: kept, .. } => {
                session = *kept as c_int;
                CONNECTED
            }
            State::Waiting { retry_at, .. } => {
                let left = retry_at.saturating_duration_since(Instant::now());
                retry_ms = left.as_millis().try_into().unwrap_or(u32::MAX);
                WAITING
            }
            State::Ended(ended) => {
                error = number_of_end(ended);
                reason = Some(ended.to_string());
                HAS_ENDED
            }
            _ => CONNECTING,
        };
        CState {
            kind,
            session,
            error,
            retry_ms,
            reason: cut(&reason.unwrap_or_default()),
        }
    }
}

/// The beginning of a text, as far as there is room, with NUL at its end.
fn cut(text: &str) -> [c_char; REASON] {
    let mut cut = [0; REASON];
    let end = text.floor_char_boundary_at(REASON - 1);
    for (to, byte) in cut.iter_mut().zip(text[..end].bytes()) {
        *to = byte as c_char;
    }
    cut
}

/// Where a text can be cut.
trait Boundary {
    /// The last boundary of a character that is not behind `at`.
    fn floor_char_boundary_at(&self, at: usize) -> usize;
}

impl Boundary for str {
    fn floor_char_boundary_at(&self, at: usize) -> usize {
        let mut end = at.min(self.len());
        while !self.is_char_boundary(end) {
            end -= 1;
        }
        end
    }
}

/// Tells the program of changes until the client has ended.
pub fn run(mut states: States, on_state: OnState, callbacks: &Callbacks) {
    loop {
        let state = states.changed();
        let in_c = CState::of(&state);
        callbacks.call(|| {
            // SAFETY: by the header it can be called with this context by another thread.
            unsafe { (on_state.function)(on_state.context.get(), &raw const in_c) };
        });
        if matches!(state, State::Ended(_)) {
            return;
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_client_get_state(client: Handle, state: *mut CState) -> c_int {
    guard(|| {
        let client = get(client)?;
        if state.is_null() {
            return Err(Failure::argument("state is NULL"));
        }
        // SAFETY: by the header there is room for it.
        unsafe { state.write(CState::of(&client.client.state())) };
        Ok(OK)
    })
}

#[unsafe(no_mangle)]
extern "C" fn motemq_client_wait_connected(client: Handle, timeout_ms: u32) -> c_int {
    guard(|| {
        let client = get(client)?;
        let limit = Duration::from_millis(timeout_ms.into());
        match client.client.connected_timeout(limit)? {
            Some(session) => Ok(session as c_int),
            None => {
                let state = client.client.state();
                let why = state.reason().map(ToString::to_string);
                let why = why.unwrap_or_else(|| "there is no connection yet".into());
                Err(Failure::new(TIMEOUT, why))
            }
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn motemq_client_wait_ended(client: Handle, timeout_ms: u32) -> c_int {
    guard(|| {
        let client = get(client)?;
        let until = Instant::now() + Duration::from_millis(timeout_ms.into());
        let mut states = client.client.states();
        loop {
            if let State::Ended(ended) = client.client.state() {
                return match ended {
                    Ended::Closed => Ok(OK),
                    ended => Err(ended.into()),
                };
            }
            let left = until.saturating_duration_since(Instant::now());
            if states.changed_timeout(left).is_none() {
                return Err(Failure::new(TIMEOUT, "the client has not ended"));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let text = "é".repeat(200);
        let cut = cut(&text);
        assert_eq!(cut.iter().position(|&byte| byte == 0), Some(238));
        assert_eq!(super::cut("").iter().position(|&byte| byte == 0), Some(0));
    }
}
