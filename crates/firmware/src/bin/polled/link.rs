//! The loop over a link of `motemq-nal`, to which the UART is a network stack.
use crate::echo::{Echo, Failure};
use core::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};
use embedded_nal::{TcpClientStack, TcpError, TcpErrorKind, nb};
use motemq_firmware::microbit::Board;
use motemq_nal::{Error, Link};

/// The other end of the UART, whatever its address.
const BROKER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1883));

/// A stack with one connection, which is always open.
struct Uart<'b>(&'b Board);

/// An error of the UART, which has none.
#[derive(Debug)]
struct NoError(Infallible);

impl TcpError for NoError {
    fn kind(&self) -> TcpErrorKind {
        match self.0 {}
    }
}

impl TcpClientStack for Uart<'_> {
    type TcpSocket = ();
    type Error = NoError;

    fn socket(&mut self) -> Result<(), NoError> {
        Ok(())
    }

    fn connect(&mut self, (): &mut (), _: SocketAddr) -> nb::Result<(), NoError> {
        Ok(())
    }

    fn send(&mut self, (): &mut (), bytes: &[u8]) -> nb::Result<usize, NoError> {
        bytes.iter().for_each(|&byte| self.0.write(byte));
        Ok(bytes.len())
    }

    fn receive(&mut self, (): &mut (), space: &mut [u8]) -> nb::Result<usize, NoError> {
        match self.0.read(space) {
            0 => Err(nb::Error::WouldBlock),
            read => Ok(read),
        }
    }

    fn close(&mut self, (): ()) -> Result<(), NoError> {
        Ok(())
    }
}

/// Runs until the client has left.
pub fn run(board: &Board) -> Result<(), Failure> {
    let (mut stack, mut link) = (Uart(board), Link::new());
    // It is always open.
    let _ = link.open(&mut stack, BROKER);
    let mut echo = Echo::new();
    echo.connect()?;
    loop {
        echo.events()?;
        let Echo { session, rx, tx } = &mut echo;
        match link.turn(&mut stack, session, rx, tx, board.now()) {
            Ok(Some(0)) => {}
            Ok(nap) => board.sleep(nap),
            Err(Error::Closed) => return Ok(()),
            Err(Error::Fault(fault)) => return Err(fault.into()),
            Err(Error::Transport(NoError(error))) => match error {},
        }
    }
}
