//! A future of `turn` may be dropped wherever it waits.
use crate::{stacks::Aio, world::run};
use motemq::{Mqtt5, Mqtt311};
use motemq_testing::{link::Faults, protocol::TestProtocol};

const COUNT: u32 = 9;

/// Slow and stingy, so that there is a wait for everything.
fn slow(seed: u64) -> Faults {
    Faults {
        seed,
        most: 9,
        would_block: 30,
        delay: 2,
        capacity: 30,
        ..Faults::none()
    }
}

fn drops_lose_and_double_nothing<P: TestProtocol>(whole: bool) {
    let mut undisturbed = Aio::new(whole);
    run::<P>(COUNT, &mut undisturbed, |_| slow(7));
    assert!(undisturbed.waits > 50, "{}", undisturbed.waits);
    // At each wait, once ...
    for at in 1..=undisturbed.waits {
        let (client, connections) = run::<P>(
            COUNT,
            &mut Aio::dropping(whole, at, |wait, at| wait == at),
            |_| slow(7),
        );
        assert!(
            client.received_each_once() && connections == 1,
            "dropped at wait {at}"
        );
    }
    // ... at every one, and at many.
    for seed in 0..20 {
        for stride in 1..4 {
            let mut carrier = Aio::dropping(whole, stride, |wait, stride| wait % stride == 0);
            let (client, connections) = run::<P>(COUNT, &mut carrier, |_| slow(seed));
            assert!(
                client.received_each_once() && connections == 1,
                "seed {seed}, every {stride}. wait"
            );
        }
    }
}

#[test]
fn dropping_at_every_wait_with_halves() {
    drops_lose_and_double_nothing::<Mqtt311>(false);
    drops_lose_and_double_nothing::<Mqtt5>(false);
}

#[test]
fn dropping_at_every_wait_with_the_whole() {
    drops_lose_and_double_nothing::<Mqtt311>(true);
    drops_lose_and_double_nothing::<Mqtt5>(true);
}
