//! The reasons why a TLS handshake fails.

/// The reason why a TLS handshake failed. Its text says what to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The client does not trust the CA that has signed the broker's certificate.
    #[error(
        "the broker's certificate is not trusted: no known CA has signed it; set the certificate of the broker's CA, and check that this is the right broker"
    )]
    UnknownCa,
    /// The broker's certificate is self-signed, and the client does not trust it.
    #[error(
        "the broker's certificate is not trusted: it is self-signed; if this is the right broker, set this certificate as the CA"
    )]
    SelfSigned,
    /// The broker's certificate is not valid for the host name.
    #[error(
        "the broker's certificate is for another name: use a host name that it contains, or set the expected name"
    )]
    WrongName,
    /// The broker's certificate has only a common name (CN) and no subjectAltName, as certificates
    /// of X.509 version 1 do. OpenSSL accepts that, and rustls does not.
    #[error(
        "the broker's certificate has no subjectAltName, and its common name (CN) is not accepted: make one with subjectAltName, as `openssl` does with `-addext subjectAltName=DNS:HOST`, or use a program that was built with OpenSSL"
    )]
    NoSubjectAltName,
    /// The broker's certificate has expired.
    #[error(
        "the broker's certificate has expired: renew it at the broker, and check the clock of this machine"
    )]
    Expired,
    /// The broker's certificate is not valid yet.
    #[error("the broker's certificate is not valid yet: check the clocks of both machines")]
    NotYetValid,
    /// The client does not accept the broker's certificate for another reason, which the details
    /// of the error contain.
    #[error(
        "the broker's certificate is not trusted: check it for errors, and replace it at the broker"
    )]
    Untrusted,
    /// The broker requires a client certificate, and none was set.
    #[error("the broker requires a client certificate: set one, and its private key")]
    ClientCertificateRequired,
    /// The broker does not know the CA of the client certificate.
    #[error(
        "the broker does not know the CA of the client certificate: use a certificate that was issued for this broker, with its whole chain"
    )]
    UnknownClientCa,
    /// The client certificate has expired, according to the broker.
    #[error(
        "the broker reports that the client certificate has expired: renew it, and check the broker's clock"
    )]
    ClientCertificateExpired,
    /// The broker rejects the client certificate for another reason.
    #[error(
        "the broker rejects the client certificate: use a valid one that was issued for clients of this broker"
    )]
    ClientCertificateRejected,
    /// The broker supports none of the application protocols that the client offers by ALPN.
    #[error(
        "the broker supports none of the application protocols that the client offers: check the names of ALPN, and the port"
    )]
    NoCommonAlpn,
    /// The broker does not know the host name that the client sends as SNI.
    #[error(
        "the broker does not know the host name that the client sends as SNI: check the host, or the name that was set for SNI"
    )]
    UnrecognizedName,
    /// The client and the broker have no version of TLS in common.
    #[error(
        "the client and the broker have no version of TLS in common: let the broker use TLS 1.2 or 1.3"
    )]
    NoCommonVersion,
    /// The broker refuses the handshake without a reason.
    #[error(
        "the broker refuses the handshake without a reason: it may require a client certificate, or have no cipher in common with the client; check its log"
    )]
    HandshakeRefused,
    /// The broker denies access to the client with this certificate.
    #[error("the broker denies access with this client certificate: check its rules")]
    AccessDenied,
    /// The peer does not speak TLS.
    #[error(
        "the peer does not speak TLS: check the port; most brokers use 8883 for TLS and 1883 for plain TCP"
    )]
    NotTls,
    /// The connection ended during the handshake.
    #[error(
        "the connection was closed during the handshake: check that this port is for TLS, and check the broker's log"
    )]
    ConnectionClosed,
    /// The peer did not answer in time.
    #[error("no answer to the TLS handshake in time: check that this port is for TLS")]
    TimedOut,
    /// The broker closed the connection instead of answering CONNECT, and no client certificate was
    /// set.
    #[error(
        "the broker closed the connection after the TLS handshake without a reason: many brokers do so if they require a client certificate, and none was set"
    )]
    ClosedWithoutCertificate,
    /// The broker closed the connection instead of answering CONNECT, although a client certificate
    /// was set.
    #[error(
        "the broker closed the connection after the TLS handshake without a reason: many brokers do so if they do not accept the client certificate, the client identifier, or both together"
    )]
    ClosedDespiteCertificate,
    /// Another reason, which the details of the error contain.
    #[error("TLS failed")]
    Other,
}

impl TlsErrorKind {
    /// Returns what the words of OpenSSL mean. Those of other platforms are shown as they are.
    pub(super) fn of_words(words: &str) -> Self {
        if let Some(alert) = alert(words) {
            return Self::of_alert(alert);
        }
        // Newer versions write "self-signed".
        let words = words.to_lowercase().replace('-', " ");
        let meanings = [
            ("hostname mismatch", TlsErrorKind::WrongName),
            ("ip address mismatch", TlsErrorKind::WrongName),
            ("certificate has expired", TlsErrorKind::Expired),
            ("certificate is not yet valid", TlsErrorKind::NotYetValid),
            (
                "self signed certificate in certificate chain",
                TlsErrorKind::UnknownCa,
            ),
            ("self signed certificate", TlsErrorKind::SelfSigned),
            (
                "unable to get local issuer certificate",
                TlsErrorKind::UnknownCa,
            ),
            ("unable to get issuer certificate", TlsErrorKind::UnknownCa),
            (
                "unable to verify the first certificate",
                TlsErrorKind::UnknownCa,
            ),
            ("certificate verify failed", TlsErrorKind::Untrusted),
            ("wrong version number", TlsErrorKind::NotTls),
            ("packet length too long", TlsErrorKind::NotTls),
            ("unsupported protocol", TlsErrorKind::NoCommonVersion),
            ("unexpected eof", TlsErrorKind::ConnectionClosed),
        ];
        meanings
            .iter()
            .find(|(part, _)| words.contains(part))
            .map_or(TlsErrorKind::Other, |(_, kind)| *kind)
    }

