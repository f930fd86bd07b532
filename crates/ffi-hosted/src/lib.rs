//! The managed client for C: the functions that `include/motemq_managed.h` declares, over the
//! [`Client`](motemq_std::Client) of `motemq-std`.
//!
//! Every pointer that is passed is checked for null, every number for its range, and text is checked
//! to be UTF-8 once, when it crosses the border. Handles are numbers that are looked up, not
//! addresses. Memory that another pointer points to cannot be checked: the header says what it has
//! to be, and the reasons beside each `unsafe` block refer to it. A panic ends at the border, and
//! is returned as an error.
mod arguments;
mod callbacks;
mod client;
mod completions;
mod error;
mod handles;
#[cfg(feature = "layout")]
mod layout;
mod messages;
mod options;
mod requests;
mod state;
