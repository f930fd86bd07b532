//! Standard input and output that another process has made non-blocking, as node does for its
//! children: they are waited for all the same.
use std::{
    io::{self, ErrorKind, Read, Write},
    thread,
    time::Duration,
};

/// The pause before another attempt.
const PAUSE: Duration = Duration::from_millis(5);

/// Reads or writes, and waits where that would block.
pub struct Patient<T>(pub T);

impl<T> Patient<T> {
    fn again<R>(&mut self, mut attempt: impl FnMut(&mut T) -> io::Result<R>) -> io::Result<R> {
        loop {
            match attempt(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                done => return done,
            }
        }
    }
}

impl<T: Read> Read for Patient<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.again(|inner| inner.read(buffer))
    }
}

impl<T: Write> Write for Patient<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.again(|inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.again(T::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks every other time.
    struct Hesitant(bool, Vec<u8>);

    impl Hesitant {
        fn hesitate(&mut self) -> io::Result<()> {
            self.0 = !self.0;
            if self.0 {
                Err(ErrorKind::WouldBlock.into())
            } else {
                Ok(())
            }
        }
    }

    impl Read for Hesitant {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.hesitate()?;
            buffer[0] = 7;
            Ok(1)
        }
    }

    impl Write for Hesitant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.hesitate()?;
            self.1.push(bytes[0]);
            Ok(1)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.hesitate()
        }
    }

    #[test]
    fn what_would_block_is_waited_for() {
        let mut both = Patient(Hesitant(false, Vec::new()));
        let mut read = [0; 3];
        both.read_exact(&mut read).unwrap();
        assert_eq!(read, [7; 3]);
        both.write_all(b"abc").unwrap();
        both.flush().unwrap();
        assert_eq!(both.0.1, b"abc");
    }
}
