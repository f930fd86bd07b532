//! Nothing lost, nothing doubled: the ledger, and worlds by chance.
use motemq_world::{ledger, simulation};

#[test]
fn the_ledger_is_clean() {
    let lines = ledger::keep(&mut |what| println!("{what}"));
    for line in &lines {
        println!("{line}");
        assert_eq!(line.broken, 0, "{}", line.name);
    }
}

#[test]
fn worlds_by_chance() {
    let report = simulation::run(0..20, 500)
        .unwrap_or_else(|failure| panic!("{}\nseed {}", failure.what, failure.seed));
    println!("{report}");
}
