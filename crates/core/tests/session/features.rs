//! Feature `fast` changes nothing but speed.
//!
//! Dialogues by chance, full of what shortcuts might get wrong: little room, cut packets, text that
//! is not plain, streams, full rings, resumptions, nonsense. All that comes of them is added up.
//! `cargo xtask test` runs this with the feature and without, and the sums are the same.
use crate::random::{Sum, xorshift};
use motemq::{packet::decode, *};
use std::fmt::Write;

/// What the dialogues from each seed add up to. When the behaviour changes knowingly, so do these:
/// take them from the failure, which has to be the same with the feature and without.
const RECORDED: [u64; 8] = [
    0x8aa1_cca3_0b36_7fe2,
    0x1ec2_b599_6380_4fc9,
    0xbd5d_e4f1_804c_9e55,
    0xd510_e36e_61d1_4331,
    0xe98f_8e3c_9727_b79a,
    0x37ea_014e_550e_f6d6,
    0x25bf_acce_7a2f_7990,
    0x5f6e_52c0_fbbf_36cd,
];

/// Steps of each dialogue.
const STEPS: usize = 20_000;

/// What topics and filters are taken from: names, filters, and text that is none, each with lengths
/// around those of blocks.
const TEXTS: [&str; 20] = [
    "a",
    "a/b",
    "",
    "#",
    "+",
    "a/#",
    "a/+/b",
    "a#",
    "sensor1",
    "sensor/1",
    "sensor/12",
    "building/7/temp",
    "building/7/temp/",
    "building/7/temp/1",
    "plant/7/line/2/temperature",
    "plant/7/line/2/temperature+",
    "+plant/7/line/2/temperature",
    "plänt/7",
    "plant/7/line/2/température",
    "nul\0in/the/middle/of/a/topic",
];

/// Xorshift.
struct Chance(u64);

impl Chance {
    /// Less than `n`.
    fn below(&mut self, n: usize) -> usize {
        (xorshift(&mut self.0) >> 32) as usize % n
    }

    fn text(&mut self) -> &'static str {
        // Mostly what is usual.
        TEXTS[if self.below(3) == 0 {
            self.below(TEXTS.len())
        } else {
            [0, 1, 8, 9, 11, 14][self.below(6)]
        }]
    }

    fn qos(&mut self) -> QoS {
        QoS::try_from(self.below(3) as u8).unwrap()
    }

    /// Any bytes, or a packet again and again.
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let n = self.below(most);
        if self.below(3) == 0 {
            b"\x32\x06\0\x02ab\0\x01".repeat(n / 8)
        } else {
            (0..n).map(|_| self.below(256) as u8).collect()
        }
    }

    /// What a broker may send, and now and then what it may not.
    fn packet(&mut self) -> Vec<u8> {
        let id = self.below(6) as u16;
        let (head, mut body) = match self.below(16) {
            0..=8 => {
                let qos = if self.below(4) == 0 {
                    self.below(4) as u8
                } else {
                    self.below(2) as u8
                };
                // Now and then longer than `rx`.
                let text = if self.below(20) == 0 {
                    self.bytes(200)
                } else {
                    self.text().into()
                };
                let mut body = [&(text.len() as u16).to_be_bytes()[..], &text].concat();
                if qos != 0 {
                    body.extend(id.to_be_bytes());
                }
                let most = if self.below(8) == 0 { 200 } else { 20 };
                body.extend(self.bytes(most));
                (
                    0x30 | qos << 1
                        | if self.below(6) == 0 {
                            self.below(16) as u8 & 9
                        } else {
                            0
                        },
                    body,
                )
            }
            9..=11 => (0x40, id.to_be_bytes().to_vec()),
            12 => ([0x50, 0x62, 0x70][self.below(3)], id.to_be_bytes().to_vec()),
            13 => (0x90, vec![0, id as u8, 1]),
            14 => (0xd0, vec![]),
            _ => (0xb0, id.to_be_bytes().to_vec()),
        };
        if self.below(40) == 0 && !body.is_empty() {
            let at = self.below(body.len());
            body[at] = self.below(256) as u8;
        }
        let mut packet = vec![head];
        if body.len() > 0x7f {
            packet.push(body.len() as u8 | 0x80);
            packet.push((body.len() >> 7) as u8);
        } else {
            packet.push(body.len() as u8);
        }
        packet.extend(body);
        packet
    }
}

/// A session, its buffers, and what comes of it.
struct Dialogue {
    chance: Chance,
    session: Session<[Slot; 4]>,
    rx: Buffer<[u8; 96]>,
    tx: Buffer<[u8; 256]>,
    /// On the way to `rx`.
    coming: Vec<u8>,
    asked: Option<(PacketId, QoS)>,
    now: u32,
    sum: Sum,
}

