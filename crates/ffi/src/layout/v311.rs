//! The layout of `motemq.h` alone.
use super::{ID, error};
use crate::events::EventOf;
use motemq::{Event, Fault, ReturnCode, SessionState};

values! { "5 - MOTEMQ_REFUSED" => -error::ended(Fault::Refused(ReturnCode::NOT_AUTHORIZED)); }

events! {
    "MOTEMQ_CONNECTED" => Connected in "connected" {
        session: SessionState::New => "session" | properties
    };
    "MOTEMQ_SUBSCRIBED" => Subscribed in "subscribed" {
        id: ID => "id", codes: &[] => "codes" | properties
    };
}
