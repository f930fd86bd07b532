//! Received messages, and the reader of payloads that are too large for memory.
use crate::shared::{Face, wait};
use bytes::Buf;
use motemq_client::PayloadRead;
use motemq_hosted::Rest;
use std::io::{self, Read};

motemq_hosted::message! {
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// let client = Client::connect(Options::from_url(&broker.url())?.max_message(100_000))?;
    /// let mut images = client.subscribe(&[Filter::new("image", QoS::AtLeastOnce)])?;
    /// # drop(client.publish(&Publish::to("image").payload(&vec![7; 300_000]))?);
    /// let Some(image) = images.recv() else { return Ok(()) };
    /// assert_eq!((image.len, image.is_whole()), (300_000, false));
    /// let written = std::io::copy(&mut image.into_reader(), &mut std::io::sink())?;
    /// assert_eq!(written, 300_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
}

impl Read for PayloadReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let Some(rest) = &self.rest else {
                return Ok(0);
            };
            match wait_for_more(rest) {
                PayloadRead::Data(piece) => self.piece = piece,
                PayloadRead::Pending => {}
                PayloadRead::End => self.rest = None,
                PayloadRead::Broken => return Err(motemq_hosted::broken_payload()),
            }
        }
        let n = self.piece.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.piece[..n]);
        self.piece.advance(n);
        Ok(n)
    }
}

/// Waits for more of a payload.
fn wait_for_more(rest: &Rest<Face>) -> PayloadRead {
    let (shared, payload) = rest.parts();
    wait(shared, |inner, thread| inner.payload(payload, thread))
}
