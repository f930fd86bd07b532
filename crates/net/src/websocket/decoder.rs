//! Incoming frames of a WebSocket, taken apart as their bytes arrive.
use super::WebSocketClosed;
use std::io::{self, Cursor, ErrorKind};
use tungstenite::{
    Bytes, Error,
    error::ProtocolError,
    protocol::frame::{
        FrameHeader,
        coding::{Control, Data, OpCode},
    },
};

/// Length of the longest header: two bytes, eight of length, four of mask.
const MAX_HEADER: usize = 14;
/// Length of the longest payload of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL: u64 = 125;

/// Takes the frames of a server apart, for bytes of MQTT in binary messages.
///
/// Payload is passed on as it arrives, whatever the length of frames and messages: the decoder
/// holds one incomplete header and one incomplete control frame, and nothing else. Only payload is
/// a sign of life of the broker: headers and control frames may come from a proxy before it.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    header: [u8; MAX_HEADER],
    header_len: usize,
    frame: Option<Frame>,
    control: Vec<u8>,
    is_fragmented: bool,
    ping: Option<Bytes>,
    /// Set once: the server has closed the WebSocket, or has violated the protocol.
    end: Option<Result<(), FrameError>>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: OpCode,
    remaining: u64,
}

#[derive(Clone, Debug, thiserror::Error)]
enum FrameError {
    #[error("the broker sends text, not MQTT")]
    Text,
    #[error(transparent)]
    Closed(#[from] WebSocketClosed),
    #[error("{0}")]
    Violation(String),
}

impl From<Error> for FrameError {
    fn from(error: Error) -> Self {
        FrameError::Violation(error.to_string())
    }
}

impl From<ProtocolError> for FrameError {
    fn from(error: ProtocolError) -> Self {
        Error::Protocol(error).into()
    }
}

impl FrameDecoder {
    /// Decodes `bytes` in place: moves the payload of data frames to the front, and returns its
    /// length. What follows the end of the WebSocket is discarded.
    pub fn decode(&mut self, bytes: &mut [u8]) -> usize {
        let (mut at, mut payload) = (0, 0);
        while at < bytes.len() && self.end.is_none() {
            let Some(Frame { opcode, remaining }) = &mut self.frame else {
                match self.take_header(&bytes[at..]) {
                    Ok(n) => at += n,
                    Err(error) => self.end = Some(Err(error)),
                }
                continue;
            };
            let n = (bytes.len() - at).min(usize::try_from(*remaining).unwrap_or(usize::MAX));
            match opcode {
                OpCode::Data(_) => {
                    bytes.copy_within(at..at + n, payload);
                    payload += n;
                }
                OpCode::Control(_) => self.control.extend_from_slice(&bytes[at..at + n]),
            }
            at += n;
            *remaining -= n as u64;
            self.end_frame();
        }
        payload
    }

    /// Returns the payload of the latest ping that has not been answered. The answer is a pong
    /// with the same payload; one for the latest is enough (RFC 6455, section 5.5.3).
    pub fn take_ping(&mut self) -> Option<Bytes> {
        self.ping.take()
    }

    /// Returns whether the server has closed the WebSocket, behind what was decoded before.
    ///
    /// # Errors
    /// [`WebSocketClosed`] if it has given a reason; `InvalidData` if it has sent text, or what is no
    /// WebSocket frame.
    pub fn is_closed(&self) -> io::Result<bool> {
        match &self.end {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(FrameError::Closed(closed))) => Err(closed.clone().into()),
            Some(Err(error)) => Err(io::Error::new(ErrorKind::InvalidData, error.clone())),
        }
    }

    /// Takes bytes of a header and returns how many.
    fn take_header(&mut self, bytes: &[u8]) -> Result<usize, FrameError> {
        let before = self.header_len;
        let n = bytes.len().min(MAX_HEADER - before);
        self.header[before..before + n].copy_from_slice(&bytes[..n]);
        self.header_len += n;
        let mut cursor = Cursor::new(&self.header[..self.header_len]);
        let Some((header, remaining)) = FrameHeader::parse(&mut cursor)? else {
            return Ok(n);
        };
        let used = cursor.position() as usize - before;
        self.header_len = 0;
        self.begin_frame(&header, remaining)?;
        self.end_frame();
        Ok(used)
    }

