use motemq_testing::link::{Direction, End, Faults, Link, link};
use std::io::{ErrorKind, Read, Write};

/// Moves `bytes` from one end to the other, and tells what arrived and how each call went.
fn carry(
    from: &mut End,
    to: &mut End,
    link: &Link,
    mut bytes: &[u8],
) -> (Vec<u8>, Vec<Result<usize, ErrorKind>>) {
    let (mut arrived, mut calls, mut buffer) = (Vec::new(), Vec::new(), [0; 64]);
    // After so many steps in which nothing moves nothing will.
    let mut idle = 0;
    while idle < 100 {
        idle += 1;
        let written = if bytes.is_empty() {
            Err(ErrorKind::WouldBlock)
        } else {
            from.write(bytes).map_err(|error| error.kind())
        };
        bytes = &bytes[written.unwrap_or(0)..];
        let read = to.read(&mut buffer).map_err(|error| error.kind());
        arrived.extend_from_slice(&buffer[..read.unwrap_or(0)]);
        if written.is_ok() || read.is_ok_and(|read| read != 0) {
            idle = 0;
        }
        calls.extend([written, read]);
        link.step();
    }
    (arrived, calls)
}

fn sample() -> Vec<u8> {
    (0..5000_u32).map(|number| (number * 7) as u8).collect()
}

#[test]
fn bytes_arrive_as_they_were_whatever_the_seed() {
    for seed in 0..50 {
        let (mut near, mut far, link) = link(Faults::seeded(seed));
        assert_eq!(
            carry(&mut near, &mut far, &link, &sample()).0,
            sample(),
            "seed {seed}"
        );
        assert_eq!(
            carry(&mut far, &mut near, &link, &sample()).0,
            sample(),
            "seed {seed}"
        );
        assert_eq!(
            (link.passed(Direction::Up), link.passed(Direction::Down)),
            (5000, 5000)
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_faults_and_another_others() {
    let run = |seed| {
        let (mut near, mut far, link) = link(Faults {
            seed,
            most: 10,
            would_block: 30,
            delay: 3,
            ..Faults::none()
        });
        carry(&mut near, &mut far, &link, &sample()).1
    };
    assert!(run(1) == run(1) && run(1) != run(2));
    for fault in [Err(ErrorKind::WouldBlock), Ok(1), Ok(10)] {
        assert!(run(1).contains(&fault), "{fault:?} does not happen");
    }
}

#[test]
fn a_cut_comes_after_the_byte_named() {
    for (cut, direction) in (0..20).flat_map(|cut| [(cut, Direction::Up), (cut, Direction::Down)]) {
        let (mut near, mut far, link) = link(
            Faults {
                delay: 2,
                most: 7,
                ..Faults::none()
            }
            .cut_after(direction, cut),
        );
        let (from, to) = if direction == Direction::Up {
            (&mut near, &mut far)
        } else {
            (&mut far, &mut near)
        };
        to.write_all(b"!").unwrap();
        assert_eq!(
            carry(from, to, &link, &sample()).0,
            &sample()[..cut as usize]
        );
        assert!(link.is_cut());
        // What was under way in the other direction is lost, and both ends hear of it.
        let mut buffer = [0];
        for end in [from, to] {
            assert_eq!(
                end.read(&mut buffer).unwrap_err().kind(),
                ErrorKind::ConnectionReset
            );
            assert_eq!(
                end.write(b"?").unwrap_err().kind(),
                ErrorKind::ConnectionReset
            );
        }
    }
}

#[test]
fn a_full_link_blocks() {
    let (mut near, mut far, _link) = link(Faults {
        capacity: 3,
        ..Faults::none()
    });
    assert_eq!(near.write(b"12345").unwrap(), 3);
    assert_eq!(near.write(b"45").unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(far.read(&mut [0; 2]).unwrap(), 2);
    assert_eq!(near.write(b"45").unwrap(), 2);
}

#[test]
fn an_end_dropped_hangs_up() {
    let (mut near, far, _link) = link(Faults::none());
    let (mut far, mut buffer) = (far, [0; 9]);
    far.write_all(b"bye").unwrap();
    drop(far);
    assert_eq!(near.read(&mut buffer).unwrap(), 3);
    assert_eq!(near.read(&mut buffer).unwrap(), 0);
    assert_eq!(near.write(b"?").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_delay_is_a_number_of_steps() {
    let arrives_after = |seed| {
        let (mut near, mut far, link) = link(Faults {
            seed,
            delay: 3,
            ..Faults::none()
        });
        near.write_all(b"!").unwrap();
        let steps = (0..10)
            .take_while(|_| {
                far.read(&mut [0]).is_err_and(|_| {
                    link.step();
                    true
                })
            })
            .count();
        assert!(steps <= 3, "{steps}");
        steps
    };
    for steps in 0..=3 {
        assert!(
            (0..100).any(|seed| arrives_after(seed) == steps),
            "none takes {steps}"
        );
    }
}
