//! Where a request came from, as far as the host knows.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// Where a request came from: what the limiter's source bucket is for. The host names it, since the
/// host knows its proxies; the library never reads a forwarding header.
///
/// ```
/// use tokensmith::Source;
///
/// // An IPv4 address is one source, however it is written.
/// assert_eq!(Source::ip("::ffff:192.0.2.7".parse()?), Source::ip("192.0.2.7".parse()?));
/// let tenant = Source::opaque("tenant-17")?;
/// assert!(Source::opaque("").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Source(Kind);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Opaque(Box<str>),
}

/// A text that cannot name a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a source is 1 to 128 bytes")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct SourceError;

/// The part of a source that a limiter keys by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a limiter must handle each")]
pub enum SourceKey<'a> {
    /// The one key that all callers share when the host names no source.
    Unknown,
    /// An IPv4 address.
    V4([u8; 4]),
    /// An IPv6 network: the address with its host part zeroed.
    V6([u8; 16]),
    /// A text that the host chose.
    Opaque(&'a str),
}

impl Source {
    /// The longest opaque source, in bytes.
    pub const MAX_OPAQUE_BYTES: usize = 128;

    /// The caller's address. An IPv4 address in IPv6 clothes (`::ffff:0:0/96`, RFC 4291 section
    /// 2.5.5.2; `64:ff9b::/96`, RFC 6052 section 2.1) is unwrapped.
    pub fn ip(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(v4) => Kind::V4(v4),
            IpAddr::V6(v6) => match v6.segments() {
                [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                    let [a, b] = high.to_be_bytes();
                    let [c, d] = low.to_be_bytes();
                    Kind::V4(Ipv4Addr::new(a, b, c, d))
                }
                _ => Kind::V6(v6),
            },
        })
    }

    /// A source that is not an address: a tenant, a device, a queue.
    ///
    /// # Errors
    /// [`SourceError`] for a text that is empty or longer than [`Self::MAX_OPAQUE_BYTES`].
    pub fn opaque(text: &str) -> Result<Self, SourceError> {
        if text.is_empty() || text.len() > Self::MAX_OPAQUE_BYTES {
            return Err(SourceError);
        }
        Ok(Self(Kind::Opaque(text.into())))
    }

    /// What a limiter keys this source by, with an IPv6 address cut to its first `ipv6_prefix`
    /// bits: whoever has one address of a network usually has them all.
    pub fn key(&self, ipv6_prefix: u8) -> SourceKey<'_> {
        match &self.0 {
            Kind::V4(v4) => SourceKey::V4(v4.octets()),
            Kind::V6(v6) => {
                let host_bits = 128_u32.saturating_sub(u32::from(ipv6_prefix));
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                SourceKey::V6((v6.to_bits() & mask).to_be_bytes())
            }
            Kind::Opaque(text) => SourceKey::Opaque(text),
        }
    }
}

/// Prints the address or the text, with what could forge a log line escaped.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::V4(v4) => v4.fmt(f),
            Kind::V6(v6) => v6.fmt(f),
            Kind::Opaque(text) => text.escape_debug().fmt(f),
        }
    }
}

/// Prints the address, or the text in quotes, so that it is one word of a log line.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::V4(v4) => v4.fmt(f),
            Kind::V6(v6) => v6.fmt(f),
            Kind::Opaque(text) => fmt::Debug::fmt(text, f),
        }
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self::ip(address)
    }
}

/// Reads what a host without types calls a source: an address, its zone dropped (RFC 4007 section
/// 11), or else an opaque text.
///
/// ```
/// use tokensmith::Source;
///
/// let address: Source = "fe80::1%eth0".parse()?;
/// assert_eq!(address, Source::ip("fe80::1".parse()?));
/// assert_eq!("tenant-17".parse(), Source::opaque("tenant-17"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let zoned = text.split_once('%').and_then(|(address, _)| address.parse::<Ipv6Addr>().ok());
        match (text.parse::<IpAddr>(), zoned) {
            (Ok(address), _) => Ok(Self::ip(address)),
            (Err(_), Some(address)) => Ok(Self::ip(address.into())),
            (Err(_), None) => Self::opaque(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Source {
        Source::ip(text.parse().unwrap())
    }

    #[test]
    fn ipv4_in_ipv6_clothes_is_unwrapped_and_kept_apart() {
        assert_eq!(ip("::ffff:1.2.3.4"), ip("1.2.3.4"));
        assert_eq!(ip("64:ff9b::102:304"), ip("1.2.3.4"));
        assert_ne!(ip("::ffff:1.2.3.4"), ip("::ffff:1.2.3.5"));
        assert_ne!(ip("64:ff9b:1::102:304"), ip("1.2.3.4"));
    }

    #[test]
    fn ipv6_is_cut_to_its_prefix() {
        let key = |text: &str, prefix| match ip(text).key(prefix) {
            SourceKey::V6(octets) => Ipv6Addr::from(octets).to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(key("2001:db8:1:2:3:4:5:6", 64), "2001:db8:1:2::");
        assert_eq!(key("2001:db8:1:2:3:4:5:6", 48), "2001:db8:1::");
        assert_eq!(key("2001:db8:1:2ff:3:4:5:6", 56), "2001:db8:1:200::");
        assert_eq!(key("2001:db8::1", 128), "2001:db8::1");
        assert_eq!(key("2001:db8::1", 0), "::");
    }

    #[test]
    fn a_text_is_an_address_if_it_can_be_one() {
        for (text, source) in [
            ("192.0.2.7", ip("192.0.2.7")),
            ("::ffff:192.0.2.7", ip("192.0.2.7")),
            ("2001:DB8::1", ip("2001:db8::1")),
            ("fe80::1%eth0", ip("fe80::1")),
            ("fe80::1%", ip("fe80::1")),
            ("192.0.2.7%eth0", Source::opaque("192.0.2.7%eth0").unwrap()),
            ("192.0.2.7:443", Source::opaque("192.0.2.7:443").unwrap()),
            ("10.0.0.01", Source::opaque("10.0.0.01").unwrap()),
        ] {
            assert_eq!(text.parse(), Ok(source), "{text}");
        }
        let longest = "x".repeat(Source::MAX_OPAQUE_BYTES);
        assert!(longest.parse::<Source>().is_ok());
        assert_eq!(format!("{longest}x").parse::<Source>(), Err(SourceError));
        assert_eq!("".parse::<Source>(), Err(SourceError));
    }

    #[test]
    fn an_opaque_text_cannot_forge_a_log_line() {
        assert_eq!(Source::opaque("a\nb\u{1b}").unwrap().to_string(), "a\\nb\\u{1b}");
        let forged = Source::opaque("a app=b \u{202e}").unwrap();
        assert_eq!(format!("{forged:?}"), "\"a app=b \\u{202e}\"");
    }
}
