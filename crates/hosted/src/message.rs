//! Received messages, which are alike in both faces but for how the rest of a long payload is read.

/// Defines `Message`, with an example of its `into_reader`, `PayloadReader`, and `Unacked`. `Face`
/// is the type that implements [`Face`](crate::Face).
#[doc(hidden)]
#[macro_export]
macro_rules! message {
    ($(#[$example:meta])*) => {
        /// A received message. Cloning it copies no bytes.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct Message {
            /// The topic to which the message was published.
            pub topic: ::std::sync::Arc<str>,
            /// The payload, or only its beginning: see [`is_whole`](Self::is_whole).
            pub payload: ::bytes::Bytes,
            /// The length of the whole payload in bytes.
            pub len: u64,
            /// The quality of service with which the broker delivered the message.
            pub qos: ::motemq::QoS,
            /// The retain flag: whether the broker had stored the message before this subscription
            /// was made [MQTT-3.3.1-8]. With MQTT 5 and
            /// [retain as published](::motemq::SubscriptionOptions::retain_as_published), it is the
            /// flag with which the message was published.
            pub retain: bool,
            /// The DUP flag: whether the broker may have sent the message before. With QoS 1 the
            /// application may have processed it before; with QoS 2 it has not.
            pub dup: bool,
            /// The packet identifier that the broker chose, or `None` with QoS 0.
            pub packet_id: Option<::motemq::PacketId>,
            /// The properties, which only MQTT 5 has.
            pub properties: ::motemq_client::MessageProperties,
            rest: Option<$crate::Rest<Face>>,
        }

        impl Message {
            #[inline]
            pub(crate) fn new(
                message: ::motemq_client::Message,
                shared: &::std::sync::Arc<$crate::Shared<Face>>,
            ) -> Self {
                let rest = message.rest.map(|rest| $crate::Rest::new(shared, rest));
                Message {
                    topic: message.topic,
                    payload: message.payload,
                    len: message.len,
                    qos: message.qos,
                    retain: message.retain,
                    dup: message.dup,
                    packet_id: message.packet_id,
                    properties: message.properties,
                    rest,
                }
            }

            /// Returns whether [`payload`](Self::payload) contains the whole payload. It does not
            /// if the payload is larger than [`Options::max_message`](crate::Options::max_message)
            /// and arrived in more than one piece.
            pub fn is_whole(&self) -> bool {
                self.rest.is_none()
            }

            /// Returns a reader of the whole payload, of any size, which reads it while it arrives.
            ///
            /// The client receives nothing that follows the message until the payload is complete.
            /// A message whose payload was not complete is acknowledged when the payload is read to
            /// the end, or when all its clones and readers are dropped, which discards the rest.
            /// Clones share the rest: each piece is read only once. If the connection is lost
            /// before the end, reading fails with `ConnectionReset`, and with QoS 1 and 2 the
            /// message arrives again.
            ///
            $(#[$example])*
            pub fn into_reader(self) -> PayloadReader {
                PayloadReader {
                    piece: self.payload,
                    rest: self.rest,
                }
            }
        }

        /// A reader of a payload while it arrives: see [`Message::into_reader`].
        #[derive(Debug)]
        pub struct PayloadReader {
            piece: ::bytes::Bytes,
            rest: Option<$crate::Rest<Face>>,
        }

        /// The acknowledgement of a message, which the application gives when it has processed the
        /// message: see [`Subscription::recv_unacked`](crate::Subscription::recv_unacked).
        ///
        /// If it is dropped instead, the message and those that follow it stay unacknowledged. If
        /// the session is kept, the message arrives again over the next connection. While the
        /// application holds this object, the message does not arrive again as long as the session
        /// lasts, even over another connection.
        #[must_use = "the message is acknowledged by `ack` only"]
        pub struct Unacked($crate::PendingAck<Face>);

        impl Unacked {
            pub(crate) fn new(
                shared: &::std::sync::Arc<$crate::Shared<Face>>,
                ack: Option<::motemq_client::AckId>,
            ) -> Self {
                Unacked($crate::PendingAck::new(shared, ack))
            }

            /// Acknowledges the message. If the connection over which the message arrived is lost,
            /// the client acknowledges it when the broker has sent it again. It has no effect with
            /// QoS 0, and if the session has ended.
            pub fn ack(self) {
                self.0.ack();
            }
        }

        impl ::std::fmt::Debug for Unacked {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct("Unacked").finish_non_exhaustive()
            }
        }
    };
}

/// Returns the error for a payload that broke off.
#[cold]
pub fn broken_payload() -> std::io::Error {
    let why = "the connection was lost before the payload was complete: with QoS 1 and 2 the \
               message arrives again";
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, why)
}