    fn begin_frame(&mut self, header: &FrameHeader, len: u64) -> Result<(), FrameError> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(ProtocolError::NonZeroReservedBits.into());
        }
        if header.mask.is_some() {
            return Err(ProtocolError::MaskedFrameFromServer.into());
        }
        match header.opcode {
            OpCode::Control(_) if !header.is_final => {
                return Err(ProtocolError::FragmentedControlFrame.into());
            }
            OpCode::Control(_) if len > MAX_CONTROL => {
                return Err(ProtocolError::ControlFrameTooBig.into());
            }
            OpCode::Control(_) => self.control.clear(),
            OpCode::Data(Data::Text) => return Err(FrameError::Text),
            OpCode::Data(Data::Continue) if !self.is_fragmented => {
                return Err(ProtocolError::UnexpectedContinueFrame.into());
            }
            OpCode::Data(data) if data != Data::Continue && self.is_fragmented => {
                return Err(ProtocolError::ExpectedFragment(data).into());
            }
            OpCode::Data(_) => self.is_fragmented = !header.is_final,
        }
        self.frame = Some(Frame {
            opcode: header.opcode,
            remaining: len,
        });
        Ok(())
    }

    /// Ends the frame whose payload is complete.
    fn end_frame(&mut self) {
        let Some(Frame { opcode, .. }) = self.frame.take_if(|frame| frame.remaining == 0) else {
            return;
        };
        match opcode {
            OpCode::Control(Control::Ping) => {
                self.ping = Some(Bytes::copy_from_slice(&self.control))
            }
            OpCode::Control(Control::Close) => {
                let reason = WebSocketClosed::parse(&self.control);
                self.end = Some(reason.map_or(Ok(()), |reason| Err(reason.into())));
            }
            OpCode::Control(_) | OpCode::Data(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes these bytes, cut into pieces of this length.
    fn decode(bytes: &[u8], piece: usize) -> (Vec<u8>, FrameDecoder) {
        let (mut decoder, mut payload) = (FrameDecoder::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            let mut piece = piece.to_vec();
            let n = decoder.decode(&mut piece);
            payload.extend_from_slice(&piece[..n]);
        }
        (payload, decoder)
    }

    #[test]
    fn payload_passes_wherever_it_is_cut() {
        let mut bytes =
            b"\x82\x03abc\x02\x01d\x89\x00\x00\x00\x80\x02ef\x8a\x02??\x82\x7e\x01\x00".to_vec();
        bytes.extend([b'g'; 256]);
        bytes.extend(b"\x82\x7f\0\0\0\0\0\x01\0\0");
        bytes.extend([b'h'; 65536]);
        bytes.extend(b"\x89\x02!!\x82\x00\x82\x01i");
        let mut expected = b"abcdef".to_vec();
        expected.extend([b'g'; 256]);
        expected.extend([b'h'; 65536]);
        expected.push(b'i');
        for piece in [1, 2, 3, 7, 13, 14, 15, 64, 1000, bytes.len()] {
            let (payload, mut decoder) = decode(&bytes, piece);
            assert!(payload == expected, "pieces of {piece}");
            assert!(!decoder.is_closed().unwrap());
            assert_eq!(decoder.take_ping().as_deref(), Some(&b"!!"[..]));
            assert!(decoder.take_ping().is_none());
        }
    }

    #[test]
    fn nothing_is_kept_of_messages_and_frames_without_an_end() {
        let mut decoder = FrameDecoder::default();
        assert_eq!(decoder.decode(&mut b"\x02\x00".to_owned()), 0);
        for _ in 0..100 {
            let mut bytes = [0; 1000];
            bytes[..4].copy_from_slice(b"\x00\x7e\x03\xe4");
            assert_eq!(decoder.decode(&mut bytes), 996);
        }
        // A frame of 2^63 - 1 bytes.
        let mut bytes = *b"\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xffab";
        assert_eq!(decoder.decode(&mut bytes), 2);
        for _ in 0..100 {
            assert_eq!(decoder.decode(&mut [0; 1000]), 1000);
        }
        assert!(decoder.control.capacity() == 0 && !decoder.is_closed().unwrap());
    }

    #[test]
    fn control_frames_give_nothing_and_hold_one_at_most() {
        let mut decoder = FrameDecoder::default();
        for number in 0..=255 {
            let mut ping = [number; 127];
            ping[..2].copy_from_slice(&[0x89, 125]);
            assert_eq!(decoder.decode(&mut ping), 0);
        }
        assert_eq!(decoder.take_ping().as_deref(), Some(&[255; 125][..]));
        assert!(decoder.control.capacity() < 512);
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        for piece in [1, 100] {
            let (payload, decoder) = decode(b"\x82\x01a\x88\x02\x03\xe8\x82\x01b", piece);
            assert!(payload == b"a" && decoder.is_closed().unwrap());
        }
    }

    #[test]
    fn the_reason_of_a_close_is_an_error() {
        for piece in [1, 100] {
            let (payload, decoder) = decode(b"\x82\x01a\x88\x05\x03\xf1big\x82\x01b", piece);
            let error = decoder.is_closed().unwrap_err();
            assert_eq!(
                (&payload[..], error.kind()),
                (&b"a"[..], ErrorKind::ConnectionAborted)
            );
            let words = error.to_string();
            assert!(
                words.contains("1009") && words.contains("\"big\""),
                "{words}"
            );
        }
    }

    #[test]
    fn violations_are_told_behind_what_came_before() {
        for (bytes, words) in [
            (&b"\x82\x01a\x81\x01b"[..], "text"),
            (b"\x82\x01a\xc2\x01b", "Reserved"),
            (b"\x82\x01a\x82\x81....b", "masked"),
            (b"\x82\x01a\x09\x00", "Fragmented control"),
            (b"\x82\x01a\x89\x7e\x00\x7e", "Control frame too big"),
            (b"\x82\x01a\x80\x01b", "Continue frame"),
            (b"\x02\x01a\x82\x01b", "fragment"),
            (b"\x82\x01a\x83\x01b", "opcode"),
        ] {
            for piece in [1, 100] {
                let (payload, decoder) = decode(bytes, piece);
                let error = decoder.is_closed().unwrap_err();
                assert_eq!(
                    (&payload[..], error.kind()),
                    (&b"a"[..], ErrorKind::InvalidData)
                );
                assert!(error.to_string().contains(words), "{words}: {error}");
            }
        }
    }
}
