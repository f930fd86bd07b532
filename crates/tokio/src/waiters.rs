//! Those that wait for something of the client.
use std::task::{Context, Waker};

/// Wakers of those that wait for the outcome of a request, for a message or for more of a payload.
/// Mostly there are none, and they take no memory.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Option<Box<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    /// By the index of the request.
    requests: List,
    /// By the index of the response.
    responses: List,
    /// By the index of the stream.
    streams: List,
    /// Readers of payloads, of which there is mostly one.
    readers: Vec<Waker>,
}

impl Waiters {
    fn lists(&mut self) -> &mut Lists {
        self.0.get_or_insert_default()
    }

    /// The task waits for the outcome of the request with this index.
    pub fn add_request(&mut self, index: usize, cx: &Context<'_>) {
        self.lists().requests.put(index, cx);
    }

    /// The task waits for the response with this index.
    pub fn add_response(&mut self, index: usize, cx: &Context<'_>) {
        self.lists().responses.put(index, cx);
    }

    /// The task waits for a message in the stream with this index.
    pub fn add_stream(&mut self, index: usize, cx: &Context<'_>) {
        self.lists().streams.put(index, cx);
    }

    /// The task waits for more of a payload.
    pub fn add_reader(&mut self, cx: &Context<'_>) {
        let readers = &mut self.lists().readers;
        if !readers.iter().any(|reader| reader.will_wake(cx.waker())) {
            readers.push(cx.waker().clone());
        }
    }

    /// Moves the waker of a request that was completed to `woken`.
    pub fn take_request(&mut self, index: usize, woken: &mut Vec<Waker>) {
        if let Some(lists) = &mut self.0 {
            woken.extend(lists.requests.take(index));
        }
    }

    /// Moves the waker of a response that is there to `woken`.
    pub fn take_response(&mut self, index: usize, woken: &mut Vec<Waker>) {
        if let Some(lists) = &mut self.0 {
            woken.extend(lists.responses.take(index));
        }
    }

    /// Moves the wakers of a stream in which there is something new to `woken`.
    pub fn take_stream(&mut self, index: usize, woken: &mut Vec<Waker>) {
        if let Some(lists) = &mut self.0 {
            woken.extend(lists.streams.take(index));
            woken.append(&mut lists.readers);
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        if let Some(lists) = &mut self.0 {
            lists.requests.shrink();
            lists.responses.shrink();
            lists.streams.shrink();
            lists.readers.shrink_to_fit();
            if lists.is_empty() {
                self.0 = None;
            }
        }
    }
}

impl Lists {
    fn is_empty(&self) -> bool {
        let lists = [&self.requests, &self.responses, &self.streams];
        lists.iter().all(|list| list.0.is_empty()) && self.readers.is_empty()
    }
}

/// Wakers by an index.
#[derive(Debug, Default)]
struct List(Vec<Option<Waker>>);

impl List {
    fn put(&mut self, index: usize, cx: &Context<'_>) {
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        match &mut self.0[index] {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    fn take(&mut self, index: usize) -> Option<Waker> {
        self.0.get_mut(index)?.take()
    }

    fn shrink(&mut self) {
        while let Some(None) = self.0.last() {
            self.0.pop();
        }
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_wait_take_memory() {
        let cx = Context::from_waker(Waker::noop());
        let (mut waiters, mut woken) = (Waiters::default(), Vec::new());
        waiters.take_request(7, &mut woken);
        waiters.take_stream(7, &mut woken);
        assert!(woken.is_empty() && waiters.0.is_none());
        waiters.add_request(7, &cx);
        waiters.add_stream(1, &cx);
        waiters.add_reader(&cx);
        waiters.take_request(7, &mut woken);
        waiters.shrink();
        assert_eq!(woken.len(), 1);
        waiters.take_stream(1, &mut woken);
        assert_eq!(woken.len(), 3);
        waiters.shrink();
        assert!(waiters.0.is_none());
    }
}
