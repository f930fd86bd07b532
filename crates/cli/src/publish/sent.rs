//! Messages that were published without waiting for the acknowledgement of each before the next.
use crate::exit::{Exit, Failure};
use motemq_std::{QoS, Receipt, RequestError};
use std::collections::VecDeque;

/// Messages that were sent.
#[derive(Default)]
pub struct Sent {
    receipts: VecDeque<Receipt>,
    /// The number of those that may have arrived or not.
    unknown: usize,
}

impl Sent {
    /// Adds a message. With QoS 0 nobody acknowledges it.
    pub fn push(&mut self, qos: QoS, receipt: Receipt) {
        if qos != QoS::AtMostOnce {
            self.receipts.push_back(receipt);
        }
    }

    /// Looks at what has become of them, or waits for it. The loss of a session or of an
    /// acknowledgement does not end the input.
    pub fn settle(&mut self, waits: bool) -> Result<(), Failure> {
        while let Some(mut receipt) = self.receipts.pop_front() {
            let outcome = match receipt.poll() {
                Some(outcome) => outcome,
                None if waits => receipt.wait(),
                None => {
                    self.receipts.push_front(receipt);
                    break;
                }
            };
            match outcome {
                Ok(_) => {}
                Err(
                    RequestError::OutcomeUnknown
                    | RequestError::NotAcknowledged(_)
                    | RequestError::Abandoned(_)
                    | RequestError::Rejected(_),
                ) => self.unknown += 1,
                Err(error) => return Err(Failure::of_request(&error)),
            }
        }
        Ok(())
    }

    /// Waits until it is known what has become of each of them, which are called so.
    pub fn end(mut self, what: &str) -> Result<(), Failure> {
        self.settle(true)?;
        match self.unknown {
            0 => Ok(()),
            count => Err(Failure::new(
                Exit::NotAcknowledged,
                format_args!(
                    "{what} without an acknowledgement: {count}; they may have arrived or not (-c -i ID lets the broker keep the session, and {what} with -q 1 are sent again)"
                ),
            )),
        }
    }
}
