//! What the hosted adapters of motemq share: where a broker is and the way there (URLs, TLS,
//! WebSocket), what a client says of itself, waiting between attempts to connect, why connections
//! end, what brokers allow, which subscriptions there are, what may be sent again, and a
//! look at the packets that pass.
//!
//! Protocol knowledge is not here: it is all in [`motemq`].
mod back_off;
mod cause;
mod foreign;
mod identity;
mod options;
pub mod profile;
mod resend;
mod route;
#[cfg(feature = "tls")]
mod tls;
mod topics;
mod trace;
mod underway;
mod url;
mod websocket;

pub use back_off::{BackOff, Reconnect};
pub use cause::{Cause, advice, is_about_login, unconnectable, unsendable};
pub use foreign::Foreign;
pub use identity::{Identity, Will};
#[cfg(feature = "tls")]
pub use native_tls;
pub use resend::{Asked, Suspect};
pub use route::Route;
#[cfg(feature = "tls")]
pub use tls::{Heard, Look, Objection, Overheard, Records, Shown, Tls, TlsError};
pub use topics::{Granted, Subscriptions, check_filters, check_topic, is_covered};
pub use trace::{Direction, Hook, Tracer};
pub use tungstenite;
pub use underway::Underway;
pub use url::{BrokerUrl, Scheme, UrlError};
pub use websocket::{FrameDecoder, ResponseHead, Upgrade, WebSocket, WebSocketError};
