//! Whole clients against a broker that only acknowledges: `cargo xtask bench e2e` runs this program
//! once for the broker, and once for each client and each kind of work, and reads what it prints.
//!
//! `e2e broker` prints its port and serves until its input ends;
//! `e2e CLIENT WORK MESSAGES PORT [SETTING=NUMBER]...` prints nanoseconds: of the processor, and
//! passed.
mod broker;
mod endpoint;
mod meter;
mod motemq_client;
mod motemq_std_client;
mod mqtt5_client;
mod ntex5_client;
mod ntex_client;
mod rumqttc5_client;
mod rumqttc_client;
mod rumqttc_next5_client;
mod rumqttc_next_client;
mod rumqttc_sync_client;
mod send;

use meter::{Meter, Task};
use std::{env, future::Future, process, thread, time::Duration};

/// Who takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(30);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["broker"] => broker::serve(),
        [client, work, messages, port, ref settings @ ..] => {
            let task = Task::new(work, messages, port, settings);
            thread::spawn(|| {
                thread::sleep(LIMIT);
                eprintln!("not done within {LIMIT:?}");
                process::exit(1);
            });
            run(client, task).print();
        }
        _ => panic!("e2e broker, or e2e CLIENT WORK MESSAGES PORT [SETTING=NUMBER]..."),
    }
}

/// Asynchronous clients have one thread.
fn run(client: &str, task: Task) -> Meter {
    match client {
        "motemq-tokio" => tokio(motemq_client::run(task)),
        "motemq-tokio, MQTT 5" => tokio(motemq_client::run(task.with_mqtt5())),
        "motemq-std" => motemq_std_client::run(task, false),
        "motemq-std, MQTT 5" => motemq_std_client::run(task.with_mqtt5(), false),
        "motemq-std, publish_all" => motemq_std_client::run(task, true),
        "motemq-std, publish_all, MQTT 5" => motemq_std_client::run(task.with_mqtt5(), true),
        "mqtt5" => tokio(mqtt5_client::run(task)),
        "send" => send::run(task),
        "rumqttc, Client" => rumqttc_sync_client::run(task),
        "rumqttc" => tokio(rumqttc_client::run(task)),
        "rumqttc, MQTT 5" => tokio(rumqttc5_client::run(task)),
        "rumqttc-v4-next" => tokio(rumqttc_next_client::run(task)),
        "rumqttc-v5-next" => tokio(rumqttc_next5_client::run(task)),
        "mqtt-endpoint-tokio" => tokio(endpoint::run(task)),
        "ntex-mqtt" => ntex_client::run(task),
        "ntex-mqtt, MQTT 5" => ntex5_client::run(task),
        _ => panic!("no client {client}"),
    }
}

fn tokio(client: impl Future<Output = Meter>) -> Meter {
    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(::tokio::task::LocalSet::new().run_until(client))
}
