//! A family of refresh tokens, as a ledger keeps it.

use thiserror::Error;
use tokensmith::AppClientId;

use super::token::{Branch, FamilyId, Fields, take};

const VERSION: u8 = 1;
const LIVE: u8 = 0;
const REVOKED: u8 = 1;

/// A family of which a token was redeemed. It holds no token and no digest of one: without the
/// issuer's key it is good for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub(crate) app: AppClientId,
    pub(crate) is_revoked: bool,
    /// The newest token, which can be made again from this, byte for byte.
    pub(crate) head: Fields,
    /// The branch of the token that the newest was made for.
    pub(crate) prev_branch: Branch,
    /// When that was, in milliseconds.
    pub(crate) rotated_at_ms: u64,
}

/// The bytes are not those of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the bytes are not those of a family of refresh tokens")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct NotAFamily;

impl Family {
    /// Its key.
    pub const fn id(&self) -> FamilyId {
        self.head.family
    }

    /// The second from which none of its tokens is good.
    pub const fn ends_at(&self) -> u64 {
        self.head.family_expires_at
    }

    /// The bytes that a ledger may keep of it: at most 208. They do not vouch for themselves: whoever
    /// may write to the ledger may make a revoked family live.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, if self.is_revoked { REVOKED } else { LIVE }];
        self.head.push(&mut bytes);
        bytes.extend(self.prev_branch);
        bytes.extend(self.rotated_at_ms.to_be_bytes());
        bytes.extend_from_slice(self.app.as_str().as_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`NotAFamily`] for anything else, so far as that can be seen.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAFamily> {
        Self::read(bytes).ok_or(NotAFamily)
    }

    fn read(mut rest: &[u8]) -> Option<Self> {
        let [version, state] = take(&mut rest)?;
        let is_revoked = match (version, state) {
            (VERSION, LIVE) => false,
            (VERSION, REVOKED) => true,
            _ => return None,
        };
        let head = Fields::take(&mut rest)?;
        let prev_branch = take(&mut rest)?;
        let rotated_at_ms = u64::from_be_bytes(take(&mut rest)?);
        let app = AppClientId::new(std::str::from_utf8(rest).ok()?).ok()?;
        Some(Self { app, is_revoked, head, prev_branch, rotated_at_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(app: &str, is_revoked: bool) -> Family {
        let head = Fields {
            key_id: 9,
            family: FamilyId([1; 16]),
            generation: 2,
            branch: [3; 8],
            issued_at: 4,
            expires_at: 5,
            family_expires_at: 6,
        };
        let app = AppClientId::new(app).unwrap();
        Family { app, is_revoked, head, prev_branch: [7; 8], rotated_at_ms: 8 }
    }

    #[test]
    fn what_is_written_is_read() {
        for family in [family("a", false), family(&"ü".repeat(64), true)] {
            let bytes = family.to_bytes();
            assert!(bytes.len() <= 208, "{}", bytes.len());
            assert_eq!(Family::from_bytes(&bytes), Ok(family));
        }
    }

    #[test]
    fn what_is_cut_or_of_another_version_or_state_is_none() {
        let bytes = family("a", false).to_bytes();
        for cut in 0..bytes.len() {
            assert_eq!(Family::from_bytes(&bytes[..cut]), Err(NotAFamily), "{cut}");
        }
        for (place, value) in
            [(0, 0), (0, 2), (1, 2), (bytes.len() - 1, b'\n'), (bytes.len() - 1, 0xff)]
        {
            let mut other = bytes.clone();
            other[place] = value;
            assert_eq!(Family::from_bytes(&other), Err(NotAFamily), "{place}");
        }
    }
}