    /// Returns what this alert means to a client that has shown no certificate, `asked` for one or
    /// not as far as is known: it has shown no bad one. Servers name the absence in many ways; with
    /// Java it is "bad certificate".
    pub(super) fn without_identity(self, asked: bool) -> Self {
        match self {
            TlsErrorKind::ClientCertificateRejected
            | TlsErrorKind::ClientCertificateExpired
            | TlsErrorKind::UnknownClientCa => TlsErrorKind::ClientCertificateRequired,
            TlsErrorKind::AccessDenied | TlsErrorKind::HandshakeRefused if asked => {
                TlsErrorKind::ClientCertificateRequired
            }
            TlsErrorKind::AccessDenied => TlsErrorKind::HandshakeRefused,
            other => other,
        }
    }

    /// Returns what an alert of the broker means: RFC 8446, section 6.2.
    pub(super) fn of_alert(number: u8) -> Self {
        match number {
            40 => TlsErrorKind::HandshakeRefused,
            42..=44 | 46 => TlsErrorKind::ClientCertificateRejected,
            45 => TlsErrorKind::ClientCertificateExpired,
            48 => TlsErrorKind::UnknownClientCa,
            49 => TlsErrorKind::AccessDenied,
            70 => TlsErrorKind::NoCommonVersion,
            112 => TlsErrorKind::UnrecognizedName,
            // The former is of SSL 3, and still sent.
            41 | 116 => TlsErrorKind::ClientCertificateRequired,
            120 => TlsErrorKind::NoCommonAlpn,
            _ => TlsErrorKind::Other,
        }
    }
}

/// Returns the number of the alert that the other side has sent, as OpenSSL writes it.
fn alert(words: &str) -> Option<u8> {
    let (_, rest) = words.split_once("SSL alert number ")?;
    let digits = rest.split(|char: char| !char.is_ascii_digit()).next()?;
    digits.parse().ok()
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
                Some(TlsError::Handshake { kind, .. }) => *kind,
                other => panic!("{other:?}"),
            }
        };
        for (alert, shown) in [
            (40, TlsErrorKind::HandshakeRefused),
            (42, TlsErrorKind::ClientCertificateRejected),
            (43, TlsErrorKind::ClientCertificateRejected),
            (44, TlsErrorKind::ClientCertificateRejected),
            (45, TlsErrorKind::ClientCertificateExpired),
            (46, TlsErrorKind::ClientCertificateRejected),
            (48, TlsErrorKind::UnknownClientCa),
            (49, TlsErrorKind::AccessDenied),
            (116, TlsErrorKind::ClientCertificateRequired),
        ] {
            assert_eq!(
                said(alert, false),
                TlsErrorKind::ClientCertificateRequired,
                "{alert}"
            );
            assert_eq!(said(alert, true), shown, "{alert}");
        }
        for has_identity in [false, true] {
            assert_eq!(
                said(41, has_identity),
                TlsErrorKind::ClientCertificateRequired
            );
            assert_eq!(said(70, has_identity), TlsErrorKind::NoCommonVersion);
            assert_eq!(said(120, has_identity), TlsErrorKind::NoCommonAlpn);
        }
    }

    #[test]
    fn in_the_handshake_it_matters_what_was_asked_for() {
        for (alert, asked, unasked) in [
            (
                40,
                TlsErrorKind::ClientCertificateRequired,
                TlsErrorKind::HandshakeRefused,
            ),
            (
                42,
                TlsErrorKind::ClientCertificateRequired,
                TlsErrorKind::ClientCertificateRequired,
            ),
            (
                48,
                TlsErrorKind::ClientCertificateRequired,
                TlsErrorKind::ClientCertificateRequired,
            ),
            (
                49,
                TlsErrorKind::ClientCertificateRequired,
                TlsErrorKind::HandshakeRefused,
            ),
            (
                112,
                TlsErrorKind::UnrecognizedName,
                TlsErrorKind::UnrecognizedName,
            ),
        ] {
            let kind = TlsErrorKind::of_alert(alert);
            assert_eq!(kind.without_identity(true), asked, "{alert}");
            assert_eq!(kind.without_identity(false), unasked, "{alert}");
        }
    }

    #[test]
    fn words_of_openssl_are_understood() {
        let refused = "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/clnt.c:1889:";
        for (words, kind) in [
            ("hostname mismatch", TlsErrorKind::WrongName),
            ("Hostname mismatch", TlsErrorKind::WrongName),
            ("ip address mismatch", TlsErrorKind::WrongName),
            ("certificate has expired", TlsErrorKind::Expired),
            ("self-signed certificate", TlsErrorKind::SelfSigned),
            (
                "self signed certificate in certificate chain",
                TlsErrorKind::UnknownCa,
            ),
            ("unsuitable certificate purpose", TlsErrorKind::Untrusted),
        ] {
            assert_eq!(
                TlsErrorKind::of_words(&format!("{refused} ({words})")),
                kind,
                "{words}"
            );
        }
        let alert = "error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:ssl/record.c:1590:SSL alert number 116";
        assert_eq!(
            TlsErrorKind::of_words(alert),
            TlsErrorKind::ClientCertificateRequired
        );
        assert_eq!(
            TlsErrorKind::of_words("the certificate chain is odd (0x80090325)"),
            TlsErrorKind::Other
        );
    }
}
