//! What the hosted adapters of motemq share: broker URLs, waiting between attempts to connect, and a look at the packets that pass.
//!
//! Protocol knowledge is not here: it is all in [`motemq`].
mod back_off;
mod trace;
mod url;

pub use back_off::BackOff;
pub use trace::{Direction, Hook, Tracer};
pub use url::{BrokerUrl, UrlError};
