//! The buffers of a connection, over a transport that does whatever a transport may do.
use motemq_client::{Client, Options, PayloadBuf, State, Transport};
use motemq_hosted::{Buffers, Pipe, Read};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    time::Duration,
};

const NOW: Duration = Duration::from_secs(1);

/// The next results of reads, writes and flushes; afterwards they would wait.
#[derive(Default)]
struct Script {
    reads: VecDeque<io::Result<Vec<u8>>>,
    writes: VecDeque<io::Result<usize>>,
    flushes: VecDeque<io::Result<()>>,
    written: Vec<u8>,
}

fn next<T>(results: &mut VecDeque<io::Result<T>>) -> io::Result<T> {
    let waits = || Err(ErrorKind::WouldBlock.into());
    results.pop_front().unwrap_or_else(waits)
}

impl io::Read for Script {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let bytes = next(&mut self.reads)?;
        space[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl io::Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = next(&mut self.writes)?.min(bytes.len());
        self.written.extend(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        next(&mut self.flushes)
    }
}

impl Pipe for Script {
    fn read_payload(&mut self, payload: &mut PayloadBuf) -> io::Result<usize> {
        payload.read_with(|space| io::Read::read(self, space))
    }

    fn has_more(&self, n: usize, space: usize) -> bool {
        n == space
    }
}

/// Returns a client whose connection has opened, and its buffers, which hold CONNECT.
fn opened() -> (Client, Buffers) {
    let mut client = Client::new(Options::new("node")).unwrap();
    let Transport::Resolve { attempt, .. } = client.poll_transport(NOW, 0) else {
        panic!("it wants a connection");
    };
    client.on_resolved(attempt, 1, NOW);
    let Transport::Dial { attempt, .. } = client.poll_transport(NOW, 0) else {
        panic!("it dials the address");
    };
    assert!(client.on_opened(attempt, NOW));
    let mut buffers = Buffers::new(None, NOW);
    let turn = buffers.turn(&mut client, Read::default(), NOW);
    assert!(turn.transport == Transport::Keep && buffers.has_output());
    (client, buffers)
}

#[test]
fn what_is_written_in_pieces_is_written_once_and_flushed() {
    let (mut client, mut buffers) = opened();
    let interrupted = Err(ErrorKind::Interrupted.into());
    let mut pipe = Script {
        writes: VecDeque::from([Ok(1), interrupted, Ok(2)]),
        ..Script::default()
    };
    buffers.write(&mut pipe, NOW).unwrap();
    assert_eq!((pipe.written.len(), buffers.has_output()), (3, true));
    pipe.writes.push_back(Ok(1000));
    buffers.write(&mut pipe, NOW).unwrap();
    assert!(!buffers.has_output());
    assert_eq!(pipe.written, b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04node");
    // The transport holds bytes back until it is flushed.
    pipe.flushes.push_back(Ok(()));
    buffers.write(&mut pipe, NOW).unwrap();
    assert!(pipe.flushes.is_empty());
    assert!(buffers.has_written());
    buffers.turn(&mut client, Read::default(), NOW);
    assert!(!buffers.has_written());
}

#[test]
fn what_is_read_in_pieces_reaches_the_client_when_it_is_complete() {
    let (mut client, mut buffers) = opened();
    let interrupted = Err(ErrorKind::Interrupted.into());
    let mut pipe = Script {
        reads: VecDeque::from([Ok(b"\x20\x02".to_vec()), interrupted, Ok(b"\0\0".to_vec())]),
        ..Script::default()
    };
    for bytes in [2, 1, 2] {
        assert!(!matches!(client.state(), State::Connected { .. }));
        let read = buffers.read(&mut pipe, NOW).unwrap();
        assert_eq!(read.bytes, bytes);
        buffers.turn(&mut client, read, NOW);
    }
    assert!(matches!(client.state(), State::Connected { .. }));
}

#[test]
fn the_end_and_errors_are_told_apart_from_waiting() {
    let (_, mut buffers) = opened();
    let mut pipe = Script::default();
    assert_eq!(buffers.read(&mut pipe, NOW).unwrap().bytes, 0);
    pipe.reads.push_back(Ok(Vec::new()));
    assert!(buffers.read(&mut pipe, NOW).unwrap_err().is_none());
    pipe.reads.push_back(Err(ErrorKind::TimedOut.into()));
    let error = buffers.read(&mut pipe, NOW).unwrap_err().unwrap();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    pipe.writes.push_back(Ok(0));
    assert!(buffers.write(&mut pipe, NOW).unwrap_err().is_none());
    pipe.writes.push_back(Err(ErrorKind::BrokenPipe.into()));
    let error = buffers.write(&mut pipe, NOW).unwrap_err().unwrap();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}
