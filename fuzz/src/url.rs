//! Broker URLs.
use motemq_net::BrokerUrl;

/// Takes any text for a broker URL. Reading it never panics, and what it says can be used: a host
/// or the path of a socket, and no secret in what is shown.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(url) = BrokerUrl::parse(text) else {
        return;
    };
    assert!(!url.host.is_empty() || url.path.starts_with('/'), "{url:?}");
    assert!(url.user.is_some() || url.password.is_none());
    assert!(url.topic.as_deref() != Some(""));
    // What may be shown may say the same by chance, as it is shown.
    let others = format!("{:?}", (&url.host, &url.path, &url.user, &url.topic));
    if let Some(password) = url
        .password
        .as_deref()
        .and_then(|password| std::str::from_utf8(password).ok())
        && password.len() > 8
        && !others.contains(password)
    {
        assert!(
            !format!("{url:?}").contains(password),
            "the password is shown"
        );
    }
}