impl Dialogue {
    fn open(&mut self) {
        let connect = Connect::new("node").keep_alive(60);
        let connect = if self.chance.below(4) == 0 {
            connect
        } else {
            connect.keep_session()
        };
        self.session
            .connect(&connect, &mut self.rx, &mut self.tx)
            .unwrap();
        let present = u8::from(!connect.clean && self.chance.below(4) != 0);
        self.coming = if self.chance.below(20) == 0 {
            self.chance.packet()
        } else {
            vec![0x20, 2, present, 0]
        };
        self.asked = None;
    }

    fn step(&mut self) {
        if self.session.is_closed() && self.chance.below(4) != 0 {
            self.open();
        }
        match self.chance.below(32) {
            0..=9 => self.send(),
            10 => self.tx.consume(usize::MAX),
            11 => self.tx.consume(self.chance.below(20)),
            12 => {
                self.now = self.now.wrapping_add(self.chance.below(20_000) as u32);
                let sleep = self.session.tick(self.now, &mut self.tx);
                self.add(&sleep);
            }
            13 if self.chance.below(20) == 0 => self.session.on_connection_lost(),
            _ => self.receive(),
        }
        let state = format!(
            "{:?}{:?}{:?}",
            self.session,
            self.tx.bytes(),
            self.rx.bytes()
        );
        self.add(&state);
    }

    fn send(&mut self) {
        let most = if self.chance.below(8) == 0 { 300 } else { 40 };
        let (text, payload) = (self.chance.text(), self.chance.bytes(most));
        let mut publish = Publish::to(text).payload(&payload).qos(self.chance.qos());
        publish.retain = self.chance.below(4) == 0;
        publish.remaining = if self.chance.below(8) == 0 {
            self.chance.below(300) as u32
        } else {
            0
        };
        let filters = [
            Filter::new(text, publish.qos),
            Filter::new(self.chance.text(), publish.qos),
        ];
        match (self.chance.below(12), self.asked) {
            (0..=4, Some((id, qos))) => {
                let done = if publish.retain {
                    self.session.abandon(id, &mut self.tx)
                } else {
                    self.session.republish(id, &publish.qos(qos), &mut self.tx)
                };
                self.add(&done);
                self.asked = self.asked.filter(|_| done.is_err());
            }
            (0..=1, _) => {
                let done = self.session.subscribe(&filters, &mut self.tx);
                self.add(&done);
            }
            (2, _) => {
                let done = self.session.unsubscribe(&filters[..1], &mut self.tx);
                self.add(&done);
            }
            (3..=5, _) => {
                let n = payload.len().min(self.session.payload_remaining() as usize);
                let done = self.session.publish_chunk(&payload[..n], &mut self.tx);
                self.add(&done);
            }
            (6, _) if publish.retain && publish.remaining != 0 => {
                let done = self.session.disconnect(&mut self.tx);
                self.add(&done);
            }
            _ => {
                let done = self.session.publish(&publish, &mut self.tx);
                self.add(&done);
            }
        }
    }

    fn receive(&mut self) {
        if self.coming.is_empty() {
            self.coming = self.chance.packet();
            self.codec();
        }
        let space = self.rx.space();
        let n = space
            .len()
            .min(self.coming.len())
            .min(if self.chance.below(3) == 0 {
                self.chance.below(40)
            } else {
                1000
            });
        space[..n].copy_from_slice(&self.coming[..n]);
        self.rx.commit(n);
        self.coming.drain(..n);
        match self.session.next_event(&mut self.rx, &mut self.tx) {
            Ok(Some(event)) => {
                if let Event::Resend { id, qos } = event {
                    self.asked = Some((id, qos));
                }
                write!(self.sum, "{event:?}").unwrap();
            }
            other => write!(self.sum, "{other:?}").unwrap(),
        }
    }

    /// The same packet by itself: read, and written into whatever room there is.
    fn codec(&mut self) {
        let read = decode(&self.coming);
        write!(self.sum, "{read:?}").unwrap();
        if let Ok(Some((packet, _))) = read {
            let (mut memory, mut taken) = ([0; 256], self.chance.below(256));
            let room = taken + self.chance.below(257 - taken);
            let done = packet.encode(&mut Out::new(&mut memory[..room], &mut taken));
            write!(self.sum, "{done:?}{:?}", &memory[..taken]).unwrap();
        }
    }

    fn add(&mut self, what: &impl std::fmt::Debug) {
        write!(self.sum, "{what:?}").unwrap();
    }
}

#[test]
fn features_change_nothing() {
    let sums = [1, 2, 3, 4, 5, 6, 7, 8].map(|seed: u64| {
        let mut dialogue = Dialogue {
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
            coming: vec![],
            asked: None,
            now: 0,
            sum: Sum::new(),
        };
        (0..STEPS).for_each(|_| dialogue.step());
        dialogue.sum.0
    });
    assert_eq!(sums, RECORDED, "{sums:#x?}");
}
