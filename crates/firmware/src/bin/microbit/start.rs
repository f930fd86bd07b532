//! The start of the program, and its end.
use cortex_m_rt::entry;
use motemq_firmware::{
    Status,
    microbit::Board,
    semihosting::{exit, print},
};

#[entry]
fn main() -> ! {
    let Some(board) = Board::take() else {
        exit(Status::Failure as u32)
    };
    match crate::run(&board) {
        Ok(()) => exit(Status::Success as u32),
        Err(error) => {
            print(format_args!("{error}\n"));
            exit(Status::Failure as u32)
        }
    }
}
