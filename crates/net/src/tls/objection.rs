//! Who objected to what when TLS did not come about.
use std::error::Error as _;

/// Why there is no TLS connection: one side objected to something, or did not speak TLS at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Objection {
    /// We, to the broker's certificate.
    #[error(
        "we do not trust the broker's certificate: no CA that we know has signed it; give the certificate of the broker's CA, and check that it \
         is the right broker"
    )]
    UnknownCa,
    /// We, to the broker's certificate.
    #[error(
        "we do not trust the broker's certificate: it is signed by nobody but itself; if it is the right broker, give this certificate as the CA"
    )]
    SelfSigned,
    /// We, to the broker's certificate.
    #[error(
        "the broker's certificate is for another name: use the host name that stands in it, or say which name is expected"
    )]
    WrongName,
    /// We, to the broker's certificate.
    #[error(
        "the broker's certificate has expired: renew it at the broker, and check the clock of this machine"
    )]
    Expired,
    /// We, to the broker's certificate.
    #[error("the broker's certificate is not valid yet: check the clocks of both machines")]
    NotYetValid,
    /// We, to the broker's certificate, for a rarer reason.
    #[error(
        "we do not trust the broker's certificate: replace it at the broker, or find out what is wrong with it"
    )]
    Untrusted,
    /// The broker, to our silence.
    #[error("the broker wants a client certificate: give one, and its private key")]
    NoClientCertificate,
    /// The broker, to our certificate.
    #[error(
        "the broker does not know the CA of our client certificate: use a certificate that was made for this broker, with its whole chain"
    )]
    UnknownClientCa,
    /// The broker, to our certificate.
    #[error(
        "the broker says that our client certificate has expired: renew it, and check the broker's clock"
    )]
    ExpiredClient,
    /// The broker, to our certificate.
    #[error(
        "the broker does not take our client certificate: use a valid one that was made for clients of this broker"
    )]
    BadClientCertificate,
    /// The broker, to what is spoken inside.
    #[error(
        "the broker speaks none of the application protocols that we offer: check the names of ALPN, and the port"
    )]
    NoCommonAlpn,
    /// The broker, to the name asked for.
    #[error(
        "the broker does not know the host name that we ask for: check the host, or the name that is sent as SNI"
    )]
    UnknownName,
    /// Either side, to the other's versions of TLS.
    #[error(
        "we and the broker have no version of TLS in common: let the broker speak TLS 1.2 or 1.3"
    )]
    NoCommonVersion,
    /// The broker, without saying to what.
    #[error(
        "the broker refuses the handshake without saying why: it may want a client certificate, or have no cipher in common with us; its log \
         may tell"
    )]
    Refused,
    /// The broker, to who we are.
    #[error("the broker does not let us in with this client certificate: check its rules")]
    AccessDenied,
    /// Who answers there does not speak TLS.
    #[error(
        "what answers there is not TLS: check the port; brokers mostly have 8883 for TLS and 1883 for plain TCP"
    )]
    NotTls,
    /// The connection ended in the middle of the handshake.
    #[error(
        "the connection was closed in the middle of the handshake: check that this port is for TLS, and look into the broker's log"
    )]
    HungUp,
    /// Nobody answered in time.
    #[error("no answer to the TLS handshake in time: check that this port is for TLS")]
    Silence,
    /// The broker closed the connection instead of answering CONNECT, and we gave no client
    /// certificate.
    #[error(
        "the broker closed the connection after the TLS handshake, without a word: many do so if they want a client certificate, and none was \
         given"
    )]
    ClosedWithoutCertificate,
    /// The broker closed the connection instead of answering CONNECT, although we gave a client
    /// certificate.
    #[error(
        "the broker closed the connection after the TLS handshake, without a word: many do so if they do not take the client certificate, the \
         client identifier, or both together"
    )]
    ClosedDespiteCertificate,
    /// Something else.
    #[error("TLS failed")]
    Other,
}

impl Objection {
    /// What OpenSSL's words mean. Other platforms' words are shown as they are.
    pub(super) fn of_words(words: &str) -> Self {
        if let Some(alert) = alert(words) {
            return Self::of_alert(alert);
        }
        // Newer versions write "self-signed".
        let words = words.to_lowercase().replace('-', " ");
        let meanings = [
            ("hostname mismatch", Objection::WrongName),
            ("ip address mismatch", Objection::WrongName),
            ("certificate has expired", Objection::Expired),
            ("certificate is not yet valid", Objection::NotYetValid),
            (
                "self signed certificate in certificate chain",
                Objection::UnknownCa,
            ),
            ("self signed certificate", Objection::SelfSigned),
            (
                "unable to get local issuer certificate",
                Objection::UnknownCa,
            ),
            ("unable to get issuer certificate", Objection::UnknownCa),
            (
                "unable to verify the first certificate",
                Objection::UnknownCa,
            ),
            ("certificate verify failed", Objection::Untrusted),
            ("wrong version number", Objection::NotTls),
            ("packet length too long", Objection::NotTls),
            ("unsupported protocol", Objection::NoCommonVersion),
            ("unexpected eof", Objection::HungUp),
        ];
        meanings
            .iter()
            .find(|(part, _)| words.contains(part))
            .map_or(Objection::Other, |(_, objection)| *objection)
    }

