//! The examples of the pages, compiled as documentation tests: of the README, of the guide, and of
//! the documents beside it. A crate that is published cannot do that, since its package holds no
//! page but its own README.
//!
//! ```console
//! $ cargo test -p motemq-guide
//! ```
#![cfg(doctest)]

#[doc = include_str!("../../../README.md")]
struct Readme;

#[doc = include_str!("../../../docs/clusters.md")]
struct Clusters;

#[doc = include_str!("../../../docs/porting.md")]
struct Porting;

mod guide {
    #[doc = include_str!("../../../docs/guide/src/blocking.md")]
    struct Blocking;

    #[doc = include_str!("../../../docs/guide/src/device.md")]
    struct Device;

    #[doc = include_str!("../../../docs/guide/src/device-embassy.md")]
    struct DeviceEmbassy;

    #[doc = include_str!("../../../docs/guide/src/own-transport.md")]
    struct OwnTransport;

    #[doc = include_str!("../../../docs/guide/src/properties.md")]
    struct TheProperties;

    #[doc = include_str!("../../../docs/guide/src/service.md")]
    struct Service;

    #[doc = include_str!("../../../docs/guide/src/tls-and-clouds.md")]
    struct TlsAndClouds;

    #[doc = include_str!("../../../docs/guide/src/versions.md")]
    struct Versions;
}
