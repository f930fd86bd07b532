//! Received messages. They differ between the faces only in how a long payload is read.

/// Defines `Message`, `PayloadReader` and `Unacked` of a face. The argument is an example for
/// `Message::into_reader`. `Face` has to be the type that implements [`Face`](crate::Face).
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
            /// The retain flag. It is true if the message is a retained message that the broker
            /// sent because of a new subscription [MQTT-3.3.1-8]. With MQTT 5 and
            /// [retain as published](::motemq::SubscriptionOptions::retain_as_published), it is the
            /// flag with which the message was published.
            pub retain: bool,
            /// The DUP flag. It is true if the broker may have sent the message before. In this
            /// case, the application may have processed a message with QoS 1 already, but not one
            /// with QoS 2.
            pub dup: bool,
            /// The packet identifier that the broker chose, or `None` with QoS 0.
            pub packet_id: Option<::motemq::PacketId>,
            /// The properties of the message. With MQTT 3.1.1 there are none.
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

            /// Returns whether [`payload`](Self::payload) contains the whole payload. It contains
            /// only the beginning if the payload is larger than
            /// [`Options::max_message`](crate::Options::max_message) and arrived in more than one
            /// piece: see [`into_reader`](Self::into_reader).
            pub fn is_whole(&self) -> bool {
                self.rest.is_none()
            }

            /// Returns a reader of the whole payload. A payload that is too large for memory can be
            /// read while it arrives.
            ///
            /// Such a message is acknowledged when its payload was read to the end, or when all its
            /// clones and readers were dropped, which discards the rest of the payload. Until then,
            /// the client receives nothing that follows the message. Clones share the rest of the
            /// payload: each piece is read only once.
            ///
            /// If the connection is lost before the end of the payload, reading fails with
            /// [`ConnectionReset`](std::io::ErrorKind::ConnectionReset). With QoS 1 and 2 the
            /// message then arrives again.
            ///
            /// # Examples
            $(#[$example])*
            pub fn into_reader(self) -> PayloadReader {
                PayloadReader {
                    piece: self.payload,
                    rest: self.rest,
                }
            }
        }

        /// A reader of the payload of a message, which may still be arriving: see
        /// [`Message::into_reader`].
        #[derive(Debug)]
        pub struct PayloadReader {
            piece: ::bytes::Bytes,
            rest: Option<$crate::Rest<Face>>,
        }

        /// The pending acknowledgement of a message. The application calls [`ack`](Self::ack) when
        /// it has processed the message: see
        /// [`Subscription::recv_unacked`](crate::Subscription::recv_unacked).
        ///
        /// While the application holds this object, the message does not arrive again as long as
        /// the session lasts, even over another connection. If the object is dropped without a call
        /// of `ack`, the message and all later ones stay unacknowledged. In a kept session, the
        /// message arrives again over the next connection.
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
            /// the client acknowledges it when the broker has sent it again. The call has no effect
            /// for a message with QoS 0, or after the session has ended.
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

/// Returns the error of a reader whose payload is incomplete since the connection was lost. Its
/// kind is `ConnectionReset`.
#[cold]
pub fn broken_payload() -> std::io::Error {
    let why = "the connection was lost before the payload was complete: with QoS 1 and 2 the \
               message arrives again";
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, why)
}