    /// Returns what this alert means to a client that has shown no certificate, `asked` for one or
    /// not as far as is known: it has shown no bad one. Servers name the absence in many ways; with
    /// Java it is "bad certificate".
    pub(super) fn without_identity(self, asked: bool) -> Self {
        match self {
            Objection::BadClientCertificate
            | Objection::ExpiredClient
            | Objection::UnknownClientCa => Objection::NoClientCertificate,
            Objection::AccessDenied | Objection::Refused if asked => Objection::NoClientCertificate,
            Objection::AccessDenied => Objection::Refused,
            other => other,
        }
    }

    /// What the broker says by an alert: RFC 8446, section 6.2.
    fn of_alert(number: u8) -> Self {
        match number {
            40 => Objection::Refused,
            42..=44 | 46 => Objection::BadClientCertificate,
            45 => Objection::ExpiredClient,
            48 => Objection::UnknownClientCa,
            49 => Objection::AccessDenied,
            70 => Objection::NoCommonVersion,
            112 => Objection::UnknownName,
            // The former is of SSL 3, and still sent.
            41 | 116 => Objection::NoClientCertificate,
            120 => Objection::NoCommonAlpn,
            _ => Objection::Other,
        }
    }
}

/// The number of the alert that the other side has sent, as OpenSSL says it.
fn alert(words: &str) -> Option<u8> {
    let (_, rest) = words.split_once("SSL alert number ")?;
    let digits = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// What an error says, and what lies under it.
pub(super) fn words_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = error.source();
    }
    words
}

/// Whether time ran out under it, or the connection ended.
pub(super) fn of_transport(error: &native_tls::Error) -> Option<Objection> {
    use std::io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock,
    };
    let mut source = error.source();
    while let Some(error) = source {
        match error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
        {
            Some(TimedOut | WouldBlock) => return Some(Objection::Silence),
            Some(ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof) => {
                return Some(Objection::HungUp);
            }
            _ => source = error.source(),
        }
    }
    // On Windows what the transport said is there in words alone, behind which its kind is lost.
    let words = error.to_string();
    if words.contains("(os error 10060)") {
        return Some(Objection::Silence);
    }
    ["(os error 10053)", "(os error 10054)"]
        .iter()
        .any(|code| words.contains(code))
        .then_some(Objection::HungUp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TlsError;
    use std::io::{Error, ErrorKind};

    /// Behind the handshake, where TLS 1.3 has them.
    #[test]
    fn alerts_about_certificates_mean_that_none_was_shown() {
        let said = |alert: u8, has_identity| {
            let words =
                format!("error:0A:SSL routines::alert:ssl/record.c:1:SSL alert number {alert}");
            let error = TlsError::explained(Error::other(words), has_identity);
            assert_eq!(error.kind(), ErrorKind::Other);
            match error.get_ref().and_then(|said| said.downcast_ref()) {
                Some(TlsError::Objection { objection, .. }) => *objection,
                other => panic!("{other:?}"),
            }
        };
        for (alert, shown) in [
            (40, Objection::Refused),
            (42, Objection::BadClientCertificate),
            (43, Objection::BadClientCertificate),
            (44, Objection::BadClientCertificate),
            (45, Objection::ExpiredClient),
            (46, Objection::BadClientCertificate),
            (48, Objection::UnknownClientCa),
            (49, Objection::AccessDenied),
            (116, Objection::NoClientCertificate),
        ] {
            assert_eq!(
                said(alert, false),
                Objection::NoClientCertificate,
                "{alert}"
            );
            assert_eq!(said(alert, true), shown, "{alert}");
        }
        for has_identity in [false, true] {
            assert_eq!(said(41, has_identity), Objection::NoClientCertificate);
            assert_eq!(said(70, has_identity), Objection::NoCommonVersion);
            assert_eq!(said(120, has_identity), Objection::NoCommonAlpn);
        }
    }

    #[test]
    fn in_the_handshake_it_matters_what_was_asked_for() {
        for (alert, asked, unasked) in [
            (40, Objection::NoClientCertificate, Objection::Refused),
            (
                42,
                Objection::NoClientCertificate,
                Objection::NoClientCertificate,
            ),
            (
                48,
                Objection::NoClientCertificate,
                Objection::NoClientCertificate,
            ),
            (49, Objection::NoClientCertificate, Objection::Refused),
            (112, Objection::UnknownName, Objection::UnknownName),
        ] {
            let objection = Objection::of_alert(alert);
            assert_eq!(objection.without_identity(true), asked, "{alert}");
            assert_eq!(objection.without_identity(false), unasked, "{alert}");
        }
    }

    #[test]
    fn words_of_openssl_are_understood() {
        let refused = "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/clnt.c:1889:";
        for (words, objection) in [
            ("hostname mismatch", Objection::WrongName),
            ("Hostname mismatch", Objection::WrongName),
            ("ip address mismatch", Objection::WrongName),
            ("certificate has expired", Objection::Expired),
            ("self-signed certificate", Objection::SelfSigned),
            (
                "self signed certificate in certificate chain",
                Objection::UnknownCa,
            ),
            ("unsuitable certificate purpose", Objection::Untrusted),
        ] {
            assert_eq!(
                Objection::of_words(&format!("{refused} ({words})")),
                objection,
                "{words}"
            );
        }
        let alert = "error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:ssl/record.c:1590:SSL alert number 116";
        assert_eq!(Objection::of_words(alert), Objection::NoClientCertificate);
        assert_eq!(
            Objection::of_words("the certificate chain is odd (0x80090325)"),
            Objection::Other
        );
    }
}
