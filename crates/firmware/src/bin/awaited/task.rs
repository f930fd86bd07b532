//! The loop over halves of `motemq-nal` whose futures the program polls, and an executor that sleeps
//! while none is ready.
use crate::echo::{Echo, Failure};
use core::{
    cell::Cell,
    convert::Infallible,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
};
use embedded_io_async::{ErrorType, Read, Write};
use motemq_firmware::microbit::Board;
use motemq_nal::{Error, aio::Halves};

/// Either direction of the UART.
struct Uart<'b>(&'b Board);

impl ErrorType for Uart<'_> {
    type Error = Infallible;
}

impl Read for Uart<'_> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| match self.0.read(space) {
            0 => Poll::Pending,
            read => Poll::Ready(Ok(read)),
        })
        .await
    }
}

impl Write for Uart<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        bytes.iter().for_each(|&byte| self.0.write(byte));
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Serves the connection until the client has left.
async fn serve(board: &Board, nap: &Cell<Option<u32>>) -> Result<(), Failure> {
    let sleep = async |ms: u32| {
        let begun = board.now();
        poll_fn(|_| {
            let rest = ms.saturating_sub(board.now().wrapping_sub(begun));
            nap.set(Some(rest));
            if rest == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await
    };
    let mut link = Halves::new(Uart(board), Uart(board));
    let mut echo = Echo::new();
    echo.connect()?;
    loop {
        echo.events()?;
        let Echo { session, rx, tx } = &mut echo;
        match link.turn(session, rx, tx, board.now(), sleep).await {
            Ok(()) => {}
            Err(Error::Closed) => return Ok(()),
            Err(Error::Fault(fault)) => return Err(fault.into()),
            Err(Error::Transport(error)) => match error {},
        }
    }
}

/// Runs until the client has left. The processor sleeps while the future waits.
pub fn run(board: &Board) -> Result<(), Failure> {
    let nap = Cell::new(None);
    let mut served = pin!(serve(board, &nap));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        nap.set(None);
        if let Poll::Ready(outcome) = served.as_mut().poll(&mut context) {
            return outcome;
        }
        board.sleep(nap.get());
    }
}
