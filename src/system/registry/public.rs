//! Addresses of the internet, and those of this machine, its network or
//! nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses that may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// All addresses, also of this machine.
    #[default]
    Anywhere,
    /// The addresses of the internet, and all addresses of the hosts that the
    /// user's own configuration names, or that are listed here.
    Public {
        /// More hosts, each with a port where it is not the usual one.
        also: Vec<String>,
    },
}

/// Ends of names that are never the internet's: reserved for a machine or its
/// network, or in use there and delegated to nobody.
const INTERNAL_SUFFIXES: [&str; 10] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "home.arpa",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
];

/// Whether an address is one of the internet. Addresses that stand for one of
/// IPv4 are public where that is.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) | (224.., ..) => true,
        // Shared by the customers of a provider.
        (100, 64..128, _) => true,
        (169, 254, _) | (172, 16..32, _) | (192, 168, _) => true,
        // Of protocols, for documentation, and the old relay to IPv6.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) => true,
        // For measurements of devices.
        (198, 18..20, _) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64: what a resolver makes of a name that has only addresses of IPv4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // 6to4.
        [0x2002, high, low, ..] => v4(high, low),
        // Of protocols, Teredo among them, and for documentation.
        [0x2001, 0..0x200, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        // Only this eighth is given out. The rest is loopback, mapped addresses,
        // NAT64 of a network's own, unique-local, link-local and multicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Whether a host, perhaps with a port, is by its spelling alone one of this
/// machine or of a network that is not the internet.
pub fn is_internal_host(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    match bare.parse::<IpAddr>() {
        // Nobody writes a translated address, so that it hides another.
        Ok(IpAddr::V6(address)) => {
            let translated = matches!(address.segments(), [0x64, 0xff9b, ..] | [0x2002, ..]);
            translated || !is_public_v6(address)
        }
        Ok(IpAddr::V4(address)) => !is_public_v4(address),
        Err(_) => {
            let bare = bare.trim_end_matches('.').to_ascii_lowercase();
            let last = bare.rsplit('.').next().unwrap_or_default();
            // Clients read `127.1` and `0x7f.0.0.1` as addresses; no name of
            // the internet ends so.
            let number = last.starts_with("0x") || last.bytes().all(|b| b.is_ascii_digit());
            let inner = INTERNAL_SUFFIXES.iter().any(|end| {
                let rest = bare.strip_suffix(end);
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            });
            number || inner || !bare.contains('.')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine_and_its_network_are_known_in_every_spelling() {
        for host in [
            "localhost",
            "LOCALHOST:5000",
            "a.localhost.",
            "127.0.0.1:5000",
            "127.1",
            "0x7f.0.0.1:80",
            "2130706433",
            "10.1",
            "10.0.0.7",
            "100.64.1.1",
            "169.254.169.254",
            "198.18.0.1",
            "198.19.255.255:5000",
            "192.0.2.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]:443",
            "[::]",
            "[fd00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::a00:1]",
            "[64:ff9b::808:808]",
            "[64:ff9b:1::808:808]",
            "[2002:a00:1::]",
            "registry",
            "printer.local",
            "Printer.LOCAL.:5000",
            "metadata.google.internal",
            "registry.home.arpa",
            "nas.lan",
            "git.corp:8443",
        ] {
            assert!(is_internal_host(host), "{host}");
        }
        for host in [
            "ghcr.io",
            "registry.example.com:8443",
            "8.8.8.8",
            "0x7f.io",
            "local.example.com",
            "notlocal.io",
            "internal.io",
            "100.128.0.1",
            "198.20.0.1",
            "172.32.0.1",
            "[2606:4700::1111]:443",
        ] {
            assert!(!is_internal_host(host), "{host}");
        }
    }

    #[test]
    fn what_a_name_resolves_to_is_public_only_if_all_it_stands_for_is() {
        for (address, public) in [
            ("140.82.121.33", true),
            ("198.17.255.255", true),
            ("198.18.0.0", false),
            ("100.127.255.255", false),
            ("172.31.0.1", false),
            ("2606:4700::1111", true),
            ("64:ff9b::808:808", true),
            ("64:ff9b::a00:1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b:1::808:808", false),
            ("2002:808:808::", true),
            ("2002:c0a8:1::", false),
            ("2001::1", false),
            ("::ffff:127.0.0.1", false),
            ("::127.0.0.1", false),
            ("fc00::1", false),
            ("febf::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
