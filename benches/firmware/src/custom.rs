//! A profile without the parts that the environment variable `MOTEMQ_WITHOUT` names when this is
//! compiled: `qos1 qos2 subscribe resume stream-in skip validate stream-out explain auth`. With
//! `deliver-repeated` it has that part besides.
use motemq::QoS;

/// The profile.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Custom;

impl motemq::Profile for Custom {
    const MAX_QOS: QoS = if names("qos1") {
        QoS::AtMostOnce
    } else if names("qos2") {
        QoS::AtLeastOnce
    } else {
        QoS::ExactlyOnce
    };
    const SUBSCRIBES: bool = !names("subscribe");
    const RESUMES: bool = !names("resume");
    const STREAMS_IN: bool = !names("stream-in");
    const SKIPS: bool = !names("skip");
    const VALIDATES: bool = !names("validate");
    const STREAMS_OUT: bool = !names("stream-out");
    const DELIVERS_REPEATED: bool = names("deliver-repeated");
    const EXPLAINS: bool = !names("explain");
    const AUTHENTICATES: bool = !names("auth");
}

/// The variable holds this word.
const fn names(word: &str) -> bool {
    let words = match option_env!("MOTEMQ_WITHOUT") {
        Some(words) => words.as_bytes(),
        None => return false,
    };
    let word = word.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at <= words.len() {
        if at == words.len() || words[at] == b' ' {
            if at - start == word.len() {
                let mut same = 0;
                while same < word.len() && words[start + same] == word[same] {
                    same += 1;
                }
                if same == word.len() {
                    return true;
                }
            }
            start = at + 1;
        }
        at += 1;
    }
    false
}
