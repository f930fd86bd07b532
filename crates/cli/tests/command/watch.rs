//! Watching: what a person sees on the screen.
use crate::{
    broker::{At, serve, with_each},
    process::{motemq, motemq_reading},
    screen::OnScreen,
};
use motemq_testing::broker::Config;

#[test]
fn topics_are_a_tree_with_their_last_messages() {
    with_each("topics_are_a_tree_with_their_last_messages", |addr| {
        let at = At::of(addr);
        let publish = |args: &[&str]| {
            motemq(&at.with(&[&["pub", "-q", "1"], args].concat())).well();
        };
        publish(&["-t", "home/hall/lamp", "-m", "on", "-r"]);
        let test = "topics_are_a_tree";
        let watch = at.with(&["watch", "-t", "home/#", "-t", "plant/#", "-q", "1"]);
        let Some(mut screen) = OnScreen::start(test, &watch) else {
            return;
        };
        screen.until_shown("lamp R  on");
        publish(&["-t", "home/hall/lamp", "-m", "off"]);
        publish(&["-t", "home/kitchen", "-m", "{\"t\":21.5,\"unit\":\"C\"}"]);
        motemq_reading(
            &at.with(&["pub", "-t", "plant/raw", "-s", "-q", "1"]),
            b"\xff\0\x1b[2J",
        )
        .well();
        // It is no longer the retained one that was there before.
        screen.until_shown("lamp  off");
        screen.until_shown("3 topics  4 messages");
        screen.until("the count", |text| {
            text.lines()
                .any(|line| line.starts_with("- home ") && line.contains("       3 "))
        });
        // Down to the kitchen, whose payload is laid out.
        screen.type_in("\x1b[B\x1b[B\x1b[B");
        screen.until_shown("  \"unit\": \"C\"");
        screen.until_shown("QoS 1, 21 bytes, message 1");
        screen.type_in("c");
        screen.until_sent("\x1b]52;c;eyJ0IjoyMS41LCJ1bml0IjoiQyJ9\x07");
        screen.until_shown("payload copied, 21 bytes");
        screen.type_in("t");
        screen.until_sent("\x1b]52;c;aG9tZS9raXRjaGVu\x07");
        // Bytes are shown as digits, and control nothing.
        screen.type_in("\x1b[B\x1b[B");
        screen.until_shown("000000  ff 00 1b 5b 32 4a");
        screen.type_in("f");
        screen.until_shown("payload, text");
        screen.until_shown("\\xff\\x00\\x1b[2J");
        screen.type_in("q");
        let (code, text) = screen.end();
        assert_eq!((code, text.trim()), (Some(0), ""));
        publish(&["-t", "home/hall/lamp", "-n", "-r"]);
    });
}

#[test]
fn a_filter_leaves_topics_and_a_pause_holds_them() {
    let (_server, at) = serve(Config::new());
    let publish = |topic: &str, text: &str| {
        motemq(&at.with(&["pub", "-t", topic, "-m", text, "-q", "1"])).well();
    };
    let test = "a_filter_leaves_topics";
    let Some(mut screen) = OnScreen::start(test, &at.with(&["watch"])) else {
        return;
    };
    screen.until_shown("no message has come yet");
    publish("a/one", "1");
    publish("a/two", "2");
    screen.until_shown("2 topics");
    screen.type_in("/TW");
    screen.until_shown("filter: TW_");
    screen.until("the filtered tree", |text| {
        text.contains("two") && !text.contains("one")
    });
    screen.type_in("\r");
    screen.until_shown("filter: TW  ");
    screen.type_in("\x1b");
    screen.until_shown("one");
    screen.type_in(" ");
    screen.until_shown("PAUSED, 0 passed");
    publish("a/three", "3");
    screen.until_shown("PAUSED, 1 passed");
    assert!(!screen.text().contains("three"));
    screen.type_in(" ");
    publish("a/three", "4");
    screen.until_shown("three  4");
    // A level closes and opens, and values that are numbers have a history.
    screen.type_in("\x1b[H\x1b[D");
    screen.until_shown("+ a ");
    screen.type_in("\x1b[C");
    publish("a/two", "20");
    screen.until_shown("two  20");
    screen.type_in("\x1b[F");
    screen.until_shown("last values, 2 to 20");
    // Ctrl-C is a key here.
    screen.type_in("\x03");
    assert_eq!(screen.end().0, Some(0));
}

/// The beginning of a long payload is shown, with its last line.
#[test]
fn the_beginning_of_a_long_payload_is_kept() {
    with_each("the_beginning_of_a_long_payload", |addr| {
        let at = At::of(addr);
        let test = "the_beginning_of_a_long_payload";
        let Some(mut screen) = OnScreen::start(test, &at.with(&["watch"])) else {
            return;
        };
        screen.until_shown("no message has come yet");
        let publish = at.with(&["pub", "-t", "big", "-s", "-q", "1"]);
        motemq_reading(&publish, &b"long\n".repeat(200_000)).well();
        screen.until_shown("1000000 bytes, message 1");
        screen.until_shown("auto of the first 65536 bytes");
        screen.type_in("c");
        screen.until_shown("only the first 65536 of 1000000 bytes were kept");
        motemq(&at.with(&["pub", "-t", "next", "-m", "x", "-q", "1"])).well();
        screen.until_shown("2 topics");
        screen.type_in("q");
        assert_eq!(screen.end().0, Some(0));
    });
}

#[test]
fn a_lost_connection_is_seen_and_comes_back() {
    let (server, at) = serve(Config::new());
    let test = "a_lost_connection_is_seen";
    let Some(mut screen) = OnScreen::start(test, &at.with(&["watch"])) else {
        return;
    };
    screen.until_shown("no message has come yet");
    server.restart(false);
    let publish = at.with(&["pub", "-t", "again", "-m", "x", "-r", "-q", "1"]);
    motemq(&publish).well();
    screen.until_shown("again");
    screen.type_in("q");
    assert_eq!(screen.end().0, Some(0));
}

#[test]
fn without_a_terminal_sub_is_named() {
    motemq(&["watch"]).badly(2, "say motemq sub -t '#' -v");
    motemq(&["watch", "-t", "a#"]).badly(2, "not a topic filter");
    if let Some(screen) = OnScreen::start("without_a_broker", &["watch", "-p", "1"]) {
        let (code, text) = screen.end();
        assert!(
            code == Some(3) && text.contains("cannot connect"),
            "{code:?} {text}"
        );
    }
}
