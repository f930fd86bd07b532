//! The texts of `--help`.
use crate::exit::Exit;

pub const USAGE: &str = "motemq pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]
       motemq sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]
       motemq doctor [-h HOST] [OPTIONS]
       motemq help [pub|sub|doctor]
       motemq --pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]
       motemq --sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]";

pub const PUBLISH_USAGE: &str =
    "motemq pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]";

pub const SUBSCRIBE_USAGE: &str = "motemq sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]";

const EVERY_SECOND: &str = "
  Publish every second, or every 5 seconds, until Ctrl-C:
    motemq --pub -h broker.example -t SEGGER/Demo -m \"Hello World\"
    motemq --pub -h broker.example -t SEGGER/Demo -m \"Hello World\" -d 5";

const PUBLISHING: &str = "
  Publish once, retained, and be sure that it arrived:
    motemq pub -t lamp/state -m on -r -q 1
  Publish every 5 seconds until Ctrl-C:
    motemq pub -t lamp/state -m on --delay 5
  Publish a file; what another program says, line by line:
    motemq pub -t firmware/image -f image.bin -q 2
    vmstat -n 5 | motemq pub -t host/vmstat -l";

const SUBSCRIBING: &str = "
  Print what arrives, with topics; as JSON:
    motemq sub -h broker.example -t 'SEGGER/#' -v
    motemq sub -L mqtt://me:secret@broker.example:1883/SEGGER/Demo --json
  Print the time, the topic in a column, and the payload:
    motemq sub -t '#' -F '@H:@M:@S %-20t %p'
  Wait at most 10 seconds for one message and keep its bytes in a file:
    motemq sub -t firmware/image -C 1 -N -W 10 > image.bin
  Make a session that collects messages from now on; fetch them later:
    motemq sub -i logger -c -q 1 -t 'plant/#' -E
    motemq sub -i logger -c -q 1 -t 'plant/#' -v";

const FORMAT: &str = "\
Format of -F:
  %t topic, %p payload, %x %X payload in hexadecimal digits, %l its length, %q QoS, %r retained,
  %d duplicate, %m packet identifier, %j JSON object, %J the same with a payload that is JSON itself,
  %I date and time, %U seconds since 1970, %% a %. A width may follow the %, as in %-20t or %05l, and
  a greatest width for %t and %I, as in %.20t. Properties of MQTT 5 (%A %C %D %E %F %P %R %S) are empty.
  @X what strftime makes of %X, @N nanoseconds, @@ a @. \\n \\t \\r \\a \\e \\v \\0 \\xHH \\\\ one byte.";

const WAYS: &str = "
  Over TLS, with a client certificate; over a WebSocket:
    motemq --pub -h HOST -p 8883 -t SEGGER/Demo -m \"Hello\" --tls --cert cert.der --key private.der -d 5
    motemq sub -L wss://broker.example/mqtt --cafile ca.pem -t 'SEGGER/#'
  Find out why there is no connection:
    motemq doctor -L mqtts://me:secret@broker.example --cafile ca.pem";

const RECONNECTION: &str = "\
When the connection is lost:
  A subscriber, a publisher that goes on until Ctrl-C, and -l say so and connect again and again.
  Other publishers end at once, and so does everything that cannot connect at the beginning.";

/// Returns what follows the options of `motemq`.
pub fn all() -> String {
    after(&[EVERY_SECOND, PUBLISHING, SUBSCRIBING, WAYS], FORMAT)
}

/// Returns what follows the options of `motemq pub`.
pub fn published() -> String {
    after(&[PUBLISHING], "")
}

/// Returns what follows the options of `motemq sub`.
pub fn subscribed() -> String {
    after(&[SUBSCRIBING], FORMAT)
}

fn after(examples: &[&str], format: &str) -> String {
    let gap = if format.is_empty() { "" } else { "\n\n" };
    format!(
        "Examples:{}{gap}{format}\n\n{RECONNECTION}\n\nExit codes:\n{}",
        examples.concat(),
        Exit::table()
    )
}
