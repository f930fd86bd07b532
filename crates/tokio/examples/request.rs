//! Request and response with MQTT 5: a service that answers, and a client that asks. Where the
//! broker refuses something, its reason is shown. `cargo run --example request -- mqtt://localhost`
use motemq_tokio::{Client, Filter, Options, QoS, Subscription, Version};
use std::{env, error::Error, time::Duration};

fn connect(url: &str, client_id: &str) -> Result<Client, Box<dyn Error>> {
    let options = Options::from_url(url)?.client_id(client_id);
    let (client, driver) = Client::new(options.version(Version::Mqtt5))?;
    tokio::spawn(driver);
    Ok(client)
}

/// Answers each question at the topic that it names.
async fn serve(service: Client, mut questions: Subscription) {
    while let Some(question) = questions.recv().await {
        let text = String::from_utf8_lossy(&question.payload);
        let answer = text.parse().map_or("not a number".into(), |number: i64| {
            number.saturating_mul(number).to_string()
        });
        match service.respond(&question, answer.as_bytes()).await {
            // Whether the answer arrives need not hold up the next question.
            Ok(receipt) => drop(receipt),
            Err(error) => eprintln!("no answer: {error}"),
        }
    }
}

async fn ask(url: &str, number: &str) -> Result<(), Box<dyn Error>> {
    let service = connect(url, "square-service")?;
    let filter = Filter::new("square", QoS::AtLeastOnce);
    // If the broker refuses, the error has its reason, here and below.
    let questions = service.subscribe(&[filter]).await?;
    let serving = tokio::spawn(serve(service.clone(), questions));
    let client = connect(url, "square-client")?;
    let answer = client.request("square", number.as_bytes()).await?;
    let text = String::from_utf8_lossy(&answer.payload);
    println!("{number} * {number} = {text}");
    client.disconnect(Duration::from_secs(5)).await?;
    service.disconnect(Duration::from_secs(5)).await?;
    Ok(serving.await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().unwrap_or("mqtt://localhost".into());
    let number = arguments.next().unwrap_or("7".into());
    if let Err(error) = ask(&url, &number).await {
        println!("{error}");
    }
}
