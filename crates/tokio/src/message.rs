//! Received messages, and the reader of payloads that are too large for memory.
use crate::shared::{Face, poll};
use bytes::Buf;
use motemq_client::PayloadRead;
use motemq_hosted::Rest;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, ReadBuf};

motemq_hosted::message! {
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # use motemq_tokio::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// let options = Options::from_url(&broker.url())?.max_message(100_000);
    /// let (client, driver) = Client::new(options)?;
    /// # tokio::spawn(driver);
    /// let mut images = client.subscribe(&[Filter::new("image", QoS::AtLeastOnce)]).await?;
    /// # drop(client.publish(&Publish::to("image").payload(&vec![7; 300_000])).await?);
    /// let Some(image) = images.recv().await else { return Ok(()) };
    /// assert_eq!((image.len, image.is_whole()), (300_000, false));
    /// let written = tokio::io::copy(&mut image.into_reader(), &mut tokio::io::sink()).await?;
    /// assert_eq!(written, 300_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
}

impl AsyncRead for PayloadReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.piece.is_empty() {
            let Some(rest) = &this.rest else {
                return Poll::Ready(Ok(()));
            };
            match ready!(poll_more(rest, cx)) {
                PayloadRead::Data(piece) => this.piece = piece,
                PayloadRead::Pending => {}
                PayloadRead::End => this.rest = None,
                PayloadRead::Broken => return Poll::Ready(Err(motemq_hosted::broken_payload())),
            }
        }
        let n = this.piece.len().min(buffer.remaining());
        buffer.put_slice(&this.piece[..n]);
        this.piece.advance(n);
        Poll::Ready(Ok(()))
    }
}

/// Returns more of a payload, or lets the task be woken when there is some.
fn poll_more(rest: &Rest<Face>, cx: &Context<'_>) -> Poll<PayloadRead> {
    let (shared, payload) = rest.parts();
    poll(shared, cx, |inner, task| inner.payload(payload, task))
}
