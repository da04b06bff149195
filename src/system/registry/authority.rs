//! The host in an address, found as whoever connects to it would.

/// The host of an address that is contacted, with its port, as far as the text
/// says it.
pub fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let all = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    all.rsplit('@').next().unwrap_or(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_what_is_contacted() {
        for (address, host) in [
            ("r.example", "r.example"),
            ("https://r.example:1/x", "r.example:1"),
            ("http://[::1]:5?x", "[::1]:5"),
            ("r.example#.other.example", "r.example"),
            ("r.example\\.other.example/", "r.example"),
            ("https://r.example:x@other.example/", "other.example"),
        ] {
            assert_eq!(authority(address), host);
        }
    }
}
