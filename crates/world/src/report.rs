//! What has happened in worlds by chance, in figures.
use std::{fmt, ops::AddAssign};

/// What has happened, in one world or many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Worlds.
    pub seeds: u64,
    /// Messages published.
    pub published: u64,
    /// Messages that came to subscribers.
    pub delivered: u64,
    /// Of those, QoS 1 messages that had come before.
    pub repeated: u64,
    /// Messages that did not come: with QoS 0, or because a session ended with its connection.
    pub missed: u64,
    /// Connections.
    pub connections: u64,
    /// Processes that ended and began again with what was saved.
    pub restarts: u64,
    /// Times that the broker lost all connections.
    pub outages: u64,
    /// Of those, times that it lost all sessions, too.
    pub losses: u64,
    /// Messages that were abandoned instead of being sent again.
    pub abandoned: u64,
    /// Messages of which nobody could say what became of them, since their session had ended.
    pub unknown: u64,
    /// Wills that were published, and those that came to subscribers.
    pub wills: (u64, u64),
    /// Milliseconds of virtual time.
    pub time: u64,
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Report) {
        self.seeds += other.seeds;
        self.published += other.published;
        self.delivered += other.delivered;
        self.repeated += other.repeated;
        self.missed += other.missed;
        self.connections += other.connections;
        self.restarts += other.restarts;
        self.outages += other.outages;
        self.losses += other.losses;
        self.abandoned += other.abandoned;
        self.unknown += other.unknown;
        self.wills = (self.wills.0 + other.wills.0, self.wills.1 + other.wills.1);
        self.time += other.time;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            seeds,
            published,
            delivered,
            repeated,
            missed,
            connections,
            restarts,
            outages,
            losses,
            abandoned,
            unknown,
            ..
        } = self;
        let (wills, heard) = self.wills;
        write!(
            f,
            "{seeds} worlds: {published} messages published, {delivered} delivered, of which {repeated} again with QoS 1; {missed} missed with QoS 0, \
             an ended session or because they were given up: {abandoned} were abandoned, {unknown} ended unknown; {wills} wills published, {heard} heard; \
             {connections} connections, {restarts} processes killed and restarted, {outages} outages of the broker, {losses} of them with all sessions; \
             {} hours of virtual time; nothing lost, nothing doubled",
            self.time / 3_600_000
        )
    }
}
