//! The broker's answer to a request that it has carried out.
use crate::BrokerReason;
use alloc::{boxed::Box, sync::Arc};
use motemq::ReasonCode;

/// The broker's answer to a request that succeeded.
///
/// Most answers contain nothing else, and take no memory. With QoS 0 and with MQTT 3.1.1, only the
/// answer to a subscription has content: the QoS granted.
///
/// # Examples
/// ```
/// use motemq::ReasonCode;
/// use motemq_client::Acknowledgement;
/// fn report(acknowledgement: &Acknowledgement) {
///     if acknowledgement.code() == ReasonCode::NO_MATCHING_SUBSCRIBERS {
///         println!("the broker has the message, but no client receives it");
///     }
/// }
/// report(&Acknowledgement::default());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Acknowledgement(Option<Arc<Content>>);

#[derive(PartialEq, Eq, Hash, Debug)]
struct Content {
    codes: Box<[u8]>,
    reason: Option<BrokerReason>,
}

impl Acknowledgement {
    /// Makes the answer to a request with these codes, one for each filter.
    pub(crate) fn of_filters(codes: &[u8], reason: Option<BrokerReason>) -> Self {
        let codes = codes.into();
        Acknowledgement(Some(Arc::new(Content { codes, reason })))
    }

    /// Makes the answer to a message, if it says more than success.
    pub(crate) fn with_reason(reason: BrokerReason) -> Self {
        Self::of_filters(&[], Some(reason))
    }

    /// Returns the reason code of the answer to a message: [`SUCCESS`](ReasonCode::SUCCESS), or,
    /// with MQTT 5, [`NO_MATCHING_SUBSCRIBERS`](ReasonCode::NO_MATCHING_SUBSCRIBERS) if the broker
    /// reports that no client receives the message.
    pub fn code(&self) -> ReasonCode {
        let reason = self.reason();
        reason.map_or(ReasonCode::SUCCESS, BrokerReason::code)
    }

    /// Returns the reason string, a text for people, if a broker of MQTT 5 sent one.
    pub fn reason_string(&self) -> Option<&str> {
        self.reason()?.reason_string()
    }

    fn reason(&self) -> Option<&BrokerReason> {
        self.0.as_deref()?.reason.as_ref()
    }

    /// Returns a code for each filter: of SUBSCRIBE, the QoS granted, 0 to 2; of UNSUBSCRIBE with
    /// MQTT 5, a [`ReasonCode`]. The slice is empty for other requests.
    pub fn codes(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], |content| &content.codes)
    }
}
