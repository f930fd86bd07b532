//! A session of the core with few slots, and messages from a client of the face.
use super::{
    face::{Filter, Publish, QoS},
    open,
    support::{Caller, SOON, connect, options},
};
use motemq_std::motemq::{Buffer, Connect, Event, Fault, Session, Slot};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
};

pub fn thirty_queued_qos_2_messages_pass_through_eight_slots() {
    let Some(broker) = open("thirty_queued_qos_2_messages_pass_through_eight_slots") else {
        return;
    };
    let mut before = Caller::connect(options(broker.addr(), "small").keep_session()).unwrap();
    before
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    before.disconnect().unwrap();
    let from = connect(broker.addr(), "from");
    for n in 0..30u8 {
        from.publish(&Publish::to("t").payload(&[n]).qos(QoS::ExactlyOnce))
            .unwrap();
    }
    // The broker sends 20 of them before it looks at the first answer, which is more than there are
    // slots: the session ends the connection with `TooManyQos2`, and the next one brings as many
    // new messages as there are slots, since the broker has the acknowledgements of those before.
    const SLOTS: usize = 8;
    let mut session = Session::<[Slot; SLOTS]>::new();
    let mut got = Vec::new();
    let mut faults = 0;
    while got.len() < 30 {
        let before = got.len();
        let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
        let mut stream = TcpStream::connect(broker.addr()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        session
            .connect(&Connect::new("small").keep_session(), &mut rx, &mut tx)
            .unwrap();
        let fault = 'link: loop {
            loop {
                match session.next_event(&mut rx, &mut *tx) {
                    Ok(Some(Event::Message(message))) => got.push(message.payload[0]),
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(fault) => break 'link Some(fault),
                }
            }
            stream.write_all(tx.bytes()).unwrap();
            tx.clear();
            if got.len() == 30 {
                break None;
            }
            match stream.read(rx.space()) {
                Ok(0) => panic!("the broker hung up: {got:?}\n{}", broker.log()),
                Ok(n) => rx.commit(n),
                Err(error) => panic!("{error}: {got:?}\n{}", broker.log()),
            }
        };
        // Closed with bytes unread, the connection would be reset, and what the broker has not read
        // yet would be lost with it, its acknowledgements of this connection among them. So all is
        // said, and all is read, until the broker has read all and closes.
        stream.write_all(tx.bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        io::copy(&mut stream, &mut io::sink()).unwrap();
        assert_eq!(got, (0..got.len() as u8).collect::<Vec<_>>());
        match fault {
            None => assert_eq!(got.len(), 30),
            Some(Fault::TooManyQos2) => {
                faults += 1;
                assert_eq!(got.len(), before + SLOTS, "{}", broker.log());
            }
            Some(fault) => panic!("{fault:?}: {got:?}"),
        }
    }
    assert!(
        faults > 0,
        "the broker never sent more than there are slots"
    );
}
