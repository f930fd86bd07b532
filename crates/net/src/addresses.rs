//! The addresses of a host.
use std::net::SocketAddr;

/// Number of addresses of a host that are tried. A resolver may answer with thousands.
const MAX_ADDRESSES: usize = 16;

/// Returns the addresses that a client should try, of those that a resolver has found: the first 16
/// different ones, in their order.
///
/// # Examples
/// ```
/// use motemq_net::addresses_to_try;
/// let found = (0..1000).map(|n| ([127, 0, 0, 1], 1000 + n / 2).into());
/// let tried = addresses_to_try(found);
/// assert_eq!((tried.len(), tried[1].port()), (16, 1001));
/// ```
pub fn addresses_to_try(found: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for address in found {
        if addresses.len() == MAX_ADDRESSES {
            break;
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_many_addresses_are_tried() {
        let endless = (0..u64::MAX).map(|n| ([127, 0, 0, 1], (n % 1000) as u16).into());
        assert_eq!(addresses_to_try(endless).len(), MAX_ADDRESSES);
        let same = [([127, 0, 0, 1], 1883).into(); 3];
        assert_eq!(addresses_to_try(same), [same[0]]);
        assert_eq!(addresses_to_try([]), []);
    }
}
