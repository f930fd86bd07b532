//! The handle of a client, as far as it is alike in both faces, and the state that it shows.

/// Defines the methods that the `Client` of every face has alike, inside of its `impl`: those that
/// never wait. What they return is imported there.
#[doc(hidden)]
#[macro_export]
macro_rules! client_methods {
    () => {
        /// Opens a stream of all messages that no other stream gets: those of a session that goes
        /// on from earlier, and those of streams that were dropped. Messages that wait for a stream
        /// go there at once.
        pub fn messages(&self) -> Subscription {
            let stream = self.shared.with(|inner| inner.client.messages());
            Subscription::new(self, stream)
        }

        /// Returns the state of the connection: since when there is one, or why there is none and
        /// when the next attempt begins.
        pub fn state(&self) -> State {
            self.shared
                .with(|inner| at_instants(inner.client.state(), &self.shared))
        }

        /// Begins the [authentication](Options::authentication) anew, over the connection that
        /// there is. If it fails, the connection ends, and the state has the reason.
        ///
        /// # Errors
        /// An [`AuthenticateError`]. Nothing was done.
        pub fn reauthenticate(&self) -> Result<(), AuthenticateError> {
            self.shared.with(|inner| {
                inner.wake_driver();
                inner.client.reauthenticate()
            })
        }

        /// Returns the client identifier that the broker has chosen for a client without one, which
        /// a broker of MQTT 5 does. Later connections use it.
        pub fn assigned_client_id(&self) -> Option<String> {
            self.shared
                .with(|inner| inner.client.assigned_client_id().map(Into::into))
        }

        /// Returns the topic filters to which the client is subscribed: those that the broker has
        /// granted, but for those from which the client has unsubscribed, and those that the broker
        /// refused when it had lost the session and the client subscribed again. Then
        /// [`States::changed`] returns.
        pub fn subscriptions(&self) -> Vec<String> {
            self.shared
                .with(|inner| inner.client.subscriptions().map(Into::into).collect())
        }

        /// Watches how the [`State`] changes from now on.
        pub fn states(&self) -> States {
            States::new(&self.shared)
        }

        /// Returns counts of past events, and of messages that wait now.
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

        /// Watches a connection's [`State`]. Of several changes at once it returns the last.
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
