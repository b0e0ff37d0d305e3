//! Where a request comes from: the connection, or what trusted proxies say of it.

use std::net::{IpAddr, SocketAddr};

use hyper::header::HeaderMap;

/// The header in which each proxy adds the address that it was called from, on the right.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the caller: with `proxies` trusted ones in between, the entry of
/// `X-Forwarded-For` that the outermost of them added. Whatever is left of it came from the caller
/// and proves nothing. Without such an entry, or with one that is no address, it is the address of
/// the connection.
pub(crate) fn of_caller(peer: SocketAddr, headers: &HeaderMap, proxies: usize) -> IpAddr {
    let Some(skipped) = proxies.checked_sub(1) else { return peer.ip() };
    // Several lines of a header are one list (RFC 9110 section 5.3). An empty entry counts: to skip
    // it would move the caller's own entries to the right.
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut entries = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
    entries.nth(skipped).and_then(parse).unwrap_or(peer.ip())
}

/// An address as proxies write it: with or without a port, an IPv6 one with or without brackets.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    if let Ok(address) = entry.parse() {
        return Some(address);
    }
    if let Some(bracketed) = entry.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        return if is_port_or_nothing(rest) { v6(address) } else { None };
    }
    if let Some(address) = v6(entry) {
        return Some(address);
    }
    let (address, port) = entry.split_once(':')?;
    port.parse::<u16>().ok()?;
    address.parse().ok().map(IpAddr::V4)
}

/// An IPv6 address, its zone dropped: that is a name on the proxy's machine.
fn v6(text: &str) -> Option<IpAddr> {
    let (address, _zone) = text.split_once('%').unwrap_or((text, ""));
    address.parse().ok().map(IpAddr::V6)
}

fn is_port_or_nothing(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn of(lines: &[&str], proxies: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        of_caller("192.0.2.1:5000".parse().unwrap(), &headers, proxies).to_string()
    }

    const SOCKET: &str = "192.0.2.1";

    #[test]
    fn the_nth_entry_from_the_right() {
        let lines = ["1.1.1.1, 2.2.2.2", "3.3.3.3"];
        for (proxies, caller) in
            [(0, SOCKET), (1, "3.3.3.3"), (2, "2.2.2.2"), (3, "1.1.1.1"), (4, SOCKET)]
        {
            assert_eq!(of(&lines, proxies), caller, "{proxies}");
        }
        assert_eq!(of(&[], 1), SOCKET);
        assert_eq!(of(&lines, usize::MAX), SOCKET);
    }

    #[test]
    fn as_proxies_write_addresses() {
        for (entry, caller) in [
            ("1.2.3.4", "1.2.3.4"),
            (" \t1.2.3.4\t ", "1.2.3.4"),
            ("1.2.3.4:443", "1.2.3.4"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ] {
            assert_eq!(of(&[entry], 1), caller, "{entry}");
            assert_eq!(of(&[&format!("9.9.9.9,{entry}")], 1), caller, "{entry}");
        }
    }

    #[test]
    fn garbage_is_the_address_of_the_connection() {
        for entry in [
            "",
            " ",
            "unknown",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:a",
            "1.2.3.4 5.6.7.8",
            "[1.2.3.4]",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "2001:db8::1]",
            "\"1.2.3.4\"",
            "for=1.2.3.4",
            "1.2.3.4;5.6.7.8",
            "\u{ff11}.2.3.4",
        ] {
            assert_eq!(of(&[entry], 1), SOCKET, "{entry}");
            // The entry next to it, the caller's own, is not taken in its stead.
            assert_eq!(of(&[&format!("9.9.9.9, {entry}")], 1), SOCKET, "{entry}");
        }
        assert_eq!(of(&["9.9.9.9", ""], 1), SOCKET);
        assert_eq!(of(&["9.9.9.9,"], 2), "9.9.9.9");
    }
}
