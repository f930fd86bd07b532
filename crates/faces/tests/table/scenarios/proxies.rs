//! Proxies on the way to a broker: SOCKS5 and HTTP CONNECT, and the errors when one refuses.
use super::{
    face::{
        Client, DisconnectReason, Ended, Filter, Options, Proxy, Publish, QoS, Reconnect, Tls,
        TlsBackend, TransportError, TransportErrorKind, run,
    },
    support::{SOON, server, unused_address},
};
use motemq_testing::{
    forward_proxy::{self, Refusal},
    listeners::Listeners,
    web::{Manners, Web},
};
use std::time::{Duration, Instant};

/// `node:secret` in base64.
const BASIC: &str = "bm9kZTpzZWNyZXQ=";

fn options(url: &str, proxy: &str) -> Options {
    Options::from_url(url)
        .unwrap()
        .client_id("a")
        .reconnect(Reconnect::Never)
        .proxy(Proxy::from_url(proxy).unwrap())
}

fn works(options: Options) {
    let client = Client::connect(options).unwrap();
    let mut messages = client
        .subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let payload = vec![7; 100_000];
    for qos in [QoS::AtMostOnce, QoS::ExactlyOnce] {
        let publish = Publish::to("t").payload(&payload).qos(qos);
        drop(client.publish(&publish).unwrap());
        let message = messages.recv_timeout(SOON).unwrap();
        assert!(message.payload[..] == payload);
    }
    client.disconnect(SOON).unwrap();
}

/// How an attempt to connect ends.
fn fails(options: Options) -> TransportError {
    let (_client, driver) = Client::new(options).unwrap();
    match run(driver).join() {
        Err(Ended::GaveUp(DisconnectReason::Transport(error))) => error,
        other => panic!("{other:?}"),
    }
}

fn proxies() -> [String; 4] {
    [
        forward_proxy::socks5(false).unwrap(),
        forward_proxy::socks5(true).unwrap(),
        forward_proxy::http(None).unwrap(),
        forward_proxy::http(Some(BASIC)).unwrap(),
    ]
}

pub fn proxies_lead_to_the_broker() {
    let broker = server();
    let web = Web::start(broker.addr(), Manners::Unkind(1)).unwrap();
    for proxy in proxies() {
        works(options(&broker.url(), &proxy));
        // The proxy resolves names.
        let named = format!("mqtt://localhost:{}", broker.addr().port());
        works(options(&named, &proxy));
        works(options(&web.url(), &proxy));
    }
}

pub fn tls_goes_through_proxies() {
    let Some(ways) = Listeners::for_test("tls_goes_through_proxies") else {
        return;
    };
    for proxy in proxies() {
        for &backend in TlsBackend::ALL {
            let tls = Tls::with_backend(backend)
                .ca(ways.authority.pem().as_bytes())
                .unwrap();
            works(options(&ways.secure(), &proxy).tls(tls));
        }
    }
}

pub fn a_missing_broker_is_reported() {
    let nobody = format!("mqtt://{}", unused_address());
    for proxy in proxies() {
        let error = fails(options(&nobody, &proxy));
        assert_eq!(error.kind(), TransportErrorKind::Proxy);
        assert!(
            error.to_string().contains("does not reach the broker"),
            "{error}"
        );
    }
}

pub fn refusals_are_reported() {
    for Refusal { url, words } in forward_proxy::refusals().unwrap() {
        // An eighth of it is the time between the reason of the proxy and that of the client.
        let options =
            options("mqtt://broker.example", &url).connect_timeout(Duration::from_secs(2));
        let begun = Instant::now();
        let error = fails(options);
        assert_eq!(error.kind(), TransportErrorKind::Proxy, "{words}");
        let text = error.to_string();
        assert!(
            text.contains(words) && text.contains("cannot reach broker.example:1883"),
            "{words}: {text}"
        );
        assert!(!text.contains("secret"), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{words}");
    }
}

pub fn a_missing_proxy_is_reported() {
    let nobody = unused_address();
    let options = options("mqtt://broker.example", &format!("http://{nobody}"));
    let error = fails(options);
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert!(
        error.to_string().contains(&format!("the proxy {nobody}")),
        "{error}"
    );
}
