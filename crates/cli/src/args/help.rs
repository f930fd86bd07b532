//! The texts of `--help`.
use super::Grammar;
use crate::exit::Exit;

pub const USAGE: &str = "motemq pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]
       motemq sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]
       motemq rr [-h HOST] -t TOPIC [-e TOPIC] {-m TEXT | -n | -f FILE | -s} [OPTIONS]
       motemq watch [-h HOST] [-t FILTER]... [OPTIONS]
       motemq record FILE [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]
       motemq replay FILE... [-h HOST] [OPTIONS]
       motemq bench [-h HOST] [OPTIONS]
       motemq doctor [-h HOST] [OPTIONS]
       motemq help [COMMAND]
       motemq completions SHELL
       motemq man [COMMAND]
       motemq --pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]
       motemq --sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]";

pub const PUBLISH_USAGE: &str =
    "motemq pub [-h HOST] -t TOPIC {-m TEXT | -n | -f FILE | -s | -l} [OPTIONS]";

pub const SUBSCRIBE_USAGE: &str = "motemq sub [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]";

pub const REQUEST_USAGE: &str =
    "motemq rr [-h HOST] -t TOPIC [-e TOPIC] {-m TEXT | -n | -f FILE | -s} [OPTIONS]";

pub const RECORD_USAGE: &str = "motemq record FILE [-h HOST] -t FILTER [-t FILTER]... [OPTIONS]";

pub const REPLAY_USAGE: &str = "motemq replay FILE... [-h HOST] [OPTIONS]";

#[cfg(feature = "watch")]
pub const WATCH_USAGE: &str = "motemq watch [-h HOST] [-t FILTER]... [OPTIONS]";

#[cfg(feature = "bench")]
pub const BENCH_USAGE: &str = "motemq bench [-h HOST] [OPTIONS]";

const EVERY_SECOND: &str = "
  Publish every second, or every 5 seconds, until Ctrl-C:
    motemq --pub -h broker.example -t SEGGER/Demo -m \"Hello World\"
    motemq --pub -h broker.example -t SEGGER/Demo -m \"Hello World\" -d 5";

const PUBLISHING: &str = "
  Publish once, retained, and be sure that it arrived:
    motemq pub -t lamp/state -m on -r -q 1
  Publish every 5 seconds until Ctrl-C:
    motemq pub -t lamp/state -m on --delay 5
  Publish a file; publish each line that another program prints:
    motemq pub -t firmware/image -f image.bin -q 2
    vmstat -n 5 | motemq pub -t host/vmstat -l
  Publish with properties of MQTT 5:
    motemq pub -t lamp/state -m on -D publish user-property room hall";

const SUBSCRIBING: &str = "
  Print what arrives, with topics; as JSON:
    motemq sub -h broker.example -t 'SEGGER/#' -v
    motemq sub -L mqtt://me:secret@broker.example:1883/SEGGER/Demo --json
  Print the time, the topic in a column, and the payload:
    motemq sub -t '#' -F '@H:@M:@S %-20t %p'
  Wait at most 10 seconds for one message and keep its bytes in a file:
    motemq sub -t firmware/image -C 1 -N -W 10 > image.bin
  Let the broker store messages for this client from now on; print them later:
    motemq sub -i logger -c -q 1 -t 'plant/#' -E
    motemq sub -i logger -c -q 1 -t 'plant/#' -v";

const REQUESTING: &str = "
  Ask what responds to clock, and wait for 5 seconds at most:
    motemq rr -t clock -m now -W 5
  The same over MQTT 3.1.1, where the response comes to a topic that is agreed on:
    motemq rr -V mqttv311 -t clock -e clock/answers/7 -m now -W 5";

const REQUEST_NOTES: &str = "
  With MQTT 5 the request names the response topic, and has correlation data, by
  which the response is recognized. With MQTT 3.1.1 the next message that comes
  to the response topic is the response. If the broker says that no client
  receives the request, the exit code is 4.";

const RECORDING: &str = "
  Record all topics of a night, a file for each hour, and keep the last day:
    motemq record night.jsonl.gz -t '#' --gzip --rotate-time 3600 --keep 24
  Record 100 messages; print their topics with another program:
    motemq record plant.jsonl -t 'plant/#' -C 100
    jq -r .topic plant.jsonl
  Keep the bytes of a connection for a report of a fault:
    motemq record --raw connection.jsonl -t 'plant/#'";

