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

The simulation publishes a hundred million messages unless `--messages` says otherwise, which takes about an hour. After each thousand worlds it
stores its progress in Cargo's target directory. `cargo xtask evidence simulation --resume` continues from there, as long as the commit is the same.
";

const BEHIND: &str = "
## Faults that were found

- `ManualAcks` with all slots taken gave up (`TooManyQos2`) before the application had its turn, on every connection anew. Found by simulation; test
  `with_all_slots_taken_pending_acknowledgements_go_first`.
- With `fast` the core held panics that nothing could reach, but which the compiler could not tell. Found by linking; `cargo xtask test` links.
- The in-process broker answered a CONNECT that is too short by the byte behind it. Found by fuzzing; test `malformed_connect_is_not_answered`.
- The second of two fuzz targets that ran side by side stood still when what it said filled a pipe that nobody read: `decode` tried 80,000 inputs
  in three minutes, and tries twelve million now. Found by these figures.
- A client that uses snapshots has to save also after `Connected` says that the broker starts empty: else a crash brings back what the broker has
  forgotten, and QoS 2 messages come twice. Found by simulation.
- The managed client in a kept session whose slots were all held by messages with QoS 2 that it had given up said DISCONNECT on each new
  connection before the broker could answer, for ever. Found by simulation; test
  `rule_04_what_was_given_up_can_be_answered_on_the_next_connection`.
- The managed client ended each connection with an overrun on which a payload longer than memory and a message behind it arrived at once, if less
  was allowed to wait than that. Found by simulation; test `rule_01_a_payload_larger_than_the_bound_does_not_end_each_connection`.
- The managed client with a bound smaller than what the broker sends again at once never got on if its application was slow, or acknowledged only
  after the next connection had begun: the same messages came again on each. Found by simulation; tests
  `rule_01_acknowledgements_over_the_next_connection_are_progress` and `rule_00_what_is_in_hand_is_acknowledged_over_a_later_connection`.
- On each connection that ended with an overrun the answers behind the messages were lost, so the client sent what they answer again, and got copies
  of it where it subscribes to what it publishes, more than it could take. Found by simulation; test
  `rule_01_bytes_that_wait_are_bounded_and_the_connection_returns_when_there_is_room`.
- The managed client had no time limit for the answer to a PUBREL that was sent again over the next connection, and began that limit before the
  PUBREL had left if the payload of another message was in its way. Found by mutants; tests
  `rule_02_the_second_answer_to_a_message_has_its_own_time` and `rule_02_the_second_answer_is_not_late_while_a_payload_is_leaving`.
- The managed client with a store did not say that the store had to be written when the application took a message with QoS 2 without a
  connection. Until something else woke the driver, the message would have come again after a crash, and CONNECT waited for the store, until its
  time limit. Found by simulation (seed 6361), which now looks for changes that wait to be stored whenever a driver sleeps; test
  `rule_12_taking_a_message_offline_says_that_it_has_to_be_stored`.
- The managed client passed over packets that had been given up for a message that it then refused, and had to store that. Found by the same look;
  test `rule_06_a_message_without_a_slot_passes_over_nothing`.
- A long message with QoS 2 that arrived again piece by piece was delivered twice if the application processed the first copy between two pieces.
  Found by simulation (seed 812), which now reads long payloads into their own memory; test
  `rule_00_a_message_that_is_processed_while_it_arrives_again_comes_once`.
- The managed client took the repetition of a QoS 2 message that it had discarded for another message, if an earlier one had had its identifier.
  Test `rule_09_a_message_that_was_discarded_arrives_again_as_a_repetition`.
- The managed client gave a message that one of two streams had had a second time, to a stream of all other messages, when the session had ended
  before the other stream was closed. Found by random calls; test
  `rule_00_what_another_stream_has_is_not_left_by_a_closed_one_whatever_the_broker_lost`.
- A call that waited for room in the managed client was told of it while there was none, tried again at once, and kept the processor busy until the
  transport took bytes or the broker acknowledged its oldest message. Found by mutants; tests
  `rule_06_room_is_not_told_while_the_output_waits_for_the_transport` and
  `rule_06_room_is_not_told_while_an_unanswered_message_bars_all_others`.
- An upload that began with more bytes than the output of the managed client holds was tried again for ever. Found by mutants; test
  `rule_06_the_beginning_of_an_upload_may_fill_the_output`.
- [mutants.md](mutants.md) and [mutants-client.md](mutants-client.md) list the mutants that no test noticed, with the reasons.

## Limits of these tests

- The ledger and the simulation use the project's own broker. `cargo xtask interop` tests with real brokers: [interop.md](interop.md).
- If a broker loses a session, and the CONNACK with that information is lost as well, the next CONNACK reports a session. With MQTT 3.1.1 the client
  cannot detect that this is a new one, and QoS 2 messages may arrive twice. The simulation leaves this case out: the first connection after such a
  loss does not break.
- The exploration has small configurations without a clock. Dialogues and the simulation test time.
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
            let _ = writeln!(page, "| what | figure |\n| --- | ---: |");
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
