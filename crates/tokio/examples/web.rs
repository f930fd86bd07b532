//! A web server that publishes what is posted to it: `cargo run --example web -- mqtt://localhost`,
//! then `curl -d 21.5 http://127.0.0.1:PORT/cellar/temperature`.
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use motemq_tokio::{Client, Error, Options, Publish, PublishError, QoS};
use std::{env, time::Duration};
use tokio::{net::TcpListener, time::timeout};

/// Answers when the broker has the message. A handle can be cloned into as many handlers as there
/// are.
async fn publish(
    State(client): State<Client>,
    Path(topic): Path<String>,
    body: Bytes,
) -> (StatusCode, String) {
    let work = async {
        let publish = Publish::to(&topic).payload(&body).qos(QoS::AtLeastOnce);
        client.publish(&publish).await?.await?;
        Ok::<(), Error>(())
    };
    // To give up waiting harms nobody: the future may be dropped anywhere.
    match timeout(Duration::from_secs(5), work).await {
        Ok(Ok(())) => (StatusCode::OK, "published\n".into()),
        Ok(Err(error @ Error::Publish(PublishError::Topic { .. }))) => {
            (StatusCode::BAD_REQUEST, format!("{error}\n"))
        }
        Ok(Err(error)) => (StatusCode::BAD_GATEWAY, format!("{error}\n")),
        Err(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            "the broker has not answered yet; the message may arrive later\n".into(),
        ),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::args().nth(1).ok_or("usage: web mqtt://HOST")?;
    let (client, driver) = Client::new(Options::from_url(&url)?.client_id("web"))?;
    tokio::spawn(driver);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(
        listener,
        Router::new()
            .route("/{*topic}", post(publish))
            .with_state(client),
    )
    .await?;
    Ok(())
}
