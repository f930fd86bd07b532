//! The messages of the world, and what one subscriber has had of them.
use crate::plan::Plan;
use motemq::QoS;
use std::ops::AddAssign;

/// Bytes at the beginning of a payload that say which message it is.
pub const HEAD: usize = 6;

/// All of them, by number.
pub const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// A message: who published it, with which QoS, and how many of this QoS it had published before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// Number of the publishing node.
    pub publisher: u8,
    /// With which it was published.
    pub qos: QoS,
    /// From 0 on.
    pub number: u32,
}

impl Message {
    /// Where it is published.
    pub fn topic(publisher: u8) -> String {
        format!("from/{publisher}")
    }

    /// Writes what it says into `payload`: which message it is, and bytes that follow from that.
    pub fn write(self, plan: &Plan, payload: &mut Vec<u8>) {
        let (least, most) = plan.length;
        let length = match plan.large {
            Some((every, length)) if self.number % every == every - 1 => length,
            _ => least + self.mixed() as usize % (most - least + 1),
        };
        payload.clear();
        payload.extend([self.publisher, self.qos as u8]);
        payload.extend(self.number.to_be_bytes());
        payload.extend((HEAD..length).map(|at| self.byte(at)));
    }

    /// Reads it back.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(payload: &[u8]) -> Result<Self, String> {
        let Some((&[publisher, qos, ref number @ ..], rest)) = payload.split_first_chunk::<HEAD>()
        else {
            return Err(format!(
                "a payload of {} bytes that nobody published",
                payload.len()
            ));
        };
        let &qos = QOS
            .get(usize::from(qos))
            .ok_or("a payload that nobody published")?;
        let message = Message {
            publisher,
            qos,
            number: u32::from_be_bytes(*number),
        };
        let same = rest
            .iter()
            .zip(HEAD..)
            .all(|(&byte, at)| byte == message.byte(at));
        if same {
            Ok(message)
        } else {
            Err(format!("{message:?} was changed on its way"))
        }
    }

    fn mixed(self) -> u32 {
        (self.number ^ u32::from(self.publisher) << 20).wrapping_mul(0x9e37_79b1) >> 8
    }

    fn byte(self, at: usize) -> u8 {
        (self.number as usize).wrapping_mul(31).wrapping_add(at) as u8
    }
}

/// How many messages came, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// All that were told.
    pub delivered: u64,
    /// Came again, with QoS 1, which allows it.
    pub repeated: u64,
    /// Did not come: with QoS 0, or because a session had ended. Counted at the end.
    pub missed: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.delivered += other.delivered;
        self.repeated += other.repeated;
        self.missed += other.missed;
    }
}

/// What one subscriber has had: of each publisher and QoS the number of the message that is to come
/// next. So little, since order has to be kept.
#[derive(Clone, Debug, Default)]
pub struct Record {
    next: Vec<[u32; 3]>,
    /// How many came.
    pub count: Count,
}

impl Record {
    /// A message came whole. `granted` is the QoS that counts; with `gaps` some before it may be
    /// missing whatever that is.
    ///
    /// # Errors
    /// Its QoS promises otherwise.
    pub fn deliver(&mut self, message: Message, granted: QoS, gaps: bool) -> Result<(), String> {
        let Message {
            publisher,
            qos,
            number,
        } = message;
        let publisher = usize::from(publisher);
        if self.next.len() <= publisher {
            self.next.resize(publisher + 1, [0; 3]);
        }
        let next = &mut self.next[publisher][qos as usize];
        self.count.delivered += 1;
        if number < *next {
            if qos != QoS::AtLeastOnce && granted != QoS::AtLeastOnce {
                return Err(format!("doubled: {message:?}"));
            }
            self.count.repeated += 1;
            return Ok(());
        }
        if number > *next && granted != QoS::AtMostOnce && !gaps {
            return Err(format!(
                "lost or out of order: number {next} before {message:?}"
            ));
        }
        *next = number + 1;
        Ok(())
    }

    /// The number of the message that is to come next.
    pub fn next(&self, publisher: u8, qos: QoS) -> u32 {
        self.next
            .get(usize::from(publisher))
            .map_or(0, |next| next[qos as usize])
    }
}
