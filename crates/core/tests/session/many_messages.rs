//! QoS 2 messages that are being received, as many as there are identifiers: the same with few slots,
//! where each has one identifier, and with many, where hosts keep a bitmap.
use motemq::*;

type Small = Session<[Slot; 1024]>;
type Large = Session<[Slot; 5000]>;

fn connected(session: &mut Session) {
    let mut tx = Buffer::<[u8; 64]>::new();
    session
        .connect(
            &Connect::new("a").keep_session(),
            &mut Buffer::<[u8; 64]>::new(),
            &mut tx,
        )
        .unwrap();
    receive(session, b"\x20\x02\x01\0");
}

/// Returns the number of messages in these packets that are delivered.
fn receive(session: &mut Session, mut input: &[u8]) -> usize {
    let mut count = 0;
    loop {
        let mut tx = Buffer::<[u8; 64]>::new();
        match session.receive(&mut input, 64, &mut tx).unwrap() {
            Some(Event::Message(_)) => count += 1,
            Some(_) => {}
            None => return count,
        }
    }
}

fn publish(id: u16) -> Vec<u8> {
    [&b"\x34\x05\0\x01t"[..], &id.to_be_bytes()].concat()
}

fn pubrel(id: u16) -> Vec<u8> {
    [&b"\x62\x02"[..], &id.to_be_bytes()].concat()
}

fn unreleased(session: &Session) -> Vec<u16> {
    let mut ids: Vec<_> = session.unreleased().map(PacketId::get).collect();
    ids.sort_unstable();
    ids
}

/// A number that looks random; no two are equal.
fn id(n: u16) -> u16 {
    n.wrapping_mul(40_503)
}

#[test]
fn messages_are_received_once_with_few_slots_and_with_many() {
    let (mut small, mut large) = (Box::new(Small::new()), Box::new(Large::new()));
    connected(&mut small);
    connected(&mut large);
    for n in 1..2_200_u16 {
        let id = if n % 5 == 4 { id(n - 3) } else { id(n) };
        let packet = match n % 7 {
            0..=2 => publish(id),
            _ => pubrel(id),
        };
        assert_eq!(
            receive(&mut small, &packet),
            receive(&mut large, &packet),
            "{n}"
        );
        assert_eq!(unreleased(&small), unreleased(&large), "{n}");
        assert_eq!(small.can_receive_qos_2(), unreleased(&small).len() < 1024);
    }
    assert!(unreleased(&large).len() > 500);
    // A larger session takes them over, and so does one that is restored.
    let mut adopted = Box::new(Large::new());
    adopted.adopt(&small).unwrap();
    let mut image = vec![0; Large::IMAGE];
    large.save(&mut image).unwrap();
    let mut restored = Box::new(Large::new());
    restored.restore(&image).unwrap();
    let mut larger = Box::new(Session::<[Slot; 6000]>::new());
    larger.adopt(&large).unwrap();
    let sessions: [&mut Session; 3] = [&mut adopted, &mut restored, &mut larger];
    for session in sessions {
        assert_eq!(unreleased(session), unreleased(&large));
        connected(session);
        for id in unreleased(&large) {
            assert_eq!(receive(session, &publish(id)), 0);
            receive(session, &pubrel(id));
            assert_eq!(receive(session, &publish(id)), 1);
        }
    }
}

/// Receives a message for each slot, and no other.
fn fill(session: &mut Session, slots: u16) {
    connected(session);
    for n in 1..=slots {
        assert!(session.can_receive_qos_2());
        assert_eq!(receive(session, &publish(id(n))), 1);
    }
    assert!(!session.can_receive_qos_2());
    assert_eq!(unreleased(session).len(), usize::from(slots));
    let one_more = publish(id(slots + 1));
    let mut tx = Buffer::<[u8; 64]>::new();
    let refused = session.receive(&mut &one_more[..], 64, &mut tx);
    assert_eq!(refused, Err(Fault::TooManyQos2));
    // A session that is not resumed forgets them.
    let mut tx = Buffer::<[u8; 64]>::new();
    session
        .connect(&Connect::new("a"), &mut Buffer::<[u8; 64]>::new(), &mut tx)
        .unwrap();
    receive(session, b"\x20\x02\0\0");
    assert_eq!(unreleased(session), []);
    assert_eq!(receive(session, &publish(1)), 1);
}

/// Above 4,096 slots there is a bitmap.
#[test]
fn as_many_messages_are_received_as_there_are_slots() {
    fill(&mut Box::new(Session::<[Slot; 4_096]>::new()), 4_096);
    fill(&mut Box::new(Session::<[Slot; 4_097]>::new()), 4_097);
    fill(&mut Box::new(Large::new()), 5_000);
}
