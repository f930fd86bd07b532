//! Messages that the benches read and write.
use motemq::{Buffer, QoS, packet::Packet, topic::Topic};

/// The topic of all of them.
pub const TOPIC: &str = "plant/7/line/2/temperature";

/// Room for the largest and its header.
pub type Room = Buffer<[u8; 66_000]>;

/// A message, by its size.
pub struct Sample {
    /// What a figure is called.
    pub name: &'static str,
    /// How it is sent.
    pub qos: QoS,
    /// What it says.
    pub payload: Vec<u8>,
}

/// A sensor's reading, a record, and a block of a file.
pub fn samples() -> [Sample; 3] {
    [("qos0_16B", QoS::AtMostOnce, 16), ("qos1_256B", QoS::AtLeastOnce, 256), ("qos0_64KiB", QoS::AtMostOnce, 0x1_0000)]
        .map(|(name, qos, size)| Sample { name, qos, payload: (0..size).map(|at: u32| at as u8).collect() })
}

impl Sample {
    /// The message as a packet; with QoS 1 its identifier is 1.
    pub fn packet(&self) -> Packet<'_> {
        let id = if self.qos == QoS::AtMostOnce { None } else { Some(motemq::PacketId::MIN) };
        let topic = Topic::new(TOPIC).expect("a topic name");
        Packet::Publish { dup: false, qos: self.qos, retain: false, id, topic, payload: &self.payload }
    }

    /// Its bytes on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut tx = Box::new(Room::new());
        self.packet().encode(&mut *tx).expect("room for the packet");
        tx.bytes().to_vec()
    }
}
