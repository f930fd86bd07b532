//! What the options of all clients have in common.

/// The methods that the `Options` of every client have alike, inside of their `impl`. Their fields
/// are `identity`, `reconnect`, `hook` and `topic`.
#[macro_export]
macro_rules! common_options {
    () => {
        /// The topic or filter in the [URL](Self::from_url) these options were made from, for the
        /// caller's own use.
        pub fn topic(&self) -> Option<&str> {
            self.topic.as_deref()
        }

        /// Names the session: see [`new`](Self::new).
        pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
            self.identity.client_id = client_id.into();
            self
        }

        /// Says who we are. The password may be any bytes.
        pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
            self.identity.user = Some(user.into());
            self.identity.password = Some(password.into());
            self
        }

        /// Says who we are, without a password.
        pub fn user(mut self, user: impl Into<String>) -> Self {
            self.identity.user = Some(user.into());
            self.identity.password = None;
            self
        }

        /// What the broker publishes when the connection ends otherwise than by `disconnect`.
        pub fn will(mut self, will: $crate::Will) -> Self {
            self.identity.will = Some(Box::new(will));
            self
        }

        /// What to do when the connection cannot be made or is lost.
        pub fn reconnect(mut self, reconnect: $crate::Reconnect) -> Self {
            self.reconnect = reconnect;
            self
        }

        /// Shows each packet that passes, in either direction. Payloads and passwords are shown,
        /// too.
        pub fn trace(
            mut self,
            look: impl FnMut($crate::Direction, &motemq::packet::Packet<'_>) + Send + 'static,
        ) -> Self {
            self.hook = Some($crate::Hook::new(look));
            self
        }
    };
}
