//! How connections end, with every way to carry a session.
use crate::{
    stacks::{Aio, Nal},
    world::{Carrier, Client, Far},
};
use motemq::{Event, Fault, Mqtt311, Publish};
use motemq_nal::Error;
use motemq_testing::{
    link::{Direction, Faults},
    packets::*,
    protocol::TestProtocol,
};

pub fn everywhere<P: TestProtocol>(test: fn(&mut dyn Any<P>)) {
    test(&mut Nal::default());
    test(&mut Aio::new(false));
    test(&mut Aio::new(true));
}

/// A [`Carrier`] whose errors are text, except those that are the same with all carriers.
pub trait Any<P: TestProtocol = Mqtt311> {
    fn open(&mut self, client: &mut Client<P>, far: &mut Far, faults: Faults);
    fn turn(&mut self, client: &mut Client<P>, far: &mut Far) -> Result<(), Error<String>>;
}

impl<P: TestProtocol, C: Carrier<P>> Any<P> for C {
    fn open(&mut self, client: &mut Client<P>, far: &mut Far, faults: Faults) {
        Carrier::open(self, far.connect(|_| faults));
        client.connect();
    }

    fn turn(&mut self, client: &mut Client<P>, far: &mut Far) -> Result<(), Error<String>> {
        Carrier::turn(self, client, far).map_err(|error| match error {
            Error::Closed => Error::Closed,
            Error::Fault(fault) => Error::Fault(fault),
            Error::Transport(error) => Error::Transport(format!("{error:?}")),
        })
    }
}

/// Turns until the connection ends.
pub fn end<P: TestProtocol>(
    carrier: &mut dyn Any<P>,
    client: &mut Client<P>,
    far: &mut Far,
    mut event: impl FnMut(Event<'_, P::Properties<'_>>),
) -> Error<String> {
    loop {
        while let Some(what) = client
            .session
            .next_event(&mut client.rx, &mut client.tx)
            .unwrap()
        {
            event(what);
        }
        if let Err(error) = carrier.turn(client, far) {
            assert!(client.session.is_closed());
            return error;
        }
    }
}

/// A silent broker that has accepted.
fn accepted(carrier: &mut dyn Any, faults: Faults) -> (Client, Far) {
    accepted_with(carrier, faults, connack())
}

/// A silent broker that has accepted with this packet.
pub fn accepted_with<P: TestProtocol>(
    carrier: &mut dyn Any<P>,
    faults: Faults,
    connack: impl ToBytes,
) -> (Client<P>, Far) {
    let (mut client, mut far) = (Client::with_protocol(0), Far::new());
    far.silent = true;
    carrier.open(&mut client, &mut far, faults);
    far.sends(connack);
    while !matches!(
        client
            .session
            .next_event(&mut client.rx, &mut client.tx)
            .unwrap(),
        Some(Event::Connected { .. })
    ) {
        carrier.turn(&mut client, &mut far).unwrap();
    }
    while !client.tx.is_empty() {
        carrier.turn(&mut client, &mut far).unwrap();
    }
    (client, far)
}

#[test]
fn what_came_before_the_end_is_told_before() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(
            carrier,
            Faults {
                most: 3,
                ..Faults::none()
            },
        );
        far.sends([publish("a").payload(b"b"), publish("a").payload(b"c")]);
        far.hang_up();
        let mut received = Vec::new();
        // There is something to write, which nobody takes any more.
        client
            .session
            .publish(&Publish::to("gone"), &mut client.tx)
            .unwrap();
        let ended = end(carrier, &mut client, &mut far, |event| {
            if let Event::Message(message) = event {
                received.extend_from_slice(message.payload);
            }
        });
        assert_eq!(received, b"bc");
        assert!(
            matches!(ended, Error::Closed | Error::Transport(_)),
            "{ended:?}"
        );
    });
}

#[test]
fn a_broker_that_hangs_up_has_closed() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, Faults::none());
        far.hang_up();
        assert_eq!(end(carrier, &mut client, &mut far, |_| {}), Error::Closed);
    });
}

#[test]
fn a_cut_link_is_a_broken_transport() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, Faults::none().cut_after(Direction::Down, 6));
        far.sends(b"\x30\x04");
        assert!(matches!(
            end(carrier, &mut client, &mut far, |_| {}),
            Error::Transport(_)
        ));
    });
}

#[test]
fn half_open_is_found_by_keep_alive() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, Faults::none());
        let begun = far.now;
        assert_eq!(
            end(carrier, &mut client, &mut far, |_| {}),
            Error::Fault(Fault::Timeout)
        );
        // Three quarters of 60 s until PINGREQ, and 10 s for its answer.
        assert!(
            (55_000..57_000).contains(&(far.now - begun)),
            "{}",
            far.now - begun
        );
    });
}

#[test]
fn goodbye_is_said_before_the_end() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(
            carrier,
            Faults {
                most: 1,
                ..Faults::none()
            },
        );
        far.receives();
        client.session.disconnect(&mut client.tx).unwrap();
        assert_eq!(end(carrier, &mut client, &mut far, |_| {}), Error::Closed);
        assert_eq!(far.receives(), disconnect().to_bytes());
        assert_eq!(
            carrier.turn(&mut client, &mut far),
            Err(Error::Closed),
            "and so it stays"
        );
    });
}

fn takes_no_goodbye(carrier: &mut dyn Any) {
    // CONNECT fits, and no more.
    let (mut client, mut far) = accepted(
        carrier,
        Faults {
            capacity: 15,
            ..Faults::none()
        },
    );
    client
        .session
        .publish(&Publish::to("topic").payload(&[0; 30]), &mut client.tx)
        .unwrap();
    client.session.disconnect(&mut client.tx).unwrap();
    let begun = far.now;
    let ended = loop {
        assert!(far.now - begun < 4000);
        if let Err(error) = carrier.turn(&mut client, &mut far) {
            break error;
        }
    };
    assert_eq!(ended, Error::Closed);
    assert!(client.session.is_closed());
    assert!(far.now - begun >= 1000, "{}", far.now - begun);
}

#[test]
fn a_goodbye_that_nobody_takes_is_not_waited_for() {
    everywhere(takes_no_goodbye);
    // Turns that are dropped, by a time limit for example, do not begin the wait anew.
    for whole in [false, true] {
        takes_no_goodbye(&mut Aio::dropping(whole, 0, |_, _| true));
    }
}

/// The application sleeps for an hour after a PINGREQ, whose answer arrives; then it has something
/// to say.
fn comes_late(carrier: &mut dyn Any, faults: Faults) {
    let (mut client, mut far) = accepted(carrier, faults);
    while far.receives() != pingreq().to_bytes() {
        carrier.turn(&mut client, &mut far).unwrap();
    }
    far.sends(pingresp());
    far.now += 3_600_000;
    client
        .session
        .publish(&Publish::to("a"), &mut client.tx)
        .unwrap();
    for _ in 0..3 {
        assert_eq!(
            client
                .session
                .next_event(&mut client.rx, &mut client.tx)
                .unwrap(),
            None
        );
        carrier.turn(&mut client, &mut far).unwrap();
    }
}

#[test]
fn who_is_late_looks_for_bytes_first() {
    everywhere(|carrier| comes_late(carrier, Faults::none()));
    // Whoever can wait gives the executor time to bring the bytes.
    for (whole, seed) in [false, true]
        .into_iter()
        .flat_map(|whole| (0..20).map(move |seed| (whole, seed)))
    {
        comes_late(
            &mut Aio::new(whole),
            Faults {
                seed,
                delay: 1,
                ..Faults::none()
            },
        );
    }
}