const REPLAYING: &str = "
  Publish a recording at its pace; ten times as fast; as fast as possible:
    motemq replay night.jsonl
    motemq replay night-000001.jsonl night-000002.jsonl --speed 10
    motemq replay night.jsonl --speed max -q 1
  Publish plant/... as test/plant/..., or as test/... again and again:
    motemq replay plant.jsonl --prefix test
    motemq replay plant.jsonl --strip plant --prefix test --loop";

#[cfg(feature = "watch")]
const WATCHING: &str = "
  Watch all topics; those below plant:
    motemq watch -h broker.example
    motemq watch -L mqtts://me:secret@broker.example -t 'plant/#'";

#[cfg(feature = "watch")]
const WATCH_KEYS: &str = "
  arrows       move; right opens a level, left closes it
  /            type a filter for topics; Enter keeps it, Esc clears it
  space        pause; messages that come meanwhile are counted, and left out
  f            show payloads as text, JSON or hexadecimal digits, or as they are
  d, u         scroll the payload down and up
  c, t         copy the payload or the topic, where the terminal knows OSC 52
  q, Ctrl-C    end";

#[cfg(feature = "bench")]
const MEASURING: &str = "
  10 pairs that send 1,000 messages a second together for 10 seconds; as many as
  the broker takes, with QoS 1:
    motemq bench
    motemq bench --rate max -q 1 -d 30
  1,000 publishers to one subscriber; one publisher to 1,000 subscribers:
    motemq bench -s fan-in --publishers 1000 --rate 20000 --ramp-up 5
    motemq bench -s fan-out --subscribers 1000 --rate 100 --json
  10,000 connections; how long they need to come back when all are cut:
    motemq bench -s connect -n 10000
    motemq bench -s storm -n 10000 -d 60
  A drawing of throughput and latency:
    motemq bench --rate 50000 --plot bench.svg";

#[cfg(feature = "bench")]
const BENCH_NOTES: &str = "
  Latency counts from the time at which a message was to be sent at the given
  rate, so that messages that had to wait for the broker are not left out. With
  --rate max it counts from the time at which a message was sent. Losses,
  duplicates and order are found by numbers in the payloads. Ctrl-C ends a run,
  and the summary is printed all the same.";

const FORMAT: &str = "
  %t topic, %p payload, %x %X payload in hexadecimal digits, %l its length,
  %q QoS, %r retained, %d duplicate, %m packet identifier, %j JSON object,
  %J the same with a payload that is JSON itself, %I date and time, %U seconds
  since 1970, %% a %. A width may follow the %, as in %-20t or %05l, and a
  greatest width for %t and %I, as in %.20t. Properties of MQTT 5: %A topic
  alias, %C content type, %D correlation data, %E message expiry interval,
  %F payload format indicator, %P user properties as name:value, %R response
  topic, %S subscription identifiers. @X what strftime makes of %X,
  @N nanoseconds, @@ a @. \\n \\t \\r \\a \\e \\v \\0 \\xHH \\\\ one byte.";

const PROPERTIES: &str = "
  -D connect    authentication-method and authentication-data, for methods with
                one step; the method SCRAM-SHA-256 alone, for -u and -P;
                maximum-packet-size, receive-maximum,
                request-problem-information, request-response-information,
                session-expiry-interval, topic-alias-maximum, user-property
  -D publish    content-type, correlation-data, message-expiry-interval,
                payload-format-indicator, response-topic, user-property;
                topic-alias gives topics numbers, which the client chooses
  -D subscribe  subscription-identifier, user-property
  -D unsubscribe  user-property
  -D disconnect session-expiry-interval, user-property
  -D will       the properties of publish except topic-alias; will-delay-interval
  Properties choose -V mqttv5 unless -V says otherwise. With -V auto, a broker
  of MQTT 3.1.1 gets packets without properties.";

const WAYS: &str = "
  Over TLS, with a client certificate; over a WebSocket:
    motemq --pub -h HOST -p 8883 -t Demo -m Hello --tls --cert cert.der --key private.der -d 5
    motemq sub -L wss://broker.example/mqtt --cafile ca.pem -t 'SEGGER/#'
  Find out why there is no connection:
    motemq doctor -L mqtts://me:secret@broker.example --cafile ca.pem";

