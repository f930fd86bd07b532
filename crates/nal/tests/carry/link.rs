//! The link of `embedded-nal`, over stacks in memory.
use crate::{
    stacks::{NOWHERE, Nal},
    world::{Carrier, Client, Far, endure},
};
use embedded_nal::nb;
use motemq::{Either, Mqtt5, Mqtt311};
use motemq_nal::Error;
use motemq_testing::link::{Direction, Faults};

#[test]
fn links_that_are_tiresome_or_break() {
    endure::<Mqtt311, _>(Nal::default);
    endure::<Mqtt5, _>(Nal::default);
    endure::<Either, _>(Nal::default);
}

#[test]
fn opening_takes_its_time() {
    let (mut nal, mut far) = (Nal::default(), Far::new());
    nal.stack.offered.push_back(far.connect(|_| Faults::none()));
    nal.stack.patience = 3;
    for _ in 0..3 {
        assert!(matches!(
            nal.link.open(&mut nal.stack, NOWHERE),
            Err(nb::Error::WouldBlock)
        ));
        assert!(!nal.link.is_open());
    }
    nal.link.open(&mut nal.stack, NOWHERE).unwrap();
    nal.link.open(&mut nal.stack, NOWHERE).unwrap();
    assert!(nal.link.is_open());
    assert_eq!(nal.stack.sockets, 1);
}

#[test]
fn whoever_has_waited_long_enough_closes() {
    let mut nal = Nal::default();
    nal.stack.patience = 1;
    assert!(nal.link.open(&mut nal.stack, NOWHERE).is_err());
    assert_eq!(nal.stack.sockets, 1);
    nal.link.close(&mut nal.stack).unwrap();
    assert_eq!(nal.stack.sockets, 0);
}

#[test]
fn a_refused_connection_gives_its_socket_back() {
    let mut nal = Nal::default();
    assert!(matches!(
        nal.link.open(&mut nal.stack, NOWHERE),
        Err(nb::Error::Other(_))
    ));
    assert_eq!((nal.stack.sockets, nal.link.is_open()), (0, false));
}

#[test]
fn every_end_gives_the_socket_back() {
    let (mut nal, mut far, mut client) = (Nal::default(), Far::new(), Client::new(0));
    // Not open.
    client.connect();
    assert!(matches!(
        nal.turn(&mut client, &mut far),
        Err(Error::Closed)
    ));
    assert!(client.session.is_closed());
    // Cut below MQTT.
    let near = far.connect(|_| Faults::none().cut_after(Direction::Up, 5));
    Carrier::<Mqtt311>::open(&mut nal, near);
    client.connect();
    let ended = loop {
        if let Err(error) = nal.turn(&mut client, &mut far) {
            break error;
        }
    };
    assert!(matches!(ended, Error::Transport(_)), "{ended:?}");
    assert_eq!(
        (
            nal.stack.sockets,
            nal.link.is_open(),
            client.session.is_closed()
        ),
        (0, false, true)
    );
    // And again.
    Carrier::<Mqtt311>::open(&mut nal, far.connect(|_| Faults::none()));
    client.connect();
    nal.turn(&mut client, &mut far).unwrap();
}
