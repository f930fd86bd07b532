//! The loop over the UART, without an adapter.
use crate::echo::{Echo, Failure};
use motemq_firmware::microbit::Board;

/// Runs until the client has left.
pub fn run(board: &Board) -> Result<(), Failure> {
    let mut echo = Echo::new();
    echo.connect()?;
    loop {
        echo.events()?;
        let Echo { session, rx, tx } = &mut echo;
        let nap = session.tick(board.now(), tx)?;
        for &byte in tx.bytes() {
            board.write(byte);
        }
        tx.clear();
        if session.is_closed() {
            return Ok(());
        }
        let read = board.read(rx.space());
        rx.commit(read);
        if read == 0 {
            board.sleep(nap);
        }
    }
}