const RECONNECTION: &str = "
  sub, record, replay, pub -l, and a pub that repeats its message until Ctrl-C
  print a notice and connect again, as often as necessary. Other publishers end
  at once. If the first connection cannot be made, every command ends. If the
  broker has lost the session, lines of -l with QoS 1 are sent again, and may
  arrive twice; lines with QoS 2 are not sent again, and the command says how
  many may not have arrived, and ends with exit code 8. With -c -i ID the broker
  keeps the session: then no line with QoS 1 or 2 is lost, and each line with
  QoS 2 arrives exactly once.";

const ENVIRONMENT: &str = "
  MOTEMQ_ and the long name of an option gives that option:
  MOTEMQ_HOST=broker.example, MOTEMQ_RETAIN=1. A variable that is empty counts
  as not set. The command line comes first, then the environment, then
  $XDG_CONFIG_HOME/motemq/pub, sub and so on, with one option a line.";

const LAYERS: &str = "
  It tries, one after the other: the name, TCP, TLS, WebSocket, CONNECT, a
  subscription, a message there and back. The first that does not work decides
  the exit code. With -V mqttv5 it prints what the broker announces. At the end
  it tries which versions of MQTT the broker speaks.";

const COMPLETIONS: &str = "
  motemq completions bash > ~/.local/share/bash-completion/completions/motemq
  motemq completions zsh > ~/.zfunc/_motemq      # with fpath=(~/.zfunc $fpath) in .zshrc
  motemq completions fish > ~/.config/fish/completions/motemq.fish
  motemq completions elvish > ~/.config/elvish/lib/motemq.elv
  motemq completions powershell >> $PROFILE";

const MANUAL: &str = "
  motemq man pub | man -l -";

const PRINTING: &str = "
    0  done
    1  stdout failed
    2  wrong usage";

/// A part of the text that follows the options.
pub struct Section {
    pub title: &'static str,
    pub text: String,
}

/// Returns the parts of the text that follows the options of a form of the command line.
pub fn sections(grammar: Grammar) -> Vec<Section> {
    let section = |title, text: &str| Section {
        title,
        text: text.trim_start_matches('\n').into(),
    };
    let examples = |parts: &[&str]| section("Examples", &parts.concat());
    let format = || section("Format of -F", FORMAT);
    let properties = || section("Properties of -D", PROPERTIES);
    let reconnection = || section("When the connection is lost", RECONNECTION);
    let mut sections = match grammar {
        Grammar::Flags => {
            let parts = [EVERY_SECOND, PUBLISHING, SUBSCRIBING, WAYS];
            vec![examples(&parts), format(), properties(), reconnection()]
        }
        Grammar::Publish => vec![examples(&[PUBLISHING]), properties(), reconnection()],
        Grammar::Subscribe => {
            let examples = examples(&[SUBSCRIBING]);
            vec![examples, format(), properties(), reconnection()]
        }
        #[cfg(feature = "watch")]
        Grammar::Watch => {
            let keys = section("Keys", WATCH_KEYS);
            vec![examples(&[WATCHING]), keys, reconnection()]
        }
        Grammar::Request => {
            let notes = section("The response", REQUEST_NOTES);
            vec![examples(&[REQUESTING]), notes, format(), properties()]
        }
        Grammar::Record => vec![examples(&[RECORDING]), reconnection()],
        Grammar::Replay => vec![examples(&[REPLAYING]), reconnection()],
        #[cfg(feature = "bench")]
        Grammar::Bench => {
            let notes = section("Scenarios and figures", BENCH_NOTES);
            vec![examples(&[MEASURING]), notes]
        }
        Grammar::Doctor => vec![section("Layers", LAYERS)],
        Grammar::Completions => vec![section("Where the shells look for them", COMPLETIONS)],
        Grammar::Manual => vec![section("Reading a page at once", MANUAL)],
    };
    if matches!(grammar, Grammar::Completions | Grammar::Manual) {
        sections.push(section("Exit codes", PRINTING));
    } else {
        sections.push(section("Environment and files", ENVIRONMENT));
        sections.push(section("Exit codes", &Exit::table()));
    }
    sections
}

/// Returns the text that follows the options of a form of the command line.
pub fn after(grammar: Grammar) -> String {
    let sections = sections(grammar).into_iter();
    let shown: Vec<_> = sections
        .map(|Section { title, text }| format!("{title}:\n{text}"))
        .collect();
    shown.join("\n\n")
}
