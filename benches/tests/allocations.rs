//! Whatever is asked of the core, it takes no memory for it.
use allocation_counter::measure;

#[test]
fn nothing_is_allocated() {
    let cases = motemq_benches::ours();
    // What comes in pieces for `packet` is gathered by the bench itself.
    let ours = cases.iter().filter(|case| {
        case.who.starts_with("motemq")
            && (case.who, case.work.as_str()) != ("motemq packet", PIECES)
    });
    let mut measured = 0;
    for case in ours {
        let mut work = (case.prepare)();
        work.reset();
        let taken = measure(|| {
            work.run();
        });
        assert_eq!(taken.count_total, 0, "{}, {}", case.work, case.who);
        measured += 1;
    }
    assert!(measured > 40, "{measured}");
    assert_eq!(
        measure(|| drop(Box::new(1))).count_total,
        1,
        "allocations are counted"
    );
}

const PIECES: &str = "pieces/stream_1000";
