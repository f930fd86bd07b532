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
            Subscription::new(self, stream)
        }

        /// Returns the state of the connection: the time since when there is a connection, or the
        /// reason why there is none and the time of the next attempt.
        pub fn state(&self) -> State {
            self.shared
                .with(|inner| at_instants(inner.client.state(), &self.shared))
        }

        /// Begins a [re-authentication](Options::authentication) over the present connection, which
        /// only MQTT 5 has. If it fails, the connection ends, and the state contains the reason.
        ///
        /// # Errors
        /// An [`AuthenticateError`]. The re-authentication has not begun then.
        pub fn reauthenticate(&self) -> Result<(), AuthenticateError> {
            self.shared.with(|inner| {
                inner.wake_driver();
                inner.client.reauthenticate()
            })
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

/// Defines `State` and `States` of a face, with an example and the type of its instants.
#[doc(hidden)]
#[macro_export]
macro_rules! states {
    ($(#[$example:meta])* $instant:ty) => {
        /// The state of the connection: see [`Client::state`](crate::Client::state).
        pub type State = ::motemq_client::State<$instant>;

        /// Returns a state with its times on the clock of the system.
        pub(crate) fn at_instants(state: &::motemq_client::State, shared: &Shared) -> State {
            // No wait is longer than a year.
            let instant = |time| shared.instant(time).unwrap_or_else(<$instant>::now);
            state.clone().map_time(instant)
        }

        /// Waits for changes of a connection's [`State`]. After several changes in quick
        /// succession, it returns the last state.
        ///
        $(#[$example])*
        #[derive(Debug)]
        pub struct States {
            shared: ::std::sync::Arc<Shared>,
            seen: u64,
        }

        impl States {
            pub(crate) fn new(shared: &::std::sync::Arc<Shared>) -> Self {
                States {
                    shared: shared.clone(),
                    seen: shared.with(|inner| inner.watch.version()),
                }
            }
        }
    };
}
