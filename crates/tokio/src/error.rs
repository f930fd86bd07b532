//! The error type of this crate.

motemq_hosted::error! {
    /// ```
    /// use motemq_tokio::{Client, Error, Filter, Publish, QoS};
    /// async fn serve(client: Client) -> Result<(), Error> {
    ///     let mut questions = client.subscribe(&[Filter::new("ask", QoS::AtLeastOnce)]).await?;
    ///     while let Some(question) = questions.recv().await {
    ///         client.publish(&Publish::to("answer").payload(&question.payload)).await?.await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    {}
}
