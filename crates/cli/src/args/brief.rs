//! The command lines of `pub` that scripts use most, read without the parser of all options: to
//! build that one takes a third of the time that is spent on publishing a message.
use super::{
    BrokerArgs, CommonArgs, ConnectionArgs, MessageArgs,
    grammar::PublishLine,
    values::{host, protocol, qos},
};
use std::{ffi::OsString, slice::Iter};

/// Reads a command line behind the name of the program. Returns `None` if it has anything that is
/// not read here, or anything wrong: then the parser of all options reads it.
pub fn read(words: &[OsString]) -> Option<PublishLine> {
    let mut common = CommonArgs::default();
    let mut message = MessageArgs::default();
    let mut connection = ConnectionArgs::standard();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_str()? {
            "-h" | "--host" => connection.host = host(text(&mut words)?).ok()?,
            "-p" | "--port" => connection.port = Some(port(text(&mut words)?)?),
            "-t" | "--topic" => common.topics.push(text(&mut words)?.into()),
            "-q" | "--qos" => common.qos = qos(text(&mut words)?).ok()?,
            "-m" | "--message" => message.source.text = Some(value(&mut words)?.clone()),
            "-n" | "--null-message" => message.source.empty = true,
            "-r" | "--retain" => message.retain = true,
            "-i" | "--id" => connection.id = Some(text(&mut words)?.into()),
            "-u" | "--username" => connection.user = Some(text(&mut words)?.into()),
            "-P" | "--pw" => connection.password = Some(value(&mut words)?.clone()),
            "-V" | "--protocol-version" => {
                let version = protocol(text(&mut words)?).ok()?;
                connection.protocol.protocol_version = Some(version);
            }
            _ => return None,
        }
    }
    // Both exclude each other.
    if message.source.text.is_some() == message.source.empty {
        return None;
    }
    let broker = BrokerArgs {
        connection,
        ..BrokerArgs::default()
    };
    Some(PublishLine {
        common,
        message,
        broker,
    })
}

/// Returns the value of an option. One that looks like an option is left to the other parser.
fn value<'w>(words: &mut Iter<'w, OsString>) -> Option<&'w OsString> {
    let value = words.next()?;
    let is_option = value.as_encoded_bytes().starts_with(b"-");
    (!is_option).then_some(value)
}

fn text<'w>(words: &mut Iter<'w, OsString>) -> Option<&'w str> {
    value(words)?.to_str()
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|&port| port > 0);
    port.filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Grammar;
    use clap::FromArgMatches;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(Into::into).collect()
    }

    /// Returns what the parser of all options reads.
    fn by_all(words: &[OsString]) -> Result<PublishLine, clap::Error> {
        let words = [&["motemq".into()], words].concat();
        let mut matches = Grammar::Publish.command().try_get_matches_from(words)?;
        PublishLine::from_arg_matches_mut(&mut matches)
    }

    #[test]
    fn both_parsers_read_the_same() {
        for line in [
            "-t a -m x",
            "-t a -n",
            "--topic a --null-message",
            "-h broker -p 1884 -t a -t b/c -m x -q 1 -r",
            "--host ::1 --port 08883 --topic a --message x --qos 2 --retain",
            "-i me -u you -P secret -V mqttv5 -t a -m x",
            "--id me --username you --pw secret --protocol-version auto -t a -m x",
            "-t a -m x -m y -q 0 -q 1 -h one -h two -p 1 -p 2",
            "-m x",
            "-i  -t a -m x",
        ] {
            let words = words(line);
            let brief = read(&words).expect(line);
            assert_eq!(
                format!("{brief:?}"),
                format!("{:?}", by_all(&words).unwrap())
            );
        }
    }

    #[test]
    fn anything_else_is_left_to_the_other() {
        for line in [
            "",
            "-t",
            "-t a",
            "-t a -m",
            "-t a -m x -n",
            "-t a -m -x",
            "-t a -mx",
            "-t a --message=x",
            "-t a -m x -q 3",
            "-t a -m x -p 0",
            "-t a -m x -p +1",
            "-t a -m x -p 65536",
            "-t a -m x -h broker:1883",
            "-t a -m x -V 4",
            "-t a -m x -d",
            "-t a -l",
            "-t a -m x --help",
            "-t a -m x y",
        ] {
            assert!(read(&words(line)).is_none(), "{line}");
        }
    }

    #[test]
    fn values_are_bytes_where_they_may_be() {
        #[cfg(unix)]
        let strange: OsString = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
        #[cfg(not(unix))]
        let strange = OsString::from("ä");
        let line = ["-t".into(), "a".into(), "-m".into(), strange.clone()];
        assert_eq!(read(&line).unwrap().message.source.text, Some(strange));
    }
}
