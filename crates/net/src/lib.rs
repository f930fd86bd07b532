//! What the hosted adapters of motemq share: broker URLs, what a client says of itself, waiting between attempts to connect, why
//! connections end, what brokers allow, which subscriptions there are, and a look at the packets that pass.
//!
//! Protocol knowledge is not here: it is all in [`motemq`].
mod back_off;
mod cause;
mod identity;
pub mod profile;
mod topics;
mod trace;
mod url;

pub use back_off::{BackOff, Reconnect};
pub use cause::{Cause, advice, is_about_login, unconnectable, unsendable};
pub use identity::{Identity, Will};
pub use topics::{Granted, Subscriptions, check_filters, check_topic, is_covered};
pub use trace::{Direction, Hook, Tracer};
pub use url::{BrokerUrl, UrlError};
