//! A refresh token: the bytes of one, and what they say. It is self-contained and carries no
//! authority: what an app may do is read from its record when the token is redeemed.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokensmith::RefreshToken;

use crate::numbered::NumberedKeys;
use crate::settings::IssuerSettings;

const PREFIX: &str = "tsrt_";
/// Version 1: a token for an app of the issuer.
const VERSION: u8 = 1;
/// Divisible by 3, so that each token has one spelling.
const BYTES: usize = 87;
const TAGGED_BYTES: usize = 55;
const CHARACTERS: usize = PREFIX.len() + BYTES / 3 * 4;

/// The id of a family: the tokens that were redeemed one after another, from one that was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyId(pub(crate) [u8; 16]);

impl fmt::Display for FamilyId {
    /// 32 hexadecimal digits, by which a ledger may know the family.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Tells two successors of one token apart.
pub(crate) type Branch = [u8; 8];

/// What a token says. Times are in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    /// The number of the key that its tag is made with.
    pub(crate) key_id: u16,
    pub(crate) family: FamilyId,
    /// How many tokens of the family were redeemed before this one was made.
    pub(crate) generation: u32,
    pub(crate) branch: Branch,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    /// The same in every token of the family.
    pub(crate) family_expires_at: u64,
}

impl Fields {
    /// The first token of a family; `None` when the clock is so far off that a time does not fit.
    pub(crate) fn first(
        family: FamilyId,
        branch: Branch,
        issued_at: u64,
        settings: &IssuerSettings,
    ) -> Option<Self> {
        let family_expires_at = issued_at.checked_add(settings.refresh_life.as_secs())?;
        let expires_at = issued_at.checked_add(settings.refresh_idle_life.as_secs())?;
        let expires_at = expires_at.min(family_expires_at);
        let (key_id, generation) = (settings.refresh_key(), 0);
        Some(Self { key_id, family, generation, branch, issued_at, expires_at, family_expires_at })
    }

    /// Writes them behind other bytes of a record.
    pub(super) fn push(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.key_id.to_be_bytes());
        bytes.extend(self.family.0);
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.branch);
        for time in [self.issued_at, self.expires_at, self.family_expires_at] {
            bytes.extend(time.to_be_bytes());
        }
    }

    /// Takes them off what is left of a record.
    pub(super) fn take(rest: &mut &[u8]) -> Option<Self> {
        Some(Self {
            key_id: u16::from_be_bytes(take(rest)?),
            family: FamilyId(take(rest)?),
            generation: u32::from_be_bytes(take(rest)?),
            branch: take(rest)?,
            issued_at: u64::from_be_bytes(take(rest)?),
            expires_at: u64::from_be_bytes(take(rest)?),
            family_expires_at: u64::from_be_bytes(take(rest)?),
        })
    }
}

/// Writes a token; `None` if the key that it names is not there. INVARIANT: the tag vouches for every
/// byte before it, so that what [`read`] gives back was written here.
pub(crate) fn write(
    keys: &NumberedKeys,
    issuer: &str,
    app: &str,
    fields: &Fields,
) -> Option<RefreshToken> {
    let key = keys.find(fields.key_id)?;
    let mut tagged = Vec::with_capacity(BYTES);
    tagged.push(VERSION);
    fields.push(&mut tagged);
    let tag = tag_of(key, issuer, app, &tagged);
    tagged.extend_from_slice(tag.as_ref());
    let mut token = String::with_capacity(CHARACTERS);
    token.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(tagged, &mut token);
    Some(RefreshToken::new(token))
}

/// Reads a token of that app's, of this issuer's. `None` for every other text, whatever about it is
/// wrong.
pub(crate) fn read(keys: &NumberedKeys, issuer: &str, app: &str, token: &str) -> Option<Fields> {
    let text = token.strip_prefix(PREFIX).filter(|_| token.len() == CHARACTERS)?;
    let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (tagged, shown) = bytes.split_at_checked(TAGGED_BYTES)?;
    let mut rest = tagged;
    let [version] = take(&mut rest)?;
    let fields = Fields::take(&mut rest)?;
    let tag = tag_of(keys.find(fields.key_id)?, issuer, app, tagged);
    let is_ours = verify_slices_are_equal(tag.as_ref(), shown).is_ok();
    (is_ours && version == VERSION).then_some(fields)
}

