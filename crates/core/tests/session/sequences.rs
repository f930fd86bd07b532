//! Properties of any sequence of calls: identifiers, and time that wraps.
use motemq::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Opened<const SLOTS: usize> = (Session<[Slot; SLOTS]>, Buffer<[u8; 64]>, Buffer<[u8; 64]>);

fn open<const SLOTS: usize>(connect: &Connect<'_>) -> Opened<SLOTS> {
    let (mut session, mut rx, mut tx) = (Session::new(), Buffer::new(), Buffer::new());
    session.connect(connect, &mut rx, &mut tx).unwrap();
    tx.clear();
    (session, rx, tx)
}

fn receive(rx: &mut Buffer, bytes: &[u8]) -> bool {
    let fits = rx.space().len() >= bytes.len();
    if fits {
        rx.space()[..bytes.len()].copy_from_slice(bytes);
        rx.commit(bytes.len());
    }
    fits
}

/// Publishes, subscribes and unsubscribes, and answers packets in flight, chosen by numbers.
fn identifiers<const SLOTS: usize>(steps: &[(u8, usize)]) -> Result<(), TestCaseError> {
    let (mut session, mut rx, mut tx) = open::<SLOTS>(&Connect::new("c").keep_alive(0));
    receive(&mut rx, b"\x20\x02\0\0");
    session.next_event(&mut rx, &mut tx).unwrap();
    // By identifier: the first byte of the answer that ends it.
    let mut in_flight = BTreeMap::<PacketId, u8>::new();
    for &(what, which) in steps {
        let begun = match what {
            0 => session
                .publish(&Publish::to("t").qos(QoS::AtLeastOnce), &mut tx)
                .map(|id| (id.unwrap(), 0x40)),
            1 => session
                .publish(&Publish::to("t").qos(QoS::ExactlyOnce), &mut tx)
                .map(|id| (id.unwrap(), 0x70)),
            2 => session
                .subscribe(&[Filter::new("t", QoS::AtMostOnce)], &mut tx)
                .map(|id| (id, 0x90)),
            3 => session
                .unsubscribe(&[Filter::new("t", QoS::AtMostOnce)], &mut tx)
                .map(|id| (id, 0xb0)),
            _ => {
                if let Some((&id, &head)) = in_flight.iter().nth(which % in_flight.len().max(1)) {
                    let [high, low] = id.get().to_be_bytes();
                    if head == 0x70 {
                        receive(&mut rx, &[0x50, 2, high, low]);
                    }
                    let answer = [head, if head == 0x90 { 3 } else { 2 }, high, low, 0];
                    receive(&mut rx, &answer[..if head == 0x90 { 5 } else { 4 }]);
                    let mut ended = None;
                    for _ in 0..4 {
                        tx.clear();
                        match session.next_event(&mut rx, &mut tx).unwrap() {
                            Some(Event::Acked { id } | Event::Subscribed { id, .. }) => {
                                ended = Some(id)
                            }
                            Some(Event::Received { id: received }) => prop_assert_eq!(received, id),
                            None => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    prop_assert_eq!(ended, Some(id));
                    in_flight.remove(&id);
                }
                continue;
            }
        };
        tx.clear();
        match begun {
            Ok((id, head)) => prop_assert!(
                usize::from(id.get()) <= SLOTS && in_flight.insert(id, head).is_none(),
                "{id} is shared"
            ),
            Err(error) => prop_assert!(
                error == SendError::Busy && !in_flight.is_empty(),
                "{error:?}, {in_flight:?}"
            ),
        }
        prop_assert_eq!(session.oldest_in_flight().is_some(), !in_flight.is_empty());
    }
    Ok(())
}

/// The result of a tick, and the bytes in `tx` after it.
type Ticked = (Result<Option<u32>, Fault>, Vec<u8>);

/// Returns the results of ticks with a clock that began at `from`.
fn ticks(from: u32, keep_alive: u16, timeout: u8, steps: &[(u32, u8)]) -> Vec<Ticked> {
    let (mut session, mut rx, mut tx) =
        open::<1>(&Connect::new("c").keep_alive(keep_alive).timeout(timeout));
    let (mut now, mut ticked) = (from, Vec::new());
    for &(later, what) in steps {
        now = now.wrapping_add(later);
        match what {
            0 => drop(receive(&mut rx, b"\x20\x02\0\0")),
            1 => drop(receive(&mut rx, b"\xd0\0")),
            2 => drop(receive(&mut rx, b"\x30\x04\0\x01tx")),
            3 => drop(session.publish(&Publish::to("t"), &mut tx)),
            4 => drop(session.next_event(&mut rx, &mut tx)),
            _ => {}
        }
        ticked.push((session.tick(now, &mut tx), tx.bytes().to_vec()));
        if what % 2 == 1 {
            tx.clear();
        }
    }
    ticked
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn identifiers_are_neither_0_nor_shared(steps in prop::collection::vec((0..7u8, 0..9usize), 1..100)) {
        identifiers::<1>(&steps)?;
        identifiers::<5>(&steps)?;
    }

    /// The starting time of the clock makes no difference, and so neither does its wrap.
    #[test]
    fn only_differences_of_time_matter(
        from: u32, keep_alive in prop::sample::select(vec![0, 1, 60, u16::MAX]), timeout in 0..20u8,
        steps in prop::collection::vec((prop_oneof![0..50u32, 500..2000u32, 0..70_000u32], 0..8u8), 1..60),
    ) {
        prop_assert_eq!(ticks(from, keep_alive, timeout, &steps), ticks(0, keep_alive, timeout, &steps));
        prop_assert_eq!(ticks(u32::MAX - 1500, keep_alive, timeout, &steps), ticks(0, keep_alive, timeout, &steps));
    }
}
