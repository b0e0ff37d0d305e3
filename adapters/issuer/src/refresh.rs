//! Refresh tokens: the bytes of one, and its minting. Redeeming is not here yet.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokensmith::{RefreshToken, UnixTime};

use crate::derived::DerivedKeys;

const PREFIX: &str = "tsrt_";
/// Version 1: a token for an app of the issuer.
const VERSION: u8 = 1;
/// Divisible by 3, so that each token has one spelling.
const BYTES: usize = 87;
const TAGGED_BYTES: usize = 55;
const CHARACTERS: usize = PREFIX.len() + BYTES / 3 * 4;

/// How long a token may lie unused.
const IDLE: Duration = Duration::from_hours(7 * 24);
/// How long a family of tokens lives in all (ASVS 10.4.8).
const ABSOLUTE: Duration = Duration::from_hours(30 * 24);

/// The random parts of the first token of a family.
pub(crate) struct Family {
    /// Constant over the family's life.
    pub(crate) id: [[u8; 8]; 2],
    /// Tells two successors of one token apart.
    pub(crate) branch: [u8; 8],
}

/// Mints the first token of a family. It is self-contained: nothing is written for it. `None` when
/// the clock is so far off that a time does not fit.
pub(crate) fn mint(
    keys: &DerivedKeys,
    issuer: &str,
    app: &str,
    family: &Family,
    now: UnixTime,
) -> Option<RefreshToken> {
    let issued_at = now.as_secs();
    let family_expires_at = issued_at.checked_add(ABSOLUTE.as_secs())?;
    let expires_at = issued_at.checked_add(IDLE.as_secs())?.min(family_expires_at);
    let fields: [&[u8]; 8] = [
        &[VERSION],
        &DerivedKeys::REFRESH_ID.to_be_bytes(),
        family.id.as_flattened(),
        &0_u32.to_be_bytes(),
        &family.branch,
        &issued_at.to_be_bytes(),
        &expires_at.to_be_bytes(),
        &family_expires_at.to_be_bytes(),
    ];
    let mut bytes = [0_u8; BYTES];
    let (tagged, tag) = bytes.split_at_mut(TAGGED_BYTES);
    let mut rest = &mut *tagged;
    for field in fields {
        rest.split_off_mut(..field.len())?.copy_from_slice(field);
    }
    tag.copy_from_slice(tag_of(&keys.refresh, issuer, app, tagged).as_ref());
    let mut token = String::with_capacity(CHARACTERS);
    token.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut token);
    Some(RefreshToken::new(token))
}

/// The app's id is tagged but not carried: shown by another app, the token is a forgery.
fn tag_of(key: &hmac::Key, issuer: &str, app: &str, tagged: &[u8]) -> hmac::Tag {
    let mut mac = hmac::Context::with_key(key);
    mac.update(b"tokensmith/refresh/v1\0");
    for part in [issuer, app] {
        // INVARIANT: both are bounded far below 65,535 bytes, so no length is cut off.
        mac.update(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.update(tagged);
    mac.sign()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac::HMAC_SHA256;

    use super::*;
    use crate::derived::tests::keys;

    const FAMILY: Family = Family { id: [[0xaa; 8]; 2], branch: [0xbb; 8] };

    fn minted(app: &str, now: u64) -> Option<Vec<u8>> {
        let token =
            mint(&keys(), "https://issuer.example", app, &FAMILY, UnixTime::from_secs(now))?;
        let text = token.expose_secret();
        assert_eq!(text.len(), 121);
        Some(URL_SAFE_NO_PAD.decode(text.strip_prefix("tsrt_").unwrap()).unwrap())
    }

    #[test]
    fn the_layout_is_exact() {
        let bytes = minted("appcl-1", 1_700_000_000).unwrap();
        assert_eq!(bytes.len(), 87);
        assert_eq!(bytes[0], 1, "version");
        assert_eq!(bytes[1..3], [0, 1], "key_id");
        assert_eq!(bytes[3..19], [0xaa; 16], "family");
        assert_eq!(bytes[19..23], [0; 4], "generation");
        assert_eq!(bytes[23..31], [0xbb; 8], "branch");
        assert_eq!(bytes[31..39], 1_700_000_000_u64.to_be_bytes(), "issued_at");
        assert_eq!(bytes[39..47], 1_700_604_800_u64.to_be_bytes(), "expires_at: 7 days");
        assert_eq!(bytes[47..55], 1_702_592_000_u64.to_be_bytes(), "family_expires_at: 30 days");
        let mut input =
            b"tokensmith/refresh/v1\0\0\x16https://issuer.example\0\x07appcl-1".to_vec();
        input.extend(&bytes[..55]);
        hmac::verify(&keys().refresh, &input, &bytes[55..]).unwrap();
    }

    #[test]
    fn the_tag_is_of_this_app_and_this_issuer() {
        let key = hmac::Key::new(HMAC_SHA256, &[1; 32]);
        let tag = |issuer, app| tag_of(&key, issuer, app, &[0; 55]).as_ref().to_vec();
        assert_ne!(tag("i", "ab"), tag("i", "ac"));
        assert_ne!(tag("ia", "b"), tag("i", "ab"));
    }

    #[test]
    fn a_clock_at_the_end_of_time_mints_nothing() {
        assert!(minted("appcl-1", u64::MAX).is_none());
    }
}
