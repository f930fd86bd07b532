//! The handle of a client, as far as it is alike in both faces, and the state that it shows.

/// Defines the methods that the `Client` of every face has alike, inside of its `impl`: those that
/// never wait. What they return is imported there.
#[doc(hidden)]
#[macro_export]
macro_rules! client_methods {
    () => {
        /// Opens a stream of all messages that no other stream receives: messages of a resumed
        /// session to which no stream belongs yet, and messages of streams that were dropped. It
        /// receives messages that already wait for a stream at once.
        pub fn messages(&self) -> Subscription {
            let stream = self.shared.with(|inner| inner.client.messages());
            Subscription::new(&self.shared, stream)
        }

        /// Returns the state of the connection: the time since when there is a connection, or the
        /// reason why there is none and the time of the next attempt.
        pub fn state(&self) -> State {
            let state = self.shared.with(|inner| inner.client.state().clone());
            self.shared.at_instants(state)
        }

        /// Begins a [re-authentication](Options::authentication) over the present connection, which
        /// only MQTT 5 has. If it fails, the connection ends, and the state contains the reason.
        ///
        /// # Errors
        /// An [`AuthenticateError`]. The re-authentication has not begun then.
        pub fn reauthenticate(&self) -> Result<(), AuthenticateError> {
            self.shared.command(::motemq_client::Client::reauthenticate)
        }

        /// Returns the client identifier that the broker of MQTT 5 has assigned to a client without
        /// one. Later connections use it.
        pub fn assigned_client_id(&self) -> Option<String> {
            self.shared
                .with(|inner| inner.client.assigned_client_id().map(Into::into))
        }

        /// Returns the topic filters to which the client is subscribed: those that the broker has
        /// granted, except those from which the client has unsubscribed, and those that the broker
        /// refused when the client subscribed again after the loss of a session. After such a
        /// refusal, [`States::changed`] returns.
        pub fn subscriptions(&self) -> Vec<String> {
            self.shared
                .with(|inner| inner.client.subscriptions().map(Into::into).collect())
        }

        /// Returns an object that waits for changes of the [`State`] from now on.
        pub fn states(&self) -> States {
            States::new(&self.shared)
        }

        /// Returns counts of past events since the client was made, and of messages that wait now.
        pub fn counters(&self) -> Counters {
            self.shared.with(|inner| inner.client.counters())
        }
    };
}

/// Defines `State` and `States` of a face, with an example and the type of its instants. `Face` is the
/// type that implements [`Face`](crate::Face).
#[doc(hidden)]
#[macro_export]
macro_rules! states {
    ($(#[$example:meta])* $instant:ty) => {
        /// The state of the connection: see [`Client::state`](crate::Client::state).
        pub type State = ::motemq_client::State<$instant>;

        /// Waits for changes of a connection's [`State`]. After several changes in quick
        /// succession, it returns the last state.
        ///
        $(#[$example])*
        #[derive(Debug)]
        pub struct States {
            shared: ::std::sync::Arc<$crate::Shared<Face>>,
            seen: u64,
        }

        impl States {
            pub(crate) fn new(shared: &::std::sync::Arc<$crate::Shared<Face>>) -> Self {
                States {
                    shared: shared.clone(),
                    seen: shared.with(|inner| inner.watch.version()),
                }
            }

            /// The application sees this change.
            fn see(&mut self, (version, state): (u64, ::motemq_client::State)) -> State {
                self.seen = version;
                self.shared.at_instants(state)
            }
        }
    };
}
