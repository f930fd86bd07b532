//! `docs/evidence.md`, wholly from what is kept of the runs.
use super::{
    part::{PARTS, Part},
    record::Records,
};
use serde_json::Value;
use std::fmt::Write;

const ABOUT: &str = "\
# Evidence

These are the results of the long tests. `cargo xtask evidence` runs them and writes this page, `cargo xtask evidence NAME` runs one part, and
`evidence.json` contains the figures. `cargo xtask test` runs a quick form of each part, with fixed seeds. It counts figures marked *checked* again,
and fails if one of them has changed.

The simulation runs random scenarios, called worlds. It publishes a hundred million messages unless `--messages` gives another number, which takes
about an hour. After each thousand worlds it stores its progress in Cargo's target directory. `cargo xtask evidence simulation --resume` continues
from there, as long as the commit is the same.
";

const BEHIND: &str = "
## Faults that were found

- When all slots were taken, `ManualAcks` ended the connection (`TooManyQos2`) before the application could acknowledge anything, and did so again on
  each new connection. Found by simulation; test `with_all_slots_taken_pending_acknowledgements_go_first`.
- With `fast` the core contained panics that could not be reached, but that the compiler could not remove. Found by linking; `cargo xtask test` checks
  this.
- The in-process broker answered a CONNECT packet that was too short to contain the protocol level: it read the byte after the packet as the level.
  Found by fuzzing; test `malformed_connect_is_not_answered`.
- Of two fuzz targets that ran in parallel, the second stopped when its output filled a pipe that nothing read: `decode` tried 80,000 inputs in three
  minutes, and now tries twelve million. Found by these figures.
- A client that uses snapshots must also save one after `Connected` reports a new session at the broker. Otherwise a crash restores state that the
  broker has discarded, and QoS 2 messages arrive twice. Found by simulation.
- In a kept session in which given-up QoS 2 messages held all slots, the managed client sent DISCONNECT on each new connection before the broker could
  answer. It never recovered. Found by simulation; test `rule_04_what_was_given_up_can_be_answered_on_the_next_connection`.
- The managed client ended each connection with an overrun if a payload longer than memory and a message after it arrived together, and exceeded the
  limit of waiting bytes. Found by simulation; test `rule_01_a_payload_larger_than_the_bound_does_not_end_each_connection`.
- If the limit of waiting messages was smaller than the number that the broker sends again at once, and the application was slow or acknowledged only
  after the next connection had begun, the managed client made no progress: the same messages arrived again on each connection. Found by simulation;
  tests `rule_01_acknowledgements_over_the_next_connection_are_progress` and `rule_00_what_is_in_hand_is_acknowledged_over_a_later_connection`.
- On each connection that ended with an overrun, the answers that followed the messages were lost. The client therefore sent the corresponding packets
  again. If it subscribed to its own messages, it received a copy each time, and these copies exceeded the limit again. Found by simulation; test
  `rule_01_bytes_that_wait_are_bounded_and_the_connection_returns_when_there_is_room`.
- The managed client had no time limit for the answer to a PUBREL that was sent again over the next connection, and started this limit before the
  PUBREL was sent if the payload of another message delayed it. Found by mutation testing; tests
  `rule_02_the_second_answer_to_a_message_has_its_own_time` and `rule_02_the_second_answer_is_not_late_while_a_payload_is_leaving`.
- The managed client with a store did not report that the store had to be written when the application took a QoS 2 message without a connection.
  Until something else woke the driver, a crash would have caused the message to be delivered again, and CONNECT waited for the store until its time
  limit. Found by simulation (seed 6361), which now checks for unstored changes whenever a driver sleeps; test
  `rule_12_taking_a_message_offline_says_that_it_has_to_be_stored`.
- For a message that it then refused, the managed client skipped the slots of given-up packets, which is a change that has to be stored. Found by the
  same check; test `rule_06_a_message_without_a_slot_passes_over_nothing`.
- A long QoS 2 message that was sent again and arrived in pieces was delivered twice if the application processed the first copy between two pieces.
  Found by simulation (seed 812), which now reads long payloads into their own memory; test
  `rule_00_a_message_that_is_processed_while_it_arrives_again_comes_once`.
- The managed client treated the repetition of a discarded QoS 2 message as another message if an earlier message had had the same identifier. Test
  `rule_09_a_message_that_was_discarded_arrives_again_as_a_repetition`.
- If one of two streams had delivered a message, and the session ended before the other stream was closed, the managed client delivered the message a
  second time, to the stream of all other messages. Found by random calls; test
  `rule_00_what_another_stream_has_is_not_left_by_a_closed_one_whatever_the_broker_lost`.
- A call that waited for room in the managed client was woken while there was none, and tried again at once. This kept the processor busy until the
  transport accepted bytes or the broker acknowledged the oldest message. Found by mutation testing; tests
  `rule_06_room_is_not_told_while_the_output_waits_for_the_transport` and `rule_06_room_is_not_told_while_an_unanswered_message_bars_all_others`.
- An upload whose first part was larger than the output of the managed client was retried endlessly. Found by mutation testing; test
  `rule_06_the_beginning_of_an_upload_may_fill_the_output`.
- [mutants.md](mutants.md) and [mutants-client.md](mutants-client.md) list the mutants that no test noticed, with the reasons.

## Limits of these tests

- The ledger and the simulation use the project's own broker. `cargo xtask interop` tests with real brokers: [interop.md](interop.md).
- If a broker loses a session, and the CONNACK that reports this is lost as well, the next CONNACK reports that a session is present. With MQTT 3.1.1
  the client cannot detect that this session is new, and QoS 2 messages may arrive twice. The simulation excludes this case: the first connection
  after such a loss does not break.
- The model checker covers small configurations without a clock. Dialogues and the simulation test time limits.
- The sanitizers do not cover the platform's TLS library, which is not compiled with them.
- Fuzzing can find faults, but it cannot show that there are none.
";

/// The page.
pub fn text(records: &Records) -> String {
    let mut page = ABOUT.to_owned();
    for part in &PARTS {
        section(&mut page, part, records);
    }
    page + BEHIND
}

fn section(page: &mut String, part: &Part, records: &Records) {
    let checked = if part.checked { " *Checked.*" } else { "" };
    let _ = writeln!(page, "\n## {}\n\n{}{checked}\n", part.title, part.about);
    let Some(record) = records.of(part.name) else {
        let _ = writeln!(page, "Not run yet.");
        return;
    };
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    match records.figures(part.name) {
        Some(figures) => {
            let _ = writeln!(page, "| counted | figure |\n| --- | ---: |");
            for (name, figure) in figures {
                let _ = writeln!(page, "| {name} | {} |", shown(figure));
            }
        }
        None => {
            let _ = writeln!(page, "**It failed**: {}", text("failed"));
        }
    }
    let _ = writeln!(
        page,
        "\n{}, commit {}, {}, {}{} s.",
        text("date"),
        text("commit"),
        text("compiler"),
        if text("extent").is_empty() {
            String::new()
        } else {
            format!("{}, ", text("extent"))
        },
        record["seconds"]
    );
}

/// A number with its thousands apart, or a text.
fn shown(figure: &Value) -> String {
    let Some(number) = figure.as_u64() else {
        return figure.as_str().unwrap_or_default().to_owned();
    };
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [0, 999, 1000, 100_000_000].map(|number: u64| shown(&number.into())),
            ["0", "999", "1,000", "100,000,000"]
        );
    }
}