/// The next bytes of a record.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
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
    use proptest::prelude::*;

    use super::*;
    use crate::derived::tests::keys;

    const ISSUER: &str = "https://issuer.example";
    const FIELDS: Fields = Fields {
        key_id: 1,
        family: FamilyId([0xaa; 16]),
        generation: 7,
        branch: [0xbb; 8],
        issued_at: 1_700_000_000,
        expires_at: 1_700_604_800,
        family_expires_at: 1_702_592_000,
    };

    fn written(app: &str) -> String {
        write(&keys().refresh, ISSUER, app, &FIELDS).unwrap().expose_secret().to_owned()
    }

    fn read_by(app: &str, token: &str) -> Option<Fields> {
        read(&keys().refresh, ISSUER, app, token)
    }

    #[test]
    fn the_layout_is_exact() {
        let text = written("appcl-1");
        assert_eq!(text.len(), 121);
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("tsrt_").unwrap()).unwrap();
        assert_eq!(bytes.len(), 87);
        assert_eq!(bytes[0], 1, "version");
        assert_eq!(bytes[1..3], [0, 1], "key_id");
        assert_eq!(bytes[3..19], [0xaa; 16], "family");
        assert_eq!(bytes[19..23], [0, 0, 0, 7], "generation");
        assert_eq!(bytes[23..31], [0xbb; 8], "branch");
        assert_eq!(bytes[31..39], 1_700_000_000_u64.to_be_bytes(), "issued_at");
        assert_eq!(bytes[39..47], 1_700_604_800_u64.to_be_bytes(), "expires_at");
        assert_eq!(bytes[47..55], 1_702_592_000_u64.to_be_bytes(), "family_expires_at");
        let mut input =
            b"tokensmith/refresh/v1\0\0\x16https://issuer.example\0\x07appcl-1".to_vec();
        input.extend(&bytes[..55]);
        hmac::verify(keys().refresh.find(1).unwrap(), &input, &bytes[55..]).unwrap();
        assert_eq!(read_by("appcl-1", &text), Some(FIELDS));
        assert_eq!(FIELDS.family.to_string(), "aa".repeat(16));
    }

    #[test]
    fn the_tag_is_of_this_app_and_this_issuer() {
        let key = hmac::Key::new(HMAC_SHA256, &[1; 32]);
        let tag = |issuer, app| tag_of(&key, issuer, app, &[0; 55]).as_ref().to_vec();
        assert_ne!(tag("i", "ab"), tag("i", "ac"));
        assert_ne!(tag("ia", "b"), tag("i", "ab"));
        let text = written("appcl-1");
        assert_eq!(read_by("appcl-2", &text), None);
        assert_eq!(read(&keys().refresh, "https://issuer.exampl", "eappcl-1", &text), None);
    }

    #[test]
    fn every_flipped_bit_and_every_other_length_is_refused() {
        let text = written("appcl-1");
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("tsrt_").unwrap()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = format!("tsrt_{}", URL_SAFE_NO_PAD.encode(flipped));
            assert_eq!(read_by("appcl-1", &flipped), None, "bit {bit}");
        }
        for cut in 0..text.len() {
            assert_eq!(read_by("appcl-1", text.split_at(cut).0), None, "{cut}");
        }
        for other in
            [format!("{text}A"), format!("{text}="), format!(" {text}"), text.to_uppercase()]
        {
            assert_eq!(read_by("appcl-1", &other), None, "{other}");
        }
    }

    /// A tag that is right vouches for nothing else than version 1 and the key that there is.
    #[test]
    fn another_version_or_key_is_refused_by_whatever_tag() {
        let text = written("a");
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("tsrt_").unwrap()).unwrap();
        for (place, value) in [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)] {
            let mut other = bytes[..55].to_vec();
            other[place] = value;
            let tag = tag_of(keys().refresh.find(1).unwrap(), ISSUER, "a", &other);
            other.extend_from_slice(tag.as_ref());
            let other = format!("tsrt_{}", URL_SAFE_NO_PAD.encode(other));
            assert_eq!(read_by("a", &other), None, "{place} {value}");
        }
    }

    /// `PROPTEST_CASES` says how many; `tests/run long` a million.
    fn cases() -> ProptestConfig {
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
        ProptestConfig { cases: cases.unwrap_or(2_000), ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(cases())]

        /// Nothing that was not written is read, however near to it.
        #[test]
        fn no_mutation_is_read(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..3_u8), 1..4),
        ) {
            let text = written("appcl-1");
            let mut mutated: Vec<char> = text.chars().collect();
            for (place, letter, edit) in edits {
                let place = place.index(mutated.len());
                match edit {
                    0 => mutated[place] = letter,
                    1 => mutated.insert(place, letter),
                    _ => drop(mutated.remove(place)),
                }
            }
            let mutated: String = mutated.into_iter().collect();
            prop_assume!(mutated != text);
            prop_assert_eq!(read_by("appcl-1", &mutated), None);
        }
    }
}
