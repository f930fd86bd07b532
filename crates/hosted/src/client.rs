//! The methods of a client's handle that both faces share, and the state that they return.

/// Defines the methods that the `Client` of each face has in common, inside its `impl`: those that
/// never wait. The module that calls the macro imports the types that they return.
#[doc(hidden)]
#[macro_export]
macro_rules! client_methods {
    () => {
        /// Opens a stream of all messages that no other stream receives: messages of a resumed
        /// session for which the application has not opened a stream yet, and messages of streams
        /// that were dropped. It also contains such messages that have arrived before.
        pub fn messages(&self) -> Subscription {
            let stream = self.shared.with(|inner| inner.client.messages());
            Subscription::new(&self.shared, stream)
        }

        /// Returns the state of the connection: when it began, or why there is no connection and
        /// when the next attempt begins.
        pub fn state(&self) -> State {
            let state = self.shared.with(|inner| inner.client.state().clone());
            self.shared.at_instants(state)
        }

        /// Begins a [re-authentication](Options::authentication) over the present connection, which
        /// only MQTT 5 has. If it fails, the connection ends, and the state contains the reason.
        ///
        /// # Errors
        /// An [`AuthenticateError`] if the re-authentication cannot begin.
        pub fn reauthenticate(&self) -> Result<(), AuthenticateError> {
            self.shared.command(::motemq_client::Client::reauthenticate)
        }

        /// Returns the client identifier that a broker of MQTT 5 has assigned, if the options
        /// contain none. Later connections use it.
        pub fn assigned_client_id(&self) -> Option<String> {
            self.shared
                .with(|inner| inner.client.assigned_client_id().map(Into::into))
        }

        /// Returns the topic filters to which the client is subscribed: those that the broker has
        /// granted, and from which the client has not unsubscribed.
        ///
        /// After the loss of a session, the client subscribes again. If the broker then refuses a
        /// filter, the client is no longer subscribed to it, and [`States::changed`] returns.
        pub fn subscriptions(&self) -> Vec<String> {
            self.shared
                .with(|inner| inner.client.subscriptions().map(Into::into).collect())
        }

        /// Returns an object that waits for changes of the [`State`], beginning with the next one.
        pub fn states(&self) -> States {
            States::new(&self.shared)
        }

        /// Returns the [`Counters`] of the client: of events since it was made, and of messages
        /// that are waiting.
        pub fn counters(&self) -> Counters {
            self.shared.with(|inner| inner.client.counters())
        }
    };
}

/// Defines `State` and `States` of a face. The arguments are an example for `States` and the type
/// of the face's instants. `Face` has to be the type that implements [`Face`](crate::Face).
#[doc(hidden)]
#[macro_export]
macro_rules! states {
    ($(#[$example:meta])* $instant:ty) => {
        /// The state of the connection: see [`Client::state`](crate::Client::state).
        pub type State = ::motemq_client::State<$instant>;

        /// Waits for changes of the [`State`] of the connection: see
        /// [`Client::states`](crate::Client::states). If the state changes several times between
        /// two calls, only the last state is returned.
        ///
        /// # Examples
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
