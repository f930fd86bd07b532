//! Request and response: a service that answers, and a client that asks. `cargo run --example
//! request -- mqtt://localhost`
use motemq_tokio::{Client, Error, Filter, Options, Publish, QoS};
use std::{env, time::Duration};
use tokio::time::timeout;

const QOS: QoS = QoS::AtLeastOnce;

/// Answers on the topic that the question names in its first line. MQTT 3.1.1 has no other place
/// for it.
async fn serve(client: Client) -> Result<(), Error> {
    let mut questions = client.subscribe(&[Filter::new("square/ask", QOS)]).await?;
    while let Some(question) = questions.recv().await {
        let text = String::from_utf8_lossy(&question.payload);
        let Some((reply_to, number)) = text.split_once('\n') else {
            continue;
        };
        let answer = number
            .parse::<i64>()
            .map_or("not a number".into(), |number| {
                (number * number).to_string()
            });
        // The receipt need not be awaited; and if it is, here, nothing is locked up.
        client
            .publish(&Publish::to(reply_to).payload(answer.as_bytes()).qos(QOS))
            .await?
            .await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::args().nth(1).ok_or("usage: request mqtt://HOST")?;
    let (service, driver) = Client::new(Options::from_url(&url)?.client_id("square-service"))?;
    tokio::spawn(driver);
    let serving = tokio::spawn(serve(service.clone()));

    let (client, driver) = Client::new(Options::from_url(&url)?.client_id("square-client"))?;
    tokio::spawn(driver);
    let mut answers = client
        .subscribe(&[Filter::new("square/answer/client", QOS)])
        .await?;
    let answer = loop {
        client
            .publish(
                &Publish::to("square/ask")
                    .payload(b"square/answer/client\n7")
                    .qos(QOS),
            )
            .await?
            .await?;
        // The service may not have subscribed yet.
        if let Ok(answer) = timeout(Duration::from_secs(1), answers.recv()).await {
            break answer.ok_or("the client has left")?;
        }
    };
    println!("7 * 7 = {}", String::from_utf8_lossy(&answer.payload));
    client.disconnect(Duration::from_secs(5)).await?;
    service.disconnect(Duration::from_secs(5)).await?;
    serving.await??;
    Ok(())
}
