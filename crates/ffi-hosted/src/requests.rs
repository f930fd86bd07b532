//! Publishing, subscribing and unsubscribing.
use crate::{
    arguments::{CPublish, pointee, qos, text},
    callbacks::{Context, Done, DoneFunction},
    completions::Request,
    error::{Failure, OK, SYSTEM, guard},
    handles::{Handle, get},
    messages::{MessageFunction, OnMessage},
};
use motemq_std::{Client, Filter, Publish, PublishError, Receipt};
use std::{
    ffi::{c_char, c_int, c_void},
    thread,
};

/// Publishes a message in one of two ways.
fn publish(
    client: Handle,
    message: *const CPublish,
    done: Done,
    way: impl FnOnce(&Client, &Publish<'_>) -> Result<Receipt, PublishError>,
) -> c_int {
    guard(|| {
        let client = get(client)?;
        let message = pointee(message, "the message")?.get()?;
        let requests = client.requests()?;
        let receipt = way(&client.client, &message)?;
        if !done.is_none() {
            // The thread at the other end goes when this sender has.
            let _ = requests.send(Request::Publish(receipt, done));
        }
        Ok(OK)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_client_publish(
    client: Handle,
    message: *const CPublish,
    done: Option<DoneFunction>,
    context: *mut c_void,
) -> c_int {
    publish(
        client,
        message,
        Done::new(done, context),
        |client, message| client.publish(message),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_client_try_publish(
    client: Handle,
    message: *const CPublish,
    done: Option<DoneFunction>,
    context: *mut c_void,
) -> c_int {
    publish(
        client,
        message,
        Done::new(done, context),
        |client, message| client.try_publish(message),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_client_subscribe(
    client: Handle,
    filter: *const c_char,
    highest_qos: c_int,
    on_message: Option<MessageFunction>,
    done: Option<DoneFunction>,
    context: *mut c_void,
) -> c_int {
    guard(|| {
        let client = get(client)?;
        let text = text(filter, "the topic filter")?;
        let filter = Filter::new(text, qos(highest_qos.into())?);
        let function = on_message.ok_or_else(|| Failure::argument("on_message is NULL"))?;
        let requests = client.requests()?;
        let context_in_c = Context::new(context);
        let on_message = OnMessage {
            function,
            context: context_in_c,
        };
        // Before the broker can send anything.
        let route = client.routes.add(text, on_message);
        match client.client.begin_subscribe(&[filter]) {
            Ok(subscribing) => {
                let done = Done::new(done, context);
                let _ = requests.send(Request::Subscribe(subscribing, route, done));
                Ok(OK)
            }
            Err(error) => {
                client.routes.remove(route);
                Err(error.into())
            }
        }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_client_unsubscribe(
    client: Handle,
    filter: *const c_char,
    done: Option<DoneFunction>,
    context: *mut c_void,
) -> c_int {
    guard(|| {
        let client = get(client)?;
        let filter = text(filter, "the topic filter")?.to_owned();
        let requests = client.requests()?;
        let done = Done::new(done, context);
        let (client, routes) = (client.client.clone(), client.routes.clone());
        // The client below waits for the answer, so that a thread is needed for it.
        let unsubscribe = move || {
            let outcome = client.unsubscribe(&[&filter]);
            if outcome.is_ok() {
                routes.remove_filter(&filter);
            }
            let outcome = outcome.map(|_| OK).map_err(Failure::from);
            let _ = requests.send(Request::Known(outcome, done));
        };
        let thread = thread::Builder::new().name("mqtt-unsubscribe".into());
        thread.spawn(unsubscribe).map_err(|error| {
            Failure::new(SYSTEM, format!("the system has refused a thread: {error}"))
        })?;
        Ok(OK)
    })
}
