//! Calling functions of the program: one at a time for each client, by threads of the client.
use crate::error::Failure;
use std::{
    cell::Cell,
    ffi::{c_int, c_void},
    sync::{Mutex, PoisonError},
};

/// `motemq_client_done_t`.
pub type DoneFunction = unsafe extern "C" fn(*mut c_void, c_int);

/// A pointer of the program, which is passed back to it.
#[derive(Clone, Copy)]
pub struct Context(*mut c_void);

// SAFETY: it is never followed here. By the header the program expects it in another thread.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    pub fn new(pointer: *mut c_void) -> Self {
        Context(pointer)
    }

    pub fn get(self) -> *mut c_void {
        self.0
    }
}

/// Keeps the callbacks of a client apart.
#[derive(Default)]
pub struct Callbacks(Mutex<()>);

thread_local! {
    /// A callback of any client is running in this thread.
    static IS_WITHIN: Cell<bool> = const { Cell::new(false) };
}

impl Callbacks {
    /// Calls a function of the program while no other callback of this client runs.
    pub fn call<T>(&self, callback: impl FnOnce() -> T) -> T {
        let _alone = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        IS_WITHIN.set(true);
        let result = callback();
        IS_WITHIN.set(false);
        result
    }
}

/// Fails within a callback, for functions that wait for callbacks to return.
pub fn refuse_within() -> Result<(), Failure> {
    if IS_WITHIN.get() {
        return Err(Failure::new(
            crate::error::CALLBACK,
            "the function waits for callbacks to return: call it from another thread",
        ));
    }
    Ok(())
}

/// A function to be called once, when the outcome of a request is known.
pub struct Done {
    function: Option<DoneFunction>,
    context: Context,
}

impl Done {
    pub fn new(function: Option<DoneFunction>, context: *mut c_void) -> Self {
        let context = Context::new(context);
        Done { function, context }
    }

    /// Returns whether there is nothing to call.
    pub fn is_none(&self) -> bool {
        self.function.is_none()
    }

    /// Reports the outcome: a number of at least 0, or an error with its text.
    pub fn call(self, outcome: Result<c_int, Failure>, callbacks: &Callbacks) {
        let Some(function) = self.function else {
            return;
        };
        callbacks.call(|| {
            let number = outcome.unwrap_or_else(Failure::report);
            // SAFETY: by the header it can be called once, with this context, by another thread.
            unsafe { function(self.context.get(), number) };
        });
    }
}
