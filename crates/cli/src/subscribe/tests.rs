//! Tests of what is printed, and when it ends.
use super::*;
use crate::screen::Screen;

/// Returns the output for these messages (`!` marks a retained one), and how many were taken.
fn printed(line: &str, topics: &[&str]) -> (String, usize) {
    let line = CommandLine::of(&format!("sub -t # -v {line}")).unwrap();
    let args = line.subscription();
    let mut out = Vec::new();
    let mut receiver = Receiver {
        args,
        printer: Printer::new(&mut out, printing::format(&args.print), Screen::None),
        left: args.count,
        streams: false,
        unacked: Vec::new(),
        stop: &Stop::after(None),
    };
    let mut taken = 0;
    for topic in topics {
        taken += 1;
        let retain = topic.starts_with('!');
        let topic = topic.trim_start_matches('!');
        let message = Taken {
            topic,
            payload: b"x",
            qos: QoS::AtMostOnce,
            retain,
            dup: false,
            packet_id: 0,
            properties: Properties::default(),
        };
        if receiver
            .take(message, None::<(io::Empty, u64)>)
            .unwrap()
            .is_break()
        {
            break;
        }
    }
    (String::from_utf8(out).unwrap(), taken)
}

#[test]
fn it_ends_after_so_many_printed() {
    assert_eq!(printed("-C 2", &["a", "b", "c"]), ("a x\nb x\n".into(), 2));
    assert_eq!(
        printed("-C 1 -T a/#", &["a", "a/b", "c", "d"]),
        ("c x\n".into(), 3)
    );
    assert_eq!(printed("-C 1 -R", &["!a", "b"]), ("b x\n".into(), 2));
}

#[test]
fn retained_messages_are_left_out_or_alone() {
    assert_eq!(printed("-R", &["!a", "b"]).0, "b x\n");
    assert_eq!(
        printed("--retained-only", &["!a", "!b", "c", "!d"]),
        ("a x\nb x\n".into(), 3)
    );
}

#[test]
fn several_filters_take_out() {
    assert_eq!(printed("-T a -T +/b", &["a", "c/b", "c"]).0, "c x\n");
}
