//! Parts of a client that few clients need, or that they need for a short time.
use super::{Client, Overrun, Upload};
use crate::{
    Exchange, Options,
    aliases::{ReceivedAliases, SentAliases},
    lazy::Lazy,
    moment::Moment,
    responses::Responses,
};

/// Parts that take no memory in clients that need none of them.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Extras {
    /// The end of the connection, once a message has found no room.
    pub overrun: Option<Overrun>,
    /// The number of looks for the answer that frees the broker's quota while nothing moved, and
    /// the time of the next look.
    pub quota_looks: Option<(u32, Moment)>,
    pub upload: Option<Upload>,
    pub last_upload: u64,
    pub sent_aliases: Option<SentAliases>,
    pub received_aliases: ReceivedAliases,
    pub responses: Lazy<Responses>,
    pub exchange: Exchange,
}

impl Extras {
    /// Makes the parts for which the options ask.
    pub fn new(options: &Options) -> Lazy<Self> {
        let mut extras: Lazy<Self> = Lazy::new();
        let (policy, maximum) = options.topic_aliases();
        if let Some(aliases) = SentAliases::new(policy) {
            extras.make().sent_aliases = Some(aliases);
        }
        if maximum > 0 {
            extras.make().received_aliases = ReceivedAliases::new(maximum);
        }
        extras
    }

    /// The connection is over. Returns the upload that was under way.
    pub fn on_connection_lost(&mut self) -> Option<Upload> {
        (self.overrun, self.quota_looks) = (None, None);
        if let Some(aliases) = &mut self.sent_aliases {
            aliases.on_connection_lost();
        }
        self.received_aliases.on_connection_lost();
        self.upload.take()
    }
}

impl Client {
    pub(super) fn overrun(&self) -> Option<&Overrun> {
        self.extras.get()?.overrun.as_ref()
    }

    pub(super) fn upload(&self) -> Option<Upload> {
        self.extras.get()?.upload
    }
}

/// Returns the aliases that the client may send.
#[inline]
pub(super) fn sent_aliases(extras: &mut Lazy<Extras>) -> Option<&mut SentAliases> {
    extras.get_mut()?.sent_aliases.as_mut()
}
